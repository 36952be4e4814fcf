"""Where in the network is a trace? Probes after intermediate blocks, and at the end."""

from __future__ import annotations

from latentprint.report.inputs import Row, Run, grouped
from latentprint.report.section import Chapter, Finding, Section, one_figure
from latentprint.report.sections.layer_figure import layer_figure
from latentprint.report.telling import FEW, about, place
from latentprint.report.wording import capital, count, percent, probe_name, span
from latentprint.words import PROBES

Pair = tuple[Row, Row]
"""A final embedding and the block that is compared with it."""


def layer_findings(run: Run) -> list[Finding]:
    """After which block each label is read best, against the final embedding."""
    blocks = [row for row in run.layers if row["experiment"] in PROBES]
    finals = {_key(row): row for row in run.rows}
    columns = ("dataset", "experiment", "attribute", "setup")
    found: list[Finding] = []
    for rows in grouped(blocks, *columns):
        networks = grouped(rows, "network")
        best = [max(each, key=lambda row: float(row["value"])) for each in networks]
        if len(best) > FEW:
            ends = [(finals[_key(row)], row) for row in best if _key(row) in finals]
            found.append(Finding(place(run, rows[0]), _layers(ends, len(best))))
        else:
            found += [
                Finding(
                    about(run, {**row, "encoder": row["network"]}),
                    _layer(row, len(each), finals.get(_key(row))),
                )
                for row, each in zip(best, networks, strict=True)
            ]
    return [each for each in found if each.sentence]


def _layer(best: Row, blocks: int, final: Row | None) -> str:
    highest = (
        f"{capital(probe_name(best))}: of {count(blocks, 'block')} measured, accuracy is highest "
        f"after block {best['layer']}, {_figure(best)}"
    )
    if final is None:
        return f"{highest}. The final embedding was not measured."
    if best["low"] > final["high"]:
        told = "the final embedding keeps less"
    elif best["high"] < final["low"]:
        told = "the final embedding holds more"
    else:
        told = "the intervals overlap, so that no difference is shown"
    return f"{highest}; at the final embedding it is {_figure(final)}: {told}."


def _layers(ends: list[Pair], networks: int) -> str:
    if not ends:
        return ""
    less = sum(best["low"] > final["high"] for final, best in ends)
    return (
        f"{capital(probe_name(ends[0][1]))}: with {less} of {networks} networks, accuracy after "
        "some block is above that at the final embedding by more than the intervals."
    )


def _figure(row: Row) -> str:
    return f"{percent(row['value'])} ({span(row['low'], row['high'], unit='%')})"


def _key(row: Row) -> tuple[object, ...]:
    names = ("dataset", "experiment", "attribute", "setup", "network")
    return tuple(row[name] for name in names)


def _introduction(_: Run) -> str:
    return (
        "The same probes on the embeddings after intermediate blocks: where a trace is readable, "
        "and how much of it the final embedding keeps. The highest of several blocks is a little "
        "too high by the choice alone."
    )


LAYERS = Section(
    key="layers",
    chapter=Chapter.TRACES,
    title="Where in the network",
    name="",
    experiments=PROBES,
    command="latentprint audit PHOTOS --layers all --out RUN",
    unanswered="",
    introduction=_introduction,
    findings=layer_findings,
    figures=one_figure(layer_figure),
    is_answered=lambda run: any(row["experiment"] in PROBES for row in run.layers),
)

SECTIONS = (LAYERS,)
