"""``latentprint encoders``: what can be audited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentprint.cli import options
from latentprint.cli.app import Group, app, examples
from latentprint.cli.terminal import print_json
from latentprint.errors import UsageError

if TYPE_CHECKING:
    from latentprint.encoders import PublishedEncoder

encoders_app = typer.Typer(
    help="List the encoders that can be audited, and describe each.",
    **examples(
        "encoders",
        "encoders list '*clip*'",
        "encoders show dinov2-vit-g-14-reg",
        cls=Group,
    ),
    rich_markup_mode="markdown",
)
"""Commands about encoders register with it."""

app.add_typer(encoders_app, name="encoders")

FamilyOption = Annotated[
    str | None,
    typer.Option(
        metavar="FAMILY",
        help="Only CVL (contrastive vision-language), SUP (supervised) or SSL (self-supervised).",
    ),
]


@encoders_app.callback(invoke_without_command=True)
def encoders(context: typer.Context, as_json: options.JsonOption = False) -> None:
    """List the forms of specification: how to name an encoder."""
    if context.invoked_subcommand:
        if as_json:
            raise UsageError(f"Write --json after {context.invoked_subcommand!r}.")
        return
    from latentprint.cli.output import print_columns
    from latentprint.encoders import list_encoders

    known = list_encoders()
    if as_json:
        print_json(known)
        return
    print_columns([(each["spec"], _explained(each)) for each in known])


@encoders_app.command("list")
def list_published(
    patterns: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATTERN]...",
            help="Names, aliases or globs, such as 'dinov2-*'. Default: all.",
        ),
    ] = None,
    family: FamilyOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """List the published encoders: those of the ICCV 2025 study."""
    from latentprint.cli.output import print_columns
    from latentprint.encoders import find_published

    found = find_published(patterns or [], family)
    if as_json:
        print_json([_facts(each) for each in found])
        return
    headings = ("NAME", "ALIAS", "FAMILY", "LIBRARY", "DIMENSION", "INPUT")
    rows = [
        (each.name, each.alias, each.family, each.library, each.dimension, f"{each.input_size} px")
        for each in found
    ]
    print_columns([headings, *rows])


@encoders_app.command()
def show(
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="A name, alias or specification.")],
    margin: options.MarginOption = "published",
    trust_code: options.TrustCodeOption = False,
    as_json: options.JsonOption = False,
) -> None:
    """Show an encoder's sizes, preprocessing and weights, without fetching them."""
    from latentprint.cli.output import print_columns
    from latentprint.encoders.description import describe

    known = describe(spec, margin=margin, trust_code=trust_code)
    if as_json:
        print_json(known)
        return
    print_columns(_described(known))


LABELS = {
    "name": "name",
    "alias": "alias",
    "family": "family",
    "spec": "specification",
    "library": "library",
    "model": "model",
    "representation": "representation",
    "dimension": "dimension",
    "input_size": "input size",
    "parameters": "parameters",
    "note": "note",
    "weights": "weights",
    "release": "released file",
    "sha256": "its SHA-256",
    "local_file": "from a local file",
    "margin": "margin",
}
"""What `show` prints, in this order."""


def _explained(form: dict[str, Any]) -> str:
    needs = "" if form["installed"] else f" (needs {form['library']})"
    return f"{form['explanation']}{needs}"


def _described(known: dict[str, Any]) -> list[tuple[str, str]]:
    """Rows of a label and what is known; a label is not repeated."""
    shown = {
        **known,
        "input_size": f"{known['input_size']} px",
        "parameters": known["parameters"] and f"{known['parameters']:,}",
        "local_file": known["local_file"] and f"{known['local_file']} of audit and embed",
    }
    rows = [(label, str(shown[key])) for key, label in LABELS.items() if shown[key] is not None]
    fields = [f"{name}: {value}" for name, value in known["preprocess"].items()]
    labels = ["preprocessing", *[""] * len(fields)]
    return [*rows, *zip(labels, known["preprocessing"] or fields, strict=False)]


def _facts(encoder: PublishedEncoder) -> dict[str, Any]:
    from dataclasses import asdict

    derived = {name: getattr(encoder, name) for name in ("library", "model", "representation")}
    return {**asdict(encoder), **derived}
