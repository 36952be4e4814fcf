"""Raw EXIF values, whatever a file holds in their place, into numbers, texts and dates."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable
from numbers import Rational
from typing import Any

MAX_TEXT = 200
"""Longer texts are cut to this many characters."""

_SERIAL_NUMBER = re.compile(
    r"[\s,;(]*\b(?:S/?N\s*[:#=]|serial(?:\s+(?:no\b\.?|number))?[\s:#=])[\s:#=]*\S+", re.IGNORECASE
)
_NAMELESS = {"null", "(null)", "none", "unknown", "undefined", "n/a"}
_DATE = re.compile(r"([0-9]{4})[:/.-] ?([0-9]{1,2})[:/.-] ?([0-9]{1,2})(?![0-9])")
_FIRST_YEAR, _LAST_YEAR = 1900, 2099


class BadValue(ValueError):  # noqa: N818 - a finding about a field, not a fault
    """A field that holds nothing usable; the message says why in a few words."""


def text(value: Any) -> str | None:
    """A text without NULs and superfluous white space, at most ``MAX_TEXT`` characters.

    Text ends at its first NUL. Bytes that are UTF-8 are read so, others as Latin-1. A serial
    number inside the text (some firmware versions end with one) is left out.

    Raises:
        BadValue: It is no text, or holds control characters.
    """
    return " ".join(_decoded(value).split()) or None


def name(value: Any) -> str | None:
    """The name of a maker or model: a text that names something.

    Raises:
        BadValue: It is no text, holds control characters, or is a word for nothing.
    """
    found = text(value)
    if (found or "").casefold() in _NAMELESS:
        raise BadValue(f"is {found!r}, which names nothing")
    return found


def _decoded(value: Any) -> str:
    """A text with its white space."""
    if isinstance(value, str):
        value = value.encode("latin-1", "replace")
    if not isinstance(value, bytes):
        raise BadValue("is not text")
    # Cut before anything else, so that a huge text costs no time; four bytes a character suffice.
    start = value[: 4 * MAX_TEXT].lstrip(b"\0").partition(b"\0")[0]
    try:
        decoded = start.decode("utf-8")
    except UnicodeDecodeError:
        decoded = start.decode("latin-1")
    decoded = _SERIAL_NUMBER.sub("", decoded)[:MAX_TEXT]
    if not "".join(decoded.split()).isprintable():
        raise BadValue("holds control characters")
    return decoded


def number(low: float, high: float) -> Callable[[Any], float | None]:
    """A reader of numbers from low to high; 0 and 0/0 mean unknown and become None."""

    def read(value: Any) -> float | None:
        found = _as_float(value)
        if found is None or found == 0:
            return None
        if not low <= found <= high:
            raise BadValue(f"is {found:.6g}, not from {low:g} to {high:g}")
        return found

    return read


def whole(low: int, high: int) -> Callable[[Any], int | None]:
    """A reader of whole numbers from low to high; None and 0 as for ``number``."""
    in_range = number(low, high)

    def read(value: Any) -> int | None:
        found = in_range(value)
        return None if found is None else round(found)

    return read


def exposure_from_apex(value: Any) -> float | None:
    """Exposure time in s from an APEX shutter speed Tv, t = 2^-Tv; Tv = 0 means unknown.

    Raises:
        BadValue: Tv is no number from -17 to 24.
    """
    speed = number(-17, 24)(value)
    return None if speed is None else 2.0**-speed


def aperture_from_apex(value: Any) -> float | None:
    """F-number from an APEX aperture Av, N = 2^(Av / 2), to the one digit that lenses state.

    Av = 0 means unknown: a lens of f/1 says so as an f-number too.

    Raises:
        BadValue: Av is no number from -2 to 16.
    """
    aperture = number(-2, 16)(value)
    return None if aperture is None else round(2.0 ** (aperture / 2), 1)


def iso(value: Any) -> int | None:
    """An ISO speed, the first that is not 0 of several; 65535 says that it is in another field."""
    values = value if isinstance(value, tuple) else (value,)
    found = next((each for each in map(whole(1, 10_000_000), values) if each), None)
    return None if found == 65535 else found


def flash(value: Any) -> bool | None:
    """Whether the flash fired: bit 0 of the field, of which 7 bits are defined.

    Raises:
        BadValue: It is no whole number from 0 to 127.
    """
    found = _as_float(value)
    if found is None:
        return None
    if found not in range(128):
        raise BadValue(f"is {found:.6g}, not from 0 to 127")
    return bool(int(found) & 1)


def date(value: Any) -> datetime.date | None:
    """The day of an EXIF date such as "2007:08:31 12:00:00"; None where it was left blank.

    Raises:
        BadValue: There is no such day, as in "0000:00:00", or not from 1900 to 2099.
    """
    stated = text(value)
    if not (stated or "").strip(" :"):
        return None
    found = _DATE.match(stated or "")
    try:
        day = datetime.date(*map(int, found.groups())) if found else None
    except ValueError:
        day = None
    if day is None or not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise BadValue(f"is {(stated or '')[:20]!r}, which is no date")
    return day


def _as_float(value: Any) -> float | None:
    """The number, or the first of several; None for 0/0, the standard's "unknown"."""
    if isinstance(value, tuple) and value:
        value = value[0]
    if not isinstance(value, (int, float, Rational)):
        raise BadValue("is not a number")
    numerator, denominator = getattr(value, "numerator", 1), getattr(value, "denominator", 1)
    if denominator == 0 and numerator == 0:
        return None
    try:
        found = float(value)
    except (ArithmeticError, ValueError):
        found = math.nan
    if not math.isfinite(found):
        raise BadValue("is not a number")
    return found


def as_written(value: Any) -> str | int | float | list[Any]:
    """A raw value as JSON can keep it: rationals as "28/10", texts and lists cut short."""
    if isinstance(value, (str, bytes)):
        try:
            return _decoded(value)
        except BadValue as error:
            return f"({error})"
    if isinstance(value, tuple):
        return [as_written(each) for each in value[:4]]
    if isinstance(value, (int, float)):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Rational):
        return f"{value.numerator}/{value.denominator}"
    return f"({type(value).__name__})"
