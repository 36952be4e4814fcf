"""The report of a run: one HTML page that needs nothing else."""

from latentprint.report.report import write_report

__all__ = ["write_report"]
