"""Do neighbours share the class, or a nuisance? Without any processing of photos."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from latentprint.report.inputs import Row, Run
from latentprint.report.section import Chapter, Finding, Section, one_figure
from latentprint.report.sections.probe_marks import reached
from latentprint.report.sections.robustness_figure import (
    judged_rows,
    robustness_figure,
    with_controls,
)
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
    with_common_notes,
)
from latentprint.report.wording import (
    count,
    listed,
    percent,
    quoted_name,
)
from latentprint.words import Experiment, RobustnessMeasure, Verdict

_INDEX = RobustnessMeasure.INDEX
_NUISANCE = RobustnessMeasure.NUISANCE_PURITY


def robustness_sentence(run: Run, rows: Setups) -> str:
    """What neighbours share, beside the class alone and the controls.

    Args:
        run: What was measured.
        rows: Rows of one encoder and nuisance by measure.
    """
    row = first(rows)
    name = quoted_name(row)
    parts = []
    if nuisance := rows.get(_NUISANCE):
        (nuisance,) = with_controls(run, [nuisance])
        parts.append(
            f"{_claim(nuisance, name)}: {percent(nuisance['value'])} of {_pairs(nuisance)} do (95% "
            f"interval {_interval(nuisance)}), {_compared(nuisance)}."
        )
    if index := rows.get(_INDEX):
        (index,) = with_controls(run, [index])
        parts.append(
            f"Of {_differing(run, index)} only class or {name}, "
            f"{percent(index['value'])} share the class (robustness index; {_interval(index)}), "
            f"{_compared(index)}."
        )
    return " ".join(parts)


def _pairs(row: Row) -> str:
    """Every photo that was asked with each of its neighbours."""
    pairs = count(row["n_test"] * row["k"], "pair")
    other = "its nearest neighbour" if row["k"] == 1 else f"one of {row['k']} neighbours"
    return f"{pairs} of a photo and {other}"


def _differing(run: Run, row: Row) -> str:
    """The pairs that the index is a share of, in number where the run recorded them."""
    for each in run.details_of(Experiment.ROBUSTNESS):
        about = ("encoder", "attribute", "k")
        same_set = each.get("dataset") in (None, row["dataset"])
        if same_set and all(each[name] == row[name] for name in about):
            found = sum(each["photos"]["so"]) + sum(each["photos"]["os"])
            return f"the {count(found, 'pair')} that {'shares' if found == 1 else 'share'}"
    return "the pairs that share"


def _compared(row: Row) -> str:
    """What a share is held against: what the class alone explains, and the controls."""
    held = [f"{percent(row['chance'])} by the class alone"]
    for column, what in _CONTROLS.items():
        if (value := reached(row, column)) is not None:
            held.append(f"{percent(value)} with {what}")
    return f"against {listed(held)}"


_CONTROLS = {
    "twin": "the same network untrained",
    "colour": "colour statistics",
    "dct": "DCT energies",
}


def _interval(row: Row) -> str:
    """An interval of a share of neighbours, and why it is no claim where it leaves out chance."""
    return f"{percent_interval(row)}{unclaimed(row)}"


def _claim(row: Row, name: str) -> str:
    return {
        Verdict.FOLLOWS_NUISANCE: f"Neighbours share {name} more often than their classes explain",
        Verdict.AVOIDS_NUISANCE: f"Neighbours share {name} less often than their classes explain",
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
            f"Share of those with the class, of nearest neighbours (k = {indices[0]['k']}) that "
            f"have the class or {name} in common but not both (robustness index): "
            f"{ends(indices, percent, _interval)}."
        )
    if purities:
        more = [each for each in purities if each["verdict"] == Verdict.FOLLOWS_NUISANCE]
        parts.append(
            f"Neighbours are shown to share {quoted_name(purities[0])} more often than their "
            f"classes explain with {of_all(len(more), len(purities))}."
        )
    return " ".join(parts)


def _findings(run: Run) -> list[Finding]:
    found = by_encoder(judged_rows(run), "k")
    one = partial(robustness_sentence, run)
    findings = told(run, found, ("attribute", "k"), one, robustness_counted)
    return with_common_notes(findings, judged_rows(run)) if findings else []


def _purities(run: Run) -> list[Row]:
    return [row for row in judged_rows(run) if row["setup"] == _NUISANCE]


def _is_shared(row: Row) -> bool:
    return bool(row["verdict"] == Verdict.FOLLOWS_NUISANCE)


def _heading(run: Run) -> str:
    rows = _purities(run)
    if not rows:
        return "What nearest neighbours share"
    names = listed(dict.fromkeys(map(quoted_name, rows)))
    return claimed(
        list(filter(_is_shared, rows)), rows, "neighbours share {} beyond their classes",
        f"Neighbours are not shown to share {names} beyond their classes",
    )  # fmt: skip


def _introduction(_: Run) -> str:
    return 'Without any processing <d-cite key="komen2025robust"></d-cite>.'


ROBUSTNESS = Section(
    key="robustness",
    chapter=Chapter.HARM,
    heading=_heading,
    name="robustness of neighbours",
    experiments=(Experiment.ROBUSTNESS,),
    command="latentprint robustness {vectors} --nuisance make --out {new}",
    page="neighbours",
    introduction=_introduction,
    findings=_findings,
    shown=lambda run: any_shown(_purities(run), _is_shared),
    figures=one_figure(robustness_figure),
    procedure="Shares among the k nearest neighbours of every photo, beside labels shuffled within "
    "classes.",
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
