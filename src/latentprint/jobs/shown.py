"""What Python shows of results, and how it hands them on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentprint.report.found import as_pandas
from latentprint.words import CONTROL

if TYPE_CHECKING:
    import polars as pl

    from latentprint.report.inputs import Run


class Shown(ABC):
    """A result that has a table and a report, and shows itself in a notebook."""

    @property
    @abstractmethod
    def run(self) -> Run:
        """What the report is made from, in memory."""

    @property
    def table(self) -> pl.DataFrame:
        """The result table, one row for every measurement; see the columns of results."""
        return self.run.table

    def to_pandas(self) -> Any:
        """The table as a data frame of pandas.

        Raises:
            LatentprintError: pandas is not installed.
        """
        return as_pandas(self.table)

    def report(self, path: Path | str, *, title: str | None = None) -> Path:
        """Write the report as one HTML page that works offline.

        Args:
            path: The file to write.
            title: Title of the page; names encoders and photos by default.

        Returns:
            The file that was written, whole or not at all.

        Raises:
            LatentprintError: The page cannot be written.
        """
        from latentprint.report.report import Masthead, write_run_report

        return write_run_report(self.run, path, Masthead(title))

    def _repr_html_(self) -> str:
        from latentprint.report.shown import shown_html

        return shown_html(self.run, self._sentence)

    def __repr__(self) -> str:
        run = self.run
        rows = [row for row in run.table.to_dicts() if row["family"] != CONTROL]
        encoders = {row["encoder"] for row in rows}
        verdicts = Counter(row["verdict"] for row in rows if row["verdict"])
        said = [
            f"{len(rows)} results of {len(encoders)} encoder{'s' * (len(encoders) != 1)}",
            *(f"{number} {verdict}" for verdict, number in sorted(verdicts.items())),
            *([f"{len(run.left_out)} left out"] if run.left_out else []),
        ]
        return f"<{type(self).__name__}: {', '.join(said)}>"

    @property
    def _sentence(self) -> str:
        """What was found beside the rows."""
        return ""
