"""The command line: parse, call, print."""

from __future__ import annotations

import importlib
import logging
import os
import sys

from latentprint.cli.app import ORDER, app
from latentprint.errors import LatentprintError
from latentprint.experiments import STORED

MODULES = tuple(name for name in ORDER if name not in {each.name for each in STORED})
"""The modules whose import registers a command; those of ``STORED`` are made when called."""

SUBCOMMANDS = ("encoders_bench",)
"""Modules whose import registers a command below another one."""

for _name in (*MODULES, *SUBCOMMANDS):
    importlib.import_module(f"latentprint.cli.{_name}")


def main() -> None:
    """Run the command line; exit with 0, 1 (failure), 2 (usage), 3 (drifted, no help) or 130."""
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
