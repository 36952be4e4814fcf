"""How similarity, stability and galleries are asked of stored embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from latentprint.errors import UsageError, unknown_name
from latentprint.experiments.asking import Answer, Step, refuse_wrong
from latentprint.experiments.similarity.gallery import galleries
from latentprint.experiments.similarity.options import ComparisonOptions, QueryOptions
from latentprint.experiments.similarity.similarity import similarity, views_of
from latentprint.experiments.similarity.stability import check_threshold, stability
from latentprint.experiments.source import (
    UNPROCESSED,
    EmbeddingSource,
    Opened,
    asked_attributes,
    without_controls,
)
from latentprint.words import Experiment

if TYPE_CHECKING:
    from latentprint.processing import Attribute

_LIGHTEST = "JPEG95_444"


def similarity_steps(opened: Sequence[Opened], options: ComparisonOptions) -> Iterator[Step]:
    """Similarity, stability and galleries of every encoder; controls have none.

    What the photos do not allow, such as distributions without semantic labels, is left out.

    Raises:
        UsageError: An option or name is wrong.
    """
    for name in options.bins:
        if name not in options.columns:
            raise UsageError(f"--bins has a rule for {name!r}, which no --by names.")
    asked: tuple[Attribute, ...] = ()
    if options.attributes or not options.columns:
        asked = asked_attributes(opened, options.attributes)
    if options.columns:
        _check_unprocessed(opened[0].classes, options.queries)
    if options.stability:
        check_threshold(options.threshold)
    for each in opened:
        for name in filter(None, (options.reference, options.queries.processing)):
            if name not in each.classes:
                raise unknown_name("processing class", name, each.classes)
    photos = opened[0].source.photos
    every: list[Attribute | str] = [*asked, *options.columns]
    for metadata in every:
        refuse_wrong(partial(views_of, photos, metadata, options.queries, _rule(metadata, options)))
    for each in without_controls(opened):
        reference = options.reference or _reference(each.classes)
        for attribute in asked:
            yield from _of_attribute(each.source, attribute, options, reference)
        for column in options.columns:
            yield Step(
                Experiment.SIMILARITY,
                column,
                each.source.encoder,
                partial(_similarity, each.source, column, options),
                "similarity by",
            )


def _of_attribute(
    source: EmbeddingSource,
    attribute: Attribute,
    options: ComparisonOptions,
    reference: str | None,
) -> Iterator[Step]:
    """Everything that is asked about one processing attribute."""
    about = (attribute.name, source.encoder)
    ask = partial(_similarity, source, attribute, options)
    yield Step(Experiment.SIMILARITY, *about, ask, "similarity by")
    if options.stability:
        ask = partial(_stability, source, attribute, options, reference)
        yield Step(Experiment.STABILITY, *about, ask, "stability under")
    if options.galleries:
        ask = partial(_galleries, source, attribute, options)
        yield Step(Experiment.NEIGHBOUR_GALLERY, *about, ask, "galleries of")


def _similarity(
    source: EmbeddingSource, metadata: Attribute | str, options: ComparisonOptions
) -> Answer:
    found = similarity(source, metadata, options.queries, rule=_rule(metadata, options))
    return Answer(found.results, [found.detail])


def _rule(metadata: Attribute | str, options: ComparisonOptions) -> str | None:
    """How the values of a column become classes; processing has its classes."""
    return options.bins.get(metadata) if isinstance(metadata, str) else None


def _stability(
    source: EmbeddingSource,
    attribute: Attribute,
    options: ComparisonOptions,
    reference: str | None,
) -> Answer:
    found = stability(
        source, attribute, options.queries, reference=reference, threshold=options.threshold
    )
    return Answer(found.results, [found.detail])


def _galleries(source: EmbeddingSource, attribute: Attribute, options: ComparisonOptions) -> Answer:
    found = galleries(
        source,
        attribute,
        options.queries,
        count=options.galleries,
        choice=options.choice,
        k=options.k,
    )
    return Answer(details=found)


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
