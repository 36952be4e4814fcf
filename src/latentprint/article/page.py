"""A document as one page: an HTML file that holds everything it needs and asks for nothing."""

from __future__ import annotations

import base64
import datetime
import hashlib
import re
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from latentprint.article.code import highlight_css
from latentprint.article.context import Options
from latentprint.article.document import Document, read_article
from latentprint.article.headings import Heading
from latentprint.article.html_text import inside
from latentprint.article.plots import plotly_script
from latentprint.article.time_limit import time_limit
from latentprint.errors import UsageError
from latentprint.files import as_path, require_place, write_bytes

SECONDS = 60
"""How long an article may take that is not trusted."""

_HERE = Path(__file__).parent
_INLINE = "'unsafe-inline'"

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "media-src data: blob:",
        "font-src data:",
        "frame-src data: blob: 'self'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
"""The content security policy of a page, but for its scripts: nothing may be fetched."""


@dataclass(frozen=True)
class Written:
    """A page that was written.

    Attributes:
        path: Where it is.
        size: Its bytes.
        document: What it shows, with the warnings and what was embedded.
    """

    path: Path
    size: int
    document: Document = field(repr=False)


def render_page(document: Document, *, safe: bool = False) -> str:
    """Make the page of a document.

    Figures bring their style and their scripts along; a page without them has neither.

    Args:
        document: What the page shows.
        safe: Whether the document is of a source that is not trusted: no script runs but those of
            the page itself, should one have slipped through.
    """
    theme, scripts = _file("theme.js"), _scripts(document.body)
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            front=document.front,
            date=_date(document.front.date or ""),
            language=document.front.lang,
            policy=_policy(document, _allowed([theme, *scripts]) if safe else _INLINE),
            styles=_styles(document),
            theme=theme,
            scripts=scripts,
            shared={key: _markup(each) for key, each in document.shared_scripts.items()},
            headings=_headings(document.headings),
            body=_markup(document.body),
            footnotes=[_markup(each) for each in document.footnotes],
            references=[_markup(each.html) for each in document.references],
            version=version("latentprint"),
        )
    )


def write_article(
    source: Path | str,
    out: Path | str | None = None,
    *,
    safe: bool = False,
    online: bool = False,
    scale: bool = True,
    root: Path | None = None,
    allow_outside: bool = False,
) -> Written:
    """Render an article in Markdown to one HTML file, in place of a former one.

    Args:
        source: The article.
        out: The file to write, beside the source by default; its folder is made if need be.
        safe: Whether the source is not trusted: HTML and scripts of its own are dropped, and it
            may take ``SECONDS`` at most.
        online: Whether pictures, films and frames on the web stay, for the page to load them.
        scale: Whether pictures are made as small as they are shown.
        root: The root of the site to which the article belongs; by default it is looked for.
        allow_outside: Whether what the article names may lie outside its folder and its root.

    Raises:
        LatentprintError: The source cannot be read or takes too long, or the page cannot be
            written.
        UsageError: The page would replace its own source, or is to be a folder, or a source that
            is not trusted is to read what lies outside.
    """
    if safe and allow_outside:
        raise UsageError("--safe reads nothing outside: leave out --safe or --allow-outside.")
    source = as_path(source)
    out = source.with_suffix(".html") if out is None else as_path(out)
    if out.exists() and source.exists() and out.samefile(source):
        raise UsageError(f"The page would replace its own source, {source}. Name another --out.")
    if source.is_file():
        require_place(out)
    options = Options(safe, online, scale, root, allow_outside)
    with time_limit(SECONDS, f"{source} under --safe") if safe else nullcontext():
        document = read_article(source, options)
        page = render_page(document, safe=safe)
    return Written(out, write_page(page, out), document)


def write_page(page: str, out: Path) -> int:
    """Write a page whole or not at all, and tell its size in bytes.

    Args:
        page: The HTML.
        out: The file; its folder is made if need be.

    Raises:
        LatentprintError: The file cannot be written.
    """
    content = page.encode()
    write_bytes(out, content)
    return len(content)


def _policy(document: Document, scripts: str) -> str:
    """The content security policy of a page.

    A plot may bring a library that makes functions of texts, as Plotly before version 3 does; what
    it could do so, scripts in the page can do anyway.
    """
    if any(each.kind == "plot" for each in document.embedded):
        scripts = f"{scripts} 'unsafe-eval'; worker-src blob: data:"
    policy = POLICY
    if document.online:
        policy = re.sub(r"((?:img|media|frame)-src)", r"\1 https: http:", policy)
    return f"{policy}; script-src {scripts}"


def figure_styles(body: str) -> list[Markup]:
    """The colours of a page, and the style sheets that the figures in it need.

    Args:
        body: The HTML that holds figures.
    """
    styles = [_file("colours.css")]
    if _has_figures(body):
        styles.append(_file("figures.css"))
    if _has_galleries(body):
        styles.append(_file("galleries.css"))
    if '<section class="verdicts' in body:
        styles.append(_file("verdicts.css"))
    if "data-inspection" in body:
        styles.append(_file("inspection.css"))
    return styles


def figure_scripts(body: str) -> list[Markup]:
    """The scripts that the figures in a page need, but for Plotly's.

    Args:
        body: The HTML that holds figures.
    """
    scripts = []
    if _has_figures(body):
        scripts.append(_file("figures.js"))
    if _has_galleries(body):
        scripts.append(_file("galleries.js"))
    return scripts


def has_plots(body: str) -> bool:
    """Whether the figures in a page need Plotly."""
    return 'class="plot"' in body


def _styles(document: Document) -> list[Markup]:
    styles = [*figure_styles(document.body), _file("page.css"), _markup(highlight_css())]
    if document.front.styles:
        styles.append(_markup(inside(document.front.styles, "style")))
    return styles


def _scripts(body: str) -> list[Markup]:
    own = ["cards.js", "page.js"]
    if "embedded-plot" in body:
        own.append("frames.js")
    if "data-index=" in body:
        own.append("linked_pictures.js")
    plotly = [plotly_script()] if has_plots(body) else []
    return [*map(_file, own), *plotly, *figure_scripts(body)]


def _allowed(scripts: list[Markup]) -> str:
    """The scripts of a policy that allows no others, by their digests."""
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


def _has_figures(body: str) -> bool:
    return "data-figure-panels" in body


def _has_galleries(body: str) -> bool:
    return "data-gallery" in body


def _headings(headings: tuple[Heading, ...]) -> list[dict[str, object]]:
    return [
        {"id": each.id, "title": _markup(each.title), "children": _headings(each.children)}
        for each in headings
    ]


def _date(date: str) -> str:
    """A date as it is read, such as 7 March 2026; what is no date stays as it is."""
    try:
        day = datetime.date.fromisoformat(date[:10])
    except ValueError:
        return date
    return f"{day.day} {day:%B} {day.year}"


def _markup(html: str) -> Markup:
    """HTML that the document made, in which all that is text was escaped."""
    return Markup(html)  # noqa: S704


def _file(name: str) -> Markup:
    return _markup((_HERE / name).read_text(encoding="utf-8"))


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
