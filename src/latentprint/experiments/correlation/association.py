"""Cramér's V without its bias, and how large it gets by chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

_DENSE_CELLS = 10_000
_ROWS_PER_CELL = 16


@dataclass(frozen=True)
class Tables:
    """Contingency tables of two labels, as far as Cramér's V needs them.

    Attributes:
        n: Number of photos.
        rows: Number of classes that occur.
        columns: Number of levels that occur.
        squares: Sum over the cells of their squared count divided by both margins, for one table
            or for many with as many photos, classes and levels: float64 [...].
    """

    n: int
    rows: int
    columns: int
    squares: np.ndarray

    @property
    def excess(self) -> np.ndarray:
        """Pearson's phi squared minus its expectation under independence, float64 [...]."""
        expected = (self.rows - 1) * (self.columns - 1) / (self.n - 1)
        excess: np.ndarray = self.squares - 1.0 - expected
        return excess

    @property
    def v(self) -> np.ndarray:
        """Bias-corrected Cramér's V, between 0 and 1, float64 [...].

        Bergsma, A bias-correction for Cramér's V and Tschuprow's T, Journal of the Korean
        Statistical Society, 2013.
        """
        least = min(self.rows, self.columns)
        largest = (least - 1) * (1.0 - (least - 1) / (self.n - 1))
        if largest <= 0:
            return np.zeros_like(self.excess)
        v: np.ndarray = np.sqrt(np.clip(self.excess, 0.0, None) / largest)
        return v


def tabulate(a: np.ndarray, b: np.ndarray) -> Tables:
    """Count how often classes and levels come together.

    Args:
        a: Class of every photo, int64 [n], from 0.
        b: Level of every photo, int64 [n], from 0.
    """
    n, width = len(a), int(b.max()) + 1
    margins = np.bincount(a), np.bincount(b)
    pairs = a * width + b
    if len(margins[0]) * width <= max(_DENSE_CELLS, 4 * n):
        counts = np.bincount(pairs)
        cells = np.flatnonzero(counts)
        counts = counts[cells]
    else:
        cells, counts = np.unique(pairs, return_counts=True)
    expected = margins[0][cells // width].astype(np.float64) * margins[1][cells % width]
    squares = np.square(counts.astype(np.float64)) / expected
    rows, columns = (int((each > 0).sum()) for each in margins)
    return Tables(n, rows, columns, squares.sum())


@dataclass(frozen=True)
class Chance:
    """What an association is worth.

    Attributes:
        p: Share of permutations that associate as much, the observed order counted as one.
        v: Cramér's V that 95 % of the permutations stay below.
    """

    p: float
    v: float


def permute(
    classes: np.ndarray,
    columns: Mapping[str, np.ndarray],
    groups: np.ndarray | None,
    *,
    permutations: int,
    seed: int,
) -> dict[str, Chance]:
    """Test every column against permutations of its levels.

    Without groups every photo gets the level of another. With groups, all photos of a group get the
    levels of one other group, in turn and from a random start where that has more or fewer, so that
    what photos of a group share is not taken for evidence: a column that is constant within groups
    is permuted exactly, others approximately.

    Args:
        classes: Class of every photo, int64 [n].
        columns: By name, the level of every photo, -1 where it has none, int64 [n].
        groups: Group of every photo, int64 [n], or None.
        permutations: Number of permutations.
        seed: Seeds the permutations.
    """
    few = [
        name for name, levels in columns.items() if groups is None and _few_cells(classes, levels)
    ]

    def draw(name: str) -> Chance:
        known = columns[name] >= 0
        margins = np.bincount(classes[known]), np.bincount(columns[name][known])
        drawn = random_tables(*margins, draws=permutations, seed=_seed_of(seed, name))
        observed = tabulate(classes[known], columns[name][known])
        return _chance(observed, drawn.excess, drawn.v)

    with ThreadPoolExecutor() as pool:
        found = dict(zip(few, pool.map(draw, few), strict=True))
    others = {name: levels for name, levels in columns.items() if name not in found}
    if others:
        found |= _shuffle(classes, others, groups, permutations, seed)
    return {name: found[name] for name in columns}


def _few_cells(classes: np.ndarray, levels: np.ndarray) -> bool:
    """Whether drawing a table takes less than shuffling the photos."""
    cells = (int(classes.max()) + 1) * (int(levels.max()) + 1)
    return cells * _ROWS_PER_CELL <= len(classes)


def random_tables(rows: np.ndarray, columns: np.ndarray, *, draws: int, seed: int) -> Tables:
    """Draw tables with given margins as permutations of the photos would give them.

    Cell by cell from hypergeometric distributions: the effort does not grow with the photos.

    Args:
        rows: Photos of every class, int64 [K].
        columns: Photos of every level, int64 [L].
        draws: Number of tables.
        seed: Seeds the draws.
    """
    rng = np.random.default_rng(seed)
    n = int(rows.sum())
    rows, columns = rows[rows > 0], columns[columns > 0]
    left = np.tile(columns, (draws, 1))
    squares = np.zeros(draws)
    for row in rows[:-1]:
        need, later = np.full(draws, row), left.sum(axis=1)
        for at, column in enumerate(columns):
            later -= left[:, at]
            last = at == len(columns) - 1
            cell = need if last else rng.hypergeometric(left[:, at], later, need)
            squares += np.square(cell.astype(np.float64)) / (int(row) * int(column))
            left[:, at] -= cell
            need = need - cell
    squares += (np.square(left.astype(np.float64)) / (float(rows[-1]) * columns)).sum(axis=1)
    return Tables(n, len(rows), len(columns), squares)


def _shuffle(
    classes: np.ndarray,
    columns: Mapping[str, np.ndarray],
    groups: np.ndarray | None,
    permutations: int,
    seed: int,
) -> dict[str, Chance]:
    drawn: dict[str, list[tuple[float, float]]] = {name: [] for name in columns}
    for order in _orders(len(classes), groups, permutations, seed):
        for name, levels in columns.items():
            table = _known(classes, levels[order])
            drawn[name].append((float(table.excess), float(table.v)))
    return {
        name: _chance(_known(classes, columns[name]), *np.array(found).T)
        for name, found in drawn.items()
    }


def _known(classes: np.ndarray, levels: np.ndarray) -> Tables:
    """The table of the photos that have a level."""
    known = levels >= 0
    return tabulate(classes, levels) if known.all() else tabulate(classes[known], levels[known])


def _orders(
    n: int, groups: np.ndarray | None, permutations: int, seed: int
) -> Iterator[np.ndarray]:
    """Whose level every photo gets, by a random order of photos or of groups, int64 [n] each."""
    rng = np.random.default_rng(seed)
    if groups is None:
        for _ in range(permutations):
            yield rng.permutation(n)
        return
    layout = np.argsort(groups, kind="stable")
    sizes = np.bincount(groups)
    first = np.cumsum(sizes) - sizes
    place = np.empty(n, dtype=np.int64)
    place[layout] = np.arange(n) - np.repeat(first, sizes)
    for _ in range(permutations):
        giver = rng.permutation(len(sizes))
        start = rng.integers(sizes[giver])
        turn = (start[groups] + place) % sizes[giver][groups]
        yield layout[first[giver][groups] + turn]


def _chance(observed: Tables, excess: np.ndarray, v: np.ndarray) -> Chance:
    # Sums in another order differ in their last bits.
    as_much = excess >= float(observed.excess) - 1e-9
    p = (1 + int(as_much.sum())) / (1 + len(excess))
    return Chance(p, float(np.quantile(v, 0.95)))


def v_matrix(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Cramér's V of every two columns, over the photos that have both, float64 [M, M].

    NaN where one of the two has a single level there.

    Args:
        columns: Level of every photo, -1 where it has none, each int64 [n].
    """
    found = np.eye(len(columns))
    for i, a in enumerate(columns):
        for j, b in enumerate(columns[:i]):
            both = (a >= 0) & (b >= 0)
            table = tabulate(a[both], b[both]) if both.sum() > 1 else None
            least = 0 if table is None else min(table.rows, table.columns)
            found[i, j] = found[j, i] = float(table.v) if table and least > 1 else np.nan
    return found


def _seed_of(seed: int, name: str) -> int:
    digest = blake2b(f"{seed}\0{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")
