"""Which photos are queries, targets and distractors when subjects were photographed twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import polars as pl

from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.experiments.probes.guards import shuffle_order
from latentprint.experiments.sampling import PURPOSE, Asked, most_asked
from latentprint.experiments.source import ROW

# What a manifest says of itself counts before the label that every store has from EXIF.
DEVICE_COLUMNS = ("camera_type", "device_type")
"""Where the type of device stands, the first column that there is."""

_SHOWN = 5
_FEWEST = 2


@dataclass(frozen=True)
class PairDirection:
    """Queries by one type of device whose targets are by another.

    Rows are those of ``PairDesign.photos``. The two sets of distractors hold as many photos of
    every subject: the first by id, where a subject has more by one type than by the other.

    Attributes:
        query_type: Type of device of the queries.
        target_type: Type of device of the targets.
        queries: Rows of the queries, int64 [Q].
        targets: Rows of all photos that are the target of a query, int64 [T].
        query_side: Rows of the photos by ``query_type`` that distract, int64 [M].
        target_side: Rows of the photos by ``target_type`` that distract, int64 [M].
    """

    query_type: str
    target_type: str
    queries: np.ndarray
    targets: np.ndarray
    query_side: np.ndarray
    target_side: np.ndarray


@dataclass(frozen=True)
class PairDesign:
    """The photos that take part, and their roles.

    Attributes:
        photos: The photos by id, with the columns ``row`` (in the source), ``id``, ``subject``,
            ``device_type`` and, where known, ``path``.
        subjects: Number of every photo's subject, int64 [n].
        directions: Every ordered pair of types of device that two subjects or more share.
        notes: What was left out.
        asked: The photos that are queries, where those of some subjects alone are; else None.
    """

    photos: pl.DataFrame
    subjects: np.ndarray
    directions: tuple[PairDirection, ...]
    notes: tuple[str, ...]
    asked: Asked | None = None


def design_pairs(
    photos: pl.DataFrame,
    *,
    subject: str = "subject",
    device: str | None = None,
    drop_incomplete: bool = False,
) -> PairDesign:
    """Give every photo its roles.

    For an ordered pair of types of device (query, target) the subjects with photos by both take
    part. Each of their photos by the first type is a query; its targets are all photos of its
    subject by the second.

    Args:
        photos: One row for every photo, with a column ``id``.
        subject: Column that says what a photo shows.
        device: Column with the type of device; by default ``device_type`` or ``camera_type``.
        drop_incomplete: Leave out photos without a subject or a type of device, and subjects with
            photos by one type only, instead of refusing them.

    Raises:
        UsageError: There is no such column.
        LatentprintError: Photos or subjects are incomplete, or no two subjects share two types.
    """
    table, notes = _complete(_columns(photos, subject, device), drop_incomplete)
    codes = table["subject"].rank("dense").to_numpy().astype(np.int64) - 1
    types = table["device_type"].unique().sort().to_list()
    kind = table["device_type"].to_numpy()
    directions: list[PairDirection] = []
    few = []
    for first, second in combinations(types, 2):
        rows = [np.flatnonzero(kind == each) for each in (first, second)]
        both = np.intersect1d(codes[rows[0]], codes[rows[1]])
        if len(both) < 2:
            few.append(f"{first} and {second}")
            continue
        a, b = (each[np.isin(codes[each], both)] for each in rows)
        near, far = _as_many(a, b, codes)
        directions.append(PairDirection(first, second, a, b, near, far))
        directions.append(PairDirection(second, first, b, a, far, near))
    if not directions:
        raise LatentprintError(
            "Near-duplicate retrieval needs at least two subjects with photos by the same two types"
            f" of device; types there are: {len(types)} ({_some(types)}), subjects:"
            f" {table['subject'].n_unique()}."
        )
    if few:
        notes.append(f"types of device left out, which fewer than two subjects share: {_some(few)}")
    return PairDesign(table, codes, tuple(directions), tuple(notes))


def ask_some(design: PairDesign, sample: int | None, seed: int) -> PairDesign:
    """The same galleries with the photos of some subjects alone as queries.

    Devices are exchanged within subjects, so that these are drawn whole, by a hash of their names:
    as many as have no more photos than are asked, and two of every direction at the least.

    Args:
        design: The photos and their roles.
        sample: The most photos that are asked: 0 for all, None for what is usual.
        seed: Seeds the choice.

    Raises:
        UsageError: The sample is negative.
    """
    asked = np.unique(np.concatenate([each.queries for each in design.directions]))
    most = most_asked(sample, len(asked))
    if most >= len(asked):
        return design
    counts = np.bincount(design.subjects[asked])
    by_subject = design.photos.with_columns(number=design.subjects).unique("number").sort("number")
    order = shuffle_order(by_subject["subject"].to_list(), seed, PURPOSE)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    counts = np.pad(counts, (0, len(order) - len(counts)))
    chosen = np.zeros(len(order), dtype=bool)
    chosen[order[np.cumsum(counts[order]) <= most]] = True
    for each in design.directions:
        there = np.unique(design.subjects[each.queries])
        chosen[there[np.argsort(place[there])[:_FEWEST]]] = True
    directions = tuple(
        replace(each, queries=each.queries[chosen[design.subjects[each.queries]]])
        for each in design.directions
    )
    found = Asked(asked[chosen[design.subjects[asked]]], len(asked))
    return replace(design, directions=directions, notes=(found.note, *design.notes), asked=found)


def _columns(photos: pl.DataFrame, subject: str, device: str | None) -> pl.DataFrame:
    """The columns that are needed under our names, as text, sorted by id."""
    if device is None:
        device = next((each for each in DEVICE_COLUMNS if each in photos.columns), None)
    if device is None:
        raise UsageError(
            f"The photos have no column {' or '.join(DEVICE_COLUMNS)} that says by which type of"
            f" device each was taken: name one with --device-type ({', '.join(photos.columns)})."
        )
    for column in (subject, device):
        if column not in photos.columns:
            raise unknown_name("column", column, photos.columns)
        if photos.schema[column].is_nested():
            raise UsageError(f"The column {column!r} holds no plain values.")
    text = {"subject": subject, "device_type": device}
    kept = [ROW, "id", *(["path"] if "path" in photos.columns else [])]
    return (
        photos.with_row_index(ROW)
        .select(*kept, *(pl.col(old).cast(pl.String).alias(new) for new, old in text.items()))
        .with_columns(pl.col(*text).str.strip_chars().replace("", None))
        .sort("id")
    )


def _complete(table: pl.DataFrame, drop: bool) -> tuple[pl.DataFrame, list[str]]:
    """The photos of subjects with two types of device; the others are named."""
    blank = pl.col("subject").is_null() | pl.col("device_type").is_null()
    nameless = table.filter(blank)["id"].to_list()
    if nameless and not drop:
        raise LatentprintError(
            f"Photos without a subject or type of device: {len(nameless)} ({_some(nameless)}). Fill"
            " in the columns, or leave the photos out with --drop-incomplete."
        )
    table = table.filter(~blank)
    types = table.group_by("subject").agg(pl.col("device_type").n_unique()).sort("subject")
    lonely = types.filter(pl.col("device_type") < 2)["subject"].to_list()
    if lonely and len(lonely) < len(types) and not drop:
        raise LatentprintError(
            "Subjects without a readable photo by a second type of device:"
            f" {len(lonely)} of {len(types)} ({_some(lonely)}). Add the photos, or leave the"
            " subjects out with --drop-incomplete."
        )
    notes = [f"photos without a subject or type of device left out: {len(nameless)}"] * bool(
        nameless
    )
    if lonely and len(lonely) < len(types):
        notes.append(f"subjects with one type of device only left out: {len(lonely)}")
        table = table.filter(~pl.col("subject").is_in(lonely))
    return table, notes


def _as_many(a: np.ndarray, b: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first photos of every subject, as many from each of two lists of rows in rising order."""
    size = int(codes.max()) + 1
    counts = [np.bincount(codes[each], minlength=size) for each in (a, b)]
    least = np.minimum(*counts)
    first, second = (each[_place(codes[each]) < least[codes[each]]] for each in (a, b))
    return first, second


def _place(codes: np.ndarray) -> np.ndarray:
    """How many earlier entries have the same code, int64 [n]."""
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    place = np.empty(len(codes), dtype=np.int64)
    place[order] = np.arange(len(codes)) - np.searchsorted(ordered, ordered)
    return place


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
