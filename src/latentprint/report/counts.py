"""Sentences about many encoders at once: how many, from where to where, who is at the ends.

Each takes the rows of one attribute and set-up on one set of photos, a row an encoder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import fmean

from latentprint.report.comparison_prose import (
    DIFFERENCE,
    INDEX,
    NUISANCE_PURITY,
    QUERY_GALLERY,
    TARGET_GALLERY,
    Setups,
)
from latentprint.report.inputs import Row, is_paired
from latentprint.report.wording import (
    capital,
    changes_neighbours,
    classes,
    count,
    known_name,
    listed,
    number,
    percent,
    points,
    quoted_name,
    span,
)

NAMED = 4
"""Encoders that a sentence names before it counts the rest; tables hold every one."""

_FAMILIES = ("CVL", "SUP", "SSL")

_OTHERS = {
    "not above the floor": "Above guessing, but not shown to be above the floor",
    "undecided": "Undecided",
    "not readable": "Not readable with these photos",
    "below chance": "Below guessing, which calls for a check of the data",
}


def probes_about(row: Row) -> str:
    """What a probe is asked, for the beginning of a line: the label, its classes and guessing."""
    return f"{starting_name(row)}{_task(row)}"


def influences_about(row: Row) -> str:
    """The attribute whose influence was measured, and the number of neighbours."""
    return f"{starting_name(row)} (k = {row['k']})" if row["k"] else starting_name(row)


def probes_sentence(rows: list[Row]) -> str:
    """How many encoders a probe reads a label from, the range, family means, and the others.

    Args:
        rows: Probes of one label with one set-up on one set of photos.
    """
    row = rows[0]
    read = [each for each in rows if each["verdict"] == "read"]
    parts = [
        f"{_reads(row)} {_of(len(read), len(rows))}.",
        f"{_accuracy(row)} {_ends(rows, percent, _interval)}.",
        _family_means(rows, percent),
        _floors(rows),
        *(_who(rows, verdict, said) for verdict, said in _OTHERS.items()),
    ]
    return " ".join(filter(None, parts))


def influences_sentence(rows: list[Row]) -> str:
    """For how many encoders processing changes which neighbours vote.

    Args:
        rows: Influences of one attribute and one k on one set of photos.
    """
    changed = [each for each in rows if changes_neighbours(each)]
    attract = [each for each in changed if each["value"] > 0]
    repel = [each for each in changed if each["value"] < 0]
    parts = [
        "Photos processed alike attract each other with "
        f"{_of(len(attract), len(rows))}"
        + (f", and repel each other with {count(len(repel), 'encoder')}." if repel else "."),
        f"Influence {_ends(rows, points, _points_interval)}.",
        _family_means(rows, points),
        _who(rows, "no change shown", "No change is shown with these photos"),
    ]
    return " ".join(filter(None, parts))


def recalls_sentence(found: list[Setups]) -> str:
    """With how many encoders distractors of the query's device do more harm."""
    found = [each for each in found if {QUERY_GALLERY, TARGET_GALLERY, DIFFERENCE} <= set(each)]
    if not found:
        return ""
    changes = [each[DIFFERENCE] for each in found]
    harmed = [each for each in changes if each["verdict"] == "traces distract retrieval"]
    reversed_ = [each for each in changes if (each["verdict"] or "").endswith("(reversed)")]
    hard = fmean(each[QUERY_GALLERY]["value"] for each in found)
    easy = fmean(each[TARGET_GALLERY]["value"] for each in found)
    parts = [
        f"Traces of the device distract retrieval with {_of(len(harmed), len(changes))}: "
        f"{changes[0]['attribute']} is {percent(hard)} on average where {QUERY_GALLERY} type and "
        f"{percent(easy)} where they share the target's.",
        f"The loss in points {_ends(changes, points, _points_interval)}.",
        _family_means(changes, points),
        f"The reverse is shown for {_names(reversed_)}." if reversed_ else "",
        _who(changes, "no distraction shown", "No distraction is shown with these photos"),
    ]
    return " ".join(filter(None, parts))


def similarities_sentence(changes: list[Row]) -> str:
    """With how many encoders the same metadata make photos more alike.

    Args:
        changes: Differences of the AUC of one attribute on one set of photos.
    """
    more = [each for each in changes if each["low"] > 0 and each["n_test"] > 1]
    less = [each for each in changes if each["high"] < 0 and each["n_test"] > 1]
    name = quoted_name(changes[0])
    fewer = f", and less alike with {count(len(less), 'encoder')}" if less else ""
    return (
        f"Photos with the same {name} are more alike with {_of(len(more), len(changes))}{fewer}. "
        f"The difference of the AUCs {_ends(changes, points, _points_interval)}; "
        f"0 where {name} does not matter."
    )


def stabilities_sentence(found: list[Row]) -> str:
    """How often another photo is nearer than a photo's own copy.

    Args:
        found: Shares of photos that are farther from their copy than from another photo.
    """

    def small(value: float | None) -> str:
        return f"{number(value, 2)}%"

    def interval(row: Row) -> str:
        return span(row["low"], row["high"], unit="%", digits=2)

    return (
        f"{starting_name(found[0])}: the share of cases in which another photo is nearer to a "
        f"photo than its own re-encoded copy {_ends(found, small, interval)}."
    )


def robustness_counted(found: list[Setups]) -> str:
    """How far neighbours share the class rather than a nuisance."""
    indices = [each[INDEX] for each in found if INDEX in each]
    purities = [each[NUISANCE_PURITY] for each in found if NUISANCE_PURITY in each]
    parts = []
    if indices:
        name = quoted_name(indices[0])
        parts.append(
            f"Of the {indices[0]['k']} nearest neighbours that share the class or {name} but not "
            f"both, the share of the class (robustness index) {_ends(indices, percent, _interval)}."
        )
    if purities:
        more = [each for each in purities if each["verdict"] == "above chance"]
        parts.append(
            f"Neighbours share {quoted_name(purities[0])} more often than by chance with "
            f"{_of(len(more), len(purities))}."
        )
    return " ".join(parts)


def starting_name(row: Row) -> str:
    """What a row is about, at the start of a sentence."""
    name = quoted_name(row)
    return capital(name) if known_name(row) else name


def _task(row: Row) -> str:
    among = f"{classes(row)} classes" if classes(row) else ""
    guess = f"guessing gives {percent(row['chance'])}" if row["chance"] else ""
    trained = "every training photo under every class" if _is_whole(row) else ""
    told = "; ".join(filter(None, (among, guess, trained)))
    return f" ({told})" if told else ""


def _is_whole(row: Row) -> bool:
    return str(row["setup"] or "").endswith("all")


def _reads(row: Row) -> str:
    if is_paired(row):
        return "Shown to move embeddings in a consistent direction with"
    return "Read from"


def _accuracy(row: Row) -> str:
    return "Accuracy of the paired probe" if is_paired(row) else "Accuracy"


def _of(some: int, total: int) -> str:
    if some == total:
        return f"all {total:,} encoders"
    return f"{some:,} of {total:,} encoders" if some else f"none of {total:,} encoders"


def _ends(
    rows: list[Row], show: Callable[[float | None], str], interval: Callable[[Row], str]
) -> str:
    """From the lowest to the highest, each with its interval and encoder."""
    ordered = sorted(rows, key=lambda row: float(row["value"]))
    low, high = ordered[0], ordered[-1]
    return (
        f"ranges from {show(low['value'])} (95% interval {interval(low)}) with {low['encoder']} to "
        f"{show(high['value'])} ({interval(high)}) with {high['encoder']}"
    )


def _interval(row: Row) -> str:
    return span(row["low"], row["high"], unit="%")


def _points_interval(row: Row) -> str:
    return f"{points(row['low'])} to {points(row['high'])}"


def _family_means(rows: list[Row], show: Callable[[float | None], str]) -> str:
    families = dict.fromkeys([*_FAMILIES, *(row["family"] for row in rows)])
    means = []
    for family in families:
        values = [row["value"] for row in rows if row["family"] == family]
        if values:
            means.append(f"{family} {show(fmean(values))} ({count(len(values), 'encoder')})")
    return f"Mean by family: {', '.join(means)}." if len(means) > 1 else ""


def _floors(rows: list[Row]) -> str:
    floors = [row["floor"] for row in rows if row["floor"] is not None]
    without = len(rows) - len(floors)
    if not floors:
        return "No floor was measured beside them."
    lowest, highest = percent(min(floors)), percent(max(floors))
    reach = lowest if lowest == highest else f"{lowest} to {highest}"
    missing = f"; {without} of them have none" if without else ""
    return f"Their floors reach {reach}{missing}."


def _who(rows: list[Row], verdict: str, said: str) -> str:
    found = [row for row in rows if row["verdict"] == verdict]
    return f"{said}: {_names(found)}." if found else ""


def _names(rows: Iterable[Row]) -> str:
    names = [row["encoder"] for row in rows]
    more = len(names) - NAMED
    return listed([*names[:NAMED], *([f"{more:,} more"] if more > 0 else [])])
