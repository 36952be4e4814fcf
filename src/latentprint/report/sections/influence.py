"""Do traces change nearest neighbours? kNN influence."""

from __future__ import annotations

from collections.abc import Sequence

from latentprint.report.inputs import Row, Run, grouped
from latentprint.report.section import Chapter, Finding, Section, found_in, one_figure
from latentprint.report.sections.neighbour_figure import influence_figure, influences
from latentprint.report.telling import (
    FEW,
    about,
    by_whom,
    counted,
    ends,
    family_means,
    of_all,
    place,
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

_EFFECTS = {Direction.EXPECTED: "attract", Direction.REVERSED: "repel"}


def influence_sentence(row: Row) -> str:
    """Whether processing changed which neighbours vote: pos-same minus neg-same."""
    name = starting_name(row)
    measured = f"influence {points_told(row)}, k = {row['k']}"
    if row["verdict"] != Verdict.CHANGE:
        return f"{name} is not shown to change neighbours with this many photos; {measured}."
    effect = f"photos processed alike {_EFFECTS[row['direction']]} each other"
    return f"{name} changes neighbours: {effect}{tiny(row)}; {measured}."


def tiny(row: Row) -> str:
    """That an effect which was shown is a tiny one; else nothing."""
    if not row["tiny"]:
        return ""
    return f", but the effect is tiny, below {SMALLEST_EFFECT:g} points"


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
        f"Influence {ends(rows, points, points_interval)}.",
        family_means(rows, points),
        who(rows, Verdict.NO_CHANGE, "No change is shown with these photos"),
    ]
    return " ".join(filter(None, parts))


def _findings(run: Run) -> list[Finding]:
    found: list[Finding] = []
    for group in grouped(influences(run), "dataset", "attribute", "k"):
        if len(group) > FEW:
            asked = f"{starting_name(group[0])} (k = {group[0]['k']})"
            found.append(counted(run, group, asked, influences_sentence(group)))
        else:
            found += [
                Finding(about(run, row), influence_sentence(row), "; ".join(checks(row)))
                for row in group
            ]
    return found


def _headline(run: Run) -> list[Finding]:
    """The largest influence on each set of photos: of those that were shown, if any was."""
    found = []
    for rows in grouped(influences(run), "dataset"):
        shown = [row for row in rows if row["verdict"] == Verdict.CHANGE]
        top = max(shown or rows, key=lambda row: abs(row["value"]))
        found.append(Finding(place(run, top), _headline_sentence(top, shown, rows)))
    return found


def _headline_sentence(top: Row, shown: list[Row], rows: list[Row]) -> str:
    measured = f"{quoted_name(top)}, k = {top['k']}{by_whom(top, rows)}"
    if not shown:
        return (
            f"Processing is not shown to change nearest neighbours with these photos (largest "
            f"influence: {points_told(top)}; {measured})."
        )
    return (
        f"Processing changes nearest neighbours in {len(shown)} of {len(rows)} measurements, most "
        f"with {measured}: photos processed alike {_EFFECTS[top['direction']]} each other"
        f"{tiny(top)}, influence {points_told(top)}."
    )


def _found(run: Run) -> str:
    verdicts = [row["verdict"] for row in influences(run) if row["verdict"]]
    return found_in(verdicts.count(Verdict.CHANGE), len(verdicts), "changed")


def _advice(run: Run) -> list[str]:
    rows = influences(run)
    shown = [row for row in rows if row["verdict"] == Verdict.CHANGE]
    if not shown:
        return []
    names = list(dict.fromkeys(quoted_name(row) for row in shown))
    verb = "changes" if len(names) == 1 else "change"
    text = (
        "Process all photos of an index alike before they are embedded, since "
        f"{listed(names)} {verb} which photos are nearest; then measure again."
    )
    several = len({row["encoder"] for row in rows}) > 1
    return [f"{text} Where you can choose, {_least(rows)}" if several else text]


def _least(rows: list[Row]) -> str:
    """The encoder whose largest influence is the smallest."""
    largest: dict[str, Row] = {}
    for row in rows:
        known = largest.setdefault(row["encoder"], row)
        if abs(row["value"]) > abs(known["value"]):
            largest[row["encoder"]] = row
    row = min(largest.values(), key=lambda each: abs(each["value"]))
    return (
        f"the smallest influence is that of {row['encoder']} ({points(row['value'])} points at "
        f"most, 95% interval {points_interval(row)}, {quoted_name(row)}); the intervals say "
        "whether others are worse."
    )


def _introduction(_: Run) -> str:
    return (
        "Each test photo is classified by a vote of its nearest training photos, while the "
        "processing of the training photos is arranged in five ways. *Influence* is the accuracy "
        "when only photos of the right class are processed like the test photo (pos-same) minus "
        "the accuracy when only photos of the wrong classes are (neg-same): near zero where "
        "processing plays no part, positive where photos processed alike attract each other."
    )


def _protocol(_: Run) -> str:
    return (
        "**kNN influence.** A vote of the k nearest training photos by cosine similarity, one vote "
        "each, in five set-ups: everything processed like the test photo (all-same), only the "
        "right class (pos-same), only the wrong classes (neg-same), at random (uniform), or "
        "nothing (all-diff)."
    )


INFLUENCE = Section(
    key="neighbours",
    chapter=Chapter.HARM,
    title="Nearest neighbours",
    name="kNN influence",
    experiments=(Experiment.KNN_INFLUENCE,),
    command="latentprint influence STORE --out RUN",
    unanswered="The influence of processing on nearest neighbours was",
    introduction=_introduction,
    findings=_findings,
    found=_found,
    headline=_headline,
    figures=one_figure(influence_figure),
    advice=_advice,
    protocol=_protocol,
    glossary=(
        (
            "Influence",
            "pos-same minus neg-same, in percentage points. What can be read need not change "
            "neighbours; harm in practice also needs processing and class to go together in your "
            "data.",
        ),
        (
            "Tiny",
            f"an effect that is shown, and below {SMALLEST_EFFECT:g} points.",
        ),
    ),
)

SECTIONS = (INFLUENCE,)
