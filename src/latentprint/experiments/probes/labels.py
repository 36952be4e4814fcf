"""Labels of photos from a column: which classes there are, and how numbers are binned."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from latentprint.errors import LatentprintError, UsageError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Sequence

RULES = ("values", "values:K", "quantiles:K", "stops", "edges:A,B,…", "published")
"""The rules of binning, as they are written."""

PUBLISHED_COUNTS = {
    "make": 9,
    "model": 88,
    "smartphone_model": 12,
    "smartphone": 2,
    "exposure_time": 16,
    "aperture": 17,
    "iso": 16,
    "focal_length": 13,
    "flash": 2,
    "year": 25,
}
"""Number of classes of each acquisition attribute in the study (ICCV 2025, arXiv 2508.10637)."""

_CONTINUOUS = "quantiles:4"
_FEW_VALUES = 20
# ISO and exposure time double with every stop, the f-number does with every second one.
_STOPS_PER_DOUBLING = {"aperture": 2.0}


@dataclass(frozen=True)
class Labelled:
    """A label of photos.

    Attributes:
        name: Name of the column.
        rule: The rule that made classes of its values.
        classes: Names of the classes, numbers in rising order [K].
        codes: Class of every photo, -1 where it has none, int64 [N].
    """

    name: str
    rule: str
    classes: tuple[str, ...]
    codes: np.ndarray


def label_photos(photos: pl.DataFrame, column: str, rule: str | None = None) -> Labelled:
    """Make classes of a column's values.

    The rules: ``values`` takes every value as a class; ``values:K`` the K most frequent ones;
    ``quantiles:K`` cuts numbers into K parts of as many photos (fewer where many are equal);
    ``stops`` rounds exposure time, aperture and ISO to whole photographic stops; ``edges:A,B``
    cuts numbers at A and B, each edge belonging to the class above it; ``published`` takes the
    most frequent values, as many as the study has classes. Without a rule, text and numbers of at
    most 20 different values are taken as they are, others cut into four quantiles.

    Args:
        photos: One row for every photo [N].
        column: The column.
        rule: How values become classes.

    Raises:
        UsageError: There is no such column or rule, or the rule needs numbers.
    """
    if column not in photos.columns:
        raise unknown_name("label", column, photos.columns)
    values = photos[column]
    if values.dtype.is_nested() or values.dtype in (pl.Binary, pl.Object):
        raise UsageError(f"The column {column!r} holds no plain values that could be labels.")
    numbers = _numbers(values)
    if rule is None:
        many = numbers is not None and numbers.drop_nulls().n_unique() > _FEW_VALUES
        rule = _CONTINUOUS if many else "values"
    name, _, argument = rule.partition(":")
    match name:
        case "values":
            return _by_value(column, values, numbers, rule, _count(rule, argument, optional=True))
        case "published":
            return _by_value(column, values, numbers, rule, _published(column))
        case "quantiles" | "edges" | "stops":
            if numbers is None:
                raise UsageError(f"The rule {rule!r} needs numbers, and {column!r} holds text.")
            return _binned(column, numbers, rule, name, argument)
        case _:
            raise unknown_name("rule of binning", rule, RULES)


def _numbers(values: pl.Series) -> pl.Series | None:
    """The values as numbers; None where they are not: every text must be a number."""
    if values.dtype == pl.Boolean:
        return None
    if values.dtype.is_numeric():
        numbers = values.cast(pl.Float64)
    else:
        stripped = values.cast(pl.String).str.strip_chars()
        values = pl.select(pl.when(stripped != "").then(stripped)).to_series()
        numbers = values.cast(pl.Float64, strict=False)
        if numbers.null_count() > values.null_count() or numbers.is_null().all():
            return None
    # What is neither a number nor missing cannot be put into an order.
    return pl.select(pl.when(numbers.is_finite()).then(numbers)).to_series()


def _by_value(
    column: str, values: pl.Series, numbers: pl.Series | None, rule: str, most: int | None
) -> Labelled:
    if numbers is not None:
        text = [None if x is None else f"{x:g}" for x in numbers]
    else:
        stripped = (None if x is None else str(x).strip() for x in values)
        text = [x or None for x in stripped]
    counts: dict[str, int] = {}
    for each in text:
        if each is not None:
            counts[each] = counts.get(each, 0) + 1
    kept = sorted(counts, key=lambda each: (-counts[each], each))[:most]
    names = sorted(kept, key=float) if numbers is not None else sorted(kept)
    index = {each: at for at, each in enumerate(names)}
    codes = np.array([index.get(each or "", -1) for each in text], dtype=np.int64)
    return Labelled(column, rule, tuple(names), codes)


def _binned(column: str, numbers: pl.Series, rule: str, name: str, argument: str) -> Labelled:
    known = numbers.is_not_null().to_numpy()
    values = numbers.fill_null(0.0).to_numpy()
    if name == "stops":
        return _by_stop(column, values, known, rule)
    if name == "edges":
        edges = _edges(rule, argument)
    else:
        shares = np.arange(1, _count(rule, argument) or 2) / (_count(rule, argument) or 2)
        # Only values that occur can be edges: a gap has no photo that would tell its sides apart.
        levels = values[known] if known.any() else np.zeros(1)
        edges = np.unique(np.quantile(levels, shares, method="higher"))
        edges = edges[edges > levels.min()]
    codes = np.where(known, np.searchsorted(edges, values, side="right"), -1)
    return Labelled(column, rule, _ranges(edges), codes.astype(np.int64))


def _ranges(edges: Sequence[float] | np.ndarray) -> tuple[str, ...]:
    """Names of the classes between edges."""
    if not len(edges):
        return ("all",)
    inner = [f"{low:g} to {high:g}" for low, high in pairwise(edges)]
    return (f"below {edges[0]:g}", *inner, f"{edges[-1]:g} and more")


def _by_stop(column: str, values: np.ndarray, known: np.ndarray, rule: str) -> Labelled:
    known = known & (values > 0)
    per_doubling = _STOPS_PER_DOUBLING.get(column, 1.0)
    stops = np.zeros(len(values), dtype=np.int64)
    stops[known] = np.round(per_doubling * np.log2(values[known])).astype(np.int64)
    found = np.unique(stops[known])
    codes = np.where(known, np.searchsorted(found, stops), -1)
    names = tuple(f"about {2.0 ** (stop / per_doubling):.3g}" for stop in found)
    return Labelled(column, rule, names, codes.astype(np.int64))


def _count(rule: str, argument: str, *, optional: bool = False) -> int | None:
    if optional and not argument and ":" not in rule:
        return None
    if not argument.isdecimal() or int(argument) < 2:
        raise UsageError(
            f"The rule {rule!r} needs a number of classes from 2, such as quantiles:4."
        )
    return int(argument)


def _edges(rule: str, argument: str) -> np.ndarray:
    try:
        edges = np.array([float(each) for each in argument.split(",")])
    except ValueError:
        edges = np.array([np.nan])
    if not np.isfinite(edges).all() or (np.diff(edges) <= 0).any():
        raise UsageError(f"The rule {rule!r} needs rising numbers, such as edges:0.01,0.1.")
    return edges


def _published(column: str) -> int:
    if column not in PUBLISHED_COUNTS:
        raise UsageError(
            f"The study has no classes of {column!r}; it has them of {', '.join(PUBLISHED_COUNTS)}."
        )
    return PUBLISHED_COUNTS[column]


def keep_classes(labelled: Labelled, least: int) -> Labelled:
    """Drop the classes with fewer photos than ``least``.

    Raises:
        LatentprintError: Fewer than two classes are left.
    """
    counts = np.bincount(labelled.codes[labelled.codes >= 0], minlength=len(labelled.classes))
    kept = np.flatnonzero(counts >= least)
    if len(kept) < 2:
        common = sorted(zip(counts.tolist(), labelled.classes, strict=True), reverse=True)[:3]
        shown = ", ".join(f"{name}: {count}" for count, name in common) or "no photo has it"
        raise LatentprintError(
            f"The label {labelled.name!r} has fewer than two classes of at least {least} photos "
            f"({shown}): add photos, lower --min-count, or bin its values with --bins."
        )
    place = np.full(len(labelled.classes) + 1, -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    names = tuple(labelled.classes[each] for each in kept)
    return Labelled(labelled.name, labelled.rule, names, place[labelled.codes])


def parse_bins(rules: Sequence[str]) -> dict[str, str]:
    """Read rules of binning as the command line has them, ``LABEL=RULE`` each.

    Raises:
        UsageError: One is not of this form.
    """
    found = {}
    for rule in rules:
        label, equals, how = rule.partition("=")
        if not equals or not label or not how:
            raise UsageError(f"--bins {rule!r} is not of the form LABEL=RULE, as in iso=stops.")
        found[label] = how
    return found
