"""Neighbours judged by class and nuisance, against loops over photos."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.stats import beta, norm, t

from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.neighbors.robustness import RobustnessOutcome, robustness
from latentprint.experiments.neighbors.robustness_options import (
    RobustnessOptions,
    RobustnessQuestions,
)
from latentprint.experiments.neighbors.robustness_steps import robustness_steps
from latentprint.experiments.source import Opened
from latentprint.results import Result
from latentprint.verdicts import judged
from latentprint.words import RobustnessMeasure
from tests.experiments.fakes import FakeSource, shuffled

N = 240
QUICK = RobustnessOptions(permutations=199, group="id")
INDEX, CLASS, NUISANCE = RobustnessMeasure


def of(outcome: RobustnessOutcome, condition: str = "") -> dict[str, Result]:
    """The rows that are tested; or those of one condition that are not."""
    return {
        row.setup: row
        for row in judged(outcome.results)
        if (row.p is None) == bool(condition) and row.condition in (condition or row.condition)
    }


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
        expected = {
            INDEX: 100 * so / (so + other),
            CLASS: 100 * same_class / (N * k),
            NUISANCE: 100 * same_make / (N * k),
        }
        rows = [row for row in outcome.results if row.k == k]
        assert [(row.setup, row.condition, row.p is None) for row in rows] == [
            (INDEX, "within class", False),
            (CLASS, "all photos", False),
            (NUISANCE, "within class", False),
            (INDEX, "all photos", True),
            (NUISANCE, "all photos", True),
        ]
        assert outcome.photos[k].select("so", "os").rows() == per_photo
        assert outcome.photos[k]["id"].to_list() == source.photos["id"].to_list()
        for row in rows:
            assert row.value == pytest.approx(expected[RobustnessMeasure(row.setup)])
            assert row.low < row.value < row.high


def grouped_source() -> FakeSource:
    """Photos of people who have a make, habits that show, and classes that go with the make."""
    rng = np.random.default_rng(4)
    source, person = made_up(), np.arange(N) // 3
    make = rng.integers(3, size=N // 3)[person]
    label = np.where(rng.random(N) < 0.7, make, rng.integers(3, size=N))
    habits = rng.normal(size=(N // 3, 16))[person]
    vectors = 0.7 * habits + rng.normal(size=(3, 16))[label] + 0.7 * rng.normal(size=(N, 16))
    source.by_class["none"] = vectors.astype(np.float32)
    source.photos = source.photos.with_columns(
        label=pl.Series([f"class{each}" for each in label]),
        make=pl.Series([f"make{each}" for each in make]),
    )
    return source


def plain_interval(
    above: np.ndarray, below: np.ndarray, rows: np.ndarray, group: np.ndarray
) -> tuple[float, float]:
    """Photos as queries and as neighbours, in loops; then Clopper and Pearson."""
    total = below.sum()
    share = above.sum() / total
    residuals = (above - share * below) / total
    own, listed = np.zeros(N), np.zeros(N)
    between: dict[tuple[int, int], list[float]] = {}
    for i, neighbours in enumerate(rows):
        for at, j in enumerate(neighbours):
            own[i] += residuals[i, at]
            if group[i] != group[j]:
                differing = residuals[i, at] - np.delete(residuals[i], at).mean()
                listed[j] += differing
                pair = between.setdefault(tuple(sorted((group[i], group[j]))), [0.0, 0.0])
                pair[0] += residuals[i, at]
                pair[1] += differing
    of_group = [(own[group == g].sum(), listed[group == g].sum()) for g in np.unique(group)]
    alone = sum(o * o for o, _ in of_group)
    more = sum((2 * o + x) * x for o, x in of_group) - sum(a * b for a, b in between.values())
    count = len(of_group)
    error = np.sqrt((alone + max(0.0, more)) * count / (count - 1))
    wider = t.ppf(0.975, count - 1) / norm.ppf(0.975)
    n = share * (1 - share) / (error * wider) ** 2
    hits, misses = share * n, (1 - share) * n
    return 100 * beta.ppf(0.025, hits, misses + 1), 100 * beta.ppf(0.975, hits + 1, misses)


@pytest.mark.parametrize("by", ["id", "group"])
def test_chance_and_intervals_equal_loops_over_pairs(by: str) -> None:
    source = grouped_source()
    options = replace(QUICK, ks=(5,), group=by, permutations=4999)
    outcome = robustness(source, "make", options=options)
    rows = np.array(plain_neighbours(source, 5, source.photos["id"].to_list()))
    label, make, group = (source.photos[name].to_numpy() for name in ("label", "make", by))
    codes = np.unique(group, return_inverse=True)[1]
    same_class, same_make = label[rows] == label[:, None], make[rows] == make[:, None]
    apart = codes[:, None] != codes

    def expected(labels: np.ndarray, strata: np.ndarray) -> np.ndarray:
        """How often photos of two strata share a label by chance; those of a group as they are."""
        found, alike = np.zeros((N, N)), labels[:, None] == labels
        for one in np.unique(strata):
            for other in np.unique(strata):
                pairs = (strata[:, None] == one) & (strata == other)
                found[pairs] = alike[pairs & apart].mean()
        inside = np.where(apart, found, alike)
        return np.take_along_axis(inside, rows, axis=1)

    within, over_all = expected(make, label), expected(label, np.zeros(N, dtype=int))
    so, os = (1 - within)[same_class].sum(), within[~same_class].sum()
    every = np.ones(rows.shape)
    either = same_class ^ same_make
    wanted = {
        INDEX: (so / (so + os), (same_class & ~same_make, either)),
        CLASS: (over_all.mean(), (same_class, every)),
        NUISANCE: (within.mean(), (same_make, every)),
    }
    for name, row in of(outcome).items():
        chance, parts = wanted[RobustnessMeasure(name)]
        assert row.chance == pytest.approx(100 * chance, abs=0.4)
        above, below = (each.astype(float) for each in parts)
        assert (row.low, row.high) == pytest.approx(plain_interval(above, below, rows, codes))


def test_the_index_falls_with_a_nuisance_of_two_values() -> None:
    source, two = made_up(0.0, 0.0), np.random.default_rng(1).integers(2, size=N)
    source.by_class["none"][:, 0] += 6.0 * two
    source.photos = source.photos.with_columns(make=pl.Series([f"make{each}" for each in two]))
    row = of(robustness(source, "make", options=replace(QUICK, permutations=999)))[INDEX]
    assert row.verdict == "neighbours follow the nuisance"


def test_photos_without_a_scene_may_be_neighbours() -> None:
    source = made_up()
    source.photos = source.photos.with_columns(scene=pl.lit(None, dtype=pl.String))
    apart = robustness(source, "make", options=replace(QUICK, exclude="scene"))
    assert apart.results == robustness(source, "make", options=QUICK).results


def test_order_and_memory_change_nothing() -> None:
    whole = robustness(made_up(), "make", options=QUICK)
    part = robustness(shuffled(made_up()), "make", options=replace(QUICK, memory_mb=1))
    assert whole.results == part.results
    assert all(whole.photos[k].equals(part.photos[k]) for k in whole.photos)


def test_a_blind_encoder_is_at_chance_and_a_camera_reader_is_not() -> None:
    # The p of 999 shuffles can fall to 0.001, below what three verdicts at a time need.
    options = replace(QUICK, permutations=999)
    blind = of(robustness(made_up(0.0, 0.0), "make", options=options))
    assert {name: row.verdict for name, row in blind.items()} == {
        INDEX: "not shown to follow the nuisance",
        CLASS: "not shown to follow the class",
        NUISANCE: "not shown to follow the nuisance",
    }
    reader = of(robustness(made_up(0.0, 3.0), "make", options=options))
    assert {name: row.verdict for name, row in reader.items()} == {
        INDEX: "neighbours follow the nuisance",
        CLASS: "not shown to follow the class",
        NUISANCE: "neighbours follow the nuisance",
    }
    assert reader[NUISANCE].value > 90
    # Expected of three makes and four classes that are about equally frequent.
    assert reader[NUISANCE].chance == pytest.approx(33.3, abs=2)
    assert reader[CLASS].chance == pytest.approx(25, abs=2)
    sound = of(robustness(made_up(3.0, 0.0), "make", options=options))
    assert sound[INDEX].value > 95
    assert sound[NUISANCE].verdict == "not shown to follow the nuisance"


def test_verdicts_on_nothing_are_rarely_wrong() -> None:
    wrong = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        source = made_up()
        source.by_class["none"] = rng.normal(size=(N, 16)).astype(np.float32)
        rows = of(robustness(source, "make", options=QUICK)).values()
        wrong += sum((row.p or 0.0) <= 0.05 for row in rows)
    # 5 % of 120, with three standard deviations.
    assert wrong <= 13


@pytest.mark.parametrize("group", ["person", "couple"])
def test_a_device_that_goes_with_the_class_is_no_trace(group: str) -> None:
    claimed = plain = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        # Two photos a person, of one class; a couple's are of two. Each class has its make.
        person = np.arange(N) // 2
        label = rng.integers(4, size=person.max() + 1)[person]
        own = rng.random(person.max() + 1)[person] < 0.8
        make = np.where(own, label, 9)
        habit = rng.normal(size=(person.max() + 1, 16))[person]
        centres = np.random.default_rng(99).normal(size=(4, 16))
        source = made_up()
        source.by_class["none"] = (centres[label] + 0.5 * habit).astype(np.float32)
        source.photos = source.photos.with_columns(
            label=pl.Series([f"class{each}" for each in label]),
            make=pl.Series([f"make{each}" for each in make]),
            person=pl.Series([f"p{each}" for each in person]),
            couple=pl.Series([f"c{each // 2}" for each in person]),
        )
        # A person's photos share everything: their own are no neighbours.
        options = replace(QUICK, exclude="person", group=group)
        outcome = robustness(source, "make", options=options)
        row, beside = of(outcome)[NUISANCE], of(outcome, "all photos")[NUISANCE]
        assert row.value == beside.value
        claimed += (row.p or 0.0) <= 0.05
        plain += beside.low > (beside.chance or 0.0) + 10
    assert plain == 20
    assert claimed <= 3


@pytest.mark.parametrize("span", [False, True])
def test_a_trace_is_seen_through_groups(span: bool) -> None:
    source = made_up(1.0, 1.0)
    # Groups within classes change places as a whole; those that span them get signs.
    by = "group" if span else "alike"
    alike = [f"{row['label']} {at // 12}" for at, row in enumerate(source.photos.to_dicts())]
    source.photos = source.photos.with_columns(alike=pl.Series(alike))
    rows = of(robustness(source, "make", options=replace(QUICK, group=by, permutations=999)))
    assert rows[NUISANCE].verdict == "neighbours follow the nuisance"
    assert rows[INDEX].verdict == "neighbours follow the nuisance"


def test_the_interval_counts_photos_as_neighbours_too() -> None:
    # A few photos are near everything: which make they have decides what is measured.
    values, widths = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        source = made_up()
        vectors = rng.normal(size=(N, 16))
        vectors[:6] = 0.1 * vectors[:6] + vectors[6:].mean(axis=0)
        make = ["common" if each < 0.7 else "rare" for each in rng.random(N)]
        source.by_class["none"] = vectors.astype(np.float32) + 2.0
        source.photos = source.photos.with_columns(make=pl.Series(make))
        row = of(robustness(source, "make", options=QUICK))[NUISANCE]
        values.append(row.value)
        widths.append(row.high - row.low)
    assert np.mean(widths) / 3.92 == pytest.approx(np.std(values), rel=0.35)


def test_neighbours_of_the_own_group_say_nothing() -> None:
    source = made_up()
    rng = np.random.default_rng(0)
    person = np.arange(N) // np.array([2, 4, 6])[np.arange(N) // 80]
    source.by_class["none"] = (
        rng.normal(size=(N, 16))[person] + 0.1 * rng.normal(size=(N, 16))
    ).astype(np.float32)
    source.photos = source.photos.with_columns(
        person=pl.Series([f"p{each}" for each in person]),
        make=pl.Series([f"make{each}" for each in rng.integers(3, size=N)[person]]),
    )
    row = of(robustness(source, "make", options=replace(QUICK, group="person", ks=(3,))))[NUISANCE]
    # A third by chance, and most of the rest are the person's own photos.
    assert row.value > 60
    assert row.chance == pytest.approx(row.value, abs=6)
    assert (row.p or 0.0) > 0.05


def test_groups_widen_the_interval() -> None:
    source = made_up()
    party = np.arange(N) // 12
    for vectors in source.by_class.values():
        vectors[:] += 2.0 * np.random.default_rng(3).normal(size=(20, 16))[party].astype(np.float32)
    source.photos = source.photos.with_columns(
        party=pl.Series([f"party{each}" for each in party]),
        make=pl.Series([f"make{each % 3}" for each in party]),
    )
    narrow = of(robustness(source, "make", options=QUICK))[CLASS]
    wide = of(robustness(source, "make", options=replace(QUICK, group="party")))[CLASS]
    assert wide.value == narrow.value
    assert wide.high - wide.low > 1.3 * (narrow.high - narrow.low)


def test_agreement_of_all_is_no_certainty() -> None:
    row = of(robustness(made_up(30.0, 0.0), "make", options=QUICK))[CLASS]
    # Clopper and Pearson: none of 240 leaves up to 1.5 %.
    assert (row.value, row.high) == (100, 100)
    assert row.low == pytest.approx(98.47, abs=0.01)


@pytest.mark.parametrize("content", [5.0, 20.0])
def test_chance_is_a_share(content: float) -> None:
    outcome = robustness(made_up(content), "make", options=replace(QUICK, permutations=499))
    assert all(0 <= (row.chance or 0.0) <= 100 for row in outcome.results)


def test_numbers_that_name_classes_are_names() -> None:
    source = made_up()
    rng = np.random.default_rng(0)
    source.photos = source.photos.with_columns(label=pl.Series(rng.integers(30, size=N)))
    named = source.photos.with_columns("n" + pl.col("label").cast(pl.String))
    numbered = robustness(source, "make", options=QUICK)
    source.photos = named
    text = robustness(source, "make", options=QUICK)
    assert of(numbered)[CLASS].classes == 30
    for one, other in zip(numbered.results, text.results, strict=True):
        assert one.value == other.value
    with pytest.raises(UsageError, match="nuisance with a rule of binning"):
        robustness(source, "make", options=replace(QUICK, bins=(("label", "quantiles:4"),)))


def test_numbers_become_quantiles_and_missing_labels_are_counted() -> None:
    source = made_up()
    iso = [None, *source.photos["iso"].to_list()[1:]]
    source.photos = source.photos.with_columns(iso=pl.Series(iso))
    row = of(robustness(source, "iso", options=QUICK))[NUISANCE]
    assert (row.classes, row.n_test) == (4, N - 1)
    assert row.notes == (
        "values of iso binned by quantiles:4 into 4 classes; photos without both labels left out: 1"
    )
    halves = replace(QUICK, bins=(("iso", "edges:100"),))
    assert of(robustness(source, "iso", options=halves))[NUISANCE].classes == 2


def test_a_rule_is_for_one_of_several_nuisances() -> None:
    halves = replace(QUICK, bins=(("iso", "edges:100"),))
    opened = [Opened(made_up(), ("none",))]
    asked = RobustnessQuestions(("make", "iso"), judging=halves)
    rows = [row for step in robustness_steps(opened, asked) for row in step.ask().results]
    classes = {row.attribute: row.classes for row in rows if row.setup == NUISANCE}
    assert classes == {"make": 3, "iso": 2}
    with pytest.raises(UsageError, match="'iso', which no --nuisance names"):
        list(robustness_steps(opened, replace(asked, nuisances=("make",))))


def test_no_index_where_neighbours_share_both() -> None:
    source = made_up()
    source.photos = source.photos.with_columns(make=pl.col("label"))
    rows = robustness(source, "make", options=QUICK).results
    assert [row.setup for row in rows] == [CLASS, NUISANCE, NUISANCE]


def test_errors() -> None:
    source = made_up()
    with pytest.raises(UsageError, match="Did you mean 'make'"):
        robustness(source, "mke", options=QUICK)
    with pytest.raises(UsageError, match="Did you mean 'group'"):
        robustness(source, "make", options=replace(QUICK, exclude="grop"))
    with pytest.raises(UsageError, match="name two columns"):
        robustness(source, "label", options=QUICK)
    with pytest.raises(LatentprintError, match=r"'photo000' are fewer \(237\)") as beyond:
        robustness(source, "make", options=replace(QUICK, exclude="group", ks=(238,)))
    assert not isinstance(beyond.value, UsageError)
    with pytest.raises(UsageError, match="at least 1"):
        robustness(source, "make", options=replace(QUICK, ks=()))
    source.by_class["none"][7] = np.nan
    with pytest.raises(LatentprintError, match="photo 'photo007' is not finite"):
        robustness(source, "make", options=QUICK)
    source.photos = source.photos.with_columns(make=pl.lit(None, dtype=pl.String))
    with pytest.raises(LatentprintError, match="No photo has both 'label' and 'make'"):
        robustness(source, "make", options=QUICK)
    source.photos = source.photos.with_columns(make=pl.lit("one"))
    with pytest.raises(LatentprintError, match="fewer than two values of 'make'"):
        robustness(source, "make", options=QUICK)
