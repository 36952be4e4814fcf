"""How an experiment is asked of stored embeddings: its options, and the steps it takes.

This module is imported to list the commands, so it imports no library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from latentprint.errors import LatentprintError, UsageError

if TYPE_CHECKING:
    import polars as pl

    from latentprint.experiments.source import Opened
    from latentprint.results import Result
    from latentprint.words import Experiment

ALL_UP_TO = 50_000
"""Photos of which all are asked unless a user says otherwise."""

MOST_ASKED = 2_000
"""Photos that are asked of more."""

SAMPLE_HELP = (
    "Most photos that are asked, chosen by seed and id; each searches all photos. 0 asks all."
)
"""What ``--sample`` means."""

USUAL_SAMPLE = f"Default: all of up to {ALL_UP_TO:,} photos, else {MOST_ASKED:,}."
"""How many are asked unless a user says otherwise, in words."""


Draw = Literal["photo", "published"]
"""``photo``: by the photo's id, every class as often; ``published``: by its row, uniformly."""


@dataclass(frozen=True)
class Answer:
    """What one step found.

    Attributes:
        results: Rows of the result table, without verdicts.
        details: What stands behind them, as JSON values.
        tables: Larger tables that are kept beside the results, by name.
    """

    results: Sequence[Result] = ()
    details: Sequence[dict[str, Any]] = ()
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One measurement of one encoder, which is left out where the data do not allow it.

    Attributes:
        experiment: What is measured.
        attribute: What it is about.
        encoder: Name of the encoder.
        ask: Measures it.
        name: What is done, in a few words; by default the experiment.
    """

    experiment: Experiment
    attribute: str
    encoder: str
    ask: Callable[[], Answer]
    name: str = ""

    def __str__(self) -> str:
        what = self.name or self.experiment.replace("_", " ")
        return ", ".join(filter(None, (f"{what} {self.attribute}".strip(), self.encoder)))


def refuse_wrong(check: Callable[[], object]) -> None:
    """Look for a wrong name or option before anything is measured.

    What the data do not allow is told when its own turn comes, beside what they do allow.

    Args:
        check: Looks names up, and reads no vector.

    Raises:
        UsageError: One is wrong.
    """
    try:
        check()
    except UsageError:
        raise
    except LatentprintError:
        return


@dataclass(frozen=True)
class Inquiry:
    """An experiment as it can be asked.

    Attributes:
        options: A frozen dataclass whose fields are made with ``option``, or are such dataclasses
            themselves; it has a ``seed``.
        steps: What has to be measured, given the embeddings and the options; wrong names and
            options are refused here, before the first step is taken.
        help: What a user should know beyond the summary.
        examples: Command lines, without the word ``latentprint``.
        masked: Whether it also asks embeddings of masked photos, where a run holds both kinds.
    """

    options: type[Any]
    steps: Callable[[Sequence[Opened], Any], Iterable[Step]]
    help: str = ""
    examples: tuple[str, ...] = ()
    masked: bool = False


def taken_from(home: str, name: str) -> Callable[[Sequence[Opened], Any], Iterable[Step]]:
    """Steps whose module is imported when they are taken: help needs the options alone.

    Args:
        home: The module, from ``latentprint.experiments``.
        name: The function in it, see ``Inquiry.steps``.
    """

    def steps(opened: Sequence[Opened], options: Any) -> Iterable[Step]:
        found: Iterable[Step] = getattr(import_module(f"{__package__}.{home}"), name)(
            opened, options
        )
        return found

    return steps


@dataclass(frozen=True)
class Registered:
    """An experiment on stored embeddings.

    Attributes:
        name: The word by which it is asked for.
        home: The module that holds its ``INQUIRY``.
        summary: What it measures, in a sentence.
    """

    name: str
    home: str
    summary: str

    def inquiry(self) -> Inquiry:
        """Import it."""
        found: Inquiry = import_module(f"latentprint.experiments.{self.home}").INQUIRY
        return found
