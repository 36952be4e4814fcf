"""Sentences about where accuracy grows: with training photos, and along the blocks of a network."""

from __future__ import annotations

from collections.abc import Iterable

from latentprint.report.findings import FEW, Finding, about, place
from latentprint.report.inputs import Row, Run, grouped, is_paired
from latentprint.report.wording import capital, percent, quoted_name, span, whole

_RISING = "Accuracy still rises, so that more photos are likely to show more"
_LEVEL = "No further rise is shown, since the intervals overlap"

Pair = tuple[Row, Row]
"""Two rows that are compared: before and after."""


def curve_findings(run: Run) -> list[Finding]:
    """Whether more training photos would show more: what still rises, and what does not."""
    curves = grouped(run.of("learning_curve"), "dataset", "attribute", "setup", "encoder")
    ordered = [sorted(rows, key=lambda row: float(row["n_train"])) for rows in curves]
    ends = [(rows[-2], rows[-1]) for rows in ordered if len(rows) > 1]
    if len({last["encoder"] for _, last in ends}) > FEW:
        return [
            Finding(place(run, alike[0][1]), _counted(alike))
            for alike in _alike(ends, "dataset", "attribute", "setup")
        ]
    found = []
    for alike in _alike(ends, "dataset", "encoder"):
        rising = [pair for pair in alike if _rises(*pair)]
        level = [pair for pair in alike if not _rises(*pair)]
        told = [_together(_RISING, rising), _together(_LEVEL, level)]
        found += [Finding(about(run, alike[0][1]), each) for each in told if each]
    return found


def _together(claim: str, ends: list[Pair]) -> str:
    """What several curves have in common, with the figures of each."""
    told = [
        f"{_probe(last)} ({percent(half['value'])} with {whole(half['n_train'])}, "
        f"{percent(last['value'])} with {whole(last['n_train'])} training photos)"
        for half, last in ends
    ]
    return f"{claim}: {'; '.join(told)}." if told else ""


def _counted(ends: list[Pair]) -> str:
    rising = sum(_rises(*pair) for pair in ends)
    most = max(last["n_train"] for _, last in ends)
    return (
        f"{capital(_probe(ends[0][1]))}: between the two largest training sets (up to "
        f"{whole(most)} photos) accuracy rises by more than the intervals for {rising} of "
        f"{len(ends)} encoders; for the others no further rise is shown."
    )


def _rises(half: Row, last: Row) -> bool:
    return bool(last["low"] > half["high"])


def layer_findings(run: Run) -> list[Finding]:
    """After which block each label is read best, against the final embedding."""
    probes = ("processing_probe", "acquisition_probe")
    blocks = [row for row in run.layers if row["experiment"] in probes]
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
                    _layer(row, max(one["layer"] for one in each), finals.get(_key(row))),
                )
                for row, each in zip(best, networks, strict=True)
            ]
    return [each for each in found if each.sentence]


def _layer(best: Row, depth: int, final: Row | None) -> str:
    highest = (
        f"{capital(_probe(best))}: the highest accuracy is {_figure(best)}, after block "
        f"{best['layer']} of the {depth} measured"
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
        f"{capital(_probe(ends[0][1]))}: with {less} of {networks} networks, accuracy after some "
        "block is above that at the final embedding by more than the intervals."
    )


def _probe(row: Row) -> str:
    if is_paired(row):
        return f"paired probe, {quoted_name(row)}"
    return f"{quoted_name(row)} (all classes)" if row["setup"] else quoted_name(row)


def _figure(row: Row) -> str:
    return f"{percent(row['value'])} ({span(row['low'], row['high'], unit='%')})"


def _key(row: Row) -> tuple[object, ...]:
    names = ("dataset", "experiment", "attribute", "setup", "network")
    return tuple(row.get(name) for name in names)


def _alike(pairs: Iterable[Pair], *columns: str) -> list[list[Pair]]:
    """Pairs that agree in some columns together."""
    groups: dict[tuple[object, ...], list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(tuple(pair[1][name] for name in columns), []).append(pair)
    return list(groups.values())
