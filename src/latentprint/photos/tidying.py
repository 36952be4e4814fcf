"""What is tidied in every table when it is opened, and what is said of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import polars as pl

from latentprint.errors import LatentprintError
from latentprint.photos.listing import PATH_COLUMNS, some
from latentprint.photos.photos import COLUMNS
from latentprint.spreadsheets import restored

# Where semicolons separate the columns, commas stand in numbers; elsewhere they may group digits.
_DECIMAL = r"^([+-]?[0-9]+),([0-9]+)$"
_NUMBER = r"^[+-]?[0-9]+([.,][0-9]+)*$"
_SEPARATORS = {";": "semicolons", "\t": "tabs"}

# Columns that have a meaning for every set of photos.
_MEANING = (*COLUMNS, "group")

# White space is what Unicode calls so; these have no width, or only say where text runs to.
_UNSEEN = (
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2066\u2067\u2068\u2069\ufeff"
)
_UNBREAKABLE = "[\u00a0\u202f]"


class Tidying:
    """Tidies the ranges of a table, and keeps what it changed.

    Attributes:
        file: What the notes call the table.
        separator: What separates the columns of a CSV file.
        blank_lines: How many empty lines of one were left out.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.separator = ","
        self.blank_lines = 0
        self._restored = 0
        self._headers: list[str] = []
        self._capitals: list[str] = []
        self._values = Counter[str]()
        self._composed = Counter[str]()
        self._spaces = Counter[str]()
        self._decimals = Counter[str]()
        self._commas = Counter[str]()

    def restored(self, written: pl.DataFrame) -> pl.DataFrame:
        """A range of a CSV file without what guards it from spreadsheets."""
        frame = restored(written)
        for before, after in zip(written.get_columns(), frame.get_columns(), strict=True):
            self._restored += int(before.ne_missing(after.alias(before.name)).sum())
        return frame

    def stripped(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A range without white space around the names of columns and around texts.

        What is not seen at all, such as a space of no width, is white space, too, and what is left
        without a letter is null. Letters that are written with their accents apart are put
        together and spaces that do not break become plain ones, but in the names of photos; numbers
        with decimal commas get points where semicolons separate the columns.

        Raises:
            LatentprintError: Two columns are one but for white space around their names, or one
                that has a meaning for every set of photos holds no plain values.
        """
        require_different(frame.columns, self.file)
        names = {name: name.strip() for name in frame.columns}
        self._headers = [name for given, name in names.items() if given != name]
        meant = set(_MEANING).difference(names.values())
        self._capitals = sorted(name for name in names.values() if name.lower() in meant)
        frame = _plain(frame.rename(names), self.file)
        texts = [
            name
            for name, dtype in frame.schema.items()
            if isinstance(dtype, pl.String | pl.Categorical | pl.Enum) and name not in PATH_COLUMNS
        ]
        before = frame.select(pl.col(texts).cast(pl.String).replace("", None))
        # Most tables are plain ASCII, which costs nothing further.
        further = [name for name in texts if not _is_ascii(before[name])]
        stripped = [_stripped(name, further) for name in texts]
        after = before.select(
            pl.when(text != "").then(text).alias(name)
            for name, text in zip(texts, stripped, strict=True)
        )
        for name in texts:
            self._values[name] += int(before[name].ne_missing(after[name]).sum())
        labels = [name for name in texts if name != "id"]
        further = [name for name in further if name != "id"]
        composed = after.with_columns(pl.col(further).str.normalize("NFC"))
        for name in further:
            self._composed[name] += int(after[name].ne_missing(composed[name]).sum())
            self._spaces[name] += int(composed[name].str.contains(_UNBREAKABLE).sum())
        composed = composed.with_columns(pl.col(further).str.replace_all(_UNBREAKABLE, " "))
        commas = {name: int(composed[name].str.contains(_DECIMAL).sum()) for name in labels}
        if self.separator == ";":
            self._decimals.update(commas)
            composed = composed.with_columns(pl.col(labels).str.replace(_DECIMAL, "$1.$2"))
        else:
            self._commas.update(
                {
                    name: commas[name]
                    for name in labels
                    if commas[name] and _are_numbers(composed[name])
                }
            )
        return frame.with_columns(composed.get_columns())

    def notes(self) -> tuple[str, ...]:
        """What was changed, as sentences."""
        notes = []
        if self.separator != ",":
            notes.append(f"{self.file}: columns are separated by {_SEPARATORS[self.separator]}.")
        if self.blank_lines:
            notes.append(f"{self.file}: empty lines left out: {self.blank_lines}.")
        if self._restored:
            notes.append(
                f"{self.file}: {self._restored} texts such as '=A1 lost the apostrophe that keeps "
                "spreadsheets from running them."
            )
        stripped = f"{self.file}: white space was stripped"
        if self._headers:
            notes.append(f"{stripped} from the {some('column name', self._headers)}.")
        if counts := _counts(self._values):
            notes.append(f"{stripped} in the {some('column', counts)}.")
        if counts := _counts(self._composed):
            notes.append(
                f"{self.file}: letters and their accents were put together in the "
                f"{some('column', counts)}."
            )
        if counts := _counts(self._spaces):
            notes.append(
                f"{self.file}: spaces that do not break became plain ones in the "
                f"{some('column', counts)}."
            )
        if counts := _counts(self._decimals):
            columns = some("column", counts)
            notes.append(f"{self.file}: decimal commas became points in the {columns}.")
        if counts := _counts(self._commas):
            notes.append(
                f"{self.file}: numbers with commas stay texts in the {some('column', counts)}: "
                "write them as 1234.5."
            )
        if self._capitals:
            meant = ", ".join(each.lower() for each in self._capitals)
            has = ", ".join(self._capitals)
            notes.append(f"{self.file}: capitals count: it has {has} and no {meant}.")
        return tuple(notes)


def _are_numbers(values: pl.Series) -> bool:
    return bool(values.drop_nulls().str.contains(_NUMBER).all())


def _is_ascii(values: pl.Series) -> bool:
    return bool((values.str.len_bytes() == values.str.len_chars()).all())


def _stripped(name: str, further: Sequence[str]) -> pl.Expr:
    stripped = pl.col(name).str.strip_chars()
    return stripped.str.strip_chars(_UNSEEN).str.strip_chars() if name in further else stripped


def _plain(frame: pl.DataFrame, file: str) -> pl.DataFrame:
    """Values as everybody else expects them: numbers that are one or null, and texts.

    Raises:
        LatentprintError: A column that names photos or groups them holds no plain values.
    """
    known = [name for name in (*PATH_COLUMNS, *_MEANING) if name in frame.columns]
    changed = [_plain_column(frame[name], known) for name in frame.columns]
    odd = next((each for each in changed if each.name in known and _is_odd(each.dtype)), None)
    if odd is not None:
        raise LatentprintError(
            f"The column {odd.name!r} of {file} holds no plain values ({odd.dtype}): texts or "
            "numbers are needed."
        )
    return frame.with_columns(changed)


def _plain_column(values: pl.Series, known: Sequence[str]) -> pl.Series:
    if values.dtype.is_float():
        return (values if values.dtype == pl.Float64 else _as_written(values)).fill_nan(None)
    if values.dtype == pl.Duration:
        return values.dt.to_string("polars")
    if values.dtype == pl.Object:
        texts = [None if each is None else str(each) for each in values]
        return pl.Series(values.name, texts, pl.String)
    if values.dtype == pl.Binary and values.name in known:
        # Some writers of Parquet do not say that bytes are text.
        try:
            return values.cast(pl.String)
        except pl.exceptions.PolarsError:
            return values
    return values


def _is_odd(dtype: pl.DataType) -> bool:
    return dtype.is_nested() or dtype == pl.Binary


def _as_written(numbers: pl.Series) -> pl.Series:
    """Floats of 16 or 32 bits as the shortest decimals that they stand for: 1.8, not 1.79999995.

    Edges of bins and conditions are written in decimals.
    """
    if numbers.dtype == pl.Float32:
        return numbers.cast(pl.String).cast(pl.Float64)
    shortest = [None if each is None else float(str(np.float16(each))) for each in numbers]
    return pl.Series(numbers.name, shortest, pl.Float64)


def _counts(values: Counter[str]) -> list[str]:
    return [f"{name!r} ({count} values)" for name, count in values.items() if count]


def require_different(names: Sequence[str], file: str) -> None:
    """Refuse a table with a column twice.

    Raises:
        LatentprintError: White space around names does not tell them apart.
    """
    counts = Counter(name.strip() for name in names)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise LatentprintError(
            f"{file} has the column {twice[0]!r} twice: white space around names does not count."
        )
