"""The report of one or several runs: an article, as one HTML page or as Markdown to edit."""

from latentprint.report.report import write_markdown, write_report

__all__ = ["write_markdown", "write_report"]
