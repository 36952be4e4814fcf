"""Reading photos in worker processes: in order, with bounded memory, surviving crashes."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from itertools import islice

from latentprint.embeddings.worker import PhotoTask, Prepared, Recipe, broken, prepare
from latentprint.photos.processes import usable_cores, worker_pool

logger = logging.getLogger(__name__)

# Photos read ahead for each worker: enough to keep it busy, few enough to bound memory.
_AHEAD = 3

# A photo that ends its own process so often is to blame. Once may be the system's doing, which ends
# a process where memory runs out, whatever it reads.
_DEATHS = 2

# Seconds without an outcome after which the worker processes are looked at.
_SILENCE = 10.0


def default_workers(device: str) -> int:
    """Worker processes that leave the encoder enough of the machine.

    On a GPU decoding sets the pace, so that it gets every core (up to 16); on the CPU the encoder
    needs most of them.
    """
    cores = usable_cores()
    return min(16, cores) if device != "cpu" else max(1, cores // 2)


def prepare_all(tasks: Iterable[PhotoTask], recipe: Recipe, workers: int) -> Iterator[Prepared]:
    """Prepare photos, in the order of the tasks, whatever the number of workers.

    Args:
        tasks: The photos to read; they are asked for as far as they are read ahead.
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
    tasks, begun = iter(tasks), deque[PhotoTask]()
    for first in tasks:
        begun.append(first)
        try:
            yield from _in_pool(begun, tasks, recipe, workers)
        except BrokenProcessPool:
            begun.extend(islice(tasks, workers * _AHEAD - len(begun)))
            logger.warning(
                "A worker process died; reading %d photos one by one to find out which.",
                len(begun),
            )
            yield from _one_by_one(begun, recipe)
            begun.clear()


def _in_pool(
    begun: deque[PhotoTask], tasks: Iterator[PhotoTask], recipe: Recipe, workers: int
) -> Iterator[Prepared]:
    """Prepare photos in a pool.

    Args:
        begun: The first task; then those that were taken and whose outcome was not given yet.
        tasks: The others.
        recipe: What to make from each.
        workers: Worker processes.
    """
    pool = worker_pool(workers, recipe)
    waiting: deque[Future[Prepared]] = deque()
    try:
        while len(waiting) < len(begun):
            waiting.append(pool.submit(prepare, begun[-1], recipe))
            if len(waiting) >= workers * _AHEAD:
                prepared = _outcome(pool, waiting.popleft())
                begun.popleft()
                yield prepared
            begun.extend(islice(tasks, 1))
        while waiting:
            prepared = _outcome(pool, waiting.popleft())
            begun.popleft()
            yield prepared
    finally:
        for future in waiting:
            future.cancel()
        pool.shutdown(wait=True, cancel_futures=True)


def _outcome(pool: ProcessPoolExecutor, future: Future[Prepared]) -> Prepared:
    """What a worker made of a photo.

    A process that dies while the pool is still starting others can leave it waiting for ever.

    Raises:
        BrokenProcessPool: A process has died, whether the pool noticed or not.
    """
    silent = False
    while True:
        try:
            return future.result(timeout=_SILENCE)
        except TimeoutError:
            if future.done():
                raise
        processes = dict(getattr(pool, "_processes", None) or {})
        if silent and any(not each.is_alive() for each in processes.values()):
            for each in processes.values():
                with suppress(OSError, ValueError):
                    each.kill()
            raise BrokenProcessPool("A worker process died, and the pool did not notice.")
        # The pool gets the time of one more look to find out itself.
        silent = any(not each.is_alive() for each in processes.values())


def _one_by_one(tasks: Iterable[PhotoTask], recipe: Recipe) -> Iterator[Prepared]:
    """Prepare photos so that it is known which one a worker reads when it dies."""
    pool = worker_pool(1, recipe)
    try:
        for task in tasks:
            for _ in range(_DEATHS):
                try:
                    yield _outcome(pool, pool.submit(prepare, task, recipe))
                    break
                except BrokenProcessPool:
                    pool.shutdown(wait=True)
                    pool = worker_pool(1, recipe)
            else:
                yield broken(task, "the decoder crashed on this file, or it needs too much memory")
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
