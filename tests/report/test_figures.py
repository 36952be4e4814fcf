"""Panels: what they hold, beside how they look."""

from __future__ import annotations

from dataclasses import asdict, replace

from latentprint.report.confusion import matrices
from latentprint.report.curve_figure import curve_panels
from latentprint.report.probe_figure import probe_panels
from latentprint.report.variance_figure import variance_panels
from tests.report.conftest import (
    CLASSES,
    FIRST,
    LABELS,
    curve_rows,
    details_of,
    label_row,
    paired_row,
    probe_row,
    variance_rows,
)


def traces(panel: object, group: str) -> list[dict[str, object]]:
    return [each for each in panel.data if each["legendgroup"] == group]  # type: ignore[attr-defined]


def test_bars_are_held_against_floor_ceiling_and_published_encoders() -> None:
    (panel,) = probe_panels([asdict(probe_row(FIRST, "jpeg"))])
    assert panel.title == "JPEG compression, 6 classes"
    assert traces(panel, "floor")[0]["x"] == [19.0]
    assert "the same network untrained" in str(traces(panel, "floor")[0]["hovertext"])
    assert traces(panel, "ceiling")[0]["x"] == [88.4]
    assert all(traces(panel, family) for family in ("CVL", "SUP", "SSL"))
    assert "31.4%, read" in panel.described


def test_the_hover_names_colour_statistics_as_the_floor() -> None:
    (panel,) = probe_panels([asdict(probe_row(FIRST, "resizing"))])
    assert "colour statistics, 39.7%" in str(traces(panel, "floor")[0]["hovertext"])


def test_paired_probes_have_no_published_context() -> None:
    (panel,) = probe_panels([asdict(paired_row(FIRST, "jpeg"))])
    assert not traces(panel, "CVL")
    assert panel.described.startswith("Paired probe accuracy")


def test_published_labels_have_context_and_own_labels_have_not() -> None:
    panels = probe_panels([asdict(label_row(FIRST, label)) for label in LABELS])
    assert [bool(traces(panel, "CVL")) for panel in panels] == [True, False, False]
    assert traces(panels[0], "container")[0]["x"] == [33.4]


def test_a_curve_needs_two_sizes() -> None:
    rows = [asdict(each) for each in curve_rows(probe_row(FIRST, "jpeg"))]
    (panel,) = curve_panels(rows[::-1])
    assert panel.data[0]["x"] == [88, 175, 350, 700]
    assert "with 88 training photos" in panel.described
    assert curve_panels(rows[:1]) == []


def test_shares_of_the_variance_are_stacked() -> None:
    (panel,) = variance_panels([asdict(each) for each in variance_rows(FIRST, "jpeg")])
    assert [each["x"] for each in panel.data] == [[0.8], [96.1], [3.1]]
    assert "processing 0.80%" in panel.described


def test_matrices_name_their_classes() -> None:
    row = label_row(FIRST, "make")
    found = matrices([details_of(row)], [asdict(row)])
    (matrix,) = found.shown
    assert matrix.classes == CLASSES["make"]
    assert matrix.cells[0][0].text == "41"
    assert matrix.accuracies[0].text == "41.2"


def test_large_sets_of_classes_have_accuracies_only() -> None:
    row = label_row(FIRST, "lens")
    (matrix,) = matrices([details_of(row)], [asdict(row)]).shown
    assert matrix.cells == []
    assert len(matrix.accuracies) == 30


def test_matrices_without_room_are_counted() -> None:
    rows = [label_row(FIRST, "make"), replace(label_row(FIRST, "make"), attribute="model")]
    found = matrices([details_of(row) for row in rows], [asdict(row) for row in rows], room=25)
    assert (len(found.shown), found.left_out) == (1, 1)


def test_a_class_that_was_never_tested_has_no_accuracy() -> None:
    row = label_row(FIRST, "make")
    detail = details_of(row)
    detail["confusion"][1] = [0.0] * 4
    (matrix,) = matrices([detail], [asdict(row)]).shown
    assert matrix.accuracies[1].text == "not tested"
