"""Do traces distract retrieval? Near-duplicate pairs by two types of device."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from latentprint.report.figures.figure import Figure
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Row, Run, grouped
from latentprint.report.section import Chapter, Finding, Section, found_in
from latentprint.report.sections.pairs_figure import first_recalls, published_recalls, recall_figure
from latentprint.report.sections.pairs_grid import pairs_grid_figure
from latentprint.report.telling import (
    Setups,
    by_whom,
    encoder_names,
    ends,
    family_means,
    of_all,
    place,
    points_interval,
    points_told,
    told,
    who,
)
from latentprint.report.wording import number, percent, points, significant, span, whole
from latentprint.words import (
    SMALLEST_EFFECT,
    Direction,
    Experiment,
    Harm,
    PairGallery,
    PairMeasure,
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
    p = "" if change["p"] is None else f"; p = {significant(change['p'])}"
    return (
        f"{claim + ': ' if claim else ''}{change['attribute']} is "
        f"{percent(rows[PairGallery.QUERY]['value'])} where {PairGallery.QUERY} type and "
        f"{percent(rows[PairGallery.TARGET]['value'])} where they share the target's, "
        f"{points(change['value'])} points lost (95% interval "
        f"{points_interval(change)}{p})."
    )


def _claim(change: Row) -> str:
    """What a difference shows; nothing where nothing could be missed."""
    if not change["verdict"]:
        return ""
    if change["verdict"] != Verdict.DISTRACTION:
        return "Traces of the device are not shown to distract retrieval with this many photos"
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
        f"The loss in points {ends(changes, points, points_interval)}.",
        family_means(changes, points),
        f"The reverse is shown for {encoder_names(reverse)}." if reverse else "",
        who(changes, Verdict.NO_DISTRACTION, "No distraction is shown with these photos"),
    ]
    return " ".join(filter(None, parts))


def pairs_context(run: Run) -> str:
    """What the published encoders lose on PairCams, where the run has recall@1."""
    measured = first_recalls(run.of(Experiment.NEAR_DUPLICATE))
    name = PairMeasure.RECALL.at(1)
    if not any(row["attribute"] == name for each in measured for row in each.values()):
        return ""
    recalls = published_recalls()
    losses = (recalls[PairGallery.TARGET] - recalls[PairGallery.QUERY]).to_list()
    return (
        f"on the 730 subjects of PairCams, the {len(losses)} published encoders lose "
        f"{points(min(losses))} to {points(max(losses))} points of recall@1, "
        f"{points(fmean(losses))} on average. With fewer subjects, galleries are smaller and "
        "recall is higher."
    )


def _findings(run: Run) -> list[Finding]:
    found = first_recalls(run.of(Experiment.NEAR_DUPLICATE))
    return told(run, found, (), pairs_sentence, recalls_sentence)


def _headline(run: Run) -> list[Finding]:
    """The largest difference on each set of photos: of the harmful ones, if there are any."""
    recalls = first_recalls(run.of(Experiment.NEAR_DUPLICATE))
    changes = [each[PairGallery.DIFFERENCE] for each in recalls if PairGallery.DIFFERENCE in each]
    found = []
    for rows in grouped(changes, "dataset"):
        harmed = [row for row in rows if row["harm"] == Harm.RETRIEVAL]
        top = max(harmed or rows, key=lambda row: float(row["value"]))
        found.append(Finding(place(run, top), _headline_sentence(top, harmed, rows)))
    return found


def _headline_sentence(top: Row, harmed: list[Row], rows: list[Row]) -> str:
    if harmed:
        some = f" with {of_all(len(harmed), len(rows))}" if len(rows) > 1 else ""
        most = "at most " if len(rows) > 1 else ""
        return (
            f"Traces of the device distract retrieval of near-duplicates{some}: {most}"
            f"{points_told(top)} of {top['attribute']} are lost between the two galleries"
            f"{by_whom(top, rows)}."
        )
    reverse = [row for row in rows if row["direction"] == Direction.REVERSED]
    if reverse:
        least = min(reverse, key=lambda row: float(row["value"]))
        return (
            "Traces of the device are not shown to distract retrieval; the reverse is: "
            f"{least['attribute']} is lower where distractors share the target's device, "
            f"difference {points_told(least)}{by_whom(least, rows)}."
        )
    return (
        f"Traces of the device are not shown to distract retrieval with these photos (largest "
        f"difference in {top['attribute']}: {points_told(top)}{by_whom(top, rows)})."
    )


def _found(run: Run) -> str:
    recalls = first_recalls(run.of(Experiment.NEAR_DUPLICATE))
    changes = [each[PairGallery.DIFFERENCE] for each in recalls if PairGallery.DIFFERENCE in each]
    judged = [row["harm"] for row in changes if row["verdict"]]
    return found_in(judged.count(Harm.RETRIEVAL), len(judged), "distracted")


def _advice(run: Run) -> list[str]:
    if not any(row["harm"] == Harm.RETRIEVAL for row in run.of(Experiment.NEAR_DUPLICATE)):
        return []
    return [
        "Photos by the same type of device crowd out the true match. Judge retrieval on queries "
        "and targets by different devices, not on a mixture."
    ]


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


def _introduction(_: Run) -> str:
    return (
        "The same subjects, photographed with two types of device. Each photo looks for the one of "
        "its subject by the other type, once among distractors by its own type of device, once "
        "among those by its target's. Without traces, both galleries are equally hard."
    )


def _protocol(_: Run) -> str:
    return (
        "**Near-duplicate pairs.** Recall, rank and margin of the target in two galleries that "
        "differ only in the device type of the distractors. If the type of device left no trace, "
        "the photos of a subject could exchange their devices: p is the share of such exchanges, "
        "galleries found anew, that differ as much."
    )


PAIRS = Section(
    key="pairs",
    chapter=Chapter.HARM,
    title="Image retrieval",
    name="retrieval of near-duplicate pairs",
    experiments=(Experiment.NEAR_DUPLICATE,),
    command="latentprint pairs STORE --out RUN",
    unanswered="Retrieval of near-duplicates was",
    introduction=_introduction,
    findings=_findings,
    found=_found,
    headline=_headline,
    context=pairs_context,
    figures=_figures,
    advice=_advice,
    protocol=_protocol,
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
