"""Would more photos show more: accuracy by number of training photos."""

from __future__ import annotations

from collections.abc import Iterable

from latentprint.report.inputs import Row, Run, grouped
from latentprint.report.section import Chapter, Finding, Section, one_figure
from latentprint.report.sections.curve_figure import curve_figure
from latentprint.report.telling import FEW, about, of_all, place
from latentprint.report.wording import capital, percent, probe_name, whole
from latentprint.words import Experiment

_RISING = "Accuracy still rises"
_LAST_STEP = "Accuracy rose with the last step, but its curve suggests no more at ten times"
_LEVEL = "No further rise is shown"

Pair = tuple[Row, Row]
"""Two rows that are compared: before and after."""


def curve_findings(run: Run) -> list[Finding]:
    """Whether more training photos would show more: what still rises, and what does not."""
    curves = grouped(run.of(Experiment.LEARNING_CURVE), "dataset", "attribute", "setup", "encoder")
    ordered = [sorted(rows, key=lambda row: float(row["n_train"])) for rows in curves]
    ends = [(rows[-2], rows[-1]) for rows in ordered if len(rows) > 1]
    if len({last["encoder"] for _, last in ends}) > FEW:
        return [
            Finding(place(run, alike[0][1]), _counted(alike))
            for alike in _alike(ends, "dataset", "attribute", "setup")
        ]
    expected = {_key(row): row["ten_times"] for row in run.every_probe}
    found = []
    for alike in _alike(ends, "dataset", "encoder"):
        claims = [(_claim(last, expected.get(_key(last))), (half, last)) for half, last in alike]
        told = [
            _together(claim, [ends for said, ends in claims if said == claim])
            for claim in (_RISING, _LAST_STEP, _LEVEL)
        ]
        found += [Finding(about(run, alike[0][1]), each) for each in told if each]
    return found


def _claim(last: Row, ten_times: float | None) -> str:
    if not last["rising"]:
        return _LEVEL
    return _RISING if ten_times is None or ten_times > last["value"] else _LAST_STEP


def _key(row: Row) -> tuple[object, ...]:
    return tuple(row[name] for name in ("dataset", "encoder", "attribute", "setup"))


def _together(claim: str, ends: list[Pair]) -> str:
    """What several curves have in common, with the figures of each."""
    told = [
        f"{probe_name(last)} ({percent(half['value'])} of {whole(half['n_train'])}, "
        f"{percent(last['value'])} of {whole(last['n_train'])})"
        for half, last in ends
    ]
    return f"{claim} (training photos): {'; '.join(told)}." if told else ""


def _counted(ends: list[Pair]) -> str:
    rising = sum(bool(last["rising"]) for _, last in ends)
    most = max(last["n_train"] for _, last in ends)
    rest = "; no further rise is shown with the others" if 0 < rising < len(ends) else ""
    return (
        f"{capital(probe_name(ends[0][1]))}: between the two largest training sets (up to "
        f"{whole(most)} photos) accuracy is shown to rise with {of_all(rising, len(ends))}{rest}."
    )


def _alike(pairs: Iterable[Pair], *columns: str) -> list[list[Pair]]:
    """Pairs that agree in some columns together."""
    groups: dict[tuple[object, ...], list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(tuple(pair[1][name] for name in columns), []).append(pair)
    return list(groups.values())


def _heading(run: Run) -> str:
    """Counted over the longest curves: the last row of a curve says whether it still rises."""
    curves = grouped(run.of(Experiment.LEARNING_CURVE), "dataset", "attribute", "setup", "encoder")
    last = [max(rows, key=lambda row: float(row["n_train"])) for rows in curves if len(rows) > 1]
    rising = [row for row in last if row["rising"]]
    if not rising:
        return "No further rise with more photos is shown"
    return f"{len(rising):,} of {len(last):,} accuracies rose with the last step to more photos"


CURVES = Section(
    key="curves",
    chapter=Chapter.TRACES,
    heading=_heading,
    name="learning curves",
    experiments=(Experiment.LEARNING_CURVE,),
    command="latentprint probe {store} --out {new}",
    page="probes",
    is_listed=True,
    findings=curve_findings,
    figures=one_figure(curve_figure),
)

SECTIONS = (CURVES,)
