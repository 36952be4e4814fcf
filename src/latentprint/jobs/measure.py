"""Ask every experiment of a set of embeddings and collect the answers in one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from latentprint.errors import LatentprintError, unknown_name
from latentprint.experiments import (
    Controls,
    EmbeddingSource,
    Guards,
    ProbeOptions,
    ProbeOutcome,
    compare_with_controls,
    decompose_variance,
    influence,
    probe_label,
    probe_processing,
)
from latentprint.processing import ATTRIBUTES, Attribute, parse_attribute
from latentprint.results import LeftOut, Result
from latentprint.verdicts import judged
from latentprint.words import (
    COLOUR_STATISTICS,
    CONTROL,
    DCT_ENERGIES,
    UNTRAINED,
    Experiment,
)

if TYPE_CHECKING:
    from latentprint.photos import SplitFile

OnStep = Callable[[str], None]


@dataclass
class Measured:
    """The rows of the result table, what stands behind them, and what could not be measured.

    Attributes:
        results: Rows of the result table.
        details: For every probe its classes, confusion matrix, accuracy by class and tuning.
        left_out: What was not measured, with the reason.
    """

    results: list[Result] = field(default_factory=list)
    details: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def add(self, other: Measured) -> None:
        """Append what another measurement found, and judge the probes of both together."""
        self.results = judged([*self.results, *other.results])
        self.details += other.details
        self.left_out += other.left_out


@dataclass(frozen=True)
class Questions:
    """What is asked of embeddings.

    Attributes:
        attributes: Processing attributes.
        labels: Columns of the photos: acquisition labels and the user's own.
    """

    attributes: tuple[Attribute, ...] = ()
    labels: tuple[str, ...] = ()


def find_questions(names: Sequence[str], columns: Sequence[str]) -> Questions:
    """Tell processing attributes from labels.

    Args:
        names: What the user asks for: see ``parse_attribute``, else a column; a column that is
            named like an attribute is asked for as ``column:NAME``.
        columns: The columns that the photos have.

    Raises:
        UsageError: A name is neither; the message holds the nearest one.
    """
    attributes, labels = [], []
    for name in dict.fromkeys(names):
        column = name.removeprefix("column:")
        attribute = None if name != column else parse_attribute(name)
        if attribute is not None:
            attributes.append(attribute)
        elif column in columns:
            labels.append(column)
        else:
            raise unknown_name("attribute or label", column, [*ATTRIBUTES, *columns])
    return Questions(tuple(attributes), tuple(labels))


def probe_all(
    sources: Sequence[EmbeddingSource],
    questions: Questions,
    *,
    options: ProbeOptions | None = None,
    guards: Guards | None = None,
    split: SplitFile | None = None,
    on_step: OnStep = lambda _: None,
) -> Measured:
    """Run every probe of every encoder, with floor, ceiling and controls beside it.

    Args:
        sources: Embeddings of the encoders and of their controls.
        questions: What is to be recovered.
        options: How the probes are run.
        guards: Which photos take part in the probes of labels.
        split: A split file for the labels.
        on_step: Called with a short description of each step.
    """
    options = options or ProbeOptions()
    sources = sorted(sources, key=lambda source: source.family == CONTROL)
    measured, outcomes = Measured(), []
    for attribute in questions.attributes:
        for paired in (False, True) if options.paired else (False,):

            def ask(source: EmbeddingSource, how: ProbeOptions) -> ProbeOutcome:
                return probe_processing(source, attribute, how, paired=paired)  # noqa: B023 - used at once

            name = f"{'paired ' * paired}probe {attribute.name}"
            about = (Experiment.PROCESSING_PROBE, attribute.name)
            outcomes += _ask_all(sources, name, about, ask, options, measured, on_step)
        measured.add(_variance(sources, attribute, options, on_step))
    for label in questions.labels:

        def ask_label(source: EmbeddingSource, how: ProbeOptions) -> ProbeOutcome:
            return probe_label(source, label, how, guards, split)  # noqa: B023 - used at once

        about = (Experiment.ACQUISITION_PROBE, label)
        outcomes += _ask_all(
            sources, f"probe {label}", about, ask_label, options, measured, on_step
        )
    measured.results = [each.result for each in outcomes] + measured.results
    measured.results += [row for each in outcomes for row in each.curve]
    measured.results = judged(measured.results)
    measured.details += [_details(each) for each in outcomes]
    return measured


def _ask_all(
    sources: Sequence[EmbeddingSource],
    name: str,
    about: tuple[Experiment, str],
    ask: Callable[[EmbeddingSource, ProbeOptions], ProbeOutcome],
    options: ProbeOptions,
    measured: Measured,
    on_step: OnStep,
) -> list[ProbeOutcome]:
    """Ask one question of every source, and set each answer against those of its controls."""
    found: dict[str, ProbeOutcome] = {}
    for source in sources:
        on_step(f"{name}, {source.encoder}")
        how = options
        if source.family == CONTROL:
            # A control is a bare figure; its own controls would tell nothing new.
            how = replace(options, controls=False, curve=False)
        try:
            found[source.encoder] = ask(source, how)
        except LatentprintError as error:
            measured.left_out.append(LeftOut(str(error), *about, source.encoder))
    return [_compared(each, found) for each in found.values()]


def _compared(outcome: ProbeOutcome, found: dict[str, ProbeOutcome]) -> ProbeOutcome:
    """Set a probe of an encoder against those of its controls."""
    if outcome.result.family == CONTROL:
        return outcome
    twin = found.get(outcome.result.encoder + UNTRAINED)
    controls = Controls(twin, found.get(COLOUR_STATISTICS), found.get(DCT_ENERGIES))
    return compare_with_controls(outcome, controls)


def _variance(
    sources: Sequence[EmbeddingSource], attribute: Attribute, options: ProbeOptions, on_step: OnStep
) -> Measured:
    measured = Measured()
    for source in sources:
        if source.family == CONTROL:
            continue
        on_step(f"variance {attribute.name}, {source.encoder}")
        try:
            measured.results += decompose_variance(
                source,
                attribute,
                memory_mb=options.memory_mb,
            )
        except LatentprintError as error:
            measured.left_out.append(
                LeftOut(str(error), Experiment.VARIANCE, attribute.name, source.encoder)
            )
    return measured


def _details(outcome: ProbeOutcome) -> dict[str, Any]:
    """What the table has no room for, as JSON values."""
    result, score = outcome.result, outcome.score
    return {
        "encoder": result.encoder,
        "experiment": result.experiment,
        "attribute": result.attribute,
        "setup": result.setup,
        "classes": list(outcome.classes),
        "per_class": score.per_class.tolist(),
        "confusion": score.confusion.tolist(),
        "accuracies": score.accuracies.tolist(),
        "tuning": [
            {"setting": str(setting), "accuracy": accuracy}
            for setting, accuracy in outcome.tuning.table
        ],
    }


def influence_all(
    sources: Sequence[EmbeddingSource],
    attributes: Sequence[Attribute],
    *,
    ks: Sequence[int] = (10,),
    seed: int = 0,
    on_step: OnStep = lambda _: None,
) -> Measured:
    """Measure the kNN influence of every attribute on every encoder; controls have none.

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
            if source.family == CONTROL:
                continue
            name = f"kNN influence of {attribute.name}, {source.encoder}"
            on_step(name)
            try:
                outcome = influence(source, attribute, ks=ks, seed=seed)
            except LatentprintError as error:
                measured.left_out.append(
                    LeftOut(str(error), Experiment.KNN_INFLUENCE, attribute.name, source.encoder)
                )
                continue
            measured.results += outcome.results
            measured.details += outcome.details()
    return measured
