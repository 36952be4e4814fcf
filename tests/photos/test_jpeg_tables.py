import io
from pathlib import Path

import polars as pl
import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from latentprint.photos import jpeg_quality, jpeg_subsampling
from latentprint.photos.decode import read_header
from latentprint.photos.jpeg_tables import LUMINANCE


def saved(quality: int, subsampling: int = 2, mode: str = "RGB") -> JpegImageFile:
    buffer = io.BytesIO()
    Image.new(mode, (16, 16)).save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    opened = Image.open(buffer)
    assert isinstance(opened, JpegImageFile)
    return opened


@pytest.mark.parametrize(("number", "name"), [(0, "4:4:4"), (1, "4:2:2"), (2, "4:2:0")])
def test_every_quality_and_subsampling(number: int, name: str) -> None:
    for quality in range(1, 101):
        image = saved(quality, number)
        assert jpeg_quality(image.quantization) == (quality, True)
        assert jpeg_subsampling(image) == name


def test_grey_and_four_channels() -> None:
    assert jpeg_subsampling(saved(75, mode="L")) == "grey"
    assert jpeg_subsampling(saved(75, 0, mode="CMYK")) == "4:4:4"


@pytest.mark.parametrize(
    ("factors", "name"),
    [
        ([(1, 2), (1, 1), (1, 1)], "4:4:0"),
        ([(4, 1), (1, 1), (1, 1)], "4:1:1"),
        ([(2, 2), (2, 2), (2, 2)], "4:4:4"),
        ([(2, 2), (2, 1), (1, 2)], "other 2x2,2x1,1x2"),
    ],
)
def test_rarer_factors(factors: list[tuple[int, int]], name: str) -> None:
    image = saved(75)
    image.layer = [(number, *each, 0) for number, each in enumerate(factors)]
    assert jpeg_subsampling(image) == name


def test_foreign_tables_have_a_nearest_quality() -> None:
    table = list(saved(80).quantization[0])
    table[63] += 1
    assert jpeg_quality({0: table}) == (80, False)
    with pytest.raises(ValueError, match="luminance"):
        jpeg_quality({})


@pytest.mark.parametrize("folder", ["imagenet_1k_sample", "paircams_8/jpeg_variants"])
def test_real_photos(shared_data: Path, folder: str) -> None:
    root = shared_data / folder
    rows = pl.read_csv(root / "manifest.csv").select("file", "jpeg_q", "subsampling").rows()
    assert rows
    for file, quality, subsampling in rows:
        with Image.open(root / file) as image:
            assert isinstance(image, JpegImageFile)
            assert jpeg_quality(image.quantization) == (quality, True)
            assert jpeg_subsampling(image) == subsampling


def in_slot(data: bytes, slot: int, *, wide: bool) -> bytes:
    """The JPEG with its luminance table in another slot, of 16-bit entries where asked."""
    at = data.index(b"\xff\xdb")
    length = int.from_bytes(data[at + 2 : at + 4])
    assert length == 67
    entries = data[at + 5 : at + 69]
    if wide:
        entries = b"".join(bytes((0, each)) for each in entries)
    table = bytes(((16 if wide else 0) | slot,)) + entries
    changed = data[:at] + b"\xff\xdb" + (len(table) + 2).to_bytes(2) + table + data[at + 69 :]
    start = changed.index(b"\xff\xc0") if b"\xff\xc0" in changed else changed.index(b"\xff\xc1")
    frame = bytearray(changed)
    frame[start + 1] = 0xC1  # sixteen bits are for extended JPEG
    frame[start + 12] = slot
    return bytes(frame)


@pytest.mark.parametrize("slot", range(4))
@pytest.mark.parametrize("wide", [False, True])
def test_the_table_of_luminance_whatever_its_slot(tmp_path: Path, slot: int, wide: bool) -> None:
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(buffer, "JPEG", quality=83)
    (tmp_path / "a.jpg").write_bytes(in_slot(buffer.getvalue(), slot, wide=wide))
    header = read_header(tmp_path / "a.jpg")
    assert (header.jpeg_quality, header.jpeg_ijg) == (83, True)


def test_tables_that_go_beyond_a_byte() -> None:
    for quality in range(1, 26):
        percent = 5000 // quality
        table = [max(1, (each * percent + 50) // 100) for row in LUMINANCE for each in row]
        assert jpeg_quality({0: table}) == (quality, True)
        assert jpeg_quality({0: [min(each, 255) for each in table]}) == (quality, True)
