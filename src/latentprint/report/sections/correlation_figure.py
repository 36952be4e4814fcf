"""How far classes and columns of a data set go together, as a heat map."""

from __future__ import annotations

from typing import Any

from latentprint.report.figures.figure import Figure
from latentprint.report.figures.heat import heat_layout, heat_map
from latentprint.report.figures.panel import Panel, hover
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Run
from latentprint.report.wording import count, number, shortened, significant, whole

DRAWN = 60
"""Columns that the figure has room for, the label first; correlation.json holds every one."""

Correlation = dict[str, Any]
"""As ``Correlation.to_dict`` has it."""


def correlation_figure(run: Run) -> Figure | None:
    """The figure; None where a run did not ask how far columns go together.

    Args:
        run: One run: of several that were joined, each has its own.
    """
    found = run.correlation
    if found is None:
        return None
    dropped = len(found["matrix"]["names"]) - DRAWN
    rest = f" {count(dropped, 'column is', 'columns are')} left out." if dropped > 0 else ""
    return Figure(
        "correlation",
        f"Cramér's V of every two columns, bias-corrected, from 0 (independent) to 1; the first "
        f"is {found['label']}, the class. {found['photos']:,} photos.{rest}",
        panels=[correlation_panel(found)],
        tables=[("Numbers: columns by how far they go with the class", correlation_table(found))],
        layout="l-body",
    )


def correlation_panel(correlation: Correlation) -> Panel:
    """Cramér's V of every two columns, the class first, then by V with the class."""
    names, values = _ordered(correlation)
    label = correlation["label"]
    spoken = "; ".join(
        f"{each['column']} {number(each['v'], 2)}" for each in correlation["columns"]
    )
    told = {each["column"]: _told(each) for each in correlation["columns"]}
    hovers = [
        [_hover(one, other, value, told) for other, value in zip(names, row, strict=True)]
        for one, row in zip(names, values, strict=True)
    ]
    return Panel(
        title="Cramér's V, 0 (independent) to 1",
        described=f"Heat map of Cramér's V. With {label}: {spoken}.",
        data=[heat_map(values, hovers, most=1.0, written=_written)],
        layout=heat_layout([shortened(name, 22) for name in names]),
    )


def _ordered(correlation: Correlation) -> tuple[list[str], list[list[float | None]]]:
    """Names and values; the columns that go most with the class stand first."""
    names = [str(each) for each in correlation["matrix"]["names"]]
    values = correlation["matrix"]["v"]
    strength = {str(each["column"]): -(each["v"] or 0.0) for each in correlation["columns"]}
    places = sorted(range(1, len(names)), key=lambda place: strength.get(names[place], 1.0))
    places = [0, *places][:DRAWN]
    return [names[place] for place in places], [[values[a][b] for b in places] for a in places]


def _told(column: dict[str, Any]) -> list[str]:
    """What is known of a column and the class beside V."""
    p, q = significant(column["p"]), significant(column["q"])
    return [
        f"by chance below {number(column['chance'], 3)}",
        f"p = {p}, q = {q}",
        count(column["n"], "photo"),
    ]


def _hover(one: str, other: str, value: float | None, told: dict[str, list[str]]) -> str:
    known = told.get(one) or told.get(other) if _with_class(one, other, told) else None
    return hover(one, other, f"V = {number(value, 3)}", *(known or ()))


def _with_class(one: str, other: str, told: dict[str, list[str]]) -> bool:
    """Whether one of the two is the class: it is no column."""
    return (one in told) != (other in told)


def _written(value: float | None) -> str:
    """A number that has room in a narrow cell: ".18" or "1"."""
    text = number(value, 2)
    return "1" if text == "1.00" else text.removeprefix("0")


def correlation_table(correlation: dict[str, Any]) -> Table:
    """Columns by how far they go together with the classes."""
    return Table(
        f"Cramér's V with {correlation['label']}, the largest first",
        ("Column", "V", "95% by chance below", "Photos", "Classes", "Levels", "p", "q",
         "Levels are"),
        [
            (
                each["column"],
                number(each["v"], 3),
                number(each["chance"], 3),
                whole(each["n"]),
                whole(each["classes"]),
                whole(each["levels"]),
                significant(each["p"]),
                significant(each["q"]),
                each["rule"],
            )
            for each in correlation["columns"]
        ],
        remarks=1,
    )  # fmt: skip
