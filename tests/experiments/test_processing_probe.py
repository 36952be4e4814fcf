from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from fakes import fake_source, shuffled

from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments import compare_with_floor, probe
from latentprint.experiments.tuning import hold_out
from latentprint.processing import ATTRIBUTES

SHARPENING = ATTRIBUTES["sharpening"]


def test_a_planted_trace_is_read_and_none_is_not() -> None:
    planted = probe(fake_source(300, 100, trace=0.8), SHARPENING, fits=5)
    absent = probe(fake_source(300, 100), SHARPENING, fits=5)
    assert planted.result.verdict == "read"
    assert planted.result.value > 60
    assert absent.result.verdict == "not readable"
    # The versions of a photo are alike, so every one is read as the same class.
    assert absent.result.value == pytest.approx(100 / 3)
    assert planted.correct.shape == (5, 100)
    np.testing.assert_allclose(planted.confusion.sum(axis=1), 1.0)
    assert planted.result.value == pytest.approx(100 * np.diag(planted.confusion).mean())
    assert planted.result.low < planted.result.value < planted.result.high


def test_an_untrained_network_as_floor() -> None:
    strong, weak = fake_source(300, 100, trace=0.8), fake_source(300, 100, trace=0.3)
    above = probe(strong, SHARPENING, fits=5, source_floor=weak)
    assert above.result.verdict == "read"
    assert above.result.excess_low is not None
    assert above.result.excess_low > 0
    below = compare_with_floor(probe(weak, SHARPENING, fits=5), probe(strong, SHARPENING, fits=5))
    assert below.result.verdict == "not above the floor"
    with pytest.raises(UsageError, match="same photos"):
        compare_with_floor(above, probe(weak, SHARPENING, fits=4))


def test_the_order_of_photos_does_not_matter() -> None:
    source = fake_source(120, 40, trace=0.5)
    assert probe(source, SHARPENING).result == probe(shuffled(source), SHARPENING).result


def test_groups_never_straddle_the_tuning_split() -> None:
    rng = np.random.default_rng(0)
    groups, labels = rng.integers(60, size=300).astype(str), rng.integers(3, size=300)
    held = hold_out(groups, labels, seed=0)
    assert not set(groups[held]) & set(groups[~held])
    shares = [held[labels == each].mean() for each in range(3)]
    assert 0.1 < min(shares) <= max(shares) < 0.25
    alone = hold_out([str(i) for i in range(300)], labels, seed=0)
    assert [round(alone[labels == each].mean(), 2) for each in range(3)] == [0.2, 0.2, 0.2]


def test_published_draw_runs() -> None:
    assert probe(fake_source(90, 30, trace=1.0), SHARPENING, draw="published").result.value > 50


def test_health_notes() -> None:
    source = fake_source(40, 20, dimensions=60, trace=0.5)
    outcome = probe(source, SHARPENING, fits=2, C_grid=(1e-3, 1e-2))
    assert "fewer training photos (40) than dimensions (60)" in outcome.result.notes
    assert "C at the edge of the grid" in outcome.result.notes


def test_below_chance_is_flagged() -> None:
    source = fake_source(300, 100, trace=1.0)
    test = (source.photos["split"] == "val").to_numpy()
    first, second, third = (source.by_class[name] for name in SHARPENING.classes)
    versions = [each[test].copy() for each in (second, third, first)]
    for vectors, wrong in zip((first, second, third), versions, strict=True):
        vectors[test] = wrong
    outcome = probe(source, SHARPENING, fits=3)
    assert outcome.result.verdict == "below chance"
    assert "below chance" in outcome.result.notes


@pytest.mark.parametrize(("value", "word"), [(0.0, "zero"), (np.nan, "not finite")])
def test_a_bad_vector_is_named(value: float, word: str) -> None:
    source = fake_source(60, 20)
    source.by_class["SHARPEN_2"][7] = value
    with pytest.raises(LatentprintError, match=f"'photo00007' is {word}"):
        probe(source, SHARPENING)


def test_too_few_photos() -> None:
    with pytest.raises(LatentprintError, match="at least two training photos"):
        probe(fake_source(5, 20), SHARPENING)
    with pytest.raises(LatentprintError, match="none has the split `val`"):
        probe(fake_source(60, 0), SHARPENING)
    source = fake_source(60, 20)
    source.photos = source.photos.with_columns(group=pl.lit("one"))
    with pytest.raises(LatentprintError, match="cannot be tuned"):
        probe(source, SHARPENING)


def test_less_than_a_point_above_the_floor_is_no_trace() -> None:
    outcome = probe(fake_source(300, 100, trace=0.8), SHARPENING, fits=5)
    nearly = replace(outcome, samples=outcome.samples - 0.9)
    assert compare_with_floor(outcome, nearly).result.verdict == "not above the floor"
    lower = replace(outcome, samples=outcome.samples - 1.1)
    assert compare_with_floor(outcome, lower).result.verdict == "read"
