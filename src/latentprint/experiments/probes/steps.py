"""How probes are asked of stored embeddings: every label of every encoder and of its controls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from latentprint.errors import UsageError, unknown_name
from latentprint.experiments.asking import Answer, Step
from latentprint.experiments.correlation.correlation_columns import NO_LABELS
from latentprint.experiments.probes.acquisition_probe import probe_label
from latentprint.experiments.probes.labels import check_rule, label_photos, no_numbers
from latentprint.experiments.probes.options import Guards, ProbeOptions, ProbeQuestions
from latentprint.experiments.probes.outcome import (
    Controls,
    ProbeOutcome,
    compare_with_controls,
    with_note,
)
from latentprint.experiments.probes.processing_probe import probe_processing
from latentprint.experiments.probes.resamples import resamples_of
from latentprint.experiments.probes.variance import decompose_variance
from latentprint.experiments.source import (
    EmbeddingSource,
    Opened,
    asked_attributes,
    on_masked_photos,
    on_whole_photos,
    usable_device,
    without_controls,
)
from latentprint.photos import LABELS, SplitFile, read_split_file
from latentprint.processing import ATTRIBUTES, Attribute, parse_attribute
from latentprint.published import SPLIT_KEYS
from latentprint.several import several
from latentprint.words import (
    COLOUR_STATISTICS,
    CONTROL,
    DCT_ENERGIES,
    SEMANTIC,
    UNTRAINED,
    Experiment,
)

UNMASKED = "read from whole photos: what they show can give the label away"
"""What is said of the label of photos that were not masked."""

if TYPE_CHECKING:
    import polars as pl

    Probe = Callable[[Opened, ProbeOptions], ProbeOutcome]


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
    for name in map(str, dict.fromkeys(several(names))):
        column = name.removeprefix("column:")
        attribute = None if name != column else parse_attribute(name)
        if attribute is not None:
            attributes.append(attribute)
        elif column in columns:
            labels.append(column)
        else:
            labels_of = dict.fromkeys(each for each in columns if each not in NO_LABELS)
            raise unknown_name("attribute or label", column, [*ATTRIBUTES, *labels_of])
    return Questions(tuple(attributes), tuple(labels))


def stored_probe_steps(opened: Sequence[Opened], asked: ProbeQuestions) -> Iterator[Step]:
    """Every probe that is asked for, the controls of every encoder beside it.

    Raises:
        UsageError: A name is not known, or a split file is given for several labels.
        LatentprintError: The split file cannot be read.
    """
    split = None if asked.split_file is None else read_split_file(asked.split_file)
    whole, masked = on_whole_photos(opened), on_masked_photos(opened)
    photos = opened[0].source.photos
    if split is not None:
        questions = Questions(labels=(_label_of(split, asked.names),))
    elif asked.names:
        questions = find_questions(asked.names, photos.columns)
    else:
        questions = Questions(asked_attributes(whole, ()))
    usable_device(asked.options.device)
    check_guards(asked.guards, questions, photos if split is None else photos[:0])
    for each in masked if questions.labels else ():
        if (processing := asked.guards.processing) not in (None, *each.classes):
            raise unknown_name("processing class", str(processing), each.classes)
    about = (asked.options, asked.guards, split)
    yield from probe_steps(whole, replace(questions, labels=()), *about)
    yield from probe_steps(masked, replace(questions, attributes=()), *about)


def check_guards(
    guards: Guards, questions: Questions, photos: pl.DataFrame, columns: Sequence[str] = ()
) -> None:
    """Refuse guards that name what there is not, before anything is read.

    Args:
        guards: Which photos are to take part.
        questions: What is asked.
        photos: What is known of the photos already.
        columns: Labels that their files will give.

    Raises:
        UsageError: There is no such column or rule, or a rule is for what is not asked, or for
            text and needs numbers.
    """
    known = list(dict.fromkeys((*photos.columns, *columns)))
    if guards.group is not None and guards.group not in known:
        raise unknown_name("group column", guards.group, known)
    for label, rule in guards.bins.items():
        if label not in questions.labels:
            raise UsageError(f"--bins has a rule for {label!r}, which no -a names.")
        needs_numbers = check_rule(label, rule)
        if label in photos.columns and len(photos):
            label_photos(photos, label, rule)
        elif needs_numbers and label in LABELS and LABELS[label].type in (str, bool):
            raise no_numbers(label, rule)


def _label_of(split: SplitFile, names: Sequence[str]) -> str:
    """The attribute of a split file, by the name that its published figures have here.

    Raises:
        UsageError: Another one is asked for.
    """
    label = SPLIT_KEYS.get(split.target_attribute, split.target_attribute)
    if other := [name for name in names if name not in (label, split.target_attribute)]:
        raise UsageError(
            f"The split file is for {label}, which -a {other[0]} is not: leave -a out, or give the"
            " split file of that label."
        )
    return label


def probe_steps(
    opened: Sequence[Opened],
    questions: Questions,
    options: ProbeOptions,
    guards: Guards | None = None,
    split: SplitFile | None = None,
) -> Iterator[Step]:
    """Every probe of every encoder, with those of its controls beside it.

    Args:
        opened: Embeddings of the encoders and of their controls.
        questions: What is to be recovered.
        options: How the probes are run.
        guards: Which photos take part in the probes of labels.
        split: A split file for the labels.
    """
    for attribute in questions.attributes:
        for paired in (False, True) if options.paired else (False,):
            probe: Probe = partial(_processing, attribute=attribute, paired=paired)
            about = (Experiment.PROCESSING_PROBE, attribute.name, f"{'paired ' * paired}probe of")
            yield from _of_all(opened, about, probe, options)
        for each in without_controls(opened):
            ask = partial(_variance, each.source, attribute, options)
            yield Step(Experiment.VARIANCE, attribute.name, each.source.encoder, ask)
    for label in questions.labels:
        yield from _of_label(opened, label, options, guards, split)


def _of_label(
    opened: Sequence[Opened],
    label: str,
    options: ProbeOptions,
    guards: Guards | None,
    split: SplitFile | None,
) -> Iterator[Step]:
    """The probe of a label, and as a control that within semantic classes where there are any."""
    classes = opened[0].source.photos[SEMANTIC].drop_nulls().n_unique()
    controlled = options.controls and classes > 1 and label != SEMANTIC
    for within in (False, True) if controlled else (False,):
        probe = partial(_label, label=label, guards=guards, split=split, within_class=within)
        about = (Experiment.ACQUISITION_PROBE, label, f"probe {'within classes ' * within}of")
        yield from _of_all(opened, about, probe, options)


def _processing(
    opened: Opened, options: ProbeOptions, *, attribute: Attribute, paired: bool
) -> ProbeOutcome:
    return probe_processing(opened.source, attribute, options, paired=paired)


def _label(opened: Opened, options: ProbeOptions, *, label: str, **how: Any) -> ProbeOutcome:
    outcome = probe_label(opened.source, label, options, **how)
    told = opened.masked is False and label != SEMANTIC and not how["within_class"]
    return with_note(outcome, UNMASKED) if told else outcome


def _of_all(
    opened: Sequence[Opened],
    about: tuple[Experiment, str, str],
    probe: Probe,
    options: ProbeOptions,
) -> Iterator[Step]:
    """One question to every source, the controls first: each answer is set against theirs."""
    experiment, attribute, name = about
    found: dict[str, ProbeOutcome] = {}
    for each in sorted(opened, key=lambda each: each.source.family != CONTROL):
        ask = partial(_answer, each, probe, options, found)
        yield Step(experiment, attribute, each.source.encoder, ask, name)


def _answer(
    opened: Opened, probe: Probe, options: ProbeOptions, found: dict[str, ProbeOutcome]
) -> Answer:
    name = opened.source.encoder
    is_control = opened.source.family == CONTROL
    if is_control:
        # A control is a bare figure; its own controls would tell nothing new.
        options = replace(options, controls=False, curve=False)
    outcome = probe(opened, options)
    found[name] = outcome
    if not is_control:
        outcome = compare_with_controls(
            outcome,
            Controls(
                twin=found.get(name + UNTRAINED),
                colour=found.get(COLOUR_STATISTICS),
                dct=found.get(DCT_ENERGIES),
            ),
        )
    tables = {} if is_control else resamples_of(outcome)
    return Answer([outcome.result, *outcome.curve], [_details(outcome)], tables)


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


def _variance(source: EmbeddingSource, attribute: Attribute, options: ProbeOptions) -> Answer:
    return Answer(
        decompose_variance(
            source,
            attribute,
            memory_mb=options.memory_mb,
        )
    )
