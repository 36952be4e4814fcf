"""Rows of two runs: joined, tested, judged together; measured by the real probes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from functools import cache

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from latentprint.comparison import Compared, Side, compare_rows
from latentprint.comparison.aims import Aim, aim_of
from latentprint.comparison.judging import comparison_table
from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments import ProbeOptions, influence, probe_processing
from latentprint.experiments.probes.outcome import ProbeOutcome
from latentprint.experiments.probes.resamples import resamples_of
from latentprint.processing import ATTRIBUTES
from latentprint.results import MEASUREMENT, Result, schema_of, setup_of
from latentprint.words import Comparison, Experiment, InfluenceSetup
from tests.experiments.fakes import fake_source

SHARPENING = ATTRIBUTES["sharpening"]


@cache
def probe(trace: float, *, bootstrap: int = 200, seed: int = 0) -> ProbeOutcome:
    how = ProbeOptions(
        fits=2, C_grid=(1.0,), bootstrap=bootstrap, controls=False, curve=False, seed=seed
    )
    source = replace(fake_source(60, 60, trace=trace, spread=2.0), encoder="net")
    return probe_processing(source, SHARPENING, how)


def side(outcome: ProbeOutcome, *, kept: bool = True) -> Side:
    (table,) = resamples_of(outcome).values()
    named = table.with_columns(encoder=pl.lit(outcome.result.encoder))
    return Side("run", [outcome.result], named if kept else None)


def only(rows: Sequence[Compared]) -> Compared:
    (row,) = rows
    return row


def test_a_stronger_trace_is_worse_and_a_weaker_one_better() -> None:
    weak, strong = side(probe(0.2)), side(probe(0.6))
    (worse,), _ = compare_rows(weak, strong)
    (better,), _ = compare_rows(strong, weak)
    assert (worse.verdict, better.verdict) == (Comparison.WORSE, Comparison.BETTER)
    assert worse.difference == pytest.approx(-better.difference)
    assert worse.low is not None
    assert worse.high is not None
    assert 0 < worse.low < worse.difference < worse.high


def test_a_run_and_itself_show_no_difference() -> None:
    row = only(compare_rows(side(probe(0.3)), side(probe(0.3)))[0])
    assert (row.verdict, row.difference, row.method) == (Comparison.NO_DIFFERENCE, 0.0, "paired")


def test_resamples_of_the_same_photos_are_subtracted() -> None:
    one, other = probe(0.2), probe(0.3)
    row = only(compare_rows(side(one), side(other))[0])
    apart = other.score.samples - one.score.samples
    assert row.method == "paired"
    assert (row.low, row.high) == pytest.approx(tuple(np.percentile(apart, [2.5, 97.5])), abs=1e-3)
    assert row.p == pytest.approx(2 * norm.sf(abs(row.difference) / apart.std()), rel=1e-3)


def test_without_common_resamples_the_two_intervals_decide() -> None:
    one, other = probe(0.2), probe(0.3)
    for first, second in (
        (side(one, kept=False), side(other)),
        (side(one), side(other, kept=False)),
        (side(one), side(probe(0.3, bootstrap=100))),
        (side(one), side(probe(0.3, seed=1))),
    ):
        row = only(compare_rows(first, second)[0])
        assert row.method == "independent"
    row = only(compare_rows(side(one, kept=False), side(other, kept=False))[0])
    a, b = one.result, other.result
    below = np.hypot(b.value - b.low, a.high - a.value)
    above = np.hypot(b.high - b.value, a.value - a.low)
    assert row.low == pytest.approx(row.difference - below)
    assert row.high == pytest.approx(row.difference + above)
    facing = below if row.difference > 0 else above
    assert row.p == pytest.approx(2 * norm.sf(abs(row.difference) / facing * norm.ppf(0.975)))


def made(value: float, half: float = 1.0, **changes: object) -> Result:
    plain = Result(
        "net", "yours", Experiment.PROCESSING_PROBE, "photos", "jpeg", "all", 50.0, value,
        value - half, value + half, 100, 100, network="net", classes=2,
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


def run(*rows: Result, name: str = "run") -> Side:
    return Side(name, rows)


def test_an_interval_that_holds_zero_shows_no_difference_whatever_its_p() -> None:
    def kept(row: Result, values: list[float]) -> Side:
        about = {key: getattr(row, key) for key in ("encoder", "experiment", "attribute", "setup")}
        named = {key: [str(each)] for key, each in about.items()}
        return Side("run", [row], pl.DataFrame({**named, "of": ["photos"], "values": [values]}))

    first = kept(made(50.0), [50.0] * 200)
    for fallen, verdict in ((49.5, Comparison.NO_DIFFERENCE), (51.0, Comparison.WORSE)):
        second = kept(made(53.0), [fallen] * 10 + [53.2] * 190)
        row = only(compare_rows(first, second)[0])
        assert row.q is not None
        assert row.q < 0.01
        assert row.verdict == verdict


def test_all_rows_are_corrected_together() -> None:
    """A difference that stands alone is not shown among a hundred that are nothing."""
    rows = [made(50.0, attribute=f"nothing {at}") for at in range(100)]
    mine, theirs = made(50.0, attribute="jpeg"), made(54.0, attribute="jpeg")
    alone = only(compare_rows(run(mine), run(theirs))[0])
    among = compare_rows(run(mine, *rows), run(theirs, *rows))[0]
    assert alone.verdict == Comparison.WORSE
    row = next(each for each in among if each.attribute == "jpeg")
    assert row.q is not None
    assert row.p is not None
    assert row.q == pytest.approx(min(1.0, row.p * 101))
    assert row.verdict == (Comparison.WORSE if row.q <= 0.01 else Comparison.NO_DIFFERENCE)
    assert row.q > 50 * row.p


def influence_row(value: float) -> Result:
    return made(value, 0.5, experiment=Experiment.KNN_INFLUENCE, setup=InfluenceSetup.INFLUENCE)


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        (6.0, 1.0, Comparison.BETTER),
        (1.0, -6.0, Comparison.WORSE),
        (-6.0, 1.0, Comparison.BETTER),
        (4.0, -4.0, Comparison.NO_DIFFERENCE),
    ],
)
def test_of_differences_that_traces_make_the_size_counts(
    first: float, second: float, verdict: Comparison
) -> None:
    row = only(compare_rows(run(influence_row(first)), run(influence_row(second)))[0])
    assert row.aim == Aim.NEAR_ZERO
    assert row.verdict == verdict


def test_the_interval_of_a_negative_difference_is_turned_over_with_it() -> None:
    first = replace(influence_row(-6.0), low=-10.0, high=-5.0)
    second = replace(influence_row(-1.0), low=-2.0, high=-0.5)
    row = only(compare_rows(run(first), run(second))[0])
    assert row.difference == -5.0
    # Sizes of 6 (5 to 10) and 1 (0.5 to 2).
    assert row.low == pytest.approx(-5.0 - np.hypot(0.5, 4.0))
    assert row.high == pytest.approx(-5.0 + np.hypot(1.0, 1.0))
    # No size is below zero: nothing is more than 100 points farther from it than 0 is.
    none = replace(influence_row(0.0), low=-14.0, high=14.0)
    every = replace(influence_row(100.0), low=86.0, high=100.0)
    far = only(compare_rows(run(none), run(every))[0])
    assert far.high == 100.0
    assert far.low == pytest.approx(100.0 - np.hypot(14.0, 14.0))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"dataset": "others"}, "other photos"),
        ({"classes": 3}, "other numbers of classes"),
        ({"n_train": 200}, "other numbers of training photos: 100 and 200"),
        ({"low": float("nan")}, "no interval"),
    ],
)
def test_what_cannot_be_compared_says_why(change: dict[str, object], reason: str) -> None:
    row = only(compare_rows(run(made(50.0)), run(replace(made(60.0), **change)))[0])  # type: ignore[arg-type]
    assert row.verdict == Comparison.NOT_COMPARABLE
    assert reason in row.reason
    assert row.q is None


def test_other_masks_are_not_compared() -> None:
    masked = Side("masked", [made(60.0)], masked=0.9)
    assert "other masks" in only(compare_rows(run(made(50.0)), masked)[0]).reason


def test_two_encoders_are_named_or_the_only_ones() -> None:
    base, tuned = made(50.0), replace(made(60.0), encoder="tuned", network="tuned")
    block = replace(made(60.0), encoder="tuned, block 2", network="tuned", layer=2)
    row = only(compare_rows(run(base), run(tuned, block))[0])
    assert (row.first_encoder, row.second_encoder) == ("net", "tuned")
    both = run(base, tuned)
    row = only(compare_rows(both, both, ("net", "tuned"))[0])
    assert row.verdict == Comparison.WORSE
    with pytest.raises(UsageError, match="'tuned'"):
        compare_rows(both, both, ("net", "tund"))
    other = replace(base, encoder="other", network="other")
    with pytest.raises(UsageError, match="--encoders"):
        compare_rows(both, run(other, replace(other, encoder="x", network="x")))


def test_blocks_are_compared_with_the_same_block() -> None:
    def block(number: int, encoder: str, value: float) -> Result:
        name = f"{encoder}, block {number}"
        return replace(made(value), encoder=name, network=encoder, layer=number)

    first = run(block(1, "base", 50.0), block(2, "base", 60.0))
    rows, left_out = compare_rows(first, run(block(2, "tuned", 50.0), block(3, "tuned", 1.0)))
    assert only(rows).first_encoder == "base, block 2"
    assert [each.encoder for each in left_out] == ["base, block 1", "tuned, block 3"]


def test_controls_and_rows_of_one_run_are_not_judged() -> None:
    control = replace(made(90.0), encoder="net, untrained", family="control")
    neither = made(50.0, experiment=Experiment.VARIANCE, setup="rest share")
    mine = run(made(50.0), control, neither, name="mine")
    theirs = run(made(50.0), control, neither, made(1.0, attribute="make"), name="theirs")
    rows, left_out = compare_rows(mine, theirs)
    assert [row.attribute for row in rows] == ["jpeg"]
    assert [each.reason for each in left_out] == [
        "neither more nor less of it is better.", "only theirs holds it.",
    ]  # fmt: skip
    assert (left_out[0].attribute, left_out[0].encoder) == ("jpeg, rest share", "net")
    with pytest.raises(LatentprintError, match="no measurement in common"):
        compare_rows(mine, run(made(50.0, attribute="make")))


def test_figures_of_an_eraser_are_not_called_neither_better_nor_worse() -> None:
    erased = made(1.0, experiment=Experiment.ERASURE, setup="kNN influence", stage="after")
    plain = made(50.0, attribute="make")
    everywhere = made(
        2.0, experiment=Experiment.ROBUSTNESS, setup="nuisance purity", condition="all photos", k=10
    )
    both = run(plain, erased, everywhere)
    _, left_out = compare_rows(both, both)
    assert [each.reason for each in left_out] == [
        "its own run judges an eraser, before against after.",
        "the same figure within class is compared.",
    ]
    assert left_out[1].attribute == "jpeg, nuisance purity, all photos, k = 10"


def test_the_columns_follow_those_that_tell_measurements_apart() -> None:
    told = [name for name in MEASUREMENT if name not in ("encoder", "dataset")]
    names = [each.name for each in fields(Compared)]
    assert names[2 : names.index("first")] == told
    ours, theirs = schema_of(Compared), schema_of(Result)
    assert [ours[name] for name in told] == [theirs[name] for name in told]


@pytest.mark.parametrize("column", MEASUREMENT[4:])
def test_a_row_is_told_apart_from_another_in_words(column: str) -> None:
    row = made(50.0, query_device="camera")
    other = {pl.Int64(): 7, pl.Float64(): 0.7}.get(schema_of(Result)[column], "other")
    assert setup_of(replace(row, **{column: other})) != setup_of(row)  # type: ignore[arg-type]


def test_every_word_of_the_experiments_has_its_aim() -> None:
    source = fake_source(60, 40, trace=0.3)
    found = {row.setup: aim_of(row) for row in influence(source, SHARPENING, seeds=2).results}
    assert found.pop(InfluenceSetup.INFLUENCE) == Aim.NEAR_ZERO
    assert set(found.values()) == {Aim.MORE}
    assert aim_of(made(50.0)) == Aim.LESS
    semantic = made(50.0, experiment=Experiment.ACQUISITION_PROBE, attribute="label")
    assert aim_of(semantic) == Aim.MORE
    recall = made(50.0, experiment=Experiment.NEAR_DUPLICATE, attribute="recall@1", setup="x")
    assert aim_of(recall) == Aim.MORE


def test_a_comparison_is_a_table() -> None:
    rows, _ = compare_rows(run(made(50.0)), run(made(60.0)))
    table = comparison_table(rows)
    assert table["verdict"].to_list() == ["worse"]
    assert table["k"].to_list() == [None]
