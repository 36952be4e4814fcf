"""Strips and tiles of a TIFF have the values that were written, however they are compressed."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from latentprint.photos import BrokenPhoto, decode
from latentprint.photos.decode import read_samples

from .test_tiff import SIDE, plain_tiff, values, written

METHODS = {5: "tiff_lzw", 32773: "packbits", 34925: "lzma", 50000: "zstd", 8: "tiff_adobe_deflate"}


def compressed(piece: bytes, width: int, method: int) -> bytes:
    """A piece as libtiff compresses it, which takes its bytes for a grey picture."""
    buffer = io.BytesIO()
    pixels = np.frombuffer(piece, np.uint8).reshape(-1, width)
    try:
        Image.fromarray(pixels).save(buffer, "TIFF", compression=METHODS[method])
    except (OSError, ValueError, KeyError) as error:
        pytest.skip(f"this Pillow has no {METHODS[method]}: {error}")
    buffer.seek(0)
    with tifffile.TiffFile(buffer) as opened:
        page: Any = opened.pages[0]
        (place,), (size,) = page.dataoffsets, page.databytecounts
    return buffer.getvalue()[place : place + size]


def recompressed(file: Path, method: int, width: int) -> None:
    """Compress the pieces of a file in place."""
    with tifffile.TiffFile(file, mode="r+") as opened:
        page: Any = opened.pages[0]
        data, handle = file.read_bytes(), opened.filehandle
        spans = zip(page.dataoffsets, page.databytecounts, strict=True)
        found = [data[at : at + size] for at, size in spans]
        places, sizes = [], []
        handle.seek(0, 2)
        for piece in found:
            smaller = compressed(piece, width, method)
            places.append(handle.tell())
            sizes.append(len(smaller))
            handle.write(smaller)
        kind = "Tile" if page.is_tiled else "Strip"
        page.tags["Compression"].overwrite(method)
        page.tags[f"{kind}Offsets"].overwrite(tuple(places))
        page.tags[f"{kind}ByteCounts"].overwrite(tuple(sizes))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("order", "big"), [("<", False), (">", False), ("<", True)])
def test_every_method_of_compression(tmp_path: Path, method: int, order: str, big: bool) -> None:
    for kind in ("i1", "u2", "i2", "u4", "f2", "f4", "f8"):
        for planar, shape in ((False, {}), (True, {"rowsperstrip": 8}), (True, {"tile": (16, 32)})):
            given = values(kind, 3)
            file = written(
                tmp_path / "a.tif",
                np.moveaxis(given, -1, 0) if planar else given,
                byteorder=order,
                bigtiff=big,
                photometric="rgb",
                planarconfig="separate" if planar else "contig",
                **shape,
            )
            across = 32 if "tile" in shape else SIDE[1]
            recompressed(file, method, across * given.itemsize * (1 if planar else 3))
            found = read_samples(file)
            assert found is not None
            assert np.array_equal(found.values, given), (kind, planar, shape)


def rearranged(given: np.ndarray) -> bytes:
    """Adobe's Technical Note 3: of a row all highest bytes first, and of these differences."""
    rows = []
    for row in given:
        numbers = row.astype(row.dtype.newbyteorder(">")).tobytes()
        size, channels = row.dtype.itemsize, row.shape[-1]
        planes = [numbers[at::size] for at in range(size)]
        flat = b"".join(planes)
        before = bytes(channels) + flat[:-channels]
        rows.append(bytes((new - old) % 256 for new, old in zip(flat, before, strict=True)))
    return b"".join(rows)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
@pytest.mark.parametrize("channels", [1, 3])
def test_floating_point_whose_bytes_are_rearranged(
    tmp_path: Path, order: str, kind: str, channels: int
) -> None:
    given = values(kind, channels)
    found = read_samples(predicted(tmp_path / "a.tif", given, rearranged, order, 3))
    assert found is not None
    assert np.array_equal(found.values, given)


def predicted(
    file: Path, given: np.ndarray, differences: Callable[[np.ndarray], bytes], order: str, how: int
) -> Path:
    """A TIFF of differences, in one strip of LZW."""
    channels = given.reshape(*SIDE, -1).shape[-1]
    data = differences(given.reshape(*SIDE, channels))
    strip = compressed(data, SIDE[1] * channels * given.itemsize, 5)
    tags = {"259": 5, "262": 2 if channels == 3 else 1, "277": channels, "317": how}
    tags["339"] = {"u": 1, "i": 2, "f": 3}[given.dtype.kind]
    bits = 8 * given.itemsize
    file.write_bytes(plain_tiff(SIDE[1], SIDE[0], bits, strip, order=order, **tags))
    return file


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", ["i1", "u2", "i4"])
@pytest.mark.parametrize("channels", [1, 3])
def test_differences_of_lzw(tmp_path: Path, order: str, kind: str, channels: int) -> None:
    given = values(kind, channels)

    def differences(pixels: np.ndarray) -> bytes:
        less = np.diff(pixels, axis=1, prepend=np.zeros_like(pixels[:, :1]))
        return less.astype(less.dtype.newbyteorder(order)).tobytes()

    found = read_samples(predicted(tmp_path / "a.tif", given, differences, order, 2))
    assert found is not None
    assert np.array_equal(found.values, given)


def test_alpha_in_a_plane_of_its_own_is_dropped(tmp_path: Path) -> None:
    given = values("u1", 2)
    options = {"photometric": "minisblack", "planarconfig": "separate"}
    file = written(
        tmp_path / "a.tif", np.moveaxis(given, -1, 0), extrasamples=["unassalpha"], **options
    )
    assert np.array_equal(np.asarray(decode(file).image)[..., 0], given[..., 0])


def test_damage_is_told(tmp_path: Path) -> None:
    file = written(tmp_path / "a.tif", values("u2", 1), tile=(16, 32))
    recompressed(file, 5, 64)
    whole = bytearray(file.read_bytes())
    whole[-200:-100] = bytes(100)
    file.write_bytes(whole)
    with pytest.raises(BrokenPhoto, match="the image is"):
        decode(file)


def test_tiles_that_would_fill_the_memory(tmp_path: Path) -> None:
    file = written(tmp_path / "a.tif", values("u2", 1), tile=(16, 32))
    with tifffile.TiffFile(file, mode="r+") as opened:
        page: Any = opened.pages[0]
        for name in ("TileWidth", "TileLength"):
            page.tags[name].overwrite(65_520)
    with pytest.raises(BrokenPhoto, match="larger than the picture"):
        decode(file)
