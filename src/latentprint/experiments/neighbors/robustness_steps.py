"""How robustness is asked of stored embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from latentprint.errors import UsageError, unknown_name
from latentprint.experiments.asking import Answer, Step, refuse_wrong
from latentprint.experiments.neighbors.robustness import compared_labels, robustness
from latentprint.experiments.neighbors.robustness_options import (
    RobustnessOptions,
    RobustnessQuestions,
)
from latentprint.experiments.source import EmbeddingSource, Opened, usable_device
from latentprint.neighbours.approximate import require_faiss
from latentprint.words import Experiment


def robustness_steps(opened: Sequence[Opened], asked: RobustnessQuestions) -> Iterator[Step]:
    """The robustness of every encoder against every nuisance.

    Raises:
        UsageError: No nuisance is named, a rule is for none that is, or a column, rule, class or
            device is not known.
    """
    if not asked.nuisances:
        raise UsageError("Name with --nuisance a column of what neighbours should not share.")
    for name, _ in asked.judging.bins:
        if name not in asked.nuisances:
            raise UsageError(f"--bins has a rule for {name!r}, which no --nuisance names.")
    usable_device(asked.judging.device)
    if asked.judging.approximate:
        require_faiss()
    for each in opened:
        if asked.judging.processing not in each.classes:
            raise unknown_name("processing class", asked.judging.processing, each.classes)
    for nuisance in asked.nuisances:
        judging = _judging(nuisance, asked)
        refuse_wrong(
            partial(compared_labels, opened[0].source.photos, asked.label, nuisance, judging)
        )
    for nuisance in asked.nuisances:
        for each in opened:
            yield Step(
                Experiment.ROBUSTNESS,
                nuisance,
                each.source.encoder,
                partial(_answer, each.source, nuisance, asked),
                "robustness against",
            )


def _answer(source: EmbeddingSource, nuisance: str, asked: RobustnessQuestions) -> Answer:
    judging = _judging(nuisance, asked)
    outcome = robustness(source, nuisance, label=asked.label, options=judging)
    about = {
        "encoder": source.encoder,
        "experiment": Experiment.ROBUSTNESS.value,
        "attribute": nuisance,
    }
    details = [
        {**about, "k": k, "photos": photos.to_dict(as_series=False)}
        for k, photos in outcome.photos.items()
    ]
    return Answer(outcome.results, details)


def _judging(nuisance: str, asked: RobustnessQuestions) -> RobustnessOptions:
    """The options with the rule of this nuisance alone."""
    bins = tuple(rule for rule in asked.judging.bins if rule[0] == nuisance)
    return replace(asked.judging, bins=bins)
