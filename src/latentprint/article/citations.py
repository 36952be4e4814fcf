"""Citations, numbered in the order in which an article first makes them."""

from __future__ import annotations

import html
import posixpath
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from latentprint.article.bibliography import Bibliography, read_bibliography, reference_html
from latentprint.article.context import Context
from latentprint.article.elements import context_of
from latentprint.article.files import UnavailableError
from latentprint.article.front_matter import FrontMatter
from latentprint.article.site import Site

FOLDERS = ("", "assets/bibliography", "_bibliography")
"""Where a bibliography may be, seen from the article's folder."""


@dataclass(frozen=True)
class Reference:
    """A cited work.

    Attributes:
        key: Its key in the bibliography.
        html: Title, authors, venue, year and link.
        number: Its number in the text, from 1.
    """

    key: str
    html: str
    number: int


def open_bibliography(front: FrontMatter, context: Context, *, cites: bool) -> Bibliography:
    """Read the bibliography that the front matter names; what is wrong with it is reported.

    Args:
        front: The front matter.
        context: Where files are, and where problems are reported.
        cites: Whether the article cites: the site's own bibliography then serves where none is
            named.
    """
    name = front.bibliography or (Site(context.files).bibliography() if cites else None)
    if name is None:
        return Bibliography()
    line = front.lines.get("bibliography")
    try:
        text = context.files.read(name, FOLDERS).decode("utf-8-sig")
    except UnavailableError as error:
        context.warn(line, f"The bibliography {name} {error}.")
        return Bibliography()
    except UnicodeDecodeError:
        context.warn(line, f"The bibliography {name} is not UTF-8 and is not read.")
        return Bibliography()
    bibliography = read_bibliography(text)
    for place, problem in bibliography.problems:
        context.warn(line, f"{posixpath.basename(name)}, line {place}: {problem}.")
    return bibliography


def citations_plugin(md: MarkdownIt) -> None:
    """Let a parser number citations, and a renderer write them.

    The environment's "bibliography" is a `Bibliography`; "cited" gets the number of each key.
    """
    md.core.ruler.after("footnote_tail", "citations", _number)
    md.add_render_rule("d_cite", _render)


def references(env: dict[str, Any]) -> tuple[Reference, ...]:
    """The cited works in the order of their numbers; then the rest, where all are wished."""
    entries = env["bibliography"].entries
    if context_of(env).lists_references:
        for key in entries:
            env["cited"].setdefault(key, len(env["cited"]) + 1)
    return tuple(
        Reference(key, reference_html(entries[key]), number) for key, number in env["cited"].items()
    )


def _number(state: StateCore) -> None:
    """Number the keys in the order in which they are read; a note is read where its mark is."""
    notes = _notes(state.tokens)
    read: set[int] = set()

    def visit(tokens: list[Token]) -> None:
        for token in tokens:
            if token.type == "d_cite":
                _cite(token, state.env)
            elif token.type == "footnote_ref" and token.meta["id"] not in read:
                read.add(token.meta["id"])
                visit(notes.get(token.meta["id"], []))
            if token.type == "inline":
                visit(token.children or [])

    start = next(
        (i for i, each in enumerate(state.tokens) if each.type == "footnote_block_open"), None
    )
    visit(state.tokens[:start])


def _notes(tokens: list[Token]) -> dict[int, list[Token]]:
    notes: dict[int, list[Token]] = {}
    current: list[Token] = []
    for token in tokens:
        if token.type == "footnote_open":
            current = notes[token.meta["id"]] = []
        current.append(token)
    return notes


def _cite(token: Token, env: Any) -> None:
    attributes = token.meta["attributes"]
    keys = attributes.get("key") or attributes.get("bibtex-key") or ""
    token.meta["keys"] = [key.strip() for key in keys.split(",") if key.strip()]
    for key in token.meta["keys"]:
        if key in env["bibliography"].entries:
            env["cited"].setdefault(key, len(env["cited"]) + 1)


def _render(_: Any, tokens: Any, index: int, __: Any, env: Any) -> str:
    token = tokens[index]
    context = context_of(env)
    marks = []
    for key in token.meta.get("keys", []):
        number = env["cited"].get(key)
        if number is None:
            message = f"The bibliography has no entry {key!r}."
            context.warn(token.meta["line"], message, kind="citation")
            title = html.escape(f"No entry {key}")
            marks.append(f'<span class="unknown" title="{title}">?</span>')
        else:
            marks.append(
                f'<a class="citation-link" href="#reference-{number}" '
                f'data-reference="{number}">{number}</a>'
            )
    if not marks:
        context.warn(token.meta["line"], "A citation names no key.")
        marks = ['<span class="unknown">?</span>']
    return context.slots.put(f'<span class="citation">[{", ".join(marks)}]</span>')
