"""Reading photos in worker processes: in order, with bounded memory, surviving crashes."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

from latentprint.embeddings.worker import PhotoTask, Prepared, Recipe, broken, prepare
from latentprint.photos.processes import usable_cores, worker_pool

logger = logging.getLogger(__name__)

# Photos read ahead for each worker: enough to keep it busy, few enough to bound memory.
_AHEAD = 3

# A photo that ends its own process so often is to blame. Once may be the system's doing, which ends
# a process where memory runs out, whatever it reads.
_DEATHS = 2


def default_workers(device: str) -> int:
    """Worker processes that leave the encoder enough of the machine.

    On a GPU decoding sets the pace, so that it gets every core (up to 16); on the CPU the encoder
    needs most of them.
    """
    cores = usable_cores()
    return min(16, cores) if device != "cpu" else max(1, cores // 2)


def prepare_all(tasks: Sequence[PhotoTask], recipe: Recipe, workers: int) -> Iterator[Prepared]:
    """Prepare photos, in the order of the tasks, whatever the number of workers.

    Args:
        tasks: The photos to read.
        recipe: What to make from each.
        workers: Worker processes; 0 reads in this process.

    Yields:
        One outcome for every task. When a worker dies, the photos in question are read one at a
        time: one that crashes a worker of its own twice is reported as broken (a decoder's fault),
        and the others go on.
    """
    if workers == 0:
        for task in tasks:
            yield prepare(task, recipe)
        return
    start = 0
    while start < len(tasks):
        done = 0
        try:
            for prepared in _in_pool(tasks[start:], recipe, workers):
                yield prepared
                done += 1
            return
        except BrokenProcessPool:
            start += done
            suspects = tasks[start : start + workers * _AHEAD]
            logger.warning(
                "A worker process died; reading %d photos one by one to find out which.",
                len(suspects),
            )
            yield from _one_by_one(suspects, recipe)
            start += len(suspects)


def _in_pool(tasks: Sequence[PhotoTask], recipe: Recipe, workers: int) -> Iterator[Prepared]:
    pool = worker_pool(workers)
    waiting: deque[Future[Prepared]] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(prepare, task, recipe))
            if len(waiting) >= workers * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
        pool.shutdown(wait=True, cancel_futures=True)


def _one_by_one(tasks: Sequence[PhotoTask], recipe: Recipe) -> Iterator[Prepared]:
    """Prepare photos so that it is known which one a worker reads when it dies."""
    pool = worker_pool(1)
    try:
        for task in tasks:
            for _ in range(_DEATHS):
                try:
                    yield pool.submit(prepare, task, recipe).result()
                    break
                except BrokenProcessPool:
                    pool.shutdown(wait=True)
                    pool = worker_pool(1)
            else:
                yield broken(task, "the decoder crashed on this file, or it needs too much memory")
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
