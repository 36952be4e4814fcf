"""A test of shared labels where photos come in groups that count as one.

Labels of whole groups cannot change places where groups are of several sizes, or have photos of
several strata: a photographer's photos of one class would get another's device, those of the next
class a third one's. Labels less their frequencies within the stratum have mean zero where they tell
nothing but the stratum, and they are independent between groups. So the sum of their products over
neighbours is compared with that under random signs of whole groups (wild bootstrap: Dehling and
Mikosch, Journal of Multivariate Analysis 1994). Neighbours of the photo's own group say nothing:
they are as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from latentprint.experiments.neighbors.shuffles import SharedByChance

_NUMBERS_AT_ONCE = 2**19


@dataclass(frozen=True)
class Centred:
    """Labels less their frequencies within strata.

    Attributes:
        labels: Number of the label of every photo, int64 [n].
        strata: Stratum of every photo, from 0 without gaps, int64 [n].
        groups: Group of every photo, from 0 without gaps, int64 [n].
    """

    labels: np.ndarray
    strata: np.ndarray
    groups: np.ndarray

    def pairs(self, one: np.ndarray, other: np.ndarray, draws: int, seed: int) -> SharedByChance:
        """Count the pairs that share a label, and their products under random signs.

        Args:
            one: Rows of the photos, int64 [m].
            other: Rows of their neighbours, int64 [m].
            draws: How many times signs are drawn.
            seed: Seeds them.
        """
        inside = self.groups[one] == self.groups[other]
        kept = int((self.labels[one] == self.labels[other])[inside].sum())
        one, other = one[~inside], other[~inside]
        strata = self.strata[one], self.strata[other]
        products = self._products(one, other) - self._means(centred=True)[strata]
        groups = int(self.groups.max()) + 1
        places = self.groups[one], self.groups[other]
        between = csr_array((products, places), shape=(groups, groups))
        rng = np.random.default_rng(seed)
        signed = np.empty(draws)
        size = max(1, _NUMBERS_AT_ONCE // groups)
        for start in range(0, draws, size):
            count = min(size, draws - start)
            # Drawn one after another, so that they do not depend on how many there are at once.
            signs = 2.0 * rng.integers(2, size=(count, groups)).T - 1.0
            signed[start : start + count] = (signs * (between @ signs)).sum(axis=0)
        expected = kept + float(self._means(centred=False)[strata].sum())
        return SharedByChance(expected, float(products.sum()), signed)

    @property
    def _shares(self) -> np.ndarray:
        """Share of each label in each stratum, float64 [strata, labels]."""
        counts = np.zeros((int(self.strata.max()) + 1, int(self.labels.max()) + 1))
        np.add.at(counts, (self.strata, self.labels), 1.0)
        shares: np.ndarray = counts / counts.sum(axis=1, keepdims=True)
        return shares

    def _products(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Products of the centred labels of some pairs, float64 [m]."""
        shares = self._shares
        found: np.ndarray = np.equal(self.labels[one], self.labels[other]).astype(np.float64)
        size = max(1, _NUMBERS_AT_ONCE // shares.shape[1])
        for start in range(0, len(one), size):
            part = slice(start, start + size)
            first, second = shares[self.strata[one[part]]], shares[self.strata[other[part]]]
            at = np.arange(len(first))
            found[part] += (first * second).sum(axis=1)
            found[part] -= first[at, self.labels[other[part]]]
            found[part] -= second[at, self.labels[one[part]]]
        return found

    def _means(self, *, centred: bool) -> np.ndarray:
        """Means over all pairs of photos of different groups, by the strata of both.

        Args:
            centred: Of the products of centred labels; else of sharing the label.

        Returns:
            float64 [strata, strata].
        """
        shares = self._shares
        sizes = np.bincount(self.strata).astype(np.float64)
        totals = np.zeros_like(shares) if centred else shares * sizes[:, None]
        sums, number = totals @ totals.T, np.outer(sizes, sizes)
        for rows in self._by_groups(shares.shape[1]):
            values = np.zeros((len(rows), shares.shape[1]))
            values[np.arange(len(rows)), self.labels[rows]] = 1.0
            if centred:
                values -= shares[self.strata[rows]]
            sums -= self._inside(rows, values)
            number -= self._inside(rows, np.ones((len(rows), 1)))
        means: np.ndarray = sums / np.maximum(number, 1.0)
        return means

    def _by_groups(self, width: int) -> Iterator[np.ndarray]:
        """All rows, some whole groups at a time."""
        order = np.argsort(self.groups, kind="stable")
        starts = np.flatnonzero(np.diff(self.groups[order], prepend=-1))
        steps = np.arange(0, len(order), max(1, _NUMBERS_AT_ONCE // width))
        cuts = np.unique(starts[np.searchsorted(starts, steps[1:], side="right") - 1])
        return (part for part in np.split(order, cuts) if len(part))

    def _inside(self, rows: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Sum of the products over pairs of photos of one group, by the strata of both."""
        width, groups = values.shape[1], self.groups[rows] - self.groups[rows].min()
        columns = (groups[:, None] * width + np.arange(width)).ravel()
        shape = int(self.strata.max()) + 1, int(columns.max()) + 1
        strata = np.repeat(self.strata[rows], width)
        sums = csr_array((values.ravel(), (strata, columns)), shape=shape)
        products: np.ndarray = (sums @ sums.T).toarray()
        return products
