"""TIFF: which picture is the photo, and that its pixels are those that tifffile reads."""

import io
import itertools
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from latentprint.photos import BrokenPhoto, decode
from latentprint.photos.decode import read_header, read_samples
from latentprint.photos.tiff import read_directories

SIDE = (37, 53)
GREY = {"photometric": "minisblack"}
MAKE = [(271, 2, 0, "Testmake", False)]


def values(kind: str, channels: int) -> np.ndarray:
    shape = SIDE if channels == 1 else (*SIDE, channels)
    random, dtype = np.random.default_rng(0), np.dtype(kind)
    if dtype.kind == "f":
        return random.random(shape).astype(dtype)
    whole = np.iinfo(dtype)
    return random.integers(whole.min, whole.max, shape, dtype=dtype, endpoint=True)


def written(file: Path, given: np.ndarray, **options: Any) -> Path:
    tifffile.imwrite(file, given, metadata=None, **options)
    return file


MEMBERS = [
    (order, kind, meaning, channels, planar, compression, shape)
    for order, kind, (meaning, channels), planar, compression, shape in itertools.product(
        "<>",
        ("i1", "u2", "i2", "u4", "i4", "f2", "f4", "f8"),
        (("minisblack", 1), ("minisblack", 2), ("miniswhite", 1), ("rgb", 3), ("rgb", 4),
         ("separated", 4)),
        (False, True),
        (None, "zlib"),
        ({}, {"rowsperstrip": 8}, {"tile": (16, 32)}),
    )
    if channels > 1 or not planar
]  # fmt: skip


def test_every_kind_of_samples_has_the_values_that_were_written(tmp_path: Path) -> None:
    for order, kind, meaning, channels, planar, compression, shape in MEMBERS:
        given = values(kind, channels)
        alpha = {"extrasamples": ["unassalpha"]} if (meaning, channels) != ("rgb", 3) else {}
        file = written(
            tmp_path / "a.tif",
            np.moveaxis(given, -1, 0) if planar else given,
            byteorder=order,
            photometric=meaning,
            planarconfig=("separate" if planar else "contig") if channels > 1 else None,
            compression=compression,
            **(alpha if channels in (2, 4) and meaning != "separated" else {}),
            **shape,
        )
        found = read_samples(file)
        member = (order, kind, meaning, channels, planar, compression, shape)
        assert found is not None, member
        colours = {"rgb": 3, "separated": 4}.get(meaning, 1)
        expected = given[..., :colours] if colours > 1 else given.reshape(*SIDE, -1)[..., 0]
        assert np.array_equal(found.values, expected), member
        assert found.inverted == (meaning == "miniswhite")


@pytest.mark.parametrize("mode", ["I;16", "I", "F"])
@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits"])
def test_what_only_libtiff_unpacks(tmp_path: Path, mode: str, compression: str) -> None:
    given = values({"I;16": "u2", "I": "i4", "F": "f4"}[mode], 1)
    Image.fromarray(given).save(tmp_path / "a.tif", compression=compression)
    found = read_samples(tmp_path / "a.tif")
    assert found is not None
    assert np.array_equal(found.values, given)


@pytest.mark.parametrize("kind", ["u2", "i2", "i4", "f4"])
@pytest.mark.parametrize("order", "<>")
def test_the_byte_order_of_what_libtiff_unpacks(tmp_path: Path, order: str, kind: str) -> None:
    given = values(kind, 1)
    data = given.astype(given.dtype.newbyteorder(order)).tobytes()
    # PackBits: each run of at most 128 bytes as it is, after its length less one.
    runs = [data[at : at + 128] for at in range(0, len(data), 128)]
    packed = b"".join(bytes((len(run) - 1,)) + run for run in runs)
    sample_format = {"u": 1, "i": 2, "f": 3}[given.dtype.kind]
    tags = {"259": 32773, "339": sample_format}
    bits = 8 * given.dtype.itemsize
    file = plain_tiff(SIDE[1], SIDE[0], bits, packed, order=order, **tags)
    (tmp_path / "a.tif").write_bytes(file)
    found = read_samples(tmp_path / "a.tif")
    assert found is not None
    assert np.array_equal(found.values, given)


def test_floating_point_whose_bytes_are_rearranged(tmp_path: Path) -> None:
    given = values("f4", 1)
    Image.fromarray(given).save(
        tmp_path / "a.tif", compression="tiff_adobe_deflate", tiffinfo={317: 3}
    )
    written = io.BytesIO((tmp_path / "a.tif").read_bytes())
    assert read_directories(written)[0].predictor == 3
    found = read_samples(tmp_path / "a.tif")
    assert found is not None
    assert np.array_equal(found.values, given)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", ["u2", "i2", "u4", "i4"])
@pytest.mark.parametrize("planar", [False, True])
def test_differences_are_summed(tmp_path: Path, order: str, kind: str, planar: bool) -> None:
    given = values(kind, 3)
    file = written(
        tmp_path / "a.tif", np.moveaxis(given, -1, 0) if planar else given, byteorder=order,
        photometric="rgb", planarconfig="separate" if planar else "contig", compression="zlib",
        predictor=True, tile=(16, 32),
    )  # fmt: skip
    found = read_samples(file)
    assert found is not None
    assert np.array_equal(found.values, given)


def test_differences_that_only_libtiff_unpacks(tmp_path: Path) -> None:
    given = values("u2", 1)
    Image.fromarray(given).save(tmp_path / "a.tif", compression="tiff_lzw", tiffinfo={317: 2})
    found = read_samples(tmp_path / "a.tif")
    assert found is not None
    assert np.array_equal(found.values, given)


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_deep_pictures_are_turned_once(tmp_path: Path, turn: int, compression: str | None) -> None:
    given = (values("u2", 1) // 256 * 257).astype(np.uint16)
    Image.fromarray(given).save(tmp_path / "a.tif", compression=compression, tiffinfo={274: turn})
    exif = Image.Exif()
    exif[0x0112] = turn
    Image.fromarray((given // 257).astype(np.uint8)).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(decode(tmp_path / "a.tif").image, decode(tmp_path / "a.png").image)
    stored = np.asarray(decode(tmp_path / "a.tif", orient=False).image)[..., 0]
    assert np.array_equal(stored, given // 257)


@pytest.mark.parametrize("kind", ["u1", "u2"])
def test_what_pillow_opens_in_no_way_is_read_and_turned(tmp_path: Path, kind: str) -> None:
    given, turn = values(kind, 3), [(274, "H", 1, 6, True), *MAKE]
    options = {"bigtiff": True, "byteorder": ">", "photometric": "rgb", "extratags": turn}
    photo = decode(written(tmp_path / "a.tif", given, **options))
    tones = np.floor(given / np.iinfo(kind).max * 255 + 0.5)
    assert np.array_equal(np.asarray(photo.image), np.rot90(tones, -1))
    assert (photo.exif.orientation, photo.exif.make) == (6, None)
    assert photo.exif.exif_problems == "of a big-endian BigTIFF the orientation alone is read"


def test_pieces_without_bytes_are_not_black(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(plain_tiff(8, 8, 16, bytes(128), **{"279": 0}))
    with pytest.raises(BrokenPhoto, match="truncated"):
        decode(tmp_path / "a.tif")


@pytest.mark.parametrize("width", [64, 63])
def test_twelve_bits_packed(tmp_path: Path, width: int) -> None:
    grey = np.linspace(0, 255, 48 * width).reshape(48, width)
    given = np.rint(grey / 255 * 4095).astype(np.uint16)
    padded = np.pad(given, ((0, 0), (0, width % 2)))
    pairs = padded.reshape(48, -1, 2).astype(np.uint32)
    packed = np.stack(
        [pairs[..., 0] >> 4, (pairs[..., 0] & 15) << 4 | pairs[..., 1] >> 8, pairs[..., 1] & 255],
        axis=-1,
    ).astype(np.uint8)
    data = packed.reshape(48, -1)[:, : -(-width * 12 // 8)].tobytes()
    (tmp_path / "a.tif").write_bytes(plain_tiff(width, 48, 12, data))
    photo = decode(tmp_path / "a.tif")
    assert photo.note == ""
    assert np.abs(np.asarray(photo.image)[..., 0] - np.rint(grey)).max() <= 1


def plain_tiff(
    width: int, height: int, bits: int, data: bytes, *, order: str = "<", **tags: int
) -> bytes:
    fields = {256: width, 257: height, 258: bits, 259: 1, 262: 1, 273: 0, 277: 1, 278: height,
              279: len(data)} | {int(tag): value for tag, value in tags.items()}  # fmt: skip
    fields[273] = 8 + 2 + 12 * len(fields) + 4
    entries = b"".join(
        struct.pack(f"{order}HHII", tag, 4, 1, fields[tag]) for tag in sorted(fields)
    )
    start = b"II*\0" if order == "<" else b"MM\0*"
    return start + struct.pack(f"{order}IH", 8, len(fields)) + entries + bytes(4) + data


def shades(shade: int, width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), shade, np.uint8)


@pytest.mark.parametrize("kind", ["new", "old"])
def test_a_preview_in_front_is_not_the_photo(tmp_path: Path, kind: str) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        reduced: dict[str, Any] = (
            {"subfiletype": 1} if kind == "new" else {"extratags": [(255, 3, 1, 2, False)]}
        )
        tiff.write(shades(10, 160, 120), metadata=None, photometric="rgb", **reduced)
        tiff.write(shades(200, 64, 48), metadata=None, photometric="rgb")
    photo, header = decode(tmp_path / "a.tif"), read_header(tmp_path / "a.tif")
    assert photo.image.size == (header.width, header.height) == (64, 48)
    assert photo.image.getpixel((0, 0)) == (200, 200, 200)
    assert photo.note == "several pictures: the main one used"


def test_the_largest_picture_is_the_photo_whatever_it_says_of_itself(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        for shade, width in ((1, 16), (2, 64), (3, 64), (4, 32)):
            tiff.write(shades(shade, width, 48), metadata=None, photometric="rgb")
    assert decode(tmp_path / "a.tif").image.getpixel((0, 0)) == (2, 2, 2)


def test_a_picture_inside_another_directory_is_found(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(
            shades(1, 16, 12), metadata=None, photometric="rgb", subfiletype=1, subifds=1,
            extratags=MAKE,
        )  # fmt: skip
        tiff.write(shades(2, 64, 48), metadata=None, photometric="rgb")
    photo = decode(tmp_path / "a.tif")
    assert photo.image.size == (64, 48)
    assert photo.exif.make == "Testmake"


@pytest.mark.parametrize(("order", "big"), [("<", False), (">", False), ("<", True)])
def test_the_orientation_is_that_of_the_picture(tmp_path: Path, order: str, big: bool) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif", byteorder=order, bigtiff=big) as tiff:
        tiff.write(
            shades(1, 16, 12), metadata=None, photometric="rgb", subfiletype=1,
            extratags=[*MAKE, (274, 3, 1, 3, False)],
        )  # fmt: skip
        main = shades(2, 64, 48)
        main[0, 0] = 255
        tiff.write(main, metadata=None, photometric="rgb", extratags=[(274, 3, 1, 6, False)])
    photo, header = decode(tmp_path / "a.tif"), read_header(tmp_path / "a.tif")
    assert (photo.exif.orientation, photo.exif.make) == (6, "Testmake")
    assert (header.width, header.height) == (64, 48)
    assert photo.image.size == (48, 64)
    assert photo.image.getpixel((47, 0)) == (255, 255, 255)
    stored = decode(tmp_path / "a.tif", orient=False).image
    assert stored.size == (64, 48)
    assert stored.getpixel((0, 0)) == (255, 255, 255)


def test_the_orientation_of_a_preview_turns_no_photo(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(
            shades(1, 16, 12), metadata=None, photometric="rgb", subfiletype=1,
            extratags=[(274, 3, 1, 6, False)],
        )  # fmt: skip
        tiff.write(shades(2, 64, 48), metadata=None, photometric="rgb")
    photo = decode(tmp_path / "a.tif")
    assert photo.exif.orientation is None
    assert photo.image.size == (64, 48)


@pytest.mark.parametrize("kind", ["u1", "u2"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_xmp_turns_no_tiff(tmp_path: Path, kind: str, compression: str | None) -> None:
    xmp = b'<x:xmpmeta><rdf tiff:Orientation="6"/></x:xmpmeta>'
    file = written(
        tmp_path / "a.tif", values(kind, 3), photometric="rgb", compression=compression,
        extratags=[(700, 1, len(xmp), xmp, False)],
    )  # fmt: skip
    photo = decode(file)
    assert photo.image.size == (53, 37)
    assert photo.exif.orientation is None


def test_camera_raw_in_a_tiff_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("latentprint.photos.picture.installed", lambda extra: False)
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(
            shades(1, 16, 12), metadata=None, photometric="rgb", subfiletype=1, subifds=1,
            extratags=MAKE,
        )  # fmt: skip
        tiff.write(
            values("u2", 1),
            metadata=None,
            photometric=32803,
            extratags=[(33421, 3, 2, (2, 2)), (33422, 1, 4, bytes((0, 1, 1, 2)))],
        )
    for read in (decode, read_header):
        with pytest.raises(BrokenPhoto, match=r"a camera raw file.*latentprint\[raw\]"):
            read(tmp_path / "a.tif")


@pytest.mark.parametrize(
    ("given", "options", "reason"),
    [
        (np.zeros(SIDE, "c8"), {}, "complex numbers"),
        (values("u2", 4), GREY | {"planarconfig": "contig"}, "4 channels of 16-bit samples"),
        (np.zeros((8, 8, 3), "u2"), {"photometric": "cielab"}, "photometric interpretation 8"),
    ],
)  # fmt: skip
def test_what_is_not_read_faithfully_is_refused_by_name(
    tmp_path: Path, given: np.ndarray, options: dict[str, Any], reason: str
) -> None:
    file = written(tmp_path / "a.tif", given, **options)
    with pytest.raises(BrokenPhoto, match=reason):
        decode(file)


def packed(rows: np.ndarray, bits: int) -> bytes:
    """Rows of values with each row at the beginning of a byte, the highest bits first."""
    each = np.array([[int(bit) for x in row for bit in f"{x:0{bits}b}"] for row in rows], np.uint8)
    return np.packbits(each, axis=1).tobytes()


@pytest.mark.parametrize("bits", [9, 10, 12, 14, 15])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("compression", [1, 8])
@pytest.mark.parametrize("layout", ["grey", "chunky", "planar"])
def test_bits_that_fill_no_whole_bytes(
    tmp_path: Path, bits: int, order: str, compression: int, layout: str
) -> None:
    width, height, channels = 13, 7, 1 if layout == "grey" else 3
    given = np.random.default_rng(bits).integers(0, 2**bits, (height, width, channels))
    planes = [given[..., each] for each in range(channels)]
    if layout == "chunky":
        planes = [given.reshape(height, -1)]
    strips = [packed(plane, bits) for plane in planes]
    if compression == 8:
        strips = [zlib.compress(strip) for strip in strips]
    tags = {"259": compression, "262": 1 if layout == "grey" else 2, "277": channels}
    tags |= {"284": 2} if layout == "planar" else {}
    file = plain_tiff(width, height, bits, b"".join(strips), order=order, **tags)
    if layout == "planar":
        file = with_strips(file, [len(strip) for strip in strips], order)
    (tmp_path / "a.tif").write_bytes(file)
    found = read_samples(tmp_path / "a.tif")
    assert found is not None
    assert np.array_equal(found.values, given.squeeze())


def with_strips(file: bytes, sizes: list[int], order: str) -> bytes:
    """A plain TIFF whose data are several strips, their places and sizes at the end of the file."""
    (count,) = struct.unpack(f"{order}H", file[8:10])
    changed = bytearray(file)
    data = 10 + 12 * count + 4
    places = [data + sum(sizes[:each]) for each in range(len(sizes))]
    for at in range(10, data - 4, 12):
        (tag,) = struct.unpack(f"{order}H", changed[at : at + 2])
        listed = {273: places, 279: sizes}.get(tag)
        if listed:
            changed[at + 4 : at + 12] = struct.pack(f"{order}II", len(listed), len(changed))
            changed += struct.pack(f"{order}{len(listed)}I", *listed)
    return bytes(changed)


@pytest.mark.parametrize("bits", [1, 3, 4, 6, 8])
def test_samples_of_few_bits_in_every_layout(tmp_path: Path, bits: int) -> None:
    """Pillow opens some of these layouts only."""
    random = np.random.default_rng(bits)
    meanings = ((0, 1), (0, 2), (1, 1), (1, 2), (2, 3), (2, 4), (5, 4), (5, 5))
    layouts = itertools.product(("chunky", "planar"), meanings, (1, 2))
    for layout, (photometric, channels), fill in layouts:
        if fill == 2 and bits != 8:
            continue
        colours = {2: 3, 5: 4}.get(photometric, 1)
        given = random.integers(0, 2**bits, (5, 13, channels))
        planes = [given.reshape(5, -1)]
        if layout == "planar":
            planes = [given[..., each] for each in range(channels)]
        strips = [packed(plane, bits) for plane in planes]
        if fill == 2:
            strips = [
                np.packbits(np.unpackbits(np.frombuffer(each, "u1")), bitorder="little").tobytes()
                for each in strips
            ]
        tags = {"262": photometric, "277": channels, "284": 2 if layout == "planar" else 1}
        tags |= {"266": fill} | ({"338": 0} if channels - colours == 1 else {})
        file = plain_tiff(13, 5, bits, b"".join(strips), **tags)
        if len(strips) > 1:
            file = with_strips(file, [len(strip) for strip in strips], "<")
        (tmp_path / "a.tif").write_bytes(file)
        tones = np.floor(given[..., :colours] * 255 / (2**bits - 1) + 0.5).astype(np.uint8)
        if photometric == 0:
            tones = 255 - tones
        shown = Image.fromarray(tones.squeeze(), "CMYK" if photometric == 5 else None)
        found = np.asarray(decode(tmp_path / "a.tif").image)
        member = (layout, photometric, channels, fill)
        assert np.array_equal(found, np.asarray(shown.convert("RGB"))), member


@pytest.mark.parametrize("kind", ["u2", "f4"])
def test_colours_that_are_multiplied_by_alpha_are_divided_as_pillow_does(
    tmp_path: Path, kind: str
) -> None:
    shares = np.random.default_rng(0).random((*SIDE, 4))
    shares[..., :3] *= shares[..., 3:]
    shares[0, 0, 3] = 0
    eight = np.rint(shares * 255).astype(np.uint8)
    deep = eight.astype("u2") * 257 if kind == "u2" else (eight / 255).astype(kind)
    options = {"photometric": "rgb", "extrasamples": ["assocalpha"]}
    shown = [
        np.asarray(decode(written(tmp_path / f"{each.dtype}.tif", each, **options)).image)
        for each in (eight, deep)
    ]
    opaque_enough = eight[..., 3] > 16
    difference = np.abs(shown[0].astype(int) - shown[1])
    assert difference[opaque_enough].max() <= 1


def test_grey_that_is_multiplied_by_alpha_is_divided(tmp_path: Path) -> None:
    grey = np.linspace(0, 255, 64 * 64).reshape(64, 64)
    for kind, full in (("u1", 1), ("u2", 257)):
        pair = np.stack([grey / 2 * full, np.full(grey.shape, 127.5 * full)], axis=-1)
        options = {"planarconfig": "contig", "extrasamples": ["assocalpha"]}
        file = written(tmp_path / "a.tif", np.rint(pair).astype(kind), **GREY, **options)
        assert np.abs(np.asarray(decode(file).image)[..., 0] - grey).max() <= 2


def test_a_palette_of_bytes_is_as_bright_as_one_of_sixteen_bits(tmp_path: Path) -> None:
    indices = np.arange(256, dtype=np.uint8).reshape(16, -1)
    colours = np.random.default_rng(0).integers(0, 256, (3, 256), np.uint16)
    for factor in (1, 257):
        options = {"photometric": "palette", "colormap": colours * factor}
        file = written(tmp_path / "a.tif", indices, **options)
        assert np.array_equal(np.asarray(decode(file).image).reshape(-1, 3), colours.T)


@pytest.mark.parametrize("kind", ["u1", "u2"])
def test_differences_are_of_what_is_packed_and_of_nothing_else(tmp_path: Path, kind: str) -> None:
    given = values(kind, 1)
    differences = np.diff(given, axis=1, prepend=given.dtype.type(0)).tobytes()
    # As PackBits writes bytes that do not repeat.
    parts = [differences[at : at + 128] for at in range(0, len(differences), 128)]
    packed = b"".join(bytes([len(part) - 1]) + part for part in parts)
    seen = []
    for data, tags in ((given.tobytes(), {"317": 2}), (packed, {"317": 2, "259": 32773})):
        file = plain_tiff(SIDE[1], SIDE[0], 8 * given.itemsize, data, **tags)
        (tmp_path / "a.tif").write_bytes(file)
        seen.append(np.asarray(decode(tmp_path / "a.tif").image)[..., 0])
    written(tmp_path / "b.tif", given, **GREY)
    plain = np.asarray(decode(tmp_path / "b.tif").image)[..., 0]
    assert np.array_equal(seen, [plain, plain])


def test_what_does_not_say_whether_black_is_zero_is_refused(tmp_path: Path) -> None:
    data = plain_tiff(8, 4, 8, bytes(32)).replace(struct.pack("<H", 262), struct.pack("<H", 263))
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(BrokenPhoto, match="whether the lowest is black or white"):
        decode(tmp_path / "a.tif")


def test_other_packings_are_refused_by_name(tmp_path: Path) -> None:
    odd = (
        (8, {"259": 33003}),
        (12, {"266": 2}),
        (20, {}),
        (24, {}),
        (12, {"259": 8, "317": 2}),
        (14, {"259": 7}),
    )
    for bits, tags in odd:
        data = plain_tiff(64, 4, bits, bytes(64 * 4 * bits // 8), **tags)
        (tmp_path / "a.tif").write_bytes(data)
        with pytest.raises(BrokenPhoto, match=f"a TIFF with {bits}-bit samples"):
            decode(tmp_path / "a.tif")


def test_bytes_whose_lowest_bit_comes_first(tmp_path: Path) -> None:
    given = values("u2", 1)
    turned = np.packbits(np.unpackbits(given.view(np.uint8)), bitorder="little").tobytes()
    file = plain_tiff(SIDE[1], SIDE[0], 16, turned, **{"266": 2})
    (tmp_path / "a.tif").write_bytes(file)
    found = read_samples(tmp_path / "a.tif")
    assert found is not None
    assert np.array_equal(found.values, given)


def test_packed_bits_that_end_too_early(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(plain_tiff(64, 5, 12, bytes(64 * 4 * 12 // 8)))
    with pytest.raises(BrokenPhoto, match="truncated"):
        decode(tmp_path / "a.tif")


def test_white_is_zero(tmp_path: Path) -> None:
    given = np.array([[0, 65535, 257 * 100]], np.uint16)
    file = written(tmp_path / "a.tif", given, photometric="miniswhite")
    assert np.asarray(decode(file).image)[0, :, 0].tolist() == [255, 0, 155]


def test_a_cut_off_file_is_broken(tmp_path: Path) -> None:
    file = written(tmp_path / "a.tif", values("u2", 3), photometric="rgb")
    whole = file.read_bytes()
    for length in (0, 3, 7, 12, 200, len(whole) - 10):
        file.write_bytes(whole[:length])
        with pytest.raises(BrokenPhoto):
            decode(file)


def test_hostile_directories_cost_no_time(tmp_path: Path) -> None:
    around = b"II*\0" + struct.pack("<IHI", 8, 0, 8)
    endless = b"II*\0" + struct.pack("<IHHHIII", 8, 1, 330, 4, 0xFFFFFFFF, 8, 8)
    huge = plain_tiff(0xFFFFFFFF, 0xFFFFFFFF, 16, b"")
    wide = plain_tiff(100, 100, 16, bytes(20_000), **{"277": 60_000})
    for data in (around, endless, huge, wide):
        (tmp_path / "a.tif").write_bytes(data)
        with pytest.raises(BrokenPhoto):
            decode(tmp_path / "a.tif")


def test_too_large_is_the_main_picture(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(shades(1, 16, 12), metadata=None, photometric="rgb", subfiletype=1)
        tiff.write(shades(2, 64, 48), metadata=None, photometric="rgb")
    with pytest.raises(BrokenPhoto, match="too large: 64 x 48"):
        decode(tmp_path / "a.tif", max_pixels=64 * 48 - 1)


def test_a_plain_tiff_needs_no_further_reader(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tifffile", None)
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(buffer, "TIFF")
    (tmp_path / "a.tif").write_bytes(buffer.getvalue())
    assert decode(tmp_path / "a.tif").image.getpixel((0, 0)) == (0, 128, 128)
