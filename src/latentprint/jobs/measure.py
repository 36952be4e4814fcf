"""Take the steps of experiments, leave out what the data do not allow, and judge the whole run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.asking import Step
from latentprint.results import LeftOut, Result
from latentprint.verdicts import judged
from latentprint.words import CONTROL

OnStep = Callable[[str], None]


@dataclass
class Measured:
    """The rows of the result table, what stands behind them, and what could not be measured.

    Attributes:
        results: Rows of the result table, judged together, those of controls last.
        details: What stands behind them, as JSON values.
        left_out: What was not measured, with the reason.
        tables: Larger tables by name, the encoder in the first column.
    """

    results: list[Result] = field(default_factory=list)
    details: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)


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
