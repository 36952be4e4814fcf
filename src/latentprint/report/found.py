"""Findings that are no rows of the result table: how Python shows them and hands them on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from latentprint.errors import LatentprintError
from latentprint.files import as_path

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Told:
    """A finding in words and cells.

    Attributes:
        headline: What was found, in a few words.
        sentences: What else has to be known.
        head: Headings of the columns.
        rows: Their cells.
    """

    headline: str
    sentences: Sequence[str]
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


class _Tabled(Protocol):
    @property
    def table(self) -> pl.DataFrame: ...


class Found(ABC):
    """A finding that has a ``table`` and a page, and shows itself in a notebook."""

    @abstractmethod
    def _told(self) -> Told:
        """What is shown of it."""

    def to_pandas(self: _Tabled) -> Any:
        """The table as a data frame of pandas.

        Raises:
            LatentprintError: pandas is not installed.
        """
        return as_pandas(self.table)

    def report(self, path: Path | str) -> Path:
        """Write it as one HTML page that works offline.

        Args:
            path: The file to write.

        Returns:
            The file that was written, whole or not at all.

        Raises:
            LatentprintError: The page cannot be written.
        """
        out = as_path(path)
        write_markdown_page("\n".join(_article(self._told())), out)
        return out

    def _repr_html_(self) -> str:
        from latentprint.report.shown import told_html

        return told_html(self._told())

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._told().headline}>"


def as_pandas(table: pl.DataFrame) -> Any:
    """A table as a data frame of pandas.

    Raises:
        LatentprintError: pandas is not installed.
    """
    try:
        pandas = import_module("pandas")
    except ImportError as error:
        raise LatentprintError(
            "pandas is not installed: install it (pip install pandas), or use the polars table."
        ) from error
    return pandas.DataFrame(table.to_dict(as_series=False), columns=table.columns)


def write_markdown_page(markdown: str, out: Path) -> None:
    """Write an article that needs no other file as a page.

    Raises:
        LatentprintError: It cannot be written.
    """
    from latentprint.article.document import parse_article
    from latentprint.article.page import render_page, write_page

    write_page(render_page(parse_article(markdown, folder=None, files={}, name="found.md")), out)


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table in Markdown, whatever its cells hold."""
    from latentprint.article.markdown import escape_markdown

    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(map(escape_markdown, row))} |"


def _article(told: Told) -> Iterator[str]:
    """It as an article in Markdown."""
    import yaml

    from latentprint.article.markdown import escape_markdown

    yield f"---\n{yaml.safe_dump({'title': told.headline}, allow_unicode=True, width=100)}---\n"
    yield from (f"{escape_markdown(each)}\n" for each in told.sentences)
    yield from markdown_table(told.head, told.rows)
    yield ""
