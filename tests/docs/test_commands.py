"""The command reference is that of today's commands, and every command line in a page is valid."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from latentprint.cli.app import ORDER
from latentprint.cli.main import SUBCOMMANDS, app
from latentprint.encoders import expand_specs, find_published
from latentprint.encoders.spec import parse_spec
from tests.docs.pages import DOCS, PAGES, README, blocks, module, prose

generator = module(DOCS / "generate_commands.py")


def command_lines(page: Path) -> Iterator[str]:
    """Every line that calls latentprint, in shell blocks, those of a Job, and in the text."""
    text = page.read_text("utf-8")
    for block in (*blocks(text, "sh"), *blocks(text, "yaml")):
        yield from block.replace("\\\n", " ").splitlines()
    for found in re.finditer(r"(?<!`)`(latentprint [^`]+)`(?!`)", prose(text)):
        yield " ".join(found[1].split())


def calls() -> list[Any]:
    """Arguments of every call, with the first page where it stands."""
    found: dict[tuple[str, ...], str] = {}
    for page in (*PAGES, README):
        for line in command_lines(page):
            words = shlex.split(line, comments=True)
            names = [Path(word).name for word in words]
            if "latentprint" in names:
                arguments = words[names.index("latentprint") + 1 :]
                found.setdefault(tuple(arguments), f"{page.stem}: {line}")
    return [pytest.param(list(each), id=line) for each, line in found.items()]


def test_the_reference_is_fresh() -> None:
    assert generator.PAGE.read_text("utf-8") == generator.render(), (
        "docs/commands.md is stale: run `python docs/generate_commands.py`."
    )


def test_every_command_is_in_the_reference() -> None:
    text = generator.PAGE.read_text("utf-8")
    names = [*ORDER, *(name.replace("_", " ") for name in SUBCOMMANDS)]
    for name in names:
        assert f"\n## latentprint {name}\n" in text


def test_every_option_is_in_the_reference() -> None:
    sections = generator.PAGE.read_text("utf-8").split("\n## ")
    for words, command in generator.commands():
        section = next(each for each in sections if each.startswith(f"{words}\n"))
        for parameter in command.params:
            for name in (*parameter.opts, *parameter.secondary_opts):
                written = name if name.startswith("-") else parameter.metavar or name.upper()
                assert parameter.hidden or f"`{written}`" in section, f"{words}: {name}"


def test_pages_hold_command_lines() -> None:
    assert len(calls()) > 50


@pytest.mark.parametrize("arguments", calls())
def test_a_command_line_is_valid(arguments: list[str]) -> None:
    """It is parsed and checked as typer would, and not run."""
    command: Any = typer.main.get_command(app)
    rest = list(arguments)
    while rest and not rest[0].startswith("-") and hasattr(command, "commands"):
        assert rest[0] in command.commands
        _, command, rest = command.resolve_command(None, rest)
    # A command without arguments is only named, and --version would print and exit.
    if rest and rest != ["--version"]:
        given = command.make_context(command.name, rest).params
        encoder = given.get("encoder") or []
        asked = [encoder] if isinstance(encoder, str) else encoder
        named = [*asked, given.get("spec") or "default"]
        for spec in expand_specs([each for each in named if each != "SPEC"]):
            parse_spec(spec)
        find_published(given.get("patterns") or [])
