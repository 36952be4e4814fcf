"""Do traces change nearest neighbours? kNN influence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from latentprint.report.inputs import Row, Run, grouped
from latentprint.report.section import Chapter, Finding, Section, one_figure
from latentprint.report.sections.neighbour_figure import influence_figure, influences
from latentprint.report.telling import (
    FEW,
    about,
    any_shown,
    checked,
    claimed,
    counted,
    ends,
    family_means,
    of_all,
    points_interval,
    points_told,
    who,
)
from latentprint.report.wording import (
    checks,
    count,
    listed,
    points,
    quoted_name,
    starting_name,
)
from latentprint.words import (
    SMALLEST_EFFECT,
    Direction,
    Experiment,
    Verdict,
)

_LEADS = {
    Direction.EXPECTED: "Photos processed alike attract each other",
    Direction.REVERSED: "Photos processed alike repel each other",
    "": "No change of neighbours is shown",
}


def influences_told(rows: Sequence[Row]) -> list[str]:
    """Whether processing changed which neighbours vote, a sentence for each verdict.

    Args:
        rows: Influences of one encoder on one set of photos.
    """
    told = []
    for direction, lead in _LEADS.items():
        found = [row for row in rows if row["direction"] == direction]
        alike = len({row["n_test"] for row in found}) == 1
        items = [_item(row, photos=not (at and alike)) for at, row in enumerate(found)]
        if items:
            told.append(f"{lead}: {'; '.join(items)}.")
    return told


def _item(row: Row, *, photos: bool) -> str:
    tested = f"; {count(row['n_test'], 'test photo')}" if photos else ""
    return f"{quoted_name(row)}, k = {row['k']}, {points_told(row)}{tiny(row)}{tested}"


def tiny(row: Row) -> str:
    """That an effect which was shown is a tiny one; else nothing."""
    if not row["tiny"]:
        return ""
    return f", tiny (below {SMALLEST_EFFECT:g} points)"


def influences_sentence(rows: Sequence[Row]) -> str:
    """For how many encoders processing changes which neighbours vote.

    Args:
        rows: Influences of one attribute and one k on one set of photos.
    """
    changed = [each for each in rows if each["verdict"] == Verdict.CHANGE]
    attract = [each for each in changed if each["direction"] == Direction.EXPECTED]
    repel = [each for each in changed if each["direction"] == Direction.REVERSED]
    small = sum(bool(each["tiny"]) for each in changed)
    parts = [
        "Photos processed alike are shown to attract each other with "
        f"{of_all(len(attract), len(rows))}"
        + (f", and to repel each other with {count(len(repel), 'encoder')}." if repel else "."),
        f"The effect is tiny, below {SMALLEST_EFFECT:g} points, with {small} of these."
        if small
        else "",
        f"Influence in points: {ends(rows, points, points_interval)}.",
        family_means(rows, points),
        who(rows, Verdict.NO_CHANGE, "No change is shown with these photos"),
    ]
    return " ".join(filter(None, parts))


def _findings(run: Run) -> list[Finding]:
    rows = influences(run)
    if len({row["encoder"] for row in rows}) > FEW:
        return [
            replace(
                counted(
                    run,
                    group,
                    f"{starting_name(group[0])} (k = {group[0]['k']}; "
                    f"{count(group[0]['n_test'], 'test photo')})",
                    influences_sentence(group),
                ),
                notes=checked(group),
            )
            for group in grouped(rows, "dataset", "attribute", "k")
        ]
    found = []
    for group in grouped(rows, "dataset", "encoder"):
        told = influences_told(group)
        failed = dict.fromkeys(check for row in group for check in checks(row))
        notes = [""] * (len(told) - 1) + ["; ".join(failed)]
        found += [Finding(about(run, group[0]), *each) for each in zip(told, notes, strict=True)]
    return found


def _changes(row: Row) -> bool:
    return bool(row["verdict"] == Verdict.CHANGE)


def _heading(run: Run) -> str:
    rows = influences(run)
    found = list(filter(_changes, rows))
    otherwise = "No processing is shown to change nearest neighbours"
    return claimed(found, rows, "nearest neighbours follow {}", otherwise)


def _advice(run: Run) -> list[str]:
    rows = influences(run)
    shown = [row for row in rows if row["verdict"] == Verdict.CHANGE]
    if not shown:
        return []
    names = list(dict.fromkeys(quoted_name(row) for row in shown))
    return [f"Process all photos of an index alike before they are embedded ({listed(names)})."]


INFLUENCE = Section(
    key="neighbours",
    chapter=Chapter.HARM,
    heading=_heading,
    name="kNN influence",
    experiments=(Experiment.KNN_INFLUENCE,),
    command="latentprint influence {store} --out {new}",
    page="neighbours",
    is_listed=True,
    findings=_findings,
    shown=lambda run: any_shown(influences(run), _changes),
    figures=one_figure(influence_figure),
    advice=_advice,
    procedure="A vote of the k nearest training photos by cosine similarity, in five set-ups.",
    glossary=(
        (
            "Influence",
            "pos-same minus neg-same, in points. Harm in practice also needs processing and class "
            "to go together in your data.",
        ),
        ("Tiny", f"an effect that is shown, and below {SMALLEST_EFFECT:g} points."),
    ),
)

SECTIONS = (INFLUENCE,)
