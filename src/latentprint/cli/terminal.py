r"""The one place that prints: what comes from a file reaches a terminal as characters to read.

Names of files, labels and EXIF values may hold sequences that a terminal obeys, and marks that turn
the direction of a text. They are shown as they are written in Python: ``\x1b``, ``\u202e``.
"""

from __future__ import annotations

import errno
import json
import logging
import re
import shutil
import sys
import textwrap
import threading
import time
import traceback
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import takewhile
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TextIO

from latentprint.errors import LatentprintError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

Align = Literal["left", "right"]

_UNBOUNDED = 1_000_000
"""Columns that no table fills."""

# Controls but for tab, marks of direction, breaks of lines, and halves of characters.
_OBEYED = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def shown(text: str) -> str:
    """A text in one line, with what a terminal would obey as characters to read."""
    return _OBEYED.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


class _Waiting:
    """The last line of a terminal: what is waited for, and for how long.

    Nothing stands there in the first second. What is printed takes its place.
    """

    _PERIOD = 0.5
    _CLEARED = "\r\x1b[2K"

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._lock = stream, threading.Lock()
        self._text, self._since, self._stands = "", time.monotonic(), False
        self._paused, self._ended = False, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def restart(self, text: str) -> None:
        """Wait for something else."""
        with self._lock:
            self._clear()
            self._text, self._since, self._paused = text, time.monotonic(), False

    def pause(self) -> None:
        """Leave the screen to others."""
        with self._lock:
            self._clear()
            self._paused = True

    def end(self) -> None:
        """Go away."""
        self._ended.set()
        self._thread.join()
        self.pause()

    def write(self, stream: TextIO, text: str) -> None:
        """Let something be printed in its place."""
        with self._lock:
            self._clear()
            stream.write(text)

    def _run(self) -> None:
        while not self._ended.wait(self._PERIOD):
            with self._lock:
                seconds = time.monotonic() - self._since
                if not self._paused and seconds >= 1.0:
                    line = shown(f"{self._text}: {seconds:.0f} s")
                    width = shutil.get_terminal_size().columns - 1
                    self._stream.write(f"{self._CLEARED}{line[:width]}")
                    self._stream.flush()
                    self._stands = True

    def _clear(self) -> None:
        if self._stands:
            self._stream.write(self._CLEARED)
            self._stream.flush()
            self._stands = False


class _Session:
    """What holds for everything that one call of the command line prints."""

    quiet = False
    waiting: _Waiting | None = None


@contextmanager
def session() -> Iterator[None]:
    """Print what one call of the command line has to say.

    Warnings of Python and of libraries, and the traceback of a fault of ours, come out in the same
    characters as everything else. A terminal is told that work goes on.
    """
    handler = logging.StreamHandler(_StandardError())
    handler.setFormatter(LineFormatter())
    handler.addFilter(lambda record: record.levelno >= logging.ERROR or not _Session.quiet)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    _Session.waiting = _Waiting(sys.stderr) if sys.stderr.isatty() else None
    wait_for("working")
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            yield
    except Exception as error:
        if isinstance(error, (LatentprintError, BrokenPipeError)) or is_full(error):
            raise
        tell(*traceback.format_exc().rstrip().split("\n"))
        sys.exit(1)
    finally:
        if _Session.waiting is not None:
            _Session.waiting.end()
        _Session.waiting, _Session.quiet = None, False


def is_full(error: Exception) -> bool:
    """Whether a disk has no room for what is written."""
    return isinstance(error, OSError) and error.errno == errno.ENOSPC


def be_quiet() -> None:
    """Leave out progress and warnings for the rest of the session."""
    _Session.quiet = True
    if _Session.waiting is not None:
        _Session.waiting.pause()


def is_quiet() -> bool:
    """Whether only errors are told, and the last lines of results."""
    return _Session.quiet


def wait_for(text: str) -> None:
    """On a terminal, tell for how long this has been going on, until something else is shown."""
    if _Session.waiting is not None and not _Session.quiet:
        _Session.waiting.restart(text)


def _stop_waiting() -> None:
    if _Session.waiting is not None:
        _Session.waiting.pause()


def _write(stream: TextIO, text: str) -> None:
    if _Session.waiting is None:
        stream.write(text)
    else:
        _Session.waiting.write(stream, text)


class _StandardError:
    """Standard error as it is when something is written, for logging."""

    def write(self, text: str) -> None:
        _write(sys.stderr, text)

    def flush(self) -> None:
        sys.stderr.flush()


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> None:
    """A warning of Python in one line; the signature is that of ``warnings.showwarning``."""
    note(f"{filename}:{lineno}: {category.__name__}: {message}")


def say(*lines: object) -> None:
    """Print lines on standard output."""
    _write(sys.stdout, "".join(f"{shown(str(line))}\n" for line in lines))


def tell(*lines: object) -> None:
    """Print lines on standard error."""
    _write(sys.stderr, "".join(f"{shown(str(line))}\n" for line in lines))


def note(*lines: object) -> None:
    """Print lines on standard error that ``--quiet`` leaves out: progress and warnings."""
    if not _Session.quiet:
        tell(*lines)


def print_json(value: Any) -> None:
    """Print one JSON value and nothing else; a reader of JSON gets every character back."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    # Outside of strings, where line breaks stand, there are only characters of JSON.
    escaped = _OBEYED.sub(
        lambda found: "\n" if found.group() == "\n" else f"\\u{ord(found.group()):04x}", text
    )
    _write(sys.stdout, f"{escaped}\n")


def text(value: str) -> Text:
    """A text as rich prints it, whatever brackets and controls it holds."""
    from rich.text import Text

    return Text(shown(value))


def console(width: int) -> Console:
    """Standard output for tables.

    Args:
        width: Columns where it is no terminal.
    """
    from rich.console import Console

    _stop_waiting()
    made = Console()
    return made if made.is_terminal else Console(width=width)


def print_table(
    out: Console, title: str, columns: Mapping[str, Align], rows: Iterable[Sequence[str]]
) -> None:
    """Print a table, or a paragraph for each of its rows where it is wider than the screen.

    Columns in which nothing stands are left out.

    Args:
        out: Where to: what ``console`` made.
        title: What stands above it.
        columns: Headings, and how what stands below them is aligned; those before the first
            "right" say what a row is about.
        rows: One cell for every column, as it is, whatever brackets and controls it holds.
    """
    from rich import box
    from rich.measure import Measurement
    from rich.table import Table

    cells = [dict(zip(columns, row, strict=True)) for row in rows]
    kept = {name: align for name, align in columns.items() if any(row[name] for row in cells)}
    made = Table(box=box.SIMPLE_HEAD, title=text(title), title_justify="left")
    for name, align in kept.items():
        made.add_column(name, justify=align)
    for row in cells:
        made.add_row(*(text(row[name]) for name in kept))
    unbounded = out.options.update(width=_UNBOUNDED)
    if Measurement.get(out, unbounded, made).maximum <= out.width:
        out.print(made)
        return
    about = list(takewhile(lambda name: kept[name] == "left", kept))
    figures = [name for name in kept if name not in about]
    out.print(text(title), "", sep="\n")
    for row in cells:
        stands = {name for name in kept if row[name] not in ("", "–")}
        out.print(text(", ".join(row[name] for name in about if name in stands)), soft_wrap=True)
        for line in _wrapped((f"{name} {row[name]}" for name in figures if name in stands), out):
            out.print(text(f"    {line}"), soft_wrap=True)
    out.print()


def _wrapped(parts: Iterable[str], out: Console) -> list[str]:
    """Lines that an indented paragraph has, which end between its parts where these fit."""
    width = out.width - 4
    joined = "; ".join(each.replace(" ", "\xa0") if len(each) < width else each for each in parts)
    return [line.replace("\xa0", " ") for line in textwrap.wrap(joined, width)]


def error_console() -> Console:
    """Standard error for bars of progress."""
    from rich.console import Console

    _stop_waiting()
    return Console(stderr=True)


class LineFormatter(logging.Formatter):
    """Warnings in one line each."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The message."""
        return shown(record.getMessage())

    def formatException(  # noqa: N802 - logging's name
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        """The traceback, which has lines of its own."""
        return "\n".join(map(shown, super().formatException(ei).split("\n")))


@contextmanager
def shown_usage_errors() -> Iterator[None]:
    """Let the messages about a wrong call, which typer prints, show what was typed.

    A shell types the names of files where there are wildcards.
    """
    try:
        yield
    except Exception as error:
        # Typer's errors, which it exports no common name of, tell where they arose.
        context: Any = getattr(error, "ctx", None)
        message = "" if context is None else error.format_message()  # type: ignore[attr-defined]
        if shown(message) == message:
            raise
        context.fail(shown(message))
