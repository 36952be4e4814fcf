"""Sums over pairs of photos from which means and AUCs follow, with what each photo adds to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentprint.experiments.crossed import PairEffects
from latentprint.experiments.similarity.cosines import BINS, BINS_PER_UNIT

KINDS = 4
"""Same or other semantic class, times same or other metadata."""

_AUCS = ((2, 1), (3, 0))
"""For each AUC the kind of the pairs of other classes and that of the pairs of the own class: other
classes with the same metadata against the own one with other metadata, and the other way round."""


@dataclass(frozen=True)
class CosineFigure:
    """A mean or an AUC, times 100, and what each photo adds to it.

    Attributes:
        value: The figure.
        effects: In units of the figure.
    """

    value: float
    effects: PairEffects


class MeanSums:
    """Mean cosines of each kind over all pairs; of each photo the sums as query and as other."""

    def __init__(self, n: int) -> None:
        self._own = np.zeros((KINDS, 2, n))
        self._listed = np.zeros((KINDS, 2, n))
        self._squares = np.zeros((KINDS, 3))

    def add(self, queries: np.ndarray, kind: int, cosines: np.ndarray, pairs: np.ndarray) -> None:
        """Add all pairs of one kind of some queries.

        Args:
            queries: Their rows, int64 [t].
            kind: Number of the kind.
            cosines: Sum of the cosines to each photo under all processing classes, float64 [t, n].
            pairs: How many these are, float64 [t, n].
        """
        for at, each in enumerate((cosines, pairs)):
            self._own[kind, at, queries] += each.sum(axis=1)
            self._listed[kind, at] += each.sum(axis=0)
        products = (cosines * cosines, cosines * pairs, pairs * pairs)
        self._squares[kind] += [each.sum() for each in products]

    def figure(self, kind: int) -> CosineFigure | None:
        """The mean of one kind; None without pairs."""
        total, pairs = self._own[kind].sum(axis=1)
        if not pairs:
            return None
        mean = total / pairs
        own, listed = (
            100.0 * (each[kind, 0] - mean * each[kind, 1]) / pairs
            for each in (self._own, self._listed)
        )
        squares = self._squares[kind] @ (1.0, -2.0 * mean, mean * mean) * (100.0 / pairs) ** 2
        return CosineFigure(100.0 * mean, PairEffects(own, listed, float(squares)))


class AucSums:
    """AUCs over queries, each of which ranks its own pairs, and what each other photo adds.

    A pair adds the share of the pairs of the other kind that it ranks right, less the AUC of its
    query (DeLong, DeLong and Clarke-Pearson, Biometrics 1988).
    """

    def __init__(self, n: int) -> None:
        self._sums, self._known = np.zeros((2, len(_AUCS), n))
        self._listed = np.zeros((len(_AUCS), n))
        self._squares = np.zeros((len(_AUCS), len(_AUCS)))

    def placed(self, query: int, counts: np.ndarray) -> np.ndarray:
        """Add the AUCs of one query under one class.

        Args:
            query: Its row.
            counts: Its pairs of each kind in each bin, int64 [KINDS, BINS].

        Returns:
            What a pair of each kind in each bin adds to the AUC that it is of, float64
            [KINDS, BINS].
        """
        placements = np.zeros((KINDS, BINS))
        pairs = counts.sum(axis=1)
        for auc, (others, own) in enumerate(_AUCS):
            if not pairs[others] or not pairs[own]:
                continue
            # Twice the pairs below a bin, so that halves of ties stay whole numbers.
            below = [2 * np.cumsum(counts[kind]) - counts[kind] for kind in (own, others)]
            value = float(counts[others] @ below[0]) / (2.0 * pairs[others] * pairs[own])
            self._sums[auc, query] += value
            self._known[auc, query] += 1.0
            right = below[0] / (2.0 * pairs[own]), 1.0 - below[1] / (2.0 * pairs[others])
            placements[others] = (right[0] - value) / pairs[others]
            placements[own] = (right[1] - value) / pairs[own]
        return placements

    def add(self, effects: np.ndarray) -> None:
        """Add what other photos add to the AUCs of some queries.

        Args:
            effects: Sums over all processing classes, float64 [AUCs, t, n].
        """
        self._listed += effects.sum(axis=1)
        flat = effects.reshape(len(effects), -1)
        self._squares += flat @ flat.T

    def figures(self) -> list[CosineFigure | None]:
        """Both AUCs and their difference; None where no query has both kinds of pairs."""
        found: list[CosineFigure | None] = []
        weights = []
        for auc in range(len(_AUCS)):
            known = self._known[auc].sum()
            one = np.zeros(len(_AUCS))
            if known:
                one[auc] = 100.0 / known
            weights.append(one)
            found.append(self._figure(one) if known else None)
        both = all(each is not None for each in found)
        return [*found, self._figure(weights[0] - weights[1]) if both else None]

    def _figure(self, weights: np.ndarray) -> CosineFigure:
        """A weighted sum of the AUCs of all queries."""
        known = self._known.sum(axis=1)
        means = np.divide(self._sums.sum(axis=1), known, out=np.zeros_like(known), where=known > 0)
        own = weights @ (self._sums - means[:, None] * self._known)
        value = float(weights @ self._sums.sum(axis=1))
        squares = float(weights @ self._squares @ weights)
        return CosineFigure(value, PairEffects(own, weights @ self._listed, squares))


def cosines_of_bins() -> np.ndarray:
    """The cosine of each bin, float64 [BINS]."""
    return np.arange(BINS) / BINS_PER_UNIT - 1.0
