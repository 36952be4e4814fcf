"""Ask embeddings that are already there about neighbours: kNN influence and robustness."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentprint.embeddings.own_vectors import SUFFIXES, open_own_vectors
from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.neighbors.influence import influence
from latentprint.experiments.neighbors.judging import RobustnessOptions
from latentprint.experiments.neighbors.robustness import robustness
from latentprint.jobs.measure import Measured
from latentprint.jobs.run_folder import settings_of, write_run
from latentprint.jobs.sources import Opened, StudyFiles, embedded_attributes, open_sources
from latentprint.processing import find_attributes
from latentprint.results import LeftOut
from latentprint.verdicts import judged
from latentprint.words import CONTROL, Experiment

if TYPE_CHECKING:
    from latentprint.experiments.assignment import Draw

OnStep = Callable[[str], None]


def influence_stored(
    where: Path | StudyFiles,
    attributes: Sequence[str] | None = None,
    *,
    ks: Sequence[int] = (10,),
    draw: Draw | None = None,
    seed: int = 0,
    memory_mb: int = 4096,
    device: str = "cpu",
    out: Path | None = None,
    command: str = "",
    on_step: OnStep = lambda _: None,
) -> Measured:
    """Measure the kNN influence of attributes on every encoder; controls have none.

    Args:
        where: What ``embed`` or ``audit`` wrote, or files of the study.
        attributes: The attributes, as ``parse_attribute`` reads them; by default the published ones
            whose classes were embedded.
        ks: Numbers of neighbours.
        draw: How the uniform set-up gives training photos their classes; by default by the photo's
            id, for files of the study as published.
        seed: Seeds draws and bootstrap.
        memory_mb: Memory for vectors and similarities.
        device: Where products are computed.
        out: Folder for results.{csv,parquet,json}, details.json, settings.json and report.html.
        command: The command line, for the record.
        on_step: Called with a short description of each step.

    Returns:
        Six rows for every encoder, attribute and k; details with every single accuracy.

    Raises:
        UsageError: An attribute, class, model or option is not known.
        LatentprintError: The embeddings cannot be read.
    """
    opened = open_sources(where, seed=seed)
    measured = Measured()
    published = draw or ("published" if isinstance(where, StudyFiles) else "photo")
    for attribute in find_attributes(attributes) if attributes else embedded_attributes(opened):
        for source in (each.source for each in opened):
            if source.family == CONTROL:
                continue
            name = f"kNN influence of {attribute.name}, {source.encoder}"
            on_step(name)
            try:
                outcome = influence(
                    source,
                    attribute,
                    ks=ks,
                    draw=published,
                    seed=seed,
                    memory_mb=memory_mb,
                    device=device,
                )
            except LatentprintError as error:
                measured.left_out.append(
                    LeftOut(str(error), Experiment.KNN_INFLUENCE, attribute.name, source.encoder)
                )
                continue
            measured.results += outcome.results
            measured.details += outcome.details()
    measured.results = judged(measured.results)
    if out is not None and measured.results:
        settings = settings_of(opened, measured, command, seed)
        write_run(out, measured, {**settings, "device": device})
    return measured


def robustness_stored(
    where: Path,
    nuisances: Sequence[str],
    *,
    label: str = "label",
    options: RobustnessOptions | None = None,
    metadata: Path | None = None,
    id_column: str | None = None,
    out: Path | None = None,
    command: str = "",
    on_step: OnStep = lambda _: None,
) -> Measured:
    """Judge the neighbours of every photo by class and nuisance.

    Args:
        where: What ``embed`` or ``audit`` wrote; or a file of vectors, see ``open_own_vectors``.
        nuisances: Columns of the nuisances.
        label: Column of the class.
        options: How neighbours are judged.
        metadata: A table with further columns: for a store by id, see ``with_labels``; for a file
            of vectors see ``open_own_vectors``.
        id_column: Column by which rows of the table find their vectors (files of vectors only).
        out: Folder for results.{csv,parquet,json}, details.json, settings.json and report.html.
        command: The command line, for the record.
        on_step: Called with a short description of each step.

    Returns:
        Three rows for every encoder, nuisance and k; details with the counts of every photo.

    Raises:
        UsageError: A column, processing class or option is not known.
        LatentprintError: A file cannot be read.
    """
    options = options or RobustnessOptions()
    measured = Measured()
    opened = _own_or_stored(where, metadata, id_column, options.seed)
    for source in (each.source for each in opened):
        for nuisance in nuisances:
            name = f"robustness against {nuisance}, {source.encoder}"
            on_step(name)
            try:
                outcome = robustness(source, nuisance, label=label, options=options)
            except UsageError:
                raise
            except LatentprintError as error:
                measured.left_out.append(
                    LeftOut(str(error), Experiment.ROBUSTNESS, nuisance, source.encoder)
                )
                continue
            measured.results += outcome.results
            for k, photos in outcome.photos.items():
                about: dict[str, Any] = {"encoder": source.encoder, "experiment": "robustness"}
                about |= {"attribute": nuisance, "k": k}
                measured.details.append({**about, "photos": photos.to_dict(as_series=False)})
    measured.results = judged(measured.results)
    if out is not None and measured.results:
        write_run(out, measured, settings_of(opened, measured, command, options.seed))
    return measured


def _own_or_stored(
    where: Path, metadata: Path | None, id_column: str | None, seed: int
) -> list[Opened]:
    if where.suffix.lower() in SUFFIXES and not where.is_dir():
        own = open_own_vectors(where, metadata, id_column=id_column, seed=seed)
        return [Opened(own, ("none",), {})]
    if id_column is not None:
        raise UsageError("A column of ids is for files of vectors; photos of a store have ids.")
    return open_sources(where, seed=seed, labels=metadata)
