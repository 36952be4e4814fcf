"""Sentences from rows of the result table.

No sentence says more than its row shows: an interval that is not clear of chance is "not readable
with this many photos", which is not the same as no information.
"""

from __future__ import annotations

from latentprint.report.inputs import Row, is_paired
from latentprint.report.wording import (
    capital,
    changes_neighbours,
    classes,
    count,
    floor_name,
    known_name,
    number,
    percent,
    points,
    quoted_name,
    significant,
    span,
)

MARGIN = 1.0
"""Points by which the interval of a probe that reads a trace is above chance."""

_UNBALANCED = 1.0
"""Points between the mean over classes and the share of all predictions that are told."""

_CLAIMS = {
    "read": "{} can be read",
    "undecided": "{} is undecided with this many photos",
    "not readable": "{} is not readable with this many photos",
    "not above the floor": "{} is above guessing, but not shown to be above {floor}",
    "below chance": "{} comes out below chance",
}

_PAIRED_CLAIMS = {
    "read": "{} moves embeddings in a consistent direction",
    "undecided": "whether {} moves embeddings in a consistent direction is undecided",
    "not readable": (
        "{} is not shown to move embeddings in a consistent direction with this many photos"
    ),
    "not above the floor": (
        "{} moves embeddings in a consistent direction, but not shown to be more so than for "
        "{floor}"
    ),
    "below chance": "{} comes out below chance",
}

_ENDINGS = {
    "not readable": "More photos could change this.",
    "not above the floor": "So this cannot be put down to what the encoder learned.",
    "below chance": (
        "A probe below guessing points to something odd in the photos or their splits; take no "
        "conclusion from it."
    ),
}


def probe_sentence(row: Row) -> str:
    """What a probe found, with all that its figure is to be held against.

    Args:
        row: A row of the result table, of a processing or acquisition probe.
    """
    parts = [
        f"{_claim(row)}: {_measured(row)}.",
        _why_undecided(row),
        floor_sentence(row),
        _container_sentence(row),
        _smallest_sentence(row),
        _ENDINGS.get(row["verdict"], ""),
    ]
    return " ".join(filter(None, parts))


def floor_sentence(row: Row) -> str:
    """How far the result is from what never learned from photos."""
    if row["floor"] is None:
        return "No floor was measured beside it."
    name = floor_name(row)
    verb = "reaches" if name.endswith("untrained") else "reach"
    sentence = f"{capital(name)} {verb} {percent(row['floor'])}"
    if row["excess_low"] is None:
        return f"{sentence}."
    return (
        f"{sentence}; the difference is {points(row['value'] - row['floor'])} points "
        f"(95% interval {points(row['excess_low'])} to {points(row['excess_high'])})."
    )


def influence_sentence(row: Row) -> str:
    """Whether processing changed which neighbours vote: pos-same minus neg-same."""
    name = _starting_name(row)
    k = f", k = {row['k']}" if row["k"] else ""
    measured = (
        f"influence {points(row['value'])} points "
        f"(95% interval {points(row['low'])} to {points(row['high'])}{k})"
    )
    if changes_neighbours(row):
        effect = "attract" if row["value"] > 0 else "repel"
        return f"{name} changes neighbours: photos processed alike {effect} each other; {measured}."
    if row["verdict"] == "no change shown":
        return f"{name} is not shown to change neighbours with this many photos; {measured}."
    return f"{name}: {measured}."


def variance_sentence(measures: dict[str, Row]) -> str:
    """How far processing moves embeddings, from the variance rows of an encoder and attribute.

    Args:
        measures: The rows by their set-up.
    """
    name = _starting_name(next(iter(measures.values())))
    found = []
    if share := measures.get("processing share"):
        found.append(
            f"accounts for {number(share['value'], 2)}% of the variance of the embeddings "
            f"(95% interval {span(share['low'], share['high'], unit='%', digits=2)})"
        )
    shift, distance = measures.get("shift"), measures.get("distance")
    if shift and distance and distance["value"] > 0:
        found.append(
            f"moves a photo by {number(100 * shift['value'] / distance['value'], 2)}% of the mean "
            "distance between different photos"
        )
    return f"{name} {' and '.join(found)}." if found else ""


def _claim(row: Row) -> str:
    if is_paired(row):
        template = _PAIRED_CLAIMS.get(row["verdict"], "{}")
        return f"Paired probe: {template.format(quoted_name(row), floor=floor_name(row))}"
    template = _CLAIMS.get(row["verdict"], "{}")
    return template.format(_starting_name(row), floor=floor_name(row))


def _starting_name(row: Row) -> str:
    name = quoted_name(row)
    return capital(name) if known_name(row) else name


def _measured(row: Row) -> str:
    among = f" among {classes(row)} classes" if classes(row) else ""
    chance = f", where guessing gives {percent(row['chance'])}" if row["chance"] else ""
    trained = (
        ", trained with every training photo under every class"
        if str(row["setup"] or "").endswith("all")
        else ""
    )
    every = ""
    if row["micro"] is not None and abs(row["micro"] - row["value"]) >= _UNBALANCED:
        every = f"; all classes weigh alike, and {percent(row['micro'])} of all answers are right"
    return (
        f"the probe{trained}{',' * bool(trained)} is right in {percent(row['value'])} of cases "
        f"(95% interval {span(row['low'], row['high'], unit='%')}; "
        f"{count(row['n_test'], 'test photo')}){among}{chance}{every}"
    )


def _why_undecided(row: Row) -> str:
    if row["verdict"] != "undecided":
        return ""
    chance = row["chance"] or 0.0
    if row["low"] > chance + MARGIN:
        return (
            "Its interval is clear of guessing, but among the many probes of the run such a "
            f"figure can come about by chance (q = {significant(row['q'])})."
        )
    if row["low"] > chance:
        return "Its interval is above guessing, but by less than the point that a claim needs."
    return "Its interval reaches down to guessing, but accuracy still grows with training photos."


def _container_sentence(row: Row) -> str:
    """Whether the encoder tells more of a label than the file does."""
    if row["experiment"] != "acquisition_probe":
        return ""
    if row["container"] is None:
        return "Whether the file alone tells as much was not measured."
    alone = f"File facts alone (pixel size, format, compression) reach {percent(row['container'])}"
    if row["value"] <= row["container"]:
        return f"{alone}: the encoder tells no more than the file."
    if row["verdict"] not in ("read", "not above the floor"):
        return f"{alone}."
    if row["low"] > row["container"]:
        return f"{alone}: the encoder tells more than the file."
    return f"{alone}, inside the interval: the encoder is not shown to tell more than the file."


def _smallest_sentence(row: Row) -> str:
    """The smallest effect that the photos could have shown, for whatever was not read."""
    # What is above guessing but not above a floor lacks no photos.
    told = ("read", "not above the floor", "", None)
    if row["verdict"] in told or row["smallest_effect"] is None:
        return ""
    least = (row["chance"] or 0.0) + row["smallest_effect"]
    if least >= 100:
        return "These photos are too few to show any effect in four of five cases."
    return (
        f"These photos show an accuracy of {percent(least)} or more in four of five cases; "
        "a weaker trace would go unseen."
    )
