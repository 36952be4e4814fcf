"""Ask an experiment of embeddings that are already there, and keep the answers."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from latentprint.errors import UsageError, unknown_name
from latentprint.experiments import STORED
from latentprint.experiments.source import UNPROCESSED, Opened, on_whole_photos
from latentprint.files import as_path, make_folder
from latentprint.jobs.measure import Measured, OnStep, measure
from latentprint.jobs.run_folder import settings_of, write_run
from latentprint.jobs.source_options import Sources
from latentprint.jobs.sources import open_sources

logger = logging.getLogger(__name__)


def measure_stored(
    experiment: str,
    sources: Any,
    options: Any = None,
    *,
    out: Path | str | None = None,
    command: str = "",
    on_step: OnStep = lambda _: None,
) -> Measured:
    """Measure an experiment on stored embeddings.

    Args:
        experiment: ``probe``, ``influence``, ``robustness``, ``pairs`` or ``similarity``.
        sources: The embeddings: ``Sources``, or what may be their ``store``, such as the path of
            what ``embed`` wrote, or vectors of your own.
        options: What is asked and how: ``ProbeQuestions``, ``InfluenceOptions``,
            ``RobustnessQuestions``, ``PairsQuestions`` or ``ComparisonOptions``.
        out: Folder for results.{csv,parquet,json}, details.json, settings.json and report.html.
        command: The command line, for the record.
        on_step: Called with a short description of each step.

    Returns:
        The rows, and what was left out because the data do not allow it.

    Raises:
        UsageError: A name, column, class or option is not known.
        LatentprintError: The embeddings or a file cannot be read, or ``out`` not be written to.
    """
    registered = {each.name: each for each in STORED}
    if experiment not in registered:
        raise unknown_name("experiment", experiment, registered)
    inquiry = registered[experiment].inquiry()
    options = inquiry.options() if options is None else options
    if not isinstance(options, inquiry.options):
        raise UsageError(
            f"{experiment} takes {inquiry.options.__name__}, not {type(options).__name__}."
        )
    sources = sources if isinstance(sources, Sources) else Sources(sources)
    opened = open_sources(sources, seed=options.seed)
    if sources.are_vectors and _are_bare(opened):
        logger.warning("Nothing is known of these photos: name a table of them with --metadata.")
    if not inquiry.masked:
        opened = on_whole_photos(opened)
    # All steps are listed first: a wrong name in the last one is told before any is taken.
    steps = list(inquiry.steps(opened, options))
    if out is not None:
        out = as_path(out)
        make_folder(out)
    if sources.are_vectors:
        # A file that cannot be used is told once, and not by every step that asks it.
        for each in opened:
            each.source.vectors(UNPROCESSED)
    measured = measure(steps, on_step=on_step)
    measured.settings = settings_of(opened, measured, command, options.seed)
    if sources.are_vectors:
        measured.settings["vectors"] = sources.words
    elif isinstance(sources.store, str | Path):
        measured.settings["store"] = str(sources.store)
    if out is not None and measured.results:
        write_run(out, measured)
    return measured


def _are_bare(opened: list[Opened]) -> bool:
    """Whether photos have nothing but ids."""
    return all(
        set(each.source.photos.columns) <= {"id", "label", "split", "group"}
        and each.source.photos["label"].is_null().all()
        for each in opened
    )
