"""Shifts and nearest other photos against loops over single pairs."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from latentprint.errors import UsageError
from latentprint.experiments.similarity import stability as module
from latentprint.experiments.similarity.options import QueryOptions
from latentprint.experiments.similarity.stability import stability
from latentprint.neighbours import nearest as search
from latentprint.processing import ATTRIBUTES, Attribute
from latentprint.results import Result
from latentprint.words import StabilityMeasure
from tests.experiments.fakes import FakeSource, fake_source, shuffled

SHARPENING = ATTRIBUTES["sharpening"]
QUICK = QueryOptions()
SELF, FIFTH, FIRST, OTHER, FARTHER, BELOW = StabilityMeasure


def moved(n: int = 30) -> FakeSource:
    """Photos that processing moves, some of them beyond their neighbours."""
    source = fake_source(n, 0, trace=0.3, spread=0.4)
    for at, vectors in enumerate(source.by_class.values()):
        noise = np.random.default_rng(at).normal(size=vectors.shape).astype(np.float32)
        vectors[:] += np.where(np.arange(n) % 5 == 0, 1.5, 0.1)[:, None] * noise
    source.by_class["none"] = source.by_class["JPEG95_444"] + np.float32(0.05)
    return source


def plain(
    source: FakeSource, pairs: list[tuple[str, str]], threshold: float, apart: list[str]
) -> dict[str, float]:
    units = {
        name: v / np.linalg.norm(v.astype(float), axis=1, keepdims=True)
        for name, v in source.by_class.items()
    }
    n = len(source.photos)
    selves, others = [], []
    for one, other in pairs:
        for i in range(n):
            selves.append(float(units[one][i] @ units[other][i]))
            near = [units[one][i] @ units[one][j] for j in range(n) if apart[j] != apart[i]]
            others.append(float(max(near)))
    s, o = np.array(selves), np.array(others)
    return {
        SELF: 100 * s.mean(),
        FIFTH: 100 * np.percentile(s, 5, method="inverted_cdf"),
        FIRST: 100 * np.percentile(s, 1, method="inverted_cdf"),
        OTHER: 100 * o.mean(),
        FARTHER: 100 * float(np.mean(s < o)),
        BELOW: 100 * float(np.mean(s < threshold)),
    }


@pytest.mark.parametrize("group", [False, True])
def test_equals_loops_over_pairs(group: bool) -> None:
    source = moved()
    source.photos = source.photos.with_columns(group=pl.Series([f"g{i // 3}" for i in range(30)]))
    apart = source.photos["group" if group else "id"].to_list()
    options = replace(QUICK, exclude_group=group)
    outcome = stability(source, SHARPENING, options, reference="none", threshold=0.9)
    names = SHARPENING.classes
    inside = [(one, other) for one in names for other in names if one != other]
    away = [("none", each) for each in names]
    for reference, pairs in (("", inside), ("none", away)):
        value = {r.setup: r.value for r in outcome.results if r.reference == reference}
        assert value == pytest.approx(plain(source, pairs, 0.9, apart), abs=1e-8)
    assert len(outcome.detail["pairs"]) == 4 * 3
    for pair in outcome.detail["pairs"]:
        expected = plain(source, [(pair["processing"], pair["re_encoded_as"])], 0.9, apart)
        assert {k: pair[k]["value"] for k in expected} == pytest.approx(expected, abs=1e-8)
    for row in outcome.results:
        assert row.low <= row.value <= row.high
    note = next(row.notes for row in outcome.results if row.setup == FARTHER)
    assert ("30 photos have others of their group" in note) != group


def test_neither_blocks_nor_the_order_of_photos_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    source = moved()
    # Exact copies: which of them is nearest must not depend on anything but the id.
    for vectors in source.by_class.values():
        vectors[[4, 9, 11]] = vectors[2]
    whole = stability(source, SHARPENING, QUICK, threshold=0.9)
    assert stability(shuffled(source), SHARPENING, QUICK, threshold=0.9) == whole
    monkeypatch.setattr(search, "_BLOCK", 7)
    monkeypatch.setattr(module, "_CHUNK", 4)
    assert stability(source, SHARPENING, QUICK, threshold=0.9) == whole


def test_overtaken_photos_are_named() -> None:
    source = fake_source(20, 0, trace=0.0)
    for name in SHARPENING.classes:
        source.by_class[name] = source.by_class[name].copy()
    source.by_class["SHARPEN_4"][6] = -source.by_class["SHARPEN_4"][6]
    found = stability(source, SHARPENING, QUICK).detail["overtaken"]
    assert [each["id"] for each in found] == ["photo00006"]
    assert "SHARPEN_4" in (found[0]["processing"], found[0]["re_encoded_as"])
    assert found[0]["self_similarity"] == pytest.approx(-1)
    assert found[0]["nearest_other"] != "photo00006"


def test_identical_vectors_stay_and_zero_of_few_is_no_certainty() -> None:
    rows = {row.setup: row for row in stability(fake_source(20, 0), SHARPENING).results}
    assert rows[SELF].value == 100
    assert (rows[FARTHER].value, rows[FARTHER].low) == (0, 0)
    # Clopper and Pearson: none of 20 leaves up to 16.8 %.
    assert rows[FARTHER].high == pytest.approx(16.84, abs=0.01)


def test_few_photos_do_not_bound_a_percentile_from_below() -> None:
    few, many = (
        {row.setup: row for row in stability(moved(n), SHARPENING).results} for n in (30, 400)
    )
    assert (few[FIRST].low, few[FIRST].notes) == (-100, "too few photos to say how low it may be")
    assert few[FIRST].high > few[FIRST].value
    # Order statistics of 400 photos do, where 1 in 100 is asked for.
    assert many[FIFTH].low > -100
    assert many[FIFTH].notes == ""
    assert many[FIFTH].low < many[FIFTH].value < many[FIFTH].high


def test_intervals_are_as_wide_as_figures_of_other_photos_scatter() -> None:
    rows = []
    for seed in range(50):
        rng = np.random.default_rng(seed)
        source = moved(60)
        content = rng.normal(size=(60, 24))
        for name in SHARPENING.classes:
            noise = 0.2 * np.exp(rng.normal(size=(60, 1))) * rng.normal(size=(60, 24))
            source.by_class[name] = (content + 1.0 + noise).astype(np.float32)
        rows.append({r.setup: r for r in stability(source, SHARPENING).results})
    assert _ratio(rows, SELF) == pytest.approx(1, rel=0.3)
    assert _ratio(rows, OTHER) == pytest.approx(1, rel=0.4)


def _ratio(rows: list[dict[str, Result]], setup: str) -> float:
    """Width of the intervals in the scatter of the figure over sets."""
    values = np.array([each[setup].value for each in rows])
    widths = np.array([each[setup].high - each[setup].low for each in rows])
    return float(widths.mean() / 3.92 / values.std())


def test_a_photo_that_is_nearest_to_all_widens_the_interval() -> None:
    rows = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        source = moved(60)
        content = rng.normal(size=(60, 24))
        content[0] *= rng.uniform(0.0, 1.0)
        for name in SHARPENING.classes:
            source.by_class[name] = (content + 1.0).astype(np.float32)
        rows.append({r.setup: r for r in stability(source, SHARPENING).results})
    # The photos that are asked for alone would make it 0.7.
    assert _ratio(rows, OTHER) > 0.85


def test_a_sample_is_compared_with_all() -> None:
    options = replace(QUICK, sample=10)
    rows = stability(moved(), SHARPENING, options).results
    assert {(row.n_test, row.n_train) for row in rows} == {(10, 30)}
    assert all(row.notes.startswith("10 of 30 photos asked") for row in rows)


def test_whole_groups_count_as_one() -> None:
    source = moved(100)
    alone = stability(source, SHARPENING).results[0]
    for vectors in source.by_class.values():
        vectors[:] = vectors[np.arange(100) // 20 * 20 + np.arange(100) % 2]
    source.photos = source.photos.with_columns(group=pl.Series([f"g{i // 20}" for i in range(100)]))
    grouped = stability(source, SHARPENING).results[0]
    assert grouped.high - grouped.low > alone.high - alone.low


def test_photos_of_one_group_tell_nothing_of_others() -> None:
    source = moved()
    source.photos = source.photos.with_columns(group=pl.lit("one"))
    rows = {row.setup: row for row in stability(source, SHARPENING, threshold=0.9).results}
    assert (rows[SELF].low, rows[SELF].high) == (-100, 100)
    assert (rows[BELOW].low, rows[BELOW].high) == (0, 100)


def test_mistakes() -> None:
    source = moved()
    with pytest.raises(UsageError, match="between -1 and 1"):
        stability(source, SHARPENING, threshold=95)
    with pytest.raises(UsageError, match="one class"):
        stability(source, Attribute("own", ("SHARPEN_2",)))
    source.photos = source.photos.with_columns(group=pl.lit("one"))
    with pytest.raises(UsageError, match="groups of photos"):
        stability(source, SHARPENING, replace(QUICK, exclude_group=True))


def test_two_photos_bound_no_mean() -> None:
    found = {row.setup: row for row in stability(fake_source(1, 1), SHARPENING).results}
    for setup in (SELF, OTHER):
        assert (found[setup].low, found[setup].high) == (-100, 100)
