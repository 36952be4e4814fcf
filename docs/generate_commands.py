"""Write commands.md, the reference of the command line, from the commands themselves.

Run it after a change of a command or an option: ``python docs/generate_commands.py``.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import typer
from typer.models import ParameterInfo

UNKNOWN = (None, None)
"""Type and declaration of what typer adds by itself."""

PAGE = Path(__file__).with_name("commands.md")

HEAD = """\
# Command reference

<!-- Written by docs/generate_commands.py: change the commands, not this page. -->

Every command has `--help` with the same text. Results go to standard output, or into the folder of
`--out`; progress, warnings and errors go to standard error. Exit codes: 0 done, 1 failed, 2 wrong
usage, 3 drifted (`canary check`) or an eraser that is not shown to help, 130 interrupted, 143 ended
by SIGTERM.
"""

NUMBERS = {int: "INTEGER", float: "NUMBER"}
"""How a number is written where an option does not say it otherwise."""


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that a user can run, with its words on the command line."""
    from latentprint.cli.experiments import command_of
    from latentprint.cli.main import app
    from latentprint.experiments import STORED

    root: Any = typer.main.get_command(app)
    root.commands |= {each.name: command_of(each) for each in STORED}
    yield from _below("latentprint", root)


def render() -> str:
    """The whole page."""
    sections = [_section(words, command) for words, command in commands()]
    return "\n\n".join([HEAD.rstrip(), *sections]) + "\n"


def _below(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    if not command.hidden:
        yield words, command
        for name, each in getattr(command, "commands", {}).items():
            yield from _below(f"{words} {name}", each)


def _section(words: str, command: Any) -> str:
    """One command: what it does, how it is written, its arguments and options, examples."""
    shown = [each for each in command.params if not each.hidden]
    arguments = [each for each in shown if not _is_option(each)]
    options = [each for each in shown if _is_option(each)]
    below = getattr(command, "commands", {})
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    parts = [f"## {words}", *map(_wrapped, paragraphs)]
    parts.append(f"```text\n{_usage(words, arguments, options, below)}\n```")
    hints = _hints(command)
    for group, members in _groups([*arguments, *options]).items():
        listed = "\n".join(_parameter(each, *hints.get(each.name, UNKNOWN)) for each in members)
        parts.append(f"{group}:\n\n{listed}" if group else listed)
    if below:
        links = [_link(words, name, each) for name, each in below.items()]
        parts.append("\n".join(["Commands:", "", *links]))
    if examples := getattr(command, "examples", ()):
        listed = "\n".join(f"- `{each}`" for each in examples)
        parts.append(f"Example{'s' * (len(examples) > 1)}:\n\n{listed}")
    return "\n\n".join(parts)


def _link(words: str, name: str, command: Any) -> str:
    """A line of a list of commands."""
    what = inspect.cleandoc(command.help or "").partition("\n\n")[0].replace("\n", " ")
    return _wrapped(f"- [{words} {name}](#{_slug(f'{words} {name}')}): {what}", indent="  ")


def _groups(parameters: list[Any]) -> dict[str | None, list[Any]]:
    """Parameters as ``--help`` groups them; those of no group come first."""
    found: dict[str | None, list[Any]] = {}
    for each in parameters:
        found.setdefault(each.rich_help_panel, []).append(each)
    return found


def _wrapped(text: str, indent: str = "") -> str:
    """Text in lines that a difference of two versions shows well."""
    return textwrap.fill(
        text, 100, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _usage(words: str, arguments: list[Any], options: list[Any], below: Any) -> str:
    """The first line of ``--help``."""
    named = [each.metavar or each.name.upper() for each in arguments]
    written = [
        name if each.required or name.startswith("[") else f"[{name}]"
        for each, name in zip(arguments, named, strict=True)
    ]
    return " ".join([words, *["[OPTIONS]"] * bool(options), *written, *["COMMAND"] * bool(below)])


def _parameter(parameter: Any, kind: Any, info: ParameterInfo | None) -> str:
    """One argument or option, with what it takes, its meaning and its default."""
    if _is_option(parameter):
        names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
        takes = "" if _plain(kind) in (bool, None) else f" `{_value(parameter, kind)}`"
    else:
        names, takes = f"`{parameter.metavar or parameter.name.upper()}`", ""
    facts = [(parameter.help or "").strip(), _limits(info), _default(parameter)]
    return _wrapped(f"- {names}{takes}: {' '.join(fact for fact in facts if fact)}", indent="  ")


def _value(parameter: Any, kind: Any) -> str:
    if parameter.metavar:
        return str(parameter.metavar)
    plain = _plain(kind)
    if get_origin(plain) is Literal:
        return "|".join(map(str, get_args(plain)))
    return NUMBERS.get(plain, "PATH" if plain is Path else "TEXT")


def _plain(kind: Any) -> Any:
    """A type without ``| None`` and without its list."""
    inner = [each for each in get_args(kind) if each is not NoneType]
    return _plain(inner[0]) if get_origin(kind) in (list, Union, UnionType) else kind


def _limits(info: ParameterInfo | None) -> str:
    least, most = getattr(info, "min", None), getattr(info, "max", None)
    if least is None:
        return ""
    return f"At least {least:g}." if most is None else f"From {least:g} to {most:g}."


def _default(parameter: Any) -> str:
    default = parameter.default
    if parameter.required or default is False or default in (None, "") or callable(default):
        return ""
    if default is True and parameter.secondary_opts:
        return f"Default: `{parameter.opts[0]}`."
    return f"Default: `{default}`."


def _hints(command: Any) -> dict[str, tuple[Any, ParameterInfo | None]]:
    """The type of every parameter, and what it was declared with."""
    found: dict[str, tuple[Any, ParameterInfo | None]] = {}
    function = inspect.unwrap(command.callback)
    for name, hint in get_type_hints(function, include_extras=True).items():
        metadata = getattr(hint, "__metadata__", ())
        info = next((each for each in metadata if isinstance(each, ParameterInfo)), None)
        found[name] = (get_args(hint)[0] if metadata else hint, info)
    return found


def _is_option(parameter: Any) -> bool:
    return bool(parameter.opts[0].startswith("-"))


def _slug(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
