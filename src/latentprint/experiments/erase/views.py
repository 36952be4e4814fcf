"""Embeddings of some photos, erased or as they are, as every experiment asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from latentprint.embeddings.selection import OfWhole
from latentprint.erasure.apply import Application
from latentprint.erasure.eraser import LinearEraser
from latentprint.experiments.sampling import Asked, ask
from latentprint.experiments.source import EmbeddingSource
from latentprint.experiments.vectors import units
from latentprint.words import RANDOM_DIRECTIONS, Seen

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray

_NUMBERS_AT_ONCE = 2**21
"""Numbers of vectors that are read at once, so that sums do not depend on memory."""


@dataclass(frozen=True)
class ViewedRows:
    """Some rows of an array, erased where there is an eraser, read where they are indexed [n, D].

    Attributes:
        array: The vectors of all photos [N, D].
        rows: Which of them, int64 [n].
        ids: Ids of these photos [n], for messages.
        eraser: What they are erased by; None to leave them as they are.
    """

    array: VectorArray
    rows: np.ndarray
    ids: pl.Series
    eraser: LinearEraser | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """N photos, D dimensions."""
        return len(self.rows), int(self.array.shape[1])

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        found: np.ndarray = np.asarray(self.array[self.rows[rows]])
        if self.eraser is None:
            return found
        return Application(self.eraser, normalise=True)(found, self.ids[rows].to_list())


@dataclass(frozen=True)
class ViewedEmbeddings(OfWhole):
    """Some photos of a source, erased or not: an ``EmbeddingSource``.

    Attributes:
        whole: The embeddings of all photos.
        photos: The photos that are looked at, by rising id.
        rows: Their rows in ``whole``, int64 [n].
        eraser: What they are erased by; None to leave them as they are.
    """

    whole: EmbeddingSource
    photos: pl.DataFrame
    rows: np.ndarray
    eraser: LinearEraser | None = None

    @classmethod
    def of(cls, source: EmbeddingSource, kept: np.ndarray) -> ViewedEmbeddings:
        """Some photos as they are.

        Args:
            source: The embeddings of all photos.
            kept: Which are looked at, bool [N].
        """
        rows = source.photos["id"].arg_sort().to_numpy().astype(np.int64)
        rows = rows[kept[rows]]
        return cls(source, source.photos[rows], rows)

    def vectors(self, processing: str) -> ViewedRows:
        """The embeddings of these photos under one class, floats [n, D]."""
        return ViewedRows(self.whole.vectors(processing), self.rows, self.photos["id"], self.eraser)

    def blocks(
        self, classes: Sequence[str], order: np.ndarray, *, unit: bool
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The photos in some order, with their vectors under some classes, block by block.

        Args:
            classes: Names of the classes [P].
            order: Which photos, int64 [m].
            unit: Give vectors unit length.

        Yields:
            Photos, int64 [b], and their vectors, float64 [b, P, D].

        Raises:
            LatentprintError: A vector that is to have unit length is zero or not finite.
        """
        vectors = [self.vectors(name) for name in classes]
        size = max(1, _NUMBERS_AT_ONCE // (len(vectors) * vectors[0].shape[1]))
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            read = [np.asarray(each[rows], dtype=np.float64) for each in vectors]
            if unit:
                read = [units(each, self.photos["id"][rows], self.encoder) for each in read]
            yield rows, np.stack(read, axis=1)

    def labelled(self, **columns: pl.Series) -> ViewedEmbeddings:
        """The same with other columns of the table of photos."""
        return replace(self, photos=self.photos.with_columns(**columns))


@dataclass(frozen=True)
class Stages:
    """The same photos before and after erasure, none of which the eraser ever saw.

    Attributes:
        before: The photos as they are.
        eraser: The map.
        name: What it is called.
        seen: The classes that it was fitted on.
        classes: The processing classes that are there.
        sample: Most photos whose neighbours are asked: 0 for all, None for what is usual.
    """

    before: ViewedEmbeddings
    eraser: LinearEraser
    name: str
    seen: tuple[str, ...]
    classes: tuple[str, ...]
    sample: int | None = None

    @property
    def after(self) -> ViewedEmbeddings:
        """The photos erased."""
        return replace(self.before, eraser=self.eraser)

    @property
    def unit(self) -> bool:
        """Whether rows get unit length before they are erased, as those of the fit did."""
        return bool(self.eraser.about.get("unit_rows"))

    @property
    def photos(self) -> pl.DataFrame:
        """The photos, by rising id."""
        return self.before.photos

    @property
    def groups(self) -> list[str]:
        """Group of every photo [n]."""
        return [str(each) for each in self.photos["group"].to_list()]

    def groups_of(self, ids: Sequence[str]) -> list[str]:
        """Group of some photos, by their ids [m]."""
        given = self.photos.select("id", pl.col("group").cast(pl.String))
        named = pl.DataFrame({"id": ids}, schema={"id": pl.String})
        return named.join(given, on="id", how="left", maintain_order="left")["group"].to_list()

    def asked(self, seed: int) -> Asked:
        """The photos whose neighbours are asked."""
        return ask(self.photos["id"].to_list(), self.sample, seed)

    def knows(self, label: str) -> Seen:
        """Whether the eraser was fitted on a label of photos."""
        return Seen.SEEN if label in self.eraser.about.get("nuisance", ()) else Seen.UNSEEN

    def labelled(self, **columns: pl.Series) -> Stages:
        """The same with other columns of the table of photos."""
        return replace(self, before=self.before.labelled(**columns))

    def first(self, rank: int) -> Stages:
        """The same, erased in the first so many directions alone."""
        return replace(self, eraser=first_directions(self.eraser, rank))

    def at_random(self, seed: int) -> Stages:
        """The same, erased in as many random directions: a control that must not help."""
        return replace(self, eraser=random_directions(self, seed), name=RANDOM_DIRECTIONS)


def first_directions(eraser: LinearEraser, rank: int) -> LinearEraser:
    """The eraser of the first so many directions; none of them changes nothing."""
    return replace(
        eraser, read=eraser.read[:rank], write=eraser.write[:rank], offset=eraser.offset[:rank]
    )


def random_directions(stages: Stages, seed: int) -> LinearEraser:
    """An orthogonal projection along random directions, as many as the eraser takes."""
    every = np.arange(len(stages.photos))
    read = stages.before.blocks(stages.classes[:1], every, unit=stages.unit)
    mean = np.sum([vectors[:, 0].sum(axis=0) for _, vectors in read], axis=0) / len(every)
    return directions_at_random(stages.eraser, mean, seed)


def directions_at_random(eraser: LinearEraser, mean: np.ndarray, seed: int) -> LinearEraser:
    """The same for vectors whose mean is known, float64 [D]."""
    drawn = np.random.default_rng(seed).normal(size=(eraser.dimension, eraser.rank))
    directions = np.linalg.qr(drawn)[0].T
    return replace(eraser, read=directions, write=directions, offset=directions @ mean)
