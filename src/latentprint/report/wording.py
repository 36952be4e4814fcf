"""How names and numbers are written."""

from __future__ import annotations

from collections.abc import Iterable

from latentprint.report.inputs import Row

_ATTRIBUTES = {
    "jpeg": "JPEG compression",
    "sharpening": "sharpening",
    "resizing": "resizing",
    "interpolation": "interpolation kernel",
}


def attribute_name(key: str) -> str:
    """The name of an attribute inside a sentence."""
    return _ATTRIBUTES.get(key, key)


def capital(text: str) -> str:
    """The text with its first letter in upper case, for the start of a sentence."""
    return text[:1].upper() + text[1:]


def number(value: float | None) -> str:
    """One decimal, with a true minus sign; a dash where there is no number."""
    return "–" if value is None else f"{value + 0.0:.1f}".replace("-0.0", "0.0").replace("-", "−")


def percent(value: float | None) -> str:
    """A share of 100."""
    return "–" if value is None else f"{number(value)}%"


def points(value: float | None) -> str:
    """A signed difference of two percentages."""
    text = number(value)
    return text if value is None or text == "0.0" or value < 0 else f"+{text}"


def span(low: float | None, high: float | None, *, unit: str = "") -> str:
    """An interval."""
    if low is None or high is None:
        return "–"
    return f"{number(low)}{unit} to {number(high)}{unit}"


def count(amount: int, singular: str, plural: str = "") -> str:
    """A number of things, such as "1 photo" or "2,000 photos"."""
    return f"{amount:,} {singular if amount == 1 else plural or singular + 's'}"


def listed(names: Iterable[str]) -> str:
    """Join names as in a sentence: "a", "a and b", "a, b and c"."""
    *rest, last = list(names)
    return f"{', '.join(rest)} and {last}" if rest else last


def shortened(name: str, limit: int = 40) -> str:
    """Leave out the middle of a long name; its ends tell names apart best."""
    if len(name) <= limit:
        return name
    half = (limit - 1) // 2
    return f"{name[:half]}…{name[-half:]}"


def classes(row: Row) -> int | None:
    """The number of classes of a balanced attribute, from chance."""
    return round(100 / row["chance"]) if row["chance"] else None
