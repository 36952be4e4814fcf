"""What probes take each class for."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from latentprint.report.inputs import Run
from latentprint.report.report import compose
from latentprint.report.sections.confusion import FEW, SHOWN, WIDEST, confusion_figure
from latentprint.words import PROBES, Experiment
from tests.report.made_runs import HOSTILE, many, probe_run, run_of
from tests.report.sections.soup import downloaded, made, plot_data


@cache
def probes(number: int = 1) -> Run:
    found = probe_run(0.5, HOSTILE, "yours") if number == 1 else many(number, (probe_run,))
    return run_of(found, photos=False)


def changed(run: Run, **values: Any) -> Run:
    """The run with other values in its first record."""
    (first, *others) = run.details
    return replace(run, details=[{**first, **values}, *others])


def test_a_matrix_is_that_of_its_probe() -> None:
    run = probes()
    figure, soup = made(confusion_figure(run))
    record, row = run.details[0], run.every_probe[0]
    assert len(figure.panels) == len(run.details) == FEW
    plot = plot_data(soup)[0]["data"][0]
    shares = [[100 * share for share in line] for line in record["confusion"]]
    for drawn, measured in zip(plot["z"], shares, strict=True):
        assert drawn == pytest.approx(measured, abs=0.01)
    assert sum(record["per_class"]) / 3 == pytest.approx(row["value"])
    cells = figure.tables[0][1].rows
    assert [each[0] for each in cells] == record["classes"]
    assert [float(each[1]) for each in cells] == pytest.approx(record["per_class"], abs=0.05)


def test_a_class_without_photos_says_so() -> None:
    record = probes().details[0]
    confusion = [*record["confusion"][:2], [0.0] * 3]
    figure, soup = made(confusion_figure(changed(probes(), confusion=confusion)))
    plot = plot_data(soup)[0]["data"][0]
    assert plot["z"][2] == [None] * 3
    assert "not tested" in plot["hovertext"][2][0]
    assert figure.tables[0][1].rows[2][1:] == ("not tested", "–", "–", "–")


def test_many_matrices_are_chosen_from_and_each_has_its_table() -> None:
    figure, soup = made(confusion_figure(probes(3)))
    assert not figure.panels
    assert len(soup.select(".choice .plot")) == len(soup.select(".choice table")) == 12
    assert soup.select_one(".spoken") is not None
    assert len(downloaded(soup)) == 3 * (3 + 3 + 2 + 2)
    crowded, _ = made(confusion_figure(probes(47)))
    assert f"{SHOWN} of {4 * 47} matrices are shown" in crowded.caption


def test_sets_of_many_classes_have_accuracies_only() -> None:
    classes = WIDEST + 15
    run = replace(probes(), details=probes().details[:1])
    wide = changed(
        run,
        classes=[f"class {each}" for each in range(classes)],
        confusion=[[float(a == b) for a in range(classes)] for b in range(classes)],
        per_class=[100.0] * classes,
    )
    figure, soup = made(confusion_figure(wide))
    assert not figure.panels
    assert len(soup.select("tbody tr")) == classes
    assert [each.get_text() for each in soup.select("thead th")] == ["Class", "Accuracy"]


def test_hostile_class_names_are_text_in_the_plot() -> None:
    names = ["a", '<script>alert(4)</script> "]]>', "b"]
    _, soup = made(confusion_figure(changed(probes(), classes=names)))
    plot = plot_data(soup)[0]
    assert "&lt;script&gt;" in plot["data"][0]["hovertext"][1][0]
    assert all("<script" not in each for each in plot["layout"]["xaxis"]["ticktext"])
    assert "<script" not in str(plot)


def test_a_probe_without_a_matrix_is_left_out() -> None:
    run = probes()
    bare = replace(run, details=[each for each in run.details if each["experiment"] not in PROBES])
    assert confusion_figure(bare) is None


def test_matrices_stand_before_what_was_not_measured() -> None:
    every = probe_run(0.5)
    rows = [row for row in every.rows if row.experiment == Experiment.PROCESSING_PROBE]
    text = compose(run_of(replace(every, rows=rows), photos=False)).markdown
    assert text.index("confusion.html") < text.index("## Not measured")
    assert "Probes of acquisition labels" in text[text.index("## Not measured") :]
    assert "confusion.html" not in compose(run_of(rows, photos=False)).markdown
