r"""The one place that prints: what comes from a file reaches a terminal as characters to read.

Names of files, labels and EXIF values may hold sequences that a terminal obeys, and marks that turn
the direction of a text. They are shown as they are written in Python: ``\x1b``, ``\u202e``.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

# Controls but for tab, marks of direction, breaks of lines, and halves of characters.
_OBEYED = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def shown(text: str) -> str:
    """A text in one line, with what a terminal would obey as characters to read."""
    return _OBEYED.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def say(*lines: object) -> None:
    """Print lines on standard output."""
    sys.stdout.write("".join(f"{shown(str(line))}\n" for line in lines))


def tell(*lines: object) -> None:
    """Print lines on standard error."""
    sys.stderr.write("".join(f"{shown(str(line))}\n" for line in lines))


def print_json(value: Any) -> None:
    """Print one JSON value and nothing else; a reader of JSON gets every character back."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    # Outside of strings, where line breaks stand, there are only characters of JSON.
    escaped = _OBEYED.sub(
        lambda found: "\n" if found.group() == "\n" else f"\\u{ord(found.group()):04x}", text
    )
    sys.stdout.write(f"{escaped}\n")


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

    made = Console()
    return made if made.is_terminal else Console(width=width)


def error_console() -> Console:
    """Standard error for bars of progress."""
    from rich.console import Console

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
