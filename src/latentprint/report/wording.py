"""How names and numbers are written."""

from __future__ import annotations

from collections.abc import Iterable

from latentprint.report.inputs import Row, is_published
from latentprint.words import NO_INTERVAL, Experiment, ProbeSetup

_PROCESSING = {
    "jpeg": "JPEG compression",
    "sharpening": "sharpening",
    "resizing": "resizing",
    "interpolation": "interpolation kernel",
}

_ACQUISITION = {
    "make": "camera make",
    "model": "camera model",
    "smartphone_model": "smartphone model",
    "smartphone": "smartphone or not",
    "exposure_time": "exposure time",
    "aperture": "aperture",
    "iso": "ISO",
    "focal_length": "focal length",
    "focal_length_35mm": "focal length (35 mm equivalent)",
    "flash": "flash fired or not",
    "year": "year of capture",
    "taken_month": "month of capture",
    "software": "software",
    "orientation": "orientation",
}

_EITHER = (Experiment.LEARNING_CURVE, Experiment.SIMILARITY, Experiment.ROBUSTNESS)

_SETUPS = {
    ProbeSetup.PUBLISHED: "published",
    ProbeSetup.ALL: "all classes",
    ProbeSetup.PAIRED: "paired",
    ProbeSetup.PAIRED_ALL: "paired, all classes",
    ProbeSetup.WITHIN_CLASS: "within classes",
}


def known_name(row: Row) -> str | None:
    """The readable name of what a row is about; None for a user's own attribute or column."""
    key = row["attribute"]
    if row["experiment"] == Experiment.ACQUISITION_PROBE:
        return _ACQUISITION.get(key)
    attribute, colon, chosen = key.partition(":")
    name = _PROCESSING.get(attribute)
    if name and colon:
        return f"{name} ({', '.join(chosen.split(','))})"
    # These experiments are about processing and labels alike, and do not say which.
    return name or (_ACQUISITION.get(key) if row["experiment"] in _EITHER else None)


def name_of(row: Row) -> str:
    """What a row is about, for tables: a user's own name stays as it is."""
    return known_name(row) or row["attribute"]


def title_of(row: Row) -> str:
    """The same at the start of a line."""
    name = known_name(row)
    return capital(name) if name else row["attribute"]


def quoted_name(row: Row) -> str:
    """The same inside a sentence, where a user's own name needs marks around it."""
    return known_name(row) or f"“{row['attribute']}”"


def starting_name(row: Row) -> str:
    """The same at the start of a sentence."""
    name = quoted_name(row)
    return capital(name) if known_name(row) else name


def probe_name(row: Row) -> str:
    """What a probe is about inside a sentence, told apart from other set-ups of the same label."""
    name = quoted_name(row)
    return f"{name} ({setup_name(row['setup'])})" if row["setup"] else name


def setup_name(setup: str) -> str:
    """What a set-up of a probe is called."""
    return _SETUPS[ProbeSetup(setup)]


def checks(row: Row) -> list[str]:
    """The health checks that a result did not pass."""
    failed = [note.strip() for note in (row["notes"] or "").split(";") if note.strip()]
    if row["converged"] is False and not any("converged" in note for note in failed):
        failed.insert(0, "solver not converged")
    return failed


def capital(text: str) -> str:
    """The text with its first letter in upper case, for the start of a sentence; kNN stays kNN."""
    return text if text.startswith("kNN") else text[:1].upper() + text[1:]


def number(value: float | None, digits: int = 1) -> str:
    """One decimal, with a true minus sign; a dash where there is no number."""
    if value is None:
        return "–"
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")


def percent(value: float | None) -> str:
    """A share of 100."""
    return "–" if value is None else f"{number(value)}%"


def points(value: float | None, digits: int = 1) -> str:
    """A signed difference of two percentages."""
    text = number(value, digits)
    return text if value is None or float(text.replace("−", "-")) <= 0 else f"+{text}"


def digits_of(row: Row) -> int:
    """Digits that a difference needs: one that is not zero is never written as 0.0."""
    ends = [row["value"], row["low"], row["high"]]
    if None in ends or row["low"] <= 0 <= row["high"]:
        return 1
    least = min(map(abs, ends))
    # What no claim is made of may be as good as zero.
    return next(
        (digits for digits in (1, 2, 3) if round(least, digits)), 4 if row["direction"] else 1
    )


def significant(value: float | None) -> str:
    """A small share of one, such as a p or q, in two digits."""
    if value is None:
        return "–"
    return "<0.001" if value < 0.001 else f"{value:.2g}"


def p_told(value: float | None) -> str:
    """A p in a sentence."""
    told = significant(value)
    return f"p < {told[1:]}" if told.startswith("<") else f"p = {told}"


def with_intervals(rows: Iterable[Row]) -> str:
    """That figures have intervals, at the end of what they are; published ones have none."""
    return "" if all(map(is_published, rows)) else ", with 95% intervals"


def span(low: float | None, high: float | None, *, unit: str = "", digits: int = 1) -> str:
    """An interval."""
    if low is None or high is None:
        return "–"
    return f"{number(low, digits)}{unit} to {number(high, digits)}{unit}"


def interval(row: Row, *, digits: int = 1) -> str:
    """The interval of a row; a dash where nothing is known of other queries."""
    if NO_INTERVAL in (row["notes"] or ""):
        return "–"
    return span(row["low"], row["high"], digits=digits)


def whole(value: int | None) -> str:
    """A whole number; a dash where there is none."""
    return "–" if value is None else f"{value:,}"


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
    """The number of classes, from chance where it was not recorded."""
    if row["classes"]:
        return int(row["classes"])
    return round(100 / row["chance"]) if row["chance"] else None
