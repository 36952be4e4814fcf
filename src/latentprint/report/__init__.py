"""The report of one or several runs: an article, as a page or as Markdown, and its figures."""

from latentprint.report.figure_files import Drawn, write_figures
from latentprint.report.report import write_markdown, write_report

__all__ = ["Drawn", "write_figures", "write_markdown", "write_report"]
