"""Do traces distract retrieval? Near-duplicate pairs by two types of device."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from latentprint.report.figures.figure import Figure
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Row, Run
from latentprint.report.section import Chapter, Finding, Section
from latentprint.report.sections.pairs_figure import first_recalls, recall_figure
from latentprint.report.sections.pairs_grid import pairs_grid_figure
from latentprint.report.telling import (
    Setups,
    any_shown,
    encoder_names,
    ends,
    family_means,
    of_all,
    points_interval,
    points_told,
    told,
    who,
)
from latentprint.report.wording import (
    count,
    number,
    p_told,
    percent,
    points,
    significant,
    span,
    whole,
)
from latentprint.words import (
    SMALLEST_EFFECT,
    Direction,
    Experiment,
    Harm,
    PairGallery,
    Verdict,
)

_WHOLE = "mean of all directions"

_REVERSED = (
    "Distractors that share the target's device do more harm, the reverse of what traces of the "
    "device would do"
)


def pairs_sentence(rows: Setups) -> str:
    """What recall@k shows: rows of both galleries and their difference, means of all directions."""
    if not set(PairGallery) <= set(rows):
        return ""
    change = rows[PairGallery.DIFFERENCE]
    claim = _claim(change)
    return (
        f"{claim + ': ' if claim else ''}{change['attribute']} is "
        f"{percent(rows[PairGallery.TARGET]['value'])} where distractors share the target's "
        f"device type and {percent(rows[PairGallery.QUERY]['value'])} where they share the "
        f"query's: {points_told(change)} lost, {_queries(change)}."
    )


def _queries(change: Row) -> str:
    amount = str(count(change["n_test"], "query", "queries"))
    return amount if change["p"] is None else f"{p_told(change['p'])}, {amount}"


def _claim(change: Row) -> str:
    """What a difference shows; nothing where nothing could be missed."""
    if not change["verdict"]:
        return ""
    if change["verdict"] != Verdict.DISTRACTION:
        return "Traces of the device are not shown to distract retrieval"
    if change["direction"] == Direction.REVERSED:
        return _REVERSED
    tiny = f", but by less than {SMALLEST_EFFECT:g} points" if change["tiny"] else ""
    return f"Traces of the device distract retrieval{tiny}"


def recalls_sentence(found: Sequence[Setups]) -> str:
    """With how many encoders distractors of the query's device do more harm."""
    found = [each for each in found if set(PairGallery) <= set(each)]
    if not found:
        return ""
    changes = [each[PairGallery.DIFFERENCE] for each in found]
    harmed = [each for each in changes if each["harm"] == Harm.RETRIEVAL]
    reverse = [each for each in changes if each["direction"] == Direction.REVERSED]
    hard = fmean(each[PairGallery.QUERY]["value"] for each in found)
    easy = fmean(each[PairGallery.TARGET]["value"] for each in found)
    parts = [
        "Traces of the device are shown to distract retrieval with "
        f"{of_all(len(harmed), len(changes))}: "
        f"{changes[0]['attribute']} is {percent(hard)} on average where {PairGallery.QUERY} type "
        f"and {percent(easy)} where they share the target's.",
        f"Loss in points: {ends(changes, points, points_interval)}.",
        family_means(changes, points),
        f"The reverse is shown for {encoder_names(row['encoder'] for row in reverse)}."
        if reverse
        else "",
        who(changes, Verdict.NO_DISTRACTION, "No distraction is shown with these photos"),
    ]
    return " ".join(filter(None, parts))


def _findings(run: Run) -> list[Finding]:
    found = first_recalls(run.of(Experiment.NEAR_DUPLICATE))
    return told(run, found, (), pairs_sentence, recalls_sentence)


def _changes(run: Run) -> list[Row]:
    recalls = first_recalls(run.of(Experiment.NEAR_DUPLICATE))
    return [each[PairGallery.DIFFERENCE] for each in recalls if PairGallery.DIFFERENCE in each]


def _is_harmed(row: Row) -> bool:
    return bool(row["harm"] == Harm.RETRIEVAL)


def _heading(run: Run) -> str:
    changes = _changes(run)
    harmed = sum(map(_is_harmed, changes))
    reverse = sum(row["direction"] == Direction.REVERSED for row in changes)
    if not harmed:
        more = "; the reverse is" if reverse else ""
        return f"Traces of the device are not shown to distract retrieval{more}"
    some = f" in {harmed:,} of {len(changes):,} measurements" if len(changes) > 1 else ""
    return f"Traces of the device distract retrieval{some}"


def _advice(run: Run) -> list[str]:
    if not any(row["harm"] == Harm.RETRIEVAL for row in run.of(Experiment.NEAR_DUPLICATE)):
        return []
    return ["Judge retrieval on queries and targets by different devices."]


def pairs_table(rows: list[Row]) -> Table:
    """Every measure and direction on a line, the two galleries beside each other."""
    lines: dict[tuple[str, str, str, str], dict[str, Row]] = {}
    for row in rows:
        devices = f"query {row['query_device']}, target {row['target_device']}"
        direction = devices if row["query_device"] else _WHOLE
        key = (row["dataset"], row["encoder"], row["attribute"], direction)
        lines.setdefault(key, {})[row["setup"]] = row
    return Table(
        "Recall in percent, ranks, and margins (cosines times 100), with 95% intervals",
        ("Encoder", "Measure", "Query and target", "Distractors of the query's device",
         "Of the target's device", "Difference", "Chance", "p", "q", "Queries", "Verdict",
         "Direction", "Notes"),
        [_pairs_line(key, found) for (_, *key), found in lines.items()],
        names=3,
        remarks=3,
    ).on([dataset for dataset, *_ in lines])  # fmt: skip


def _pairs_line(key: list[str], found: dict[str, Row]) -> tuple[str, ...]:
    encoder, measure, direction = key
    change, any_row = found.get(PairGallery.DIFFERENCE), next(iter(found.values()))
    return (
        encoder,
        measure.replace("_", " "),
        direction,
        *(_figure(found.get(name)) for name in PairGallery),
        percent(any_row["chance"]),
        significant(change["p"] if change else None),
        significant(change["q"] if change else None),
        whole(any_row["n_test"]),
        (change["verdict"] if change else "") or "–",
        (change["direction"] if change else "") or "–",
        any_row["notes"] or "–",
    )


def _figure(row: Row | None) -> str:
    if row is None:
        return "–"
    is_change = row["setup"] == PairGallery.DIFFERENCE
    value = points(row["value"]) if is_change else number(row["value"])
    return f"{value} ({span(row['low'], row['high'])})"


def _figures(run: Run, pictures: bool) -> list[Figure]:
    rows = run.of(Experiment.NEAR_DUPLICATE)
    table = Figure(
        "pairs-numbers",
        "Recall, ranks and margins of near-duplicates, for every direction.",
        tables=[("Recall, ranks and margins", pairs_table(rows))],
    )
    found = [recall_figure(run), pairs_grid_figure(run, pictures), table if rows else None]
    return [each for each in found if each]


PAIRS = Section(
    key="pairs",
    chapter=Chapter.HARM,
    heading=_heading,
    name="retrieval of near-duplicate pairs",
    experiments=(Experiment.NEAR_DUPLICATE,),
    command="latentprint pairs {vectors} --out {new}",
    page="pairs",
    is_listed=True,
    findings=_findings,
    shown=lambda run: any_shown(_changes(run), _is_harmed),
    figures=_figures,
    advice=_advice,
    procedure="Two galleries that differ in the device of the distractors alone; p exchanges the "
    "devices within subjects.",
    glossary=(
        (
            "recall@k, median rank, margin and rank shift",
            "how often the target is among the k most similar photos; the middle of all its ranks; "
            "the target's cosine similarity minus that of the best distractor; and how many places "
            "the target falls where the distractors share the query's device.",
        ),
    ),
)

SECTIONS = (PAIRS,)
