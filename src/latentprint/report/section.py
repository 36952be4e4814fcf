"""What a report tells of one question: everything in one object, so that it is in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from latentprint.report.figures.figure import Figure
from latentprint.report.inputs import Run
from latentprint.words import Experiment


class Chapter(Enum):
    """The chapters of a report, with their headings where something was shown."""

    TRACES = "Processing and acquisition traces can be recovered"
    HARM = "Traces can interfere with downstream tasks"
    RISK = "Is your data at risk?"


@dataclass(frozen=True)
class Finding:
    """A sentence of the article.

    Attributes:
        about: The encoder or set of photos, where the run has several; else empty.
        sentence: What was measured, with its interval.
        notes: Health checks that failed.
    """

    about: str
    sentence: str
    notes: str = ""


def nothing(_: Run) -> list[Finding]:
    """No findings."""
    return []


def no_text(_: Run) -> str:
    """No text."""
    return ""


def nothing_judged(_: Run) -> bool | None:
    """Neither shown nor not shown."""
    return None


def no_advice(_: Run) -> list[str]:
    """No advice."""
    return []


def no_figures(_run: Run, _pictures: bool) -> list[Figure]:
    """No figures."""
    return []


def one_figure(
    make: Callable[[Run], Figure | None],
) -> Callable[[Run, bool], list[Figure]]:
    """The figures of a section that has a single one, without photos, or none."""

    def figures(run: Run, _pictures: bool) -> list[Figure]:
        figure = make(run)
        return [figure] if figure else []

    return figures


@dataclass(frozen=True)
class Section:
    """A question, and how a report answers it from the rows of a run.

    Attributes:
        key: Short name, part of the keys of its figures.
        chapter: Where it stands.
        heading: Its heading, which says what was found; empty where it goes on under the heading
            before it.
        name: What it measures, inside a sentence; empty where another section names it.
        experiments: The experiments whose rows answer it.
        command: The command that measures it, with ``{photos}``, ``{store}``, ``{vectors}``,
            ``{run}`` and ``{new}`` for places: see ``places.filled``.
        page: The page of the documentation that tells how it is measured.
        is_listed: Whether it is named among what was not measured, where nobody did.
        introduction: What is asked, in Markdown of our own (nothing in it is escaped).
        findings: Every finding.
        shown: Whether a trace, or harm, was shown; None where nothing was judged.
        figures: Its figures; the second argument says whether small copies of photos are put in.
        advice: What to do, as far as the findings call for it.
        procedure: How it was measured, in a line of plain text.
        glossary: Terms of its tables with their meanings, as plain text.
        is_answered: Whether the run answers it; by default whether it has rows of the experiments.
    """

    key: str
    chapter: Chapter
    name: str
    experiments: tuple[Experiment, ...]
    command: str
    page: str
    heading: Callable[[Run], str] = no_text
    is_listed: bool = False
    introduction: Callable[[Run], str] = no_text
    findings: Callable[[Run], list[Finding]] = nothing
    shown: Callable[[Run], bool | None] = nothing_judged
    figures: Callable[[Run, bool], list[Figure]] = no_figures
    advice: Callable[[Run], list[str]] = no_advice
    procedure: str = ""
    glossary: tuple[tuple[str, str], ...] = ()
    is_answered: Callable[[Run], bool] | None = None


def is_answered(section: Section, run: Run) -> bool:
    """Whether a run holds what a section tells of."""
    if section.is_answered is not None:
        return section.is_answered(run)
    return any(row["experiment"] in section.experiments for row in run.rows)
