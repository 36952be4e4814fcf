"""What Flickr's answers say, read with mistrust: types vary, fields are missing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from latentprint.photos.flickr.wanted import SIZES, Wanted
from latentprint.photos.flickr.windows import Window

# What to read of a photo's EXIF: how it was taken. No place, no serial numbers, no free text.
EXIF_COLUMNS = (
    "Make",
    "Model",
    "LensModel",
    "Software",
    "Orientation",
    "DateTimeOriginal",
    "ExposureTime",
    "ShutterSpeedValue",
    "FNumber",
    "ApertureValue",
    "MaxApertureValue",
    "ISO",
    "ExposureProgram",
    "ExposureCompensation",
    "MeteringMode",
    "LightSource",
    "Flash",
    "FocalLength",
    "FocalLengthIn35mmFormat",
    "DigitalZoomRatio",
    "WhiteBalance",
    "SceneCaptureType",
    "Sharpness",
    "ColorSpace",
    "ExifImageWidth",
    "ExifImageHeight",
)
"""The EXIF tags that are kept, by the names that Flickr gives them."""

# The directories of a file that describe the picture itself; "GPS", "IFD1" (the thumbnail), the
# makers' notes, XMP and IPTC are none of them.
_DIRECTORIES = ("IFD0", "ExifIFD", "TIFF", "EXIF")
_ALSO_CALLED = {
    "ISOSpeedRatings": "ISO",
    "FocalLengthIn35mmFilm": "FocalLengthIn35mmFormat",
    "ExposureBiasValue": "ExposureCompensation",
}
_LONGEST_TEXT = 200
_TO_THE_MONTH = 4
"""Granularity of a date: 0 to the second, 4 to the month, 6 to the year, 8 roughly."""


@dataclass(frozen=True)
class Page:
    """One page of a search.

    Attributes:
        photos: The photos as they came.
        pages: How many pages there are by this answer.
        per_page: How many photos a full page holds.
        total: How many photos there are by this answer.
    """

    photos: tuple[dict[str, Any], ...]
    pages: int
    per_page: int
    total: int


@dataclass(frozen=True)
class Candidate:
    """A photo that may be taken into the set.

    Attributes:
        id: Flickr's number of the photo, digits only.
        owner: Flickr's name for the photographer, such as "12037949754@N01".
        owner_name: What the photographer is called, for attribution.
        licence: Flickr's number of the licence.
        taken: When it was taken, "2008-03-17 12:00:00".
        url: Where the picture is.
    """

    id: str
    owner: str
    owner_name: str
    licence: str
    taken: str
    url: str

    @property
    def month(self) -> str:
        """The month in which it was taken, "2008-03"."""
        return self.taken[:7]


def read_page(answer: dict[str, Any]) -> Page:
    """Read the answer of flickr.photos.search; numbers may come as text."""
    photos = answer["photos"]
    return Page(
        tuple(each for each in photos["photo"] if isinstance(each, dict)),
        int(photos["pages"] or 0),
        int(photos["perpage"] or 0),
        int(photos["total"] or 0),
    )


def sift(
    photo: dict[str, Any], wanted: Wanted, window: Window, licences: Collection[str]
) -> Candidate | str:
    """Make a candidate of a photo of a search, or say why it is none."""
    letter = SIZES[wanted.size]
    number, url = str(photo.get("id", "")), str(photo.get(f"url_{letter}") or "")
    sides = [_whole(photo.get(f"{side}_{letter}")) for side in ("width", "height")]
    if not (number.isascii() and number.isdigit() and photo.get("owner")):
        return "without id or owner"
    if str(photo.get("license")) not in licences:
        return "other licence"
    if not _dated(photo, window):
        return "date taken unknown"
    if not url:
        return f"size {wanted.size} not offered"
    if not url.partition("?")[0].lower().endswith((".jpg", ".jpeg")):
        return "not a JPEG"
    if min(sides) < wanted.min_side:
        return "too small"
    name = str(photo.get("ownername") or "")[:_LONGEST_TEXT]
    licence, taken = str(photo["license"]), str(photo["datetaken"])
    return Candidate(number, str(photo["owner"]), name, licence, taken, url)


def read_exif(answer: dict[str, Any]) -> dict[str, str]:
    """Read the answer of flickr.photos.getExif: the raw text of the tags of ``EXIF_COLUMNS``.

    Of a tag that is there twice the first one counts.
    """
    found: dict[str, str] = {}
    for each in answer["photo"]["exif"]:
        tag = str(each.get("tag") or "")
        # Long ago tags came as numbers, with names in the label only.
        tag = str(each.get("label") or "").replace(" ", "") if tag.isdigit() else tag
        name = _ALSO_CALLED.get(tag, tag)
        if str(each.get("tagspace")) in _DIRECTORIES and name in EXIF_COLUMNS:
            text = _content(each.get("raw")).replace("\0", "").strip()[:_LONGEST_TEXT]
            if text:
                found.setdefault(name, text)
    return found


def read_licence_of(answer: dict[str, Any]) -> str:
    """Read a photo's licence from the answer of flickr.photos.getInfo."""
    return str(answer["photo"]["license"])


def _content(raw: Any) -> str:
    """The text of a raw value, which comes as ``{"_content": text}`` or as it is."""
    value = raw.get("_content") if isinstance(raw, dict) else raw
    return "" if value is None else str(value)


def _whole(value: Any) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else 0


def _dated(photo: dict[str, Any], window: Window) -> bool:
    """Whether the photo says in which month it was taken, and that is in the window."""
    try:
        taken = datetime.strptime(str(photo.get("datetaken")), "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return False
    fine = _whole(photo.get("datetakengranularity", 0)) <= _TO_THE_MONTH
    known = str(photo.get("datetakenunknown", "0")) == "0"
    return fine and known and window.start <= taken <= window.end
