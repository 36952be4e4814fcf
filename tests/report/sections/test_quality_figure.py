"""How the files of a run were saved."""

from __future__ import annotations

from latentprint.report.sections.quality_figure import quality_figure
from tests.report.made_runs import Made, photo_rows, run_of


def test_quality_counts_every_jpeg_file() -> None:
    figure = quality_figure(run_of(Made()))
    assert figure is not None
    known = [row for row in photo_rows() if row.get("jpeg_quality")]
    assert sum(sum(each["y"]) for each in figure.panels[0].data) == len(known)
    assert [key.label for key in figure.keys] == ["4:4:4", "4:2:2", "4:2:0"]


def test_files_that_were_not_recorded_have_no_figure() -> None:
    assert quality_figure(run_of(Made(), photos=False)) is None
