"""A table of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Table:
    """A table for the page: a caption, column heads and rows of text.

    The first ``names`` columns and the last ``remarks`` hold text, those between them numbers.
    """

    caption: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]
    names: int = 1
    remarks: int = 0

    @property
    def numbers(self) -> range:
        """The columns of numbers, counted from one."""
        return range(self.names + 1, len(self.head) - self.remarks + 1)

    def on(self, places: Sequence[str]) -> Table:
        """The table with the set of photos of each row, where there are several.

        Args:
            places: The sets of photos, one for each row.
        """
        if len(set(places)) < 2:
            return self
        rows = [(row[0], place, *row[1:]) for row, place in zip(self.rows, places, strict=True)]
        head = (self.head[0], "Set of photos", *self.head[1:])
        return replace(self, head=head, rows=rows, names=self.names + 1)

    def filled(self) -> Table:
        """The table without the columns, the first left apart, in which nothing stands."""
        kept = [
            place
            for place in range(len(self.head))
            if place == 0 or any(row[place] not in ("", "–") for row in self.rows)
        ]
        return replace(
            self,
            head=tuple(self.head[place] for place in kept),
            rows=[tuple(row[place] for place in kept) for row in self.rows],
            names=sum(place < self.names for place in kept),
            remarks=sum(place >= len(self.head) - self.remarks for place in kept),
        )
