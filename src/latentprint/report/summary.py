"""The summary at the top: what was measured on what, and the few strongest findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from latentprint.report.comparison_prose import (
    AUC_DIFFERENCE,
    DIFFERENCE,
    FARTHER,
    INDEX,
    NUISANCE_PURITY,
    Setups,
    first_recalls,
)
from latentprint.report.findings import FEW, Finding, about, place
from latentprint.report.inputs import Row, Run, grouped, is_paired, rows_by_setup
from latentprint.report.wording import (
    capital,
    changes_neighbours,
    listed,
    number,
    percent,
    points,
    quoted_name,
    span,
)

_EXPERIMENTS = {
    "processing_probe": "probes of processing labels",
    "acquisition_probe": "probes of acquisition labels",
    "knn_influence": "kNN influence",
    "robustness": "robustness of neighbours",
    "near_duplicate": "retrieval of near-duplicate pairs",
    "similarity": "distributions of similarity",
    "stability": "stability under re-encoding",
    "variance": "shares of the variance",
    "learning_curve": "learning curves",
}

_LEADS = {
    "read": "A linear probe reads {} from its embeddings.",
    "not above the floor": (
        "For {}, {probe} is above guessing, but not shown to be above what untrained controls "
        "reach."
    ),
    "undecided": "{} {} undecided.",
    "not readable": "{} {} not readable with these photos.",
    "below chance": "For {}, the probe is below guessing, which calls for a check of the data.",
}

_WHOLE = "Trained with every training photo under every class: {}"
"""What stands before the verdicts of the assignment ``all``, which is not the published one."""

_ENCODERS = 6
"""Encoders that the first sentence names; more are counted."""


def scope(run: Run) -> str:
    """What was measured, of which encoders, on which photos."""
    encoders = encoders_of(run)
    if not encoders:
        return "The results hold no encoder."
    asked = {row["experiment"] for row in run.every_row}
    measured = [name for experiment, name in _EXPERIMENTS.items() if experiment in asked]
    families = ", ".join(f"{amount} {name}" for name, amount in _families(run).items())
    if len(encoders) == 1:
        who = f"the frozen visual encoder {encoders[0]}"
    elif len(encoders) <= _ENCODERS:
        who = f"the {len(encoders)} frozen visual encoders {listed(encoders)}"
    else:
        who = f"{len(encoders):,} frozen visual encoders ({families})"
    return f"Measured: {listed(measured)}, of {who}, on {listed(run.datasets)}."


def encoders_of(run: Run) -> list[str]:
    """The user's encoders; the blocks of a network count as the network."""
    return list(dict.fromkeys(row.get("network") or row["encoder"] for row in run.every_row))


def _families(run: Run) -> dict[str, int]:
    """Number of encoders of each family."""
    families = {row.get("network") or row["encoder"]: row["family"] for row in run.every_row}
    counted: dict[str, int] = {}
    for family in families.values():
        counted[family] = counted.get(family, 0) + 1
    return counted


def trace_findings(run: Run) -> list[Finding]:
    """Which labels are read: gathered for each of few encoders, counted for many."""
    few = len({row["encoder"] for row in run.every_probe}) <= FEW
    return _gathered(run) if few else _counted(run)


def harm_findings(run: Run) -> list[Finding]:
    """The strongest finding on neighbours, retrieval, similarity and stability each."""
    influences = [row for row in run.neighbours if row["setup"] == "influence"]
    pairs = [each[DIFFERENCE] for each in first_recalls(run.of("near_duplicate"))
             if DIFFERENCE in each]  # fmt: skip
    changes = _rows_named(run.of("similarity"), AUC_DIFFERENCE)
    farther = _rows_named(run.of("stability"), FARTHER)
    found = [
        *_strongest(run, influences, _influence),
        *_strongest(run, pairs, _pairs),
        *_robustness(run),
        *_strongest(run, changes, _similarity),
        *_strongest(run, farther, _stability),
    ]
    return [each for each in found if each.sentence]


def lead_sentence(probes: Sequence[Row]) -> str:
    """Gather the verdicts of one encoder's probes of one kind."""
    sentences: list[str] = []
    for verdict, template in _LEADS.items():
        names = _names(probes, verdict)
        if names:
            verb = "are" if len(names) > 1 else "is"
            probe = "it" if sentences else "a linear probe"
            sentences.append(capital(template.format(listed(names), verb, probe=probe)))
    return " ".join(sentences)


def paired_lead(paired: Sequence[Row]) -> str:
    """Gather what the paired probes of one encoder show."""
    names = _names(paired, "read")
    if not names:
        return ""
    verb = "move" if len(names) > 1 else "moves"
    return (
        f"The paired probe, the sensitive measure for small sets, shows that {listed(names)} "
        f"{verb} its embeddings in a consistent direction."
    )


def _gathered(run: Run) -> list[Finding]:
    found = []
    for rows in grouped(run.every_probe, "encoder", "dataset"):
        processing = [row for row in rows if row["experiment"] == "processing_probe"]
        single = [row for row in processing if not is_paired(row)]
        whole = lead_sentence([row for row in single if row["setup"]])
        sentences = [
            lead_sentence([row for row in single if not row["setup"]]),
            _WHOLE.format(whole) if whole else "",
            lead_sentence([row for row in rows if row["experiment"] == "acquisition_probe"]),
            paired_lead([row for row in processing if is_paired(row)]),
        ]
        found.append(Finding(about(run, rows[0]), " ".join(filter(None, sentences))))
    return [each for each in found if each.sentence]


def _counted(run: Run) -> list[Finding]:
    """One sentence for each kind of probe and set of photos: of how many each label is read."""
    kinds = {
        "Read by a linear probe": [row for row in run.probes if not row["setup"]],
        "Read by a probe with every photo under every class": [
            row for row in run.probes if row["setup"]
        ],
        "Acquisition labels, read by a linear probe": run.labels,
        "Shown to move embeddings in a consistent direction (paired probe)": run.paired,
    }
    found = []
    for kind, every in kinds.items():
        for rows in grouped(every, "dataset"):
            told = []
            for group in grouped(rows, "attribute", "setup"):
                read = [row for row in group if row["verdict"] == "read"]
                best = max(group, key=lambda row: float(row["value"]))
                guess = f", guessing {percent(best['chance'])}" if best["chance"] else ""
                told.append(
                    f"{quoted_name(best)} from {len(read)} of {len(group)} encoders (up to "
                    f"{percent(best['value'])}{guess})"
                )
            found.append(Finding(place(run, rows[0]), f"{kind}: {'; '.join(told)}."))
    return found


def _strongest(run: Run, rows: list[Row], tell: Callable[[Row, list[Row]], str]) -> list[Finding]:
    """The largest of a measure on each set of photos."""
    found = []
    for group in grouped(rows, "dataset"):
        shown = [row for row in group if _is_shown(row)] or group
        top = max(shown, key=lambda row: abs(row["value"]))
        found.append(Finding(place(run, top), tell(top, group)))
    return found


def _is_shown(row: Row) -> bool:
    return bool(row["low"] > 0 or row["high"] < 0)


def _influence(top: Row, rows: list[Row]) -> str:
    shown = [row for row in rows if changes_neighbours(row)]
    if not shown:
        return (
            f"Processing is not shown to change nearest neighbours with these photos (largest "
            f"influence: {_aside(top)}, {quoted_name(top)}{_by(top, rows)})."
        )
    how = "attract" if top["value"] > 0 else "repel"
    return (
        f"Processing changes nearest neighbours in {len(shown)} of {len(rows)} measurements, most "
        f"with {quoted_name(top)}{_by(top, rows)}: photos processed alike {how} each other, "
        f"influence {_points(top)}."
    )


def _pairs(top: Row, rows: list[Row]) -> str:
    shown = [row for row in rows if (row["verdict"] or "").startswith("traces distract")]
    if not shown:
        return (
            f"Traces of the device are not shown to distract retrieval with these photos (largest "
            f"difference in {top['attribute']}: {_aside(top)}{_by(top, rows)})."
        )
    some = f" for {len(shown)} of {len(rows)} encoders" if len(rows) > 1 else ""
    most = "at most " if len(rows) > 1 else ""
    return (
        f"Traces of the device distract retrieval of near-duplicates{some}: {most}"
        f"{_points(top)} of {top['attribute']} between the two galleries{_by(top, rows)}."
    )


def _robustness(run: Run) -> list[Finding]:
    found = []
    for rows in grouped(run.of("robustness"), "dataset"):
        measured = list(rows_by_setup(rows, "encoder", "attribute", "k").values())
        purities = [each[NUISANCE_PURITY] for each in measured if NUISANCE_PURITY in each]
        shown = [row for row in purities if row["verdict"] == "above chance"]
        if purities:
            found.append(Finding(place(run, rows[0]), _neighbours_share(purities, shown, measured)))
    return found


def _neighbours_share(purities: list[Row], shown: list[Row], measured: list[Setups]) -> str:
    names = listed(dict.fromkeys(quoted_name(row) for row in shown or purities))
    if not shown:
        return f"Nearest neighbours are not shown to share {names} beyond chance."
    indices = [each[INDEX] for each in measured if INDEX in each]
    least = min(indices, key=lambda row: float(row["value"]), default=None)
    index = (
        f" The lowest robustness index is {percent(least['value'])} "
        f"({span(least['low'], least['high'], unit='%')}{_by(least, indices)})."
        if least
        else ""
    )
    return f"Nearest neighbours share {names} more often than by chance.{index}"


def _similarity(top: Row, rows: list[Row]) -> str:
    if not _is_shown(top) or top["n_test"] == 1:
        return "The same metadata are not shown to make photos more alike."
    how = "more" if top["value"] > 0 else "less"
    return (
        f"Photos with the same {quoted_name(top)} are {how} alike{_by(top, rows)}: the AUC differs "
        f"by {_points(top)}."
    )


def _stability(top: Row, rows: list[Row]) -> str:
    top = max(rows, key=lambda row: float(row["value"]))
    if top["value"] == 0:
        return (
            "In no case was another photo nearer to a photo than its own re-encoded copy (95% "
            f"interval up to {number(top['high'], 2)}%)."
        )
    return (
        f"Another photo is nearer to a photo than its own re-encoded copy in at most "
        f"{number(top['value'], 2)}% of cases "
        f"({span(top['low'], top['high'], unit='%', digits=2)}; {quoted_name(top)}"
        f"{_by(top, rows)})."
    )


def _by(row: Row, rows: list[Row]) -> str:
    return f", {row['encoder']}" if len({each["encoder"] for each in rows}) > 1 else ""


def _points(row: Row) -> str:
    return (
        f"{points(row['value'])} points (95% interval {points(row['low'])} to "
        f"{points(row['high'])})"
    )


def _aside(row: Row) -> str:
    return (
        f"{points(row['value'])} points, 95% interval {points(row['low'])} to {points(row['high'])}"
    )


def _rows_named(rows: list[Row], setup: str) -> list[Row]:
    return [row for row in rows if row["setup"].startswith(setup)]


def _names(rows: Sequence[Row], verdict: str) -> list[str]:
    return [quoted_name(row) for row in rows if row["verdict"] == verdict]
