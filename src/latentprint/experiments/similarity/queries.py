"""Which photos are compared with which: labels, groups, and the queries among them."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.probes.labels import Labelled, label_photos
from latentprint.experiments.sampling import Asked, ask
from latentprint.experiments.similarity.options import QueryOptions
from latentprint.experiments.source import ROW

_NO_LABELS = (
    "semantic labels of at least two classes are needed. Put the photos of each class into a folder"
    " of its own, or name a column with --label (and its table with --metadata)."
)


@dataclass(frozen=True)
class Compared:
    """Photos in the order of their ids, so that no result depends on the order of files.

    Attributes:
        photos: The photos, with their ``row`` in the source [n].
        semantic: Semantic class of each, int64 [n].
        names: Names of the semantic classes.
        groups: What is left out together with a query: number of the group, int64 [n]; of the
            photo itself where groups may stay.
        metadata: Class of the metadata of each, int64 [n]; the semantic class where no column of
            metadata is named.
        values: Names of the classes of the metadata.
        notes: What was binned and left out.
    """

    photos: pl.DataFrame
    semantic: np.ndarray
    names: tuple[str, ...]
    groups: np.ndarray
    metadata: np.ndarray
    values: tuple[str, ...]
    notes: tuple[str, ...]


def sorted_photos(photos: pl.DataFrame) -> pl.DataFrame:
    """The photos by id, with their row in the source (``ROW``)."""
    return photos.with_row_index(ROW).sort("id")


def left_out_with(photos: pl.DataFrame, options: QueryOptions) -> np.ndarray:
    """A number for every photo; those of the query's number are not compared with it [n]."""
    if not options.exclude_group:
        return np.arange(len(photos))
    _, numbers = np.unique(photos["group"].to_numpy().astype(str), return_inverse=True)
    found: np.ndarray = numbers.astype(np.int64)
    return found


def labelled(
    photos: pl.DataFrame,
    options: QueryOptions,
    column: str | None = None,
    rule: str | None = None,
) -> Compared:
    """The photos that have a semantic label, and metadata where a column of these is named.

    Args:
        photos: All photos.
        options: How they are compared.
        column: Column of the metadata.
        rule: How its values become classes; see ``label_photos``.

    Raises:
        UsageError: There is no such column or query photo; the message holds the nearest name.
        LatentprintError: The label or the metadata have fewer than two values, or the query photo
            has none.
    """
    columns, by_id = photos.sort("id"), sorted_photos(photos)
    # A class is a name, even where it is written in digits.
    label = label_photos(columns, options.label, "values")
    _check(label, _NO_LABELS)
    metadata = label if column is None else label_photos(columns, column, rule)
    _check(metadata, "metadata that are the same or different need two values.")
    known = (label.codes >= 0) & (metadata.codes >= 0)
    what = " or ".join([options.label, *([column] if column else [])])
    if options.query is not None and not known[find_photo(by_id, options.query)]:
        raise LatentprintError(f"The photo {options.query!r} has no {what}: name another query.")
    kept, gone = by_id.filter(known), int((~known).sum())
    left_out = (f"photos without {what} left out: {gone}",) if gone else ()
    return Compared(
        kept,
        label.codes[known],
        label.classes,
        left_out_with(kept, options),
        metadata.codes[known],
        metadata.classes,
        (*dict.fromkeys((*label.notes, *metadata.notes)), *left_out),
    )


def _check(label: Labelled, need: str) -> None:
    if len(label.classes) < 2:
        found = f"only the value {label.classes[0]!r}" if label.classes else "no values"
        raise LatentprintError(f"The column {label.name!r} holds {found}: {need}")


def choose_queries(
    photos: pl.DataFrame, options: QueryOptions, candidates: np.ndarray, kind: str = "test photos"
) -> Asked:
    """The query photos, by their rows in the table.

    Args:
        photos: The photos by id [n].
        options: Which photo, or how many.
        candidates: The photos to choose from where no query is named, bool [n].
        kind: What these are called.

    Raises:
        UsageError: The query photo is not there; the message holds the nearest id.
        LatentprintError: There is no candidate.
    """
    if options.query is not None:
        return Asked(np.array([find_photo(photos, options.query)]), 1)
    rows = np.flatnonzero(candidates)
    if not len(rows):
        raise LatentprintError("There is no test photo with the labels that a query needs.")
    ids = photos["id"].gather(rows).to_list()
    asked = ask(ids, options.sample, options.seed, photos=len(photos), kind=kind)
    return replace(asked, rows=rows[asked.rows])


def find_photo(photos: pl.DataFrame, query: str) -> int:
    """The row of a photo in a table.

    Raises:
        UsageError: It is not there; the message holds the nearest id.
    """
    ids = photos["id"].to_list()
    if query in ids:
        return ids.index(query)
    near = difflib.get_close_matches(query, ids, n=1, cutoff=0.4)
    hint = f"Did you mean {near[0]!r}?" if near else f"Ids look like {ids[0]!r}."
    raise UsageError(f"There is no photo {query!r}. {hint}")
