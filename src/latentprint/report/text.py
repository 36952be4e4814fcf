"""The text of an article: what the template puts together, as plain text and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from latentprint.report.cautions import cautions
from latentprint.report.complete_table import complete_figure
from latentprint.report.figures.figure import Figure
from latentprint.report.inputs import Run
from latentprint.report.method import encoder_table, run_facts
from latentprint.report.photos_section import LIMIT, troubled
from latentprint.report.places import filled
from latentprint.report.section import Chapter, Finding, Section, is_answered
from latentprint.report.sections import SECTIONS
from latentprint.report.telling import encoder_names
from latentprint.report.verdict_card import PATH, card_html
from latentprint.report.wording import capital, listed

REFERENCES = Path(__file__).parent / "references.bib"

_REASONS = 3
"""Different reasons that are told of a question nobody answered."""

_COLUMNS = (
    ("Interval", "the range that the figure is likely to be in, were it measured again."),
    (
        "q",
        "of the findings with q below 0.05, at most one in twenty is expected to be a false alarm, "
        "among all verdicts of the run. Where no margin guards a verdict as well, q has to be 0.01 "
        "or less.",
    ),
)
"""What columns of the complete table mean."""

_UNSHOWN = {
    Chapter.TRACES: (
        "Can processing and acquisition traces be recovered?",
        "Processing and acquisition traces are not shown to be recovered",
    ),
    Chapter.HARM: (
        "Do traces interfere with downstream tasks?",
        "Traces are not shown to interfere with downstream tasks",
    ),
}
"""The headings of chapters where nothing was measured, and where nothing was shown."""

_INTRODUCTIONS = {
    Chapter.TRACES: (
        "A *trace* is what an embedding holds of how its photo was processed or acquired <d-cite "
        'key="ramos2025processing"></d-cite>.'
    ),
    Chapter.HARM: "What can be read need not matter: harm is measured by itself.",
    Chapter.RISK: "Traces do harm where they go together with your classes.",
}


@dataclass(frozen=True)
class Part:
    """A section with what it tells of a run.

    Attributes:
        heading: What was found; empty where it goes on under the heading before it.
        introduction: What is asked, as Markdown of our own.
        findings: What was found, in sentences.
        figures: Its figures.
    """

    heading: str
    introduction: str
    findings: Sequence[Finding]
    figures: Sequence[Figure]


@dataclass(frozen=True)
class Missing:
    """What was not measured.

    Attributes:
        what: What it would have been.
        reasons: Why, as the runs recorded it.
        command: The command that measures it; empty where there is none.
    """

    what: str
    reasons: Sequence[str] = ()
    command: str = ""


def text_of(run: Run, *, pictures: bool = True) -> dict[str, Any]:
    """What the template needs. All texts from data are plain: it escapes them.

    Args:
        run: What was measured.
        pictures: Whether small copies of photos are put in, where it shows single ones.
    """
    answered = [each for each in SECTIONS if is_answered(each, run)]
    return {
        "card": card_html(run),
        "card_path": PATH,
        "several": len(run.parts) > 1,
        "cautions": cautions(run),
        "tested": sum(bool(row["verdict"]) for row in run.every_row),
        "chapters": [_chapter(chapter, run, pictures) for chapter in Chapter],
        "missing": [*_untold(run), *_no_twin(run)],
        "procedures": _procedures(answered),
        "complete": [replace(complete_figure(run), notes=_COLUMNS)],
        **_method(run),
    }


def figures_of(text: dict[str, Any]) -> list[Figure]:
    """The figures of a text, in their order."""
    parts = [part for chapter in text["chapters"] for part in chapter["parts"]]
    return [*(figure for part in parts for figure in part.figures), *text["complete"]]


def _chapter(chapter: Chapter, run: Run, pictures: bool) -> dict[str, Any]:
    sections = [each for each in SECTIONS if each.chapter == chapter and is_answered(each, run)]
    advice = [text for each in SECTIONS for text in each.advice(run)]
    return {
        "title": _title(chapter, [section.shown(run) for section in sections]),
        "introduction": _INTRODUCTIONS[chapter],
        "parts": [_part(each, run, pictures) for each in sections],
        "advice": advice if chapter == Chapter.RISK else [],
    }


def _title(chapter: Chapter, shown: Sequence[bool | None]) -> str:
    """The heading of a chapter: what it says of harm and traces has to be shown first."""
    if chapter not in _UNSHOWN or any(shown):
        return chapter.value
    asked, unshown = _UNSHOWN[chapter]
    return unshown if False in shown else asked


def _part(section: Section, run: Run, pictures: bool) -> Part:
    return Part(
        section.heading(run),
        section.introduction(run),
        section.findings(run),
        _explained(section.figures(run, pictures), section.glossary),
    )


def _explained(figures: Sequence[Figure], glossary: Sequence[tuple[str, str]]) -> Sequence[Figure]:
    """The terms of a section stand below the first of its tables."""
    place = next((at for at, each in enumerate(figures) if each.tables), None)
    return [
        replace(each, notes=tuple(glossary)) if at == place else each
        for at, each in enumerate(figures)
    ]


def _untold(run: Run) -> list[Missing]:
    """The questions that nobody answered, with the commands that do."""
    return [
        Missing(capital(each.name), _reasons(each, run), filled(each.command, run, each.key))
        for each in SECTIONS
        if each.is_listed and not is_answered(each, run)
    ]


def _reasons(section: Section, run: Run) -> list[str]:
    reasons = (each.reason for each in run.left_out if each.experiment in section.experiments)
    return list(dict.fromkeys(reasons))[:_REASONS]


def _no_twin(run: Run) -> list[Missing]:
    bare = list(dict.fromkeys(row["encoder"] for row in run.every_probe if row["twin"] is None))
    if not bare:
        return []
    return [Missing(f"What training added to {encoder_names(bare)}")]


def _procedures(answered: Sequence[Section]) -> list[tuple[str, str]]:
    """What was measured, how, and the page of the documentation that tells it in full."""
    return [
        (capital(each.name), f"{each.procedure} In full: docs/{each.page}.md.")
        for each in answered
        if each.name and each.procedure
    ]


def _method(run: Run) -> dict[str, Any]:
    unrecorded = [part.name or "?" for part in run.parts if part.photos is None]
    bib = REFERENCES.read_text("utf-8")
    return {
        "photos": [_photos(part) for part in run.parts],
        "unrecorded": listed(unrecorded) if unrecorded else "",
        "limit": LIMIT,
        "encoders": encoder_table(run),
        "settings": run_facts(run),
        "study": bib[: bib.index("\n}\n") + 2],
    }


def _photos(part: Run) -> dict[str, Any]:
    recorded = part.settings.get("photos") or {}
    told = {"ok": "could be read", "train": "for training", "val": "for the test"}
    counts = [f"{recorded[key]:,} {name}" for key, name in told.items() if recorded.get(key)]
    found = troubled(part.photos) if part.photos is not None else None
    return {
        "name": ", ".join(filter(None, [part.name, *part.datasets])),
        "counts": f"Photos: {', '.join(counts)}." if counts else "",
        "recorded": found is not None,
        "total": found.total if found else 0,
        "rows": [tuple(row.values()) for row in found.rows] if found else [],
    }
