"""Processing probes find planted traces, and nothing where there is nothing."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.probes.options import ProbeOptions
from latentprint.experiments.probes.outcome import Controls, ProbeOutcome, compare_with_controls
from latentprint.experiments.probes.processing_probe import FEW_PHOTOS, probe_processing
from latentprint.experiments.probes.protocol import STUDY
from latentprint.experiments.source import ROW
from latentprint.processing import ATTRIBUTES
from latentprint.results import Result
from latentprint.verdicts import judged
from tests.experiments.fakes import FakeSource, fake_source, shuffled

SHARPENING = ATTRIBUTES["sharpening"]
BARE = ProbeOptions(
    fits=5, assignment="one", discriminant=False, controls=False, curve=False, bootstrap=300
)


def probe(
    source: FakeSource, options: ProbeOptions = BARE, *, paired: bool = False
) -> ProbeOutcome:
    return probe_processing(source, SHARPENING, options, paired=paired)


def verdict(row: Result) -> str:
    return judged([row])[0].verdict


def test_a_planted_trace_is_read_and_none_is_not() -> None:
    planted, absent = probe(fake_source(300, 100, trace=0.8)), probe(fake_source(300, 100))
    assert verdict(planted.result) == "carried"
    assert planted.result.value > 60
    assert planted.result.low < planted.result.value < planted.result.high
    assert planted.result.p is not None
    assert planted.result.p < 1e-6
    assert verdict(absent.result) == "not shown"
    # The versions of a photo are alike, so every one is read as the same class.
    assert absent.result.value == pytest.approx(100 / 3)
    np.testing.assert_allclose(planted.score.confusion.sum(axis=1), 1.0)
    assert planted.result.value == pytest.approx(planted.score.per_class.mean())
    assert (planted.result.n_train, planted.result.n_test, planted.result.classes) == (300, 100, 3)


def test_controls_stand_beside_the_figure() -> None:
    options = replace(BARE, controls=True, curve=True)
    result = probe(fake_source(300, 100, trace=0.8), options).result
    assert result.permuted == pytest.approx(100 / 3, abs=5)
    assert result.selectivity == pytest.approx(result.value - result.permuted)
    assert result.converged is True
    assert result.fit.startswith("lbfgs, l2, ")


def test_the_learning_curve_rises_to_the_whole_probe() -> None:
    outcome = probe(fake_source(300, 100, trace=0.5), replace(BARE, curve=True))
    sizes = [row.n_train for row in outcome.curve]
    assert sizes == [38, 75, 150, 300]
    assert outcome.curve[-1].value == outcome.result.value
    assert outcome.curve[0].value < outcome.curve[-1].value
    assert {row.experiment for row in outcome.curve} == {"learning_curve"}
    row = outcome.result
    assert row.ten_times is not None
    assert row.ten_times > row.value
    assert row.ten_times_low < row.ten_times < row.ten_times_high
    full = probe(
        fake_source(300, 100, trace=0.5),
        replace(BARE, curve=True, controls=True, discriminant=True),
    )
    for name in ("permuted", "selectivity", "discriminant", "discriminant_p", "converged", "p"):
        assert getattr(full.result, name) is not None
        assert {getattr(row, name) for row in full.curve} == {None}
    assert {(row.fit, row.notes) for row in full.curve} == {("", "")}


def test_a_weak_trace_on_a_rising_curve_is_undecided() -> None:
    outcome = probe(fake_source(300, 100), replace(BARE, curve=True))
    assert verdict(outcome.result) == "not shown"
    assert outcome.result.smallest_effect is not None
    assert 1 <= outcome.result.smallest_effect < 20


def test_pairing_uncovers_what_content_hides() -> None:
    source = fake_source(200, 100, trace=0.05)
    for name, vectors in source.by_class.items():
        noise = np.random.default_rng(len(name)).normal(size=vectors.shape)
        source.by_class[name] = (vectors + 0.05 * noise).astype(np.float32)
    plain, paired = probe(source), probe(source, paired=True)
    assert paired.result.setup == "paired"
    assert paired.result.value > plain.result.value + 20
    assert verdict(probe(fake_source(200, 100), paired=True).result) == "not shown"


def test_paired_vectors_are_unit_vectors_minus_their_mean() -> None:
    from latentprint.experiments.probes.items import processed_items

    source = fake_source(7, 0, trace=1.0)
    photos = source.photos.with_row_index(ROW)
    for memory in (1, 4096):
        items = processed_items(source, SHARPENING.classes, photos, paired=True, memory_mb=memory)
        unit = np.stack(
            [v / np.linalg.norm(v, axis=1, keepdims=True) for v in source.by_class.values()]
        )
        expected = (unit - unit.mean(axis=0)).transpose(1, 0, 2).reshape(21, -1)
        np.testing.assert_allclose(items.features.read(0, 21), expected, atol=1e-6)
        assert items.labels[:4].tolist() == [0, 1, 2, 0]


@pytest.mark.parametrize("split_made", [True, False])
def test_every_photo_under_every_class(split_made: bool) -> None:
    source = replace(fake_source(200, 100, trace=0.6), split_made=split_made)
    every, one = probe(source, replace(BARE, assignment="all")), probe(source)
    assert every.result.setup == "all"
    assert every.result.n_test == (300 if split_made else 100)
    assert every.result.n_train == (240 if split_made else 200)
    assert every.result.value > one.result.value - 5
    assert every.result.low < every.result.value < every.result.high


def test_groups_are_never_on_both_sides_of_a_fold() -> None:
    from latentprint.experiments.probes.items import processed_items
    from latentprint.experiments.probes.plans import fold_plan

    source = fake_source(60, 0)
    source.photos = source.photos.with_columns(group=pl.Series([f"g{i // 3}" for i in range(60)]))
    items = processed_items(
        source, SHARPENING.classes, source.photos.with_row_index(ROW), paired=False, memory_mb=100
    )
    plan = fold_plan(items, repeats=2, seed=0)
    for train, test in zip(plan.train, plan.test, strict=True):
        assert not set(items.groups_of(train)) & set(items.groups_of(test))
    for repeat in range(2):
        tested = [t for t, r in zip(plan.test, plan.repeats, strict=True) if r == repeat]
        assert sorted(np.concatenate(tested)) == list(range(180))


@pytest.mark.parametrize("assignment", ["one", "all"])
def test_the_order_of_photos_does_not_matter(assignment: str) -> None:
    source = replace(fake_source(120, 40, trace=0.5), split_made=True)
    options = replace(BARE, assignment=assignment, controls=True, curve=True)
    straight, turned = probe(source, options), probe(shuffled(source), options)
    assert straight.result == turned.result
    assert straight.curve == turned.curve


def test_memory_does_not_matter() -> None:
    source = fake_source(120, 40, trace=0.5)
    small = probe(source, replace(BARE, memory_mb=1))
    # Chunks of 4,096 rows fit twice over; a store that exceeds its memory reads them as needed.
    wide = probe(source, replace(BARE, memory_mb=4096))
    assert small.result.value == wide.result.value


def test_every_control_has_its_own_columns() -> None:
    strong, weak = fake_source(300, 100, trace=0.8), fake_source(300, 100, trace=0.3)
    weak.encoder = "colour statistics"
    high, low = probe(strong), probe(weak)
    row = compare_with_controls(high, Controls(twin=low, colour=low, dct=high)).result
    assert row.twin == pytest.approx(high.result.value - low.result.value)
    assert (row.colour, row.dct) == (low.result.value, high.result.value)
    assert row.colour_difference == pytest.approx(row.twin)
    assert row.dct_difference == 0
    assert row.twin_low is not None
    assert row.twin_low > 0
    assert judged([row])[0].learned == "added by training"
    assert judged([compare_with_controls(low, Controls(twin=high)).result])[0].learned == (
        "no more than untrained"
    )
    assert judged([compare_with_controls(low, Controls(dct=high)).result])[0].learned == ""
    with pytest.raises(UsageError, match="same photos"):
        compare_with_controls(high, Controls(twin=probe(weak, replace(BARE, fits=4))))


def test_many_probes_need_a_smaller_p() -> None:
    row = probe(fake_source(300, 100, trace=0.8)).result
    weak, null = replace(row, p=0.04), replace(row, p=0.9, low=30.0)
    control = replace(row, family="control", p=1e-9)
    assert judged([weak, control])[0].verdict == "carried"
    among = judged([weak, *[null] * 9])
    assert (among[0].verdict, among[0].q) == ("undecided", pytest.approx(0.4))
    assert among[1].verdict == "not shown"
    assert judged([weak, control])[1].q is None


def test_small_sets_show_every_photo_under_every_class_unless_asked_otherwise() -> None:
    source = fake_source(60, 20, trace=0.6)
    default = replace(BARE, assignment=None)
    assert probe(source, default).result.setup == "all"
    assert probe(source).result.setup == ""
    assert probe(source, replace(default, draw="published")).result.setup == ""
    large = fake_source(FEW_PHOTOS, 20, dimensions=2)
    assert probe(large, replace(default, fits=1)).result.setup == ""


def test_the_paired_shift_decides_what_the_probe_cannot() -> None:
    source = fake_source(120, 60, trace=0.005)
    for name, vectors in source.by_class.items():
        noise = np.random.default_rng(len(name)).normal(size=vectors.shape)
        source.by_class[name] = (vectors + 0.05 * noise).astype(np.float32)
    row = probe(source, replace(BARE, assignment="all", discriminant=True)).result
    assert row.discriminant_p == pytest.approx(0.001)
    assert verdict(row) == "carried"
    assert verdict(replace(row, discriminant_p=None)) != "carried"
    nothing = probe(fake_source(120, 60), replace(BARE, discriminant=True)).result
    assert nothing.discriminant_p == 1.0
    assert probe(source, replace(BARE, discriminant=True), paired=True).result.discriminant is None


def test_the_study_protocol_agrees() -> None:
    source = fake_source(600, 150, trace=0.9)
    convex, study = probe(source), probe(source, replace(BARE, **STUDY))
    assert study.result.value == pytest.approx(convex.result.value, abs=4)
    assert study.result.converged is None


def test_health_notes() -> None:
    source = fake_source(40, 20, dimensions=60, trace=0.5)
    notes = probe(source, replace(BARE, C_grid=(1e-3, 1e-2))).result.notes
    assert "fewer training photos (40) than dimensions (60)" in notes
    assert "edge of its range" in notes
    assert "nothing is read" not in notes


def test_a_probe_that_names_one_class_says_so() -> None:
    source = fake_source(60, 30)
    for vectors in source.by_class.values():
        vectors[:] = 0.3
    row = probe(source).result
    assert "every fit gives one class, whatever it is shown: nothing is read" in row.notes
    assert row.p == 1.0


def test_hidden_traces_are_told_by_the_other_normalisation() -> None:
    rng = np.random.default_rng(0)
    source = fake_source(300, 100)
    for at, name in enumerate(source.by_class):
        vectors = rng.normal(size=(400, 24))
        vectors[:, :2] = 1e5 * rng.normal(size=(400, 2))
        vectors[:, 4 + at] += 2
        source.by_class[name] = vectors.astype(np.float32)
    notes = probe(source, replace(BARE, controls=True, C_grid=(1.0, 10.0))).result.notes
    assert "with standardised features the probe reads" in notes


def test_below_chance_is_flagged() -> None:
    source = fake_source(300, 100, trace=1.0)
    test = (source.photos["split"] == "val").to_numpy()
    first, second, third = (source.by_class[name] for name in SHARPENING.classes)
    versions = [each[test].copy() for each in (second, third, first)]
    for vectors, wrong in zip((first, second, third), versions, strict=True):
        vectors[test] = wrong
    outcome = probe(source)
    assert verdict(outcome.result) == "below chance"


@pytest.mark.parametrize(("value", "word"), [(0.0, "zero"), (np.nan, "not finite")])
def test_a_bad_vector_is_named(value: float, word: str) -> None:
    source = fake_source(60, 20)
    source.by_class["SHARPEN_2"][7] = value
    with pytest.raises(LatentprintError, match=f"'photo00007' is {word}"):
        probe(source)


def test_too_few_photos_and_wrong_options() -> None:
    with pytest.raises(LatentprintError, match="at least two training photos"):
        probe(fake_source(5, 20))
    with pytest.raises(LatentprintError, match="none has the split `val`"):
        probe(fake_source(60, 0))
    source = fake_source(60, 20)
    source.photos = source.photos.with_columns(group=pl.lit("one"))
    with pytest.raises(LatentprintError, match="cannot be tuned"):
        probe(source)
    with pytest.raises(UsageError, match="1 to 999 fits"):
        ProbeOptions(fits=0)
    with pytest.raises(UsageError, match="Did you mean 'all'"):
        ProbeOptions(assignment="al")  # type: ignore[arg-type]
