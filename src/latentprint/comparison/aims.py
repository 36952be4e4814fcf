"""Which of two figures is the better one: by what is measured, never by its name alone."""

from __future__ import annotations

from enum import StrEnum

from latentprint.results import Result
from latentprint.words import (
    PROBES,
    SEMANTIC,
    Experiment,
    InfluenceSetup,
    PairGallery,
    PairMeasure,
    RobustnessMeasure,
    SimilarityMeasure,
    StabilityMeasure,
    VarianceMeasure,
)


class Aim(StrEnum):
    """What is wanted of a figure."""

    LESS = "less"
    MORE = "more"
    NEAR_ZERO = "nearer to zero"


_MORE: tuple[str, ...] = (
    InfluenceSetup.ALL_SAME,
    InfluenceSetup.ALL_DIFF,
    InfluenceSetup.POS_SAME,
    InfluenceSetup.NEG_SAME,
    InfluenceSetup.UNIFORM,
    RobustnessMeasure.INDEX,
    RobustnessMeasure.CLASS_PURITY,
    StabilityMeasure.SELF,
    StabilityMeasure.FIFTH,
    StabilityMeasure.FIRST,
)
_LESS: tuple[str, ...] = (
    RobustnessMeasure.NUISANCE_PURITY,
    StabilityMeasure.FARTHER,
    StabilityMeasure.BELOW,
    VarianceMeasure.PROCESSING,
    VarianceMeasure.SHIFT,
)
_NEAR_ZERO: tuple[str, ...] = (InfluenceSetup.INFLUENCE, SimilarityMeasure.DIFFERENCE)

_BY_SETUP = {
    **dict.fromkeys(_MORE, Aim.MORE),
    **dict.fromkeys(_LESS, Aim.LESS),
    **dict.fromkeys(_NEAR_ZERO, Aim.NEAR_ZERO),
}

_MEASURED_BY_SETUP = (
    Experiment.KNN_INFLUENCE,
    Experiment.ROBUSTNESS,
    Experiment.SIMILARITY,
    Experiment.STABILITY,
    Experiment.VARIANCE,
)


def aim_of(row: Result) -> Aim | None:
    """What is wanted of a row's figure; None where neither more nor less is better.

    A trace that a probe reads is wanted less, the semantic label more; accuracies of classes and
    recalls are wanted more, differences that traces make nearer to zero.
    """
    if row.experiment in PROBES:
        return Aim.MORE if row.attribute == SEMANTIC else Aim.LESS
    if row.experiment == Experiment.NEAR_DUPLICATE:
        return _of_pairs(row)
    if row.experiment == Experiment.ROBUSTNESS and row.p is None:
        return None  # the same figure as that which is tested, beside another chance
    return _BY_SETUP.get(row.setup) if row.experiment in _MEASURED_BY_SETUP else None


def _of_pairs(row: Result) -> Aim | None:
    if row.setup == PairGallery.DIFFERENCE:
        return Aim.NEAR_ZERO
    measure = row.attribute.partition("@")[0]
    wanted = {
        PairMeasure.RECALL: Aim.MORE,
        PairMeasure.MARGIN: Aim.MORE,
        PairMeasure.MEDIAN_RANK: Aim.LESS,
        PairMeasure.RANK_SHIFT: Aim.NEAR_ZERO,
    }
    return wanted.get(PairMeasure(measure)) if measure in set(PairMeasure) else None
