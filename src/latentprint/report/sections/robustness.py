"""Do neighbours share the class, or a nuisance? Without any processing of photos."""

from __future__ import annotations

from collections.abc import Sequence

from latentprint.report.figures.figure import Figure
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Row, Run
from latentprint.report.section import Chapter, Finding, Section
from latentprint.report.telling import (
    Setups,
    any_shown,
    by_encoder,
    claimed,
    ends,
    first,
    of_all,
    percent_interval,
    told,
    unclaimed,
)
from latentprint.report.wording import (
    count,
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
    if nuisance := rows.get(_NUISANCE):
        parts.append(
            f"{_claim(nuisance, name)}: {percent(nuisance['value'])} of {nuisance['k']} neighbours "
            f"do (95% interval {_interval(nuisance)}; shuffled within classes "
            f"{percent(nuisance['chance'])}; {count(nuisance['n_test'], 'photo')})."
        )
    if index := rows.get(_INDEX):
        parts.append(
            f"Robustness index: {percent(index['value'])} ({_interval(index)}; shuffled "
            f"{percent(index['chance'])})."
        )
    return " ".join(parts)


def _interval(row: Row) -> str:
    """An interval of a share of neighbours, and why it is no claim where it leaves out chance."""
    return f"{percent_interval(row)}{unclaimed(row)}"


def _claim(row: Row, name: str) -> str:
    return {
        Verdict.ABOVE_CHANCE: f"Neighbours share {name} more often than their classes explain",
        Verdict.BELOW_CHANCE: f"Neighbours share {name} less often than their classes explain",
    }.get(
        row["verdict"],
        f"Neighbours are not shown to share {name} more often than their classes explain",
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


def _purities(run: Run) -> list[Row]:
    return [row for row in judged_rows(run) if row["setup"] == _NUISANCE]


def _is_shared(row: Row) -> bool:
    return bool(row["verdict"] == Verdict.ABOVE_CHANCE)


def _heading(run: Run) -> str:
    rows = _purities(run)
    if not rows:
        return "What nearest neighbours share"
    names = listed(dict.fromkeys(map(quoted_name, rows)))
    return claimed(
        list(filter(_is_shared, rows)), rows, "neighbours share {} beyond their classes",
        f"Neighbours are not shown to share {names} beyond their classes",
    )  # fmt: skip


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
        'Without any processing <d-cite key="komen2025robust"></d-cite>; chance is what shuffling '
        "within classes gives."
    )


ROBUSTNESS = Section(
    key="robustness",
    chapter=Chapter.HARM,
    heading=_heading,
    name="robustness of neighbours",
    experiments=(Experiment.ROBUSTNESS,),
    command="latentprint robustness {store} --nuisance make --out {new}",
    page="neighbours",
    introduction=_introduction,
    findings=_findings,
    shown=lambda run: any_shown(_purities(run), _is_shared),
    figures=_figures,
    procedure="Shares among the k nearest neighbours of every photo, beside shuffled labels.",
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
