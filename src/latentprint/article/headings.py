"""The headings of an article: their ids and the table of contents."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import NamedTuple

from bs4 import BeautifulSoup, Tag

from latentprint.article.context import Context
from latentprint.article.front_matter import Contents, FrontMatter


@dataclass(frozen=True)
class Heading:
    """A heading in the table of contents.

    Attributes:
        id: The id of the heading in the body.
        title: HTML without links and notes.
        level: 2 for a section, 3 for a subsection.
        children: The subsections.
    """

    id: str
    title: str
    level: int
    children: tuple[Heading, ...] = ()


class _Found(NamedTuple):
    id: str
    title: str
    level: int
    text: str


def take_title(soup: BeautifulSoup, context: Context) -> str:
    """Take the first `<h1>` out of the body, whose text is the title where none was given."""
    heading = soup.find("h1")
    if heading is None:
        return ""
    heading.extract()
    return " ".join(context.slots.clear(heading.get_text()).split())


def settle_headings(
    soup: BeautifulSoup, front: FrontMatter, context: Context, own: Mapping[str, str]
) -> tuple[Heading, ...]:
    """Give every heading an id, and make the table of contents.

    The title is the page's only `<h1>`: an `<h1>` in the body, which Distill leaves as it is,
    becomes a section's `<h2>`.

    Args:
        soup: The body.
        front: The front matter; entries of its `toc` that match no heading are reported.
        context: The state of the rendering.
        own: The ids of the lists that the page adds, by their names, which `toc` may name.
    """
    used = {str(tag["id"]) for tag in soup.find_all(id=True)}
    found = []
    for tag in soup.find_all(re.compile(r"h[1-6]\Z")):
        if tag.name == "h1":
            tag.name = "h2"
        found.append(_settle(tag, used, context))
    sections = [each for each in found if each.level <= 3 and each.text]
    if front.toc:
        added = [_Found(name, key.capitalize(), 2, key) for key, name in own.items()]
        return tuple(_wished(front.toc, [*sections, *_anchors(soup), *added], 2, context))
    return _nested(sections)


def slug(text: str) -> str:
    """The id that a heading's text gives: letters and digits, parted by hyphens."""
    return re.sub(r"[\s_-]+", "-", re.sub(r"[^\w\s-]", "", text.lower())).strip("-") or "section"


def _settle(tag: Tag, used: set[str], context: Context) -> _Found:
    text = " ".join(context.slots.clear(tag.get_text()).split())
    if not tag.get("id"):
        name, number = slug(text), 0
        while (name if not number else f"{name}-{number}") in used:
            number += 1
        tag["id"] = f"{name}-{number}" if number else name
        used.add(str(tag["id"]))
    return _Found(str(tag["id"]), _title(tag, context), int(str(tag.name)[1]), text)


def _title(tag: Tag, context: Context) -> str:
    duplicate = copy(tag)
    for inner in duplicate.find_all(True):
        if inner.name in ("em", "strong", "code", "sub", "sup", "b", "i", "s", "del"):
            inner.attrs = {}
        else:
            inner.unwrap()
    title = context.slots.fill_title(duplicate.decode_contents(formatter="minimal"))
    return context.equations.settle_references(title).strip()


def _nested(sections: list[_Found]) -> tuple[Heading, ...]:
    """Sections with the subsections that follow them."""
    headings: list[Heading] = []
    for each in sections:
        heading = Heading(each.id, each.title, each.level)
        if each.level == 3 and headings and headings[-1].level == 2:
            last = headings[-1]
            headings[-1] = Heading(last.id, last.title, 2, (*last.children, heading))
        else:
            headings.append(heading)
    return tuple(headings)


def _wished(
    entries: tuple[Contents, ...], sections: list[_Found], level: int, context: Context
) -> list[Heading]:
    """The headings that the front matter names, in its order."""
    headings = []
    for entry in entries:
        match = next((each for each in sections if _key(each.text) == _key(entry.name)), None)
        below = _wished(entry.subsections, sections, level + 1, context)
        if match is None:
            message = f"The contents name {entry.name!r}, which is no heading."
            context.warn(entry.line, message, kind="contents")
            headings += below
        else:
            title = match.title or html.escape(entry.name, quote=False)
            headings.append(Heading(match.id, title, level, tuple(below)))
    return headings


def _anchors(soup: BeautifulSoup) -> list[_Found]:
    """Places without a heading that the contents can name by their id, as `introduction`."""
    return [
        _Found(str(tag["id"]), "", 0, str(tag["id"]))
        for tag in soup.find_all(["a", "div", "p", "section", "span"], id=True)
    ]


def _key(text: str) -> str:
    return slug(re.sub(r"[*_`$\\]", "", text))
