"""The P x P algorithm against the plain one: a full similarity matrix for every combination."""

import numpy as np
import polars as pl
import pytest
import torch
from fakes import FakeSource, fake_source, shuffled

from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments import influence
from latentprint.experiments.assignment import assign_classes
from latentprint.experiments.setups import SETUPS, Gallery, _chunks, combinations
from latentprint.processing import ATTRIBUTES

SHARPENING = ATTRIBUTES["sharpening"]


def plain_knn(test, train, test_labels, train_labels, k):
    """Similarities [t, N] in float64, a sort by (similarity, row), a vote for the lowest label."""
    right = []
    for vector, truth, gallery in zip(test, test_labels, train, strict=True):
        similarity = np.round(gallery @ vector * 2**40)
        order = np.lexsort((np.arange(len(gallery)), -similarity))[:k]
        right.append(np.bincount(train_labels[order]).argmax() == truth)
    return np.array(right)


def plain(source: FakeSource, k: int) -> dict[str, np.ndarray]:
    photos = source.photos.with_row_index("row").sort("id")
    train, test = (photos.filter(pl.col("split") == each) for each in ("train", "val"))
    names = sorted(train["label"].unique())
    y, y_test = (np.array([names.index(n) for n in part["label"]]) for part in (train, test))
    unit = {}
    for part, frame in (("train", train), ("test", test)):
        raw = [source.vectors(n)[frame["row"].to_numpy()].astype(float) for n in SHARPENING.classes]
        lengths = [np.linalg.norm(each, axis=1, keepdims=True) for each in raw]
        unit[part] = [
            (a / b).astype(np.float32).astype(float) for a, b in zip(raw, lengths, strict=True)
        ]
    found = {}
    for setup in SETUPS:
        runs = []
        for p, q, r in combinations(setup, 3):
            galleries = [
                np.where((y == truth)[:, None], unit["train"][q], unit["train"][r])
                for truth in y_test
            ]
            runs.append(plain_knn(unit["test"][p], galleries, y_test, y, k))
        found[setup] = np.array(runs)
    uniform = []
    for seed in range(10):
        drawn = assign_classes("photo", seed, "sharpening", train["id"].to_list(), 3)
        gallery = np.stack(unit["train"])[drawn, np.arange(len(train))]
        uniform.append(
            [plain_knn(each, [gallery] * len(test), y_test, y, k) for each in unit["test"]]
        )
    found["uniform"] = np.array(uniform)
    return found


@pytest.fixture(scope="module")
def source() -> FakeSource:
    source = fake_source(150, 40, trace=0.6, spread=2.0)
    # Copies of a photo under other names, more of them than the margin of candidates.
    for vectors in source.by_class.values():
        vectors[20:60] = vectors[20]
        vectors[155] = vectors[20]
    return shuffled(source)


@pytest.mark.parametrize("k", [1, 10])
def test_equals_the_plain_algorithm(source: FakeSource, k: int) -> None:
    outcome = influence(source, SHARPENING, ks=(k,))
    for setup, expected in plain(source, k).items():
        np.testing.assert_array_equal(outcome.correct[k, setup], expected, err_msg=setup)
    rows = {row.setup: row for row in outcome.results}
    gap = rows["pos-same"].value - rows["neg-same"].value
    assert rows["influence"].value == pytest.approx(gap)
    assert rows["all-same"].value == pytest.approx(outcome.accuracies(k, "all-same").mean())
    assert list(rows) == ["all-same", "all-diff", "pos-same", "neg-same", "uniform", "influence"]


def test_chunks_threads_order_and_other_ks_change_nothing(
    source: FakeSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = influence(source, SHARPENING, ks=(10,))
    before = torch.get_num_threads()
    for size, threads in ((1, 1), (7, 2), (39, 1)):
        slices = [slice(start, min(start + size, 40)) for start in range(0, 40, size)]
        monkeypatch.setattr("latentprint.experiments.setups._chunks", lambda *_, s=slices: s)
        torch.set_num_threads(threads)
        part = influence(shuffled(source, seed=5), SHARPENING, ks=(1, 10))
        assert part.results[6:] == whole.results
    torch.set_num_threads(before)


def test_chunks_cover_every_photo_once() -> None:
    labels = np.zeros(2000, dtype=np.int64)
    vectors = np.zeros((3, 2000, 64), dtype=np.float32)
    gallery = Gallery(vectors, vectors, labels, labels, labels[None])
    chunks = list(_chunks(gallery, 1))
    assert len(chunks) > 2
    assert [i for each in chunks for i in range(2000)[each]] == list(range(2000))


def test_without_traces_all_setups_are_equal() -> None:
    rows = influence(fake_source(100, 40), SHARPENING).results
    assert len({row.value for row in rows[:5]}) == 1
    assert rows[5].value == 0
    assert rows[5].verdict == "no change shown"
    assert rows[5].chance is None
    assert rows[0].chance == 25


def test_a_planted_trace_changes_neighbours() -> None:
    rows = influence(fake_source(200, 80, trace=1.0, spread=2.0), SHARPENING).results
    assert rows[2].value > rows[3].value
    assert rows[5].verdict == "traces change neighbours"


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
    with pytest.raises(UsageError, match="only 60 labelled"):
        influence(source, SHARPENING, ks=(61,))
    with pytest.raises(UsageError, match="at least 1"):
        influence(source, SHARPENING, ks=())
    source.photos = source.photos.with_columns(label=pl.lit(None, dtype=pl.String))
    with pytest.raises(LatentprintError, match="kNN influence needs class labels"):
        influence(source, SHARPENING)
