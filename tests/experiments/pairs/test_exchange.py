"""Exchanged devices, against data whose photos really changed device."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import polars as pl
import pytest

from latentprint.experiments.pairs import contest as contest_module
from latentprint.experiments.pairs import rivals
from latentprint.experiments.pairs.contest import Contest, contests
from latentprint.experiments.pairs.design import PairDesign, design_pairs
from latentprint.experiments.pairs.exchange import Arrangements, Exchanges
from latentprint.experiments.pairs.leaving_out import leave_subjects_out
from latentprint.experiments.pairs.measures import pair_figures
from latentprint.experiments.pairs.permutation import Permutation
from latentprint.experiments.pairs.resampling import Resampling, resampled
from latentprint.experiments.pairs.retrieval import retrieve
from latentprint.experiments.pairs.rivals import Tiles
from latentprint.experiments.source import ROW
from tests.experiments.fakes import FakeSource
from tests.experiments.pairs.test_pairs import pair_source

MEASURES = pair_figures((1, 3))
SWAPPED = {"camera": "phone", "phone": "camera"}
MEANS = [at for at, each in enumerate(MEASURES) if not each.is_median]


def designed(source: FakeSource) -> tuple[PairDesign, np.ndarray]:
    design = design_pairs(source.photos)
    return design, source.vectors("none")[design.photos[ROW].to_numpy()]


def contest_of(source: FakeSource) -> tuple[Contest, np.ndarray]:
    design, vectors = designed(source)
    similarity = [
        retrieve(vectors, design.subjects, each, 64)[0].target_similarity
        for each in design.directions
    ]
    every = tuple(range(len(design.directions)))
    return contests(design.directions, design.subjects, similarity)[every], vectors


def figures(source: FakeSource) -> np.ndarray:
    """All measures as retrieval finds them, float64 [directions, 2, measures]."""
    design, vectors = designed(source)
    return np.array([
        [
            [each.summed_up(each.values(found.rank, found.margin)) for each in MEASURES]
            for found in retrieve(vectors, design.subjects, direction, 64)
        ]
        for direction in design.directions
    ])  # fmt: skip


@pytest.fixture(params=[contest_module.DRAWN_TOGETHER, 4])
def drawn_together(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """All subjects of a small set in one stream of random numbers, or in several."""
    monkeypatch.setattr(contest_module, "DRAWN_TOGETHER", request.param)


def every_direction(arranged: Arrangements) -> np.ndarray:
    """Of all subjects: the direction whose photos count as those of each, [P, directions, S]."""
    streams = [arranged.directions(stream) for stream in arranged.exchanges.streams]
    return np.concatenate(streams, axis=2)


def relabelled(source: FakeSource, subject: str, devices: dict[str, str]) -> FakeSource:
    changed = pl.when(pl.col("subject") == subject).then(
        pl.col("device_type").replace(devices)
    ).otherwise("device_type")  # fmt: skip
    return replace(source, photos=source.photos.with_columns(device_type=changed))


@pytest.mark.usefixtures("drawn_together")
@pytest.mark.parametrize("photos_each", [(1, 1), (2, 2)])
def test_figures_are_those_of_data_whose_devices_were_exchanged(
    photos_each: tuple[int, int],
) -> None:
    source = pair_source(6, photos_each=photos_each, trace=0.5, noise=1.0)
    contest, vectors = contest_of(source)
    found = Permutation(64, 0, 64).figures(contest, vectors, MEASURES)
    assert found.complete
    exchanged = every_direction(Exchanges.of(contest).every(0, 64))
    assert len(np.unique(exchanged, axis=0)) == 64
    for at in (0, 1, 37, 63):
        other = source
        for subject in np.flatnonzero(exchanged[at, 0] == 1):
            other = relabelled(other, f"s{subject:03}", SWAPPED)
        np.testing.assert_allclose(found.figures[at], figures(other), atol=1e-9)


@pytest.mark.usefixtures("drawn_together")
def test_a_device_with_more_photos_has_no_more_to_say() -> None:
    contest, _ = contest_of(pair_source(5, photos_each=(3, 1)))
    assert np.bincount(contest.direction).tolist() == [15, 5]
    assert np.bincount(contest.direction, contest.weight).tolist() == pytest.approx([1, 1])


def test_three_devices_are_exchanged_in_any_order() -> None:
    types = ("a", "b", "c")
    source = pair_source(5, types=types, photos_each=(1, 1, 1), trace=0.5, noise=1.0)
    contest, vectors = contest_of(source)
    exchanges = Exchanges.of(contest)
    assert exchanges.total == 6**5
    arranged = every_direction(exchanges.random(40, 3))
    found = Permutation(40, 3, 64).figures(contest, vectors, MEASURES)
    pairs = [(each.query_type, each.target_type) for each in contest.directions]
    at = int(np.flatnonzero((arranged[:, 0] != 0).all(axis=1))[0])
    other = source
    for subject in range(5):
        (devices,) = [
            dict(zip(order, types, strict=True))
            for order in permutations(types)
            if all(
                pairs[arranged[at, z, subject]]
                == tuple(order[types.index(each)] for each in pairs[z])
                for z in range(6)
            )
        ]
        other = relabelled(other, f"s{subject:03}", devices)
    np.testing.assert_allclose(found.figures[at], figures(other), atol=1e-9)


@pytest.mark.usefixtures("drawn_together")
@pytest.mark.parametrize("types", [("a", "b"), ("a", "b", "c")])
def test_nothing_depends_on_the_memory(types: tuple[str, ...]) -> None:
    photos_each = (2, 1, 1)[: len(types)]
    source = pair_source(
        60 if len(types) == 2 else 24, types=types, photos_each=photos_each, trace=0.5, noise=1.0
    )
    contest, vectors = contest_of(source)
    found = []
    for mb in (1024, 1):
        tiles = Tiles.of(contest, vectors, max(1, mb // 4), 400)
        assert (len(tiles.queries) > 1) == (mb == 1)
        permuted = Permutation(50, 5, mb).figures(contest, vectors, MEASURES)
        left = leave_subjects_out(contest, vectors, MEASURES, permuted, seed=1, memory_mb=mb)
        medians = Resampling(50, 5, mb).medians(contest, vectors)
        found.append((permuted.figures, left.moves, left.exchanged, medians))
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_subjects_of_several_streams_are_exchanged_and_drawn_independently(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(contest_module, "DRAWN_TOGETHER", 4)
    contest, _ = contest_of(pair_source(12, trace=0.5, noise=2.5))
    ways = Exchanges.of(contest).random(1000, 3).chosen.of(np.arange(12)).astype(float)
    assert np.abs(np.corrcoef(ways) - np.eye(12)).max() < 0.13
    parts = [Exchanges.of(contest).random(100, 3, start) for start in range(0, 1000, 100)]
    assert np.array_equal(ways, np.hstack([each.chosen.of(np.arange(12)) for each in parts]))
    drawn = resampled(contest, 1000, 3).of(np.arange(12)).astype(float)
    assert (drawn.sum(axis=0) == 12).all()
    # Of a multinomial: variance 11 / 12, and -1 / 12 between two subjects.
    expected = np.eye(12) - 1 / 12
    assert np.abs(np.cov(drawn) - expected).max() < 0.2
    assert abs(np.cov(drawn)[:4, 4:].mean() + 1 / 12) < 0.02


@pytest.mark.parametrize("noise", [0.3, 3.0])
def test_few_or_many_photos_before_a_target_are_counted_alike(
    monkeypatch: pytest.MonkeyPatch, noise: float
) -> None:
    contest, vectors = contest_of(pair_source(30, photos_each=(2, 1), trace=0.5, noise=noise))
    found = []
    for sparse in (0.0, 1.1):
        monkeypatch.setattr(rivals, "SPARSE", sparse)
        found.append(Permutation(60, 5, 64).figures(contest, vectors, MEASURES).figures)
    np.testing.assert_array_equal(*found)


def plain_moves(source: FakeSource, subjects: int) -> np.ndarray:
    """What the jackknife squares, by measuring without each subject: as ``Jackknife.moves``."""
    left = []
    for subject in range(subjects):
        kept = (source.photos["subject"] != f"s{subject:03}").to_numpy()
        vectors = {"none": source.vectors("none")[kept]}
        left.append(figures(replace(source, photos=source.photos.filter(kept), by_class=vectors)))
    moves = np.stack(left, axis=-1) - np.mean(left, axis=0)[..., None]
    scaled: np.ndarray = moves * np.sqrt((subjects - 1) / subjects)
    return scaled


@pytest.mark.usefixtures("drawn_together")
def test_the_jackknife_leaves_a_subject_out_as_query_and_as_distractor() -> None:
    source = pair_source(9, photos_each=(2, 1), trace=0.5, noise=1.0)
    contest, vectors = contest_of(source)
    permuted = Permutation(50, 0, 64).figures(contest, vectors, MEASURES)
    found = leave_subjects_out(contest, vectors, MEASURES, permuted, seed=1, memory_mb=64)
    moves = plain_moves(source, 9)
    np.testing.assert_allclose(found.moves[:, :, MEANS], moves[:, :, MEANS], atol=1e-9)


@pytest.mark.usefixtures("drawn_together")
def test_standard_errors_are_of_the_jackknife_of_data_and_of_data_with_exchanged_devices() -> None:
    source = pair_source(8, trace=0.5, noise=1.0)
    contest, vectors = contest_of(source)
    permuted = Permutation(50, 0, 64).figures(contest, vectors, MEASURES)
    found = leave_subjects_out(contest, vectors, MEASURES, permuted, seed=1, memory_mb=64)
    directions = every_direction(Exchanges.of(contest).random(20, 1))
    exchanged = []
    for at in range(20):
        changed = source
        for subject in np.flatnonzero(directions[at, 0] == 1):
            changed = relabelled(changed, f"s{subject:03}", SWAPPED)
        exchanged.append(plain_moves(changed, 8))

    def variance(moves: np.ndarray, measure: int, weights: tuple[float, float]) -> float:
        mean = np.einsum("dgs,g->s", moves[:, :, measure], weights) / 2
        return float((mean**2).sum())

    compared = 0
    for measure in MEANS:
        other = np.mean([variance(each, measure, (1, -1)) for each in exchanged])
        scatter = permuted.differences(measure, 1, [0, 1]).var()
        for weights in ((1.0, 0.0), (1.0, -1.0)):
            own = variance(plain_moves(source, 8), measure, weights)
            excess = max(0.0, other - scatter) / 2
            expected = max(own - excess, own / 2)
            if weights[1]:
                excess = max(0.0, own - other)
                expected = scatter + excess
            compared += excess > 0 and expected > own / 2
            error = found.standard_error(measure, np.array(weights), [0, 1])
            assert error == pytest.approx(np.sqrt(expected), abs=1e-9)
    assert compared > 2


def test_resamples_count_a_subject_as_often_as_it_is_drawn_among_as_many_rivals() -> None:
    contest, vectors = contest_of(pair_source(12, trace=0.5, noise=2.5))
    found = Resampling(20, 7, 64).medians(contest, vectors)
    tiles = Tiles.of(contest, vectors, 64)
    (found_rivals,) = tiles.across(tiles.subjects[0])
    rng = np.random.default_rng(7)
    for draw in range(20):
        counts = np.bincount(rng.integers(12, size=12), minlength=12)
        for z in range(2):
            rows = np.flatnonzero(contest.direction == z)
            for gallery, side in enumerate((z, 1 - z)):
                ahead = found_rivals.ahead[rows, side]
                drawn = counts[contest.subject[rows]]
                # 12 drawn, less the query's own copies, stand for its 11 rivals.
                ranks = np.repeat(1 + (ahead @ counts) * 11 / np.maximum(12 - drawn, 1), drawn)
                assert found[z, gallery, draw] == pytest.approx(np.median(ranks), rel=1e-6)


@pytest.mark.parametrize("drawn_together", [2048, 90, 4], indirect=True)
@pytest.mark.usefixtures("drawn_together")
def test_few_photos_of_the_longest_list_on_one_side_are_looked_at_in_full() -> None:
    """A strong trace keeps all of the most similar photos in one gallery."""
    source = pair_source(180, trace=4.0, noise=1.0)
    contest, vectors = contest_of(source)
    identity = Exchanges.of(contest).random(0, 0).with_identity()
    for mb in (1, 64):
        found = Permutation(1, 0, mb).arranged_figures(contest, vectors, MEASURES, identity)
        np.testing.assert_allclose(found[0], figures(source), atol=1e-9)


def test_a_subject_without_photos_by_two_types_is_not_left_out_between_these() -> None:
    types = ("a", "b", "c")
    source = pair_source(12, types=types, photos_each=(1, 1, 1), trace=0.5, noise=1.0)
    gone = ((pl.col("device_type") == "c") & (pl.col("subject") < "s004")) | (
        (pl.col("device_type") == "a") & (pl.col("subject") > "s008")
    )
    kept = source.photos.select(~gone).to_series().to_numpy()
    vectors = {"none": source.vectors("none")[kept]}
    every, vectors_of = contest_of(
        replace(source, photos=source.photos.filter(~gone), by_class=vectors)
    )
    one = contests(every.directions[:2], every.subjects, every.similarity[:2])[0, 1]
    found = []
    for contest in (every, one):
        permuted = Permutation(20, 0, 64).figures(contest, vectors_of, MEASURES)
        found.append(
            leave_subjects_out(contest, vectors_of, MEASURES, permuted, seed=1, memory_mb=64)
        )
    assert (len(every.names), len(one.names)) == (12, 9)
    moves = found[0].moves[:2][..., np.isin(every.names, one.names)]
    np.testing.assert_allclose(moves, found[1].moves, atol=1e-12)
    assert np.abs(found[1].moves).max() > 0.1


@pytest.mark.parametrize(
    ("photos_each", "subjects", "memory_mb", "beside"),
    [((1, 1), 600, 1, 0), ((5, 3), 300, 1, 5000), ((2, 1, 1), 100, 4, 20000), ((1, 1), 9, 64, 0)],
)
def test_tiles_take_every_query_to_every_subject_in_half_of_their_memory(
    photos_each: tuple[int, ...], subjects: int, memory_mb: int, beside: int
) -> None:
    types = ("a", "b", "c")[: len(photos_each)]
    source = pair_source(subjects, types=types, photos_each=photos_each, trace=0.5, noise=1.0)
    contest, vectors = contest_of(source)
    tiles = Tiles.of(contest, vectors, memory_mb, beside)
    looked_at = np.zeros((len(contest.photo), subjects), dtype=int)
    for rows in tiles.queries:
        for tile in tiles.along(rows):
            looked_at[tile.rows, tile.subjects] += 1
            cosines = 8 * max(photos_each) * tile.ahead.size
            held = tile.ahead.nbytes + tile.best.nbytes + cosines + 8 * beside * len(tile.ahead)
            assert held <= memory_mb * 2**19
    for part in tiles.subjects:
        for tile in tiles.across(part):
            looked_at[tile.rows, tile.subjects] += 10
    assert (looked_at == 11).all()
