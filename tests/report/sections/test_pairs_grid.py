"""Pairs of photos side by side."""

from __future__ import annotations

from pathlib import Path

from bs4 import BeautifulSoup

from latentprint.report.figures.figure import Figure
from latentprint.report.inputs import Run
from latentprint.report.sections.pairs_grid import SHOWN, SUBJECTS, pairs_grid_figure
from latentprint.words import PairGallery
from tests.report.made_runs import DEVICES, Made, many, pairs_run, run_of, write_photos
from tests.report.sections.soup import made


def pairs(root: Path | None = None, trace: float = 0.2) -> Run:
    return run_of(pairs_run(trace), root=root, photos=False)


def drawn(run: Run, *, pictures: bool = True) -> tuple[Figure, BeautifulSoup]:
    return made(pairs_grid_figure(run, pictures))


def test_pairs_stand_in_two_grids_in_the_same_order(tmp_path: Path) -> None:
    run = pairs(write_photos(tmp_path))
    _, soup = drawn(run)
    grids = soup.select(".pairs")
    assert len(grids) == 2
    titles = [each.get_text() for each in grids[0].select(".side-title")]
    assert titles == [f"Queries: {DEVICES[0]}", f"Targets: {DEVICES[1]}"]
    sides = [
        [str(each["data-pair"]) for each in side.select("button.photo")]
        for side in grids[0].select(".mosaic")
    ]
    assert sides[0] == sides[1] == [str(each) for each in range(SUBJECTS)]
    assert f"{SUBJECTS} of 30 subjects" in grids[0].get_text()


def test_a_failure_is_marked_and_told(tmp_path: Path) -> None:
    run = pairs(write_photos(tmp_path))
    _, soup = drawn(run)
    grid, record = soup.select(".pairs")[0], run.details[0]
    failed = [
        at
        for at, pair in enumerate(record["pairs"][:SUBJECTS])
        if any(each["rank"] > 1 for each in pair["galleries"])
    ]
    assert 0 < len(failed) < SUBJECTS
    wrong = grid.select(".mosaic:first-of-type button.photo.wrong")
    assert {int(str(each["data-pair"])) for each in wrong} == set(failed)
    worst = max(each["rank"] for each in record["pairs"][0]["galleries"])
    assert wrong[0].get_text(strip=True) == f"✗ {worst}"
    spoken = str(wrong[0]["aria-label"])
    pair = record["pairs"][0]
    assert spoken.startswith(f"Query {pair['query']}, {pair['subject']}")
    match = grid.select_one(".match")
    assert match is not None
    text = " ".join(match.get_text(" ").split())
    for gallery in pair["galleries"]:
        assert f"rank {gallery['rank']} of 30 where {gallery['gallery']}" in text
    assert {each["gallery"] for each in pair["galleries"]} <= set(PairGallery)


def test_pictures_can_be_left_out(tmp_path: Path) -> None:
    run = pairs(write_photos(tmp_path))
    with_them, without = (drawn(run, pictures=wanted)[1] for wanted in (True, False))
    assert with_them.select("image")
    assert not without.select("image, use, .sprite")
    assert "data:image" not in str(without)


def test_grids_are_as_many_as_there_is_room_for() -> None:
    figure, soup = drawn(run_of(many(8, (pairs_run,)), photos=False))
    assert len(soup.select(".pairs")) == SHOWN
    assert len(soup.select("optgroup")) == SHOWN
    assert f"{SHOWN} of 16 grids are shown" in figure.caption


def test_nothing_shown_makes_no_figure() -> None:
    assert pairs_grid_figure(run_of(Made(pairs_run(0.2).rows), photos=False)) is None
