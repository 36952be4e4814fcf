"""Emoji by their names."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from latentprint.article.document import parse_article
from latentprint.article.markdown import escape_markdown


def text(markdown: str) -> str:
    return BeautifulSoup(parse_article(markdown, folder=None).body, "html.parser").get_text()


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("plots :framed_picture:", "plots 🖼"),
        (":tada: *:+1:*", "🎉 👍"),
        ("<p>in HTML :tada:</p>", "in HTML 🎉"),
        ("| :tada: |\n|---|", "🎉"),
        ("at 10:100:30, :no_such_name:", "at 10:100:30, :no_such_name:"),
        ("std:vector: a:tada:b", "std:vector: a:tada:b"),
        ("`:tada:`", ":tada:"),
        ("```\n:tada:\n```", ":tada:"),
        ("\\:tada:", ":tada:"),
    ],
)
def test_names_become_emoji(markdown: str, shown: str) -> None:
    assert " ".join(text(markdown).split()) == shown


def test_escaped_text_has_no_emoji() -> None:
    assert text(escape_markdown("an encoder :tada: of mine")) == "an encoder :tada: of mine"
