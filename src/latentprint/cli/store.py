"""``latentprint store``: whether stored embeddings are as they were written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentprint.cli import options
from latentprint.cli.app import Group, app, examples
from latentprint.cli.terminal import print_json, say
from latentprint.errors import LatentprintError

if TYPE_CHECKING:
    from latentprint.jobs.store_care import Condition

store_app = typer.Typer(
    cls=Group,
    help="Check stored embeddings, remove what is damaged, and bring stores up to date.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
"""Commands about stores register with it."""

app.add_typer(store_app, name="store")


@store_app.callback()
def store() -> None:
    """Check stored embeddings, remove what is damaged, and bring stores up to date."""


StoreArgument = Annotated[
    Path,
    typer.Argument(
        metavar="STORE",
        help="The folder that embed or audit wrote with --out, or that of one encoder in it.",
    ),
]


@store_app.command(**examples("store verify latentprint-store"))
def verify(store: StoreArgument, as_json: options.JsonOption = False) -> None:
    """Read every byte of stored embeddings and say what is not as it was written.

    Every shard has digests of its vectors and rows. Exits with 1 where something is damaged or
    missing.
    """
    from latentprint.jobs.store_care import verify as verified

    found = verified(store)
    _print(found, as_json=as_json)
    wrong = [each for each in found if not each.sound]
    if wrong:
        damages = sum(len(each.damages) for each in wrong)
        todo = (
            f"`latentprint store repair {store}` removes what is damaged; then run"
            if damages
            else "run"
        )
        raise LatentprintError(
            f"{damages} damaged files and {sum(len(each.missing) for each in wrong)} missing "
            f"shards: {todo} {_command(wrong)} again."
        )


@store_app.command(**examples("store repair latentprint-store"))
def repair(store: StoreArgument, as_json: options.JsonOption = False) -> None:
    """Remove what is damaged, and nothing else; says how to make it anew."""
    from latentprint.jobs.store_care import repair as repaired

    found = repaired(store)
    _print(found, as_json=as_json)
    wrong = [each for each in found if not each.sound]
    if wrong and not as_json:
        removed = sum(len(each.damages) for each in wrong)
        photos = sum(each.to_embed for each in wrong)
        say(
            f"Removed what was damaged ({removed}). Photos to be embedded again: {photos}, with "
            f"{_command(wrong)}"
        )


@store_app.command(**examples("store upgrade latentprint-store"))
def upgrade(store: StoreArgument) -> None:
    """Give stores of an earlier version digests, without embedding anything."""
    from latentprint.jobs.store_care import upgrade_stores

    folders = [str(each.folder) for each in upgrade_stores(store)]
    say(*folders)


def _print(found: list[Condition], *, as_json: bool) -> None:

    if as_json:
        print_json([_facts(each) for each in found])
        return
    lines = [sentence for each in found for sentence in each.sentences()]
    say(*lines)


def _facts(condition: Condition) -> dict[str, Any]:
    return {
        "folder": str(condition.folder),
        "sound": condition.sound,
        "photos": condition.photos,
        "to_embed": condition.to_embed,
        "missing_shards": condition.missing,
        "damaged_shards": condition.damaged,
        "damages": [{"file": str(each.file), "reason": each.reason} for each in condition.damages],
    }


def _command(found: list[Condition]) -> str:
    known = next((each.command for each in found if each.command), "")
    return f"`{known}`" if known else "the same `latentprint embed`"
