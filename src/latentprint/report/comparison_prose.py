"""Sentences about similarity, stability, near-duplicate retrieval and robustness.

Each takes the rows of one encoder and attribute by set-up, and says no more than they show.
"""

from __future__ import annotations

from latentprint.published import PAIR_SETUPS
from latentprint.report.inputs import Row, rows_by_setup
from latentprint.report.wording import (
    capital,
    known_name,
    number,
    percent,
    points,
    quoted_name,
    significant,
    span,
)

AGAINST = "AUC, metadata against semantics"
WITH = "AUC, metadata with semantics"
AUC_DIFFERENCE = "AUC difference"
SELF = "self-similarity"
FIRST = "self-similarity, 1st percentile"
OTHER = "similarity to the nearest other photo"
FARTHER = "farther than the nearest other photo"
BELOW = "below "
FROM = ", from "
DIFFERENCE = "difference"
QUERY_GALLERY, TARGET_GALLERY = PAIR_SETUPS["different"], PAIR_SETUPS["same"]
INDEX, CLASS_PURITY, NUISANCE_PURITY = "robustness index", "class purity", "nuisance purity"

_PAIRS = {
    "traces distract retrieval": "Traces of the device distract retrieval",
    "traces distract retrieval (reversed)": (
        "Distractors that share the target's device do more harm, the reverse of what traces "
        "of the device would do"
    ),
    "no distraction shown": (
        "Traces of the device are not shown to distract retrieval with this many photos"
    ),
}

Setups = dict[str, Row]
"""Rows of one encoder and attribute, by set-up."""


def first_recalls(rows: list[Row]) -> list[Setups]:
    """Mean recall over the directions at the smallest k, for every set of photos and encoder."""
    found = [row for row in rows if row["attribute"].startswith("recall@")]
    names = sorted({row["attribute"] for row in found}, key=lambda name: int(name.split("@")[1]))
    kept = [row for row in found if row["attribute"] in names[:1]]
    return list(rows_by_setup(kept, "dataset", "encoder").values())


def similarity_sentence(rows: Setups) -> str:
    """What the AUCs say; empty where there are none."""
    if not {AGAINST, WITH, AUC_DIFFERENCE} <= set(rows):
        return ""
    against, together, change = rows[AGAINST], rows[WITH], rows[AUC_DIFFERENCE]
    name = quoted_name(change)
    return (
        f"{_claim(change)}: a photo of another class is more similar to the query than one of "
        f"its class in {percent(against['value'])} of comparisons where it alone shares {name} "
        f"with the query, and in {percent(together['value'])} where the other alone does. That is "
        f"{points(change['value'])} points (95% interval {points(change['low'])} to "
        f"{points(change['high'])}); 0 where {name} does not matter."
    )


def _claim(change: Row) -> str:
    name = _starting(change)
    if change["n_test"] == 1:
        return f"{name}, for one query"
    if change["low"] > 0:
        return f"Photos with the same {quoted_name(change)} are more alike"
    if change["high"] < 0:
        return f"Photos with the same {quoted_name(change)} are less alike"
    return f"{name} is not shown to make photos more alike"


def stability_sentence(rows: Setups) -> str:
    """How far re-encoding moves a photo; without pairs of classes, from the reference."""
    start = next((setup for setup in rows if setup.startswith(SELF)), None)
    if start is None:
        return ""
    suffix = "" if SELF in rows else start[start.index(FROM) :]
    named = {setup.removesuffix(suffix): row for setup, row in rows.items()}
    if not {SELF, FIRST, OTHER, FARTHER} <= set(named):
        return ""
    farther = named[FARTHER]
    below = next((name for name in named if name.startswith(BELOW) and FROM not in name), None)
    threshold = ""
    if below is not None:
        threshold = (
            f" Below your threshold of {below.removeprefix(BELOW)} come "
            f"{_small(named[below]['value'])} ({_small_span(named[below])})."
        )
    version = f"from {suffix.removeprefix(FROM)} to another class" if suffix else "as another class"
    return (
        f"{_starting(farther)}: re-encoded {version}, a photo keeps a cosine similarity of "
        f"{_cosine(named[SELF])} to itself, and one in a hundred has {_cosine(named[FIRST])} or "
        f"less; its nearest other photo is at {_cosine(named[OTHER])}. "
        f"In {_small(farther['value'])} of cases (95% interval {_small_span(farther)}) the other "
        f"photo is nearer than the photo's own copy.{threshold}"
    )


def pairs_sentence(rows: Setups) -> str:
    """What recall@k shows: rows of both galleries and their difference, means of all directions."""
    if not {QUERY_GALLERY, TARGET_GALLERY, DIFFERENCE} <= set(rows):
        return ""
    change = rows[DIFFERENCE]
    claim = _PAIRS.get(change["verdict"] or "")
    p = "" if change["p"] is None else f", McNemar's p = {significant(change['p'])}"
    return (
        f"{claim + ': ' if claim else ''}{change['attribute']} is "
        f"{percent(rows[QUERY_GALLERY]['value'])} where {QUERY_GALLERY} type and "
        f"{percent(rows[TARGET_GALLERY]['value'])} where they share the target's, "
        f"{points(change['value'])} points lost (95% interval {points(change['low'])} to "
        f"{points(change['high'])}{p})."
    )


def robustness_sentence(rows: Setups) -> str:
    """What the nearest neighbours share."""
    parts = []
    first = next(iter(rows.values()))
    name = quoted_name(first)
    if index := rows.get(INDEX):
        parts.append(
            f"Of the {first['k']} nearest neighbours that share the class or {name} but not both, "
            f"{percent(index['value'])} share the class (robustness index, 95% interval "
            f"{span(index['low'], index['high'], unit='%')}; with {name} shuffled "
            f"{percent(index['chance'])})."
        )
    shares = [
        f"{percent(rows[setup]['value'])} share {what} (shuffled {percent(rows[setup]['chance'])})"
        for setup, what in ((CLASS_PURITY, "the class"), (NUISANCE_PURITY, name))
        if setup in rows
    ]
    if shares:
        parts.append(f"Of all neighbours {', '.join(shares)}.")
    if nuisance := rows.get(NUISANCE_PURITY):
        parts.append(
            {
                "above chance": f"Neighbours share {name} more often than by chance.",
                "below chance": f"Neighbours share {name} less often than by chance.",
            }.get(nuisance["verdict"], f"Neighbours are not shown to share {name} beyond chance.")
        )
    return " ".join(parts)


def _starting(row: Row) -> str:
    name = quoted_name(row)
    return capital(name) if known_name(row) else name


def _cosine(row: Row) -> str:
    return number(row["value"] / 100, 3)


def _small(share: float) -> str:
    """A share in percent that may be tiny."""
    return f"{number(share, 2)}%"


def _small_span(row: Row) -> str:
    return span(row["low"], row["high"], unit="%", digits=2)
