"""Do classes and metadata go together in the data? Asked of labels alone."""

from __future__ import annotations

from typing import Any

from latentprint.report.figures.figure import Figure, numbered
from latentprint.report.inputs import Run
from latentprint.report.section import Chapter, Finding, Section
from latentprint.report.sections.correlation_figure import correlation_figure
from latentprint.report.wording import count, number
from latentprint.words import Experiment


def _findings(run: Run) -> list[Finding]:
    """How far classes and columns go together, in the words of each run."""
    several = len(run.parts) > 1
    return [
        Finding(", ".join(part.datasets) if several else "", str(part.correlation["sentence"]))
        for part in run.parts
        if part.correlation
    ]


def _headline(run: Run) -> list[Finding]:
    """The same in a sentence; what it means is told below."""
    several = len(run.parts) > 1
    return [
        Finding(", ".join(part.datasets) if several else "", _headline_sentence(part.correlation))
        for part in run.parts
        if part.correlation
    ]


def _headline_sentence(correlation: dict[str, Any]) -> str:
    columns, notable = correlation["columns"], correlation["notable"]
    of = f"of {count(len(columns), 'column')} of your photos"
    if not notable:
        return f"None {of} is shown to go together with the class far enough to matter."
    top = max(columns, key=lambda each: float(each["v"]))
    return (
        f"{len(notable)} {of} {'goes' if len(notable) == 1 else 'go'} together with the class, "
        f"most of all “{top['column']}” (Cramér's V {number(top['v'], 2)}): there traces can do "
        "harm."
    )


def _advice(run: Run) -> list[str]:
    known = [part.correlation for part in run.parts if part.correlation]
    if any(each["notable"] for each in known):
        return [
            "Classes and columns go together in your data. Balance them, or split training and "
            "test photos by those columns, before you trust an accuracy: an encoder that sees the "
            "camera or the file seems to see the class."
        ]
    if not known:
        return [
            "Find out whether processing or camera go together with the classes of your data: "
            "where they do not, traces that can be read need do no harm."
        ]
    return []


def _figures(run: Run, _pictures: bool) -> list[Figure]:
    return numbered(correlation_figure(part) for part in run.parts)


def _introduction(_: Run) -> str:
    return (
        "**Do classes and metadata go together?** This is asked of the labels alone, by "
        'bias-corrected Cramér\'s V <d-cite key="bergsma2013bias"></d-cite>; no encoder takes '
        "part."
    )


CORRELATION = Section(
    key="correlation",
    chapter=Chapter.RISK,
    title="",
    name="correlation of metadata and label",
    experiments=(Experiment.CORRELATION,),
    command="latentprint correlation PHOTOS --out RUN/correlation.json",
    unanswered="Correlation of metadata and label was",
    introduction=_introduction,
    findings=_findings,
    headline=_headline,
    figures=_figures,
    advice=_advice,
    is_answered=lambda run: any(part.correlation for part in run.parts),
    glossary=(
        (
            "Cramér's V",
            "how far two columns go together, 0 (independent) to 1 (each tells the other), "
            "corrected for the bias that many levels bring. p is the share of random permutations "
            "that go together as much.",
        ),
    ),
)

SECTIONS = (CORRELATION,)
