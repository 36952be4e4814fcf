"""The tags of Jekyll and of its plugins that write something, and what they write."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from latentprint.article.code import block_html
from latentprint.article.context import Context
from latentprint.article.diagrams import diagram_html
from latentprint.article.elements import write_attributes
from latentprint.article.files import UnavailableError, is_remote
from latentprint.article.liquid_values import Values
from latentprint.article.remote import remote_html
from latentprint.article.site import Site

VERBATIM = ("raw", "comment", "highlight", "mermaid")
"""Tags in whose content nothing is read."""

BLOCKS = {"details": "enddetails", "tabs": "endtabs", "tab": "endtab", "quote": "endquote"}
"""Tags about Markdown, with the tags that close them."""

_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_FIGURE = re.compile(r"figure\.(?:liquid|html)\b")
_MEDIA = re.compile(r"(video|audio)\.(?:liquid|html)\b")
_PLAYER = re.compile(r"(?:https?:)?//(?:www\.)?(?:youtube|player\.vimeo|youtu\.be|vimeo)", re.I)
_SHOWN = ("alt", "caption", "class", "title", "width", "height", "max-width")
_OF_PLAYERS = ("controls", "autoplay", "loop", "muted")


@dataclass(frozen=True)
class Tag:
    """A tag: its name, what stands behind it, and of verbatim ones the content."""

    name: str
    arguments: str
    body: str | None = None


@dataclass(frozen=True)
class _Place:
    """Where a tag stands, and what it may read."""

    context: Context
    site: Site
    values: Values
    line: int


def write_tag(tag: Tag, context: Context, site: Site, values: Values, line: int) -> str | None:
    """What a tag writes into the text, or None for one that is not known.

    Args:
        tag: The tag; of a block the opening or the closing one.
        context: Where files are, and where it is reported what is missing.
        site: The site.
        values: What names mean.
        line: The tag's line.
    """
    work = _TAGS.get(tag.name)
    return None if work is None else work(tag, _Place(context, site, values, line))


def _raw(tag: Tag, _: _Place) -> str | None:
    return tag.body


def _comment(tag: Tag, _: _Place) -> str | None:
    return None if tag.body is None else ""


def _highlight(tag: Tag, at: _Place) -> str | None:
    language, *options = tag.arguments.split() or [""]
    if tag.body is None or not language:
        return None
    numbered = any(each.startswith("linenos") for each in options)
    code = tag.body.strip("\n")
    written = block_html(at.context, code, language, at.line, numbered=numbered)
    return _block(at, written)


def _mermaid(tag: Tag, at: _Place) -> str | None:
    if tag.body is None:
        return None
    return _block(at, diagram_html(at.context, "mermaid", tag.body, at.line))


def _block(at: _Place, html: str) -> str:
    """HTML that is put in at the end, as a block wherever it stands."""
    return f"<div>{at.context.slots.put(html)}</div>"


def _details(tag: Tag, _: _Place) -> str:
    title = " ".join(tag.arguments.split())
    return f"<d-details{write_attributes({'summary': title})}>"


def _tab(tag: Tag, at: _Place) -> str:
    group, _, title = tag.arguments.partition(" ")
    attributes = {"summary": title.strip().strip("'\"") or group, "group": group}
    opened = at.values.globals.setdefault("opened tabs", set())
    if group not in opened:
        opened.add(group)
        attributes["open"] = ""
    return f"<d-details{write_attributes(attributes)}>"


def _end_details(_: Tag, __: _Place) -> str:
    return "</d-details>"


def _nothing(_: Tag, __: _Place) -> str:
    return ""


def _quote(_: Tag, __: _Place) -> str:
    return '<blockquote markdown="1">\n'


def _cite(tag: Tag, _: _Place) -> str | None:
    keys = _keys(tag)
    return f"<d-cite{write_attributes({'key': keys})}></d-cite>" if keys else None


def _keys(tag: Tag) -> str:
    """The keys of jekyll-scholar's tags, which are parted by spaces; options begin with hyphens."""
    return ",".join(
        re.sub(r"\s--?\w+(?:[= ]\S+)?", "", f" {tag.arguments}").replace(",", " ").split()
    )


def _bibliography(tag: Tag, at: _Place) -> str:
    """The list stands at the page's end anyway; without options it holds what is not cited too."""
    at.context.lists_references |= not tag.arguments
    return ""


def _remote(kind: str) -> Callable[[Tag, _Place], str | None]:
    def work(tag: Tag, at: _Place) -> str | None:
        found = _ADDRESS.search(tag.arguments)
        if found is None:
            return None
        return _block(at, remote_html(at.context, kind, found.group().strip("\"'"), at.line))

    return work


def _notebook(tag: Tag, at: _Place) -> str:
    name = str(at.values.text(tag.arguments))
    message = f"The Jupyter notebook {name} is not put in."
    at.context.warn(at.line, message)
    return _block(at, f'<span class="placeholder" role="note">{_escaped(message)}</span>')


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _file_exists(tag: Tag, at: _Place) -> str:
    name = tag.arguments.strip().strip("'\"")
    try:
        at.context.files.read(f"/{name.lstrip('/')}")
    except UnavailableError:
        return "false"
    return "true"


def _post_url(tag: Tag, at: _Place) -> str | None:
    return at.site.post_address(tag.arguments)


def _link(tag: Tag, _: _Place) -> str:
    return f"/{tag.arguments.strip().lstrip('/')}"


def _include(tag: Tag, at: _Place) -> str | None:
    """The includes that al-folio's own posts use: a picture, a video, a sound."""
    if _FIGURE.match(tag.arguments):
        return _figure(tag, at)
    media = _MEDIA.match(tag.arguments)
    if media is None:
        return None
    _, given = at.values.parameters(tag.arguments)
    path = str(given.get("path", ""))
    if not path:
        return None
    if _PLAYER.match(path):
        return f"<iframe{write_attributes({'src': path})}></iframe>"
    kept = {name: "" for name in _OF_PLAYERS if str(given.get(name, "false")) != "false"}
    shown = {"src": path} | ({"controls": ""} | kept)
    shown |= {name: str(given[name]) for name in ("class", "width", "height") if name in given}
    return f"<{media.group(1)}{write_attributes(shown)}></{media.group(1)}>"


def _figure(tag: Tag, at: _Place) -> str | None:
    _, given = at.values.parameters(tag.arguments)
    if not given:
        return None
    attributes = {"src": str(given.get("path", given.get("src", "")))}
    for key in _SHOWN:
        if key in given:
            attributes[key] = " ".join(str(given[key]).split())
    if is_remote(attributes["src"]) and "alt" not in attributes:
        attributes["alt"] = attributes.get("title", "")
    return f"<d-image{write_attributes(attributes)}></d-image>"


_TAGS: dict[str, Callable[[Tag, _Place], str | None]] = {
    "raw": _raw,
    "comment": _comment,
    "highlight": _highlight,
    "mermaid": _mermaid,
    "details": _details,
    "enddetails": _end_details,
    "tabs": _nothing,
    "endtabs": _nothing,
    "tab": _tab,
    "endtab": _end_details,
    "quote": _quote,
    "endquote": lambda *_: "\n</blockquote>",
    "cite": _cite,
    "reference": _cite,
    "nocite": _cite,
    "bibliography": _bibliography,
    "twitter": _remote("post"),
    "youtube": _remote("video"),
    "vimeo": _remote("video"),
    "gist": _remote("gist"),
    "jupyter_notebook": _notebook,
    "file_exists": _file_exists,
    "post_url": _post_url,
    "link": _link,
    "include": _include,
}
