"""Compare photos by their stored embeddings: similarity, stability and galleries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments import EmbeddingSource
from latentprint.experiments.similarity.gallery import Choice, galleries
from latentprint.experiments.similarity.queries import UNPROCESSED, QueryOptions
from latentprint.experiments.similarity.similarity import similarity
from latentprint.experiments.similarity.stability import stability
from latentprint.jobs.measure import Measured
from latentprint.jobs.run_folder import settings_of, write_run
from latentprint.jobs.sources import Opened, StudyFiles, embedded_attributes, open_sources
from latentprint.processing import Attribute, find_attributes
from latentprint.results import LeftOut
from latentprint.verdicts import judged
from latentprint.words import CONTROL, Experiment

_LIGHTEST = "JPEG95_444"


@dataclass(frozen=True)
class ComparisonOptions:
    """What is measured beside the distributions of similarity, and how.

    Attributes:
        stability: Measure how far re-encoding moves a photo.
        reference: Class from which the shift is reported too. None: ``none``, else the lightest
            published class, where it was embedded.
        threshold: Cosine similarity below which a photo counts as another one.
        galleries: Number of neighbour galleries of each attribute.
        choice: How their queries are chosen.
        k: Number of neighbours in a gallery.
        bins: How the values of metadata columns become classes, by column.
    """

    stability: bool = True
    reference: str | None = None
    threshold: float | None = None
    galleries: int = 3
    choice: Choice = "telling"
    k: int = 10
    bins: dict[str, str] = field(default_factory=dict)


def compare_stored(
    where: Path | str | StudyFiles,
    attributes: Sequence[str] | None = None,
    metadata: Sequence[str] = (),
    *,
    queries: QueryOptions | None = None,
    options: ComparisonOptions | None = None,
    condition: str | None = None,
    labels: Path | None = None,
    out: Path | None = None,
    command: str = "",
    on_step: Callable[[str], None] = lambda _: None,
) -> Measured:
    """Compare the photos of a folder of embeddings with one another.

    Args:
        where: What ``embed`` or ``audit`` wrote, or files of the study.
        attributes: Processing attributes; by default the published ones whose classes were
            embedded, or none where columns are named.
        metadata: Columns of the photos.
        queries: Which photos are compared.
        options: What is measured beside the distributions.
        condition: Only photos that fulfil it; see ``select_photos``.
        labels: A table of further columns; see ``with_labels``.
        out: Folder for results.{csv,parquet,json}, details.json, settings.json and report.html.
        command: The command line, for the record.
        on_step: Called with a short description of each step.

    Returns:
        Rows of the experiments ``similarity`` and ``stability``, with their curves, pairs and
        galleries as details. What the photos do not allow, such as distributions without semantic
        labels, is left out with the reason.

    Raises:
        UsageError: An option or name is wrong.
        LatentprintError: The embeddings or a file cannot be read.
    """
    queries, options = queries or QueryOptions(), options or ComparisonOptions()
    opened = open_sources(where, seed=queries.seed, labels=labels, condition=condition)
    asked = _attributes(opened, attributes, metadata)
    if metadata:
        _check_unprocessed(opened[0].classes, queries)
    measured = Measured()
    for each in opened:
        source = each.source
        if source.family == CONTROL:
            continue
        reference = options.reference or _reference(each.classes)
        for attribute in asked:
            _compare(source, attribute, queries, options, reference, measured, on_step)
        for column in metadata:
            about = (Experiment.SIMILARITY, column, source.encoder)
            with _Step(f"similarity by {column}, {source.encoder}", about, measured, on_step):
                found = similarity(source, column, queries, rule=options.bins.get(column))
                measured.results += found.results
                measured.details.append(found.detail)
    measured.results = judged(measured.results)
    if out is not None and measured.results:
        write_run(out, measured, settings_of(opened, measured, command, queries.seed))
    return measured


def _compare(
    source: EmbeddingSource,
    attribute: Attribute,
    queries: QueryOptions,
    options: ComparisonOptions,
    reference: str | None,
    measured: Measured,
    on_step: Callable[[str], None],
) -> None:
    """Everything that is asked about one processing attribute."""
    name = f"{attribute.name}, {source.encoder}"
    about = (attribute.name, source.encoder)
    with _Step(f"similarity by {name}", (Experiment.SIMILARITY, *about), measured, on_step):
        found = similarity(source, attribute, queries)
        measured.results += found.results
        measured.details.append(found.detail)
    if options.stability:
        asked = (Experiment.STABILITY, *about)
        with _Step(f"stability under {name}", asked, measured, on_step):
            moved = stability(
                source, attribute, queries, reference=reference, threshold=options.threshold
            )
            measured.results += moved.results
            measured.details.append(moved.detail)
    if options.galleries:
        asked = (Experiment.NEIGHBOUR_GALLERY, *about)
        with _Step(f"galleries of {name}", asked, measured, on_step):
            measured.details += galleries(
                source,
                attribute,
                queries,
                count=options.galleries,
                choice=options.choice,
                k=options.k,
            )


@dataclass(frozen=True)
class _Step:
    """A step that is left out, with the reason, where the photos do not allow it."""

    name: str
    about: tuple[Experiment, str, str]
    measured: Measured
    on_step: Callable[[str], None]

    def __enter__(self) -> None:
        self.on_step(self.name)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        # A wrong option is wrong for every step: it ends the command.
        if not isinstance(error, LatentprintError) or isinstance(error, UsageError):
            return False
        self.measured.left_out.append(LeftOut(str(error), *self.about))
        return True


def _attributes(
    opened: Sequence[Opened], names: Sequence[str] | None, metadata: Sequence[str]
) -> tuple[Attribute, ...]:
    """The processing attributes that are asked for.

    Raises:
        UsageError: A name is unknown, or nothing is asked for and nothing published is there.
    """
    if names:
        return find_attributes(names)
    return () if metadata else embedded_attributes(opened)


def _check_unprocessed(classes: Sequence[str], queries: QueryOptions) -> None:
    """Columns are compared on unprocessed photos unless the user says otherwise.

    Raises:
        UsageError: There are none.
    """
    if queries.processing is None and UNPROCESSED not in classes:
        raise UsageError(
            "The embeddings hold no unprocessed photos: name the class to compare with "
            f"--processing, one of {', '.join(classes)}."
        )


def _reference(classes: Sequence[str]) -> str | None:
    return next((each for each in (UNPROCESSED, _LIGHTEST) if each in classes), None)
