"""What rows may say, from measured columns alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from latentprint.experiments import influence
from latentprint.processing import ATTRIBUTES
from latentprint.results import Result
from latentprint.verdicts import is_judged, judged
from latentprint.words import (
    CONTROL,
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
from tests.experiments.fakes import fake_source

VERDICTS = ("q", "verdict", "learned", "direction", "harm", "tiny")


def measured(experiment: Experiment, setup: str = "", **columns: object) -> Result:
    """A row as an experiment returns it; a difference unless columns say otherwise."""
    row = Result(
        encoder="encoder",
        family="yours",
        experiment=experiment,
        dataset="photos",
        attribute="jpeg",
        setup=setup,
        chance=None,
        value=4.0,
        low=2.0,
        high=6.0,
        n_test=100,
        n_train=300,
        p=1e-4,
    )
    return replace(row, **columns)  # type: ignore[arg-type]


def probe(**columns: object) -> Result:
    about = {"chance": 20.0, "value": 25.0, "low": 22.0, "high": 28.0, **columns}
    return measured(Experiment.PROCESSING_PROBE, **about)


def one(row: Result) -> Result:
    (found,) = judged([row])
    return found


CHANGE = measured(Experiment.KNN_INFLUENCE, InfluenceSetup.INFLUENCE)
RECALL = measured(Experiment.NEAR_DUPLICATE, PairGallery.DIFFERENCE, attribute="recall@1")
NARROWING = replace(RECALL, attribute=PairMeasure.MARGIN)
AUC = measured(Experiment.SIMILARITY, SimilarityMeasure.DIFFERENCE)
INDEX = measured(Experiment.ROBUSTNESS, RobustnessMeasure.NUISANCE_PURITY, chance=2.0)


@pytest.mark.parametrize(
    ("columns", "verdict"),
    [
        ({}, Verdict.CARRIED),
        ({"low": 21.01}, Verdict.CARRIED),
        ({"low": 21.0}, Verdict.UNDECIDED),
        ({"p": 0.05}, Verdict.CARRIED),
        ({"p": 0.051}, Verdict.UNDECIDED),
        ({"low": 19.0, "p": 0.2}, Verdict.NOT_SHOWN),
        ({"low": 19.0, "p": 0.2, "rising": True}, Verdict.UNDECIDED),
        ({"low": 19.0, "p": 0.2, "rising": False}, Verdict.NOT_SHOWN),
        ({"low": 19.0, "p": 0.04}, Verdict.UNDECIDED),
        ({"low": 12.0, "high": 18.0, "p": 0.995}, Verdict.BELOW_CHANCE),
        ({"low": 12.0, "high": 18.0, "p": 0.98}, Verdict.NOT_SHOWN),
        ({"low": 12.0, "high": 21.0, "p": 0.995}, Verdict.NOT_SHOWN),
    ],
)
def test_a_label_is_carried_by_a_margin(columns: dict[str, object], verdict: Verdict) -> None:
    assert one(probe(**columns)).verdict == verdict


def test_the_exact_test_decides_where_there_is_one() -> None:
    hopeless = {"low": 19.0, "p": 0.2}
    assert one(probe(**hopeless, discriminant_p=0.01)).verdict == Verdict.CARRIED
    assert one(probe(**hopeless, discriminant_p=0.02)).verdict == Verdict.UNDECIDED
    assert one(probe(discriminant_p=0.5)).q == 0.5
    assert one(probe(discriminant_p=0.5)).verdict == Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("low", "high", "learned"),
    [
        (1.1, 4.0, Learned.ADDED),
        (1.0, 4.0, Learned.UNDECIDED),
        (-3.0, 0.9, Learned.NO_MORE),
        (-3.0, 1.0, Learned.UNDECIDED),
        (None, None, ""),
    ],
)
def test_only_the_untrained_network_tells_what_was_learned(
    low: float | None, high: float | None, learned: str
) -> None:
    far = {"colour": 90.0, "colour_difference": -65.0, "dct": 95.0, "dct_difference": -70.0}
    found = one(probe(twin_low=low, twin_high=high, **far))
    assert (found.verdict, found.learned) == (Verdict.CARRIED, learned)


@pytest.mark.parametrize(
    ("row", "shown", "otherwise", "harm"),
    [
        (CHANGE, Verdict.CHANGE, Verdict.NO_CHANGE, Harm.NEIGHBOURS),
        (RECALL, Verdict.DISTRACTION, Verdict.NO_DISTRACTION, Harm.RETRIEVAL),
        (NARROWING, Verdict.NARROWING, Verdict.NO_NARROWING, ""),
        (AUC, Verdict.ALIKE, Verdict.NOT_ALIKE, ""),
    ],
)
def test_a_difference_is_shown_by_its_interval_and_its_p(
    row: Result, shown: Verdict, otherwise: Verdict, harm: str
) -> None:
    found = one(row)
    assert (found.verdict, found.direction, found.tiny) == (shown, Direction.EXPECTED, False)
    assert found.harm == harm
    for columns in ({"low": 0.0}, {"p": 0.0101}):
        found = one(replace(row, **columns))  # type: ignore[arg-type]
        assert (found.verdict, found.direction, found.tiny) == (otherwise, "", None)
        assert found.harm == (Harm.NOT_SHOWN if harm else "")
    assert one(replace(row, p=0.01)).verdict == shown


def test_a_reversed_difference_is_told_as_one() -> None:
    rows = [replace(row, value=-4.0, low=-6.0, high=-2.0) for row in (CHANGE, RECALL)]
    change, recall = judged(rows)
    assert change.direction == recall.direction == Direction.REVERSED
    # Other neighbours are a harm whichever they are; found better than without traces is none.
    assert (change.harm, recall.harm) == (Harm.NEIGHBOURS, Harm.NOT_SHOWN)


def test_a_tiny_effect_is_told_as_one() -> None:
    assert one(replace(CHANGE, value=0.49, low=0.1)).tiny is True
    assert one(replace(CHANGE, value=-0.49, low=-0.9, high=-0.1)).tiny is True
    assert one(replace(CHANGE, value=0.5, low=0.1)).tiny is False


def test_neighbours_are_judged_against_chance_by_p_alone() -> None:
    lower = {"chance": INDEX.value + 1.0}
    higher = {"chance": INDEX.value - 1.0}
    for measure, above, below, neither in (
        # The index falls where the nuisance draws neighbours; purities rise with what they follow.
        (
            RobustnessMeasure.INDEX,
            Verdict.AVOIDS_NUISANCE,
            Verdict.FOLLOWS_NUISANCE,
            Verdict.NO_NUISANCE,
        ),
        (
            RobustnessMeasure.NUISANCE_PURITY,
            Verdict.FOLLOWS_NUISANCE,
            Verdict.AVOIDS_NUISANCE,
            Verdict.NO_NUISANCE,
        ),
        (
            RobustnessMeasure.CLASS_PURITY,
            Verdict.FOLLOWS_CLASS,
            Verdict.AVOIDS_CLASS,
            Verdict.NO_CLASS,
        ),
    ):
        row = replace(INDEX, setup=measure)
        assert one(replace(row, **higher)).verdict == above
        assert one(replace(row, **lower)).verdict == below
        assert one(replace(row, p=0.011)).verdict == neither


def test_all_verdicts_of_a_run_are_corrected_together() -> None:
    nothing = [replace(AUC, p=p) for p in (0.2, 0.4, 0.6, 0.8)]
    found = judged([replace(CHANGE, p=0.004), *nothing])
    assert found[0].q == pytest.approx(0.02)
    assert found[0].verdict == Verdict.NO_CHANGE
    assert [row.q for row in found[1:]] == pytest.approx([0.5, 2 / 3, 0.75, 0.8])


def test_alarms_are_corrected_for_each_other_and_not_for_differences() -> None:
    low = probe(low=12.0, high=18.0, p=0.996)
    assert judged([low, CHANGE, CHANGE, CHANGE])[0].verdict == Verdict.BELOW_CHANCE
    assert judged([low, probe(), probe(), probe()])[0].verdict != Verdict.BELOW_CHANCE


def test_controls_and_rows_without_a_test_get_no_verdict_and_count_for_nothing() -> None:
    rows = [
        probe(family=CONTROL, p=0.9),
        replace(CHANGE, setup=InfluenceSetup.UNIFORM),
        replace(RECALL, setup=PairGallery.QUERY),
        replace(RECALL, p=None),
        measured(Experiment.VARIANCE, "processing share"),
    ]
    assert not any(map(is_judged, rows))
    *untouched, change = judged([*rows, replace(CHANGE, p=0.01)])
    assert untouched == rows
    assert change.q == 0.01


def test_judging_again_changes_nothing_and_forgets_earlier_verdicts() -> None:
    rows = [probe(), CHANGE, RECALL, AUC, INDEX, probe(family=CONTROL)]
    once = judged(rows)
    assert judged(once) == once
    alone = judged([replace(once[0], p=0.9, low=10.0)])[0]
    assert (alone.verdict, alone.q) == (Verdict.NOT_SHOWN, 0.9)


def test_experiments_leave_verdicts_to_be_judged() -> None:
    rows = influence(fake_source(200, 80, trace=1.0, spread=2.0), ATTRIBUTES["sharpening"]).results
    assert all(getattr(row, name) in (None, "") for row in rows for name in VERDICTS)
    assert [row.verdict for row in judged(rows)] == [""] * 5 + [Verdict.CHANGE]


def eraser_rows(
    harm: tuple[float, float, float],
    *,
    before: float = 10.0,
    lost: tuple[float, float] = (-1.0, 1.0),
    overlap: tuple[float, float] = (90.0, 94.0),
) -> list[Result]:
    """Harm, class kNN and neighbours before and after an eraser.

    Args:
        harm: Change of the harm, and both ends of its interval.
        before: Harm before, shown where it is above 2.
        lost: Interval of the change of class kNN.
        overlap: Interval of the share of neighbours that stay.
    """
    about = {"eraser": "LEACE on pairs", "rank": 5, "k": 10}
    _, low, high = harm

    def row(setup: str, stage: str, figure: tuple[float, float, float], **more: object) -> Result:
        middle, *ends = figure
        how = {"value": middle, "low": ends[0], "high": ends[1], "stage": stage, **about, **more}
        return measured(Experiment.ERASURE, setup, **how)

    def p(shown: bool) -> float:
        return 1e-6 if shown else 0.5

    names = ErasureMeasure
    return [
        row(names.INFLUENCE, Stage.BEFORE, (before, before - 2, before + 2), p=p(before > 2)),
        row(names.INFLUENCE, Stage.AFTER, (1.0, -1.0, 3.0), p=0.3),
        row(names.INFLUENCE, Stage.CHANGE, harm, p=p(low > 0 or high < 0)),
        row(names.CLASS, Stage.CHANGE, (sum(lost) / 2, *lost), p=None),
        row(names.OVERLAP, Stage.AFTER, (sum(overlap) / 2, *overlap), p=None, attribute="none"),
    ]


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        (eraser_rows((-8.0, -9.0, -7.0)), Verdict.ERASED),
        # Less than half of the harm is gone.
        (eraser_rows((-4.0, -5.0, -3.0)), Verdict.REDUCED),
        # Class kNN may have lost more than two points; neighbours were lost.
        (eraser_rows((-8.0, -9.0, -7.0), lost=(-3.0, 1.0)), Verdict.REDUCED),
        (eraser_rows((-8.0, -9.0, -7.0), overlap=(60.0, 70.0)), Verdict.REDUCED),
        (eraser_rows((-1.0, -3.0, 1.0)), Verdict.NO_CHANGE),
        (eraser_rows((-8.0, -9.0, -7.0), lost=(-9.0, -3.0)), Verdict.HARMFUL),
        (eraser_rows((8.0, 7.0, 9.0)), Verdict.HARMFUL),
        (eraser_rows((8.0, 7.0, 9.0), before=1.0), Verdict.HARMFUL),
        (eraser_rows((-1.0, -1.5, -0.5), before=1.0), Verdict.NOTHING),
        (eraser_rows((0.0, -1.0, 1.0), before=1.0, lost=(-9.0, -3.0)), Verdict.NOTHING),
    ],
)
def test_an_eraser_is_judged_by_harm_beside_what_is_kept(
    rows: list[Result], verdict: Verdict
) -> None:
    found = judged(rows)
    assert found[2].verdict == verdict
    assert [row.verdict for row in judged(found)] == [row.verdict for row in found]
    (turned,) = (row for row in judged(rows[::-1]) if row.stage == Stage.CHANGE and row.p)
    assert turned.verdict == verdict


def test_what_an_eraser_keeps_is_judged_by_the_whole_interval() -> None:
    def word(**what: tuple[float, float]) -> tuple[str, str]:
        found = judged(eraser_rows((-8.0, -9.0, -7.0), **what))  # type: ignore[arg-type]
        return found[3].verdict, found[4].verdict

    assert word() == (Verdict.KEPT, Verdict.KEPT)
    assert word(lost=(-2.5, 1.0), overlap=(79.0, 85.0)) == (Verdict.NOT_SHOWN, Verdict.NOT_SHOWN)
    assert word(lost=(-5.0, -2.5), overlap=(70.0, 79.0)) == (Verdict.LOST, Verdict.LOST)


def test_an_eraser_is_not_judged_beside_the_rows_of_another() -> None:
    own = eraser_rows((-8.0, -9.0, -7.0))
    other = [
        replace(row, eraser="random directions")
        for row in eraser_rows((0.1, -1.0, 1.0), overlap=(20.0, 30.0))
    ]
    found = judged([*own, *other])
    assert found[2].verdict == Verdict.ERASED
    assert found[7].verdict == Verdict.NO_CHANGE
    assert judged([own[2]])[0].verdict == ""
    controls = judged([replace(row, family=CONTROL) for row in own])
    assert {row.verdict for row in controls} == {""}


def test_an_eraser_is_judged_beside_what_it_keeps_of_the_same_attribute_and_rank() -> None:
    own = eraser_rows((-8.0, -9.0, -7.0))
    other = eraser_rows((-8.0, -9.0, -7.0), lost=(-9.0, -3.0))
    for columns in ({"attribute": "resizing"}, {"rank": 1}):
        lost = [replace(row, **columns) for row in other]
        found = judged([*own, *lost])
        assert (found[2].verdict, found[7].verdict) == (Verdict.ERASED, Verdict.HARMFUL)


def test_a_label_that_neighbours_share_by_chance_is_nothing_to_erase() -> None:
    names, rows = ErasureMeasure, eraser_rows((-8.0, -9.0, -7.0))
    for chance, verdict in ((2.0, Verdict.ERASED), (9.0, Verdict.NOTHING)):
        before = replace(rows[0], setup=names.NUISANCE, chance=chance)
        change = replace(rows[2], setup=names.NUISANCE)
        assert judged([before, change, *rows[3:]])[1].verdict == verdict
