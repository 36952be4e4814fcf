"""Pictures as large as they are shown, and no larger: a page carries every one of them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag
from PIL import Image, ImageOps
from soupsieve import SelectorSyntaxError

DENSITY = 2
"""Pixels of a picture for every one of the page: screens of telephones have as many."""

QUALITY = 85
"""JPEG quality of a picture that was made smaller."""

COLUMNS = {
    "l-body": 704,
    "l-body-outset": 768,
    "l-page": 1144,
    "l-page-outset": 1192,
    "l-screen-inset": 1920,
    "l-screen": 1920,
    "l-gutter": 200,
}
"""The widest that a layout is shown, in pixels of the page: see `page.css`."""

_WORTHWHILE = 1.1
_MOST_PIXELS = 80_000_000
_KINDS = {"jpeg": ("RGB", "L"), "png": ("RGB", "RGBA", "L", "LA", "P"), "webp": ("RGB", "RGBA")}
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# What holds under a condition says nothing about the widest that a picture is shown.
_CONDITION = re.compile(r"@[^{};]+\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}|@[^{};]+;")
_RULE = re.compile(r"([^{};]+)\{([^{}]*)\}?")
_LENGTH = re.compile(r"([\d.]+)(px|rem|em)?\Z")
_SHARE = re.compile(r"([\d.]+)%\Z")
_TRACK = re.compile(r"([\d.]+)px")
_UNITS = {"px": 1.0, "rem": 16.0, "em": 16.0}


@dataclass(frozen=True)
class Shown:
    """How large a picture is shown.

    Attributes:
        width: Pixels of the page, at most.
        cropped: Whether it fills a cell of a grid, which shows a part of it: then its shorter side
            is as long.
    """

    width: float
    cropped: bool = False


class Sizes:
    """How large the pictures of a body are shown, from its layouts, attributes and styles.

    Args:
        soup: The body.
        styles: The article's own style sheet, besides those in the body.
    """

    def __init__(self, soup: BeautifulSoup, styles: str) -> None:
        sheets = [styles, *(each.get_text() for each in soup.find_all("style"))]
        self._declared: dict[int, list[str]] = {}
        for selector, declarations in _rules("\n".join(sheets)):
            if re.search(r"width|grid-template", declarations):
                for tag in _selected(soup, selector):
                    self._declared.setdefault(id(tag), []).append(declarations)

    def of(self, picture: Tag) -> Shown:
        """How large a picture is shown at most."""
        chain = [picture, *(each for each in picture.parents if isinstance(each, Tag))]
        layouts = [
            COLUMNS[name]
            for tag in chain
            for name in tag.get_attribute_list("class")
            if name in COLUMNS
        ]
        column = float(layouts[0] if layouts else COLUMNS["l-body"])
        own = [self._value(picture, "width"), str(picture.get("width") or "")]
        shares = [found for each in own if (found := _SHARE.match(each))]
        column *= min([float(each[1]) / 100 for each in shares] + [1.0])
        lengths = [
            self._value(tag, name) for tag in chain for name in ("width", "max-width")
        ] + own[1:]
        cells = [_tracks(self._value(tag, "grid-template-columns")) for tag in chain[1:3]]
        cell = next(filter(None, cells), 0.0)
        known = [column, *filter(None, map(_pixels, lengths)), *([cell] if cell else [])]
        return Shown(min(known), cropped=bool(cell) and min(known) == cell)

    def _value(self, tag: Tag, name: str) -> str:
        """What styles say of a property of a tag, the last one that says anything."""
        own = [*self._declared.get(id(tag), []), str(tag.get("style") or "")]
        found = [
            value.strip()
            for declarations in own
            for key, colon, value in (each.partition(":") for each in declarations.split(";"))
            if colon and key.strip().lower() == name
        ]
        return found[-1].removesuffix("!important").strip() if found else ""


def scaled(content: bytes, kind: str, shown: Shown) -> bytes:
    """A picture with as many pixels as are shown; as it is where that is no smaller.

    Turned as its EXIF says, with its colour profile. Animations, drawings and pictures of more
    than 8 bits or four colours stay as they are.

    Args:
        content: The file.
        kind: ``jpeg``, ``png``, ``webp`` or another, which is left alone.
        shown: How large it is shown.
    """
    if kind not in _KINDS:
        return content
    try:
        with Image.open(io.BytesIO(content)) as picture:
            smaller = _smaller(picture, kind, shown)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return content
    return smaller if smaller and len(smaller) < len(content) else content


def _smaller(picture: Image.Image, kind: str, shown: Shown) -> bytes | None:
    width, height = picture.size
    if getattr(picture, "is_animated", False) or picture.mode not in _KINDS[kind]:
        return None
    if width * height > _MOST_PIXELS:
        return None
    turned = picture.getexif().get(0x0112, 1) >= 5
    across = height if turned else width
    side = min(width, height) if shown.cropped else across
    factor = DENSITY * shown.width / side
    if factor * _WORTHWHILE > 1:
        return None
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    # JPEG is decoded at a size near the wished one, which is many times faster.
    picture.draft(None, (2 * size[0], 2 * size[1]))
    profile = picture.info.get("icc_profile")
    if picture.mode == "P":
        picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    made = ImageOps.exif_transpose(picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3))
    file = io.BytesIO()
    options = {"quality": QUALITY} if kind != "png" else {"optimize": True}
    made.info.pop("exif", None)
    made.save(file, kind, icc_profile=profile, **options)
    return file.getvalue()


def _rules(sheet: str) -> Iterator[tuple[str, str]]:
    for found in _RULE.finditer(_CONDITION.sub("", _COMMENT.sub("", sheet))):
        yield found[1].strip(), found[2]


def _selected(soup: BeautifulSoup, selector: str) -> list[Tag]:
    try:
        return list(soup.select(selector))
    except (SelectorSyntaxError, NotImplementedError, ValueError):
        return []


def _pixels(length: str) -> float:
    """A length in pixels; 0 where it is none that is known."""
    found = _LENGTH.match(length)
    return float(found[1]) * _UNITS[found[2] or "px"] if found else 0.0


def _tracks(columns: str) -> float:
    """The widest column of a grid whose columns are all in pixels; else 0."""
    if not columns or re.search(r"fr|auto|minmax|%|min-content|max-content", columns):
        return 0.0
    return max((float(each) for each in _TRACK.findall(columns)), default=0.0)
