"""Read the YAML front matter of an article, with the line of everything that it names."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from latentprint.article.html_text import inside
from latentprint.article.warnings import ArticleWarning
from latentprint.article.yaml_text import load_with_nodes
from latentprint.errors import LatentprintError

FENCE = re.compile(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_OWN = "title description date tags authors notations bibliography toc _styles doi lang"
# What al-folio and its Distill layout read from a post and this page has no use for.
_AL_FOLIO = """layout img giscus_comments disqus_comments htmlwidgets hidden mermaid chart tikzjax
    pretty_table math code_diff citation categories category featured published permalink
    redirect redirect_from related_posts related_publications thumbnail images map external_source
    external_url slug importance author last_updated typograms pseudocode tabs vega echarts plotly
    bib_search sitemap collapse_toc selected keywords comments og_image pinned draft
    typeset swiper toc_sidebar nav nav_order inline display_categories horizontal subtitle
    tikz lightbox venobox photoswipe spotlight leaflet date_updated excerpt image"""
# By which names posts explain a symbol.
_NOTATION_TEXTS = ("text", "description", "name", "note", "value")
_KNOWN = frozenset(f"{_OWN} {_AL_FOLIO}".split())


@dataclass(frozen=True)
class Affiliation:
    """Where an author works."""

    name: str
    url: str | None = None


@dataclass(frozen=True)
class Author:
    """One author; `notations` are symbols, such as "*", that `FrontMatter.notations` explains."""

    name: str
    url: str | None = None
    affiliations: tuple[Affiliation, ...] = ()
    notations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Notation:
    """What a symbol behind an author's name means; without a symbol, a remark on the authors."""

    text: str
    symbol: str = ""


@dataclass(frozen=True)
class Contents:
    """An entry of the table of contents as the front matter names it."""

    name: str
    line: int
    subsections: tuple[Contents, ...] = ()


@dataclass(frozen=True)
class FrontMatter:
    """What the front matter says. Every text is plain text: a page must escape it.

    Attributes:
        date: As YYYY-MM-DD where it is a date, otherwise as it was written.
        bibliography: The name of a BibTeX file.
        toc: The wished table of contents; empty: made from the headings.
        styles: Style sheet of the article (`_styles`); it cannot close a `<style>` element.
        lines: The line of each key in the article, counted from 1.
        values: Everything that it says, as Liquid's `page` knows it.
    """

    title: str = ""
    description: str = ""
    date: str | None = None
    tags: tuple[str, ...] = ()
    authors: tuple[Author, ...] = ()
    notations: tuple[Notation, ...] = ()
    bibliography: str | None = None
    toc: tuple[Contents, ...] = ()
    styles: str = ""
    doi: str | None = None
    lang: str = "en"
    lines: dict[str, int] = field(default_factory=dict, compare=False, repr=False)
    values: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)


def read_front_matter(text: str, name: str) -> tuple[FrontMatter, str, list[ArticleWarning]]:
    """Split an article into its front matter and its text.

    Blank lines take the place of the front matter, so that the text's lines keep their numbers.

    Args:
        text: The article.
        name: The name of its file, for messages.

    Returns:
        The front matter, the text and what is wrong with the front matter.

    Raises:
        LatentprintError: The front matter is no YAML mapping. What is of a wrong kind in one is
            left out with a warning.
    """
    found = FENCE.match(text)
    if found is None:
        if re.match(r"---[ \t]*\n[A-Za-z_]+:", text):
            raise LatentprintError(f"{name}, line 1: the front matter is not closed by a line ---.")
        return FrontMatter(), text, []
    fields = _Fields(found.group(1), name)
    blank = "\n" * found.group(0).count("\n")
    return fields.front_matter(), blank + text[found.end() :], fields.warnings


class _Fields:
    """The values of the front matter, each with its kind checked and its line known."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.warnings: list[ArticleWarning] = []
        node, self.values = _load(text, name)
        self.lines = {str(key.value): _line(key) for key, _ in node.value} if node else {}
        self.nodes = {str(key.value): value for key, value in node.value} if node else {}

    def front_matter(self) -> FrontMatter:
        for key in self.values:
            if str(key) not in _KNOWN:
                self.warn(str(key), f"The front matter's key {str(key)!r} is not known.")
        return FrontMatter(
            title=self.text("title"),
            description=self.text("description"),
            date=self._date(),
            tags=tuple(self._tags()),
            authors=tuple(self._authors()),
            notations=tuple(self._notations()),
            bibliography=self.text("bibliography") or None,
            toc=self._toc(),
            styles=inside(self.text("_styles"), "style"),
            doi=self.text("doi") or None,
            lang=self.text("lang") or "en",
            lines=self.lines,
            values={str(key): value for key, value in self.values.items()},
        )

    def warn(self, key: str, message: str) -> None:
        self.warnings.append(ArticleWarning(self.lines.get(key), message))

    def left_out(self, key: str, reason: str, what: str = "") -> None:
        message = f"{what} of {key} is left out" if what else f"{key} is left out"
        self.warn(key, f"{message}: {reason}.")

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if isinstance(value, list) and all(_is_plain(each) for each in value):
            self.warn(key, f"{key} is a list, of which the entries are shown in one line.")
            value = ", ".join(str(each).strip() for each in value)
        if not _is_plain(value):
            self.left_out(key, "it is no text")
            return ""
        return "" if value is None or value is False else str(value).strip()

    def entries(self, key: str) -> list[Any]:
        value = self.values.get(key)
        if value is None or value is False:
            return []
        if not isinstance(value, list):
            self.left_out(key, "it is no list")
            return []
        return value

    def _date(self) -> str | None:
        value = self.values.get("date")
        if isinstance(value, datetime.datetime):
            value = value.date()
        if isinstance(value, datetime.date):
            return value.isoformat()
        # Jekyll's time zones, such as -0400, are no YAML.
        return re.sub(r"(\d{4}-\d\d-\d\d)[T ].*", r"\1", self.text("date")) or None

    def _tags(self) -> list[str]:
        value = self.values.get("tags")
        if isinstance(value, str):
            return value.split()
        return [str(each) for each in self.entries("tags") if each is not None]

    def _authors(self) -> Iterator[Author]:
        value = self.values.get("authors")
        # Names in one text are shown as they stand: nothing tells where one of them ends.
        listed = [value] if isinstance(value, (str, dict)) else self.entries("authors")
        for each in listed:
            if isinstance(each, str) and each.strip():
                yield Author(each.strip())
            elif isinstance(each, dict) and each.get("name"):
                yield self._author(each)
            else:
                self.left_out("authors", "it has no name", "An author")

    def _author(self, value: dict[str, Any]) -> Author:
        places = value.get("affiliations") or value.get("affiliation")
        marks = value.get("notations") or value.get("notation")
        return Author(
            str(value["name"]),
            self.url("authors", value.get("url")),
            tuple(self._affiliations(_several(places), value)),
            tuple(str(each) for each in _several(marks)),
        )

    def _affiliations(self, values: list[Any], author: dict[str, Any]) -> Iterator[Affiliation]:
        address = author.get("affiliationURL") or author.get("affiliation_url")
        for value in values:
            if isinstance(value, dict) and value.get("name"):
                yield Affiliation(str(value["name"]), self.url("authors", value.get("url")))
            elif _is_plain(value) and value:
                yield Affiliation(str(value), self.url("authors", address))
            else:
                self.left_out("authors", "it has no name", "An affiliation")

    def _notations(self) -> Iterator[Notation]:
        value = self.values.get("notations")
        if isinstance(value, dict):
            listed: list[Any] = [{"symbol": key, "text": text} for key, text in value.items()]
        else:
            listed = [value] if isinstance(value, str) else self.entries("notations")
        for each in listed:
            if isinstance(each, str) and each:
                yield Notation(each)
                continue
            named = each if isinstance(each, dict) else {}
            text = next((named[key] for key in _NOTATION_TEXTS if named.get(key)), None)
            if text is None:
                self.left_out("notations", "it has no text", "A notation")
            else:
                yield Notation(str(text), str(named.get("symbol") or ""))

    def _toc(self) -> tuple[Contents, ...]:
        # al-folio's plain posts say with a mapping where to put the contents, such as "sidebar".
        if isinstance(self.values.get("toc"), (bool, dict)):
            return ()
        return tuple(self._contents(self.entries("toc"), self.nodes.get("toc")))

    def _contents(self, values: list[Any], node: Any) -> Iterator[Contents]:
        """The entries of the table of contents, each with the line where it stands."""
        for written, part in zip(values, node.value if values else (), strict=True):
            value = written if isinstance(written, dict) else {"name": written}
            below = value.get("subsections") or []
            if not isinstance(below, list):
                self._entry_left_out(_child(part, "subsections"), "its subsections are no list")
                below = []
            inner = self._contents(below, _child(part, "subsections"))
            name = value.get("name")
            if _is_plain(name) and str("" if name is None else name).strip():
                yield Contents(str(name).strip(), _line(part), tuple(inner))
            else:
                self._entry_left_out(part, "it has no name")
                yield from inner

    def _entry_left_out(self, node: yaml.Node, reason: str) -> None:
        message = f"Something of an entry of toc is left out: {reason}."
        self.warnings.append(ArticleWarning(_line(node), message))

    def url(self, key: str, value: Any) -> str | None:
        """An address that a page may link to; a script or a file's content is none."""
        if not value:
            return None
        address = re.sub(r"[\x00-\x20]+", "", str(value))
        scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*(?=:)", address)
        if scheme and scheme.group().lower() not in ("http", "https", "mailto"):
            self.warn(key, f"The address {str(value)[:80]!r} is left out: it is no web address.")
            return None
        return address


class _Loader(yaml.SafeLoader):
    """YAML's values, with what looks like a date and is none as text."""

    def date(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            return node.value


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.date)


def _load(text: str, name: str) -> tuple[yaml.MappingNode | None, dict[Any, Any]]:
    try:
        node, values = load_with_nodes(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 2}, column {mark.column + 1}" if mark else "line 1"
        problem = error.problem or error.context or "it is no YAML"
        raise LatentprintError(
            f"{name}, {place}: the front matter is broken: {problem}."
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problem = " ".join(str(error).split()) or "it is no YAML"
        raise LatentprintError(f"{name}, line 1: the front matter is broken: {problem}.") from error
    if node is not None and not isinstance(node, yaml.MappingNode):
        raise LatentprintError(
            f"{name}, line 2: the front matter must be made of lines 'key: value'."
        )
    return node, values or {}


def _line(node: yaml.Node) -> int:
    """The line in the article: the front matter begins on its second."""
    return int(node.start_mark.line) + 2


def _child(node: Any, key: str) -> Any:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for name, value in pairs if name.value == key), None)


def _is_plain(value: Any) -> bool:
    """Whether a value is one text, number or date rather than a list or mapping."""
    return not isinstance(value, (dict, list))


def _several(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
