"""How robustness is asked of stored embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from latentprint.errors import UsageError
from latentprint.experiments.asking import Answer, Inquiry, Step, option
from latentprint.experiments.neighbors.judging import RobustnessOptions
from latentprint.experiments.neighbors.robustness import robustness
from latentprint.experiments.source import EmbeddingSource, Opened
from latentprint.words import Experiment


@dataclass(frozen=True)
class RobustnessQuestions:
    """What neighbours should and should not share.

    Attributes:
        nuisances: Column of what neighbours should not share: make, codec…
        label: Column of what they should share.
        judging: How neighbours are judged.
    """

    nuisances: tuple[str, ...] = option((), "--nuisance", metavar="COLUMN")
    label: str = option("label", metavar="COLUMN")
    judging: RobustnessOptions = field(default_factory=RobustnessOptions)

    @property
    def seed(self) -> int:
        """Seeds everything that is random."""
        return self.judging.seed


def robustness_steps(opened: Sequence[Opened], asked: RobustnessQuestions) -> Iterator[Step]:
    """The robustness of every encoder against every nuisance.

    Raises:
        UsageError: No nuisance is named, or a rule is for none that is.
    """
    if not asked.nuisances:
        raise UsageError("Name with --nuisance a column of what neighbours should not share.")
    for name, _ in asked.judging.bins:
        if name not in asked.nuisances:
            raise UsageError(f"--bins has a rule for {name!r}, which no --nuisance names.")
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
    bins = tuple(rule for rule in asked.judging.bins if rule[0] == nuisance)
    judging = replace(asked.judging, bins=bins)
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


INQUIRY = Inquiry(
    RobustnessQuestions,
    robustness_steps,
    "The robustness index is the share of same-class neighbours among those that share the class "
    "or the nuisance but not both; purity is the share of neighbours with the photo's own value.",
    (
        "robustness store --nuisance make --exclude photographer",
        "robustness vectors.npy --metadata photos.csv --label class --nuisance make",
    ),
)
