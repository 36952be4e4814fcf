"""Near-duplicate pairs of embeddings on disk: a store, or the files of the study's own code."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from latentprint.embeddings.store import writing
from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.experiments.pairs.pairs import PairsOptions, PairsOutcome, near_duplicates
from latentprint.jobs.measure import Measured
from latentprint.jobs.run_folder import settings_of, write_run
from latentprint.jobs.sources import Opened, StudyFiles, open_sources
from latentprint.results import LeftOut, Result
from latentprint.verdicts import judged
from latentprint.words import CONTROL, Experiment

UNPROCESSED = "none"


@dataclass
class MeasuredPairs:
    """What near-duplicate retrieval found for several encoders.

    Attributes:
        outcomes: One for every encoder that could be measured.
        left_out: The others, with the reason.
    """

    outcomes: list[PairsOutcome] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def results(self) -> list[Result]:
        """All rows of the result table."""
        return judged([row for each in self.outcomes for row in each.results])

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
        return [each for each in self.outcomes if each.results[0].family != CONTROL]


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
    said = {"failures": measured.failures, "left_out": [asdict(each) for each in measured.left_out]}
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / ".pairs.partial"
        queries.write_parquet(partial)
        partial.replace(folder / "pairs.parquet")
        partial.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", "utf-8")
        partial.replace(folder / "pairs.json")


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
            measured.left_out.append(
                LeftOut(str(error), Experiment.NEAR_DUPLICATE, "", each.source.encoder)
            )
    if not measured.outcomes:
        raise LatentprintError(measured.left_out[0].reason)
    return measured


def _chosen(classes: Sequence[str], asked: str | None) -> str:
    if asked is not None and asked not in classes:
        raise unknown_name("processing class", asked, classes)
    return asked or (UNPROCESSED if UNPROCESSED in classes else classes[0])
