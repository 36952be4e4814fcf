"""Options of a command in groups, where they are too many for one list."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperOption

MANY = 12
"""Options that are read as one list."""

SUBJECTS = {
    "embed": "What is embedded",
    "fit": "What is erased",
    "make": "What is kept",
    "flickr": "What is collected",
}
"""The first group of a command, by its name: all that is in none of the others."""

MEASURED = "What is measured"
"""That of all other commands."""

PHOTOS = "Photos"
EMBEDDINGS = "Embeddings and their labels"
ENCODERS = "Encoders"
SPEED = "Speed and memory"
OUTPUT = "Output"

GROUPS = {
    PHOTOS: "--layout --follow-links --name --where --sample-photos --allow-broken --skip-missing "
    "--retry-broken --orient --window --bits --max-megapixels --mask",
    EMBEDDINGS: "--study-embeddings --model --variant --metadata --id-column --vector-columns",
    ENCODERS: "--encoder --family --control --margin --layers --weights --trust-code --eraser",
    SPEED: "--device --precision --compile --workers --batch-size --memory-mb --shards --engine "
    "--actors --gpus-per-actor --approximate",
    OUTPUT: "--out --title --dry-run --json --quiet --help",
}
"""The other groups in the order of ``--help``, with the options of each."""


def group_options(command: Any, context: typer.Context) -> None:
    """Sort the options of a command, called in a context, into groups, where they are many."""
    options = [each for each in command.params if isinstance(each, TyperOption)]
    if len(options) <= MANY:
        return
    first = SUBJECTS.get(command.name, MEASURED)
    order = [None, first, *GROUPS]
    # The command makes it once, when it is first asked for it.
    asks_help = command.get_help_option(context)
    for each in (*options, asks_help):
        each.rich_help_panel = _group(each) or first
    command.params.sort(key=lambda each: order.index(each.rich_help_panel))


def _group(option: Any) -> str | None:
    """The group of an option; None where it is of the subject of its command."""
    named = (group for group, flags in GROUPS.items() if {*option.opts} & {*flags.split()})
    return next(named, None)
