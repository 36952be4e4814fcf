"""The command line: parse, call, print."""

from __future__ import annotations

import importlib
import logging
import os
import sys

from latentprint.cli.app import app
from latentprint.errors import LatentprintError

MODULES = (
    "audit",
    "embed",
    "correlation",
    "exif",
    "flickr",
    "report",
    "article",
    "demo",
    "encoders",
)
"""The modules whose import registers a command; the others are those of ``STORED``."""

SUBCOMMANDS = ("encoders_bench",)
"""Modules whose import registers a command below another one."""

for _name in (*MODULES, *SUBCOMMANDS):
    importlib.import_module(f"latentprint.cli.{_name}")


def main() -> None:
    """Run the command line; exit with 0, 1 (failure), 2 (usage) or 130 (interrupted)."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stderr)
    try:
        app()
    except LatentprintError as error:
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(error.exit_code)
    except SystemExit as done:
        # typer turns Ctrl-C into this exit code without a word.
        if done.code == 130:
            sys.stderr.write(
                "Interrupted. What was finished is kept: run the same command again to go on.\n"
            )
        raise
    except BrokenPipeError:
        # The reader of a pipe (`| head`) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
