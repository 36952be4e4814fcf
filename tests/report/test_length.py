"""How long a report is: words outside tables and figures, and pages of paper."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from latentprint.report import write_report
from tests.browser import opened, sync_api
from tests.report.made_runs import (
    ATTRIBUTE,
    Made,
    correlation_run,
    everything,
    influence_run,
    layers_run,
    many,
    probe_run,
    write_made,
)

ONE, MANY = 900, 1_800
"""The most words of a report on one encoder, and on many."""

PAGES = 12
"""The most pages of A4 of a report on one encoder, without tables that are closed."""


def audit() -> Made:
    """An audit of the four published attributes, each with traces of another strength."""
    made = Made()
    traces = {"jpeg": 0.5, "sharpening": 1.0, "resizing": 2.0, "interpolation": 0.2}
    for name, trace in traces.items():
        part = probe_run(trace) + influence_run(trace)
        made = made + Made(
            [
                replace(row, attribute=name)
                for row in part.rows
                if row.attribute == ATTRIBUTE and row.k in (None, 10)
            ],
            [
                {**each, "attribute": name}
                for each in part.details
                if each["attribute"] == ATTRIBUTE
            ],
        )
    return made


RUNS: dict[str, tuple[Callable[[], Made], int]] = {
    "every experiment": (lambda: everything(0.5) + layers_run() + correlation_run(0.6), ONE),
    "no trace": (lambda: everything(0.0) + layers_run() + correlation_run(0.0), ONE),
    "an audit": (audit, ONE),
    "five encoders": (lambda: many(5) + correlation_run(0.6), MANY),
    "47 encoders": (lambda: many(47), MANY),
    "50 encoders": (lambda: many(50) + correlation_run(0.6), MANY),
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The report of every run."""
    folder = tmp_path_factory.mktemp("length")
    return {
        name: write_report(write_made(made(), folder / name), folder / f"{name}.html")
        for name, (made, _) in RUNS.items()
    }


def words_of(page: Path) -> int:
    """Words that a reader may see outside tables and figures, folded ones too."""
    body = BeautifulSoup(page.read_text("utf-8"), "html.parser").main
    assert body is not None
    # The contents repeat the headings, and the list of references is a table of its own.
    for each in body.select("table, figure, script, style, pre, nav, .contents, .endnotes"):
        each.decompose()
    return len(re.findall(r"\S*\w\S*", body.get_text(" ")))


@pytest.mark.parametrize("name", RUNS)
def test_a_report_has_few_words(pages: dict[str, Path], name: str) -> None:
    assert words_of(pages[name]) <= RUNS[name][1]


@pytest.mark.parametrize("name", ["every experiment", "no trace", "an audit"])
def test_a_report_on_one_encoder_has_few_pages(
    browser: sync_api.Browser, pages: dict[str, Path], name: str
) -> None:
    with opened(browser, pages[name].as_uri()) as (page, _):
        printed = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) <= PAGES
