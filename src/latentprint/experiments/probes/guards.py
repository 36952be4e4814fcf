"""Guards against shortcuts: which photos may take part, and which must stay together.

A label such as the camera's make goes together with who took a photo and of what. A probe that
reads the photographer's favourite subject must not count as one that reads the camera, so few
photos of one photographer and month take part, classes are equally frequent, and no group is both
fitted and tested (ICCV 2025 study, arXiv 2508.10637, section 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from latentprint.solvers import ClassCounts


def shuffle_order(keys: Sequence[str], seed: int, purpose: str) -> np.ndarray:
    """A random order that depends on the names alone, never on the order of rows, int64 [N].

    Args:
        keys: Ids of photos, or names of groups [N].
        seed: Another seed gives another order.
        purpose: Orders of different purposes are independent.
    """
    hashes = [blake2b(f"{purpose}:{seed}:{key}".encode(), digest_size=16).digest() for key in keys]
    return np.array(sorted(range(len(keys)), key=hashes.__getitem__), dtype=np.int64)


def cap_per_group(ids: Sequence[str], groups: Sequence[str], most: int, seed: int) -> np.ndarray:
    """Keep at most so many photos of a group, such as a photographer and month, bool [N].

    Args:
        ids: Ids of the photos [N].
        groups: Group of each [N].
        most: Number of photos that may stay.
        seed: Seeds which ones stay.
    """
    kept = np.zeros(len(ids), dtype=bool)
    seen: dict[str, int] = {}
    for at in shuffle_order(ids, seed, "cap"):
        seen[groups[at]] = seen.get(groups[at], 0) + 1
        kept[at] = seen[groups[at]] <= most
    return kept


def balance(codes: np.ndarray, ids: Sequence[str], seed: int) -> np.ndarray:
    """Keep as many photos of every class as the rarest has, bool [N].

    Args:
        codes: Class of every photo; photos of class -1 are left out, int64 [N].
        ids: Ids of the photos [N].
        seed: Seeds which ones stay.
    """
    present, counts = np.unique(codes[codes >= 0], return_counts=True)
    room = dict.fromkeys(present.tolist(), int(counts.min()) if len(counts) else 0)
    kept = np.zeros(len(codes), dtype=bool)
    for at in shuffle_order(ids, seed, "balance"):
        code = int(codes[at])
        if room.get(code, 0):
            room[code] -= 1
            kept[at] = True
    return kept


def grouped_folds(codes: np.ndarray, groups: Sequence[str], folds: int, seed: int) -> np.ndarray:
    """Deal whole groups to folds so that every fold has its share of every class, int64 [N].

    Groups come in a seeded random order, large ones first, and each goes where its classes are
    rarest so far.

    Args:
        codes: Class of every photo, int64 [N].
        groups: Group of each [N]; no group is in two folds.
        folds: Number of folds.
        seed: Seeds the order.
    """
    names, members = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    counts, sizes = ClassCounts.of(members, codes), np.bincount(members)
    order = shuffle_order(names.tolist(), seed, "folds")
    # A large group that comes late finds no fold with room for it.
    order = order[np.argsort(-sizes[order], kind="stable")]
    filled, held = (
        np.zeros((folds, int(codes.max()) + 1), dtype=np.int64),
        np.zeros(folds, np.int64),
    )
    fold_of = np.empty(len(names), dtype=np.int64)
    for group in order:
        classes, rows = counts[group]
        crowding = filled[:, classes] @ rows * len(codes) + held
        fold = fold_of[group] = int(crowding.argmin())
        filled[fold, classes] += rows
        held[fold] += sizes[group]
    found: np.ndarray = fold_of[members]
    return found


def shuffle_labels(codes: np.ndarray, groups: Sequence[str], seed: int) -> np.ndarray:
    """Give every group the labels of other groups: the permuted-label control, int64 [N].

    The labels are laid out group by group in one random order and dealt out again in another, so
    that photos of a group go on sharing labels while these say nothing about the photos. A probe
    that still reads them reads the group, which a sound split does not allow.
    """
    names, members = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    ranks = np.empty((2, len(names)), dtype=np.int64)
    for rank, purpose in zip(ranks, ("labels from", "labels to"), strict=True):
        rank[shuffle_order(names.tolist(), seed, purpose)] = np.arange(len(names))
    source, target = (np.argsort(rank[members], kind="stable") for rank in ranks)
    shuffled = np.empty_like(codes)
    shuffled[target] = codes[source]
    return shuffled
