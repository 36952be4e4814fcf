"""Photos that a table lists: taken over range by range, and checked as one table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from latentprint.errors import LatentprintError, UsageError
from latentprint.mapped_tables import repeated
from latentprint.photos.addresses import require_extras
from latentprint.photos.location import SCHEMES, Address, Location, without_credentials
from latentprint.photos.photos import COLUMNS
from latentprint.photos.split import SPLIT_NAMES

PATH_COLUMNS = ("path", "file", "filename", "file_name")
URL_COLUMNS = ("url", "URL")
"""Columns of addresses, where none of paths is there."""

_SHOWN = 5
# One letter is a drive of Windows.
_SCHEME = r"^([A-Za-z][A-Za-z0-9+.\-]+)://"


class Listing:
    """Takes over the ranges of a table, and keeps what is wrong in them until all were seen.

    What is told of a table does not depend on where its ranges end: faults of one kind are looked
    for in all of it before those of the next kind.
    """

    def __init__(self, file: Location) -> None:
        """Begin with no rows.

        Args:
            file: Where the table comes from, for messages and as the start of relative addresses.
        """
        self.file = file
        self._rows = 0
        self._columns: list[str] = []
        self._column: str | None = None
        self._blank: dict[str, list[np.ndarray]] = {"path": [], "id": []}
        self._schemes: dict[str, int] = {}
        self._addresses = self._signed = 0
        self._odd_split: tuple[int, str] | None = None

    def add(self, part: pl.DataFrame) -> pl.DataFrame:
        """Take over the next range: as text, with the columns that every set of photos has."""
        self._columns, names = part.columns, (*PATH_COLUMNS, *URL_COLUMNS)
        self._column = next((name for name in names if name in part.columns), None)
        if self._column is None:
            return part
        table = _as_text(part.rename({self._column: "path"}))
        self._note_blank(table, "path")
        if isinstance(self.file, Address):
            bare = ~pl.col("path").str.contains(_SCHEME)
            started = pl.lit((self.file.parent / "").text) + pl.col("path")
            table = table.with_columns(path=pl.when(bare).then(started).otherwise(pl.col("path")))
        known = _without_credentials(table["path"])
        self._note_addresses(table["path"], known)
        table = _with_default_columns(table, known)
        self._note_blank(table, "id")
        table = table.with_columns(
            split=self._splits(table["split"]), label=_empty_as_null("label")
        )
        self._rows += table.height
        return table.select(*COLUMNS, pl.exclude(*COLUMNS))

    def check(self, table: pl.DataFrame) -> None:
        """Refuse a table that does not list photos as it should.

        Args:
            table: All ranges as they were taken over.

        Raises:
            UsageError: There is no path column, a split is neither train nor val, or an address
                needs an extra or is of a kind that is not read.
            LatentprintError: Paths or ids are empty, or ids not unique.
        """
        if self._column is None:
            raise UsageError(
                f"{self.file.name} has no column for the paths: one of "
                f"{', '.join((*PATH_COLUMNS, *URL_COLUMNS))} is "
                f"needed, there are {', '.join(self._columns)}."
            )
        self._require_filled("path", self._column)
        self._require_readable()
        self._require_filled("id", "id")
        if len(twice := repeated(table["id"])):
            raise LatentprintError(
                f"{self.file.name} lists {some('id', [repr(each) for each in twice])} more than "
                "once. Remove the repeats, or add a column 'id' that tells them apart."
            )
        if self._odd_split is not None:
            row, given = self._odd_split
            raise UsageError(
                f"Row {row + 1} of {self.file.name} (counted without the header) has the split "
                f"{given!r}. Known: {', '.join(SPLIT_NAMES)}."
            )

    def notes(self) -> tuple[str, ...]:
        """What is to be said of the addresses, as sentences."""
        notes = []
        if self._addresses:
            notes.append(
                f"{self._addresses:,} photos are read from addresses; whether they change there is "
                "not looked at."
            )
        if self._signed:
            notes.append(
                f"{self._signed:,} addresses hold passwords or signatures: the folders that are "
                "written keep them in their tables of photos."
            )
        return tuple(notes)

    def _note_blank(self, table: pl.DataFrame, column: str) -> None:
        blank = table[column].str.strip_chars().fill_null("") == ""
        self._blank[column].append(self._rows + blank.arg_true().to_numpy())

    def _note_addresses(self, paths: pl.Series, known: pl.Series) -> None:
        schemes = paths.str.extract(_SCHEME).str.to_lowercase()
        self._addresses += len(schemes) - schemes.null_count()
        for scheme in schemes.drop_nulls().unique():
            if scheme not in self._schemes:
                self._schemes[scheme] = self._rows + int((schemes == scheme).arg_true()[0])
        self._signed += int((paths != known).sum())

    def _splits(self, said: pl.Series) -> pl.Series:
        """The column ``split`` by our names; empty values become null."""
        given = said.str.strip_chars().str.to_lowercase().replace("", None)
        known = given.replace_strict(SPLIT_NAMES, default=None, return_dtype=pl.String)
        odd = (given.is_not_null() & known.is_null()).arg_true()
        if len(odd) and self._odd_split is None:
            self._odd_split = self._rows + int(odd[0]), said[int(odd[0])]
        return known

    def _require_filled(self, column: str, called: str) -> None:
        rows = np.concatenate(self._blank[column]) + 1
        if len(rows):
            raise LatentprintError(
                f"The column {called!r} of {self.file.name} is empty in "
                f"{some('row', rows.tolist())} (counted without the header)."
            )

    def _require_readable(self) -> None:
        for scheme, row in sorted(self._schemes.items()):
            if scheme not in SCHEMES:
                raise UsageError(
                    f"Row {row + 1} of {self.file.name} (counted without the header) has an "
                    f"address of {scheme}://, which is not read. Known: {', '.join(SCHEMES)}."
                )
            require_extras([f"{scheme}://"], self.file.name)


def _as_text(table: pl.DataFrame) -> pl.DataFrame:
    """Turn plain columns into text; lists, structures and bytes stay as they are."""
    kept = (pl.Binary, pl.Object)
    plain = [
        name for name, dtype in table.schema.items() if not dtype.is_nested() and dtype not in kept
    ]
    return table.with_columns(pl.col(plain).cast(pl.String))


def _with_default_columns(table: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    nothing = pl.lit(None, dtype=pl.String)
    defaults = {"id": pl.lit(ids), "split": nothing, "label": nothing}
    return table.with_columns(
        value.alias(name) for name, value in defaults.items() if name not in table.columns
    )


def _without_credentials(paths: pl.Series) -> pl.Series:
    """The paths without credentials, which neither name a photo nor stay the same."""
    given = paths.filter(paths.str.contains(_SCHEME) & paths.str.contains("[?@]")).unique()
    bare = pl.Series(map(without_credentials, given), dtype=pl.String)
    changed = bare != given
    return paths.replace(given.filter(changed), bare.filter(changed)) if changed.any() else paths


def _empty_as_null(column: str) -> pl.Expr:
    return pl.when(pl.col(column).str.strip_chars() != "").then(pl.col(column))


def some(kind: str, things: Sequence[object]) -> str:
    """Name the things, or the first few and how many more there are."""
    shown = ", ".join(str(each) for each in things[:_SHOWN])
    more = f" and {len(things) - _SHOWN} more" if len(things) > _SHOWN else ""
    return f"{kind}{'s' if len(things) > 1 else ''} {shown}{more}"
