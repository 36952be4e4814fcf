"""Work in several threads, each of which computes alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from threadpoolctl import threadpool_limits

from latentprint.arrays import on_threads, thread_count

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Workers:
    """Threads that do independent pieces of work.

    Attributes:
        count: How many there are.
        pool: The threads; None where there is one.
    """

    count: int
    pool: ThreadPoolExecutor | None = None

    def map(self, work: Callable[[T], R], pieces: Iterable[T]) -> list[R]:
        """Do all pieces of work, and return the answers in their order."""
        return list(map(work, pieces) if self.pool is None else self.pool.map(work, pieces))


ALONE = Workers(1)
"""No other thread."""


@dataclass(frozen=True)
class Computing:
    """How products are computed; no result depends on it.

    Attributes:
        block: Rows of a gallery that are compared at once.
        device: Where products are computed.
        threads: Who computes them.
        plain: Whether NumPy computes all of it, on the CPU, also where torch is installed.
    """

    block: int
    device: str = "cpu"
    threads: Workers = ALONE
    plain: bool = False


@contextmanager
def workers(device: str) -> Iterator[Workers]:
    """As many threads as libraries have been given; these compute on one thread meanwhile.

    Threads of one product wait for each other at its end, and those of NumPy and PyTorch for each
    other's: where cores are shared, that took longer than the work.

    Args:
        device: Other devices than ``cpu`` are fed by one thread.
    """
    count = thread_count()
    with on_threads(1), threadpool_limits(limits=1, user_api="blas"):
        if count == 1 or device != "cpu":
            yield ALONE
            return
        with ThreadPoolExecutor(count) as pool:
            yield Workers(count, pool)
