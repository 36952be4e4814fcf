"""Sentences about several encoders: each for few of them, counted for many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from latentprint.report.inputs import Row, Run, rows_by_setup
from latentprint.report.section import Finding
from latentprint.report.wording import (
    capital,
    checks,
    count,
    digits_of,
    listed,
    percent,
    points,
    probe_name,
    quoted_name,
    significant,
    span,
)
from latentprint.words import EXACT_FALSE_DISCOVERIES, PROBES

FEW = 2
"""Encoders up to which every finding is told by itself."""

NAMED = 4
"""Encoders that a sentence names before it counts the rest; tables hold every one."""

_FAMILIES = ("CVL", "SUP", "SSL")

Setups = dict[str, Row]
"""Rows of one encoder and attribute, by set-up."""

Show = Callable[[float | None], str]
"""How a figure is written."""


def by_encoder(rows: Iterable[Row], *columns: str) -> list[Setups]:
    """Rows by set-up, for every set of photos, attribute and encoder (and further columns)."""
    return list(rows_by_setup(rows, "dataset", "attribute", "encoder", *columns).values())


def first(setups: Setups) -> Row:
    """Any row of several that share encoder and attribute."""
    return next(iter(setups.values()))


def told(
    run: Run,
    found: Iterable[Setups],
    columns: tuple[str, ...],
    one: Callable[[Setups], str],
    many: Callable[[list[Setups]], str],
) -> list[Finding]:
    """Sentences of what is measured in set-ups: each for few encoders, counted for many.

    Args:
        run: What was measured.
        found: The rows of every encoder, by set-up.
        columns: What encoders have to share to be counted together, beside the set of photos.
        one: A sentence about one encoder; empty where there is nothing to say.
        many: A sentence about many.
    """
    groups: dict[tuple[Any, ...], list[Setups]] = {}
    for setups in found:
        row = first(setups)
        groups.setdefault(tuple(row[name] for name in ("dataset", *columns)), []).append(setups)
    findings: list[Finding] = []
    for group in groups.values():
        if len(group) > FEW:
            findings.append(Finding(place(run, first(group[0])), many(group)))
        else:
            findings += [Finding(about(run, first(each)), one(each)) for each in group]
    return [each for each in findings if each.sentence]


def with_common_notes(findings: Sequence[Finding], rows: Sequence[Row]) -> list[Finding]:
    """Sentences of which the last has the notes that all rows of an attribute have in common.

    They say what was binned and left out, whatever the encoder.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["attribute"], []).append(row)
    common = dict.fromkeys(
        note
        for group in groups.values()
        for note in checks(group[0])
        if all(note in checks(row) for row in group)
    )
    *others, last = findings
    return [*others, replace(last, notes="; ".join(common))]


def about(run: Run, row: Row) -> str:
    """The encoder and the set of photos of a row, as far as the run has several."""
    # The blocks of a network count as the network.
    encoders = {each["network"] or each["encoder"] for each in run.every_row}
    names = [row["encoder"]] if len(encoders) > 1 else []
    return ", ".join([*names, *filter(None, [place(run, row)])])


def place(run: Run, row: Row) -> str:
    """The set of photos of a row, if the run has several."""
    sets = {each["dataset"] for each in run.every_row}
    return str(row["dataset"]) if len(sets) > 1 else ""


def counted(run: Run, rows: Sequence[Row], asked: str, sentence: str) -> Finding:
    """A sentence about many encoders, with what they were asked and on which photos before it."""
    return Finding(", ".join(filter(None, [asked, place(run, rows[0])])), sentence)


def checked(rows: Sequence[Row]) -> str:
    """Of how many encoders a health check failed."""
    failed = sum(bool(checks(row)) for row in rows)
    return f"{count(failed, 'encoder')} did not pass every check: see the table" if failed else ""


def of_all(some: int, total: int) -> str:
    """How many encoders of all."""
    if some == total:
        return f"all {total:,} encoders"
    return f"{some:,} of {total:,} encoders" if some else f"none of {total:,} encoders"


def ends(rows: Sequence[Row], show: Show, interval: Callable[[Row], str]) -> str:
    """From the lowest to the highest, each with its interval and encoder."""
    ordered = sorted(rows, key=lambda row: float(row["value"]))
    low, high = ordered[0], ordered[-1]
    return (
        f"from {show(low['value'])} (95% interval {interval(low)}; {low['encoder']}) to "
        f"{show(high['value'])} ({interval(high)}; {high['encoder']})"
    )


def percent_interval(row: Row) -> str:
    """An interval of a share of 100."""
    return span(row["low"], row["high"], unit="%")


def points_interval(row: Row) -> str:
    """An interval of a difference, and why it is no claim where it leaves out 0 all the same."""
    low, high = (points(row[end], digits_of(row)) for end in ("low", "high"))
    return f"{low} to {high}{unclaimed(row)}"


def points_told(row: Row) -> str:
    """A difference with its interval."""
    value = points(row["value"], digits_of(row))
    return f"{value} points (95% interval {points_interval(row)})"


def any_shown(rows: Iterable[Row], is_shown: Callable[[Row], bool]) -> bool | None:
    """Whether a row that was judged shows something; None where none was judged."""
    judged = [is_shown(row) for row in rows if row["verdict"]]
    return any(judged) if judged else None


def claimed(found: Sequence[Row], rows: Sequence[Row], claim: str, otherwise: str) -> str:
    """What was found, as a heading: by name, and with several encoders or sets by number.

    Args:
        found: The rows that show it.
        rows: All rows that were judged.
        claim: What is said, with a place for what the rows are about.
        otherwise: What is said where no row shows it.
    """
    if not found:
        return otherwise
    several = len({row["setup"] for row in rows}) > 1 and rows[0]["experiment"] in PROBES
    names = list(dict.fromkeys(probe_name(row) if several else quoted_name(row) for row in found))
    more = len(names) - NAMED
    names = [*names[:NAMED], *([f"{more:,} more"] if more > 0 else [])]
    said = capital(claim.format(listed(names)))
    if len({(row["encoder"], row["dataset"]) for row in rows}) == 1:
        return said
    return f"{said} in {len(found):,} of {len(rows):,} measurements"


def unclaimed(row: Row) -> str:
    """Why an interval that leaves out chance, or 0 where there is none, is no claim; else nothing.

    Args:
        row: A row whose claim needs q, such as a difference or a share of neighbours.
    """
    chance, q, most = row["chance"], row["q"], EXACT_FALSE_DISCOVERIES
    nothing = chance or 0.0
    if row["low"] <= nothing <= row["high"] or q is None or q <= most:
        return ""
    if round(row["low"] - nothing, 3) == round(row["high"] - nothing, 3) == 0:
        return ""
    what = "0" if chance is None else "chance"
    return f", which leaves out {what}, but q = {significant(q)}; a claim needs {most:g}"


def family_means(rows: Sequence[Row], show: Show = percent) -> str:
    """The mean of every family, where there are several."""
    families = dict.fromkeys([*_FAMILIES, *(row["family"] for row in rows)])
    means = []
    for family in families:
        values = [row["value"] for row in rows if row["family"] == family]
        if values:
            means.append(f"{family} {show(fmean(values))} ({count(len(values), 'encoder')})")
    return f"Mean by family: {', '.join(means)}." if len(means) > 1 else ""


def who(rows: Sequence[Row], verdict: str, said: str) -> str:
    """The encoders of which something is said; nothing where there are none."""
    found = [row for row in rows if row["verdict"] == verdict]
    return f"{said}: {encoder_names(row['encoder'] for row in found)}." if found else ""


def encoder_names(encoders: Iterable[str]) -> str:
    """Some encoders; of many the first, and how many more."""
    names = list(encoders)
    more = len(names) - NAMED
    return listed([*names[:NAMED], *([f"{more:,} more"] if more > 0 else [])])


def by_whom(row: Row, rows: Sequence[Row]) -> str:
    """The encoder of a row, where the rows are of several."""
    return f", {row['encoder']}" if len({each["encoder"] for each in rows}) > 1 else ""
