"""An article as a document: body, headings, footnotes and references, ready for a page.

The classes of the body's HTML, for style sheets and scripts of the page:

- citations: `<span class="citation">[<a class="citation-link" href="#reference-1"
  data-reference="1">1</a>, …]</span>`; for a key that no entry has `<span class="unknown">?</span>`
  instead of the link. The page lists `references` with the ids `reference-1`, `reference-2`, ….
- footnotes: `<sup class="footnote-mark"><a id="footnote-mark-1" href="#footnote-1"
  data-footnote="1">1</a></sup>`; a second mark of the same note has the id `footnote-mark-1-2`.
  The page lists `footnotes` with the ids `footnote-1`, … and links back to `#footnote-mark-1`.
- code: `<div class="code"><pre><code class="language-python">…</code></pre></div>` with Pygments'
  classes; with line numbers each line is `<span class="code-line" data-number="1">`. In a
  paragraph: `<code>`.
- mathematics: `<math>`; display: `<div class="math-display"><math display="block">…</div>`, with a
  number `<div class="math-display numbered"><span class="equation">…</span><span
  class="equation-number" id="page-equation-…">(1)</span></div>`; what could not be converted:
  `<code class="math-source">`.
- tables: `<div class="table"><table>…</table></div>`.
- `<details>` with `<summary>`, task lists (`ul.contains-task-list`, `li.task-list-item`),
  `<figure>` with `<img>` and `<figcaption>`, `<section class="appendix">`.
- plots: `<iframe class="embedded-plot" srcdoc=… sandbox="allow-scripts allow-downloads" title=…>`;
  with `data-page` in place of `srcdoc` where a script stood that the page holds once for all plots.
- `<span class="placeholder" role="note">` where a picture, plot or figure is missing or refused;
  `<code class="unsupported">` for Liquid that is not run.

The page's own ids begin with `page-`, so that no heading has the same.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bs4 import BeautifulSoup
from bs4.dammit import EntitySubstitution
from bs4.formatter import HTMLFormatter
from markdown_it import MarkdownIt
from markdown_it.token import Token

from latentprint.article.assets import embed_files
from latentprint.article.citations import Reference, open_bibliography, references
from latentprint.article.context import DEFAULTS, Context, Options, Slots
from latentprint.article.files import Embedded, Files
from latentprint.article.footnotes import split_footnotes
from latentprint.article.front_matter import FrontMatter, read_front_matter
from latentprint.article.headings import Heading, settle_headings, take_title
from latentprint.article.kramdown import settle_kramdown
from latentprint.article.layout import settle_layout
from latentprint.article.leftovers import report_leftovers
from latentprint.article.liquid import MARK, settle_liquid
from latentprint.article.markdown import make_parser
from latentprint.article.sanitise import sanitise
from latentprint.article.scripted import embed_named_files, with_style_files
from latentprint.article.site import find_root
from latentprint.article.warnings import ArticleWarning
from latentprint.errors import LatentprintError

_FORMATTER = HTMLFormatter(
    EntitySubstitution.substitute_xml,
    void_element_close_prefix="",
    empty_attributes_are_booleans=True,
)


@dataclass(frozen=True)
class Document:
    """An article, read and rendered.

    Attributes:
        front: What the front matter says.
        body: The text as HTML, without the title.
        headings: The table of contents.
        footnotes: The notes as HTML, in order of their numbers.
        references: The cited works, in order of their numbers.
        warnings: What is wrong with the article, in order of lines.
        embedded: The files that the body holds, with their sizes.
        online: Whether the page loads pictures, films and frames from the web.
        shared_scripts: Scripts of plots that the page holds once, by the keys that stand for them.
    """

    front: FrontMatter
    body: str
    headings: tuple[Heading, ...] = ()
    footnotes: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    warnings: tuple[ArticleWarning, ...] = ()
    embedded: tuple[Embedded, ...] = ()
    online: bool = False
    shared_scripts: Mapping[str, str] = field(default_factory=dict)


def read_article(source: Path, options: Options = DEFAULTS) -> Document:
    """Read an article and what it shows.

    Args:
        source: The Markdown file.
        options: How it is read.

    Raises:
        LatentprintError: It cannot be read, is not UTF-8, or its front matter is broken.
    """
    if source.is_dir():
        raise LatentprintError(f"{source} is a folder. Name the Markdown file in it.")
    try:
        text = source.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise LatentprintError(f"{source}, line {line}: the article is not UTF-8.") from error
    except FileNotFoundError as error:
        raise LatentprintError(f"There is no file {source}.") from error
    except OSError as error:
        raise LatentprintError(f"{source} cannot be read: {error.strerror or error}.") from error
    return parse_article(text, folder=source.parent, name=source.name, options=options)


def parse_article(
    text: str,
    *,
    folder: Path | None,
    files: Mapping[str, str] | None = None,
    name: str = "article.md",
    options: Options = DEFAULTS,
) -> Document:
    """Make the document of an article.

    Args:
        text: The article, Markdown with front matter.
        folder: Where its files are; None: only `files` are read.
        files: Texts by path, such as fragments of figures, which come before the disk.
        name: The file's name, for messages and where no title is given.
        options: How it is read.

    Raises:
        LatentprintError: The front matter is broken.
    """
    root = options.root
    if root is None and folder is not None and not options.safe:
        root = find_root(folder)
    text = _normalised(text)
    front, markdown, warnings = read_front_matter(text, name)
    memory = {posixpath.normpath(path): content for path, content in (files or {}).items()}
    files_of_it = Files(folder, memory, root, options.allow_outside and not options.safe)
    context = Context(files_of_it, options, Slots(text), list(warnings))
    if options.safe and front.styles:
        context.warn(front.lines.get("_styles"), "_styles is left out of a page made with --safe.")
        front = replace(front, styles="")
    front = replace(front, styles=with_style_files(front.styles, context))
    return _document(markdown, front, context, name)


def _document(markdown: str, front: FrontMatter, context: Context, name: str) -> Document:
    md = make_parser()
    markdown = settle_liquid(markdown, context, front.values, md)
    markdown = settle_kramdown(markdown, context)
    cites = "<d-cite" in markdown or context.lists_references
    bibliography = open_bibliography(front, context, cites=cites)
    env: dict[str, Any] = {"article": context, "parser": md, "bibliography": bibliography}
    env["cited"] = {}
    tokens, notes = split_footnotes(md.parse(markdown, env))
    soup = _soup(md, tokens, env, front.styles)
    if not front.title:
        stem = posixpath.splitext(posixpath.basename(name))[0]
        front = replace(front, title=take_title(soup, context) or stem)
    noted = [_soup(md, note, env, front.styles) for note in notes]
    for each in (soup, *noted):
        report_leftovers(each, markdown, context)
    lists = {"references": bool(env["cited"]), "footnotes": bool(notes)}
    own = {name: f"page-{name}" for name, there in lists.items() if there}
    headings = settle_headings(soup, front, context, own)
    footnotes = [_html(each, context) for each in noted]
    body = _html(soup, context)
    for label, line in context.references:
        if label in context.equations.unknown:
            context.warn(line, f"No equation has the label {label!r}.")
    return Document(
        front,
        body,
        headings,
        tuple(footnotes),
        references(env),
        tuple(sorted(dict.fromkeys(context.warnings), key=lambda each: each.line or 0)),
        tuple(context.embedded),
        context.options.online,
        context.shared_scripts,
    )


def _normalised(text: str) -> str:
    """The text with one kind of line break, and without what no file should hold."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return re.sub("[\0\ufdd0\ufdd1\ud800-\udfff]", "\ufffd", text)


def _soup(md: MarkdownIt, tokens: list[Token], env: dict[str, Any], styles: str) -> BeautifulSoup:
    """Rendered tokens as a tree, with their files in it."""
    context = env["article"]
    html = md.renderer.render(tokens, md.options, env)
    # With a line break, no text is taken for an address.
    soup = BeautifulSoup(f"{sanitise(html) if context.options.safe else html}\n", "html.parser")
    settle_layout(soup, context)
    if not context.options.safe:
        embed_named_files(soup, context)
    embed_files(soup, context, styles)
    return soup


def _html(soup: BeautifulSoup, context: Context) -> str:
    html = soup.decode(formatter=_FORMATTER)
    # Liquid in a link's address cannot be shown apart; only its mark goes.
    html = context.slots.fill(html.replace(quote(MARK), "").replace(MARK, ""))
    return context.equations.settle_references(html).strip()
