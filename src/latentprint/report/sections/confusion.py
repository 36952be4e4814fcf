"""Which classes a probe takes for which: confusion matrices and accuracy by class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from latentprint.report.figures.choices import Choice, choices_html
from latentprint.report.figures.figure import NOTHING, ROWS, Figure
from latentprint.report.figures.fragment import fragment
from latentprint.report.figures.heat import heat_layout, heat_map
from latentprint.report.figures.panel import Panel, hover
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Row, Run
from latentprint.report.records import Record, in_turns, place_of, records_of, shown_of
from latentprint.report.section import Chapter, Section, one_figure
from latentprint.report.wording import number, setup_name, shortened, title_of, whole
from latentprint.words import PROBES

FEW = 4
"""Matrices up to which all stand side by side."""

WIDEST = 25
"""Classes up to which a matrix is shown; larger sets get the accuracy by class only."""

SHOWN = 48
ROOM = 8_000
"""Matrices, and their cells, that the page has room for; details.json holds every one."""


@dataclass(frozen=True)
class Matrix:
    """What a probe took each class for.

    Attributes:
        row: The probe's row of the result table.
        title: What the probe is about.
        classes: Names of the classes [K].
        accuracies: Accuracy of each class in percent; None where it was never tested [K].
        shares: In percent of a true class, what it was taken for [K, K]; empty where there are
            too many classes, None where the class was never tested.
    """

    row: Row
    title: str
    classes: list[str]
    accuracies: list[float | None]
    shares: list[list[float | None]]

    @property
    def size(self) -> int:
        """Number of cells on the page."""
        return len(self.classes) * (1 + (len(self.classes) if self.shares else 0))


def confusion_figure(run: Run) -> Figure | None:
    """The figure; None where no confusion matrix was recorded."""
    every = _matrices(run)
    shown = _with_room(in_turns(every, lambda each: each.row["encoder"], SHOWN))
    if not shown:
        return None
    few = len(shown) <= FEW
    choices = [] if few else [_choice(each) for each in shown]
    return Figure(
        "confusion",
        "What the probes take each class for, in percent of the test photos of the class: rows "
        "are what a photo is, columns what it is taken for."
        + shown_of(len(shown), len(every), "matrices"),
        panels=[_panel(each, named=True) for each in shown if few and each.shares],
        tables=[(f"Numbers: {_named(each)}", _table(each)) for each in shown if few],
        after=choices_html("confusion", "Encoder and label", choices) if choices else NOTHING,
        download=_by_class(shown),
        layout="l-page" if few and len(shown) > 1 else "l-body",
    )


def _matrices(run: Run) -> list[Matrix]:
    """The matrices of all probes, in the order of their rows."""
    wanted = set(PROBES)
    found = {_key(each): each for name in wanted for each in records_of(run, name)}
    return [
        _matrix(found[_key(row)], row, place_of(run, row))
        for row in run.every_probe
        if _key(row) in found and found[_key(row)].get("confusion")
    ]


def _key(record: Record) -> tuple[str, ...]:
    names = ("dataset", "encoder", "experiment", "attribute", "setup")
    return tuple(str(record.get(name) or "") for name in names)


def _with_room(matrices: Sequence[Matrix]) -> list[Matrix]:
    room, kept = ROOM, []
    for each in matrices:
        if each.size <= room:
            room -= each.size
            kept.append(each)
    return kept


def _matrix(record: Record, row: Row, place: str) -> Matrix:
    names = [str(each) for each in record["classes"]]
    setup = setup_name(row["setup"]) if row["setup"] else ""
    return Matrix(
        row=row,
        title=", ".join(filter(None, [title_of(row), setup, place])),
        classes=names,
        accuracies=[
            accuracy if sum(shares) > 0 else None
            for accuracy, shares in zip(record["per_class"], record["confusion"], strict=True)
        ],
        shares=[
            # A class that was never tested has a row of zeros.
            [100.0 * share if sum(shares) > 0 else None for share in shares]
            for shares in record["confusion"]
            if len(names) <= WIDEST
        ],
    )


def _named(matrix: Matrix) -> str:
    return f"{matrix.row['encoder']}: {matrix.title}"


def _choice(matrix: Matrix) -> Choice:
    content = fragment(
        "confusion.html.j2",
        panels=[_panel(matrix, named=False)] if matrix.shares else [],
        table=_table(matrix),
        rows=ROWS,
    )
    return Choice(matrix.row["encoder"], matrix.title, content)


def _panel(matrix: Matrix, *, named: bool) -> Panel:
    hovers = [
        [
            hover(f"is {one}", f"taken for {other}", _share(share))
            for other, share in zip(matrix.classes, row, strict=True)
        ]
        for one, row in zip(matrix.classes, matrix.shares, strict=True)
    ]
    spoken = "; ".join(
        f"{name} {number(accuracy)}%"
        for name, accuracy in zip(matrix.classes, matrix.accuracies, strict=True)
    )
    return Panel(
        title=_named(matrix) if named else "Percent of the photos of each class",
        described=f"Confusion matrix. {_named(matrix)}. Accuracy by class: {spoken}.",
        data=[heat_map(matrix.shares, hovers, most=100.0, written=_written)],
        layout=heat_layout(
            [shortened(name, 22) for name in matrix.classes], ("taken for", "what it is")
        ),
    )


def _share(value: float | None) -> str:
    return "not tested" if value is None else f"{number(value)}% of its test photos"


def _written(value: float | None) -> str:
    return number(value, 0)


def _table(matrix: Matrix) -> Table:
    taken = [shortened(name, 24) for name in matrix.classes] if matrix.shares else []
    shares = matrix.shares or [[] for _ in matrix.classes]
    return Table(
        f"{_named(matrix)}: accuracy by class"
        + (", and what classes are taken for, in percent" if taken else " in percent"),
        ("Class", "Accuracy", *(f"taken for {name}" for name in taken)),
        [
            (name, _accuracy(accuracy), *(number(share) for share in row))
            for name, accuracy, row in zip(matrix.classes, matrix.accuracies, shares, strict=True)
        ],
    )


def _accuracy(value: float | None) -> str:
    return "not tested" if value is None else number(value)


def _by_class(matrices: Sequence[Matrix]) -> Table:
    """One line for each class of every probe."""
    return Table(
        "Accuracy by class in percent",
        ("Encoder", "Probe", "Class", "Accuracy", "Test photos of the probe"),
        [
            (each.row["encoder"], each.title, name, number(accuracy), whole(each.row["n_test"]))
            for each in matrices
            for name, accuracy in zip(each.classes, each.accuracies, strict=True)
        ],
        names=3,
    )


CONFUSION = Section(
    key="confusion",
    chapter=Chapter.TRACES,
    name="",
    experiments=PROBES,
    command="latentprint probe {store} --out {new}",
    page="probes",
    figures=one_figure(confusion_figure),
    is_answered=lambda run: any(
        each.get("confusion") for name in PROBES for each in run.details_of(name)
    ),
)

SECTIONS = (CONFUSION,)
