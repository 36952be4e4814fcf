"""Is there anything to erase? A permutation test of labels, and how much of a mean is signal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

LARGEST_P = 0.01
"""A signal is shown where no more permutations than this share scatter as much."""

LEAST_SHARE = 0.5
"""Share of signal below which subtracting the means of classes does more harm than good."""


@dataclass(frozen=True)
class Signal:
    """How far apart the means of classes lie, against shuffled labels.

    Attributes:
        p: Share of permutations that scatter as much, the data counted as one of them (Phipson and
            Smyth, Statistical Applications in Genetics and Molecular Biology 2010).
        share: Share of the scatter between classes that is not noise, 1 - (mean under permuted
            labels) / (observed): 0 or less where there is no signal. Subtracting the means of
            classes would write noise of ``(1 - share) / share`` times the signal into vectors.
        photos: Photos behind it.
        classes: Classes among them.
    """

    p: float
    share: float
    photos: int
    classes: int

    @property
    def shown(self) -> bool:
        """Whether there is a signal."""
        return self.p <= LARGEST_P


def signal_of(
    rows: np.ndarray,
    labels: np.ndarray,
    groups: np.ndarray | None = None,
    *,
    permutations: int = 499,
    seed: int = 0,
) -> Signal:
    """Test whether classes differ.

    Photos of a group (a photographer, a scene) are not independent. Groups of one class are
    permuted as one; in groups of several classes labels are permuted inside.

    Args:
        rows: Vectors [N, D].
        labels: Class of every row [N].
        groups: Group of every row [N]; None where every row is one.
        permutations: Number of permutations.
        seed: Seeds them.
    """
    centred = rows.astype(np.float64)
    centred -= centred.mean(axis=0)
    classes = np.unique(labels, return_inverse=True)[1]
    members = np.arange(len(rows)) if groups is None else np.unique(groups, return_inverse=True)[1]
    shuffle = _Shuffle.of(classes, members)
    rng = np.random.default_rng(seed)
    observed = _scatter(centred, classes)
    permuted = np.array([_scatter(centred, shuffle.draw(rng)) for _ in range(permutations)])
    # Sums that are equal on paper differ by the order in which they were added.
    beyond = int((permuted >= observed * (1 - 1e-9)).sum())
    share = 1 - float(permuted.mean()) / observed if observed else 0.0
    return Signal((1 + beyond) / (1 + permutations), share, len(rows), int(classes.max()) + 1)


@dataclass(frozen=True)
class _Shuffle:
    """Permutations that keep what photos of a group share.

    Attributes:
        classes: Class of every row, int64 [N].
        members: Group of every row, int64 [N].
        whole: Whether a group has one class, bool [groups].
        of_group: A class of every group, int64 [groups].
    """

    classes: np.ndarray
    members: np.ndarray
    whole: np.ndarray
    of_group: np.ndarray

    @classmethod
    def of(cls, classes: np.ndarray, members: np.ndarray) -> _Shuffle:
        n = int(members.max()) + 1
        largest, least = np.full(n, -1), np.full(n, len(classes))
        np.maximum.at(largest, members, classes)
        np.minimum.at(least, members, classes)
        return cls(classes, members, largest == least, largest)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        exchanged = self.of_group.copy()
        exchanged[self.whole] = rng.permutation(exchanged[self.whole])
        mixed = np.flatnonzero(~self.whole[self.members])
        drawn: np.ndarray = exchanged[self.members]
        # Sorted by group both times: once in a random order, once in that of the rows.
        random = mixed[np.lexsort((rng.random(len(mixed)), self.members[mixed]))]
        in_order = mixed[np.argsort(self.members[mixed], kind="stable")]
        drawn[in_order] = self.classes[random]
        return drawn


def _scatter(centred: np.ndarray, classes: np.ndarray) -> float:
    """Scatter between classes: their size times the squared distance of their mean, summed."""
    n = len(classes)
    chosen = csr_array((np.ones(n), (classes, np.arange(n))), shape=(int(classes.max()) + 1, n))
    sums, counts = chosen @ centred, np.bincount(classes)
    return float(((sums**2).sum(axis=1) / np.maximum(counts, 1)).sum())
