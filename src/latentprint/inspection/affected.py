"""The photos whose neighbours change most when traces are erased or a photo is encoded again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from latentprint.erasure.eraser import LinearEraser
from latentprint.experiments.erase.views import directions_at_random
from latentprint.experiments.vectors import units
from latentprint.inspection.neighbours import Gallery, Lists, list_neighbours
from latentprint.neighbours.nearest import Neighbours

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray

_QUERIES = 4096
_NORMAL = 1.959964
_BASELINE = 1000


@dataclass(frozen=True)
class Versions:
    """The photos of a store as they are searched.

    Attributes:
        plain: Vectors of the unprocessed photos [N, D].
        others: Vectors under the other classes of processing, by name [N, D] each.
        ids: Ids of the photos [N].
        alike: A number that photos with equal pixels share, int64 [N].
    """

    plain: VectorArray
    others: Mapping[str, VectorArray]
    ids: Sequence[str]
    alike: np.ndarray

    def read(self, rows: np.ndarray, *, others: bool = True) -> np.ndarray:
        """Photos as they are, then under the other classes, of unit length, float64 [n, V, D]."""
        names = [self.ids[row] for row in rows]
        arrays = {"unprocessed": self.plain, **(self.others if others else {})}
        read = [units(np.asarray(each[rows]), names, name) for name, each in arrays.items()]
        return np.stack(read, axis=1)

    def gallery(self, eraser: LinearEraser | None = None) -> Gallery:
        """The unprocessed photos, to be erased if there is an eraser."""
        return Gallery(self.plain, self.alike, eraser)

    @property
    def mean(self) -> np.ndarray:
        """Mean of the unprocessed photos, of unit length, float64 [D]."""
        n = self.plain.shape[0]
        total = np.zeros(self.plain.shape[1])
        for start in range(0, n, _QUERIES):
            rows = np.arange(start, min(n, start + _QUERIES))
            total += self.read(rows, others=False)[:, 0].sum(axis=0)
        return total / n


@dataclass(frozen=True)
class Changes:
    """How the neighbours of photos change.

    Attributes:
        lists: Neighbours of every photo asked [t].
        random: How many leave under as many random directions, of some photos, int64 [s].
        random_traces: How many of them would be told to be there because of traces, int64 [s].
    """

    lists: Lists
    random: np.ndarray
    random_traces: np.ndarray


def find_changes(
    versions: Versions,
    eraser: LinearEraser,
    rows: np.ndarray,
    *,
    seed: int = 0,
    on_block: Callable[[int], None] = lambda _: None,
) -> Changes:
    """Compare neighbours before and after, in bounded memory.

    As many random directions as the eraser takes are the baseline: any change of vectors makes
    neighbours leave that were hardly nearer than the next. It is found for 1,000 photos at most.

    Args:
        versions: All photos.
        eraser: What erases them.
        rows: The photos that are asked, int64 [t].
        seed: Seeds the random directions and the draw of photos for them.
        on_block: Called with the number of photos that are done.
    """
    plain, erased = versions.gallery(), versions.gallery(eraser)
    control = versions.gallery(directions_at_random(eraser, versions.mean, seed))
    chosen = np.random.default_rng(seed).permutation(len(rows))[:_BASELINE]
    drawn = np.zeros(len(rows), dtype=bool)
    drawn[chosen] = True
    size = max(1, _QUERIES // (1 + len(versions.others)))
    found: list[Lists] = []
    random: list[Lists] = []
    for start in range(0, len(rows), size):
        part = slice(start, start + size)
        read, alike = versions.read(rows[part]), versions.alike[rows[part]]
        lists = list_neighbours(read, alike, plain, erased)
        found.append(lists)
        some = drawn[part]
        if some.any():
            after = control.nearest(read[some, 0], alike[some])
            random.append(_some(lists, some, after))
        on_block(min(len(rows), start + size))
    baseline = _joined(random)
    return Changes(
        _joined(found),
        baseline.left_erased.sum(axis=1),
        baseline.because_of_traces.sum(axis=1),
    )


@dataclass(frozen=True)
class Mean:
    """A mean over photos.

    Attributes:
        value: The mean.
        low: Lower end of its 95 % interval, by the spread of photos.
        high: Upper end.
    """

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, values: np.ndarray) -> Mean:
        """The mean of one value for every photo [n]."""
        mean = float(values.mean())
        error = _NORMAL * float(values.std()) / np.sqrt(len(values))
        return cls(mean, float(max(0.0, mean - error)), float(mean + error))


@dataclass(frozen=True)
class Level:
    """How many of ten neighbours change, on average.

    Attributes:
        photos: Photos behind it.
        erased: Leave when erased.
        reencoded: Stay in fewer than half of the other versions of the photo.
        traces: Leave both ways: there because of traces.
        random: Leave under as many random directions.
        random_traces: Would be told to be there because of traces under these.
    """

    photos: int
    erased: Mean
    reencoded: Mean
    traces: Mean
    random: Mean
    random_traces: Mean


def level_of(changes: Changes, among: np.ndarray | None = None) -> Level:
    """The mean change.

    Args:
        changes: Of some photos [t].
        among: Which of them count, bool [t], one at least; None for all.
    """
    kept = np.ones(len(changes.lists.stays), dtype=bool) if among is None else among
    lists = changes.lists

    def mean(flags: np.ndarray) -> Mean:
        return Mean.of(flags[kept].sum(axis=1))

    return Level(
        int(kept.sum()),
        mean(lists.left_erased),
        mean(lists.left_reencoded),
        mean(lists.because_of_traces),
        Mean.of(changes.random),
        Mean.of(changes.random_traces),
    )


def table_of(changes: Changes, ids: Sequence[str]) -> pl.DataFrame:
    """One row for every photo, those whose neighbours change most first.

    Ranked by how many of the ten leave one way or the other, then by those that leave both ways,
    then by those that leave when erased; equal photos by id.
    """
    lists = changes.lists
    either = (lists.left_erased | lists.left_reencoded).sum(axis=1)
    names = np.asarray(ids, dtype=object)

    def listed(rows: np.ndarray, kept: np.ndarray) -> list[list[str]]:
        return [names[row[mask]].tolist() for row, mask in zip(rows, kept, strict=True)]

    after = lists.after or lists.before
    table = pl.DataFrame(
        {
            "id": list(ids),
            "left": either,
            "left_erased": lists.left_erased.sum(axis=1),
            "left_reencoded": lists.left_reencoded.sum(axis=1),
            "because_of_traces": lists.because_of_traces.sum(axis=1),
            "neighbours_before": listed(lists.before.rows, lists.there),
            "neighbours_after": listed(after.rows, np.isfinite(after.similarities)),
            "leave_erased": listed(lists.before.rows, lists.left_erased),
            "leave_reencoded": listed(lists.before.rows, lists.left_reencoded),
        },
        schema_overrides={name: pl.List(pl.String) for name in LISTS},
    )
    order = ["left", "because_of_traces", "left_erased", "id"]
    return table.sort(order, descending=[True, True, True, False])


LISTS = ("neighbours_before", "neighbours_after", "leave_erased", "leave_reencoded")
"""The columns that list ids of photos."""


def _some(lists: Lists, kept: np.ndarray, after: Neighbours) -> Lists:
    """Some of the photos, with other lists after."""
    before = Neighbours(lists.before.similarities[kept], lists.before.rows[kept])
    return Lists(before, after, lists.stays[kept], lists.versions)


def _joined(parts: Sequence[Lists]) -> Lists:
    """The lists of all photos."""
    first = parts[0]
    return Lists(
        _stacked([each.before for each in parts]),
        None if first.after is None else _stacked([each.after for each in parts if each.after]),
        np.concatenate([each.stays for each in parts]),
        first.versions,
    )


def _stacked(parts: Sequence[Neighbours]) -> Neighbours:
    return Neighbours(
        np.concatenate([each.similarities for each in parts]),
        np.concatenate([each.rows for each in parts]),
    )
