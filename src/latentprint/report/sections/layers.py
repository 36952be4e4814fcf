"""Where in the network is a trace? Probes after intermediate blocks, and at the end."""

from __future__ import annotations

from latentprint.report.inputs import Row, Run, grouped
from latentprint.report.section import Chapter, Finding, Section, one_figure
from latentprint.report.sections.layer_figure import layer_figure
from latentprint.report.telling import FEW, about, any_shown, place
from latentprint.report.wording import capital, count, listed, percent, probe_name, span
from latentprint.words import PROBES, Verdict


def layer_findings(run: Run) -> list[Finding]:
    """After which blocks each label is carried, by verdicts that allow for the number of blocks."""
    found: list[Finding] = []
    for rows in grouped(blocks_of(run), "dataset", "experiment", "attribute", "setup"):
        networks = grouped(rows, "network")
        if len(networks) > FEW:
            found.append(Finding(place(run, rows[0]), _counted(rows, len(networks))))
        else:
            found += [
                Finding(about(run, {**each[0], "encoder": each[0]["network"]}), _layers(run, each))
                for each in networks
            ]
    return found


def blocks_of(run: Run) -> list[Row]:
    """The probes of intermediate blocks."""
    return [row for row in run.layers if row["experiment"] in PROBES]


def _layers(run: Run, blocks: list[Row]) -> str:
    """The blocks of one network in which a label is carried, and the final embedding."""
    carried = [row for row in blocks if _is_carried(row)]
    final = next((row for row in run.rows if _key(row) == _key(blocks[0])), None)
    at = f" ({listed(str(row['layer']) for row in carried)})" if carried else ""
    told = f"{len(carried)} of {count(len(blocks), 'block')}{at}"
    said = f"{capital(probe_name(blocks[0]))}: carried after {told}"
    if final is None or not final["verdict"]:
        return f"{said}."
    return (
        f"{said}; the final embedding: {final['verdict']}, {percent(final['value'])} "
        f"(95% interval {span(final['low'], final['high'], unit='%')}; guessing "
        f"{percent(final['chance'])})."
    )


def _counted(blocks: list[Row], networks: int) -> str:
    carried = sum(map(_is_carried, blocks))
    return (
        f"{capital(probe_name(blocks[0]))}: carried after {carried:,} of {len(blocks):,} blocks of "
        f"{networks:,} networks."
    )


def _key(row: Row) -> tuple[object, ...]:
    names = ("dataset", "experiment", "attribute", "setup", "network")
    return tuple(row[name] for name in names)


def _is_carried(row: Row) -> bool:
    return bool(row["verdict"] == Verdict.CARRIED)


def _heading(run: Run) -> str:
    rows = blocks_of(run)
    found = list(filter(_is_carried, rows))
    if not found:
        return "No block of the network is shown to carry a label"
    names = list(dict.fromkeys(map(probe_name, rows)))
    if len(names) == 1:
        return f"{capital(names[0])} is carried after {len(found):,} of {len(rows):,} blocks"
    return f"Labels are carried in {len(found):,} of {len(rows):,} probes after blocks"


LAYERS = Section(
    key="layers",
    chapter=Chapter.TRACES,
    heading=_heading,
    name="",
    experiments=PROBES,
    command="latentprint audit {photos} --layers all --out {new}",
    page="probes",
    findings=layer_findings,
    shown=lambda run: any_shown(blocks_of(run), _is_carried),
    figures=one_figure(layer_figure),
    is_answered=lambda run: any(row["experiment"] in PROBES for row in run.layers),
)

SECTIONS = (LAYERS,)
