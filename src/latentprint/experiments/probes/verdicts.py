"""What a probe's figure says, given its interval, chance, controls and learning curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from latentprint.errors import UsageError
from latentprint.experiments.probes.fitting import Fitted
from latentprint.experiments.probes.scores import MARGIN, Score
from latentprint.results import Result
from latentprint.solvers import Tuning
from latentprint.stats import false_discovery_rates, interval

_FEATURES = {"l2": "unit-length", "standardise": "standardised", "none": "raw"}
_NORMALISATION_GAP = 2.0


@dataclass(frozen=True)
class ProbeOutcome:
    """A probe's figure and what it was computed from.

    Attributes:
        result: The row of the result table.
        score: Accuracies, confusion matrix and resamples.
        tuning: The settings that were tried; the first of the best was taken.
        classes: Names of the classes [K].
        test_ids: Ids of the test photos.
        protocol: What two outcomes must share to be compared photo by photo.
        curve: The same probe with fewer training photos, smallest set first, rows of the table.
    """

    result: Result
    score: Score
    tuning: Tuning
    classes: tuple[str, ...]
    test_ids: tuple[str, ...]
    protocol: tuple[object, ...]
    curve: tuple[Result, ...] = ()


def health_notes(fitted: Fitted, n_train: int, dimensions: int, other: Fitted | None) -> list[str]:
    """What a reader must know before relying on the fits.

    Args:
        fitted: The probe.
        n_train: Number of training photos.
        dimensions: Length D of an embedding.
        other: The same probe with the other normalisation of features.
    """
    notes = ["solver not converged"] if fitted.converged is False else []
    if n_train < dimensions:
        notes.append(f"fewer training photos ({n_train}) than dimensions ({dimensions})")
    if fitted.tuning.edge:
        notes.append(f"regularisation at the edge of its range ({fitted.tuning.setting})")
    if other is not None:
        gap = other.score.value - fitted.score.value
        if gap > _NORMALISATION_GAP:
            features = _FEATURES[other.tuning.normalise]
            notes.append(
                f"with {features} features the probe reads {other.score.value:.1f}:"
                " the normalisation hides part of the trace"
            )
    return notes


def compare_with_controls(
    outcome: ProbeOutcome, floors: list[ProbeOutcome], ceiling: ProbeOutcome | None
) -> ProbeOutcome:
    """Set a probe against the same probe of controls, photo by photo.

    They share their test photos, resamples and draws, so that the interval of a difference is that
    of paired measurements. The floor is the control that leaves the least room.

    Raises:
        UsageError: The two were not measured alike.
    """
    for each in floors:
        if each.protocol != outcome.protocol or each.test_ids != outcome.test_ids:
            raise UsageError(
                "A floor must be measured on the same photos, with the same attribute and options."
            )
    result = outcome.result
    if floors:
        spans = [interval(outcome.score.samples - each.score.samples) for each in floors]
        least = min(range(len(floors)), key=lambda at: spans[at][0])
        result = replace(
            result,
            floor=floors[least].result.value,
            floor_of=floors[least].result.encoder,
            excess_low=spans[least][0],
            excess_high=spans[least][1],
        )
    if ceiling is not None:
        result = replace(result, ceiling=ceiling.result.value)
    return judged(replace(outcome, result=result))


def judged(outcome: ProbeOutcome, *, rising: bool | None = None) -> ProbeOutcome:
    """Fill in the verdict: what the figure says, given interval, chance, floor and curve.

    Args:
        outcome: The probe.
        rising: Whether accuracy grows with the last doubling of training photos, where measured.
    """
    result = outcome.result
    chance = result.chance or 0.0
    notes = [each for each in result.notes.split("; ") if each and each != "below chance"]
    if rising is None:
        rising = result.verdict == "undecided"
    if result.high < chance:
        verdict = "below chance"
        notes.append("below chance")
    elif result.low > chance + MARGIN:
        above = result.excess_low is None or result.excess_low > MARGIN
        verdict = "read" if above else "not above the floor"
    elif rising or result.low > chance:
        verdict = "undecided"
    else:
        verdict = "not readable"
    return replace(outcome, result=replace(result, verdict=verdict, notes="; ".join(notes)))


def discoveries(results: Sequence[Result], level: float = 0.05) -> list[Result]:
    """Adjust the p-values of all probes of a run (Benjamini-Hochberg) and the verdicts with them.

    Args:
        results: Rows of the table; those of controls and of other experiments are left as they are.
        level: Expected share of false discoveries; what exceeds it is undecided at best.
    """
    tested = [at for at, row in enumerate(results) if _is_tested(row)]
    rates = false_discovery_rates([results[at].p or 0.0 for at in tested])
    found = list(results)
    for at, q in zip(tested, rates, strict=True):
        row = replace(results[at], q=q)
        if q > level and row.verdict in ("read", "not above the floor"):
            row = replace(row, verdict="undecided")
        found[at] = row
    return found


def _is_tested(row: Result) -> bool:
    probe = row.experiment in ("processing_probe", "acquisition_probe")
    return probe and row.family != "control" and row.p is not None
