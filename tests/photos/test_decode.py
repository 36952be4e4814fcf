import contextlib
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps, features
from PIL.PngImagePlugin import PngInfo

from latentprint.photos import BrokenPhoto, decode
from latentprint.photos.decode import decode_small, read_header
from latentprint.photos.heif import heif_orientation


@pytest.fixture
def colour() -> Image.Image:
    """A smooth colour image, 48 by 32 pixels, that is unlike any of its mirror images."""
    y, x = np.mgrid[0:32, 0:48]
    return Image.fromarray(np.stack([x * 5, y * 7, (x + 2 * y) * 2], axis=-1).astype(np.uint8))


def jpeg(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def reason(path: Path, **options: int) -> str:
    with pytest.raises(BrokenPhoto) as caught:
        decode(path, **options)
    assert str(path) not in str(caught.value)
    return str(caught.value)


def test_png_facts(tmp_path: Path, colour: Image.Image) -> None:
    colour.save(tmp_path / "a.png")
    photo = decode(tmp_path / "a.png")
    assert (photo.format, photo.width, photo.height, photo.note) == ("PNG", 48, 32, "")
    assert (photo.jpeg_quality, photo.jpeg_subsampling) == (None, None)
    assert photo.image.mode == "RGB"
    assert np.array_equal(photo.image, colour)
    assert len(photo.content) == 32


@pytest.mark.parametrize("kind", ["webp", "tiff", "bmp"])
def test_lossless_formats(tmp_path: Path, colour: Image.Image, kind: str) -> None:
    file = tmp_path / f"a.{kind}"
    colour.save(file, lossless=True) if kind == "webp" else colour.save(file)
    assert np.array_equal(decode(file).image, colour)
    assert decode(file).format == kind.upper()


@pytest.mark.parametrize("kind", ["heic", "avif"])
def test_heic_and_avif(tmp_path: Path, colour: Image.Image, kind: str) -> None:
    file = tmp_path / f"a.{kind}"
    if kind == "avif":
        if not features.check("avif"):
            pytest.skip("this Pillow has no AVIF encoder")
        colour.save(file, quality=95)
    else:
        heif = pytest.importorskip("pillow_heif")
        try:
            heif.from_pillow(colour).save(file, quality=95)
        except Exception as error:
            pytest.skip(f"this pillow_heif has no HEIC encoder: {error}")
    photo = decode(file)
    assert photo.format == {"heic": "HEIF", "avif": "AVIF"}[kind]
    assert np.abs(np.asarray(photo.image, float) - np.asarray(colour, float)).mean() < 8
    assert reason(written(file, file.read_bytes()[:-200]))


def test_deep_grey_of_heic_is_not_cut_to_white(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    grey = np.linspace(0, 65535, 48 * 32).reshape(32, 48).astype(np.uint16)
    try:
        deep = heif.from_bytes("L;16", (48, 32), grey.tobytes())
        deep.save(tmp_path / "a.heic", quality=95)
    except Exception as error:
        pytest.skip(f"this pillow_heif has no HEIC encoder: {error}")
    found = np.asarray(decode(tmp_path / "a.heic").image)[..., 1].astype(float)
    assert np.abs(found - grey / 257).mean() < 3


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tiff"])
def test_orientation(tmp_path: Path, colour: Image.Image, turn: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    file = tmp_path / f"a.{kind}"
    colour.save(file, exif=exif)
    with Image.open(file) as opened:
        expected = ImageOps.exif_transpose(opened).convert("RGB")
        stored = opened.convert("RGB")
    photo = decode(file)
    assert (photo.width, photo.height) == ((48, 32) if turn < 5 else (32, 48))
    assert np.array_equal(photo.image, expected)
    if kind != "tiff":  # Pillow turns the pixels of a TIFF itself
        assert np.array_equal(decode(file, orient=False).image, stored)
    assert decode(file, orient=False).image.size == (48, 32)


def test_broken_exif_costs_no_photo(tmp_path: Path, colour: Image.Image) -> None:
    block = b"Exif\0\0MM\0*\0\0\0\x08\0\x09garbage"
    photo = decode(written(tmp_path / "a.jpg", jpeg(colour, exif=block)))
    assert (photo.width, photo.height) == (48, 32)


def test_metadata_does_not_change_the_content(tmp_path: Path, colour: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    plain = decode(written(tmp_path / "a.jpg", jpeg(colour, quality=90)))
    tagged = decode(written(tmp_path / "b.jpg", jpeg(colour, quality=90, exif=exif)))
    other = decode(written(tmp_path / "c.jpg", jpeg(colour, quality=50)))
    assert plain.content == tagged.content != other.content
    assert (plain.jpeg_quality, plain.jpeg_subsampling) == (90, "4:2:0")


def test_sixteen_bit_grey(tmp_path: Path) -> None:
    values = np.array([[0, 128, 129, 257, 32767, 32768, 65535]], dtype=np.uint16)
    expected = np.rint(values / 65535 * 255).astype(np.uint8)
    Image.fromarray(values).save(tmp_path / "a.png")
    Image.fromarray(values).save(tmp_path / "a.tiff")
    Image.fromarray(values.astype(np.int32)).save(tmp_path / "b.tiff")
    for name in ("a.png", "a.tiff", "b.tiff"):
        assert np.array_equal(np.asarray(decode(tmp_path / name).image)[..., 1], expected)


def test_floating_point(tmp_path: Path) -> None:
    values = np.array([[-1.0, 0.0, 0.5, 1.0, np.nan]], dtype=np.float32)
    Image.fromarray(values).save(tmp_path / "a.tiff")
    Image.fromarray(values * 300).save(tmp_path / "b.tiff")
    assert np.asarray(decode(tmp_path / "a.tiff").image)[0, :, 0].tolist() == [0, 0, 128, 255, 0]
    assert np.asarray(decode(tmp_path / "b.tiff").image)[0, :, 0].tolist() == [0, 0, 150, 255, 0]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr", "LAB"])
def test_other_modes(tmp_path: Path, colour: Image.Image, mode: str) -> None:
    source = Image.new("LAB", (48, 32), (128,) * 3) if mode == "LAB" else colour.convert(mode)
    jpeg_only = mode in ("CMYK", "YCbCr")
    file = tmp_path / ("a.jpg" if jpeg_only else "a.tiff" if mode == "LAB" else "a.png")
    source.save(file)
    photo = decode(file)
    assert (photo.image.mode, photo.image.size) == ("RGB", (48, 32))
    if mode == "LAB":
        assert np.ptp(np.asarray(photo.image)[0, 0].astype(int)) <= 2
    elif not jpeg_only:
        assert np.array_equal(photo.image, source.convert("RGB"))


def test_alpha_is_dropped_not_blended(tmp_path: Path) -> None:
    Image.new("RGBA", (1, 1), (10, 20, 30, 0)).save(tmp_path / "a.png")
    assert decode(tmp_path / "a.png").image.getpixel((0, 0)) == (10, 20, 30)


def test_palette_with_transparency_gives_no_warning(tmp_path: Path, colour: Image.Image) -> None:
    colour.convert("P").save(tmp_path / "a.png", transparency=b"\0\x80\xff")
    assert decode(tmp_path / "a.png").image.mode == "RGB"


def test_animation(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), shade) for shade in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    photo = decode(tmp_path / "a.gif")
    assert photo.note == "animated: first frame used"
    assert photo.image.getpixel((0, 0)) == (255, 0, 0)


def test_mislabelled(tmp_path: Path, colour: Image.Image) -> None:
    colour.save(tmp_path / "a.JPG", "PNG")
    assert decode(tmp_path / "a.JPG").note == "named .jpg but holds PNG"


def test_multi_picture_jpeg_is_a_jpeg(tmp_path: Path, colour: Image.Image) -> None:
    colour.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[colour], quality=80)
    photo = decode(tmp_path / "a.jpg")
    assert (photo.format, photo.jpeg_quality) == ("JPEG", 80)
    assert photo.note == "several pictures: the main one used"


def test_broken_files(tmp_path: Path, colour: Image.Image) -> None:
    whole = jpeg(colour.resize((200, 200)), quality=95)
    assert reason(written(tmp_path / "a.jpg", b"")) == "the file is empty"
    text = reason(written(tmp_path / "b.jpg", b"hello world, no photo"))
    assert text == "not an image: no known image format (starts with b'hello wo'…)"
    assert reason(written(tmp_path / "c.jpg", whole[:-900])).startswith("the image is truncated: ")
    assert "truncated" in reason(written(tmp_path / "d.jpg", whole[:12]))
    png = b"\x89PNG broken"
    assert "header is damaged" in reason(written(tmp_path / "e.png", png))
    assert "no such file" in reason(tmp_path / "none.jpg")
    assert "not a file" in reason(tmp_path)


def test_programs_in_disguise_are_refused(tmp_path: Path) -> None:
    assert "no known image format" in reason(written(tmp_path / "a.jpg", b"%!PS-Adobe-3.0 EPSF\n"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"])
def test_any_damage_is_a_broken_photo(tmp_path: Path, colour: Image.Image, kind: str) -> None:
    buffer = io.BytesIO()
    colour.save(buffer, kind)
    data = buffer.getvalue()
    random = np.random.default_rng(0)
    for trial in range(60):
        damaged = bytearray(data)
        for place in random.integers(0, len(data), 4):
            damaged[place] = random.integers(0, 256)
        if trial % 2:
            del damaged[random.integers(1, len(data)) :]
        with contextlib.suppress(BrokenPhoto):
            decode(written(tmp_path / "a.img", bytes(damaged)))


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_links(tmp_path: Path) -> None:
    (tmp_path / "gone.jpg").symlink_to("nowhere.jpg")
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    assert reason(tmp_path / "gone.jpg") == "the link points to nothing"
    assert reason(tmp_path / "loop.jpg") == "the link points to itself"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    assert "pipe" in reason(tmp_path / "a.jpg")


def test_too_large_is_seen_in_the_header(tmp_path: Path, colour: Image.Image) -> None:
    Image.new("1", (20_000, 20_000)).save(tmp_path / "a.png")
    assert reason(tmp_path / "a.png") == (
        "too large: 20000 x 20000 = 400 megapixels, the limit is 100 (--max-megapixels)"
    )
    colour.save(tmp_path / "b.png")
    assert "too large" in reason(tmp_path / "b.png", max_pixels=48 * 32 - 1)
    assert decode(tmp_path / "b.png", max_pixels=48 * 32).width == 48


def test_odd_names_and_one_pixel(tmp_path: Path) -> None:
    file = tmp_path / "a 'b' \"c\" <script> 写真 é.png"
    Image.new("L", (1, 1), 7).save(file)
    assert decode(file).image.getpixel((0, 0)) == (7, 7, 7)


def test_workers_do_not_load_torch() -> None:
    code = (
        "import sys, latentprint.photos.decode; "
        "assert not {'torch', 'timm', 'pillow_heif'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_real_photos(shared_data: Path, tmp_path: Path) -> None:
    files = sorted((shared_data / "imagenet_1k_sample").glob("*.JPEG"))[:20]
    for file in files:
        photo = decode(file)
        assert photo.format == "JPEG"
        shutil.copy(file, tmp_path / "copy.jpg")
        assert decode(tmp_path / "copy.jpg").content == photo.content


XMP = b'<x:xmpmeta xmlns:tiff="t"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tiff"])
@pytest.mark.parametrize("stated", [None, 3])
def test_xmp_is_not_exif(
    tmp_path: Path, colour: Image.Image, kind: str, stated: int | None
) -> None:
    exif = Image.Exif()
    if stated is not None:
        exif[0x0112] = stated
    file = tmp_path / f"a.{kind}"
    options: dict[str, object] = {"xmp": XMP}
    if kind == "png":
        text = PngInfo()
        text.add_itxt("XML:com.adobe.xmp", XMP.decode())
        options = {"pnginfo": text}
    if kind == "tiff":
        options = {"tiffinfo": {700: XMP} | ({} if stated is None else {0x0112: stated})}
    colour.save(file, exif=exif, **options)
    photo = decode(file)
    assert photo.exif.orientation == stated
    expected = colour if stated is None else colour.transpose(Image.Transpose.ROTATE_180)
    assert photo.image.size == (48, 32)
    assert np.abs(np.asarray(photo.image, int) - np.asarray(expected, int)).mean() < 8
    small = decode_small(file, 24)
    assert small.size == (24, 16)
    assert np.abs(np.asarray(small, int) - np.asarray(expected.resize((24, 16)), int)).mean() < 12


def heic(file: Path, image: Image.Image, orientation: int, *, boxes: bool = True) -> Path:
    heif = pytest.importorskip("pillow_heif")
    exif = Image.Exif()
    exif[0x0112] = orientation
    written = heif.from_pillow(image)
    written.info["exif"] = exif.tobytes()
    try:
        written.save(file, quality=95)
    except Exception as error:
        pytest.skip(f"this pillow_heif has no HEIC encoder: {error}")
    if not boxes:
        for kind in (b"irot", b"imir"):
            file.write_bytes(file.read_bytes().replace(kind, b"free"))
    return file


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_of_heif_is_the_stored_one_and_the_label_turns_it(
    tmp_path: Path, colour: Image.Image, orientation: int
) -> None:
    file = heic(tmp_path / "a.heic", colour, orientation)
    photo, header = decode(file), read_header(file)
    assert (header.width, header.height) == (48, 32)
    assert header.exif.orientation == photo.exif.orientation == orientation
    exif = Image.Exif()
    exif[0x0112] = orientation
    colour.save(tmp_path / "a.png", exif=exif)
    turned = decode(tmp_path / "a.png").image
    assert photo.image.size == turned.size
    assert np.abs(np.asarray(photo.image, int) - np.asarray(turned, int)).mean() < 8
    stored = decode(file, orient=False).image
    assert np.abs(np.asarray(stored, int) - np.asarray(colour, int)).mean() < 8


def test_the_exif_of_heif_turns_nothing(tmp_path: Path, colour: Image.Image) -> None:
    file = heic(tmp_path / "a.heic", colour, 6, boxes=False)
    photo = decode(file)
    assert photo.image.size == (48, 32)
    assert photo.exif.orientation == 1
    assert photo.exif.exif_problems == "Orientation is 6, the boxes count here"


@pytest.mark.parametrize("damage", [b"ipma", b"pitm", b"ipco", b"meta"])
def test_damaged_boxes_turn_nothing(tmp_path: Path, colour: Image.Image, damage: bytes) -> None:
    data = heic(tmp_path / "a.heic", colour, 6).read_bytes()
    for broken in (data.replace(damage, b"free"), data[: data.index(damage) + 6]):
        assert heif_orientation(io.BytesIO(broken)) == 1


def test_the_cases(shared_cases: Path) -> None:
    turned, upright = (decode(shared_cases / f"xmp_orientation_{each}.jpg") for each in (6, "none"))
    assert turned.image.size == (160, 120)
    assert turned.content == upright.content
    assert turned.exif.orientation is None
    red, green, blue = turned.image.getpixel((2, 2))  # type: ignore[misc]
    assert red > 200
    assert max(green, blue) < 100
    quality = decode(shared_cases / "quality15_16bit_table.jpg")
    assert (quality.jpeg_quality, quality.jpeg_ijg) == (15, True)
    quality = decode(shared_cases / "quality90.jpg")
    assert (quality.jpeg_quality, quality.jpeg_ijg) == (90, True)
    labels = decode(shared_cases / "raw_profile.png").exif
    assert (labels.make, labels.model) == ("Testmake", "TestModel")
    phone = decode(shared_cases / "samsung_att_phone.jpg").exif
    assert (phone.smartphone, phone.smartphone_model) == (True, "SAMSUNG-SM-G900A")
    tablet = decode(shared_cases / "lg_tablet.jpg").exif
    assert (tablet.smartphone, tablet.device_type) == (None, "tablet")
    main = decode(shared_cases / "thumbnail_first.tif")
    assert (main.width, main.height) == (64, 48)
