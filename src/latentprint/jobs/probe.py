"""Recover labels from embeddings that are already there, and keep the answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from latentprint.errors import UsageError
from latentprint.experiments import Guards, ProbeOptions
from latentprint.jobs.measure import Measured, Questions, find_questions, probe_all
from latentprint.jobs.run_folder import settings_of, write_run
from latentprint.jobs.sources import StudyFiles, embedded_attributes, open_sources
from latentprint.photos import read_split_file


def probe_stored(
    where: Path | str | StudyFiles,
    questions: Sequence[str] | None = None,
    *,
    options: ProbeOptions | None = None,
    guards: Guards | None = None,
    condition: str | None = None,
    labels: Path | None = None,
    split_file: Path | None = None,
    out: Path | None = None,
    command: str = "",
    on_step: Callable[[str], None] = lambda _: None,
) -> Measured:
    """Recover labels from embeddings on disk.

    Args:
        where: What ``embed`` or ``audit`` wrote, or files of the study.
        questions: Processing attributes and labels; by default the published attributes whose
            classes were embedded.
        options: How probes are run.
        guards: Which photos take part in the probes of labels.
        condition: Only photos that fulfil it; see ``select_photos``.
        labels: A table of further labels; see ``with_labels``.
        split_file: A split of the study, for one label.
        out: Folder for results.{csv,parquet,json}, details.json, settings.json and report.html.
        command: The command line, for the record.
        on_step: Called with a short description of each step.

    Raises:
        UsageError: A question, column, rule or condition is not known.
        LatentprintError: The embeddings or a file cannot be read.
    """
    options = options or ProbeOptions()
    opened = open_sources(where, seed=options.seed, labels=labels, condition=condition)
    split = None if split_file is None else read_split_file(split_file)
    if questions is None and split is not None:
        asked = Questions(labels=(split.target_attribute,))
    elif questions is None:
        asked = Questions(embedded_attributes(opened))
    else:
        asked = find_questions(questions, opened[0].source.photos.columns)
    if split is not None and len(asked.labels) != 1:
        raise UsageError("A split file is for one label: name no other with -a.")
    measured = probe_all(
        [each.source for each in opened],
        asked,
        options=options,
        guards=guards,
        split=split,
        on_step=on_step,
    )
    if out is not None and measured.results:
        settings = settings_of(opened, measured, command, options.seed)
        write_run(out, measured, {**settings, "device": options.device})
    return measured
