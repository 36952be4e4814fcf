"""The figures of an article, by the place in the text where they stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from latentprint.report.comparison_tables import (
    overtaken_table,
    pairs_table,
    robustness_table,
    stability_table,
)
from latentprint.report.confusion import confusion_figure
from latentprint.report.correlation_figure import correlation_figure
from latentprint.report.curve_figure import curve_figure
from latentprint.report.figure import Figure
from latentprint.report.galleries import gallery_figure
from latentprint.report.inputs import Run
from latentprint.report.layer_figure import layer_figure
from latentprint.report.neighbour_figure import influence_figure
from latentprint.report.pairs_figure import recall_figure
from latentprint.report.pairs_grid import pairs_grid_figure
from latentprint.report.probe_figure import probe_figures
from latentprint.report.quality_figure import quality_figure
from latentprint.report.risk import parts_with_files
from latentprint.report.similarity_figure import similarity_figure
from latentprint.report.table import Table
from latentprint.report.tables import complete_table
from latentprint.report.variance_figure import variance_figure


def figures(run: Run, *, pictures: bool) -> dict[str, list[Figure]]:
    """All figures of an article by their place; what was not measured has none.

    Args:
        run: What was measured.
        pictures: Whether small copies of photos are put in.
    """
    probes = {each.key: each for each in probe_figures(run)}
    found: dict[str, list[Figure | None]] = {
        "processing": [probes.get("processing")],
        "paired": [probes.get("paired")],
        "labels": [probes.get("labels")],
        "confusion": [confusion_figure(run)],
        "layers": [layer_figure(run)],
        "curves": [curve_figure(run)],
        "neighbours": [influence_figure(run)],
        "galleries": [gallery_figure(run, pictures)],
        "robustness": [_robustness(run)],
        "pairs": [recall_figure(run), pairs_grid_figure(run, pictures), _pairs(run)],
        "similarity": [similarity_figure(run)],
        "variance": [variance_figure(run)],
        "correlation": _numbered(correlation_figure(part) for part in run.parts),
        "quality": _numbered(quality_figure(part) for part in parts_with_files(run)),
        "stability": [_stability(run)],
        "results": [_results(run)],
    }
    kept = {name: [each for each in every if each] for name, every in found.items()}
    return {name: every for name, every in kept.items() if every}


def _numbered(figures: Iterable[Figure | None]) -> list[Figure | None]:
    """Figures of one kind with keys of their own, one for each run that has it."""
    kept = [each for each in figures if each]
    return [
        replace(each, key=f"{each.key}-{number}") if number > 1 else each
        for number, each in enumerate(kept, 1)
    ]


def _pairs(run: Run) -> Figure | None:
    return _table_figure(
        "pairs-numbers",
        "Recall, ranks and margins of near-duplicates, for every direction.",
        [("Recall, ranks and margins", pairs_table(run.of("near_duplicate")))],
    )


def _robustness(run: Run) -> Figure | None:
    rows = run.of("robustness")
    return _table_figure(
        "robustness",
        "What the nearest neighbours of every photo share.",
        [("Robustness index and purity", robustness_table(rows))],
    )


def _stability(run: Run) -> Figure | None:
    return _table_figure(
        "stability",
        "How far re-encoding moves a photo, beside its nearest other photo.",
        [
            (
                "Similarity to the own copy and to the nearest other photo",
                stability_table(run.of("stability")),
            ),
            ("Photos that another one overtakes", overtaken_table(run.details_of("stability"))),
        ],
    )


def _results(run: Run) -> Figure | None:
    return _table_figure(
        "results",
        "Every result, the controls included.",
        [("The result table", complete_table(run.table))],
    )


def _table_figure(key: str, caption: str, tables: list[tuple[str, Table]]) -> Figure | None:
    """A figure of tables alone."""
    kept = [(heading, table) for heading, table in tables if table.rows]
    return Figure(key, caption, tables=kept) if kept else None
