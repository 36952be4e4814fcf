"""Emoji by their names, such as `:tada:`, as GitHub and Jekyll's jemoji write them."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from rich.emoji import Emoji

_NAME = re.compile(r"(?<![\w:]):[a-z0-9_+-]+:(?![\w:])")


def emoji_plugin(md: MarkdownIt) -> None:
    """Let a parser show emoji for their names; what is no name stays as it is, as does code."""
    md.core.ruler.after("inline", "emoji", _name_to_emoji)


def _name_to_emoji(state: StateCore) -> None:
    for token in state.tokens:
        for child in token.children or []:
            # Escaped characters are still tokens of their own: an escaped colon begins no name.
            if child.type == "text":
                child.content = _NAME.sub(lambda found: Emoji.replace(found[0]), child.content)
