"""Which classes a probe takes for which: confusion matrices and accuracy by class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from latentprint.report.inputs import Row
from latentprint.report.wording import name_of, number, setup_name, shortened

WIDEST = 25
"""Classes up to which a confusion matrix is shown; larger sets get the accuracy by class only."""

ROOM = 15_000
"""Cells that the page has room for; details.json holds every matrix."""


@dataclass(frozen=True)
class Cell:
    """A share of a true class: its text in percent, and the share itself for the shading."""

    text: str
    share: float

    @property
    def level(self) -> int:
        """The shade, from 0 to 10."""
        return round(10 * min(max(self.share, 0.0), 1.0))


@dataclass(frozen=True)
class Matrix:
    """What a probe took each class for.

    Attributes:
        row: The probe's row of the result table.
        caption: Of which probe.
        classes: Names of the classes [K].
        accuracies: Accuracy of each class in percent, as text [K].
        cells: One row for each true class [K, K]; empty where there are too many classes.
    """

    row: Row
    caption: str
    classes: list[str]
    accuracies: list[Cell]
    cells: list[list[Cell]]

    @property
    def size(self) -> int:
        """Number of cells on the page."""
        return len(self.classes) * (1 + (len(self.classes) if self.cells else 0))


@dataclass(frozen=True)
class Matrices:
    """The matrices that the page has room for, and the number of those that it has not."""

    shown: list[Matrix]
    left_out: int


def matrices(details: list[dict[str, Any]], rows: list[Row], room: int = ROOM) -> Matrices:
    """The matrices of some probes, in the order of their rows.

    Args:
        details: What details.json holds.
        rows: Rows of the result table.
        room: Cells that may be shown.
    """
    found = {_key(each): each for each in details}
    every = [_matrix(found[_key(row)], row) for row in rows if _key(row) in found]
    shown: list[Matrix] = []
    for each in every:
        if each.size <= room:
            room -= each.size
            shown.append(each)
    return Matrices(shown, len(every) - len(shown))


def _key(record: dict[str, Any]) -> tuple[str, ...]:
    names = ("encoder", "experiment", "attribute", "setup")
    return tuple(str(record.get(name) or "") for name in names)


def _matrix(record: dict[str, Any], row: Row) -> Matrix:
    names = [str(each) for each in record["classes"]]
    confusion = record["confusion"] if len(names) <= WIDEST else []
    setup = f", {setup_name(row['setup'])}" if row["setup"] else ""
    return Matrix(
        row=row,
        caption=f"{row['encoder']}: {name_of(row)}{setup}",
        classes=[shortened(name, 48) for name in names],
        accuracies=[
            # A class that was never tested has a row of zeros.
            Cell(number(accuracy) if sum(shares) > 0 else "not tested", accuracy / 100)
            for accuracy, shares in zip(record["per_class"], record["confusion"], strict=True)
        ],
        cells=[[Cell(f"{100 * share:.0f}", share) for share in shares] for shares in confusion],
    )
