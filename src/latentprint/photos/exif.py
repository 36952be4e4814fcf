"""What a photo's EXIF says of how it was taken.

Only the fields listed here are looked up. Positions (GPS), maker notes, serial numbers, names of
owners and comments are never looked at, so that they cannot end up in a table.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import IO, Any, TypeVar

from PIL import ExifTags, Image
from PIL.ImageFile import ImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from latentprint.errors import UsageError
from latentprint.photos import exif_values as values
from latentprint.photos.devices import device_type, is_smartphone
from latentprint.photos.exif_makers import normalise_make
from latentprint.photos.exif_values import BadValue
from latentprint.photos.jpeg2000 import jpeg2000_exif
from latentprint.photos.png import png_exif
from latentprint.photos.tiff import Directory

MAX_BLOCK = 1 << 20
"""Larger EXIF blocks are not read: sixteen times what fits into one segment of a JPEG."""

_MAX_PROBLEMS = 300

# The fields that are read, in the order of tables, by the names of the EXIF standard.
_TAGS = {
    "Make": 0x010F, "Model": 0x0110, "Software": 0x0131, "Orientation": 0x0112,
    "ExposureTime": 0x829A, "ShutterSpeedValue": 0x9201, "FNumber": 0x829D,
    "ApertureValue": 0x9202, "ISOSpeedRatings": 0x8827, "RecommendedExposureIndex": 0x8832,
    "StandardOutputSensitivity": 0x8831, "ISOSpeed": 0x8833, "FocalLength": 0x920A,
    "FocalLengthIn35mmFilm": 0xA405, "Flash": 0x9209, "DateTimeOriginal": 0x9003,
    "DateTimeDigitized": 0x9004, "ExifImageWidth": 0xA002, "ExifImageHeight": 0xA003,
}  # fmt: skip

# Those of the picture, which viewers read in the main directory alone; the others are in the one
# below it, or, as some writers have them, in the main one.
_OF_PICTURE = ("Make", "Model", "Software", "Orientation")

# The labels that are read from one field, or else from the next, and the range that makes sense.
_READERS: dict[str, tuple[tuple[str, Callable[[Any], Any]], ...]] = {
    "exposure_time": (
        ("ExposureTime", values.number(1e-7, 86_400)),
        ("ShutterSpeedValue", values.exposure_from_apex),
    ),
    # No lens in air can be faster than f/0.5.
    "aperture": (
        ("FNumber", values.number(0.5, 256)),
        ("ApertureValue", values.aperture_from_apex),
    ),
    "iso": (
        ("ISOSpeedRatings", values.iso),
        ("RecommendedExposureIndex", values.iso),
        ("StandardOutputSensitivity", values.iso),
        ("ISOSpeed", values.iso),
    ),
    "focal_length": (("FocalLength", values.number(0.1, 6_000)),),
    "focal_length_35mm": (("FocalLengthIn35mmFilm", values.number(1, 4_000)),),
    "flash": (("Flash", values.flash),),
    "software": (("Software", values.text),),
    "orientation": (("Orientation", values.whole(1, 8)),),
    "exif_width": (("ExifImageWidth", values.whole(1, 1_000_000)),),
    "exif_height": (("ExifImageHeight", values.whole(1, 1_000_000)),),
}
_T = TypeVar("_T")


@dataclass(frozen=True)
class Exif:
    """The acquisition labels of a photo; None where EXIF does not say, or not sensibly.

    Attributes:
        make: Maker, one name for all its spellings ("NIKON CORPORATION" is "Nikon").
        model: Model as the maker spells it, without superfluous white space.
        smartphone_model: The model of telephones only.
        smartphone: Whether the device is a telephone; see ``is_smartphone``.
        device_type: "phone", "camera", "tablet", "action", "scanner" or "drone"; see
            ``device_type``.
        exposure_time: Exposure time in s, from ExposureTime or else ShutterSpeedValue.
        aperture: F-number, from FNumber or else ApertureValue.
        iso: ISO speed, from ISOSpeedRatings or else the newer fields of the standard. That of
            old cameras which state it in their maker notes only is unknown.
        focal_length: Focal length in mm.
        focal_length_35mm: Focal length in mm that gives the same view on 35 mm film.
        flash: Whether the flash fired.
        year: Year of DateTimeOriginal, or else of DateTimeDigitized; editors change DateTime.
        taken_month: Year and month of the same, such as "2007-08".
        software: Firmware of the camera, or the editor that wrote the file last.
        orientation: How to turn the stored pixels, 1 (not at all) to 8.
        exif_width: Width in pixels that EXIF states.
        exif_height: Height in pixels that EXIF states.
        station: Name of the medical scanner, of DICOM files as the next three are.
        protocol: Name of its protocol.
        tube_voltage: Peak voltage of an X-ray tube in kV.
        field_strength: Magnetic field in T.
        has_exif: Whether any field is there that is read here.
        exif_problems: The fields that hold nothing sensible and why, separated by "; ".
        exif_raw: The fields that are there, as they are written, as a JSON object by the names of
            the standard; None where there are none. Texts are cut to 200 characters.
    """

    make: str | None = None
    model: str | None = None
    smartphone_model: str | None = None
    smartphone: bool | None = None
    device_type: str | None = None
    exposure_time: float | None = None
    aperture: float | None = None
    iso: int | None = None
    focal_length: float | None = None
    focal_length_35mm: float | None = None
    flash: bool | None = None
    year: int | None = None
    taken_month: str | None = None
    software: str | None = None
    orientation: int | None = None
    exif_width: int | None = None
    exif_height: int | None = None
    station: str | None = None
    protocol: str | None = None
    tube_voltage: float | None = None
    field_strength: float | None = None
    has_exif: bool = False
    exif_problems: str = ""
    exif_raw: str | None = None

    def columns(self) -> dict[str, Any]:
        """One cell for every column of ``EXIF_SCHEMA``."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def turned_by_boxes(self, orientation: int) -> Exif:
        """The labels of a file whose boxes, and not its EXIF, say how its pixels are turned."""
        stated = self.orientation
        if stated == orientation or (stated is None and orientation == 1):
            return self
        problem = "" if stated in (None, 1) else f"Orientation is {stated}, the boxes count here"
        return replace(
            self,
            orientation=orientation,
            exif_problems="; ".join(filter(None, [self.exif_problems, problem]))[:_MAX_PROBLEMS],
        )


def read_exif(image: Image.Image) -> Exif:
    """Read the labels from the EXIF of an opened image; no pixel is decoded.

    JPEG, MPO, PNG (also where the block follows the pixels, or is written out as text), WebP, TIFF,
    HEIF, AVIF and JPEG 2000 are read. XMP is not, not even for the orientation. Nothing that a file
    holds makes this fail: a bad field becomes None and is named in ``exif_problems``, an unreadable
    block likewise. An exposure time, aperture, ISO or focal length of 0 means unknown. Pillow's
    warnings are listened to meanwhile, which are global to the process: read in several processes,
    not in several threads.

    The fields are those of CIPA DC-008 (Exif 2.32), sections 4.6.4 and 4.6.5, APEX as in annex C.

    Args:
        image: As ``Image.open`` gives it, not loaded yet.

    Raises:
        UsageError: It is something else, such as a path.
    """
    if not isinstance(image, Image.Image):
        raise UsageError(f"{image!r} is no opened picture: exif_table reads folders and files.")
    problems: list[str] = []
    raw: dict[str, Any] = {}
    with _noting(problems, "the block"):
        raw = _raw_fields(_main_directory(image), problems)
    if image.info.get("original_orientation") is not None:
        # The HEIF reader writes a 1 into the block.
        raw["Orientation"] = image.info["original_orientation"]
    return _exif(raw, problems)


def read_tiff_exif(file: IO[bytes], main: Directory, first: Directory) -> Exif:
    """Read the labels of a picture of a TIFF file; see ``read_exif``.

    What its own directory does not say is taken from the first one, which describes the whole
    file, but for the orientation, which is that of a picture.

    Args:
        file: The file.
        main: The directory of the picture.
        first: The first directory of the file.
    """
    problems: list[str] = []
    raw: dict[str, Any] = {}
    if main.for_us_alone:
        raw = {} if main.orientation == 1 else {"Orientation": main.orientation}
        return _exif(raw, ["of a big-endian BigTIFF the orientation alone is read"])
    for directory in dict.fromkeys((first, main)):
        with _noting(problems, "the block"):
            exif = Image.Exif()
            exif.endian = "<" if directory.little_endian else ">"
            exif.bigtiff = directory.big
            exif.load_from_fp(file, directory.offset)
            found = _raw_fields(exif, problems)
            if directory != main:
                found.pop("Orientation", None)
            raw |= found
    return _exif({name: raw[name] for name in _TAGS if name in raw}, problems)


def _exif(raw: dict[str, Any], problems: list[str]) -> Exif:
    labels = _labels(_Fields(raw, problems))
    written = {name: values.as_written(value) for name, value in raw.items()}
    return Exif(
        **labels,
        has_exif=bool(raw),
        exif_problems="; ".join(dict.fromkeys(problems))[:_MAX_PROBLEMS],
        exif_raw=json.dumps(written, ensure_ascii=False) if raw else None,
    )


@dataclass(frozen=True)
class _Fields:
    """Raw values by name, and the list in which bad ones are named."""

    raw: Mapping[str, Any]
    problems: list[str]

    def first(self, *readers: tuple[str, Callable[[Any], _T | None]]) -> _T | None:
        """The first field that is there; where one holds nonsense, its sequels are no better."""
        for name, read in readers:
            try:
                found = read(self.raw[name]) if name in self.raw else None
            except BadValue as error:
                self.problems.append(f"{name} {error}")
                return None
            if found is not None:
                return found
        return None


def _labels(there: _Fields) -> dict[str, Any]:
    stated = there.first(("Make", values.name))
    make = None if stated is None else normalise_make(stated)
    model = there.first(("Model", values.name))
    device = device_type(make, model)
    smartphone = is_smartphone(device)
    day = there.first(("DateTimeOriginal", values.date), ("DateTimeDigitized", values.date))
    return {
        "make": make,
        "model": model,
        "smartphone_model": model if smartphone else None,
        "smartphone": smartphone,
        "device_type": device,
        **{name: there.first(*readers) for name, readers in _READERS.items()},
        "year": day and day.year,
        "taken_month": day and f"{day:%Y-%m}",
    }


def _raw_fields(main: Image.Exif | None, problems: list[str]) -> dict[str, Any]:
    """The values as Pillow gives them, by name."""
    if main is None:
        return {}
    details: Mapping[int, Any] = {}
    with _noting(problems, "the Exif directory"):
        details = main.get_ifd(ExifTags.IFD.Exif)
    raw = {}
    for name, tag in _TAGS.items():
        with _noting(problems, name):
            below = tag in details and name not in _OF_PICTURE
            value = details[tag] if below else main.get(tag)
            if value is not None:
                raw[name] = value
    return raw


def _main_directory(image: Image.Image) -> Image.Exif | None:
    # Image.getexif takes an orientation from XMP, and decodes a PNG's pixels to get at what
    # follows them.
    exif = Image.Exif()
    if isinstance(image, TiffImageFile):
        exif.bigtiff = image.tag_v2._bigtiff
        exif.endian = image.tag_v2._endian
        exif.load_from_fp(_file_of(image), image.tag_v2.offset)
        return exif
    block = image.info.get("exif")
    if block is None and isinstance(image, PngImageFile):
        block = png_exif(_file_of(image), MAX_BLOCK)
    if block is None and isinstance(image, Jpeg2KImageFile):
        block = jpeg2000_exif(_file_of(image))
    if not block:
        return None
    if len(block) > MAX_BLOCK:
        raise ValueError(f"it is larger than {MAX_BLOCK} bytes")
    exif.load(block)
    return exif


def _file_of(image: ImageFile) -> IO[bytes]:
    if image.fp is None or image.fp.closed:
        raise ValueError("the file is closed")
    return image.fp


@contextmanager
def _noting(problems: list[str], what: str) -> Iterator[None]:
    """Note what Pillow warns of or raises while it reads something."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        except Exception as error:  # malformed EXIF makes Pillow raise anything
            problems.append(f"{what} is damaged: {_one_line(error)}")
    problems.extend(f"{what} is damaged: {_one_line(each.message)}" for each in caught)


def _one_line(message: object) -> str:
    return " ".join(str(message).split()).rstrip(".")[:100] or type(message).__name__
