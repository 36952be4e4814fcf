"""How near-duplicate pairs are asked of stored embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from latentprint.errors import unknown_name
from latentprint.experiments.asking import Answer, Inquiry, Step, refuse_wrong
from latentprint.experiments.pairs.pairs import PairsOptions, design_of, near_duplicates
from latentprint.experiments.source import UNPROCESSED, EmbeddingSource, Opened
from latentprint.options import option
from latentprint.words import CONTROL, Experiment


@dataclass(frozen=True)
class PairsQuestions:
    """Which embeddings are compared, and how.

    Attributes:
        processing: Processing class whose embeddings are compared; by default none, unprocessed,
            else the first there is.
        retrieval: How retrieval is measured.
    """

    processing: str | None = option(None, metavar="CLASS")
    retrieval: PairsOptions = field(default_factory=PairsOptions)

    @property
    def seed(self) -> int:
        """Seeds everything that is random."""
        return self.retrieval.seed


def pairs_steps(opened: Sequence[Opened], asked: PairsQuestions) -> Iterator[Step]:
    """Near-duplicate retrieval by every encoder.

    Raises:
        UsageError: The processing class was not embedded, or there is no such column.
    """
    refuse_wrong(partial(design_of, opened[0].source.photos, asked.retrieval))
    chosen = [_chosen(each.classes, asked.processing) for each in opened]
    for each, processing in zip(opened, chosen, strict=True):
        yield Step(
            Experiment.NEAR_DUPLICATE,
            "",
            each.source.encoder,
            partial(_answer, each.source, processing, asked.retrieval),
            "near-duplicate pairs",
        )


def _chosen(classes: Sequence[str], asked: str | None) -> str:
    if asked is not None and asked not in classes:
        raise unknown_name("processing class", asked, classes)
    return asked or (UNPROCESSED if UNPROCESSED in classes else classes[0])


def _answer(source: EmbeddingSource, processing: str, options: PairsOptions) -> Answer:
    outcome = near_duplicates(source, processing, options)
    shown = [] if source.family == CONTROL else outcome.shown
    return Answer(outcome.results, shown, {"pairs": outcome.queries})


INQUIRY = Inquiry(
    PairsQuestions,
    pairs_steps,
    "The same subjects, photographed with two types of device or more. Each photo looks for the "
    "one of its subject by another type, once among photos by its own type of device, once among "
    "photos by the type of the one it looks for. An encoder without traces does equally well in "
    "both. With --out, pairs.parquet holds every query.",
    (
        "pairs store",
        "pairs vectors.parquet --subject scene --device-type camera",
        "pairs --study-embeddings PairCams --model CLIP",
    ),
)
