"""JPEG 2000: pixels, EXIF, and what is refused because its decoder would change it in silence."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from latentprint.photos.decode import decode, read_header
from latentprint.photos.file_bytes import BrokenPhoto

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (24, 32, 3), np.uint8)


def written(pixels: np.ndarray, **options: bool) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG2000", irreversible=False, **options)
    return file.getvalue()


def box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(data), kind) + data


def colours(number: int) -> bytes:
    return box(b"colr", b"\1\0\0" + struct.pack(">I", number))


def with_exif(data: bytes, kind: bytes = b"JpgTiffExif->JP2") -> bytes:
    """The box stands between the header and the pixels, as ExifTool writes it."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Orientation] = "Testmake", 6
    at = data.index(b"jp2c") - 4
    return data[:at] + box(b"uuid", kind + exif.tobytes()[6:]) + data[at:]


def with_header(data: bytes, old: bytes, new: bytes) -> bytes:
    """Boxes of the header in place of others."""
    at = data.index(b"jp2h") - 4
    end = at + int.from_bytes(data[at : at + 4], "big")
    assert old in data[at:end]
    return data[:at] + box(b"jp2h", data[at + 8 : end].replace(old, new)) + data[end:]


def with_depth(data: bytes, value: int, channel: int = 0) -> bytes:
    """A byte of the head of the codestream in place of "8 bits, unsigned"."""
    at = data.index(b"\xff\x4f\xff\x51") + 42 + 3 * channel
    assert data[at] == 7
    return data[:at] + bytes([value]) + data[at + 1 :]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.jp2"


@pytest.mark.parametrize("alone", [False, True])
def test_pixels_are_those_that_were_written(file: Path, alone: bool) -> None:
    alpha = np.dstack([PIXELS, PIXELS[..., 0]])
    for pixels in (PIXELS, alpha, PIXELS[..., 1]):
        file.write_bytes(written(pixels, no_jp2=alone))
        found = decode(file)
        assert (found.format, found.note) == ("JPEG2000", "")
        colour = pixels[..., :3] if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
        assert np.array_equal(np.asarray(found.image), colour)


def test_colours_of_a_palette_and_of_luminance_and_chroma(file: Path) -> None:
    palette, index = PIXELS.reshape(-1, 3)[:16], PIXELS[..., 0] // 16
    boxes = colours(16) + box(b"pclr", struct.pack(">HB3B", 16, 3, 7, 7, 7) + palette.tobytes())
    boxes += box(b"cmap", b"".join(struct.pack(">HBB", 0, 1, each) for each in range(3)))
    file.write_bytes(with_header(written(index), colours(17), boxes))
    assert np.array_equal(np.asarray(decode(file).image), palette[index])

    smooth = np.asarray(Image.fromarray(PIXELS).resize((64, 48), Image.Resampling.BICUBIC))
    stored = np.asarray(Image.fromarray(smooth).convert("YCbCr"))
    file.write_bytes(with_header(written(stored, mct=False), colours(16), colours(18)))
    assert np.abs(np.asarray(decode(file).image).astype(int) - smooth).max() <= 3


@pytest.mark.parametrize(
    "kind", [b"JpgTiffExif->JP2", bytes.fromhex("0537cdab9d0c4431a72afa561f2a113e")]
)
def test_exif_is_read_and_turns_the_pixels(file: Path, kind: bytes) -> None:
    file.write_bytes(with_exif(written(PIXELS), kind))
    header = read_header(file)
    assert (header.exif.make, header.exif.orientation) == ("Testmake", 6)
    assert (header.width, header.height) == (32, 24)
    assert np.array_equal(np.asarray(decode(file).image), np.rot90(PIXELS, -1))


def test_what_its_decoder_would_change_in_silence_is_refused(file: Path) -> None:
    colour = written(PIXELS)
    deep = io.BytesIO()
    Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 16).save(deep, "JPEG2000")
    profile = b"\2\0\0" + b"\0" * 16 + b"CMYK" + b"\0" * 108
    at = colour.index(b"\xff\x4f\xff\x51") + 43
    for data, why in (
        (with_depth(colour, 11), "12 bits a channel"),
        (with_depth(colour, 11, channel=2), "12 bits a channel"),
        (with_depth(colour, 3), "4 bits a channel"),
        (with_depth(colour, 0x87), "signed values"),
        (deep.getvalue(), "16 bits a channel"),
        (colour[:at] + b"\2" + colour[at + 1 :], "channels of several sizes"),
        (with_header(colour, colours(16), colours(12)), "colours of kind 12"),
        (with_header(colour, colours(16), box(b"colr", profile)), "a colour profile of 'CMYK'"),
    ):
        file.write_bytes(data)
        with pytest.raises(BrokenPhoto, match=f"a JPEG 2000 picture with {why}, which is not"):
            read_header(file)
    file.write_bytes(with_depth(written(np.dstack([PIXELS, PIXELS[..., 0]])), 0, channel=3))
    assert read_header(file).format == "JPEG2000"


def test_damaged_files_are_told_and_wrong_names_noted(tmp_path: Path) -> None:
    whole = with_exif(written(PIXELS))
    for length in range(0, len(whole), 41):
        (tmp_path / "cut.jp2").write_bytes(whole[:length])
        with pytest.raises(BrokenPhoto):
            decode(tmp_path / "cut.jp2")
    (tmp_path / "a.jpg").write_bytes(whole)
    assert decode(tmp_path / "a.jpg").note == "named .jpg but holds JPEG2000"
