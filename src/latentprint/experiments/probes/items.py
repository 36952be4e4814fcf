"""What a probe is trained on and tested with: embeddings with a label, a photo and a group."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from latentprint.experiments.probes.copies import EqualVectors, group_equal_vectors
from latentprint.experiments.probes.guards import shuffle_labels
from latentprint.experiments.source import ROW, EmbeddingSource
from latentprint.experiments.vectors import rows_at_once, units
from latentprint.solvers import Features

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray

_ROUNDING = 1e-6


@dataclass(frozen=True)
class Items:
    """Embeddings that a probe tells apart; several may show the same photo [M].

    Attributes:
        features: The embeddings [M, D].
        labels: Class of each, int64 [M].
        photo: Which photo each shows, int64 [M].
        ids: Ids of the photos [n].
        groups: Group of each photo [n]; no group is both fitted and tested. Photos with equal
            vectors are in one, whatever group they came with.
        classes: Names of the classes [K].
        copies: Photos whose vector equals that of a photo of another given group.
        straddling: How many of these have a copy on another side of the split they came with.
    """

    features: Features
    labels: np.ndarray
    photo: np.ndarray
    ids: tuple[str, ...]
    groups: tuple[str, ...]
    classes: tuple[str, ...]
    copies: int = 0
    straddling: int = 0

    def groups_of(self, index: np.ndarray) -> list[str]:
        """The groups of some items [m]."""
        return [self.groups[at] for at in self.photo[index]]


def processed_items(
    source: EmbeddingSource,
    classes: Sequence[str],
    photos: pl.DataFrame,
    *,
    paired: bool,
    memory_mb: int,
) -> Items:
    """Every photo under every processing class; item ``i * P + p`` is photo i under class p.

    Args:
        source: Where the embeddings come from.
        classes: Names of the processing classes [P].
        photos: The photos, with their ``row`` in the source, ``id`` and ``group`` [n].
        paired: Subtract from each unit vector the mean of the photo's vectors over the classes.
        memory_mb: Embeddings that fit into it are read once and kept.

    Raises:
        LatentprintError: A vector is zero or not finite; the message names the photo.
    """
    n, p = len(photos), len(classes)
    parts = open_vectors(source, classes, photos, memory_mb)
    equal = group_equal_vectors(parts[0], photos["group"].to_list())
    if paired:
        parts = _paired(parts)
    part, photo = np.tile(np.arange(p), n), np.repeat(np.arange(n), p)
    return _items(Features(parts, part, photo), part, photo, photos, equal, classes)


def labelled_items(
    source: EmbeddingSource,
    processing: str,
    photos: pl.DataFrame,
    labels: np.ndarray,
    classes: Sequence[str],
    *,
    memory_mb: int,
) -> Items:
    """Every photo once, under one processing class, with a label of its own.

    Raises:
        LatentprintError: A vector is zero or not finite; the message names the photo.
    """
    n = len(photos)
    parts = open_vectors(source, [processing], photos, memory_mb)
    equal = group_equal_vectors(parts[0], photos["group"].to_list())
    features = Features(parts, np.zeros(n, dtype=np.int64), np.arange(n))
    return _items(features, labels, np.arange(n), photos, equal, classes)


def _items(
    features: Features,
    labels: np.ndarray,
    photo: np.ndarray,
    photos: pl.DataFrame,
    equal: EqualVectors,
    classes: Sequence[str],
) -> Items:
    sides: dict[str, set[str]] = {}
    for group, side, copy in zip(equal.groups, photos["split"], equal.copies, strict=True):
        if copy:
            sides.setdefault(group, set()).add(side)
    straddling = [
        group
        for group, copy in zip(equal.groups, equal.copies, strict=True)
        if copy and len(sides[group]) > 1
    ]
    return Items(
        features,
        labels,
        photo,
        tuple(photos["id"].to_list()),
        equal.groups,
        tuple(classes),
        copies=int(equal.copies.sum()),
        straddling=len(straddling),
    )


def permuted_classes(items: Items, seed: int) -> Items:
    """Shuffle the names of the classes for every photo on its own.

    What was "JPEG 75" of one photo is "JPEG 95" of another, in training and test alike: nothing is
    left to read.
    """
    names, k = len(items.ids), len(items.classes)
    keys = np.random.default_rng(seed).random((names, k))
    # The draw must follow the photo, not its place in the table.
    by_id = np.argsort(np.argsort(np.asarray(items.ids)))
    names_of = keys[by_id].argsort(axis=1)
    return replace(items, labels=names_of[items.photo, items.labels])


def permuted_labels(items: Items, seed: int) -> Items:
    """Give every group the labels of other groups (one item for every photo)."""
    return replace(items, labels=shuffle_labels(items.labels, items.groups, seed))


@dataclass(frozen=True)
class PairedArray:
    """Unit vectors of photos under one class minus the photo's mean over all classes [N, D].

    The sensitive measure for small sets: it takes away what the photos show. It answers whether
    the processing moves embeddings in a consistent direction, not whether it can be read off one
    photo.
    """

    parts: tuple[VectorArray, ...]
    at: int

    @property
    def shape(self) -> tuple[int, int]:
        """N photos, D dimensions."""
        n, dimensions = self.parts[self.at].shape
        return n, dimensions

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        return _moves([part[rows] for part in self.parts])[self.at]


def _moves(versions: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Photos under every class, as how far each class moves each photo, float32 [n, D] each."""
    unit = [units(each, range(len(each)), "paired") for each in versions]
    mean = np.mean(unit, axis=0)
    moves = []
    for each in unit:
        found = (each - mean).astype(np.float32)
        # What is below the precision of vectors is no move: a probe would read its last digits.
        found[np.linalg.norm(found, axis=1) < _ROUNDING] = 0.0
        moves.append(found)
    return moves


def _paired(parts: tuple[VectorArray, ...]) -> tuple[VectorArray, ...]:
    """The same minus the mean over the classes; what is in memory is overwritten."""
    kept = [each for each in parts if isinstance(each, np.ndarray)]
    if len(kept) < len(parts):
        return tuple(PairedArray(parts, each) for each in range(len(parts)))
    step = rows_at_once(kept[0].shape[1])
    for start in range(0, len(kept[0]), step):
        chunk = slice(start, start + step)
        for each, moves in zip(kept, _moves([each[chunk] for each in kept]), strict=True):
            each[chunk] = moves
    return parts


@dataclass(frozen=True)
class _Rows:
    """Some rows of an array that stays where it is."""

    array: VectorArray
    rows: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.rows), self.array.shape[1]

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        found: np.ndarray = np.asarray(self.array[self.rows[rows]])
        return found


def open_vectors(
    source: EmbeddingSource, classes: Sequence[str], photos: pl.DataFrame, memory_mb: int
) -> tuple[VectorArray, ...]:
    """Vectors of some photos under every class, checked; in memory if they fit [n, D] each.

    Raises:
        LatentprintError: A vector is zero or not finite; the message names the photo.
    """
    rows = photos[ROW].to_numpy().astype(np.int64)
    arrays = [_Rows(source.vectors(name), rows) for name in classes]
    fits = sum(4.0 * len(rows) * each.shape[1] for each in arrays) <= memory_mb * 2**20
    found: list[VectorArray] = []
    for name, array in zip(classes, arrays, strict=True):
        where = f"{source.encoder}, {name}"
        kept = np.empty(array.shape, dtype=np.float32) if fits else None
        step = rows_at_once(array.shape[1])
        for start in range(0, len(rows), step):
            chunk = np.asarray(array[slice(start, start + step)])
            units(chunk, photos["id"][start : start + step], where)
            if kept is not None:
                kept[start : start + len(chunk)] = chunk
        found.append(array if kept is None else kept)
    return tuple(found)


def left_beside(parts: Sequence[VectorArray], memory_mb: int) -> int:
    """Megabytes that are left of some memory beside the vectors that are kept in it."""
    kept = sum(each.nbytes for each in parts if isinstance(each, np.ndarray))
    return max(1, memory_mb - math.ceil(kept / 2**20))
