"""The k nearest other photos of every photo of a set, exactly and in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from latentprint.experiments.neighbors.candidates import SPARE, Searched, centre_of, search
from latentprint.experiments.neighbors.memory import Plan, parts
from latentprint.experiments.neighbors.neighbors import BANNED, check_size, full_cosines, nearest
from latentprint.experiments.neighbors.pools import Exact, Pool
from latentprint.experiments.neighbors.workers import Workers, workers

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray


def nearest_photos(
    vectors: VectorArray,
    keys: np.ndarray,
    order: np.ndarray,
    ks: Sequence[int],
    *,
    memory_mb: float,
    device: str = "cpu",
) -> dict[int, np.ndarray]:
    """Find the nearest neighbours of every photo among the photos with another key.

    Args:
        vectors: Unit vectors, float32 [n, D]; they may lie on disk.
        keys: Photos with one key are never neighbours; a key of its own for every photo forbids
            nothing but the photo itself; int64 [n].
        order: Rows in the order in which they lie on disk, int64 [n].
        ks: Numbers of neighbours; every photo has as many.
        memory_mb: Memory for similarities and candidates; the result does not depend on it.
        device: Where products are computed.

    Returns:
        By k, the neighbours of every photo in no particular order, int64 [n, k].

    Raises:
        LatentprintError: There are too many photos.
    """
    check_size(vectors.shape[0])
    with workers(device) as threads:
        return _nearest(vectors, keys, order, tuple(ks), memory_mb, device, threads)


def _nearest(
    vectors: VectorArray,
    keys: np.ndarray,
    order: np.ndarray,
    ks: tuple[int, ...],
    memory_mb: float,
    device: str,
    threads: Workers,
) -> dict[int, np.ndarray]:
    n, dimensions = vectors.shape
    depth = max(ks) + SPARE
    plan = Plan.of(
        memory_mb, classes=1, n=n, dimensions=dimensions, depth=depth, threads=threads.count
    )
    gallery = Searched(vectors, keys, order, centre_of([vectors], order))
    found = {k: np.empty((n, k), dtype=np.int64) for k in ks}
    unsure = [np.empty(0, dtype=np.int64)]
    for rows in parts(order, plan.queries):
        queries = np.asarray(vectors[rows])
        _, others = search(
            queries,
            keys[rows],
            gallery,
            depth,
            block=plan.block,
            device=device,
            threads=threads,
        )
        chosen, short = Pool.of([others], [0]).settle(ks, Exact(queries, [vectors]), 0)
        for k in ks:
            found[k][rows] = chosen[k].numpy()
        unsure.append(rows[short.numpy()])
    for rows in parts(np.concatenate(unsure), plan.full_queries):
        similarities = full_cosines(np.asarray(vectors[rows]), vectors, order, plan.block)
        similarities[torch.from_numpy(keys[rows][:, None] == keys)] = BANNED
        neighbors = nearest(similarities, max(ks)).numpy()
        for k in ks:
            found[k][rows] = neighbors[:, :k]
    return found
