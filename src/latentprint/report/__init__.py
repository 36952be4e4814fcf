"""The report of one or several runs: an article, and its figures and tables as files.

Names are loaded when they are first used: what takes its wording needs no article.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentprint.lazy import loaded_when_used

if TYPE_CHECKING:
    from latentprint.report.figure_files import Drawn, write_figures
    from latentprint.report.paper_tables import result_tables
    from latentprint.report.report import write_markdown, write_report
    from latentprint.report.study_tables import published_figures, published_tables

__all__ = [
    "Drawn",
    "published_figures",
    "published_tables",
    "result_tables",
    "write_figures",
    "write_markdown",
    "write_report",
]

__getattr__ = loaded_when_used(
    __name__,
    {
        "figure_files": ("Drawn", "write_figures"),
        "paper_tables": ("result_tables",),
        "study_tables": ("published_figures", "published_tables"),
        "report": ("write_markdown", "write_report"),
    },
)
