"""Near-duplicate pairs, against a plain implementation with loops."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from latentprint.embeddings import Extraction, extract, open_collection, write_photos
from latentprint.encoders import load_encoder
from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.pairs.options import PairsOptions
from latentprint.experiments.pairs.pairs import PairsOutcome, near_duplicates
from latentprint.photos import open_photos
from latentprint.processing import NONE
from latentprint.results import Result
from latentprint.verdicts import judged
from latentprint.words import Direction, PairGallery, PairMeasure, Verdict
from tests.experiments.fakes import FakeSource, shuffled

QUERY, TARGET, DIFFERENCE = PairGallery
FEW = PairsOptions(permutations=99, bootstrap=50)


def pair_source(
    subjects: int,
    *,
    types: tuple[str, ...] = ("camera", "phone"),
    photos_each: tuple[int, ...] = (1, 1),
    trace: float = 0.0,
    noise: float = 0.6,
    dimensions: int = 16,
    seed: int = 0,
) -> FakeSource:
    """Subjects photographed by every type of device; a trace shifts all photos of a type."""
    rng = np.random.default_rng(seed)
    content = rng.normal(size=(subjects, dimensions))
    shifts = trace * np.random.default_rng(99).normal(size=(len(types), dimensions))
    rows, vectors = [], []
    for subject in range(subjects):
        for at, kind in enumerate(types):
            for number in range(photos_each[at]):
                name = f"{kind}/{subject:03}_{number}"
                rows.append((name, f"{name}.jpg", f"s{subject:03}", kind))
                vectors.append(content[subject] + shifts[at] + noise * rng.normal(size=dimensions))
    photos = pl.DataFrame(rows, schema=["id", "path", "subject", "device_type"], orient="row")
    return FakeSource(photos, {"none": np.array(vectors, dtype=np.float32)})


def plain_ranks(
    source: FakeSource, query_type: str, target_type: str
) -> Iterator[tuple[str, int, int, float, float]]:
    """Query, and rank and margin of its target among distractors of the query's or target's type.

    One photo a subject and type.
    """
    photos = source.photos.to_dicts()
    vectors = source.vectors("none").astype(np.float64)
    cosine = [[float(a @ b / np.sqrt((a @ a) * (b @ b))) for b in vectors] for a in vectors]
    for q, query in enumerate(photos):
        if query["device_type"] != query_type:
            continue
        ranks, margins = [], []
        for distractors in (query_type, target_type):
            own, others = [], []
            for g, photo in enumerate(photos):
                if photo["subject"] == query["subject"] and photo["device_type"] == target_type:
                    own.append(cosine[q][g])
                if photo["subject"] != query["subject"] and photo["device_type"] == distractors:
                    others.append(cosine[q][g])
            assert len(own) == 1
            ranks.append(1 + sum(each >= own[0] for each in others))
            margins.append(own[0] - max(others))
        yield query["id"], ranks[0], ranks[1], margins[0], margins[1]


ALL = ("", "")


def row(
    outcome: PairsOutcome, attribute: str, setup: str, devices: tuple[str, str] = ALL
) -> Result:
    (found,) = [
        each
        for each in judged(outcome.results)
        if (each.attribute, each.setup) == (attribute, setup)
        and (each.query_device, each.target_device) == devices
    ]
    return found


def value(
    outcome: PairsOutcome, attribute: str, setup: str, devices: tuple[str, str] = ALL
) -> float:
    return row(outcome, attribute, setup, devices).value


def assert_parity(source: FakeSource, outcome: PairsOutcome, first: str, second: str) -> None:
    """All figures, in both directions and averaged, are those of the loops."""
    by_query = {
        (each["query"], each["gallery"]): (each["rank"], each["margin"])
        for each in outcome.queries.to_dicts()
    }
    directions = []
    for query_type, target_type in ((first, second), (second, first)):
        plain = list(plain_ranks(source, query_type, target_type))
        for name, rank_q, rank_t, margin_q, margin_t in plain:
            assert by_query[name, QUERY] == (rank_q, pytest.approx(margin_q, abs=1e-9))
            assert by_query[name, TARGET] == (rank_t, pytest.approx(margin_t, abs=1e-9))
        numbers = np.array([each[1:] for each in plain])
        directions.append(numbers)
        devices = query_type, target_type
        for column, gallery in ((0, QUERY), (1, TARGET)):
            assert value(outcome, "recall@1", gallery, devices) == pytest.approx(
                100 * np.mean(numbers[:, column] == 1)
            )
            assert value(outcome, "median_rank", gallery, devices) == np.median(numbers[:, column])
    # Published: the mean over all queries of both directions.
    both = np.concatenate(directions)
    recalls = {}
    for column, gallery in ((0, QUERY), (1, TARGET)):
        for k in (1, 5, 10):
            recalls[gallery, k] = 100 * np.mean(both[:, column] <= k)
            assert value(outcome, f"recall@{k}", gallery) == pytest.approx(recalls[gallery, k])
        assert value(outcome, "margin", gallery) == pytest.approx(100 * both[:, column + 2].mean())
    gap = recalls[TARGET, 1] - recalls[QUERY, 1]
    assert value(outcome, "recall@1", DIFFERENCE) == pytest.approx(gap)
    shift = np.mean(both[:, 0] - both[:, 1])
    assert value(outcome, "rank_shift", DIFFERENCE) == pytest.approx(shift)
    # How much worse: margins narrow, ranks fall.
    narrower = 100 * np.mean(both[:, 3] - both[:, 2])
    assert value(outcome, "margin", DIFFERENCE) == pytest.approx(narrower)
    falls = [np.median(each[:, 0]) - np.median(each[:, 1]) for each in directions]
    assert value(outcome, "median_rank", DIFFERENCE) == pytest.approx(np.mean(falls))
    assert row(outcome, "recall@1", DIFFERENCE).n_test == len(both)


@pytest.mark.parametrize("trace", [0.0, 1.5])
def test_figures_are_those_of_plain_loops(trace: float) -> None:
    source = pair_source(60, trace=trace)
    assert_parity(source, near_duplicates(source, options=FEW), "camera", "phone")


def test_the_published_size_averages_both_directions_over_1460_queries() -> None:
    source = pair_source(730, trace=0.4, dimensions=12)
    outcome = near_duplicates(source, options=PairsOptions(permutations=20, bootstrap=20))
    unit = source.vectors("none").astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    camera, phone = unit[0::2], unit[1::2]
    for gallery, pick in ((QUERY, 0), (TARGET, 1)):
        right = []
        for query, target in ((camera, phone), (phone, camera)):
            distractors = query @ (query, target)[pick].T
            np.fill_diagonal(distractors, -np.inf)
            right.append((query * target).sum(axis=1) > distractors.max(axis=1))
        found = row(outcome, "recall@1", gallery)
        assert found.n_test == 1460
        assert "galleries of 730 photos" in found.notes
        assert found.value == pytest.approx(100 * np.concatenate(right).mean())


def test_a_trace_is_told_from_none() -> None:
    how = replace(FEW, permutations=999)
    outcome = near_duplicates(pair_source(150, trace=0.7), options=how)
    for attribute in ("recall@1", "rank_shift", "margin"):
        found = row(outcome, attribute, DIFFERENCE)
        assert found.low > 0
        assert found.p is not None
        assert found.p == 0.001
        assert found.direction == Direction.EXPECTED
    assert row(outcome, "recall@1", DIFFERENCE).verdict == Verdict.DISTRACTION
    assert row(outcome, "margin", DIFFERENCE).verdict == Verdict.NARROWING
    without = row(near_duplicates(pair_source(150, noise=1.0), options=how), "recall@1", DIFFERENCE)
    assert without.verdict == Verdict.NO_DISTRACTION
    assert without.low < 0 < without.high


def test_few_subjects_can_show_a_trace_by_all_their_exchanges() -> None:
    outcome = near_duplicates(pair_source(8, trace=3.0, noise=0.3))
    found = row(outcome, "margin", DIFFERENCE)
    # Exchanging the devices of all subjects changes nothing, and no other exchange comes near.
    assert found.p == 2 / 2**8
    assert found.verdict == Verdict.NARROWING


def test_equal_vectors_find_nothing() -> None:
    source = pair_source(8)
    source = replace(source, by_class={"none": np.ones((16, 5), dtype=np.float32)})
    outcome = near_duplicates(source)
    for gallery in (QUERY, TARGET):
        assert value(outcome, "recall@1", gallery) == 0.0
        assert value(outcome, "recall@5", gallery) == 0.0
        last = row(outcome, "median_rank", gallery)
        # No median lies behind the last place.
        assert (last.value, last.low, last.high) == (8.0, 7.75, 8.0)
        assert value(outcome, "margin", gallery) == 0.0


def test_k_is_capped_at_the_gallery_and_that_is_said() -> None:
    outcome = near_duplicates(pair_source(8))
    capped = row(outcome, "recall@10", QUERY)
    assert (capped.k, capped.value, capped.low, capped.high) == (8, 100.0, 100.0, 100.0)
    assert "k takes in whole galleries" in capped.notes
    assert row(outcome, "recall@10", DIFFERENCE).p is None
    assert row(outcome, "recall@10", DIFFERENCE).verdict == ""
    assert row(outcome, "recall@5", QUERY).chance == pytest.approx(100 * 5 / 8)


def test_few_subjects_without_a_failure_leave_room_for_one() -> None:
    outcome = near_duplicates(pair_source(8, noise=0.0))
    found = row(outcome, "recall@1", QUERY)
    # With 97.5 % certainty fewer than 36.9 % of subjects fail if none of eight does.
    assert (found.value, found.high) == (100.0, 100.0)
    assert found.low == pytest.approx(100 * 0.025 ** (1 / 8))
    change = row(outcome, "recall@1", DIFFERENCE)
    assert (change.value, change.p) == (0.0, 1.0)
    assert change.low == -change.high < -30
    assert change.verdict == Verdict.NO_DISTRACTION


def test_order_of_rows_and_memory_change_nothing() -> None:
    source = pair_source(200, trace=0.4, photos_each=(2, 1))
    whole = near_duplicates(source, options=replace(FEW, memory_mb=1000))
    parts = near_duplicates(shuffled(source), options=replace(FEW, memory_mb=2))
    assert parts.queries["rank"].equals(whole.queries["rank"])
    assert parts.queries["distractor"].equals(whole.queries["distractor"])
    for ours, theirs in zip(whole.results, parts.results, strict=True):
        assert (ours.attribute, ours.setup) == (theirs.attribute, theirs.setup)
        numbers = [(each.value, each.low, each.high, each.p or 0.0) for each in (ours, theirs)]
        assert numbers[0] == pytest.approx(numbers[1], abs=1e-7)


def test_pairs_of_many_subjects_stay_in_their_memory() -> None:
    source = pair_source(1000, trace=0.5, noise=1.0)
    asked = PairsOptions(sample=200, permutations=99, bootstrap=99, memory_mb=8)
    tracemalloc.start()
    try:
        near_duplicates(source, options=asked)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < asked.memory_mb * 2**20


def test_several_photos_of_a_subject() -> None:
    source = pair_source(12, photos_each=(3, 2), trace=0.5, noise=1.0)
    outcome = near_duplicates(source)
    vectors = source.vectors("none").astype(np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = vectors @ vectors.T
    photos = source.photos.to_dicts()
    found = {(r["query"], r["gallery"]): r for r in outcome.queries.to_dicts()}
    for q, query in enumerate(photos):
        other = "phone" if query["device_type"] == "camera" else "camera"
        own = [
            g
            for g, photo in enumerate(photos)
            if photo["subject"] == query["subject"] and photo["device_type"] == other
        ]
        best = max(own, key=lambda g: cosine[q, g])
        for gallery, kind in ((QUERY, query["device_type"]), (TARGET, other)):
            # Two photos of every subject: as many as it has by either type.
            rivals = [
                g
                for g, photo in enumerate(photos)
                if photo["subject"] != query["subject"]
                and photo["device_type"] == kind
                and photo["id"].endswith(("_0", "_1"))
            ]
            got = found[query["id"], gallery]
            assert got["target"] == photos[best]["id"]
            assert got["rank"] == 1 + sum(cosine[q, g] >= cosine[q, best] for g in rivals)
            assert got["photos"] == 1 + 2 * 11
            assert got["distractor"] == photos[max(rivals, key=lambda g: cosine[q, g])]["id"]
            assert got["distractor_device"] == kind


def test_every_ordered_pair_of_three_types_is_listed_and_averaged() -> None:
    source = pair_source(20, types=("a", "b", "c"), photos_each=(1, 1, 1), noise=1.0)
    outcome = near_duplicates(source, options=FEW)
    listed = [
        each.value
        for each in outcome.results
        if each.attribute == "recall@1" and each.setup == QUERY and each.query_device
    ]
    assert len(listed) == 6
    assert value(outcome, "recall@1", QUERY) == pytest.approx(np.mean(listed))
    two = replace(source, photos=source.photos.filter(pl.col("device_type") != "c"))
    kept = source.photos["device_type"].ne("c").to_numpy()
    two = replace(two, by_class={"none": source.vectors("none")[kept]})
    assert_parity(two, near_duplicates(two, options=FEW), "a", "b")
    one, other = (
        row(each, "margin", DIFFERENCE, ("a", "b"))
        for each in (outcome, near_duplicates(two, options=FEW))
    )
    assert (one.value, one.p) == (other.value, other.p)
    assert (one.low, one.high) == pytest.approx((other.low, other.high))


def without(source: FakeSource, *ids: str) -> FakeSource:
    kept = ~source.photos["id"].is_in(ids)
    vectors = source.vectors("none")[kept.to_numpy()]
    return replace(source, photos=source.photos.filter(kept), by_class={"none": vectors})


def test_types_that_a_single_subject_shares_are_left_out_by_name() -> None:
    source = pair_source(5, types=("a", "b", "c"), photos_each=(1, 1, 1))
    source = without(source, *(f"c/{subject:03}_0" for subject in range(1, 5)))
    results = near_duplicates(source, options=FEW).results
    assert {each.query_device for each in results} == {"", "a", "b"}
    assert "fewer than two subjects share: a and c, b and c" in results[0].notes


def test_incomplete_subjects_are_refused_by_name_or_dropped() -> None:
    source = without(pair_source(10), "phone/003_0", "camera/007_0")
    with pytest.raises(LatentprintError, match=r": 2 of 10 \(s003, s007\).*--drop-incomplete"):
        near_duplicates(source)
    outcome = near_duplicates(source, options=PairsOptions(drop_incomplete=True))
    assert row(outcome, "recall@1", QUERY).n_test == 16
    assert "subjects with one type of device only left out: 2" in outcome.results[0].notes
    full = without(
        pair_source(10), *(f"{t}/{s}_0" for t in ("phone", "camera") for s in ("003", "007"))
    )
    assert value(near_duplicates(full), "margin", QUERY) == pytest.approx(
        value(outcome, "margin", QUERY)
    )


def test_photos_without_subject_or_device_are_named() -> None:
    source = pair_source(10)
    blank = pl.when(pl.col("id") == "phone/004_0").then(pl.lit(" ")).otherwise("subject")
    source = replace(source, photos=source.photos.with_columns(subject=blank))
    with pytest.raises(LatentprintError, match=r"Photos without a subject .*: 1 \(phone/004_0\)"):
        near_duplicates(source)
    outcome = near_duplicates(source, options=PairsOptions(drop_incomplete=True))
    assert row(outcome, "recall@1", QUERY).n_test == 18


def test_photos_that_are_no_pairs_are_refused() -> None:
    source = pair_source(6)
    one_type = replace(source, photos=source.photos.with_columns(device_type=pl.lit("phone")))
    with pytest.raises(LatentprintError, match="types there are: 1 "):
        near_duplicates(one_type)
    with pytest.raises(UsageError, match="--device-type"):
        near_duplicates(replace(source, photos=source.photos.drop("device_type")))
    with pytest.raises(UsageError, match="Did you mean 'subject'"):
        near_duplicates(source, options=PairsOptions(subject="sujbect"))
    with pytest.raises(UsageError, match="at least 1"):
        PairsOptions(ks=(0,))


def test_camera_type_is_known_too() -> None:
    source = pair_source(6)
    renamed = replace(source, photos=source.photos.rename({"device_type": "camera_type"}))
    assert near_duplicates(renamed).results == near_duplicates(source).results


def test_failures_name_who_won_and_are_json() -> None:
    outcome = near_duplicates(pair_source(60, trace=1.5))
    failures = json.loads(json.dumps(outcome.failures))
    assert len(failures) == 12
    worst = outcome.queries.sort("margin").row(0, named=True)
    assert failures[0] == {"encoder": "fake", **worst}
    assert worst["margin"] == worst["target_similarity"] - worst["distractor_similarity"] < 0
    assert [each["margin"] for each in failures] == sorted(each["margin"] for each in failures)
    assert {each["distractor_subject"] == each["subject"] for each in failures} == {False}
    assert failures[0]["query_path"] == failures[0]["query"] + ".jpg"


def test_a_vector_without_direction_is_named() -> None:
    source = pair_source(6)
    source.by_class["none"][3] = 0
    with pytest.raises(LatentprintError, match="phone/001_0"):
        near_duplicates(source)


def test_intervals_are_as_wide_as_other_subjects_scatter() -> None:
    drawn = [
        near_duplicates(pair_source(60, trace=0.4, noise=0.8, seed=seed), options=FEW)
        for seed in range(25)
    ]
    for attribute, setup in (
        ("margin", QUERY),
        ("recall@1", TARGET),
        ("median_rank", QUERY),
        ("recall@1", DIFFERENCE),
        ("margin", DIFFERENCE),
        ("rank_shift", DIFFERENCE),
    ):
        found = [row(each, attribute, setup) for each in drawn]
        spread = np.std([each.value for each in found])
        width = np.mean([each.high - each.low for each in found]) / (2 * 1.96)
        assert 0.6 < width / spread < 1.4


def test_a_shift_of_ranks_may_be_much_larger_but_not_much_smaller() -> None:
    for seed in range(5):
        shift = row(
            near_duplicates(pair_source(40, trace=0.6, noise=0.9, seed=seed), options=FEW),
            "rank_shift",
            DIFFERENCE,
        )
        assert shift.low < shift.value < shift.high
        assert shift.high - shift.value > 1.1 * (shift.value - shift.low)


@pytest.mark.slow
def test_real_pairs(shared_data: Path, tmp_path: Path) -> None:
    photos = open_photos(shared_data / "paircams_8", layout="paircams")
    how = Extraction(workers=0, batch_size=16)
    extract(photos, [load_encoder("default")], [NONE], tmp_path, extraction=how)
    write_photos(tmp_path, photos)
    (stored,) = open_collection(tmp_path)
    outcome = near_duplicates(stored)
    plain = FakeSource(stored.photos, {"none": np.asarray(stored.vectors("none")[:])})
    assert_parity(plain, outcome, "older_digital_camera", "modern_smartphone")
    assert "galleries of 8 photos" in row(outcome, "recall@1", QUERY).notes
    assert value(outcome, "recall@1", QUERY) > 50


def test_the_interval_of_a_median_rank_reaches_half_a_step_further() -> None:
    """All targets come first: medians of other sets are 1 or 1.5, their mean lies between."""
    rows = near_duplicates(pair_source(20, noise=0.01), options=FEW).results
    of_galleries = [
        row
        for row in rows
        if row.attribute == PairMeasure.MEDIAN_RANK and row.setup != PairGallery.DIFFERENCE
    ]
    assert of_galleries
    assert all((row.value, row.low, row.high) == (1.0, 1.0, 1.25) for row in of_galleries)
