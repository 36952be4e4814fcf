"""Footnotes: Markdown's `[^1]` and Distill's `<d-footnote>`, in one numbering."""

from __future__ import annotations

import re
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from latentprint.article.elements import context_of, find_element, line_at

# Names, in the tag of a note, its content that was set aside.
NOTE = "data-note"
_MISSING = re.compile(r"\[\^([^\s\]]+)\](?!:)")


def footnotes_plugin(md: MarkdownIt) -> None:
    """Let a parser read both kinds of notes, and a renderer write their marks."""
    footnote_plugin(md, inline=False)
    md.inline.ruler.after("footnote_ref", "footnote_missing", _missing)
    md.core.ruler.before("footnote_tail", "footnote_unused", _unused)
    footnote_elements_plugin(md)
    md.add_render_rule("footnote_ref", _render)
    md.add_render_rule("footnote_anchor", lambda *_: "")


def footnote_elements_plugin(md: MarkdownIt) -> None:
    """Let a parser read `<d-footnote>`; the environment's "parser" reads the note."""
    md.inline.ruler.before("distill", "d_footnote", _element)


def split_footnotes(tokens: list[Token]) -> tuple[list[Token], list[list[Token]]]:
    """Part the notes, which the parser put at the end, from the text.

    Returns:
        The text, and the notes in order of their numbers.
    """
    kinds = [token.type for token in tokens]
    if "footnote_block_open" not in kinds:
        return tokens, []
    start = kinds.index("footnote_block_open")
    notes: list[list[Token]] = []
    for token in tokens[start:]:
        if token.type == "footnote_open":
            notes.append([])
        elif not token.type.startswith(("footnote_block", "footnote_close")):
            notes[-1].append(token)
    return tokens[:start], notes


def _element(state: StateInline, silent: bool) -> bool:
    element = find_element(state.src, state.pos, end=state.posMax)
    if element is None or element.name != "footnote":
        return False
    if not silent:
        notes = state.env.setdefault("footnotes", {"refs": {}, "list": {}})["list"]
        number = len(notes)
        tokens: list[Token] = []
        content, begins = element.content, line_at(state, element.start)
        aside = element.attributes.get(NOTE, "")
        if not content and aside.isdecimal() and int(aside) < len(context_of(state.env).notes):
            content, begins = context_of(state.env).notes[int(aside)]
        notes[number] = {"content": content, "tokens": tokens}
        parser = state.env["parser"]
        context = context_of(state.env)
        line = context.line
        context.line = begins - 1
        parser.inline.parse(content.strip(), parser, state.env, tokens)
        context.line = line
        state.push("footnote_ref", "", 0).meta = {"id": number}
    state.pos = element.end
    return True


def _missing(state: StateInline, silent: bool) -> bool:
    """Report a mark without a note; it stays in the text."""
    found = _MISSING.match(state.src, state.pos, state.posMax)
    if found is None or silent:
        return False
    context_of(state.env).warn(
        line_at(state, state.pos), f"There is no footnote {found.group(1)!r}."
    )
    state.append_pending(found.group())
    state.pos = found.end()
    return True


def _unused(state: StateCore) -> None:
    """Report a note that no mark names; it is left out."""
    numbers = state.env.get("footnotes", {}).get("refs", {})
    for token in state.tokens:
        if token.type != "footnote_reference_open":
            continue
        label = token.meta["label"]
        if numbers.get(f":{label}", -1) < 0:
            line = (token.map or [0])[0] + 1
            context_of(state.env).warn(
                line, f"The footnote {label!r} has no mark in the text and is left out."
            )


def _render(_: Any, tokens: Any, index: int, __: Any, env: Any) -> str:
    meta = tokens[index].meta
    number = meta["id"] + 1
    again = f"-{meta['subId'] + 1}" if meta.get("subId") else ""
    return context_of(env).slots.put(
        f'<sup class="footnote-mark"><a id="footnote-mark-{number}{again}" '
        f'href="#footnote-{number}" data-footnote="{number}">{number}</a></sup>'
    )
