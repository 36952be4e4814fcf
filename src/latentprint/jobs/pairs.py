"""Near-duplicate pairs of embeddings on disk: a store, or the files of the study's own code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.experiments.pairs.pairs import PairsOptions, PairsOutcome, near_duplicates
from latentprint.files import write_json, write_table
from latentprint.jobs.measure import Measured
from latentprint.jobs.run_folder import settings_of, write_run
from latentprint.jobs.sources import Opened, StudyFiles, open_sources
from latentprint.results import Result

UNPROCESSED = "none"


@dataclass
class MeasuredPairs:
    """What near-duplicate retrieval found for several encoders.

    Attributes:
        outcomes: One for every encoder that could be measured.
        left_out: The others, with the reason.
    """

    outcomes: list[PairsOutcome] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def results(self) -> list[Result]:
        """All rows of the result table."""
        return [row for each in self.outcomes for row in each.results]

    @property
    def failures(self) -> list[dict[str, Any]]:
        """The worst failures of every encoder that is no control, as JSON values."""
        return [failure for each in self._encoders for failure in each.failures]

    @property
    def shown(self) -> list[dict[str, Any]]:
        """The pairs to show of every encoder that is no control; see ``shown_pairs``."""
        return [direction for each in self._encoders for direction in each.shown]

    @property
    def _encoders(self) -> list[PairsOutcome]:
        return [each for each in self.outcomes if each.results[0].family != "control"]


def is_store(path: Path) -> bool:
    """Whether a path is a folder of embeddings that ``embed`` or ``audit`` wrote."""
    return any(path.glob("*/manifest.json")) or any(path.glob("embeddings/*/manifest.json"))


def pairs_stored(
    where: Path | str | StudyFiles,
    options: PairsOptions | None = None,
    *,
    processing: str | None = None,
    condition: str | None = None,
    labels: Path | None = None,
    out: Path | None = None,
    command: str = "",
    on_step: Callable[[str], None] = lambda _: None,
) -> MeasuredPairs:
    """Measure near-duplicate retrieval of every encoder.

    Args:
        where: What ``embed`` wrote, or the study's own files of PairCams.
        options: How to measure.
        processing: The processing class whose embeddings are compared; by default ``none``, else
            the first there is.
        condition: Only photos that fulfil it; see ``select_photos``.
        labels: A table of further columns; see ``with_labels``.
        out: Folder for results.{csv,parquet,json}, details.json (the pairs to show), pairs.json
            (failures), pairs.parquet (every query), settings.json and report.html.
        command: The command line, for the record.
        on_step: Called with a short description of each step.

    Raises:
        UsageError: A column, model, processing class or condition is not known.
        LatentprintError: The embeddings cannot be read, or the photos are no pairs.
    """
    options = options or PairsOptions()
    opened = open_sources(
        where, seed=options.seed, labels=labels, condition=condition, dataset="PairCams"
    )
    measured = _measure(opened, options, processing, on_step)
    if out is not None:
        _write_pairs(measured, out)
        run = Measured(measured.results, measured.shown, measured.left_out)
        write_run(out, run, settings_of(opened, run, command, options.seed))
    return measured


def _write_pairs(measured: MeasuredPairs, folder: Path) -> None:
    """Write pairs.json (failures, left out) and pairs.parquet.

    ``pairs.parquet`` holds ``PairsOutcome.queries`` of every encoder, in a column more.

    Raises:
        LatentprintError: The folder cannot be written.
    """
    queries = pl.concat(
        each.queries.select(pl.lit(each.encoder).alias("encoder"), pl.all())
        for each in measured.outcomes
    )
    said = {"failures": measured.failures, "left_out": measured.left_out}
    write_table(folder / "pairs.parquet", queries)
    write_json(folder / "pairs.json", said)


def _measure(
    opened: Sequence[Opened],
    options: PairsOptions,
    processing: str | None,
    on_step: Callable[[str], None],
) -> MeasuredPairs:
    measured = MeasuredPairs()
    for each in opened:
        name = f"near-duplicate pairs, {each.source.encoder}"
        on_step(name)
        chosen = _chosen(each.classes, processing)
        try:
            measured.outcomes.append(near_duplicates(each.source, chosen, options))
        except UsageError:
            raise
        except LatentprintError as error:
            measured.left_out[name] = str(error)
    if not measured.outcomes:
        raise LatentprintError(next(iter(measured.left_out.values())))
    return measured


def _chosen(classes: Sequence[str], asked: str | None) -> str:
    if asked is not None and asked not in classes:
        raise unknown_name("processing class", asked, classes)
    return asked or (UNPROCESSED if UNPROCESSED in classes else classes[0])
