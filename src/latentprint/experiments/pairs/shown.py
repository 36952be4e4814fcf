"""The pairs that a report shows: failures first, else the subjects that came nearest to one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from latentprint.words import Experiment

SUBJECTS = 24
"""Subjects that are recorded of every direction."""

_DIRECTION = ("query_device", "target_device")
_OF_QUERY = ("query", "target")


def shown_pairs(encoder: str, queries: pl.DataFrame) -> list[dict[str, Any]]:
    """Choose the pairs of every direction that tell most, as JSON values.

    Of a subject with several queries, the one with the smallest margin stands for it; margins that
    are not positive are failures, and come first.

    Args:
        encoder: Name of the encoder.
        queries: See ``PairsOutcome.queries``.

    Returns:
        For every direction ``query_device``, ``target_device``, ``setup`` (both in words),
        ``subjects`` (how many there are), and ``pairs``, each with its ``subject``; the photos
        ``query`` and ``target`` with ``…_path``; ``target_similarity``; and ``galleries``, each
        with ``gallery``, ``rank`` of the target, ``photos``, ``margin``, and the most similar
        ``distractor`` with ``…_path``, ``…_subject`` and ``…_similarity``.
    """
    return [
        {
            "experiment": Experiment.NEAR_DUPLICATE,
            "encoder": encoder,
            "attribute": "pairs",
            "setup": f"query {one}, target {other}",
            "query_device": one,
            "target_device": other,
            "subjects": found["subject"].n_unique(),
            "pairs": list(_pairs(found)),
        }
        for (one, other), found in queries.group_by(_DIRECTION, maintain_order=True)
    ]


def _pairs(queries: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """The pairs of one direction."""
    chosen = (
        queries.group_by("subject", "query")
        .agg(pl.col("margin").min())
        .sort("margin", "subject", "query")
        .unique("subject", keep="first", maintain_order=True)
        .head(SUBJECTS)
    )
    for name in chosen["query"]:
        rows = queries.filter(pl.col("query") == name).to_dicts()
        yield {
            "subject": rows[0]["subject"],
            **{key: value for role in _OF_QUERY for key, value in _photo(rows[0], role)},
            "target_similarity": rows[0]["target_similarity"],
            "galleries": [_gallery(row) for row in rows],
        }


def _gallery(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "gallery": row["gallery"],
        "rank": row["rank"],
        "photos": row["photos"],
        "margin": row["margin"],
        **dict(_photo(row, "distractor")),
        "distractor_subject": row["distractor_subject"],
        "distractor_similarity": row["distractor_similarity"],
    }


def _photo(row: dict[str, Any], role: str) -> Iterator[tuple[str, Any]]:
    yield role, row[role]
    yield f"{role}_path", row.get(f"{role}_path") or row[role]
