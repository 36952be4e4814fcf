"""Labels of photos from a column: which classes there are, and how numbers are binned."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.photos.choosing import NOTHING
from latentprint.photos.exif_labels import LABELS

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
_EXACT = 2.0**53
# Columns whose values are names, also where these are numbers: classes, models, stations….
_NAMES = {"label", "group", *(each.name for each in LABELS.values() if each.kind == "categorical")}
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
        notes: What was done to values that are no longer told apart.
    """

    name: str
    rule: str
    classes: tuple[str, ...]
    codes: np.ndarray
    notes: tuple[str, ...] = ()


def label_photos(photos: pl.DataFrame, column: str, rule: str | None = None) -> Labelled:
    """Make classes of a column's values.

    The rules: ``values`` takes every value as a class; ``values:K`` the K most frequent ones;
    ``quantiles:K`` cuts numbers into K parts of as many photos (fewer where many are equal);
    ``stops`` rounds exposure time, aperture and ISO to whole photographic stops; ``edges:A,B``
    cuts numbers at A and B, each edge belonging to the class above it; ``published`` takes the
    most frequent values, as many as the study has classes. Without a rule, quantities of more than
    20 different values are cut into four quantiles, everything else is taken as it is. Classes
    (``label``), models and the like are names and no quantities, whatever they are called. Text is
    a quantity where every value is written as Python writes its number: 007, 1.10 and 2024-01-05
    are names.

    Two values that are not binned are never one class, but for spaces around text, which are
    removed. Among numbers, words such as NA and null stand for none; among texts they are classes,
    which the notes say.

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
    names, notes = _names(values)
    numbers = _numbers(values, names)
    if numbers is not None and any(names) and not np.isfinite(numbers).any():
        numbers = None
    if numbers is not None:
        # Among numbers, a word such as nan stands for none.
        missing = [
            name is not None and math.isnan(x) for name, x in zip(names, numbers, strict=True)
        ]
        if any(missing):
            notes.append(f"values of {column} that are no finite numbers left out: {sum(missing)}")
            names = [None if gone else name for name, gone in zip(names, missing, strict=True)]
    elif words := Counter(name for name in names if name and name.casefold() in NOTHING):
        told = ", ".join(f"{word!r} ({count} photos)" for word, count in sorted(words.items()))
        notes.append(f"{told} taken for a class of {column}: leave its cells empty if it is none")
    if rule is None:
        many = (
            column not in _NAMES
            and _are_quantities(names, numbers)
            and len(set(names) - {None}) > _FEW_VALUES
        )
        rule = _CONTINUOUS if many else "values"
    needs_numbers = check_rule(column, rule)
    kind, _, argument = rule.partition(":")
    if not needs_numbers:
        most = _published(column) if kind == "published" else _count(rule, argument, optional=True)
        labelled = _by_value(column, names, numbers, rule, most)
    else:
        if numbers is None:
            raise no_numbers(column, rule)
        labelled = _binned(column, numbers, rule, kind, argument)
        notes += [f"values of {column} binned by {rule} into {len(labelled.classes)} classes"]
    return replace(labelled, notes=tuple(notes))


def check_rule(column: str, rule: str) -> bool:
    """Refuse a rule that does not exist, before any value is known.

    Returns:
        Whether it needs numbers.

    Raises:
        UsageError: There is no such rule, or not for this column.
    """
    kind, colon, argument = rule.partition(":")
    match kind:
        case "values":
            _count(rule, argument, optional=True)
        case "quantiles":
            _count(rule, argument)
        case "edges":
            _edges(rule, argument)
        case "published" if not colon:
            _published(column)
        case "stops" if not colon:
            pass
        case _:
            raise unknown_name("rule of binning", rule, RULES)
    return kind in ("quantiles", "edges", "stops")


def no_numbers(column: str, rule: str) -> UsageError:
    """The error for a rule that needs numbers where there are none."""
    return UsageError(f"The rule {rule!r} needs numbers, and {column!r} holds text.")


def _names(values: pl.Series) -> tuple[list[str | None], list[str]]:
    """The values as text, None where there is none, and what was removed from them."""
    if values.dtype.is_float():
        infinite = int(values.is_infinite().sum())
        notes = [f"infinite values of {values.name} left out: {infinite}"] if infinite else []
        return [None if x is None or not math.isfinite(x) else number(x) for x in values], notes
    if values.dtype != pl.String:
        return [None if x is None else str(x) for x in values], []
    stripped = [None if x is None else x.strip() for x in values]
    changed = sum(bool(new) and new != old for new, old in zip(stripped, values, strict=True))
    notes = (
        [f"values of {values.name} without the spaces around them: {changed}"] if changed else []
    )
    return [x or None for x in stripped], notes


def number(value: float) -> str:
    """A number as text, so that different numbers are different texts."""
    return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)


def _numbers(values: pl.Series, names: Sequence[str | None]) -> np.ndarray | None:
    """The values as numbers, NaN where there is none [N]; None if one is no number."""
    if values.dtype == pl.Boolean:
        return None
    try:
        numbers = np.array(
            [
                math.nan if name is None or name.casefold() in NOTHING else float(name)
                for name in names
            ]
        )
    except ValueError:
        return None
    # What is neither a number nor missing cannot be put into an order.
    return np.where(np.isfinite(numbers), numbers, math.nan)


def _are_quantities(names: Sequence[str | None], numbers: np.ndarray | None) -> bool:
    """Whether every value is written as its number is: a code or a date would not be."""
    if numbers is None:
        return False
    pairs = zip(names, numbers.tolist(), strict=True)
    return all(name is None or math.isnan(x) or name in (repr(x), number(x)) for name, x in pairs)


def _by_value(
    column: str,
    names: Sequence[str | None],
    numbers: np.ndarray | None,
    rule: str,
    most: int | None,
) -> Labelled:
    counts = Counter(name for name in names if name is not None)
    kept = sorted(counts, key=lambda each: (-counts[each], each))[:most]
    classes = sorted(kept, key=None if numbers is None else _rising)
    index = {each: at for at, each in enumerate(classes)}
    codes = np.array([-1 if name is None else index.get(name, -1) for name in names], np.int64)
    return Labelled(column, rule, tuple(classes), codes)


def _rising(name: str) -> tuple[bool, float, str]:
    value = float(name)
    return math.isnan(value), 0.0 if math.isnan(value) else value, name


def _binned(column: str, numbers: np.ndarray, rule: str, name: str, argument: str) -> Labelled:
    known = ~np.isnan(numbers)
    values = np.where(known, numbers, 0.0)
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
    shown = [number(float(each)) for each in edges]
    inner = [f"{low} to {high}" for low, high in pairwise(shown)]
    return (f"below {shown[0]}", *inner, f"{shown[-1]} and more")


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
    return replace(labelled, classes=names, codes=place[labelled.codes])
