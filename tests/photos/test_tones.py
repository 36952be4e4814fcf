"""How deep pictures become 8 bits, alone and as a set."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import tifffile
from PIL import Image

from latentprint.errors import UsageError
from latentprint.photos import Photos, decode, open_photos
from latentprint.photos.tone_scan import decide_tones
from latentprint.photos.tones import Tones, parse_window


def png(file: Path, values: np.ndarray) -> Path:
    Image.fromarray(values.astype(np.uint16)).save(file)
    return file


def tiff(file: Path, values: np.ndarray, **options: object) -> Path:
    tifffile.imwrite(file, values, metadata=None, **options)
    return file


def grey(file: Path, tones: Tones | None = None) -> np.ndarray:
    return np.asarray(decode(file, tones=tones).image)[..., 1].astype(int)


def ramp(high: float, n: int = 4096) -> np.ndarray:
    return np.linspace(0, high, n).reshape(64, -1)


@pytest.mark.parametrize(("bits", "by"), [(8, 256), (10, 64), (12, 16), (14, 4)])
def test_few_bits_in_a_large_container_are_not_black(tmp_path: Path, bits: int, by: int) -> None:
    file = png(tmp_path / "a.png", ramp(2**bits - 1))
    assert np.abs(grey(file) - ramp(255)).max() <= 1
    assert decode(file).note == f"{bits}-bit data scaled by {by}, judged by this photo alone"


def test_a_value_beyond_ten_bits_takes_twelve(tmp_path: Path) -> None:
    for high, bits in ((1023, 10), (1024, 12)):
        file = png(tmp_path / "a.png", np.where(ramp(1) < 1, 0, high))
        assert decode(file).note.startswith(f"{bits}-bit data")


def test_marks_of_the_full_value_do_not_hide_the_depth(tmp_path: Path) -> None:
    values = ramp(4095)
    values[:8, :8] = 65535
    found = grey(png(tmp_path / "a.png", values))
    assert (found[:8, :8] == 255).all()
    assert np.abs(found - ramp(255))[8:].max() <= 1


@pytest.mark.parametrize(
    ("kind", "mark", "high"),
    [("i2", -(2**15), 4095), ("i2", 2**15 - 1, 4095), ("u4", 2**32 - 1, 4095),
     ("i4", -(2**31), 4095), ("f4", -3.4028235e38, 1), ("f8", 1.7e308, 1), ("f4", 1e20, 1)],
)  # fmt: skip
def test_many_pixels_without_a_value_do_not_change_the_others(
    tmp_path: Path, kind: str, mark: float, high: float
) -> None:
    values = ramp(high).astype(kind)
    values[:8] = mark
    found = grey(tiff(tmp_path / "a.tif", values))
    assert (found[:8] == (0 if mark < 0 else 255)).all()
    assert np.abs(found - ramp(255))[8:].max() <= 1


@pytest.mark.parametrize(
    ("kind", "high", "none"),
    [("f4", 1, -9999), ("i2", 4095, -9999), ("i4", 4095, -9999), ("u2", 4095, 60000)],
)
def test_pixels_that_the_file_says_were_not_measured(
    tmp_path: Path, kind: str, high: float, none: int
) -> None:
    values = ramp(high).astype(kind)
    values[:8] = none
    stated = [(42113, "s", 0, str(none), True)]
    found = grey(tiff(tmp_path / "a.tif", values, extratags=stated))
    assert not found[:8].any()
    assert np.abs(found - ramp(255))[8:].max() <= 1


def test_sixteen_bits_stay_and_need_no_word(tmp_path: Path) -> None:
    file = png(tmp_path / "a.png", ramp(65535))
    assert np.abs(grey(file) - ramp(255)).max() < 0.51
    assert decode(file).note == ""


def test_colours_of_sixteen_bits_are_not_cut_to_their_high_bytes(tmp_path: Path) -> None:
    values = np.stack([ramp(4095), ramp(2000), ramp(100)], axis=-1).astype(np.uint16)
    found = np.asarray(decode(tiff(tmp_path / "a.tif", values, photometric="rgb")).image)
    assert np.abs(found - values / 4095 * 255).max() <= 0.5


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_a_png_of_several_deep_channels(tmp_path: Path, channels: int) -> None:
    values = np.random.default_rng(0).integers(0, 65536, (5, 7, channels)).astype(np.uint16)
    (tmp_path / "a.png").write_bytes(deep_png(values))
    found = np.asarray(decode(tmp_path / "a.png").image).astype(int)
    colours = values[..., :1].repeat(3, axis=-1) if channels == 2 else values[..., :3]
    assert np.array_equal(found, (colours.astype(int) * 255 + 32767) // 65535)


def deep_png(values: np.ndarray) -> bytes:
    import zlib

    height, width, channels = values.shape
    rows = [b"\0" + row.astype(">u2").tobytes() for row in values]

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    kind = {2: 4, 3: 2, 4: 6}[channels]
    head = width.to_bytes(4) + height.to_bytes(4) + bytes((16, kind, 0, 0, 0))
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"".join(rows)))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def test_one_pixel_above_one_makes_no_black_picture(tmp_path: Path) -> None:
    values = ramp(0.95).astype(np.float32)
    values[3, 3] = 1.02
    found = grey(tiff(tmp_path / "a.tif", values))
    assert found[3, 3] == 255
    assert np.abs(np.delete(found - ramp(0.95) * 255, 3 * 64 + 3)).max() <= 0.5


@pytest.mark.parametrize("high", [0.01, 1.0, 1.9, 12.0, 255.0, 1000.0, 4095.0, 65535.0, 1e6])
def test_no_range_of_floating_point_is_black_or_white(tmp_path: Path, high: float) -> None:
    found = grey(tiff(tmp_path / "a.tif", ramp(high).astype(np.float32)))
    assert found.max() >= 240
    assert 100 < found.mean() < 150


def test_negative_values_are_not_cut_off(tmp_path: Path) -> None:
    found = grey(tiff(tmp_path / "a.tif", (ramp(4000) - 1000).astype(np.int16)))
    assert np.abs(found - ramp(255)).max() <= 2


@pytest.mark.parametrize("bits", [8, 16])
def test_signed_numbers_of_which_none_is_negative_reach_white(tmp_path: Path, bits: int) -> None:
    file = tiff(tmp_path / "a.tif", np.rint(ramp(2 ** (bits - 1) - 1)).astype(f"i{bits // 8}"))
    assert np.abs(grey(file) - ramp(255)).max() <= 1.5
    words = {8: "7-bit data", 16: "15-bit data scaled by 2"}[bits]
    assert decode(file).note == f"{words}, judged by this photo alone"


def test_large_whole_numbers(tmp_path: Path) -> None:
    values = (ramp(4e9)).astype(np.uint32)
    assert np.abs(grey(tiff(tmp_path / "a.tif", values)) - ramp(255)).max() <= 2
    assert (
        np.abs(grey(tiff(tmp_path / "b.tif", ramp(4095).astype(np.uint32))) - ramp(255)).max() <= 1
    )


def test_a_window_and_bits_that_are_asked_for(tmp_path: Path) -> None:
    file = tiff(tmp_path / "a.tif", np.array([[-200, -100, 50, 200, 300]], np.int16))
    assert grey(file, Tones(window=(-100, 200)))[0].tolist() == [0, 0, 128, 255, 255]
    dark = png(tmp_path / "a.png", np.array([[0, 512, 1023]]))
    assert grey(dark, Tones(bits=12))[0].tolist() == [0, 32, 64]
    with pytest.raises(UsageError, match="5:5 is empty"):
        Tones(window=(5, 5))
    with pytest.raises(UsageError, match="33 bits"):
        Tones(bits=33)


@pytest.fixture
def scanner(tmp_path: Path) -> Photos:
    """A dark and a bright photo of one scanner, in 12 bits."""
    png(tmp_path / "dark.png", ramp(500))
    png(tmp_path / "bright.png", ramp(4000))
    return open_photos(tmp_path)


def test_photos_of_one_scanner_are_scaled_alike(scanner: Photos) -> None:
    tones = decide_tones(scanner)
    assert tones.notes() == ("12-bit data scaled by 16.",)
    assert tones.as_list() == [
        {"kind": "16-bit", "low": 0.0, "high": 4095.0, "words": "12-bit data scaled by 16",
         "looked_at": 2}
    ]  # fmt: skip
    assert grey(scanner.file("dark.png"), tones).max() == 31
    assert grey(scanner.file("bright.png"), tones).max() == 249
    assert decode(scanner.file("dark.png"), tones=tones).note == ""


def test_what_exceeds_the_scale_of_the_set_is_told(scanner: Photos, tmp_path: Path) -> None:
    tones = decide_tones(scanner)
    file = png(tmp_path / "late.png", ramp(9000))
    assert decode(file, tones=tones).note == (
        "values up to 9000 are beyond the set's 12-bit data scaled by 16 and are white"
    )
    file = png(tmp_path / "dim.png", ramp(255))
    assert decode(file, tones=tones).note == (
        "values up to 255 are dark in the set's 12-bit data scaled by 16"
    )


def test_the_decision_does_not_depend_on_the_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    for number in range(6):
        values = random.normal(number * 10, 50, (16, 16)).astype(np.int16)
        tiff(tmp_path / f"{number}.tif", values)
    photos = open_photos(tmp_path)
    turned = Photos(photos.name, photos.root, photos.table.reverse(), photos.ignored)
    assert decide_tones(photos) == decide_tones(turned)
    monkeypatch.setattr("latentprint.photos.tone_scan.MOST_PICTURES", 2)
    assert decide_tones(photos) == decide_tones(turned)


def test_only_so_many_are_looked_at(scanner: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("latentprint.photos.tone_scan.MOST_PICTURES", 1)
    assert decide_tones(scanner).scales[0].looked_at == 1
    monkeypatch.setattr("latentprint.photos.tone_scan.MOST_HEADERS", 0)
    assert decide_tones(scanner).scales == ()


def test_plain_sets_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg")
    monkeypatch.setattr("latentprint.photos.tone_scan.read_header", lambda _: pytest.fail("opened"))
    assert decide_tones(open_photos(tmp_path)) == Tones()


def test_a_window_leaves_nothing_to_look_at(scanner: Photos) -> None:
    asked = Tones(window=(0, 1000))
    tones = decide_tones(scanner, asked)
    assert tones.notes() == ("16-bit values: window 0 to 1000.",)
    assert pl.Series(grey(scanner.file("bright.png"), tones).ravel()).max() == 255


def test_the_cases(shared_cases: Path) -> None:
    eight = grey(shared_cases / "grey8.tif")
    assert np.abs(grey(shared_cases / "grey12.tif") - eight).max() <= 1
    beyond = np.abs(grey(shared_cases / "float_1.02.tif") - eight) > 1
    assert beyond.sum() == 1
    assert grey(shared_cases / "float_1.02.tif")[beyond].tolist() == [255]
    planar, chunky = (decode(shared_cases / f"rgb16_{each}.tif") for each in ("planar", "chunky"))
    assert np.array_equal(planar.image, chunky.image)


def test_a_window_is_written_low_to_high() -> None:
    assert parse_window(None) is None
    assert parse_window("-160:240.5") == (-160.0, 240.5)
    for wrong in ("", "100", "a:b", "1:2:3"):
        with pytest.raises(UsageError, match="LOW:HIGH"):
            parse_window(wrong)
