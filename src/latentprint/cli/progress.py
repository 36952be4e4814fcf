"""Progress on standard error: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from latentprint.cli.terminal import error_console, tell
from latentprint.embeddings import Progress

_SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def embedding_progress(*, quiet: bool = False) -> Iterator[Callable[[Progress], None] | None]:
    """Show photos a second and time left while photos are embedded."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        yield from _bar()
    else:
        yield _lines()


def step(text: str) -> None:
    """Tell which experiment runs."""
    tell(text)


def _bar() -> Iterator[Callable[[Progress], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("embedding"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=error_console()) as bar:
        task = bar.add_task("embedding", total=None, rate="")

        def show(progress: Progress) -> None:
            bar.update(task, total=progress.total, completed=progress.done, rate=_rate(progress))

        yield show


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
        tell(
            f"embedded {progress.done} of {progress.total} photos, {_rate(progress)}, "
            f"about {left:.0f} s left"
        )

    return show


def _rate(progress: Progress) -> str:
    rate = (progress.done - progress.reused) / max(progress.seconds, 1e-9)
    broken = f", {progress.broken} broken" if progress.broken else ""
    return f"{rate:.1f} photos/s{broken}"
