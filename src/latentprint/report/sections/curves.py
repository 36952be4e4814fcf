"""Would more photos show more: accuracy by number of training photos."""

from __future__ import annotations

from collections.abc import Iterable

from latentprint.report.inputs import Row, Run, grouped
from latentprint.report.section import Chapter, Finding, Section, one_figure
from latentprint.report.sections.curve_figure import curve_figure
from latentprint.report.telling import FEW, about, of_all, place
from latentprint.report.wording import capital, percent, probe_name, whole
from latentprint.words import Experiment

_RISING = "Accuracy still rises, so that more photos are likely to show more"
_LAST_STEP = (
    "Accuracy rose with the last step, but the whole curve suggests no more at ten times the photos"
)
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
        f"{probe_name(last)} ({percent(half['value'])} with {whole(half['n_train'])}, "
        f"{percent(last['value'])} with {whole(last['n_train'])} training photos)"
        for half, last in ends
    ]
    return f"{claim}: {'; '.join(told)}." if told else ""


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


def _introduction(_: Run) -> str:
    return (
        "The same probes with fewer training photos. Where a curve still rises at its right end, "
        "more photos are likely to show more; where it is flat near guessing, more photos may not "
        "help."
    )


CURVES = Section(
    key="curves",
    chapter=Chapter.TRACES,
    title="Would more photos show more",
    name="learning curves",
    experiments=(Experiment.LEARNING_CURVE,),
    command="latentprint probe STORE --out RUN",
    unanswered="Learning curves were",
    introduction=_introduction,
    findings=curve_findings,
    figures=one_figure(curve_figure),
)

SECTIONS = (CURVES,)
