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
from tests.report.conftest import Large
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


ONE_ENCODER: dict[str, Callable[[], Made]] = {
    "every experiment": lambda: everything(0.5) + layers_run() + correlation_run(0.6),
    "no trace": lambda: everything(0.0) + layers_run() + correlation_run(0.0),
    "an audit": audit,
}


def report_on(made: Made, folder: Path) -> Path:
    return write_report(write_made(made, folder / "run"))


def words_of(page: Path) -> int:
    """Words that a reader may see outside tables and figures, folded ones too."""
    body = BeautifulSoup(page.read_text("utf-8"), "html.parser").main
    assert body is not None
    # The contents repeat the headings, and the list of references is a table of its own.
    for each in body.select("table, figure, script, style, pre, nav, .contents, .endnotes"):
        each.decompose()
    return len(re.findall(r"\S*\w\S*", body.get_text(" ")))


@pytest.mark.parametrize("name", ONE_ENCODER)
def test_a_report_on_one_encoder_has_few_words_and_pages(
    browser: sync_api.Browser, tmp_path: Path, name: str
) -> None:
    report = report_on(ONE_ENCODER[name](), tmp_path)
    assert words_of(report) <= ONE
    with opened(browser, report.as_uri()) as (page, _):
        printed = page.pdf(format="A4")
    assert 1 < len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) <= PAGES


def test_a_report_on_many_encoders_has_few_words(tmp_path: Path, large: Large) -> None:
    assert words_of(report_on(many(5) + correlation_run(0.6), tmp_path)) <= MANY
    assert words_of(large.page) <= MANY
