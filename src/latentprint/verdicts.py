"""What the rows of a run may say: every verdict, from the measured columns and the words alone.

Four questions have four answers, none of which follows from another. Is a label carried by the
embedding? Did training put it there, compared with the untrained network alone? What do statistics
of the pixels read (context, never a verdict)? Do traces do harm? All verdicts of a run are
corrected together for their number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from latentprint.results import Result
from latentprint.words import (
    BELOW_CHANCE_DISCOVERIES,
    CLASS_MARGIN,
    CONTROL,
    EXACT_FALSE_DISCOVERIES,
    FALSE_DISCOVERIES,
    HARMS,
    LEAST_FALL,
    LEAST_OVERLAP,
    MARGIN,
    PROBES,
    SMALLEST_EFFECT,
    Direction,
    ErasureMeasure,
    Experiment,
    Harm,
    InfluenceSetup,
    Learned,
    PairGallery,
    PairMeasure,
    RobustnessMeasure,
    SimilarityMeasure,
    Stage,
    Verdict,
)


def judged(rows: Sequence[Result]) -> list[Result]:
    """Fill in ``q, verdict, learned, direction, harm`` and ``tiny`` of the rows of a run.

    Nothing but measured columns is read, so that judging twice, or judging the rows of several runs
    together, is the same as judging once. The p-values of all verdicts are adjusted together
    (Benjamini-Hochberg), and so are those of the alarm that a probe is below chance.

    Args:
        rows: All rows of a run, those of controls too, which get no verdict.
    """
    from scipy.stats import false_discovery_control

    found = [
        replace(row, q=None, verdict="", learned="", direction="", harm="", tiny=None)
        for row in rows
    ]
    tested = [at for at, row in enumerate(found) if is_judged(row)]
    rates = false_discovery_control([_decisive_p(found[at]) for at in tested])
    probes = [at for at in tested if found[at].experiment in PROBES]
    alarms = false_discovery_control([1.0 - (found[at].p or 0.0) for at in probes])
    below = {at for at, q in zip(probes, alarms, strict=True) if q <= BELOW_CHANCE_DISCOVERIES}
    for at, q in zip(tested, rates, strict=True):
        row = replace(found[at], q=float(q))
        if at in below and row.high < (row.chance or 0.0):
            found[at] = replace(row, verdict=Verdict.BELOW_CHANCE, learned=_learned(row))
        else:
            found[at] = _RULES[row.experiment](row)
    return _erasers(found)


def is_judged(row: Result) -> bool:
    """Whether a row gets a verdict: it has a test, and is no control."""
    if row.family == CONTROL or row.p is None or row.experiment not in _RULES:
        return False
    return _JUDGED_SETUPS.get(row.experiment, row.setup) == row.setup


def _decisive_p(row: Result) -> float:
    if row.discriminant_p is not None:
        return row.discriminant_p
    return 1.0 if row.p is None else row.p


def _probe(row: Result) -> Result:
    chance, q = row.chance or 0.0, 1.0 if row.q is None else row.q
    if row.discriminant_p is not None:
        carried = q <= EXACT_FALSE_DISCOVERIES
    else:
        carried = row.low > chance + MARGIN and q <= FALSE_DISCOVERIES
    hinted = row.low > chance or row.rising or q <= FALSE_DISCOVERIES
    otherwise = Verdict.UNDECIDED if hinted else Verdict.NOT_SHOWN
    return replace(row, verdict=Verdict.CARRIED if carried else otherwise, learned=_learned(row))


def _learned(row: Result) -> str:
    """Whether training added to what the untrained network reads; empty where it is not known."""
    if row.twin_low is None or row.twin_high is None:
        return ""
    if row.twin_low > MARGIN:
        return Learned.ADDED
    return Learned.NO_MORE if row.twin_high < MARGIN else Learned.UNDECIDED


def _influence(row: Result) -> Result:
    shown = _is_shown(row)
    return _with_effect(
        replace(
            row,
            verdict=Verdict.CHANGE if shown else Verdict.NO_CHANGE,
            harm=Harm.NEIGHBOURS if shown else Harm.NOT_SHOWN,
        ),
        shown,
    )


def _pairs(row: Result) -> Result:
    shown = _is_shown(row)
    if row.attribute == PairMeasure.MARGIN:
        verdict = Verdict.NARROWING if shown else Verdict.NO_NARROWING
        return _with_effect(replace(row, verdict=verdict), shown)
    harmful = shown and row.value > 0
    return _with_effect(
        replace(
            row,
            verdict=Verdict.DISTRACTION if shown else Verdict.NO_DISTRACTION,
            harm=Harm.RETRIEVAL if harmful else Harm.NOT_SHOWN,
        ),
        shown,
    )


def _robustness(row: Result) -> Result:
    """What neighbours follow: the index falls where a nuisance draws them, purities rise."""
    shown = (row.q or 0.0) <= EXACT_FALSE_DISCOVERIES
    above = row.value > (row.chance or 0.0)
    if row.setup == RobustnessMeasure.CLASS_PURITY:
        follows, avoids, neither = Verdict.FOLLOWS_CLASS, Verdict.AVOIDS_CLASS, Verdict.NO_CLASS
    else:
        above = above != (row.setup == RobustnessMeasure.INDEX)
        follows, avoids = Verdict.FOLLOWS_NUISANCE, Verdict.AVOIDS_NUISANCE
        neither = Verdict.NO_NUISANCE
    return replace(row, verdict=(follows if above else avoids) if shown else neither)


def _similarity(row: Result) -> Result:
    shown = _is_shown(row)
    verdict = Verdict.ALIKE if shown else Verdict.NOT_ALIKE
    return _with_effect(replace(row, verdict=verdict), shown)


def _erasure(row: Result) -> Result:
    """Whether neighbours follow what is to be erased; the change is judged beside other rows."""
    # Neighbours share a label by chance as well; the influence of no trace is zero.
    shown = _is_shown(row) and row.low > (row.chance or 0.0)
    return replace(row, harm=Harm.NEIGHBOURS if shown else Harm.NOT_SHOWN)


def _erasers(rows: Sequence[Result]) -> list[Result]:
    """Judge what erasers did: a change of harm beside the harm before, and what was kept."""
    found = list(rows)
    for at, row in enumerate(found):
        if row.experiment == Experiment.ERASURE and row.family != CONTROL:
            found[at] = replace(row, verdict=_kept(row))
    for at, row in enumerate(found):
        of_eraser = row.experiment == Experiment.ERASURE and row.q is not None
        if of_eraser and row.setup in HARMS and row.stage == Stage.CHANGE:
            found[at] = _judged_eraser(row, [each for each in found if _beside(each, row)])
    return found


def _beside(row: Result, change: Result) -> bool:
    """Whether a row is of the same eraser and photos as a change of harm."""
    names = ("experiment", "encoder", "dataset", "eraser", "rank")
    return all(getattr(row, name) == getattr(change, name) for name in names)


def _kept(row: Result) -> str:
    """Whether class kNN and neighbours are as good after erasure, by the whole interval."""
    if row.setup == ErasureMeasure.CLASS and row.stage == Stage.CHANGE:
        if row.low > -CLASS_MARGIN:
            return Verdict.KEPT
        return Verdict.LOST if row.high < -CLASS_MARGIN else Verdict.NOT_SHOWN
    if row.setup == ErasureMeasure.OVERLAP:
        if row.low >= LEAST_OVERLAP:
            return Verdict.KEPT
        return Verdict.LOST if row.high < LEAST_OVERLAP else Verdict.NOT_SHOWN
    return ""


def _judged_eraser(change: Result, others: Sequence[Result]) -> Result:
    own = [
        each
        for each in others
        if (each.setup, each.attribute, each.k) == (change.setup, change.attribute, change.k)
    ]
    before = next((each for each in own if each.stage == Stage.BEFORE), None)
    if before is None:
        return change
    kept = {each.setup: each.verdict for each in others if _kept(each) and _is_about(each, change)}
    verdict = _word(change, before, kept)
    moved = verdict in (Verdict.ERASED, Verdict.REDUCED) or _is_shown(change)
    direction = Direction.EXPECTED if change.value < 0 else Direction.REVERSED
    tiny = abs(change.value) < SMALLEST_EFFECT if moved else None
    return replace(change, verdict=verdict, direction=direction if moved else "", tiny=tiny)


def _is_about(row: Result, change: Result) -> bool:
    """Class kNN is of one attribute; neighbours are of all of them."""
    return row.setup == ErasureMeasure.OVERLAP or row.attribute == change.attribute


def _word(change: Result, before: Result, kept: dict[str, str]) -> str:
    if _is_shown(change) and change.value > 0:
        return Verdict.HARMFUL
    if before.harm != Harm.NEIGHBOURS:
        return Verdict.NOTHING
    if kept.get(ErasureMeasure.CLASS) == Verdict.LOST:
        return Verdict.HARMFUL
    if not _is_shown(change):
        return Verdict.NO_CHANGE
    most = change.value <= -LEAST_FALL * (before.value - (before.chance or 0.0))
    return Verdict.ERASED if most and set(kept.values()) == {Verdict.KEPT} else Verdict.REDUCED


def _is_shown(row: Result) -> bool:
    """Whether a difference is not zero: by its interval, and among all verdicts of the run."""
    away = row.low > 0 or row.high < 0
    return away and row.q is not None and row.q <= EXACT_FALSE_DISCOVERIES


def _with_effect(row: Result, shown: bool) -> Result:
    if not shown:
        return row
    direction = Direction.EXPECTED if row.value > 0 else Direction.REVERSED
    return replace(row, direction=direction, tiny=abs(row.value) < SMALLEST_EFFECT)


_JUDGED_SETUPS: dict[str, str] = {
    Experiment.KNN_INFLUENCE: InfluenceSetup.INFLUENCE,
    Experiment.NEAR_DUPLICATE: PairGallery.DIFFERENCE,
    Experiment.SIMILARITY: SimilarityMeasure.DIFFERENCE,
}
"""The set-up whose rows are judged; of other experiments every row that has a test."""

_RULES: dict[str, Callable[[Result], Result]] = {
    Experiment.PROCESSING_PROBE: _probe,
    Experiment.ACQUISITION_PROBE: _probe,
    Experiment.KNN_INFLUENCE: _influence,
    Experiment.NEAR_DUPLICATE: _pairs,
    Experiment.ROBUSTNESS: _robustness,
    Experiment.SIMILARITY: _similarity,
    Experiment.ERASURE: _erasure,
}
