"""Progress on standard error: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from latentprint.cli.terminal import error_console, is_quiet, note, wait_for

if TYPE_CHECKING:
    from latentprint.embeddings import Progress

_SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def embedding_progress() -> Iterator[Callable[[Progress], None] | None]:
    """Show photos a second and time left while photos are embedded."""
    if is_quiet():
        yield None
    elif sys.stderr.isatty():
        bar = _Bar()
        try:
            yield bar.show
        finally:
            bar.stop()
    else:
        yield _lines()


def step(text: str) -> None:
    """Tell which experiment runs."""
    note(text)
    wait_for("still at it")


def reading_progress() -> Callable[[int, int], None]:
    """Tell from time to time how many photos were read of all."""
    last = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _SECONDS_BETWEEN_LINES:
            last = now
            note(f"read {done} of {total} photos")

    return show


class _Bar:
    """A bar that stands while photos are embedded, and leaves its place to what follows."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._make = Bar
        self._columns = (
            TextColumn("embedding"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        self._bar: Bar | None = None
        self._done = False

    def show(self, progress: Progress) -> None:
        """Draw it."""
        done = progress.done >= progress.total
        if self._bar is None and done and self._done:
            return  # photos that lack one thing here and another there come twice
        if self._bar is None:
            self._bar = self._make(*self._columns, console=error_console())
            self._bar.add_task("embedding", total=None, rate="")
            self._bar.start()
        task, rate = self._bar.task_ids[0], _rate(progress)
        self._bar.update(task, total=progress.total, completed=progress.done, rate=rate)
        self._done = done
        if done:
            self.stop()

    def stop(self) -> None:
        """Leave the last state on the screen."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
            wait_for("working")


def _lines() -> Callable[[Progress], None]:
    last = time.monotonic()

    def show(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < _SECONDS_BETWEEN_LINES and progress.done < progress.total:
            return
        last = now
        new = progress.done - progress.reused
        left = (progress.total - progress.done) * progress.seconds / max(new, 1)
        note(
            f"embedded {progress.done} of {progress.total} photos, {_rate(progress)}, "
            f"about {left:.0f} s left"
        )

    return show


def _rate(progress: Progress) -> str:
    rate = (progress.done - progress.reused) / max(progress.seconds, 1e-9)
    broken = f", {progress.broken} broken" if progress.broken else ""
    return f"{rate:.1f} photos/s{broken}"
