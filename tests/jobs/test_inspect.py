"""Inspecting photos of stores: made-up vectors with known traces, and real pixels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from latentprint import Extraction, LatentprintError, UsageError, affected, inspect
from latentprint.embeddings import open_collection
from latentprint.inspection.calibrated import FOLDS, UNTOLD
from latentprint.inspection.parts import ALIKE_CONTENT, UNDECIDED
from latentprint.jobs.embedding import embed
from latentprint.jobs.erase import erase_fit
from latentprint.jobs.erase_fit import EraseOptions
from latentprint.jobs.erase_rows import EraseSources
from latentprint.jobs.inspected_store import open_inspected
from latentprint.jobs.photo_vectors import PhotoReader
from tests.embeddings.toy import ToyEncoder
from tests.inspection.made_up import SHARPENED, made_vectors, write_store
from tests.made_photos import made_photo

PHOTOS = 160


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made-up vectors with strong traces; two photos have the same pixels."""
    vectors = made_vectors(PHOTOS, 4, trace=1.0)
    vectors[:, 9] = vectors[:, 8]
    tables = {"format": "JPEG", "jpeg_quality": 90, "jpeg_subsampling": "4:2:0"}
    cameras = ({"make": "Nikon", "model": "D90"}, {"make": "Canon", "model": "Canon 5D"})
    facts: dict[int, dict[str, object]] = {
        at: {**tables, **cameras[at % 2]} for at in range(PHOTOS)
    }
    facts[9]["content"] = f"{8:032x}"
    labels = {"label": ["a" if at < 80 else "b" for at in range(PHOTOS)]}
    return write_store(
        tmp_path_factory.mktemp("made") / "store", vectors, labels=labels, facts=facts
    )


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos that were embedded by an encoder that can be loaded again."""
    folder = tmp_path_factory.mktemp("real")
    (folder / "photos").mkdir()
    for number in range(60):
        made_photo(40, 30, number).save(folder / "photos" / f"{number:02}.jpg", quality=93)
    made_photo(40, 30, 99).save(folder / "new.jpg", quality=93)
    made_photo(40, 30, 3).save(folder / "copy.png")
    Image.open(folder / "photos" / "03.jpg").save(folder / "same.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
    embed(
        folder / "photos", folder / "store", encoders=["pixels:colour"],
        attributes=["sharpening", "none"], extraction=Extraction(workers=0),
    )  # fmt: skip
    return folder


def test_a_photo_of_the_store_is_told_in_full(store: Path) -> None:
    found = inspect("photo00008.png", store=store)
    (photo,) = found.photos
    assert photo.stored == "photo00008.png"
    assert photo.copies == ("photo00009.png",)
    assert photo.label == "a"
    assert [each.about for each in photo.readings] == ["sharpening"]
    assert photo.readings[0].classes == (*SHARPENED, "none")
    assert sum(photo.readings[0].probabilities) == pytest.approx(1.0)
    assert photo.readings[0].shown
    assert [each.processing for each in photo.moved] == sorted(
        SHARPENED, key=lambda name: [m.similarity for m in photo.moved if m.processing == name]
    )
    before = [each for each in photo.neighbours if each.before is not None]
    assert [each.before for each in before] == list(range(1, 11))
    assert not {"photo00008.png", "photo00009.png"} & {each.id for each in photo.neighbours}
    assert all(each.same_class == (each.label == "a") for each in before)
    assert {"Nikon D90", "JPEG 90 4:2:0"} == set(photo.traces)
    assert photo.traces["Nikon D90"] == pytest.approx(79 / PHOTOS)
    assert found.eraser["rank"] == 3
    assert any("No eraser was named" in note for note in found.notes)
    assert found.level is not None


def test_traces_are_what_files_say_of_how_they_were_made(store: Path) -> None:
    photo = inspect("photo00003.png", store=store).photos[0]
    assert set(photo.traces) == {"Canon 5D", "JPEG 90 4:2:0"}
    for near in photo.neighbours:
        canon = int(near.id[5:10]) % 2 == 1
        assert ("Canon 5D" in near.same_traces) == canon
        assert "JPEG 90 4:2:0" in near.same_traces


def test_masked_photos_are_told(real: Path, tmp_path: Path) -> None:
    embed(
        real / "photos", tmp_path / "store", encoders=["pixels:colour"],
        attributes=["none"], extraction=Extraction(workers=0, mask=0.9),
    )  # fmt: skip
    found = inspect(real / "new.jpg", store=tmp_path / "store")
    assert any("90 % of the crop, was masked" in note for note in found.notes)
    assert found.photos[0].stored is None


def test_figures_are_those_of_a_slow_computation(store: Path) -> None:
    found = inspect("photo00020.png", store=store)
    source = open_collection(store)[0]
    plain = source.vectors("none")[:].astype(np.float64)
    plain /= np.linalg.norm(plain, axis=1, keepdims=True)
    cosines = plain @ plain[20]
    cosines[20] = -2.0
    best = np.argsort(-cosines, kind="stable")[:10]
    before = [each for each in found.photos[0].neighbours if each.before]
    assert [each.id for each in before] == [f"photo{at:05d}.png" for at in best]
    assert [each.similarity for each in before] == pytest.approx(cosines[best].tolist())
    for moved in found.photos[0].moved:
        other = source.vectors(moved.processing)[:].astype(np.float64)
        other /= np.linalg.norm(other, axis=1, keepdims=True)
        usual = (plain * other).sum(axis=1)
        assert moved.similarity == pytest.approx(usual[20])
        others = np.delete(usual, 20)
        assert moved.percentile == pytest.approx(100 * (others < usual[20]).mean(), abs=0.01)


def test_the_table_holds_every_figure(store: Path) -> None:
    found = inspect("photo00003.png", "photo00004.png", store=store)
    table = found.table
    assert set(table["part"]) == {"probe", "processing", "neighbour", "pair"}
    first = found.photos[0]
    probe = table.filter(pl.col("photo") == first.name, pl.col("part") == "probe")
    assert probe["value"].to_list() == list(first.readings[0].probabilities)
    assert probe["reference"].to_list() == [0.25] * 4
    assert table.filter(pl.col("part") == "pair")["said"][0] == found.pair.verdict  # type: ignore[union-attr]


def test_two_photos_are_alike_by_what_they_show(store: Path) -> None:
    pair = inspect("photo00008.png", "photo00009.png", store=store).pair
    assert pair is not None
    assert pair.verdict == ALIKE_CONTENT
    values = {each.name: each.value for each in pair.parts}
    assert values["content"] + values["made"] + values["mixed"] == pytest.approx(values["cosine"])
    assert values["erased"] == pytest.approx(1.0)
    rates = {each.name: each.rates for each in pair.parts if each.rates}
    assert set(rates) == {"erased", "made"}
    other = inspect("photo00008.png", "photo00100.png", store=store).pair
    assert other is not None
    assert other.verdict == UNDECIDED


def test_labels_are_read_where_they_are_asked_for(store: Path) -> None:
    found = inspect("photo00003.png", store=store, attributes=["make", "year"])
    assert [each.about for each in found.photos[0].readings] == ["sharpening", "make"]
    make = found.photos[0].readings[1]
    assert make.classes == ("Canon", "Nikon")
    assert make.word == UNTOLD  # the make is in no vector
    assert any("'year' cannot be read" in note for note in found.notes)


def test_a_given_eraser_is_used_and_named(store: Path, tmp_path: Path) -> None:
    erase_fit(EraseSources((store,)), EraseOptions(seed=1), tmp_path / "eraser")
    found = inspect("photo00003.png", store=store, eraser=tmp_path / "eraser")
    assert found.eraser["told"] == f"The eraser is {tmp_path / 'eraser'}."
    assert not found.notes


def test_a_second_call_fits_nothing_and_says_the_same(store: Path) -> None:
    steps: list[str] = []
    first = inspect("photo00003.png", store=store)
    again = inspect("photo00003.png", store=store, on_step=steps.append)
    assert first == again
    assert steps == []


def test_a_store_of_unprocessed_photos_says_what_it_can(tmp_path: Path) -> None:
    folder = write_store(tmp_path / "plain", made_vectors(60, 1, trace=0.0), attributes=())
    found = inspect("photo00003.png", "photo00004.png", store=folder)
    assert found.level is None
    assert found.photos[0].readings == ()
    assert found.photos[0].moved == ()
    assert len(found.photos[0].neighbours) == 10
    assert all(each.after is None for each in found.photos[0].neighbours)
    assert any("without erasure" in note for note in found.notes)
    assert found.pair is not None
    assert found.pair.reason
    with pytest.raises(LatentprintError, match="unprocessed photos alone"):
        affected(folder)


def test_a_store_without_unprocessed_photos_is_refused(tmp_path: Path, real: Path) -> None:
    embed(
        real / "photos", tmp_path / "store", encoders=["pixels:colour"],
        attributes=["sharpening"], extraction=Extraction(workers=0),
    )  # fmt: skip
    with pytest.raises(LatentprintError, match="holds no unprocessed photos"):
        inspect("00.jpg", store=tmp_path / "store")


def test_a_new_photo_is_embedded_as_those_of_the_store_were(real: Path) -> None:
    found = inspect(real / "new.jpg", store=real / "store")
    (photo,) = found.photos
    assert photo.stored is None
    assert photo.facts["jpeg_quality"] == 93
    assert any("was embedded" in note for note in photo.notes)
    embed(
        _alone(real), real / "alone", encoders=["pixels:colour"], attributes=["sharpening", "none"],
        extraction=Extraction(workers=0),
    )  # fmt: skip
    alone = open_collection(real / "alone")[0]
    plain = alone.vectors("none")[:].astype(np.float64)[0]
    for moved in photo.moved:
        other = alone.vectors(moved.processing)[:].astype(np.float64)[0]
        cosine = plain @ other / np.linalg.norm(plain) / np.linalg.norm(other)
        assert moved.similarity == pytest.approx(cosine, abs=1e-6)


def _alone(real: Path) -> Path:
    """A folder with the new photo alone."""
    folder = real / "one"
    folder.mkdir(exist_ok=True)
    (folder / "new.jpg").write_bytes((real / "new.jpg").read_bytes())
    return folder


def test_a_file_with_pixels_of_the_store_is_that_photo(real: Path) -> None:
    (photo,) = inspect(real / "same.png", store=real / "store").photos
    assert photo.stored == "03.jpg"
    assert photo.facts["format"] == "PNG"
    assert "03.jpg" not in {each.id for each in photo.neighbours}
    by_id = inspect("03.jpg", store=real / "store").photos[0]
    assert by_id.facts["format"] == "JPEG"
    assert by_id.readings == photo.readings
    assert by_id.moved == photo.moved


def test_a_near_duplicate_is_read_by_a_probe_that_never_saw_its_twin(real: Path) -> None:
    (photo,) = inspect(real / "copy.png", store=real / "store").photos
    assert photo.stored is None
    assert any("near-duplicate of 03.jpg" in note for note in photo.notes)


@pytest.mark.parametrize(
    ("photo", "message"),
    [
        ("nowhere.jpg", "There is no photo nowhere.jpg"),
        ("broken.jpg", "cannot be used"),
    ],
)
def test_photos_that_cannot_be_used_are_one_sentence(
    real: Path, monkeypatch: pytest.MonkeyPatch, photo: str, message: str
) -> None:
    monkeypatch.chdir(real)
    with pytest.raises(LatentprintError, match=message):
        inspect(photo, store=real / "store")


def test_an_encoder_that_cannot_be_rebuilt_is_one_sentence(store: Path, real: Path) -> None:
    with pytest.raises(LatentprintError, match="cannot be rebuilt"):
        inspect(real / "new.jpg", store=store)
    with pytest.raises(LatentprintError, match="is not the one of the store"):
        inspect(real / "new.jpg", store=real / "store", encoder=ToyEncoder())


def test_a_store_of_an_encoder_object_takes_that_object(real: Path, tmp_path: Path) -> None:
    encoder = ToyEncoder()
    embed(
        real / "photos", tmp_path / "store", encoders=[encoder],
        attributes=["sharpening", "none"], extraction=Extraction(workers=0),
    )  # fmt: skip
    with pytest.raises(LatentprintError, match="cannot be rebuilt"):
        inspect(real / "new.jpg", store=tmp_path / "store")
    found = inspect(real / "new.jpg", store=tmp_path / "store", encoder=encoder)
    assert found.photos[0].stored is None
    encoder.weights = encoder.weights + 1.0  # the same name and identity, another encoder
    with pytest.raises(LatentprintError, match="is not the one that"):
        inspect(real / "new.jpg", store=tmp_path / "store", encoder=encoder)


def test_the_page_and_its_json_are_written(store: Path, tmp_path: Path) -> None:
    found = inspect("photo00003.png", "photo00004.png", store=store, out=tmp_path / "out")
    assert found.page == tmp_path / "out" / "inspection.html"
    told = json.loads((tmp_path / "out" / "inspection.json").read_text())
    assert [each["name"] for each in told["photos"]] == ["photo00003.png", "photo00004.png"]
    assert told["pair"]["verdict"] == found.pair.verdict  # type: ignore[union-attr]


def test_affected_ranks_all_photos_and_keeps_tables(store: Path, tmp_path: Path) -> None:
    found = affected(store, top=5, out=tmp_path)
    assert found.table.height == PHOTOS
    assert found.table["left"].is_sorted(descending=True)
    assert found.unseen is not None
    assert found.unseen.photos == (~found.table["seen"]).sum()
    assert found.level.erased.value > found.level.random.value
    csv = pl.read_csv(tmp_path / "affected.csv")
    assert csv["id"].to_list() == found.table["id"].to_list()
    assert csv["neighbours_before"][0].split(" ") == found.table["neighbours_before"][0].to_list()
    assert pl.read_parquet(tmp_path / "affected.parquet").equals(found.table)
    assert len(json.loads((tmp_path / "affected.json").read_text())["photos"]) == 5
    assert affected(store).table.equals(found.table)


def test_an_eraser_of_another_dimension_is_refused(store: Path, tmp_path: Path) -> None:
    other = write_store(tmp_path / "other", made_vectors(40, 4, trace=1.0, dimension=20))
    erase_fit(EraseSources((other,)), EraseOptions(), tmp_path / "eraser")
    for call in (
        lambda: inspect("photo00003.png", store=store, eraser=tmp_path / "eraser"),
        lambda: affected(store, eraser=tmp_path / "eraser"),
    ):
        with pytest.raises(LatentprintError, match="for vectors of 20 dimensions"):
            call()


def test_wrong_names_are_told(store: Path) -> None:
    with pytest.raises(UsageError, match="no attribute or column 'maek'"):
        inspect("photo00003.png", store=store, attributes=["maek"])
    with pytest.raises(UsageError, match="lacks the class JPEG75_420"):
        inspect("photo00003.png", store=store, attributes=["jpeg"])
    with pytest.raises(UsageError, match="no column 'grup'"):
        inspect("photo00003.png", store=store, group="grup")
    with pytest.raises(UsageError, match="one photo or more"):
        affected(store, top=0)


def test_photos_and_their_near_duplicates_are_read_by_the_probe_that_never_saw_them(
    store: Path, real: Path
) -> None:
    for folder, asked, stored, column in (
        (store, "photo00011.png", "photo00011.png", None),
        (store, "photo00012.png", "photo00012.png", None),
        (real / "store", str(real / "copy.png"), "03.jpg", None),
        (real / "store", str(real / "copy.png"), "03.jpg", "path"),
        (real / "store", "17.jpg", "17.jpg", None),
    ):
        opened, _ = open_inspected(folder, None)
        (attribute,), _ = opened.attributes(())
        probe = opened.probe(attribute, column)
        group = opened.groups(column)[opened.ids.index(stored)]
        photo = PhotoReader(opened, opened.classes).read(asked)
        expected = probe.read(photo.versions[0], probe.fold_of[group])
        (found,) = inspect(asked, store=folder, group=column).photos[0].readings
        assert found == expected
        others = {
            probe.read(photo.versions[0], fold).probabilities
            for fold in range(FOLDS)
            if fold != probe.fold_of[group]
        }
        assert found.probabilities not in others


def test_probes_of_many_photos_take_a_part_of_them(
    store: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = write_store(tmp_path / "store", made_vectors(60, 4, trace=1.0))
    monkeypatch.setattr("latentprint.jobs.inspected_store.MOST_ITEMS", 160)
    opened, _ = open_inspected(folder, None)
    (attribute,), _ = opened.attributes(())
    assert opened.probe(attribute, None).photos == 40


def test_the_photo_that_the_eraser_saw_is_told(store: Path) -> None:
    opened, _ = open_inspected(store, None)
    saw = opened.erasing(None).saw
    assert len(saw) == pytest.approx(PHOTOS / 2, abs=2)
    inside = min(saw)
    outside = min(set(opened.ids) - saw)
    notes = [inspect(each, store=store).photos[0].notes for each in (inside, outside)]
    assert notes == [("The eraser was fitted on this photo, among others.",), ()]
