"""Do classes and metadata go together in the data? Asked of labels alone."""

from __future__ import annotations

from typing import Any

from latentprint.report.figures.figure import Figure, numbered
from latentprint.report.inputs import Run
from latentprint.report.section import Chapter, Finding, Section
from latentprint.report.sections.correlation_figure import correlation_figure
from latentprint.report.wording import count, listed, number
from latentprint.words import Experiment

_NAMED = 3


def _findings(run: Run) -> list[Finding]:
    """How far the class and each column that goes with it do, for every run."""
    several = len(run.parts) > 1
    return [
        Finding(", ".join(part.datasets) if several else "", _sentence(part.correlation))
        for part in run.parts
        if part.correlation
    ]


def _sentence(correlation: dict[str, Any]) -> str:
    columns, notable = correlation["columns"], correlation["notable"]
    of = f"of {count(len(columns), 'column')}"
    linked = notable or _weak(correlation)
    if not linked:
        return f"None {of} is shown to go together with the class."
    told = [
        f"“{each['column']}” (Cramér's V {number(each['v'], 2)}, by chance up to "
        f"{number(each['chance'], 2)}, {count(each['n'], 'photo')})"
        for each in columns
        if each["column"] in linked
    ]
    together = "Together" if notable else "Only weakly together"
    goes = "goes" if len(told) == 1 else "go"
    return f"{together} with the class {goes}, {of}: {'; '.join(told)}."


def _weak(correlation: dict[str, Any]) -> list[str]:
    """The columns that go with the class, and not far enough to matter; old files name none."""
    return list(correlation.get("weak", []))


def _heading(run: Run) -> str:
    known = [part.correlation for part in run.parts if part.correlation]
    names = list(dict.fromkeys(f"“{name}”" for each in known for name in each["notable"]))
    if not names:
        weak = any(map(_weak, known))
        otherwise = "No column is shown to go together with the class"
        return "Columns go together with the class, but weakly" if weak else otherwise
    more = [f"{len(names) - _NAMED:,} more"] if len(names) > _NAMED else []
    goes = "goes" if len(names) == 1 else "go"
    return f"{listed([*names[:_NAMED], *more])} {goes} together with the class"


def _advice(run: Run) -> list[str]:
    if not any(part.correlation and part.correlation["notable"] for part in run.parts):
        return []
    return ["Balance classes over columns that they go together with, or split photos by those."]


def _figures(run: Run, _pictures: bool) -> list[Figure]:
    return numbered(correlation_figure(part) for part in run.parts)


def _introduction(_: Run) -> str:
    return (
        "Asked of labels alone, by bias-corrected Cramér's V "
        '<d-cite key="bergsma2013bias"></d-cite>.'
    )


CORRELATION = Section(
    key="correlation",
    chapter=Chapter.RISK,
    heading=_heading,
    name="correlation of metadata and label",
    experiments=(Experiment.CORRELATION,),
    command="latentprint correlation {photos} --out {run}/correlation.json",
    page="correlation",
    is_listed=True,
    introduction=_introduction,
    findings=_findings,
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
