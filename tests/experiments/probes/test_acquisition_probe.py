"""Probes of labels: planted cameras are read, photographers are not mistaken for them."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.probes.acquisition_probe import probe_label
from latentprint.experiments.probes.options import Guards, ProbeOptions, ProbeQuestions
from latentprint.experiments.probes.steps import stored_probe_steps
from latentprint.experiments.source import Opened
from latentprint.photos import read_split_file
from latentprint.published import published
from latentprint.results import Result
from latentprint.verdicts import judged
from tests.experiments.fakes import FakeSource, camera_source, shuffled

BARE = ProbeOptions(fits=4, controls=False, curve=False, bootstrap=300)
BY_PERSON = Guards(group="photographer")


def verdict(row: Result) -> str:
    return judged([row])[0].verdict


def test_a_planted_camera_is_read() -> None:
    result = probe_label(camera_source(400, trace=1.0), "make", BARE, BY_PERSON).result
    assert verdict(result) == "carried"
    assert result.experiment == "acquisition_probe"
    assert result.chance == pytest.approx(100 / 3)
    assert result.classes == 3


def test_what_is_read_in_full_does_not_rise() -> None:
    source = camera_source(200, trace=40.0, makes=2)
    outcome = probe_label(source, "make", replace(BARE, curve=True, controls=True))
    assert {row.value for row in outcome.curve} == {100}
    assert outcome.result.rising is False
    assert outcome.result.container == 100
    assert "file facts alone read 100.0" in outcome.result.notes


def test_test_photos_of_one_class_tell_nothing() -> None:
    source = camera_source(80, trace=0.0, makes=2)
    one = (pl.col("split") == "train") | (pl.col("make") == "make 1")
    kept = source.photos.select(one).to_series().to_numpy()
    vectors = {"none": source.by_class["none"][kept]}
    half = replace(source, photos=source.photos.filter(kept), by_class=vectors, split_made=False)
    with pytest.raises(LatentprintError, match="test photos of at least two classes"):
        probe_label(half, "make", BARE)


def test_photographers_are_no_cameras() -> None:
    """Without a trace, habits alone give the camera away, unless people are kept apart."""
    source = camera_source(240, trace=0.0, per_person=20)
    leaky = probe_label(source, "make", BARE).result
    sound = probe_label(source, "make", BARE, BY_PERSON).result
    assert verdict(leaky) == "carried"
    assert verdict(sound) != "carried"
    assert sound.value < leaky.value - 20


def test_classes_are_balanced_and_capped() -> None:
    source = camera_source(400, trace=1.0)
    rare = source.photos.with_row_index().with_columns(
        make=pl.when((pl.col("make") == "make 2") & (pl.col("index") > 80))
        .then(pl.lit("make 1"))  # so that make 2 is rare
        .otherwise("make")
    )
    source.photos = rare.drop("index")
    outcome = probe_label(source, "make", BARE, BY_PERSON)
    least = rare["make"].value_counts()["count"].min()
    # Each repeat tests as many photos of every class as the rarest has.
    assert outcome.result.n_train == pytest.approx(3 * least * 0.8, abs=3)
    capped = probe_label(source, "make", BARE, replace(BY_PERSON, cap=1, min_count=5)).result
    assert "at most 1 photos of a group and month" in capped.notes
    assert capped.n_test < outcome.result.n_test


def test_numbers_are_binned_by_rule() -> None:
    source = camera_source(400, trace=1.0)
    result = probe_label(source, "iso", BARE, Guards(bins={"iso": "stops"})).result
    assert result.classes == 4
    assert verdict(result) != "carried"


def test_file_facts_are_told_apart_from_pixels() -> None:
    options = replace(BARE, controls=True)
    blind = probe_label(camera_source(300, trace=0.0), "make", options, BY_PERSON).result
    assert blind.container == pytest.approx(100, abs=1)
    assert "the encoder knows no more than the file tells" in blind.notes
    assert blind.permuted == pytest.approx(100 / 3, abs=12)


def test_a_given_split_is_kept() -> None:
    source = replace(camera_source(400, trace=1.0), split_made=False)
    result = probe_label(source, "make", BARE).result
    assert verdict(result) == "carried"
    assert result.n_test <= 200
    assert result.low < result.value < result.high
    source.photos = source.photos.with_columns(scene=pl.Series([f"s{i % 40}" for i in range(400)]))
    straddling = probe_label(source, "make", BARE, Guards(group="scene")).result
    assert "groups of photos on both sides of the split: 40" in straddling.notes


def split_file(source: FakeSource, folder: Path) -> Path:
    """The file of a split whose validation and test photos have one in common."""
    ids, makes = source.photos["id"].to_list(), source.photos["make"].to_list()
    parts = {"train": slice(0, 200), "val": slice(200, 300), "test": slice(299, 400)}
    content = {
        "target_attribute": "Make",
        "label_encoder_classes": ["make 0", "make 1", "make 2"],
        **{f"{side}_ids": [*ids[part], "gone"] for side, part in parts.items()},
        **{
            f"encoded_{side}_labels": [int(m[-1]) for m in [*makes[part], "make 0"]]
            for side, part in parts.items()
        },
    }
    file = folder / "split.json"
    file.write_text(json.dumps(content))
    return file


def test_a_split_file_of_the_study(tmp_path: Path) -> None:
    source = camera_source(400, trace=1.0)
    split = read_split_file(split_file(source, tmp_path))
    result = probe_label(source, "make", BARE, split=split).result
    assert verdict(result) == "carried"
    assert "on two sides, kept for testing only: " in result.notes
    assert "photos of the split that are not embedded: 1" in result.notes
    other = source.photos.with_columns(id=pl.lit("x") + pl.col("id"))
    with pytest.raises(LatentprintError, match="None of the photos of the split"):
        probe_label(replace(source, photos=other), "make", BARE, split=split)


@pytest.mark.parametrize("names", [(), ("make",), ("Make",)])
def test_a_split_file_says_which_label_it_is_of(names: tuple[str, ...], tmp_path: Path) -> None:
    source = camera_source(400, trace=1.0)
    file = split_file(source, tmp_path)
    # As the files of the study, which hold ids and nothing else.
    source.photos = source.photos.select("id", "label", "split", "group")
    asked = ProbeQuestions(names, file, options=BARE)
    (step,) = stored_probe_steps([Opened(source, ("none",))], asked)
    (row,) = step.ask().results
    assert (step.attribute, row.attribute) == ("make", "make")
    joined = published().filter(experiment=row.experiment, attribute=row.attribute, setup=row.setup)
    assert joined.height == 47
    assert joined["chance"].unique().to_list() == [pytest.approx(100 / 9)]
    wrong = ProbeQuestions(("id",), file, options=BARE)
    with pytest.raises(UsageError, match="for make, which -a id is not"):
        list(stored_probe_steps([Opened(source, ("none",))], wrong))


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Model", "model"),
        ("Smartphone Model", "smartphone_model"),
        ("Is Smartphone", "smartphone"),
        ("Exposure", "exposure_time"),
        ("Year", "year"),
    ],
)
def test_a_split_file_names_labels_otherwise_than_the_figures(
    theirs: str, ours: str, tmp_path: Path
) -> None:
    source = camera_source(400, trace=1.0)
    file = split_file(source, tmp_path)
    file.write_text(json.dumps({**json.loads(file.read_text()), "target_attribute": theirs}))
    (step,) = stored_probe_steps([Opened(source, ("none",))], ProbeQuestions((), file))
    assert step.attribute == ours


def class_source(n: int, *, trace: float, seed: int, classes: int = 4) -> FakeSource:
    """Photos of some subjects, each of which prefers one of two scanners."""
    rng = np.random.default_rng(seed)
    subject = rng.integers(classes, size=n)
    scanner = (rng.random(n) < np.linspace(0.1, 0.9, classes)[subject]).astype(int)
    vectors = 2 * rng.normal(size=(classes, 12))[subject] + rng.normal(size=(n, 12))
    vectors += trace * rng.normal(size=(2, 12))[scanner]
    photos = pl.DataFrame(
        {
            "id": [f"photo{i:04d}" for i in range(n)],
            "label": [f"class {i}" for i in subject],
            "split": ["train"] * (n // 2) + ["val"] * (n - n // 2),
            "group": [f"group{i:04d}" for i in range(n)],
            "scanner": [f"scanner {i}" for i in scanner],
        }
    )
    return FakeSource(photos, {"none": vectors.astype(np.float32)}, split_made=True)


def test_what_the_subject_alone_tells_is_not_claimed_within_classes() -> None:
    """Of 200 such sets none was claimed; the plain probe claims nine in ten."""
    found = {True: [], False: []}
    for within in found:
        for seed in range(5):
            source = class_source(200, trace=0.0, seed=seed)
            outcome = probe_label(source, "scanner", BARE, within_class=within)
            found[within].append(verdict(outcome.result))
    assert found[False].count("carried") >= 4
    assert "carried" not in found[True]


@pytest.mark.parametrize("made", [True, False])
def test_a_trace_within_classes_is_read(made: bool) -> None:
    source = replace(class_source(300, trace=1.0, seed=0), split_made=made)
    row = probe_label(source, "scanner", BARE, within_class=True).result
    assert verdict(row) == "carried"
    assert (row.setup, row.chance) == ("within class", 50.0)
    assert "within the classes that have every value: 4" in row.notes


def test_a_label_that_goes_with_the_class_is_not_probed_within() -> None:
    source = class_source(200, trace=1.0, seed=0)
    source.photos = source.photos.with_columns(scanner=pl.col("label"))
    with pytest.raises(LatentprintError, match="goes with the semantic class"):
        probe_label(source, "scanner", BARE, within_class=True)


def test_of_many_values_the_frequent_ones_are_compared_within_classes() -> None:
    source = class_source(300, trace=1.0, seed=0)
    rare = pl.int_range(pl.len()) % 10 == 0
    only = rare & (pl.col("label") == "class 0")
    named = pl.when(only).then(pl.lit("rare")).otherwise("scanner")
    source.photos = source.photos.with_columns(scanner=named)
    outcome = probe_label(source, "scanner", BARE, Guards(min_count=5), within_class=True)
    assert outcome.classes == ("scanner 0", "scanner 1")


def test_the_order_of_photos_does_not_matter() -> None:
    source = camera_source(160, trace=0.5)
    options = replace(BARE, controls=True, curve=True)
    straight = probe_label(source, "make", options, BY_PERSON)
    turned = probe_label(shuffled(source), "make", options, BY_PERSON)
    assert straight.result == turned.result
    assert straight.curve == turned.curve


def test_errors() -> None:
    source = camera_source(100, trace=0.5)
    with pytest.raises(UsageError, match="Did you mean 'make'"):
        probe_label(source, "maker", BARE)
    with pytest.raises(UsageError, match="Did you mean 'photographer'"):
        probe_label(source, "make", BARE, Guards(group="photographers"))
    with pytest.raises(LatentprintError, match="fewer than two classes"):
        probe_label(source, "make", BARE, Guards(min_count=99))
    with pytest.raises(LatentprintError, match="at least 5 groups"):
        probe_label(source, "make", BARE, Guards(group="make"))
    source.by_class = {"SHARPEN_2": np.ones((100, 4), np.float32)}
    source.vectors = lambda name: _missing(source.by_class, name)  # type: ignore[method-assign]
    with pytest.raises(LatentprintError, match="embed with `-a none`"):
        probe_label(source, "make", BARE)


def _missing(by_class: dict[str, np.ndarray], name: str) -> np.ndarray:
    if name not in by_class:
        raise LatentprintError(f"no {name}")
    return by_class[name]
