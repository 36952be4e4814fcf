"""Processes that read photos: how many there may be, and how they begin and end.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType


def usable_cores() -> int:
    """How many cores this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return cores or 1


def worker_pool(workers: int, sent: object = None) -> ProcessPoolExecutor:
    """A pool of fresh processes, which leave Ctrl-C to their parent and never outlive it.

    Args:
        workers: How many.
        sent: What they are sent. Only where it holds what the user's script defines do they run
            that script, which then has to guard its calls by ``if __name__ == "__main__":``.
    """
    # A fork would copy the locks of the threads that torch and polars run.
    context = SpawnContext() if b"__main__" in pickle.dumps(sent) else _Context()
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_start)


class _Process(SpawnProcess):
    """A process that does not run the script that its parent runs.

    A script without a guard would begin anew in each, and none would ever be ready.
    """

    _lock = threading.Lock()

    def start(self) -> None:
        """Begin, and let no script be found meanwhile."""
        with self._lock:
            script = sys.modules["__main__"]
            sys.modules["__main__"] = ModuleType("__main__")
            try:
                super().start()
            finally:
                sys.modules["__main__"] = script


class _Context(SpawnContext):
    """What makes such processes."""

    Process = _Process


def _start() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A parent that was killed cannot tell its workers to stop; without this they wait for ever.
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
