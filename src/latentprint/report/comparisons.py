"""What the page tells of similarity, stability, galleries, pairs, robustness and correlation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from latentprint.report.comparison_prose import (
    QUERY_GALLERY,
    TARGET_GALLERY,
    Setups,
    pairs_sentence,
    robustness_sentence,
    similarity_sentence,
    stability_sentence,
)
from latentprint.report.comparison_tables import (
    correlation_table,
    overtaken_table,
    pairs_table,
    robustness_table,
    similarity_table,
    stability_table,
)
from latentprint.report.correlation_figure import correlation_panel
from latentprint.report.failures import chosen_failures, failure, failure_paths
from latentprint.report.galleries import chosen_galleries, gallery, gallery_paths
from latentprint.report.inputs import Run, rows_by_setup
from latentprint.report.pairs_figure import pairs_panels, published_recalls, recalls
from latentprint.report.similarity_figure import STYLES, similarity_curves, similarity_panels
from latentprint.report.tables import Table
from latentprint.report.thumbnails import Thumbnail, thumbnails
from latentprint.report.wording import number

Pictures = Mapping[str, Thumbnail]
"""Thumbnails by path; empty where pictures are not wanted."""


def album(run: Run) -> dict[str, Thumbnail]:
    """Small copies of the photos that the page shows, failures first."""
    failures = failure_paths(chosen_failures(run.failures))
    galleries = gallery_paths(chosen_galleries(run.details_of("neighbour_gallery")))
    return thumbnails(run.root, [*failures, *galleries])


def comparisons(run: Run, pictures: Pictures) -> dict[str, Any]:
    """All that the template needs for these sections; what was not measured is empty."""
    return {
        "pictures": [each for each in pictures.values() if each.source],
        **_similarity(run),
        **_galleries(run, pictures),
        **_pairs(run, pictures),
        **_robustness(run),
        **_correlation(run),
    }


def _similarity(run: Run) -> dict[str, Any]:
    rows, details = run.of("similarity"), run.details_of("similarity")
    moved = run.of("stability")
    return {
        "similarity_table": similarity_table(rows, details),
        "similarity_sentences": _sentences(_by_attribute(rows), similarity_sentence),
        "similarity_panels": similarity_panels(details),
        "similarity_curves": [
            (name, " ".join(STYLES[index % len(STYLES)]))
            for index, name in enumerate(similarity_curves(details))
        ],
        "stability_table": stability_table(moved),
        "stability_sentences": _sentences(_by_attribute(moved), stability_sentence),
        "overtaken_table": overtaken_table(run.details_of("stability")),
    }


def _galleries(run: Run, pictures: Pictures) -> dict[str, Any]:
    every = run.details_of("neighbour_gallery")
    chosen = chosen_galleries(every)
    return {
        "galleries": [gallery(each, pictures) for each in chosen],
        "galleries_left_out": len(every) - len(chosen),
    }


def _pairs(run: Run, pictures: Pictures) -> dict[str, Any]:
    rows = run.of("near_duplicate")
    chosen = chosen_failures(run.failures)
    found = list(recalls(rows).values())
    compared = any(each["attribute"] == "recall@1" for setups in found for each in setups.values())
    return {
        "pairs_table": pairs_table(rows),
        "pairs_sentences": _sentences(found, pairs_sentence),
        "pairs_panels": pairs_panels(rows),
        "pairs_context": _context(compared),
        "failures": [failure(each, pictures) for each in chosen],
        "failures_left_out": len(run.failures) - len(chosen),
    }


def _context(compared: bool) -> Table:
    """The published recalls; empty where the run has none to compare."""
    published = published_recalls()
    rows = published.sort("family", "encoder").to_dicts() if compared else []
    return Table(
        "Published recall@1 in percent, PairCams",
        ("Encoder", "Family", "Distractors of the query's device", "Of the target's device"),
        [
            (row["encoder"], row["family"], number(row[QUERY_GALLERY]), number(row[TARGET_GALLERY]))
            for row in rows
        ],
        names=2,
    )


def _robustness(run: Run) -> dict[str, Any]:
    rows = run.of("robustness")
    found = rows_by_setup(rows, "encoder", "attribute", "k").values()
    return {
        "robustness_table": robustness_table(rows),
        "robustness_sentences": _sentences(found, robustness_sentence),
    }


def _correlation(run: Run) -> dict[str, Any]:
    if run.correlation is None:
        return {"correlation": None}
    return {
        "correlation": run.correlation,
        "correlation_panel": correlation_panel(run.correlation),
        "correlation_table": correlation_table(run.correlation),
    }


def _by_attribute(rows: list[dict[str, Any]]) -> Iterable[Setups]:
    return rows_by_setup(rows, "encoder", "attribute").values()


def _sentences(found: Iterable[Setups], tell: Callable[[Setups], str]) -> list[tuple[str, str]]:
    """A sentence for each encoder and attribute that allows one, with the encoder's name."""
    told = ((next(iter(setups.values()))["encoder"], tell(setups)) for setups in found)
    return [(encoder, sentence) for encoder, sentence in told if sentence]
