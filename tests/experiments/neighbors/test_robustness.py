"""Neighbours judged by class and nuisance, against loops over photos."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.neighbors.robustness import RobustnessOptions, robustness
from tests.experiments.fakes import FakeSource, shuffled

N = 240
QUICK = RobustnessOptions(permutations=80, bootstrap=200)


def made_up(content: float = 1.0, trace: float = 1.0, *, copies: int = 0) -> FakeSource:
    rng = np.random.default_rng(0)
    label, make = rng.integers(4, size=N), rng.integers(3, size=N)
    centres, shifts = rng.normal(size=(4, 16)), rng.normal(size=(3, 16))
    vectors = content * centres[label] + trace * shifts[make] + rng.normal(size=(N, 16))
    vectors[10 : 10 + copies] = vectors[10]
    photos = pl.DataFrame(
        {
            "id": [f"photo{at:03d}" for at in range(N)],
            "label": [f"class{each}" for each in label],
            "split": ["train", "val"] * (N // 2),
            "group": [f"person{at // 3}" for at in range(N)],
            "make": [f"make{each}" for each in make],
            "row": ["of a table"] * N,
            "iso": (100 * 2.0 ** rng.normal(size=N)).tolist(),
        }
    )
    return FakeSource(photos, {"none": vectors.astype(np.float32)})


def plain_neighbours(source: FakeSource, k: int, exclude: list[str]) -> list[list[int]]:
    unit = source.vectors("none").astype(float)
    unit = (unit / np.linalg.norm(unit, axis=1, keepdims=True)).astype(np.float32).astype(float)
    found = []
    for at, vector in enumerate(unit):
        similarity = np.rint(unit @ vector * 2**40)
        allowed = [j for j in range(N) if j != at and exclude[j] != exclude[at]]
        found.append(sorted(allowed, key=lambda j: (-similarity[j], j))[:k])
    return found


@pytest.mark.parametrize("exclude", [None, "group"])
@pytest.mark.parametrize("copies", [5, 90])
def test_counts_and_values_equal_a_loop(exclude: str | None, copies: int) -> None:
    source = made_up(copies=copies)
    options = replace(QUICK, ks=(1, 7), exclude=exclude)
    outcome = robustness(source, "make", options=options)
    label, make = source.photos["label"].to_list(), source.photos["make"].to_list()
    apart = source.photos[exclude or "id"].to_list()
    for k in (1, 7):
        so = other = same_class = same_make = 0
        per_photo = []
        for at, neighbours in enumerate(plain_neighbours(source, k, apart)):
            pairs = [(label[j] == label[at], make[j] == make[at]) for j in neighbours]
            per_photo.append(
                (sum(c and not m for c, m in pairs), sum(m and not c for c, m in pairs))
            )
            so += per_photo[-1][0]
            other += per_photo[-1][1]
            same_class += sum(c for c, _ in pairs)
            same_make += sum(m for _, m in pairs)
        rows = {row.setup: row for row in outcome.results if row.k == k}
        assert list(rows) == ["robustness index", "class purity", "nuisance purity"]
        assert rows["robustness index"].value == pytest.approx(100 * so / (so + other))
        assert rows["class purity"].value == pytest.approx(100 * same_class / (N * k))
        assert rows["nuisance purity"].value == pytest.approx(100 * same_make / (N * k))
        assert outcome.photos[k].select("so", "os").rows() == per_photo
        assert outcome.photos[k]["id"].to_list() == source.photos["id"].to_list()
        assert all(row.low < row.value < row.high for row in rows.values())


def test_order_and_memory_change_nothing() -> None:
    whole = robustness(made_up(), "make", options=QUICK)
    part = robustness(shuffled(made_up()), "make", options=replace(QUICK, memory_mb=1))
    assert whole.results == part.results
    assert all(whole.photos[k].equals(part.photos[k]) for k in whole.photos)


def test_a_blind_encoder_is_at_chance_and_a_camera_reader_is_not() -> None:
    blind = robustness(made_up(0.0, 0.0), "make", options=QUICK).results
    assert [row.verdict for row in blind] == ["no difference from chance"] * 3
    index, classes, nuisance = robustness(made_up(0.0, 3.0), "make", options=QUICK).results
    assert (index.verdict, classes.verdict, nuisance.verdict) == (
        "below chance",
        "no difference from chance",
        "above chance",
    )
    assert nuisance.value > 90
    # Expected of three makes and four classes that are about equally frequent.
    assert nuisance.chance == pytest.approx(33.3, abs=2)
    assert classes.chance == pytest.approx(25, abs=2)
    sound = robustness(made_up(3.0, 0.0), "make", options=QUICK).results
    assert sound[0].value > 95
    assert sound[2].verdict == "no difference from chance"


def test_verdicts_on_nothing_are_rarely_wrong() -> None:
    wrong = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        source = made_up()
        source.by_class["none"] = rng.normal(size=(N, 16)).astype(np.float32)
        rows = robustness(source, "make", options=replace(QUICK, group="id", bootstrap=2)).results
        wrong += sum(row.verdict != "no difference from chance" for row in rows)
    # 5 % of 120, with three standard deviations.
    assert wrong <= 13


def test_shuffling_within_classes_keeps_what_classes_tell() -> None:
    source = made_up(3.0, 0.0)
    # Each class has a favourite make, which the encoder does not see.
    rng = np.random.default_rng(1)
    own = source.photos["label"].str.replace("class", "make").to_list()
    make = [own[at] if rng.random() < 0.8 else "make9" for at in range(N)]
    source.photos = source.photos.with_columns(make=pl.Series(make))
    for within, verdict in ((False, "above chance"), (True, "no difference from chance")):
        options = replace(QUICK, within_class=within)
        assert robustness(source, "make", options=options).results[2].verdict == verdict


def test_groups_widen_the_interval() -> None:
    source = made_up()
    source.photos = source.photos.with_columns(
        everyone=pl.Series([f"party{at // 30}" for at in range(N)])
    )
    narrow = robustness(source, "make", options=replace(QUICK, group="id")).results[2]
    wide = robustness(source, "make", options=replace(QUICK, group="everyone")).results[2]
    assert wide.value == narrow.value
    assert wide.low != narrow.low


def test_numbers_become_quantiles_and_missing_labels_are_counted() -> None:
    source = made_up()
    iso = [None, *source.photos["iso"].to_list()[1:]]
    source.photos = source.photos.with_columns(iso=pl.Series(iso))
    row = robustness(source, "iso", options=QUICK).results[2]
    assert (row.classes, row.n_test) == (4, N - 1)
    assert row.notes == "photos without both labels left out: 1"
    halves = replace(QUICK, bins=(("iso", "edges:100"),))
    assert robustness(source, "iso", options=halves).results[2].classes == 2


def test_no_index_where_neighbours_share_both() -> None:
    source = made_up()
    source.photos = source.photos.with_columns(make=pl.col("label"))
    assert [row.setup for row in robustness(source, "make", options=QUICK).results] == [
        "class purity",
        "nuisance purity",
    ]


def test_errors() -> None:
    source = made_up()
    with pytest.raises(UsageError, match="Did you mean 'make'"):
        robustness(source, "mke", options=QUICK)
    with pytest.raises(UsageError, match="Did you mean 'group'"):
        robustness(source, "make", options=replace(QUICK, exclude="grop"))
    with pytest.raises(UsageError, match="name two columns"):
        robustness(source, "label", options=QUICK)
    with pytest.raises(UsageError, match="'photo000' has only 237 photos"):
        robustness(source, "make", options=replace(QUICK, exclude="group", ks=(238,)))
    with pytest.raises(UsageError, match="at least 1"):
        robustness(source, "make", options=replace(QUICK, ks=()))
    source.by_class["none"][7] = np.nan
    with pytest.raises(LatentprintError, match="photo 'photo007' is not finite"):
        robustness(source, "make", options=QUICK)
    source.photos = source.photos.with_columns(make=pl.lit("one"))
    with pytest.raises(LatentprintError, match="fewer than two values of 'make'"):
        robustness(source, "make", options=QUICK)
