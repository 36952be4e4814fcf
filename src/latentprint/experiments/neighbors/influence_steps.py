"""How kNN influence is asked of stored embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from latentprint.experiments.asking import Answer, Step
from latentprint.experiments.neighbors.influence import influence
from latentprint.experiments.neighbors.influence_options import InfluenceOptions
from latentprint.experiments.source import (
    Opened,
    asked_attributes,
    usable_device,
    without_controls,
)
from latentprint.words import Experiment

if TYPE_CHECKING:
    from latentprint.processing import Attribute


def influence_steps(opened: Sequence[Opened], options: InfluenceOptions) -> Iterator[Step]:
    """The kNN influence that is asked for.

    Raises:
        UsageError: An attribute or the device is not known, or no attribute is there.
    """
    usable_device(options.device)
    yield from influence_of(opened, asked_attributes(opened, options.attributes), options)


def influence_of(
    opened: Sequence[Opened], attributes: Sequence[Attribute], options: InfluenceOptions
) -> Iterator[Step]:
    """The kNN influence of every attribute on every encoder; controls have none."""
    for attribute in attributes:
        for each in without_controls(opened):
            yield Step(
                Experiment.KNN_INFLUENCE,
                attribute.name,
                each.source.encoder,
                partial(_answer, each, attribute, options),
                "kNN influence of",
            )


def _answer(opened: Opened, attribute: Attribute, options: InfluenceOptions) -> Answer:
    outcome = influence(
        opened.source,
        attribute,
        ks=options.ks,
        draw=options.draw or opened.draw,
        sample=options.sample,
        seed=options.seed,
        memory_mb=options.memory_mb,
        device=options.device,
    )
    return Answer(outcome.results, outcome.details())
