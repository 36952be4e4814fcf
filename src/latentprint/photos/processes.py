"""Processes that read photos: how many there may be, and how they begin and end.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor


def usable_cores() -> int:
    """How many cores this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return cores or 1


def worker_pool(workers: int) -> ProcessPoolExecutor:
    """A pool of fresh processes, which leave Ctrl-C to their parent and never outlive it."""
    # A fork would copy the locks of the threads that torch and polars run.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_start)


def _start() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A parent that was killed cannot tell its workers to stop; without this they wait for ever.
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
