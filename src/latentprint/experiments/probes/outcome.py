"""What a probe found, beside the same probe of controls."""

from __future__ import annotations

from dataclasses import dataclass, replace

from latentprint.errors import UsageError
from latentprint.experiments.probes.fitting import Fitted
from latentprint.experiments.probes.items import Items
from latentprint.experiments.probes.scores import Score
from latentprint.results import Result
from latentprint.solvers import Tuning
from latentprint.stats import interval

_FEATURES = {"l2": "unit-length", "standardise": "standardised", "none": "raw"}
_NORMALISATION_GAP = 2.0


@dataclass(frozen=True)
class ProbeOutcome:
    """A probe's figure and what it was computed from.

    Attributes:
        result: The row of the result table.
        score: Accuracies, confusion matrix and resamples.
        tuning: The settings that were tried, and the one that was taken.
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
    if fitted.score.constant:
        notes.append("every fit gives one class, whatever it is shown: nothing is read")
    if n_train < dimensions:
        notes.append(f"fewer training photos ({n_train}) than dimensions ({dimensions})")
    if fitted.tuning.edge:
        notes.append(f"regularisation at the edge of its range ({fitted.tuning.setting})")
    if other is not None:
        gap = other.score.value - fitted.score.value
        if gap > _NORMALISATION_GAP:
            features = _FEATURES[other.tuning.normalise]
            notes.append(
                f"with {features} features the probe reads more ({other.score.value:.1f} %): the"
                " normalisation hides part of what is there"
            )
    return notes


def copy_notes(items: Items) -> list[str]:
    """What a reader must know of photos with equal vectors."""
    notes = []
    if items.copies:
        notes.append(f"{items.copies} photos with vectors equal to others' kept together")
    if items.straddling:
        notes.append(f"of these with a copy on another side of the given split: {items.straddling}")
    return notes


def with_note(outcome: ProbeOutcome, note: str) -> ProbeOutcome:
    """Add what a reader must know of the figure."""
    notes = "; ".join(filter(None, (outcome.result.notes, note)))
    return replace(outcome, result=replace(outcome.result, notes=notes))


@dataclass(frozen=True)
class Controls:
    """The same probe by what never learned from photos.

    Attributes:
        twin: The same network, untrained.
        colour: Colour statistics of the crop.
        dct: DCT energies at native size.
    """

    twin: ProbeOutcome | None = None
    colour: ProbeOutcome | None = None
    dct: ProbeOutcome | None = None


def compare_with_controls(outcome: ProbeOutcome, controls: Controls) -> ProbeOutcome:
    """Set a probe against the same probe of controls, photo by photo.

    They share their test photos, resamples and draws, so that the interval of a difference is that
    of paired measurements. Where a control has other photos with equal vectors, which are kept
    together, the two are resampled in other groups, independently, and the interval errs on the
    wide side. Each control has its own columns.

    Raises:
        UsageError: The two were not measured alike.
    """
    found: dict[str, float] = {}
    for name in ("twin", "colour", "dct"):
        control: ProbeOutcome | None = getattr(controls, name)
        if control is None:
            continue
        if control.protocol != outcome.protocol or control.test_ids != outcome.test_ids:
            raise UsageError(
                "A control must be measured on the same photos, with the same attribute and"
                " options."
            )
        difference = name if name == "twin" else f"{name}_difference"
        low, high = interval(outcome.score.samples - control.score.samples)
        found |= {difference: outcome.result.value - control.result.value}
        found |= {f"{difference}_low": low, f"{difference}_high": high}
        if name != "twin":
            found[name] = control.result.value
    return replace(outcome, result=replace(outcome.result, **found))  # type: ignore[arg-type]
