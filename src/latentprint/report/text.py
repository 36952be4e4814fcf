"""The text of an article: what the template puts together, as plain text and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latentprint.report.cautions import cautions
from latentprint.report.complete_table import complete_figure
from latentprint.report.figures.figure import Figure
from latentprint.report.inputs import Run
from latentprint.report.method import encoder_table, run_facts
from latentprint.report.photos_section import LIMIT, troubled
from latentprint.report.section import NOTHING, Chapter, Finding, Section, is_answered
from latentprint.report.sections import SECTIONS
from latentprint.report.summary import headlines, scope
from latentprint.report.verdict_card import PATH, card_html
from latentprint.report.wording import count, listed
from latentprint.words import CONTROL, UNTRAINED

REFERENCES = Path(__file__).parent / "references.bib"

_REASONS = 3
"""Different reasons that are told of a question nobody answered."""

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
        "A *trace* is information on how a photo was processed (compressed, sharpened, resized) or "
        "acquired (by which camera, with which settings) that is present in the embedding of a "
        "frozen encoder. The question and the experiments are those of Ramos et al. <d-cite "
        'key="ramos2025processing"></d-cite>: a *linear probe*, a linear classifier on embeddings, '
        "is trained to recover the label, and judged on photos that it has not seen."
    ),
    Chapter.HARM: (
        "What can be read need not matter. Harm is measured directly: in the votes of nearest "
        "neighbours, in retrieval, and in similarity itself."
    ),
    Chapter.RISK: (
        "Traces do harm where processing or camera go together with what an encoder is used for. "
        "That is a matter of your data."
    ),
}


@dataclass(frozen=True)
class Part:
    """A section with what it tells of a run.

    Attributes:
        title: Its heading; empty where it goes on under the one before it.
        answered: Whether the run answers it.
        introduction: What is asked, as Markdown of our own.
        findings: What was found.
        context: What the published encoders reached.
        figures: Its figures.
        unanswered: The beginning of the sentence that nobody measured it.
        reasons: Why, as the runs recorded it.
        command: The command that measures it.
    """

    title: str
    answered: bool
    introduction: str = ""
    findings: Sequence[Finding] = ()
    context: str = ""
    figures: Sequence[Figure] = ()
    unanswered: str = ""
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
        "scope": scope(run),
        "headlines": headlines(run),
        "cautions": cautions(run),
        "tested": sum(bool(row["verdict"]) for row in run.every_row),
        "chapters": [_chapter(chapter, run, pictures) for chapter in Chapter],
        "protocols": [text for each in answered if (text := each.protocol(run))],
        "glossary": [entry for each in answered for entry in each.glossary],
        "complete": [complete_figure(run)],
        **_method(run),
    }


def figures_of(text: dict[str, Any]) -> list[Figure]:
    """The figures of a text, in their order."""
    parts = [part for chapter in text["chapters"] for part in chapter["parts"]]
    return [*(figure for part in parts for figure in part.figures), *text["complete"]]


def reasons_of(section: Section, run: Run) -> list[str]:
    """Why the question of a section was asked and not answered."""
    reasons = (each.reason for each in run.left_out if each.experiment in section.experiments)
    return list(dict.fromkeys(reasons))[:_REASONS]


def _chapter(chapter: Chapter, run: Run, pictures: bool) -> dict[str, Any]:
    sections = [each for each in SECTIONS if each.chapter == chapter]
    told = (_part(each, run, pictures) for each in sections)
    shown = [section.found(run) for section in sections if is_answered(section, run)]
    advice = [text for each in SECTIONS for text in each.advice(run)]
    return {
        "title": _title(chapter, shown),
        "introduction": _INTRODUCTIONS[chapter],
        "parts": [part for part in told if part is not None],
        "advice": advice if chapter == Chapter.RISK else [],
    }


def _title(chapter: Chapter, found: Sequence[str]) -> str:
    """The heading of a chapter: what it says of harm and traces has to be shown first."""
    told = [each for each in found if each]
    if chapter not in _UNSHOWN or any(not each.startswith(NOTHING) for each in told):
        return chapter.value
    asked, unshown = _UNSHOWN[chapter]
    return unshown if told else asked


def _part(section: Section, run: Run, pictures: bool) -> Part | None:
    """What a section tells; None where there is nothing to say."""
    if is_answered(section, run):
        return Part(
            title=": ".join(filter(None, [section.title, section.title and section.found(run)])),
            answered=True,
            introduction=section.introduction(run),
            findings=section.findings(run),
            context=section.context(run),
            figures=section.figures(run, pictures),
        )
    if not section.unanswered:
        return None
    return Part(
        title=section.title,
        answered=False,
        unanswered=section.unanswered,
        reasons=reasons_of(section, run),
        command=section.command,
    )


def _method(run: Run) -> dict[str, Any]:
    controls = run.table.filter(run.table["family"] == CONTROL)
    names = controls["network"].unique(maintain_order=True).to_list()
    untrained = [name for name in names if name.endswith(UNTRAINED)]
    others = [name for name in names if not name.endswith(UNTRAINED)]
    told = ([count(len(untrained), "untrained network")] if untrained else []) + others
    unrecorded = [part.name or "?" for part in run.parts if part.photos is None]
    bib = REFERENCES.read_text("utf-8")
    return {
        "controls": listed(told) if told else "",
        "probed": bool(run.every_probe),
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
