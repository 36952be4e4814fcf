"""Do neighbours share the class, or a nuisance? Without any processing of photos."""

from __future__ import annotations

from collections.abc import Sequence

from latentprint.report.figures.figure import Figure
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Row, Run, grouped, rows_by_setup
from latentprint.report.section import Chapter, Finding, Section, found_in
from latentprint.report.telling import (
    Setups,
    by_encoder,
    by_whom,
    ends,
    first,
    of_all,
    percent_interval,
    place,
    told,
    unclaimed,
)
from latentprint.report.wording import (
    listed,
    number,
    percent,
    quoted_name,
    significant,
    span,
    title_of,
    whole,
)
from latentprint.words import Experiment, RobustnessCondition, RobustnessMeasure, Verdict

_INDEX = RobustnessMeasure.INDEX
_CLASS = RobustnessMeasure.CLASS_PURITY
_NUISANCE = RobustnessMeasure.NUISANCE_PURITY


def judged_rows(run: Run) -> list[Row]:
    """The rows that are judged: within classes, but for the share of the class itself."""
    return [
        row
        for row in run.of(Experiment.ROBUSTNESS)
        if (row["setup"] == _CLASS) == (row["condition"] == RobustnessCondition.ALL_PHOTOS)
    ]


def robustness_sentence(rows: Setups) -> str:
    """What neighbours share: rows of one encoder and nuisance by measure."""
    row = first(rows)
    name = quoted_name(row)
    parts = []
    if index := rows.get(_INDEX):
        parts.append(
            f"Of the {index['k']} nearest neighbours that share the class or {name} but not both, "
            f"{percent(index['value'])} share the class (robustness index, 95% interval "
            f"{_interval(index)}; with {name} shuffled within classes "
            f"{percent(index['chance'])})."
        )
    shares = [
        f"{percent(rows[setup]['value'])} share {what} (shuffled {percent(rows[setup]['chance'])})"
        for setup, what in ((_CLASS, "the class"), (_NUISANCE, name))
        if setup in rows
    ]
    if shares:
        parts.append(f"Of all neighbours {', '.join(shares)}.")
    if nuisance := rows.get(_NUISANCE):
        parts.append(_claim(nuisance, name))
    return " ".join(parts)


def _interval(row: Row) -> str:
    """An interval of a share of neighbours, and why it is no claim where it leaves out chance."""
    return f"{percent_interval(row)}{unclaimed(row)}"


def _claim(row: Row, name: str) -> str:
    why = f" (95% interval {_interval(row)})" if unclaimed(row) else ""
    return {
        Verdict.ABOVE_CHANCE: f"Neighbours share {name} more often than their classes explain.",
        Verdict.BELOW_CHANCE: f"Neighbours share {name} less often than their classes explain.",
    }.get(
        row["verdict"],
        f"Neighbours are not shown to share {name} more often than their classes explain{why}.",
    )


def robustness_counted(found: Sequence[Setups]) -> str:
    """How far neighbours share the class rather than a nuisance, with many encoders."""
    indices = [each[_INDEX] for each in found if _INDEX in each]
    purities = [each[_NUISANCE] for each in found if _NUISANCE in each]
    parts = []
    if indices:
        name = quoted_name(indices[0])
        parts.append(
            f"Of the {indices[0]['k']} nearest neighbours that share the class or {name} but not "
            f"both, the share of the class (robustness index) "
            f"{ends(indices, percent, _interval)}."
        )
    if purities:
        more = [each for each in purities if each["verdict"] == Verdict.ABOVE_CHANCE]
        parts.append(
            f"Neighbours are shown to share {quoted_name(purities[0])} more often than their "
            f"classes explain with {of_all(len(more), len(purities))}."
        )
    return " ".join(parts)


def _findings(run: Run) -> list[Finding]:
    found = by_encoder(judged_rows(run), "k")
    return told(run, found, ("attribute", "k"), robustness_sentence, robustness_counted)


def _headline(run: Run) -> list[Finding]:
    found = []
    for rows in grouped(judged_rows(run), "dataset"):
        measured = list(rows_by_setup(rows, "encoder", "attribute", "k").values())
        purities = [each[_NUISANCE] for each in measured if _NUISANCE in each]
        if purities:
            found.append(Finding(place(run, rows[0]), _headline_sentence(purities, measured)))
    return found


def _headline_sentence(purities: Sequence[Row], measured: Sequence[Setups]) -> str:
    shown = [row for row in purities if row["verdict"] == Verdict.ABOVE_CHANCE]
    names = listed(dict.fromkeys(quoted_name(row) for row in shown or purities))
    if not shown:
        return (
            f"Nearest neighbours are not shown to share {names} more often than their classes "
            "explain."
        )
    indices = [each[_INDEX] for each in measured if _INDEX in each]
    least = min(indices, key=lambda row: float(row["value"]), default=None)
    index = (
        f" The lowest robustness index is {percent(least['value'])} "
        f"({_interval(least)}{by_whom(least, indices)})."
        if least
        else ""
    )
    return f"Nearest neighbours share {names} more often than their classes explain.{index}"


def _found(run: Run) -> str:
    """It has no heading of its own, but counts for that of its chapter."""
    verdicts = [row["verdict"] for row in judged_rows(run) if row["setup"] == _NUISANCE]
    judged = [each for each in verdicts if each]
    return found_in(judged.count(Verdict.ABOVE_CHANCE), len(judged), "shared")


def robustness_table(rows: list[Row]) -> Table:
    """Robustness index and purities, compared within classes and over all photos."""
    return Table(
        "Shares of neighbours in percent, with 95% intervals; chance is the mean after shuffling "
        "within classes, which is judged, or over all photos, where classes and nuisance may go "
        "together",
        ("Encoder", "Nuisance", "Measure", "Shuffled", "Verdict", "k", "Value", "Interval",
         "Chance", "p", "q", "Photos", "Notes"),
        [
            (
                row["encoder"],
                title_of(row),
                row["setup"],
                row["condition"],
                row["verdict"] or "–",
                whole(row["k"]),
                number(row["value"]),
                span(row["low"], row["high"]),
                number(row["chance"]),
                significant(row["p"]),
                significant(row["q"]),
                whole(row["n_test"]),
                row["notes"] or "–",
            )
            for row in rows
        ],
        names=5,
        remarks=1,
    ).on([row["dataset"] for row in rows])  # fmt: skip


def _figures(run: Run, _pictures: bool) -> list[Figure]:
    rows = run.of(Experiment.ROBUSTNESS)
    if not rows:
        return []
    tables = [("Robustness index and purity", robustness_table(rows))]
    return [
        Figure("robustness", "What the nearest neighbours of every photo share.", tables=tables)
    ]


def _introduction(_: Run) -> str:
    return (
        "**Without any processing**, the nearest neighbours of every photo were asked whether they "
        "share its class, or a nuisance that should play no part "
        '<d-cite key="komen2025robust"></d-cite>. Where a nuisance goes with the class, neighbours '
        "of one class share it anyway: chance is therefore what shuffling within classes gives."
    )


def _protocol(_: Run) -> str:
    return (
        "**Robustness.** Among the k nearest neighbours of every photo, without any processing: "
        "the share of those with its class, and of those with its nuisance, beside what labels "
        "that are shuffled within classes give."
    )


ROBUSTNESS = Section(
    key="robustness",
    chapter=Chapter.HARM,
    title="",
    name="robustness of neighbours",
    experiments=(Experiment.ROBUSTNESS,),
    command="latentprint robustness STORE --nuisance make --out RUN",
    unanswered="",
    introduction=_introduction,
    findings=_findings,
    found=_found,
    headline=_headline,
    figures=_figures,
    protocol=_protocol,
    glossary=(
        (
            "Robustness index and purity",
            "purity is the share of neighbours with the photo's own class, or nuisance. The index "
            "looks at the neighbours that share one of the two but not the other: 100% where all "
            "of them share the class, 0% where all share the nuisance.",
        ),
    ),
)

SECTIONS = (ROBUSTNESS,)
