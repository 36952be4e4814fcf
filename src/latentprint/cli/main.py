"""The command line: parse, call, print."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from latentprint.cli.app import ORDER, app
from latentprint.cli.terminal import session, tell
from latentprint.errors import LatentprintError
from latentprint.experiments import STORED

MODULES = tuple(name for name in ORDER if name not in {each.name for each in STORED})
"""The modules whose import registers a command; those of ``STORED`` are made when called."""

SUBCOMMANDS = ("encoders_bench",)
"""Modules whose import registers a command below another one."""

for _name in (*MODULES, *SUBCOMMANDS):
    importlib.import_module(f"latentprint.cli.{_name}")


TERMINATED = 128 + signal.SIGTERM
"""The exit code of a command that was told to end by SIGTERM."""

_ENDED = {130: "Interrupted.", TERMINATED: "Told to end (SIGTERM)."}


def main() -> None:
    """Run the command line; exit with 0, 1 (failure), 2 (usage), 3 (drift, no help), 130 or 143."""
    try:
        with _termination_unwinds(), session():
            try:
                app(_concealed(sys.argv))
            finally:
                sys.stdout.flush()
    except LatentprintError as error:
        tell(f"Error: {error}")
        sys.exit(error.exit_code)
    except SystemExit as done:
        # typer turns Ctrl-C into its exit code without a word.
        if isinstance(done.code, int) and done.code in _ENDED:
            tell(
                f"{_ENDED[done.code]} What was finished is kept: run the same command again to go "
                "on."
            )
        raise
    except OSError as error:
        # What is left to print has nowhere to go: the reader of a pipe (`| head`) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            sys.exit(0)
        tell(
            "Error: no space is left where the output or temporary files go: make room, and run the"
            " same command again."
        )
        sys.exit(1)


def _concealed(arguments: list[str]) -> list[str]:
    """The arguments to read; commands record what is left of them, without credentials."""
    given = arguments[1:]
    if any("://" in each for each in given):
        from latentprint.photos.location import without_credentials

        arguments[1:] = map(without_credentials, given)
    return given


@contextmanager
def _termination_unwinds() -> Iterator[None]:
    """Let SIGTERM, which schedulers and containers send, end a command as Ctrl-C does.

    By default it ends the process at once: workers, locks and half-written files stay behind.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # no signal can be caught
        return

    def unwind(_number: int, _frame: FrameType | None) -> None:
        sys.exit(TERMINATED)

    before = signal.signal(signal.SIGTERM, unwind)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
