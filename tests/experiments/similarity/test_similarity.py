"""The four distributions against loops over single pairs."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.similarity import similarity as module
from latentprint.experiments.similarity.cosines import BINS, BINS_PER_UNIT
from latentprint.experiments.similarity.curves import shown_curves
from latentprint.experiments.similarity.options import ComparisonOptions, QueryOptions
from latentprint.experiments.similarity.similarity import (
    CURVES,
    SimilarityOutcome,
    similarity,
)
from latentprint.experiments.similarity.steps import similarity_steps
from latentprint.experiments.source import Opened
from latentprint.processing import ATTRIBUTES, Attribute
from latentprint.verdicts import judged
from latentprint.words import SimilarityMeasure, Verdict
from tests.experiments.fakes import FakeSource, fake_source, shuffled

SHARPENING = ATTRIBUTES["sharpening"]
QUICK = QueryOptions()
AGAINST, WITH, DIFFERENCE = list(SimilarityMeasure)[-3:]


def small(trace: float = 0.5) -> FakeSource:
    source = fake_source(14, 8, trace=trace)
    return replace(
        source,
        photos=source.photos.with_columns(
            group=pl.Series([f"g{i // 2}" for i in range(22)]),
            make=pl.Series([["Canon", "Nikon", None, "Sony"][i % 4] for i in range(22)]),
        ),
    )


def pairs(
    source: FakeSource, seen: list[str], metadata: list[list[str | None]], *, group: bool = False
) -> list[list[list[float]]]:
    """For every query the rounded similarities of each curve, pair by pair."""
    units = {
        name: v / np.linalg.norm(v.astype(float), axis=1, keepdims=True)
        for name, v in source.by_class.items()
    }
    rows = source.photos.rows(named=True)
    found = []
    for p, name in enumerate(seen):
        for i, query in enumerate(rows):
            if query["split"] != "val" or metadata[p][i] is None:
                continue
            curves: list[list[float]] = [[], [], [], []]
            for q, other_name in enumerate(seen):
                for j, other in enumerate(rows):
                    if metadata[q][j] is None or i == j:
                        continue
                    if group and query["group"] == other["group"]:
                        continue
                    cosine = float(np.dot(units[name][i], units[other_name][j]))
                    which = 2 * (query["label"] != other["label"])
                    which += metadata[p][i] != metadata[q][j]
                    curves[which].append(round(cosine * BINS_PER_UNIT) / BINS_PER_UNIT)
            found.append(curves)
    return found


def auc(others: list[float], own: list[float]) -> float:
    wins = [1.0 if a > b else 0.5 if a == b else 0.0 for a in others for b in own]
    return 100.0 * float(np.mean(wins))


def check(outcome: SimilarityOutcome, expected: list[list[list[float]]]) -> None:
    value = {row.setup: row.value for row in outcome.results}
    for at, setup in enumerate(CURVES):
        every = [each for query in expected for each in query[at]]
        assert value[setup] == pytest.approx(100 * np.mean(every), abs=1e-9)
        curve = outcome.detail["curves"][at]
        assert curve["pairs"] == len(every) == sum(curve["counts"])
        counts, _ = np.histogram(every, outcome.detail["bin_edges"])
        assert curve["counts"] == counts.tolist()
    for name, (others, own) in {AGAINST: (2, 1), WITH: (3, 0)}.items():
        each = [auc(query[others], query[own]) for query in expected if query[own]]
        assert value[name] == pytest.approx(np.mean(each), abs=1e-9)
    assert value[DIFFERENCE] == pytest.approx(value[AGAINST] - value[WITH])


@pytest.mark.parametrize("group", [False, True])
def test_processing_equals_loops_over_pairs(group: bool) -> None:
    source = small()
    seen = list(SHARPENING.classes)
    expected = pairs(source, seen, [[name] * 22 for name in seen], group=group)
    outcome = similarity(source, SHARPENING, replace(QUICK, exclude_group=group))
    check(outcome, expected)
    assert {(row.n_test, row.n_train, row.classes) for row in outcome.results} == {(8, 22, 3)}


def test_a_column_equals_loops_over_pairs() -> None:
    source = small()
    source.by_class["none"] = source.by_class["SHARPEN_2"]
    outcome = similarity(source, "make", QUICK)
    check(outcome, pairs(source, ["none"], [source.photos["make"].to_list()]))
    assert "photos without label or make left out: 5" in outcome.results[0].notes
    source.photos = source.photos.with_columns(x=pl.int_range(pl.len()).cast(pl.Float64))
    notes = similarity(source, "x", QUICK).results[0].notes
    assert "values of x binned by quantiles:4 into 4 classes" in notes
    other = similarity(source, "make", replace(QUICK, processing="SHARPEN_4"))
    assert other.results[0].value != outcome.results[0].value


def test_one_query_under_one_class() -> None:
    source = small()
    options = replace(QUICK, query="photo00003", processing="SHARPEN_4")
    outcome = similarity(source, SHARPENING, options)
    seen = list(SHARPENING.classes)
    only = replace(
        source,
        photos=source.photos.with_columns(
            split=pl.when(pl.col("id") == "photo00003")
            .then(pl.lit("val"))
            .otherwise(pl.lit("train"))
        ),
    )
    expected = pairs(only, seen, [[name] * 22 for name in seen])
    check(outcome, [expected[seen.index("SHARPEN_4")]])
    row = outcome.results[0]
    assert (row.low, row.high, row.n_test) == (row.value, row.value, 1)
    assert "no interval" in row.notes
    # Nothing is known of other queries: nothing is claimed.
    assert [row.p for row in outcome.results] == [None] * 7


def test_neither_blocks_nor_the_order_of_photos_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    source = small()
    whole = similarity(source, SHARPENING, QUICK)
    assert similarity(shuffled(source), SHARPENING, QUICK) == whole
    monkeypatch.setattr("latentprint.experiments.vectors._ROWS", 5)
    monkeypatch.setattr(module, "_QUERIES", 3)
    assert similarity(source, SHARPENING, QUICK) == whole


def test_a_difference_that_all_queries_share_is_shown_and_has_an_interval() -> None:
    row = judged(similarity(fake_source(40, 20, trace=30.0), SHARPENING, QUICK).results)[-1]
    assert (row.setup, row.value, row.verdict) == (DIFFERENCE, 100, Verdict.ALIKE)
    assert (row.low, row.high) == pytest.approx((100 * 0.025 ** (1 / 20), 100))
    none = judged(similarity(fake_source(40, 20), SHARPENING, QUICK).results)[-1]
    assert (none.p, none.verdict) == (1, Verdict.NOT_ALIKE)
    assert (none.low, none.high) == pytest.approx((row.low - 100, 100 - row.low))


def test_a_trace_shows_and_none_does_not() -> None:
    (with_trace,) = judged(similarity(fake_source(60, 40, trace=1.0), SHARPENING).results[-1:])
    assert with_trace.setup == DIFFERENCE
    assert with_trace.low > 5
    assert with_trace.verdict == "same metadata, more alike"
    (without,) = judged(similarity(fake_source(60, 40, trace=0.0), SHARPENING).results[-1:])
    assert without.value == pytest.approx(0, abs=1e-9)
    assert without.verdict == "not shown to be more alike"


@pytest.mark.parametrize("metadata", [SHARPENING, "make"])
def test_intervals_are_as_wide_as_figures_of_other_photos_scatter(
    metadata: Attribute | str,
) -> None:
    rows = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        source = fake_source(10, 50)
        made = np.random.default_rng(99).normal(size=(3, 24))
        make, label = rng.integers(3, size=60), rng.integers(4, size=60)
        content = 1.5 * rng.normal(size=(60, 24)) + 2 * np.eye(4, 24)[label] + 0.5 * made[make]
        for at, name in enumerate(source.by_class):
            source.by_class[name] = (content + 0.4 * made[at]).astype(np.float32)
        source.by_class["none"] = content.astype(np.float32)
        source.photos = source.photos.with_columns(
            make=pl.Series([f"make{each}" for each in make]),
            label=pl.Series([f"class{each}" for each in label]),
        )
        rows.append(similarity(source, metadata).results)
    values = np.array([[row.value for row in each] for each in rows])
    widths = np.array([[row.high - row.low for row in each] for each in rows])
    ratios = widths.mean(axis=0) / 3.92 / values.std(axis=0)
    # Queries alone would make those of the AUCs 0.6 to 0.8 times as wide.
    assert ((ratios > 0.85) & (ratios < 1.35)).all()


def test_queries_of_one_group_have_no_interval() -> None:
    source = fake_source(30, 10, trace=1.0)
    source.photos = source.photos.with_columns(
        group=pl.when(pl.col("split") == "val").then(pl.lit("one")).otherwise("group")
    )
    row = similarity(source, SHARPENING).results[-1]
    assert (row.low, row.high, row.p) == (row.value, row.value, None)
    assert row.notes == "queries of one group: no interval"


def test_whole_groups_count_as_one() -> None:
    source = fake_source(0, 120, trace=0.5)
    alone = similarity(source, SHARPENING).results[0]
    for vectors in source.by_class.values():
        vectors[:] = vectors[np.arange(120) // 20 * 20]
    numbers = pl.Series([f"g{i // 20}" for i in range(120)])
    label = source.photos["label"].gather(np.arange(120) // 20 * 20)
    source.photos = source.photos.with_columns(group=numbers, label=label)
    grouped = similarity(source, SHARPENING).results[0]
    assert grouped.high - grouped.low > 1.5 * (alone.high - alone.low)


def test_a_sample_depends_on_seed_and_id_alone() -> None:
    source = fake_source(20, 30, trace=0.5)
    options = replace(QUICK, sample=10, seed=3)
    one = similarity(source, SHARPENING, options)
    assert one.results[0].n_test == 10
    assert {row.notes for row in one.results} == {"10 of 30 test photos asked"}
    assert similarity(shuffled(source), SHARPENING, options) == one
    other = similarity(source, SHARPENING, replace(options, seed=4))
    assert other.results[0].value != one.results[0].value


def test_a_class_of_one_photo_has_no_pairs_of_its_own() -> None:
    source = fake_source(4, 0, labels=2)
    source.photos = source.photos.with_columns(
        label=pl.Series(["a", "b", "c", "d"]), split=pl.lit("val")
    )
    outcome = similarity(source, SHARPENING, QUICK)
    assert [row.setup for row in outcome.results] == list(CURVES[2:])
    assert outcome.detail["curves"][0]["mean"] is None


def test_densities_integrate_to_one_even_at_the_border() -> None:
    rng = np.random.default_rng(0)
    cosine = np.clip(1.0 - np.abs(rng.normal(scale=0.01, size=(4, 5000))), -1, 1)
    bins = np.rint((cosine + 1) * BINS_PER_UNIT).astype(int)
    counts = np.stack([np.bincount(each, minlength=BINS) for each in bins])
    shown = shown_curves(CURVES, counts)
    edges = np.array(shown["bin_edges"])
    # All similarities are close to one, and the bins are fine enough to tell them apart.
    assert 40 <= len(edges) - 1 <= 81
    for curve in shown["curves"]:
        assert sum(curve["density"]) * (edges[1] - edges[0]) == pytest.approx(1, abs=0.02)
        # Half a normal distribution is highest at the border.
        assert curve["density"][-2] == pytest.approx(2 / (0.01 * np.sqrt(2 * np.pi)), rel=0.15)


def test_all_curves_have_one_bandwidth() -> None:
    rng = np.random.default_rng(0)
    bins = np.rint((np.clip(rng.normal(0.3, 0.1, 2000), -1, 1) + 1) * BINS_PER_UNIT).astype(int)
    few = np.bincount(bins, minlength=BINS)
    shown = shown_curves(CURVES, np.stack([few, 1000 * few, 0 * few, few]))
    sparse, dense, *_ = (np.array(each["density"]) for each in shown["curves"])
    np.testing.assert_allclose(sparse, dense)
    spread = min(np.std(bins), np.subtract(*np.percentile(bins, [75, 25])) / 1.34) / BINS_PER_UNIT
    assert shown["bandwidth"] == pytest.approx(0.9 * spread * 2000**-0.2, rel=0.01)


@pytest.mark.parametrize(
    ("options", "metadata", "error", "message"),
    [
        (QueryOptions(query="foto00007"), SHARPENING, UsageError, "Did you mean 'photo00007'"),
        (QueryOptions(query="photo00002"), "make", LatentprintError, "has no label or make"),
        (QueryOptions(label="lable"), SHARPENING, UsageError, "Did you mean 'label'"),
        (QueryOptions(label="empty"), SHARPENING, LatentprintError, "holds no values"),
        (QueryOptions(label="dull"), SHARPENING, LatentprintError, "only the value 'x'"),
        (QueryOptions(), "maker", UsageError, "Did you mean 'make'"),
        (QueryOptions(), "dull", LatentprintError, "need two values"),
        (QueryOptions(processing="SHARPEN_3"), SHARPENING, UsageError, "Did you mean 'SHARPEN_"),
    ],
)
def test_mistakes(
    options: QueryOptions,
    metadata: str | Attribute,
    error: type[LatentprintError],
    message: str,
) -> None:
    source = small()
    source.photos = source.photos.with_columns(
        dull=pl.lit("x"), empty=pl.lit(None, dtype=pl.String)
    )
    with pytest.raises(error, match=message):
        similarity(source, metadata, options)


def test_a_zero_vector_is_named() -> None:
    source = small()
    source.by_class["SHARPEN_2"][3] = 0
    with pytest.raises(LatentprintError, match="photo00003"):
        similarity(source, SHARPENING, QUICK)


@pytest.mark.parametrize(("name", "value"), [("sample", -1), ("memory_mb", 0)])
def test_options_out_of_range_are_refused(name: str, value: int) -> None:
    with pytest.raises(UsageError, match=name):
        QueryOptions(**{name: value})


def test_the_widest_range_is_shown_whole() -> None:
    counts = np.zeros((4, BINS), dtype=np.int64)
    counts[:, [0, BINS // 2, BINS - 1]] = [1, 2, 3]
    shown = shown_curves(CURVES, counts)
    edges = np.array(shown["bin_edges"])
    assert (edges[0], edges[-1]) == pytest.approx((-1, 1), abs=1e-4)
    assert (np.diff(edges) > 0).all()
    found, _ = np.histogram([-1, 0, 0, 1, 1, 1], edges)
    assert shown["curves"][0]["counts"] == found.tolist()


def test_a_rule_for_a_column_that_is_not_compared_is_refused() -> None:
    opened = [Opened(small(), ("none",))]
    for asked in (ComparisonOptions(columns=("make",)), ComparisonOptions(attributes=("jpeg",))):
        with pytest.raises(UsageError, match="'mke', which no --by names"):
            list(similarity_steps(opened, replace(asked, bins={"mke": "values"})))
