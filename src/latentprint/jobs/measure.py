"""Take the steps of experiments, leave out what the data do not allow, and judge the whole run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.asking import Step
from latentprint.jobs.shown import Shown
from latentprint.results import LeftOut, Result, results_table
from latentprint.verdicts import judged
from latentprint.words import CONTROL

if TYPE_CHECKING:
    from latentprint.report.inputs import Run

OnStep = Callable[[str], None]


@dataclass(repr=False)
class Measured(Shown):
    """The rows of the result table, what stands behind them, and what could not be measured.

    Attributes:
        results: Rows of the result table, judged together, those of controls last.
        details: What stands behind them, as JSON values.
        left_out: What was not measured, with the reason.
        tables: Larger tables by name, the encoder in the first column.
        settings: How it was measured, as ``settings.json`` has it.
    """

    results: list[Result] = field(default_factory=list)
    details: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def run(self) -> Run:
        """What the report is made from, in memory."""
        from latentprint.report.inputs import run_of

        return run_of(results_table(self.results), self.settings, self.details)

    def refuse_nothing(self) -> None:
        """End what measured nothing.

        Raises:
            LatentprintError: It did; the message holds the first reason.
        """
        if not self.results:
            reason = self.left_out[0].reason if self.left_out else "there was nothing to measure."
            raise LatentprintError(f"Nothing was measured: {reason}")


def measure(steps: Iterable[Step], *, on_step: OnStep = lambda _: None) -> Measured:
    """Take all steps of a run.

    Args:
        steps: What is to be measured.
        on_step: Called with a short description of each step.

    Raises:
        UsageError: An option or a name is wrong, for this step or any other.
    """
    measured = Measured()
    tables: dict[str, list[pl.DataFrame]] = {}
    steps = list(steps)
    for at, step in enumerate(steps, 1):
        on_step(f"{at} of {len(steps)}: {step}" if len(steps) > 1 else str(step))
        try:
            answer = step.ask()
        except UsageError:
            raise
        except LatentprintError as error:
            left_out = LeftOut(str(error), step.experiment, step.attribute, step.encoder)
            measured.left_out.append(left_out)
            continue
        measured.results += answer.results
        measured.details += answer.details
        for name, table in answer.tables.items():
            named = table.select(pl.lit(step.encoder).alias("encoder"), pl.all())
            tables.setdefault(name, []).append(named)
    controls_last = sorted(measured.results, key=lambda row: row.family == CONTROL)
    measured.results = judged(controls_last)
    measured.tables = {name: pl.concat(parts) for name, parts in tables.items()}
    return measured
