"""A figure of the report: a legend, panels, a caption, a download and tables, as an HTML fragment.

A fragment is complete in itself: an article shows it where it names its file. How it looks and
what it does in a page is in ``article/figures.css`` and ``article/figures.js``.
"""

from __future__ import annotations

import base64
import csv
import gzip
import io
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from markupsafe import Markup

from latentprint.report.figures.fragment import fragment
from latentprint.report.figures.panel import Panel
from latentprint.report.figures.table import Table
from latentprint.spreadsheets import guarded_cell

ROWS = 200
"""Rows of a table that a figure has room for; the download holds every one."""

LONG = 1_000
"""Rows of a table above which the file behind the download link is packed: the page carries it."""

NOTHING = Markup()


@dataclass(frozen=True)
class Key:
    """An entry of a figure's legend: a button that hides and shows a part of every panel.

    Attributes:
        group: The ``legendgroup`` of the traces that it stands for. Annotations and shapes whose
            ``name`` is the group follow it, too.
        label: What it is called.
        mark: CSS classes of its mark, such as ``bar cvl``: see ``article/figures.css``.
        shown: Whether the part is shown at first.
        fixed: Whether the entry explains only, and is no button.
    """

    group: str
    label: str
    mark: str
    shown: bool = True
    fixed: bool = False


@dataclass(frozen=True)
class Figure:
    """A figure.

    Attributes:
        key: Short name, such as ``processing``: part of its id and of the names of its files.
        caption: What it shows, as plain text, without a number.
        panels: Its plots.
        keys: Its legend.
        tables: Its numbers, each table with a heading.
        before: HTML before the panels.
        after: HTML after the panels.
        layout: How wide it is: ``l-body``, ``l-page`` or ``l-screen``.
        download: The numbers behind the link; by default the first of the tables.
        notes: Terms of the tables with their meanings, below the first of them.
    """

    key: str
    caption: str
    panels: list[Panel] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    tables: list[tuple[str, Table]] = field(default_factory=list)
    before: Markup = NOTHING
    after: Markup = NOTHING
    layout: str = "l-page"
    download: Table | None = None
    notes: tuple[tuple[str, str], ...] = ()

    @property
    def path(self) -> str:
        """The name of its file beside an article."""
        return f"figures/{self.key}.html"

    @property
    def across(self) -> int:
        """How many dense panels stand side by side on a wide page, in rows of like length."""
        number = len(self.panels)
        return 3 if number in (5, 6, 9) else min(number, 4)

    @property
    def numbers(self) -> Table | None:
        """The table behind the download link; None where there is none."""
        return self.download or (self.tables[0][1] if self.tables else None)

    def html(self) -> str:
        """The complete fragment."""
        download = download_of(self.numbers) if self.numbers else None
        return str(fragment("figure.html.j2", figure=self, rows=ROWS, download=download))


def numbered(figures: Iterable[Figure | None]) -> list[Figure]:
    """Figures of one kind with keys of their own, one for each run that has it."""
    kept = [each for each in figures if each]
    return [
        replace(each, key=f"{each.key}-{number}") if number > 1 else each
        for number, each in enumerate(kept, 1)
    ]


@dataclass(frozen=True)
class Download:
    """A file behind a link.

    Attributes:
        address: Its ``data:`` address.
        kind: What it is called in the link.
        suffix: How its name ends.
    """

    address: Markup
    kind: str
    suffix: str


def download_of(table: Table) -> Download:
    """The table as a CSV file in UTF-8; packed by gzip where it is long."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([_plain(cell) for cell in table.head])
    writer.writerows([_plain(cell) for cell in row] for row in table.rows)
    content = text.getvalue()
    if len(table.rows) > LONG:
        # Without the time, the same table makes the same page.
        packed = base64.b64encode(gzip.compress(content.encode(), mtime=0)).decode()
        address = f"data:application/gzip;base64,{packed}"
        return Download(Markup(address), "CSV, packed by gzip", ".csv.gz")  # noqa: S704 - base64
    address = f"data:text/csv;charset=utf-8,{quote(content, safe=' ,:;()/@=+')}"
    return Download(Markup(address), "CSV", ".csv")  # noqa: S704 - percent-encoded


def _plain(cell: str) -> str:
    """A cell as programs read it: numbers as numbers, nothing where there is none."""
    if cell == "–":
        return ""
    number = cell.replace("−", "-").replace(",", "")
    try:
        float(number)
    except ValueError:
        return guarded_cell(cell)
    return number
