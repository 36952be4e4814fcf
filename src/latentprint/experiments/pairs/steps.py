"""How near-duplicate pairs are asked of stored embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from latentprint.errors import unknown_name
from latentprint.experiments.asking import Answer, Step, refuse_wrong
from latentprint.experiments.pairs.options import PairsOptions, PairsQuestions
from latentprint.experiments.pairs.pairs import design_of, near_duplicates
from latentprint.experiments.source import UNPROCESSED, EmbeddingSource, Opened
from latentprint.words import CONTROL, Experiment


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
