"""What neighbours say a photo shows, in every combination of the five set-ups.

For a test photo under class p, the similarity to a training photo under class q does not depend on
the set-up. So P x P passes, each of which keeps the best positives and the best negatives, hold
every combination of the study (ICCV 2025, arXiv 2508.10637, section 5), and the uniform draws
select among the same lists.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from latentprint.arrays import array_namespace, to_array, to_numpy
from latentprint.experiments.neighbors.votes import vote
from latentprint.neighbours.candidates import (
    SPARE,
    Candidates,
    Searched,
    centre_of,
    search,
)
from latentprint.neighbours.grid import full_cosines, nearest
from latentprint.neighbours.memory import Portions, list_lengths, parts
from latentprint.neighbours.pools import Exact, Pool
from latentprint.neighbours.workers import Computing, Workers, workers
from latentprint.solvers import VectorArray
from latentprint.words import InfluenceSetup

SETUPS = (
    InfluenceSetup.ALL_SAME,
    InfluenceSetup.ALL_DIFF,
    InfluenceSetup.POS_SAME,
    InfluenceSetup.NEG_SAME,
)
"""The set-ups without a random draw."""

Combination = tuple[int, int, int]
"""Classes of the test photos, the positives and the negatives."""


@dataclass(frozen=True)
class LabelledPhotos:
    """Test photos, training photos and the draws of the uniform set-up.

    Attributes:
        test: Unit vectors under every class, P times float32 [n_test, D].
        train: Unit vectors under every class, P times float32 [n_train, D]; they may lie on disk.
        test_labels: Semantic classes, int64 [n_test].
        train_labels: Semantic classes, int64 [n_train].
        draws: Processing class of each training photo, int64 [seeds, n_train].
        order: Training photos in the order in which they lie on disk, int64 [n_train].
    """

    test: Sequence[VectorArray]
    train: Sequence[VectorArray]
    test_labels: np.ndarray
    train_labels: np.ndarray
    draws: np.ndarray
    order: np.ndarray


@dataclass(frozen=True)
class VotedClasses:
    """The semantic class that the neighbours of every test photo vote for, by k.

    Attributes:
        combinations: Classes of test photos, positives and negatives, in the order of ``fixed``.
        fixed: int32 [combinations, n_test].
        uniform: int32 [seeds, P, n_test].
        checked: Test photos that full float64 products decided.
    """

    combinations: tuple[Combination, ...]
    fixed: dict[int, np.ndarray]
    uniform: dict[int, np.ndarray]
    checked: int

    def setup(self, k: int, name: str, n_classes: int) -> np.ndarray:
        """Predictions of one set-up, [combinations, n_test] or for uniform [seeds, P, n_test]."""
        if name == InfluenceSetup.UNIFORM:
            return self.uniform[k]
        index = [self.combinations.index(each) for each in combinations(name, n_classes)]
        return self.fixed[k][index]


def combinations(setup: str, n_classes: int) -> list[Combination]:
    """The combinations that a set-up averages, in the order of the classes."""
    pairs = [(p, q) for p in range(n_classes) for q in range(n_classes) if p != q]
    return {
        InfluenceSetup.ALL_SAME: [(p, p, p) for p in range(n_classes)],
        InfluenceSetup.ALL_DIFF: [(p, q, q) for p, q in pairs],
        InfluenceSetup.POS_SAME: [(p, p, q) for p, q in pairs],
        InfluenceSetup.NEG_SAME: [(p, q, p) for p, q in pairs],
    }[InfluenceSetup(setup)]


def all_setups(n_classes: int) -> list[Combination]:
    """Every combination that a set-up averages; the study computes the other ones in vain."""
    return [each for setup in SETUPS for each in combinations(setup, n_classes)]


def classify(
    gallery: LabelledPhotos,
    ks: Sequence[int],
    *,
    memory_mb: float,
    device: str = "cpu",
    wanted: Sequence[Combination] | None = None,
) -> VotedClasses:
    """Classify every test photo in every combination and under every draw.

    The answer does not depend on memory, device or threads.

    Args:
        gallery: The photos.
        ks: Numbers of neighbours, each at most the number of training photos.
        memory_mb: Memory for similarities and candidates.
        device: Where products are computed.
        wanted: Combinations; by default those of the set-ups.
    """
    with workers(device) as threads:
        runs = _Runs.of(gallery, ks, wanted, device, threads)
        return runs.predictions(memory_mb)


@dataclass(frozen=True)
class _Runs:
    """Everything that is asked of each test photo.

    The runs of one class p of test photos follow each other: its combinations, then its draws.
    """

    gallery: LabelledPhotos
    ks: tuple[int, ...]
    combinations: tuple[Combination, ...]
    device: str
    threads: Workers

    @classmethod
    def of(
        cls,
        gallery: LabelledPhotos,
        ks: Sequence[int],
        wanted: Sequence[Combination] | None,
        device: str,
        threads: Workers,
    ) -> _Runs:
        """Put the combinations into the order of the runs."""
        chosen = all_setups(len(gallery.train)) if wanted is None else wanted
        ordered = tuple(sorted(chosen, key=lambda each: each[0]))
        return cls(gallery, tuple(ks), ordered, device, threads)

    @property
    def classes(self) -> range:
        """Numbers of the processing classes."""
        return range(len(self.gallery.train))

    @cached_property
    def centre(self) -> np.ndarray:
        """One for all training vectors, float32 [D]: they are read for it once."""
        return centre_of(self.gallery.train, self.gallery.order)

    @property
    def depth(self) -> int:
        """Length of the lists of candidates.

        Of a class that outdoes all others, the k nearest in a draw lie among the first k P, give or
        take the spread of the number drawn; four of its standard deviations are enough.
        """
        k, classes = max(self.ks), len(self.classes)
        drawn = k * classes + 4 * math.sqrt(k * classes * (classes - 1)) + 8
        return max(int(drawn), k + SPARE)

    def predictions(self, memory_mb: float) -> VotedClasses:
        """Answers from candidates, then from full products where these are unsure."""
        n_train, dimensions = self.gallery.train[0].shape
        n_test = len(self.gallery.test_labels)
        n_runs = len(self.combinations) + len(self.classes) * len(self.gallery.draws)
        answers = np.zeros((len(self.ks), n_runs, n_test), dtype=np.int32)
        # Test photos of one class beside each other share their positives.
        left = np.argsort(self.gallery.test_labels, kind="stable")
        for depth in list_lengths(self.depth, n_train):
            portions = Portions.of(
                memory_mb,
                classes=len(self.classes),
                n=n_train,
                dimensions=dimensions,
                depth=depth,
                threads=self.threads.count,
            )
            unsure = [np.empty(0, dtype=np.int64)]
            for rows in parts(left, portions.queries):
                answers[:, :, rows], short = self.from_candidates(rows, depth, portions.block)
                unsure.append(rows[short])
            left = np.concatenate(unsure)
        for rows in parts(left, portions.full_queries):
            answers[:, :, rows] = self.from_full_products(rows, portions.block)
        return self._sorted(answers, len(left))

    def _sorted(self, answers: np.ndarray, checked: int) -> VotedClasses:
        """Tell combinations and draws apart, int32 [ks, runs, n_test]."""
        is_drawn = [run is None for p in self.classes for run in self._runs_of(p)]
        shape = len(self.classes), len(self.gallery.draws), answers.shape[2]
        fixed, uniform = {}, {}
        for k, each in zip(self.ks, answers, strict=True):
            fixed[k] = each[~np.array(is_drawn)]
            uniform[k] = each[is_drawn].reshape(shape).swapaxes(0, 1)
        return VotedClasses(self.combinations, fixed, uniform, checked)

    def _runs_of(self, p: int) -> list[Combination | None]:
        """The runs of test photos under one class; a draw is None."""
        return [
            *(each for each in self.combinations if each[0] == p),
            *(None for _ in self.gallery.draws),
        ]

    def from_candidates(
        self, rows: np.ndarray, depth: int, block: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Answers for some test photos from lists of a length, and which of these are not certain.

        Returns:
            int32 [ks, runs, t] and bool [t].
        """
        queries = np.concatenate([np.asarray(each[rows]) for each in self.gallery.test])
        keys = np.tile(self.gallery.test_labels[rows], len(self.classes))
        lists = [
            search(
                queries,
                keys,
                Searched(each, self.gallery.train_labels, self.gallery.order, self.centre),
                depth,
                Computing(block, self.device, self.threads),
            )
            for each in self.gallery.train
        ]
        exact = Exact(queries, self.gallery.train)
        found = self.threads.map(lambda p: self._voted(p, lists, depth, exact), self.classes)
        answers, short = zip(*found, strict=True)
        return np.concatenate(answers, axis=1), np.any(short, axis=0)

    def _voted(
        self, p: int, lists: Sequence[tuple[Candidates, Candidates]], depth: int, exact: Exact
    ) -> tuple[np.ndarray, np.ndarray]:
        """Answers for test photos under one class, and which are not certain."""
        labels = to_array(self.gallery.train_labels)
        xp = array_namespace(labels)
        t = len(exact.queries) // len(self.classes)
        part = slice(p * t, (p + 1) * t)
        own = [(inside.of(part), outside.of(part)) for inside, outside in lists]
        answers, short = [], xp.zeros(t, dtype=xp.bool)
        for pool in self._pools(p, own, depth):
            chosen, unsure = pool.settle(self.ks, exact, part.start)
            short |= unsure
            answers.append([to_numpy(vote(labels[chosen[k]])) for k in self.ks])
        return np.array(answers, dtype=np.int32).swapaxes(0, 1), to_numpy(short)

    def _pools(
        self, p: int, lists: Sequence[tuple[Candidates, Candidates]], depth: int
    ) -> Iterator[Pool]:
        """Candidates of every run of one class, in the order of the runs."""
        enough = (max(self.ks) + SPARE) * depth // self.depth
        for _, q, r in (each for each in self.combinations if each[0] == p):
            positives, negatives = lists[q][0].first(enough), lists[r][1].first(enough)
            yield Pool.of([positives, negatives], [q, r])
        both = [each for pair in lists for each in pair]
        # A draw takes each training photo from one class: its nearest are among those of all.
        pool = Pool.of(both, np.repeat(self.classes, 2).tolist()).best(depth)
        for draw in to_array(self.gallery.draws):
            yield pool.only(draw[pool.rows] == pool.gallery)

    def from_full_products(self, rows: np.ndarray, block: int) -> np.ndarray:
        """Answers for some test photos from full float64 products, int32 [ks, runs, t]."""
        labels = self.gallery.train_labels
        positive = self.gallery.test_labels[rows][:, None] == labels
        answers = []
        for p, queries in enumerate(self.gallery.test):
            shown = [
                full_cosines(np.asarray(queries[rows]), train, self.gallery.order, block)
                for train in self.gallery.train
            ]
            for similarities in self._similarities(p, shown, positive):
                found = labels[nearest(similarities, max(self.ks))]
                answers.append([vote(found[:, :k]) for k in self.ks])
        return np.array(answers, dtype=np.int32).swapaxes(0, 1)

    def _similarities(
        self, p: int, shown: Sequence[np.ndarray], positive: np.ndarray
    ) -> Iterator[np.ndarray]:
        """Full similarities in every run of one class, int64 [t, N], in the order of the runs."""
        for _, q, r in (each for each in self.combinations if each[0] == p):
            yield np.where(positive, shown[q], shown[r])
        for draw in self.gallery.draws:
            similarities = shown[0].copy()
            for q, others in enumerate(shown):
                similarities[:, draw == q] = others[:, draw == q]
            yield similarities
