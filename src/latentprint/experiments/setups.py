"""Which neighbours are right, in every combination of the five set-ups.

For a test photo under class p, the similarity to a training photo under class q does not depend on
the set-up. So P x P passes, each of which keeps the k best positives and the k best negatives, hold
every combination of the study (ICCV 2025, arXiv 2508.10637, section 5), and the uniform draws
select among the same similarities.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from latentprint.experiments.neighbors import Neighbors, cosines, nearest, vote

SETUPS = ("all-same", "all-diff", "pos-same", "neg-same")
"""The set-ups without a random draw."""

Combination = tuple[int, int, int]
"""Classes of the test photos, the positives and the negatives."""


@dataclass(frozen=True)
class Gallery:
    """Test photos, training photos and the draws of the uniform set-up.

    Attributes:
        test: Unit vectors, float32 [P, n_test, D].
        train: Unit vectors, float32 [P, n_train, D].
        test_labels: Semantic classes, int64 [n_test].
        train_labels: Semantic classes, int64 [n_train].
        draws: Processing class of each training photo, int64 [seeds, n_train].
    """

    test: np.ndarray
    train: np.ndarray
    test_labels: np.ndarray
    train_labels: np.ndarray
    draws: np.ndarray


def combinations(setup: str, n_classes: int) -> list[Combination]:
    """The combinations that a set-up averages, in the order of the classes."""
    pairs = [(p, q) for p in range(n_classes) for q in range(n_classes) if p != q]
    return {
        "all-same": [(p, p, p) for p in range(n_classes)],
        "all-diff": [(p, q, q) for p, q in pairs],
        "pos-same": [(p, p, q) for p, q in pairs],
        "neg-same": [(p, q, p) for p, q in pairs],
    }[setup]


def score(gallery: Gallery, ks: Sequence[int], memory_mb: int) -> dict[tuple[int, str], np.ndarray]:
    """Classify every test photo in every combination.

    The answer does not depend on the memory.

    Args:
        gallery: The photos.
        ks: Numbers of neighbours, each at most the number of training photos.
        memory_mb: Memory for similarities, which bounds the test photos of one chunk.

    Returns:
        By k and set-up, whether each test photo is classified right: bool [combinations, n_test],
        for ``uniform`` bool [seeds, P, n_test].
    """
    classes, n_test, _ = gallery.test.shape
    seeds = len(gallery.draws)
    right = {
        (k, setup): np.zeros((len(combinations(setup, classes)), n_test), dtype=bool)
        for k in ks
        for setup in SETUPS
    }
    right |= {(k, "uniform"): np.zeros((seeds, classes, n_test), dtype=bool) for k in ks}
    scorer = _Scorer.of(gallery, ks)
    for chunk in _chunks(gallery, memory_mb):
        for key, answers in scorer.chunk(chunk).items():
            right[key][..., chunk] = answers
    return right


def _chunks(gallery: Gallery, memory_mb: int) -> Iterator[slice]:
    """Slices of test photos whose similarities and their copies fit the memory."""
    classes, n_train, dimensions = gallery.train.shape
    # All classes, a masked copy with its mask, and the float64 copy of the test vectors.
    bytes_each = 8 * (n_train * (classes + 2) + dimensions)
    size = max(1, memory_mb * 2**20 // bytes_each)
    n_test = gallery.test.shape[1]
    for start in range(0, n_test, size):
        yield slice(start, min(start + size, n_test))


@dataclass(frozen=True)
class _Scorer:
    """The gallery as tensors: training vectors of all classes in one matrix [P * n_train, D]."""

    test: Tensor
    train: Tensor
    test_labels: Tensor
    train_labels: Tensor
    columns: Tensor
    drawn: Tensor
    ks: tuple[int, ...]

    @classmethod
    def of(cls, gallery: Gallery, ks: Sequence[int]) -> _Scorer:
        """Make tensors of the gallery, the training vectors in float64."""
        classes, n_train, dimensions = gallery.train.shape
        photos = torch.arange(n_train)
        return cls(
            torch.from_numpy(gallery.test),
            torch.from_numpy(gallery.train).double().view(classes * n_train, dimensions),
            torch.from_numpy(gallery.test_labels),
            torch.from_numpy(gallery.train_labels),
            torch.arange(classes)[:, None] * n_train + photos,
            torch.from_numpy(gallery.draws) * n_train + photos,
            tuple(ks),
        )

    def chunk(self, chunk: slice) -> dict[tuple[int, str], np.ndarray]:
        """Answers for one chunk of test photos, shaped as those of ``score``."""
        lists: dict[tuple[int, int], tuple[Neighbors, Neighbors]] = {}
        uniform = []
        for p in range(len(self.test)):
            similarities = cosines(self.test[p, chunk].double(), self.train)
            for q, columns in enumerate(self.columns):
                lists[p, q] = self._both_signs(similarities, columns, chunk)
            uniform.append([self._drawn(similarities, each, chunk) for each in self.drawn])
        answers = {
            (k, "uniform"): np.stack(
                [[each[k] for each in seeds] for seeds in zip(*uniform, strict=True)]
            )
            for k in self.ks
        }
        return answers | self._combined(lists, chunk)

    def _both_signs(
        self, similarities: Tensor, columns: Tensor, chunk: slice
    ) -> tuple[Neighbors, Neighbors]:
        """The nearest positives and the nearest negatives under one training class."""
        block = similarities[:, int(columns[0]) : int(columns[-1]) + 1]
        positive = self.test_labels[chunk][:, None] == self.train_labels
        best = [
            nearest(block.masked_fill(banned, -torch.inf), max(self.ks))
            for banned in (~positive, positive)
        ]
        return best[0], best[1]

    def _drawn(self, similarities: Tensor, columns: Tensor, chunk: slice) -> dict[int, np.ndarray]:
        """Answers when each training photo has its own drawn class."""
        block = similarities.index_select(1, columns)
        return self._answers(nearest(block, max(self.ks)), chunk)

    def _combined(
        self, lists: dict[tuple[int, int], tuple[Neighbors, Neighbors]], chunk: slice
    ) -> dict[tuple[int, str], np.ndarray]:
        """Answers of the set-ups without a draw."""
        answers: dict[tuple[int, str], np.ndarray] = {}
        for setup in SETUPS:
            found = [
                self._answers(lists[p, q][0].merged(lists[p, r][1]), chunk)
                for p, q, r in combinations(setup, len(self.test))
            ]
            answers |= {(k, setup): np.stack([each[k] for each in found]) for k in self.ks}
        return answers

    def _answers(self, found: Neighbors, chunk: slice) -> dict[int, np.ndarray]:
        """Whether the vote is right for every k, bool [t]."""
        labels = self.train_labels[found.rows]
        truth = self.test_labels[chunk]
        return {k: (vote(labels[:, :k]) == truth).numpy() for k in self.ks}
