from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

from latentprint.errors import LatentprintError
from latentprint.report import write_report
from latentprint.report.cautions import cautions
from latentprint.report.curve_figure import curve_panels
from latentprint.report.inputs import read_run
from latentprint.report.neighbour_figure import neighbour_panels
from latentprint.report.photos_section import LIMIT, troubled
from latentprint.report.probe_figure import probe_panels
from latentprint.report.variance_figure import variance_panels
from tests.report.conftest import FIRST, SECOND, Maker

HOSTILE = "<script>alert("


def page_of(folder: Path, **options: str) -> str:
    return write_report(folder, **options).read_text(encoding="utf-8")


def test_the_page_is_one_file_with_plotly_once(make_run: Maker) -> None:
    page = write_report(make_run())
    text = page.read_text(encoding="utf-8")
    assert page.name == "report.html"
    assert text.count("* plotly.js v") == 1
    assert page.stat().st_size < 6_000_000
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=\"(?!data:)", text)


def test_names_of_encoders_and_photos_cannot_become_markup(make_run: Maker) -> None:
    text = page_of(make_run(), title=f'{HOSTILE}0)</script> "]]>')
    assert HOSTILE not in text
    assert "<b>file</b>" not in text
    assert "<b>anna</b>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert f"<title>{HOSTILE}" not in text


def test_figures_are_json_that_holds_no_markup(make_run: Maker) -> None:
    run = read_run(make_run())
    for panel in [
        *probe_panels(run.every_probe),
        *curve_panels(run.of("learning_curve")),
        *variance_panels(run.of("variance")),
        *neighbour_panels(run.neighbours),
    ]:
        assert not set("<>&") & set(panel.json)
        assert json.loads(panel.json)["layout"]["height"] > 0


def test_controls_are_no_encoders_of_the_user(make_run: Maker) -> None:
    run = read_run(make_run())
    assert {row["encoder"] for row in run.rows} == {FIRST, SECOND}
    assert ", untrained" in page_of(make_run())


def test_without_knn_the_reason_is_given(make_run: Maker) -> None:
    folder = make_run(neighbours=False)
    text = page_of(folder)
    assert "Not measured. The photos have no labels" in text
    assert 'id="figure-neighbours"' not in text
    assert any(
        each.startswith("kNN influence was left out:") for each in cautions(read_run(folder))
    )


def test_a_run_that_recorded_nothing_else_has_a_report(make_run: Maker) -> None:
    text = page_of(make_run(recorded=False))
    assert "<p>Not recorded.</p>" in text
    assert "The files of this run are not recorded." in text


def test_an_empty_result_table_has_a_report(make_run: Maker) -> None:
    folder = make_run(recorded=False)
    pl.read_parquet(folder / "results.parquet").clear().write_parquet(folder / "results.parquet")
    assert "holds no results of an encoder" in page_of(folder)


def test_no_result_table_is_an_error_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(LatentprintError, match=r"holds no results\.parquet"):
        write_report(tmp_path)


def test_every_caution_is_given(make_run: Maker) -> None:
    text = "\n".join(cautions(read_run(make_run())))
    for words in (
        "Few test photos: 300",
        "saved below quality 95",
        "both sides of the split: 2 groups",
        "3 photos are duplicates",
        "1 photo could not be read",
        "No floor was measured for Mine",
        "unstable between seeds",
    ):
        assert words in text


def test_verdict_and_notes_stand_beside_the_number(make_run: Maker) -> None:
    text = page_of(make_run())
    assert "not above the floor</span>" in text
    assert "Check: unstable between seeds" in text


def test_a_long_list_of_broken_photos_is_cut(make_run: Maker) -> None:
    folder = make_run()
    rows = [{"id": f"{index}.jpg", "status": "broken"} for index in range(LIMIT + 50)]
    pl.DataFrame(rows).write_csv(folder / "photos.csv")
    photos = read_run(folder).photos
    assert photos is not None
    found = troubled(photos)
    assert (len(found.rows), found.total) == (LIMIT, LIMIT + 50)
    text = page_of(folder)
    assert f"first {LIMIT} are shown; photos.csv lists every one" in text
    assert "None of the 0 readable JPEG files" in text


def test_an_empty_list_of_photos_is_not_recorded(make_run: Maker) -> None:
    folder = make_run()
    (folder / "photos.csv").write_text("")
    assert read_run(folder).photos is None
