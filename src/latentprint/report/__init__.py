"""The report of one or several runs: an article, and its figures and tables as files."""

from latentprint.report.figure_files import Drawn, write_figures
from latentprint.report.paper_tables import result_tables
from latentprint.report.published_tables import published_figures, published_tables
from latentprint.report.report import write_markdown, write_report

__all__ = [
    "Drawn",
    "published_figures",
    "published_tables",
    "result_tables",
    "write_figures",
    "write_markdown",
    "write_report",
]
