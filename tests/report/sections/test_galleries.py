"""Neighbours as pictures."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from latentprint.report.figures.figure import Figure
from latentprint.report.inputs import Run
from latentprint.report.records import records_of
from latentprint.report.sections.galleries import SHOWN, gallery_figure
from latentprint.words import CONTROL, Experiment
from tests.report.made_runs import (
    HOSTILE,
    NET,
    PHOTOS,
    Made,
    influence_run,
    many,
    on_dataset,
    renamed,
    run_of,
    write_photos,
)
from tests.report.sections.soup import downloaded, made


def gallery_run(root: Path | None = None, number: int = 1) -> Run:
    found = influence_run(0.5) if number == 1 else many(number, (influence_run,))
    return run_of(found, root=root, photos=False)


def drawn(run: Run, *, pictures: bool = True) -> tuple[Figure, BeautifulSoup]:
    return made(gallery_figure(run, pictures))


def test_a_gallery_shows_ten_neighbours_in_every_set_up(tmp_path: Path) -> None:
    run = gallery_run(write_photos(tmp_path))
    records = records_of(run, Experiment.NEIGHBOUR_GALLERY)
    _, soup = drawn(run)
    shown = soup.select(".neighbours")
    assert len(shown) == len(records) == 2
    for gallery, record in zip(shown, records, strict=True):
        setups = gallery.select(".setup")
        titles = [each.select_one(".setup-title") for each in setups]
        assert [each.get_text() for each in titles if each] == [
            f"{each['setup']}: {sum(n['right'] for n in each['neighbours'][:10])} of 10 right"
            for each in record["setups"]
        ]
        for setup, recorded in zip(setups, record["setups"], strict=True):
            marks = [each.get_text(" ", strip=True) for each in setup.select(".judged")]
            told = {True: "✓ right", False: "✗ wrong"}
            assert marks == [told[each["right"]] for each in recorded["neighbours"][:10]]
            assert recorded["neighbours"][0]["processing"] in setup.get_text()
    assert soup.select("li.tile.wrong")


def test_few_training_photos_are_not_called_ten() -> None:
    run = gallery_run()
    # What others are drawn from is left as it is.
    run = replace(run, details=deepcopy(run.details))
    for most, told in ((6, "6 most similar training photos"), (1, "1 most similar training photo")):
        for record in records_of(run, Experiment.NEIGHBOUR_GALLERY):
            for setup in record["setups"]:
                del setup["neighbours"][most:]
        assert drawn(run)[0].caption.startswith(f"The {told} of a query")


def test_every_picture_is_embedded_once_and_told_in_words(tmp_path: Path) -> None:
    write_photos(tmp_path)
    run = gallery_run(tmp_path)
    (gone, *_) = run.details[-1]["setups"][0]["neighbours"]
    (tmp_path / gone["path"]).unlink()
    _, soup = drawn(run)
    images = [str(each["id"]) for each in soup.select("defs image")]
    assert 10 < len(images) == len(set(images)) < PHOTOS
    used = {str(each["href"]).removeprefix("#") for each in soup.select("use")}
    assert used == set(images)
    assert all(str(each["href"]).startswith("data:image/") for each in soup.select("image"))
    first = run.details[-2]["setups"][0]["neighbours"][0]
    told = [str(each["aria-label"]) for each in soup.select(".setup .picture")]
    assert told[0].startswith(f"Photo {first['id']}, {first['label']}, ")
    missing = soup.select(".picture.missing")
    assert missing
    assert all(each.get_text(strip=True) == "Picture not found" for each in missing)
    assert all("Picture not found" in str(each["aria-label"]) for each in missing)


def test_pictures_can_be_left_out(tmp_path: Path) -> None:
    run = gallery_run(write_photos(tmp_path))
    with_them, without = (drawn(run, pictures=wanted)[1] for wanted in (True, False))
    assert with_them.select("image")
    assert not without.select("image, use, .sprite")
    assert "data:image" not in str(without)
    assert without.select_one(".picture.missing")


def test_a_name_stands_once_where_there_is_no_picture() -> None:
    run = gallery_run()
    _, soup = drawn(run, pictures=False)
    tile = soup.select_one(".setup .tile")
    assert tile is not None
    (name, *_) = run.details[-2]["setups"][0]["neighbours"]
    assert tile.get_text(" ").count(name["id"]) <= 1
    assert tile.get_text(" ").count(name["path"]) <= 1


def test_joined_runs_read_each_picture_from_its_own_folder(tmp_path: Path) -> None:
    parts = []
    for name in ("first", "second"):
        root = write_photos(tmp_path / name)
        part = run_of(on_dataset(influence_run(0.5), name), root=root, photos=False)
        parts.append(replace(part, settings={**part.settings, "dataset": name}))
    single = len(drawn(parts[0])[1].select("defs image"))
    run = replace(
        parts[0],
        details=[each for part in parts for each in part.details],
        settings={},
        joined=tuple(parts),
    )
    _, soup = drawn(run)
    assert len(soup.select("defs image")) == 2 * single
    titles = [each.get_text() for each in soup.select(".choice-title")]
    assert sum("first" in each for each in titles) == sum("second" in each for each in titles) == 2


def test_galleries_are_as_many_of_every_encoder_as_there_is_room_for() -> None:
    figure, soup = drawn(gallery_run(number=8))
    groups = [str(each["label"]) for each in soup.select("optgroup")]
    assert len(groups) == 8
    assert len(soup.select(".neighbours")) == SHOWN
    assert f"{SHOWN} of 16 galleries are shown" in figure.caption


def test_the_download_of_a_gallery_holds_every_neighbour() -> None:
    run = gallery_run()
    _, soup = drawn(run)
    rows = downloaded(soup)
    records = records_of(run, Experiment.NEIGHBOUR_GALLERY)
    recorded = [each for record in records for setup in record["setups"]
                for each in setup["neighbours"]]  # fmt: skip
    assert [row["Neighbour"] for row in rows] == [each["id"] for each in recorded]
    assert [row["Right"] for row in rows] == ["yes" if each["right"] else "no" for each in recorded]
    assert float(rows[0]["Cosine similarity"]) == pytest.approx(recorded[0]["similarity"], abs=1e-4)


def test_controls_are_not_shown() -> None:
    own = influence_run(0.5)
    control = renamed(influence_run(0.0), "noise", CONTROL)
    rows = [replace(row, family=CONTROL) for row in control.rows]
    _, soup = drawn(run_of(own + Made(rows, control.details), photos=False))
    assert "noise" not in soup.get_text()
    assert NET in soup.get_text()


def test_hostile_names_are_text() -> None:
    found = deepcopy(renamed(influence_run(0.5), HOSTILE, "yours"))
    for record in found.details:
        for setup in record.get("setups", []):
            setup["neighbours"][0] |= {"id": HOSTILE, "label": HOSTILE}
    _, soup = drawn(run_of(found, photos=False))
    assert not soup.select("b, script:not([type='application/json'])")
    assert HOSTILE[:12] in soup.get_text()
