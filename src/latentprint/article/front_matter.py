"""Read the YAML front matter of an article, with the line of everything that it names."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from latentprint.article.warnings import ArticleWarning
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


def read_front_matter(text: str, name: str) -> tuple[FrontMatter, str, list[ArticleWarning]]:
    """Split an article into its front matter and its text.

    Blank lines take the place of the front matter, so that the text's lines keep their numbers.

    Args:
        text: The article.
        name: The name of its file, for messages.

    Returns:
        The front matter, the text and what is wrong with the front matter.

    Raises:
        LatentprintError: The front matter is no YAML mapping, or a value is of the wrong kind.
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
            authors=tuple(map(self._author, self.entries("authors"))),
            notations=tuple(map(self._notation, self._notations())),
            bibliography=self.text("bibliography") or None,
            toc=self._contents(self.entries("toc"), self.nodes.get("toc")),
            styles=re.sub(r"</(?=style)", r"<\\/", self.text("_styles"), flags=re.IGNORECASE),
            doi=self.text("doi") or None,
            lang=self.text("lang") or "en",
            lines=self.lines,
        )

    def warn(self, key: str, message: str) -> None:
        self.warnings.append(ArticleWarning(self.lines.get(key), message))

    def wrong(self, key: str, wanted: str) -> LatentprintError:
        return LatentprintError(
            f"{self.name}, line {self.lines.get(key, 1)}: {key} must be {wanted}."
        )

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if isinstance(value, (dict, list)):
            raise self.wrong(key, "a text")
        return "" if value is None or value is False else str(value).strip()

    def entries(self, key: str) -> list[Any]:
        value = self.values.get(key)
        if value is None or (key == "toc" and isinstance(value, (bool, dict))):
            return []
        if not isinstance(value, list):
            raise self.wrong(key, f"a list, with a line '- name: …' for each of the {key}")
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
        return (
            str(value).split() if isinstance(value, str) else list(map(str, self.entries("tags")))
        )

    def _author(self, value: Any) -> Author:
        if isinstance(value, str):
            return Author(value)
        if not isinstance(value, dict) or not value.get("name"):
            raise self.wrong("authors", "a list in which every author has a name")
        places = value.get("affiliations") or value.get("affiliation")
        marks = value.get("notations") or value.get("notation")
        return Author(
            str(value["name"]),
            self.url("authors", value.get("url")),
            tuple(self._affiliation(each, value) for each in _several(places)),
            tuple(str(each) for each in _several(marks)),
        )

    def _affiliation(self, value: Any, author: dict[str, Any]) -> Affiliation:
        if isinstance(value, dict) and value.get("name"):
            return Affiliation(str(value["name"]), self.url("authors", value.get("url")))
        if isinstance(value, (dict, list)):
            raise self.wrong("authors", "a list in which every affiliation has a name")
        return Affiliation(
            str(value),
            self.url("authors", author.get("affiliationURL") or author.get("affiliation_url")),
        )

    def _notations(self) -> list[Any]:
        value = self.values.get("notations")
        if isinstance(value, dict):
            return [{"symbol": symbol, "text": text} for symbol, text in value.items()]
        return [value] if isinstance(value, str) else self.entries("notations")

    def _notation(self, value: Any) -> Notation:
        if isinstance(value, str):
            return Notation(value)
        if not isinstance(value, dict) or not (value.get("text") or value.get("name")):
            raise self.wrong("notations", "a list in which every entry has a symbol and a text")
        text = value.get("text") or value["name"]
        return Notation(str(text), str(value.get("symbol") or ""))

    def _contents(self, values: list[Any], node: Any) -> tuple[Contents, ...]:
        """The entries of the table of contents, each with the line where it stands."""
        entries = []
        for written, part in zip(values, node.value if values else (), strict=True):
            value = {"name": written} if isinstance(written, str) else written
            if not isinstance(value, dict) or value.get("name") is None:
                raise self.wrong("toc", "a list in which every entry has a name")
            below = value.get("subsections") or []
            if not isinstance(below, list):
                raise self.wrong("toc", "a list in which subsections are lists too")
            inner = _child(part, "subsections")
            name = str(value["name"]).strip()
            entries.append(Contents(name, _line(part), self._contents(below, inner)))
        return tuple(entries)

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


def _load(text: str, name: str) -> tuple[yaml.MappingNode | None, dict[Any, Any]]:
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        values = loader.construct_document(node) if node else {}
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
    finally:
        loader.dispose()
    if node is not None and not isinstance(node, yaml.MappingNode):
        raise LatentprintError(
            f"{name}, line 2: the front matter must be made of lines 'key: value'."
        )
    return node, values


def _line(node: yaml.Node) -> int:
    """The line in the article: the front matter begins on its second."""
    return int(node.start_mark.line) + 2


def _child(node: Any, key: str) -> Any:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for name, value in pairs if name.value == key), None)


def _several(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
