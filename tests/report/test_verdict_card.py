"""The first screen of a report: verdicts and what to do, without scrolling."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from latentprint.report import write_report
from latentprint.report.inputs import Row
from latentprint.report.verdict_card import MOST, card_columns, card_html, what_to_do
from latentprint.report.wording import percent, points, span
from latentprint.words import Verdict
from tests.browser import accessibility_violations, opened, overflowing, sync_api
from tests.report.made_runs import (
    HOSTILE,
    everything,
    influence_run,
    many,
    pairs_run,
    probe_run,
    run_of,
    write_made,
)


def rows_of(html: str) -> list[list[str]]:
    soup = BeautifulSoup(html, "html.parser")
    return [
        [" ".join(cell.get_text(" ").split()) for cell in row.select("th, td")]
        for row in soup.select("tr")
    ]


def test_every_cell_has_a_word_a_value_and_an_interval() -> None:
    run = run_of(everything(0.5))
    head, carried, harm = rows_of(card_html(run))
    probe: Row = run.probes[0]
    influence = next(row for row in run.neighbours if row["setup"] == "influence")
    place = head.index("Sharpening")
    assert carried[0] == "Carries traces?"
    assert carried[place].startswith(f"{probe['verdict']} {percent(probe['value'])}")
    assert span(probe["low"], probe["high"]) in carried[place]
    assert f"chance {percent(probe['chance'])}" in carried[place]
    assert harm[0] == "Do they harm?"
    assert points(influence["value"]) in harm[place]
    assert f"{points(influence['low'])} to {points(influence['high'])}" in harm[place]


def test_what_nobody_measured_is_said() -> None:
    _, _, harm = rows_of(card_html(run_of(probe_run(0.5))))
    assert set(harm[1:]) == {"not measured"}
    _, carried, _ = rows_of(card_html(run_of(pairs_run(0.5))))
    assert carried[1:] == ["not measured"]


def test_the_strip_holds_all_published_encoders_and_says_where_this_one_is() -> None:
    run = run_of(probe_run(0.5))
    column = card_columns(run)[0]
    strip = column.carried.strip
    assert strip is not None
    assert 30 < len(strip.ticks) <= 47
    assert (min([*strip.ticks, *strip.marks]), max([*strip.ticks, *strip.marks])) == (0, 100)
    assert "of 47 published encoders reach less" in strip.spoken


def test_several_encoders_are_counted() -> None:
    run = run_of(many(5, (probe_run,)))
    column = card_columns(run)[0]
    probes = [row for row in run.probes if not row["setup"]]
    shown = sum(row["verdict"] == Verdict.CARRIED for row in probes)
    assert column.carried.word == f"carried: {shown} of 5"
    values = [row["value"] for row in probes]
    assert column.carried.value == f"{percent(min(values))} to {percent(max(values))}"


@pytest.mark.parametrize(
    ("trace", "begin", "command"),
    [
        (1.0, "Measure whether the traces do harm (sharpening", "latentprint influence"),
        (0.0, "", ""),
    ],
)
def test_what_to_do_follows_the_verdicts(trace: float, begin: str, command: str) -> None:
    todo = what_to_do(run_of(probe_run(trace)))
    assert todo.sentence.startswith(begin)
    assert todo.command.startswith(command)
    assert ("harm (" in todo.sentence) == (trace > 0)


def test_harm_that_was_shown_comes_first() -> None:
    run = run_of(everything(1.0))
    influence = next(row for row in run.neighbours if row["setup"] == "influence")
    assert influence["verdict"] == Verdict.CHANGE
    assert what_to_do(run).sentence.startswith("Process all photos alike")


def test_what_comes_from_a_run_is_escaped() -> None:
    html = card_html(run_of(influence_run(0.5, HOSTILE, "yours")))
    assert "<script" not in html


def test_no_card_where_there_is_nothing_to_say() -> None:
    run = run_of(probe_run(0.5))
    assert card_html(run_of([])) == ""
    assert len(card_columns(run)) <= MOST


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_first_screen_answers(
    browser: sync_api.Browser, tmp_path: Path, size: tuple[int, int], scheme: str
) -> None:
    page_file = write_report(write_made(everything(0.5), tmp_path / "run"))
    width, height = size
    options = {"viewport": {"width": width, "height": height}, "color_scheme": scheme}
    with opened(browser, page_file.as_uri(), **options) as (page, _):
        for part in (".verdicts table", ".todo"):
            box = page.locator(part).bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= height
        assert overflowing(page) == []
        assert [each for each in accessibility_violations(page) if "verdicts" in each] == []
