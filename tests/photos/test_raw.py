"""Camera raw: dispatch, the suffixes, and refusal by name."""

import io
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from latentprint.errors import LatentprintError
from latentprint.photos import BrokenPhoto, decode, open_photos
from latentprint.photos.decode import read_header


class FakeRaw:
    """Stands for what rawpy opens: a sensor of 6 x 4 that was held on its side."""

    sizes = types.SimpleNamespace(width=6, height=4, flip=6, pixel_aspect=1.0)

    def __enter__(self) -> "FakeRaw":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def postprocess(self, **options: Any) -> np.ndarray:
        assert options == {
            "use_camera_wb": True,
            "no_auto_bright": True,
            "adjust_maximum_thr": 0.0,
            "user_flip": 0,
        }
        pixels = np.zeros((4, 6, 3), np.uint8)
        pixels[0, 0] = 255
        return pixels


@pytest.fixture
def rawpy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    fake = types.ModuleType("rawpy")
    fake.imread = lambda file: FakeRaw()  # type: ignore[attr-defined]
    fake.libraw_version = (0, 21, 4)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "rawpy", fake)
    monkeypatch.delitem(sys.modules, "latentprint.photos.raw", raising=False)
    monkeypatch.setattr("latentprint.photos.picture.installed", lambda extra: True)
    yield
    sys.modules.pop("latentprint.photos.raw", None)


def dng() -> bytes:
    """The outside of a DNG: a preview, and inside its directory the values of the sensor."""
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as tiff:
        preview = np.zeros((3, 4, 3), np.uint8)
        tiff.write(preview, metadata=None, photometric="rgb", subfiletype=1, subifds=1,
                   extratags=[(271, 2, 0, "Testmake", False)])  # fmt: skip
        cfa = [(33421, 3, 2, (2, 2)), (33422, 1, 4, bytes((0, 1, 1, 2)))]
        tiff.write(np.zeros((4, 6), np.uint16), metadata=None, photometric=32803, extratags=cfa)
    return buffer.getvalue()


STARTS = {
    "a.raf": b"FUJIFILMCCD-RAW 0201", "b.rw2": b"IIU\0\x18\0\0\0", "c.orf": b"IIRO\x08\0\0\0",
    "d.cr3": b"\0\0\0\x18ftypcrx \0\0\0\x01", "e.x3f": b"FOVb\0\0\0\0",
    "f.cr2": b"II*\0\x10\0\0\0CR\x02\0" + bytes(4) + b"\0\0" + bytes(4),
    "g.mrw": b"\0MRM\0\0\0\0", "h.crw": b"II\x1a\0\0\0HEAPCCDR",
}  # fmt: skip


@pytest.mark.parametrize("name", STARTS)
def test_every_kind_is_known_by_its_first_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("latentprint.photos.picture.installed", lambda extra: False)
    for file in (tmp_path / name, tmp_path / "renamed.jpg"):
        file.write_bytes(STARTS[name] + bytes(200))
        with pytest.raises(BrokenPhoto, match=r"a camera raw file.*latentprint\[raw\]"):
            decode(file)


@pytest.mark.usefixtures("rawpy")
@pytest.mark.parametrize("name", ["a.dng", "a.tif"])
def test_it_is_developed_and_turned(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(dng())
    photo, header = decode(tmp_path / name), read_header(tmp_path / name)
    assert (header.width, header.height, header.format) == (6, 4, "RAW")
    assert (photo.image.size, photo.exif.orientation, photo.exif.make) == ((4, 6), 6, "Testmake")
    assert photo.image.getpixel((3, 0)) == (255, 255, 255)
    named = "named .tif but holds RAW; " if name == "a.tif" else ""
    assert photo.note == f"{named}camera raw, developed by LibRaw 0.21.4"
    assert decode(tmp_path / name, orient=False).image.size == (6, 4)


def test_suffixes_count_with_their_extra_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("a.jpg", "b.NEF", "c.dcm"):
        (tmp_path / name).touch()
    monkeypatch.setattr("latentprint.photos.formats.installed", lambda extra: extra == "raw")
    photos = open_photos(tmp_path)
    assert photos.table["id"].to_list() == ["a.jpg", "b.NEF"]
    assert photos.ignored.rows() == [
        ("c.dcm", ".dcm needs an extra: pip install 'latentprint[dicom]'")
    ]
    assert photos.ignored_by_suffix() == {}
    assert caplog.messages == ["1 ignored: .dcm needs an extra: pip install 'latentprint[dicom]'."]
    monkeypatch.setattr("latentprint.photos.formats.installed", lambda _: False)
    (tmp_path / "a.jpg").rename(tmp_path / "notes.txt")
    with pytest.raises(LatentprintError, match="There are no photos") as refused:
        open_photos(tmp_path)
    for extra, suffix in (("raw", "nef"), ("dicom", "dcm")):
        assert f"1 ignored: .{suffix} needs an extra: pip install 'latentprint[{extra}]'; " in str(
            refused.value
        )
    assert "; 1 other files)" in str(refused.value)


def test_libraw_names_its_trouble(tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    (tmp_path / "a.raf").write_bytes(STARTS["a.raf"] + bytes(200))
    with pytest.raises(BrokenPhoto, match="the image is damaged"):
        decode(tmp_path / "a.raf")


def test_a_real_sensor(tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    mosaic = np.zeros((120, 160), np.uint16)
    mosaic[0::2, 0::2] = 4000  # red, and nothing else
    mosaic[:, :80] = 0
    identity = (1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1)
    tags = [
        (50706, 1, 4, (1, 4, 0, 0)), (50708, 2, 0, "Test TestModel", False),
        (271, 2, 0, "Testmake", False), (272, 2, 0, "TestModel", False),
        (274, 3, 1, 6, False), (50721, 10, 9, identity, False),
        (50728, 5, 3, (1, 1, 1, 1, 1, 1), False), (50778, 3, 1, 21, False),
        (33421, 3, 2, (2, 2)), (33422, 1, 4, (0, 1, 1, 2)), (50717, 3, 1, 16383),
    ]  # fmt: skip
    tifffile.imwrite(tmp_path / "a.tif", mosaic, metadata=None, photometric=32803, extratags=tags)
    photo, header = decode(tmp_path / "a.tif"), read_header(tmp_path / "a.tif")
    assert (header.width, header.height) == (160, 120)
    assert (photo.image.size, photo.exif.orientation) == ((120, 160), 6)
    assert (photo.exif.make, photo.exif.model) == ("Testmake", "TestModel")
    pixels = np.asarray(photo.image).astype(int)
    assert pixels[:70].max() == 0
    assert pixels[90:150, 10:110, 0].min() > 60
    assert pixels[90:150, 10:110, 0].mean() > 2 * pixels[90:150, 10:110, 1].mean()
