"""Ask every experiment of a set of embeddings and collect the answers in one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from latentprint.embeddings import StoredEmbeddings
from latentprint.errors import LatentprintError
from latentprint.experiments import compare_with_floor, influence, probe
from latentprint.processing import Attribute
from latentprint.results import Result

UNTRAINED = ", untrained"
"""What the name of an untrained control has behind the name of its encoder."""


@dataclass
class Measured:
    """The rows of the result table, and what could not be measured with the reason."""

    results: list[Result] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def probe_all(
    sources: Sequence[StoredEmbeddings],
    attributes: Sequence[Attribute],
    *,
    seed: int = 0,
    on_step: Callable[[str], None] = lambda _: None,
) -> Measured:
    """Run the processing probe of every encoder and attribute, with its untrained floor beside it.

    Args:
        sources: Embeddings of the encoders; a control is the floor of the encoder it is named for.
        attributes: The attributes to recover.
        seed: Seeds the draws of classes and the bootstrap.
        on_step: Called with a short description of each step.
    """
    measured = Measured()
    for attribute in attributes:
        outcomes = {}
        for source in sources:
            on_step(f"probe {attribute.name}, {source.encoder}")
            try:
                outcomes[source.encoder] = probe(source, attribute, seed=seed)
            except LatentprintError as error:
                measured.left_out[f"processing_probe {attribute.name}"] = str(error)
        for name, outcome in outcomes.items():
            floor = outcomes.get(name + UNTRAINED)
            compared = compare_with_floor(outcome, floor) if floor else outcome
            measured.results.append(compared.result)
    return measured


def influence_all(
    sources: Sequence[StoredEmbeddings],
    attributes: Sequence[Attribute],
    *,
    ks: Sequence[int] = (10,),
    seed: int = 0,
    on_step: Callable[[str], None] = lambda _: None,
) -> Measured:
    """Measure the kNN influence of every attribute on every encoder.

    Args:
        sources: Embeddings of the encoders.
        attributes: The attributes whose traces may change neighbours.
        ks: Numbers of neighbours.
        seed: Seeds the bootstrap.
        on_step: Called with a short description of each step.
    """
    measured = Measured()
    for attribute in attributes:
        for source in sources:
            on_step(f"kNN influence of {attribute.name}, {source.encoder}")
            try:
                measured.results += influence(source, attribute, ks=ks, seed=seed).results
            except LatentprintError as error:
                measured.left_out["knn_influence"] = str(error)
    return measured


def measure_all(
    sources: Sequence[StoredEmbeddings],
    attributes: Sequence[Attribute],
    *,
    ks: Sequence[int] = (10,),
    seed: int = 0,
    on_step: Callable[[str], None] = lambda _: None,
) -> Measured:
    """Run both experiments; neighbours only for real encoders, a control has none of interest."""
    probed = probe_all(sources, attributes, seed=seed, on_step=on_step)
    trained = [source for source in sources if source.family != "control"]
    neighbours = influence_all(trained, attributes, ks=ks, seed=seed, on_step=on_step)
    return Measured(probed.results + neighbours.results, {**probed.left_out, **neighbours.left_out})
