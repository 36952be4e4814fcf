"""The P x P algorithm against the plain one: a full similarity matrix for every combination."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from threadpoolctl import threadpool_limits

from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments import influence
from latentprint.experiments.assignment import assign_classes
from latentprint.experiments.neighbors.influence import sorted_names
from latentprint.experiments.neighbors.setups import LabelledPhotos, classify
from latentprint.neighbours.memory import Portions
from latentprint.processing import ATTRIBUTES, Attribute, find_attributes
from latentprint.verdicts import judged
from latentprint.words import Direction, Harm, Verdict
from tests.experiments.fakes import FakeSource, fake_source, shuffled

JPEG, SHARPENING = ATTRIBUTES["jpeg"], ATTRIBUTES["sharpening"]
P = 6
SETUPS = {
    "all-same": [(p, p, p) for p in range(P)],
    "all-diff": [(p, q, q) for p in range(P) for q in range(P) if p != q],
    "pos-same": [(p, p, q) for p in range(P) for q in range(P) if p != q],
    "neg-same": [(p, q, p) for p in range(P) for q in range(P) if p != q],
}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small products wait for each other's threads longer than they compute."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(before)


class Plain:
    """Labels, and one full matrix of similarities in whole steps of 2^-40 for every p and q."""

    def __init__(self, source: FakeSource, attribute: Attribute, by_id: bool = True) -> None:
        photos = source.photos.with_row_index("row").drop_nulls("label")
        photos = photos.sort("id") if by_id else photos
        self.train, test = (photos.filter(pl.col("split") == each) for each in ("train", "val"))
        names = sorted(set(self.train["label"]))
        self.y, self.y_test = (
            np.array([names.index(each) for each in part["label"]]) for part in (self.train, test)
        )
        unit = []
        for name in attribute.classes:
            raw = source.vectors(name).astype(np.float64)
            raw /= np.sqrt((raw**2).sum(axis=1))[:, None]
            unit.append(raw.astype(np.float32).astype(np.float64))
        rows = [part["row"].to_numpy() for part in (test, self.train)]
        self.similar = [[np.rint(a[rows[0]] @ b[rows[1]].T * 2**40) for b in unit] for a in unit]

    def right(self, similarities: np.ndarray, k: int) -> np.ndarray:
        order = np.argsort(-similarities, axis=1, kind="stable")[:, :k]
        votes = np.array([np.bincount(each).argmax() for each in self.y[order]])
        return votes == self.y_test

    def combination(self, p: int, q: int, r: int, k: int) -> np.ndarray:
        positive = self.y_test[:, None] == self.y[None]
        return self.right(np.where(positive, self.similar[p][q], self.similar[p][r]), k)

    def drawn(self, p: int, draw: np.ndarray, k: int) -> np.ndarray:
        stacked = np.stack(self.similar[p])
        return self.right(stacked[draw, :, np.arange(len(draw))].T, k)


def jpeg_source(copies: int = 8, near: int = 12, trace: float = 0.3) -> FakeSource:
    """Photos with copies of the same vectors, and with some that differ in the last bit."""
    source = fake_source(300, 60, attribute="jpeg", trace=trace, spread=3.0, labels=7)
    rng = np.random.default_rng(3)
    for vectors in source.by_class.values():
        vectors[:] += 0.2 * rng.normal(size=vectors.shape)
        vectors[20 : 20 + copies] = vectors[20]
        vectors[310:315] = vectors[20]
        # Several close neighbours of test photos, apart by less than float32 products can tell.
        for at in range(near):
            vectors[200 + at] = vectors[320 + at % 3]
            vectors[200 + at, at] = np.nextafter(vectors[200 + at, at], np.float32(9))
    return shuffled(source)


def test_every_combination_and_draw_equals_the_plain_algorithm() -> None:
    source = jpeg_source()
    outcome = influence(source, JPEG, ks=(1, 5, 10, 20))
    plain = Plain(source, JPEG)
    ids = plain.train["id"].to_list()
    draws = [assign_classes("photo", seed, "jpeg", ids, P) for seed in range(10)]
    for k in (1, 5, 10, 20):
        for setup, runs in SETUPS.items():
            expected = [plain.combination(*run, k) for run in runs]
            np.testing.assert_array_equal(outcome.correct[k, setup], expected, err_msg=setup)
        expected = [[plain.drawn(p, draw, k) for p in range(P)] for draw in draws]
        np.testing.assert_array_equal(outcome.correct[k, "uniform"], expected)
        rows = {row.setup: row for row in outcome.results if row.k == k}
        gap = rows["pos-same"].value - rows["neg-same"].value
        assert rows["influence"].value == pytest.approx(gap)
        assert rows["all-same"].value == pytest.approx(outcome.accuracies(k, "all-same").mean())
        assert list(rows) == [*SETUPS, "uniform", "influence"]


def gallery_of(source: FakeSource, plain: Plain) -> LabelledPhotos:
    photos = source.photos.with_row_index("row").sort("id")
    unit = []
    for name in JPEG.classes:
        raw = source.vectors(name).astype(np.float64)
        unit.append((raw / np.sqrt((raw**2).sum(axis=1))[:, None]).astype(np.float32))
    rows = [photos.filter(pl.col("split") == each)["row"].to_numpy() for each in ("val", "train")]
    draws = np.random.default_rng(1).integers(P, size=(3, len(plain.y)))
    test, train = ([each[part] for each in unit] for part in rows)
    return LabelledPhotos(test, train, plain.y_test, plain.y, draws, np.argsort(rows[1]))


@pytest.mark.parametrize("copies", [8, 170])
def test_all_216_combinations_whatever_the_memory(copies: int) -> None:
    source = jpeg_source(copies)
    plain = Plain(source, JPEG)
    gallery = gallery_of(source, plain)
    runs = list(product(range(P), repeat=3))
    expected = np.array([plain.combination(*run, 10) for run in runs])
    drawn = [[plain.drawn(p, draw, 10) for p in range(P)] for draw in gallery.draws]
    # Copies beyond the length of the lists leave some photos to full products.
    for memory_mb in (64, 2.5):
        found = classify(gallery, (1, 10), memory_mb=memory_mb, wanted=runs)
        np.testing.assert_array_equal(found.fixed[10] == plain.y_test, expected)
        np.testing.assert_array_equal(found.uniform[10] == plain.y_test, drawn)
        assert (found.checked > 0) == (copies > 50)


def test_two_threads_find_the_same() -> None:
    # Smaller sets are kept on one thread.
    source = fake_source(1500, 90, attribute="jpeg", dimensions=96, trace=0.3, spread=3.0)
    gallery = gallery_of(source, Plain(source, JPEG))
    one = classify(gallery, (10,), memory_mb=64)
    torch.set_num_threads(2)
    with threadpool_limits(2):
        two = classify(gallery, (10,), memory_mb=64)
    np.testing.assert_array_equal(one.fixed[10], two.fixed[10])
    np.testing.assert_array_equal(one.uniform[10], two.uniform[10])


def test_a_strong_trace_needs_deep_lists_but_no_full_products() -> None:
    source = jpeg_source(copies=1, near=0, trace=5.0)
    plain = Plain(source, JPEG)
    gallery = gallery_of(source, plain)
    found = classify(gallery, (10,), memory_mb=64)
    drawn = [[plain.drawn(p, draw, 10) for p in range(P)] for draw in gallery.draws]
    np.testing.assert_array_equal(found.uniform[10] == plain.y_test, drawn)
    assert found.checked < 3


def test_longer_lists_take_the_place_of_full_products() -> None:
    # Photos of a class differ by so little that the first lists hold none that is surely out.
    source = fake_source(9000, 12, attribute="jpeg", dimensions=12, labels=3, spread=0.004)
    plain = Plain(source, JPEG)
    found = classify(gallery_of(source, plain), (10,), memory_mb=64, wanted=[(0, 0, 0), (0, 1, 2)])
    expected = [plain.combination(0, 0, 0, 10), plain.combination(0, 1, 2, 10)]
    np.testing.assert_array_equal(found.fixed[10] == plain.y_test, expected)
    assert found.checked == 0


def test_little_memory_means_several_blocks() -> None:
    portions = Portions.of(0.3, classes=P, n=300, dimensions=24, depth=137)
    assert portions.queries < 60
    assert portions.block < 300


def test_nearly_collinear_vectors_are_told_apart() -> None:
    source = jpeg_source(near=0)
    for vectors in source.by_class.values():
        vectors[:] += 60.0
    outcome = influence(source, JPEG, ks=(10,))
    plain = Plain(source, JPEG)
    for setup, runs in SETUPS.items():
        expected = [plain.combination(*run, 10) for run in runs]
        np.testing.assert_array_equal(outcome.correct[10, setup], expected, err_msg=setup)
    assert outcome.checked < 10


def test_mapped_half_precision_files_larger_than_the_memory(tmp_path: Path) -> None:
    source = fake_source(600, 30, attribute="jpeg", dimensions=64, trace=0.4, spread=3.0)
    mapped = {}
    for name, vectors in source.by_class.items():
        np.save(tmp_path / f"{name}.npy", vectors.astype(np.float16))
        mapped[name] = np.load(tmp_path / f"{name}.npy", mmap_mode="r")
    lazy = replace(source, by_class=mapped)
    outcome = influence(lazy, JPEG, ks=(10,), memory_mb=1)
    plain = Plain(lazy, JPEG)
    expected = [plain.combination(*run, 10) for run in SETUPS["pos-same"]]
    np.testing.assert_array_equal(outcome.correct[10, "pos-same"], expected)
    assert outcome.results == influence(lazy, JPEG, ks=(10,), memory_mb=512).results


def test_the_order_of_files_and_other_ks_change_nothing() -> None:
    source = jpeg_source()
    whole = influence(source, JPEG, ks=(10,))
    part = influence(shuffled(source, seed=5), JPEG, ks=(1, 10), memory_mb=1)
    assert part.results[6:] == whole.results
    assert part.details()[5:] == whole.details()


def test_the_published_draw_goes_by_row() -> None:
    source = jpeg_source()
    outcome = influence(source, JPEG, ks=(10,), draw="published")
    plain = Plain(source, JPEG, by_id=False)
    for seed in range(10):
        draw = np.random.default_rng(seed).choice(P, len(plain.y))
        expected = [plain.drawn(p, draw, 10) for p in range(P)]
        np.testing.assert_array_equal(outcome.correct[10, "uniform"][seed], expected)


def test_details_hold_every_single_accuracy() -> None:
    outcome = influence(jpeg_source(), JPEG, ks=(1, 10))
    details = outcome.details()
    assert [len(each["runs"]) for each in details] == [6, 30, 30, 30, 60] * 2
    by_setup = {each["setup"]: each for each in details if each["k"] == 10}
    run = by_setup["neg-same"]["runs"][0]
    assert (run["test"], run["positives"], run["negatives"]) == (
        "JPEG75_420",
        "JPEG75_444",
        "JPEG75_420",
    )
    means = {row.setup: row.value for row in outcome.results if row.k == 10}
    for setup, each in by_setup.items():
        assert np.mean([run["accuracy"] for run in each["runs"]]) == pytest.approx(means[setup])


def test_some_classes_of_an_attribute() -> None:
    (pair,) = find_attributes(["jpeg:JPEG95_444,JPEG75_420"])
    source = jpeg_source()
    source.photos = source.photos.with_columns(row=pl.lit("a column of the manifest"))
    outcome = influence(source, pair)
    assert outcome.classes == ("JPEG95_444", "JPEG75_420")
    assert [len(each["runs"]) for each in outcome.details()] == [2, 2, 2, 2, 20]


def test_numbers_are_ordered_by_value() -> None:
    assert sorted_names(["10", "9", "2"]) == ["2", "9", "10"]
    assert sorted_names(["10", "9", "b"]) == ["10", "9", "b"]


def test_without_traces_all_setups_are_equal() -> None:
    rows = judged(influence(fake_source(100, 40), SHARPENING).results)
    assert len({row.value for row in rows[:5]}) == 1
    assert (rows[5].value, rows[5].p) == (0.0, 1.0)
    assert rows[5].verdict == Verdict.NO_CHANGE
    assert rows[5].chance is None
    assert rows[0].chance == 25


def test_a_planted_trace_changes_neighbours() -> None:
    rows = judged(influence(fake_source(200, 80, trace=1.0, spread=2.0), SHARPENING).results)
    assert rows[2].value > rows[3].value
    assert rows[5].verdict == Verdict.CHANGE
    # Photos that were processed alike attract each other.
    assert rows[5].direction == Direction.EXPECTED
    assert rows[5].harm == Harm.NEIGHBOURS
    assert all(0 <= row.low <= row.value <= row.high <= 100 for row in rows)


def test_a_change_that_all_photos_share_is_shown_and_has_an_interval() -> None:
    rows = judged(influence(fake_source(60, 40, trace=30.0, labels=2), SHARPENING).results)
    assert [row.value for row in rows[2:6:3]] == [100, 100]
    assert rows[5].verdict == Verdict.CHANGE
    # Test photos count for fewer, since their neighbours are a sample too; exact binomial.
    bound = 100 * (1 - 0.025 ** ((1 + 40 / 60) / 40))
    for row in (rows[2], rows[5]):
        assert (row.low, row.high) == pytest.approx((100 - bound, 100))
    few = judged(influence(fake_source(60, 3, trace=30.0, labels=2), SHARPENING).results)[5]
    assert (few.value, few.verdict) == (100, Verdict.NO_CHANGE)


def test_test_photos_of_one_group_say_nothing_of_others() -> None:
    source = fake_source(60, 20, trace=1.0)
    group = pl.when(pl.col("split") == "val").then(pl.lit("one")).otherwise("group")
    source.photos = source.photos.with_columns(group=group)
    rows = judged(influence(source, SHARPENING).results)
    assert rows[5].value > 20
    assert rows[5].low < 0 < rows[5].high
    assert rows[5].p == 1.0
    assert all(row.high - row.low > 90 for row in rows)


def test_intervals_are_wider_the_fewer_groups_there_are_to_be_neighbours() -> None:
    source = fake_source(300, 100, trace=0.5, spread=2.0)
    rows = influence(source, SHARPENING).results
    few = [
        f"group{at // 30}" if at < 300 else name for at, name in enumerate(source.photos["group"])
    ]
    grouped = replace(source, photos=source.photos.with_columns(group=pl.Series(few)))
    for one, other in zip(rows, influence(grouped, SHARPENING).results, strict=True):
        assert one.value == other.value
        ratio = np.sqrt((1 + 100 / 10) / (1 + 100 / 300))
        widths = [(each.high - each.value, each.value - each.low) for each in (one, other)]
        if other.high < 100 and other.low > 0:
            assert widths[1] == pytest.approx([ratio * width for width in widths[0]])
    assert other.p is not None
    assert one.p is not None
    assert other.p > one.p


def test_copies_of_test_photos_in_one_group_count_as_one() -> None:
    source = fake_source(300, 100, trace=0.5, spread=2.0)
    first = np.r_[np.arange(300), 300 + np.arange(100) // 4 * 4]
    by_class = {name: vectors[first] for name, vectors in source.by_class.items()}
    photos = source.photos.with_columns(label=source.photos["label"].gather(first))
    copies = replace(source, by_class=by_class, photos=photos)
    grouped = replace(copies, photos=photos.with_columns(group=photos["group"].gather(first)))
    one, other = (influence(each, SHARPENING).results[0] for each in (copies, grouped))
    assert one.value == other.value
    assert (other.high - other.low) / (one.high - one.low) == pytest.approx(2, rel=0.3)


def test_another_seed_draws_other_classes_than_those_of_any_seed_before() -> None:
    source = fake_source(60, 20, trace=1.0, spread=2.0)
    found = influence(source, SHARPENING, seeds=2, seed=1)
    plain = Plain(source, SHARPENING)
    ids = plain.train["id"].to_list()
    for at in range(2):
        draw = assign_classes("photo", 1000 + at, "sharpening", ids, 3)
        drawn = [plain.drawn(p, draw, 10) for p in range(3)]
        np.testing.assert_array_equal(found.correct[10, "uniform"][at], drawn)


def test_a_collapsed_encoder_takes_the_first_photos() -> None:
    source = fake_source(60, 10)
    for vectors in source.by_class.values():
        vectors[:] = 1.0
    first = source.photos.filter(split="train")["label"][0]
    share = 100 * (source.photos.filter(split="val")["label"] == first).mean()
    assert influence(source, SHARPENING, ks=(1,)).results[0].value == pytest.approx(share)


def test_photos_that_cannot_be_used_are_counted() -> None:
    source = fake_source(60, 20)
    labels = source.photos["label"].to_list()
    labels[3] = labels[65] = None
    labels[70] = "unseen"
    source.photos = source.photos.with_columns(label=pl.Series(labels))
    row = influence(source, SHARPENING, ks=(1,)).results[0]
    assert (row.n_train, row.n_test) == (59, 18)
    assert "without a label left out: 2" in row.notes
    assert "classes without training photos left out: 1" in row.notes


def test_errors() -> None:
    source = fake_source(60, 20)
    with pytest.raises(LatentprintError, match="only 60 labelled"):
        influence(source, SHARPENING, ks=(61,))
    with pytest.raises(UsageError, match="at least 1"):
        influence(source, SHARPENING, ks=())
    source.photos = source.photos.with_columns(label=pl.lit(None, dtype=pl.String))
    with pytest.raises(LatentprintError, match="kNN influence needs class labels"):
        influence(source, SHARPENING)
