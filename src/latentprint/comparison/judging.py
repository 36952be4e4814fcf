"""The rows of two runs, joined and judged: better, worse, or no difference shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import erfc, sqrt
from typing import Any

import numpy as np
import polars as pl

from latentprint.comparison.aims import Aim, aim_of
from latentprint.comparison.pairing import paired_names
from latentprint.errors import LatentprintError
from latentprint.results import MEASUREMENT, LeftOut, Result, schema_of, setup_of, table_of
from latentprint.stats import interval, two_sided_p
from latentprint.words import CONTROL, EXACT_FALSE_DISCOVERIES, Comparison, Experiment

PAIRED, INDEPENDENT = "paired", "independent"

_NORMAL = 1.959964
_ALIKE = 0.01
_SAME = tuple(name for name in MEASUREMENT if name not in ("encoder", "dataset"))


@dataclass(frozen=True)
class Side:
    """One of two runs.

    Attributes:
        name: What it is called.
        results: Rows of its result table.
        resamples: For some rows by ``encoder, experiment, attribute, setup`` their figure in every
            resample (``values``), and what these are resamples of (``of``); None if not kept.
        masked: Share of the crop that was masked.
    """

    name: str
    results: Sequence[Result]
    resamples: pl.DataFrame | None = None
    masked: float = 0.0

    @property
    def rows(self) -> list[Result]:
        """The rows of encoders, without controls and learning curves."""
        curve = Experiment.LEARNING_CURVE
        return [row for row in self.results if row.family != CONTROL and row.experiment != curve]

    @property
    def networks(self) -> list[str]:
        """Names of the encoders, without their blocks."""
        return list(dict.fromkeys(row.network or row.encoder for row in self.rows))

    def resamples_of(self, row: Result) -> tuple[str, np.ndarray] | None:
        """What a row's resamples are resamples of, and its figure in each; None if not kept."""
        if self.resamples is None:
            return None
        about = {key: getattr(row, key) for key in ("encoder", "experiment", "attribute", "setup")}
        found = self.resamples.filter(*(pl.col(key) == str(each) for key, each in about.items()))
        if found.height != 1:
            return None
        return str(found["of"][0]), found["values"][0].to_numpy()


@dataclass(frozen=True)
class Compared:
    """One measurement of two runs.

    Attributes:
        first_encoder: Name of the encoder in the first run.
        second_encoder: Name of the encoder in the second run.
        experiment: As in the result table, and so the columns down to ``k``.
        attribute: What it is about.
        setup: How, or what is measured.
        condition: Which labels chance shuffles.
        query_device: Type of device of the queries.
        target_device: The same of the targets.
        reference: The class from which photos move.
        threshold: The similarity below which a copy counts as another photo.
        stage: Before or after an eraser, or the change.
        eraser: Which eraser.
        rank: How many directions it takes away.
        k: Number of neighbours.
        first: The figure of the first run.
        first_low: Lower end of its 95 % interval.
        first_high: Upper end.
        second: The figure of the second run.
        second_low: Lower end of its 95 % interval.
        second_high: Upper end.
        aim: What is wanted: ``less``, ``more`` or ``nearer to zero``.
        difference: second minus first; where nearer to zero is wanted, that of their sizes.
        low: Lower end of the 95 % interval of the difference; None where it is not comparable.
        high: Upper end.
        p: Two-sided p that there is no difference.
        q: The same after Benjamini-Hochberg over all rows of the comparison.
        method: ``paired``: resamples of the same photos were subtracted; ``independent``: from the
            two intervals, which is on the wide side where the photos are the same.
        verdict: ``words.Comparison``.
        reason: Why it is not comparable; else empty.
    """

    first_encoder: str
    second_encoder: str
    experiment: str
    attribute: str
    setup: str
    condition: str
    query_device: str
    target_device: str
    reference: str
    threshold: float | None
    stage: str
    eraser: str
    rank: int | None
    k: int | None
    first: float
    first_low: float
    first_high: float
    second: float
    second_low: float
    second_high: float
    aim: str
    difference: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    q: float | None = None
    method: str = ""
    verdict: str = Comparison.NOT_COMPARABLE
    reason: str = ""


def compare_rows(
    first: Side, second: Side, encoders: tuple[str, str] | None = None
) -> tuple[list[Compared], list[LeftOut]]:
    """Join the rows of two runs and judge every difference, all of them together.

    Args:
        first: A run.
        second: Another, or the same.
        encoders: An encoder of the first and one of the second to compare; by default those of one
            name, or, where each run has a single one, these.

    Returns:
        What both measured; and what only one did, or has neither better nor worse.

    Raises:
        UsageError: An encoder is not there.
        LatentprintError: The runs have no encoder, or no measurement, in common.
    """
    names = first.name, second.name
    pairs = paired_names(names, first.networks, second.networks, encoders)
    # Of two encoders that were named, nobody asks what the others of their runs hold.
    ours, others = ([each] for each in encoders) if encoders else (first.networks, second.networks)
    mine = {
        _key(row, pairs.get(name)): row
        for row in first.rows
        if (name := row.network or row.encoder) in ours
    }
    theirs = {
        _key(row, name): row
        for row in second.rows
        if (name := row.network or row.encoder) in others
    }
    both = [key for key in mine if key in theirs and key[0] is not None]
    if not both:
        raise LatentprintError(
            f"{first.name} and {second.name} hold no measurement in common: measure both with the "
            "same commands."
        )
    aims = {key: aim for key in both if (aim := aim_of(mine[key])) is not None}
    found = [_compared(first, second, mine[key], theirs[key], aim) for key, aim in aims.items()]
    left_out = [
        LeftOut(
            _unjudged(row),
            row.experiment,
            ", ".join(filter(None, (row.attribute, setup_of(row)))),
            row.encoder,
        )
        for row in (mine[key] for key in both if key not in aims)
    ]
    for side, rows, beside in ((first, mine, theirs), (second, theirs, mine)):
        left_out += [
            LeftOut(f"only {side.name} holds it.", row.experiment, row.attribute, row.encoder)
            for key, row in rows.items()
            if key not in beside
        ]
    return _judged(found), left_out


def comparison_table(rows: Sequence[Compared]) -> pl.DataFrame:
    """The rows as a table."""
    return table_of(rows, schema_of(Compared))


def _key(row: Result, encoder: str | None) -> tuple[Any, ...]:
    return (encoder, row.layer, *(getattr(row, name) for name in _SAME))


def _unjudged(row: Result) -> str:
    """Why neither of two figures is the better one."""
    if row.experiment == Experiment.ERASURE:
        return "its own run judges an eraser, before against after."
    if row.experiment == Experiment.ROBUSTNESS:
        return "the same figure within class is compared."
    return "neither more nor less of it is better."


def _compared(first: Side, second: Side, one: Result, other: Result, aim: Aim) -> Compared:
    size = abs if aim == Aim.NEAR_ZERO else float
    compared = Compared(
        first_encoder=one.encoder,
        second_encoder=other.encoder,
        **{name: getattr(one, name) for name in _SAME},
        first=one.value,
        first_low=one.low,
        first_high=one.high,
        second=other.value,
        second_low=other.low,
        second_high=other.high,
        aim=aim,
        difference=size(other.value) - size(one.value),
    )
    reason = _obstacle(first, second, one, other)
    if reason:
        return replace(compared, reason=reason)
    kept, others = first.resamples_of(one), second.resamples_of(other)
    if kept and others and kept[0] == others[0] and len(kept[1]) == len(others[1]):
        apart = others[1] - kept[1]
        low, high = interval(apart)
        p = two_sided_p(compared.difference, apart)
        return replace(compared, low=low, high=high, p=p, method=PAIRED)
    low, high, p = _independent(_sized(one, aim), _sized(other, aim))
    return replace(compared, low=low, high=high, p=p, method=INDEPENDENT)


def _obstacle(first: Side, second: Side, one: Result, other: Result) -> str:
    """Why two figures cannot be compared; empty where they can."""
    if one.dataset != other.dataset:
        return f"other photos: {one.dataset} and {other.dataset}"
    if first.masked != second.masked:
        return f"other masks: {first.masked:g} and {second.masked:g} of the crop"
    if one.classes != other.classes:
        return f"other numbers of classes: {one.classes} and {other.classes}"
    if abs(one.n_train - other.n_train) > _ALIKE * max(one.n_train, other.n_train):
        return f"other numbers of training photos: {one.n_train:,} and {other.n_train:,}"
    bounds = (one.low, one.value, one.high, other.low, other.value, other.high)
    if not np.isfinite(bounds).all() or (one.low == one.high and other.low == other.high):
        return "no interval"
    return ""


def _sized(row: Result, aim: Aim) -> tuple[float, float, float]:
    """Value and interval; where the size counts, those of it, which is never below zero."""
    if aim != Aim.NEAR_ZERO:
        return row.value, row.low, row.high
    low, high = (row.low, row.high) if row.value >= 0 else (-row.high, -row.low)
    return abs(row.value), max(0.0, low), max(high, -low)


def _independent(
    one: tuple[float, float, float], other: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Interval and p of a difference, from the interval of each (the MOVER).

    Zou and Donner, Statistics in Medicine 2008: the side of each interval that faces the other
    one decides, so that intervals need not be symmetric.
    """
    difference = other[0] - one[0]
    below = sqrt((other[0] - other[1]) ** 2 + (one[2] - one[0]) ** 2)
    above = sqrt((other[2] - other[0]) ** 2 + (one[0] - one[1]) ** 2)
    facing = below if difference > 0 else above
    error = facing / _NORMAL
    p = 1.0 if difference == 0 else erfc(abs(difference) / error / sqrt(2.0)) if error else 0.0
    return difference - below, difference + above, p


def _judged(rows: Sequence[Compared]) -> list[Compared]:
    """Fill in q and the verdicts; p alone decides, as no margin guards a difference."""
    from scipy.stats import false_discovery_control

    tested = [at for at, row in enumerate(rows) if row.p is not None]
    rates = false_discovery_control([rows[at].p or 0.0 for at in tested])
    found = list(rows)
    for at, q in zip(tested, rates, strict=True):
        found[at] = replace(rows[at], q=float(q), verdict=_verdict(rows[at], float(q)))
    return found


def _verdict(row: Compared, q: float) -> Comparison:
    away = row.low is not None and row.high is not None and (row.low > 0 or row.high < 0)
    if not away or q > EXACT_FALSE_DISCOVERIES:
        return Comparison.NO_DIFFERENCE
    rises = row.difference > 0
    return Comparison.BETTER if rises == (row.aim == Aim.MORE) else Comparison.WORSE
