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


NOTHING = "none"
"""How what was found begins where nothing was shown."""


def found_in(shown: int, total: int, word: str) -> str:
    """How many of all measurements show something, as a heading ends: "2 of 3 carried".

    Args:
        shown: How many do.
        total: How many were judged.
        word: What they show.
    """
    if not total:
        return ""
    return f"{shown:,} of {total:,} {word}" if shown else f"{NOTHING} of {total:,} {word}"


def nothing(_: Run) -> list[Finding]:
    """No findings."""
    return []


def no_text(_: Run) -> str:
    """No text."""
    return ""


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
        title: Its heading; empty where it goes on under the heading before it.
        name: What it measures, inside a sentence; empty where another section names it.
        experiments: The experiments whose rows answer it.
        command: The command that measures it.
        unanswered: What is said of it where nobody measured it, as the subject of "… not measured":
            "Processing labels were". Empty where the section is then left out without a word.
        introduction: What is asked, and how, in Markdown of our own (nothing in it is escaped).
        findings: Every finding.
        found: What was found in a few words, which its heading ends with; empty where nothing is
            said.
        headline: The strongest findings, for the summary.
        context: What the published encoders reached, as plain text; empty where there is nothing.
        figures: Its figures; the second argument says whether small copies of photos are put in.
        advice: What to do, as far as the findings call for it.
        protocol: How it was measured, in Markdown of our own.
        glossary: Its terms with their meanings, in Markdown of our own.
        is_answered: Whether the run answers it; by default whether it has rows of the experiments.
    """

    key: str
    chapter: Chapter
    title: str
    name: str
    experiments: tuple[Experiment, ...]
    command: str
    unanswered: str
    introduction: Callable[[Run], str]
    findings: Callable[[Run], list[Finding]]
    found: Callable[[Run], str] = no_text
    headline: Callable[[Run], list[Finding]] = nothing
    context: Callable[[Run], str] = no_text
    figures: Callable[[Run, bool], list[Figure]] = no_figures
    advice: Callable[[Run], list[str]] = no_advice
    protocol: Callable[[Run], str] = no_text
    glossary: tuple[tuple[str, str], ...] = ()
    is_answered: Callable[[Run], bool] | None = None


def is_answered(section: Section, run: Run) -> bool:
    """Whether a run holds what a section tells of."""
    if section.is_answered is not None:
        return section.is_answered(run)
    return any(row["experiment"] in section.experiments for row in run.rows)
