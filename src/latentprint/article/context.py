"""What the parts of one rendering share: the files, the warnings, what waits to be put in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from latentprint.article.equations import Equations
from latentprint.article.files import Embedded, Files
from latentprint.article.pictures import Sizes
from latentprint.article.warnings import ArticleWarning


@dataclass(frozen=True)
class Options:
    """How an article is read.

    Attributes:
        safe: Whether the source is not trusted: its HTML, scripts and styles are dropped, and no
            root is looked for.
        online: Whether pictures, films and frames on the web stay, for the page to load them.
        scale: Whether pictures are made as small as they are shown.
        root: The root of the site; None: it is looked for upward from a trusted source.
        allow_outside: Whether files outside the article's folder and its root may be read.
    """

    safe: bool = False
    online: bool = False
    scale: bool = True
    root: Path | None = None
    allow_outside: bool = False


DEFAULTS = Options()


class Slots:
    """HTML of our own that no later step may read or change: a mark stands for it till the end.

    Sanitising and tree processing then see neither formulas nor whole figures. The marks carry a
    digest of the article, so that no text in it can look like one.
    """

    def __init__(self, text: str) -> None:
        self._mark = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        self._contents: list[tuple[str, str]] = []

    def put(self, html: str, title: str = "") -> str:
        """Keep HTML and return the mark that stands for it in a text.

        Args:
            html: What is put in at the end.
            title: What is put in where the text is an entry of the table of contents.
        """
        self._contents.append((html, title))
        return f"{self._mark}.{len(self._contents) - 1}."

    def fill(self, text: str) -> str:
        """Put the HTML where the marks are."""
        # What is put in may hold marks itself, such as code within an element.
        while self._mark in text:
            text = self._sub(lambda found: self._contents[int(found.group(1))][0], text)
        return text

    def fill_title(self, text: str) -> str:
        """Put in where the marks are what a table of contents shows."""
        return self._sub(lambda found: self._contents[int(found.group(1))][1], text)

    def clear(self, text: str) -> str:
        """Take the marks out of a text."""
        return self._sub(lambda _: "", text)

    def _sub(self, content: Callable[[re.Match[str]], str], text: str) -> str:
        return re.sub(rf"{self._mark}\.(\d+)\.", content, text)


@dataclass
class Context:
    """The state of one rendering.

    Attributes:
        files: Where pictures, plots, figures and the bibliography are read.
        options: How the article is read.
        slots: What is put in at the end.
        warnings: What was found wrong.
        equations: The formulas, of which the numbers are known at the end.
        references: Labels of equations that are referred to, each with its line.
        lists_references: Whether all references are listed, not only those that are cited.
        lines: Of each line of the text, once its Liquid was settled, the line in the article;
            empty: they are the same.
        notes: Notes that were set aside, which stand in the text by their number here, each with
            its first line.
        embedded: The files that went into the body.
        line: Line, from 0, at which the inline text begins that is being parsed.
        depth: How many elements with Markdown inside enclose the present one.
        figures: How many figures were numbered.
        sizes: How large pictures are shown; None where they stay as they are.
        shared_scripts: Scripts of plots by the keys that stand for them.
    """

    files: Files
    options: Options
    slots: Slots
    warnings: list[ArticleWarning] = field(default_factory=list)
    equations: Equations = field(default_factory=Equations)
    references: list[tuple[str, int]] = field(default_factory=list)
    lists_references: bool = False
    notes: list[tuple[str, int]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    embedded: list[Embedded] = field(default_factory=list)
    line: int = 0
    depth: int = 0
    figures: int = 0
    sizes: Sizes | None = None
    shared_scripts: dict[str, str] = field(default_factory=dict)

    def warn(self, line: int | None, message: str, *, kind: str = "") -> None:
        """Note something that is wrong.

        Args:
            line: Its line in the text that is being read.
            message: One sentence.
            kind: What it has in common with others of which there may be many.
        """
        if line is not None and self.lines:
            line = self.lines[min(line, len(self.lines)) - 1]
        self.warnings.append(ArticleWarning(line, message, kind))
