"""A CSV or Parquet file that lists photos, with their ids, splits and labels."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import polars as pl

from latentprint import mapped_tables
from latentprint.errors import LatentprintError, UsageError
from latentprint.mapped_tables import mapped, ranges
from latentprint.photos.addresses import patiently, read_address
from latentprint.photos.csv_text import csv_blocks, separator, without_blank_lines
from latentprint.photos.listing import Listing
from latentprint.photos.location import Address, Location
from latentprint.photos.photos import Photos
from latentprint.photos.tidying import Tidying, require_different
from latentprint.spreadsheets import restored_cell

logger = logging.getLogger(__name__)

SUFFIXES = (".csv", ".parquet")
LIST = ".txt"
"""The suffix of a list with one path or address in a line."""

FRAME = "the data frame"
"""What a table is called that comes from no file."""


def read_manifest(file: Location) -> Photos:
    """Read a manifest; no photo is looked for, let alone opened.

    The path column is the first of ``path``, ``file``, ``filename``, ``file_name``, ``url`` and
    ``URL`` that is there; its paths are absolute, addresses, or start from the manifest's folder.
    ``id`` (default: the path, of addresses without the credentials that they may hold),
    ``split`` and ``label`` may be missing. Further columns are kept. All plain columns become
    text, so that a label "007" of a CSV file stays what it is. White space around texts is
    stripped, which the notes of the result then say.

    Args:
        file: A ``.csv`` file with a header, a ``.parquet`` file, or a ``.txt`` file with one path
            in a line; on a disk or at an address.

    Raises:
        LatentprintError: If the file cannot be read, or ids are empty or not unique.
        UsageError: If there is no path column, a split is neither train nor val, or an address
            needs an extra or is of a kind that is not read.
    """
    file = file if isinstance(file, Address) else file.absolute()
    tidying = Tidying(file.name)
    parts = _lines(file) if file.suffix.lower() == LIST else _parts(file, tidying)
    return _photos(parts, tidying, file, _name(file))


def read_frame(frame: pl.DataFrame) -> Photos:
    """Read a data frame as a manifest is read; its paths start from the working folder.

    Raises:
        LatentprintError: If ids are empty or not unique.
        UsageError: If there is no path column, or a split is neither train nor val.
    """
    tidying = Tidying(FRAME)
    return _photos([tidying.stripped(frame)], tidying, Path.cwd() / FRAME, "photos")


def _photos(parts: Iterable[pl.DataFrame], tidying: Tidying, file: Location, name: str) -> Photos:
    """The photos that the ranges of a table list, which is called as the file is."""
    listing = Listing(file)
    table = mapped(map(listing.add, parts))
    listing.check(table)
    nothing = pl.DataFrame(schema={"path": pl.String, "reason": pl.String})
    root = Path() if isinstance(file, Address) else file.parent
    return Photos(name, root, table, nothing, (*tidying.notes(), *listing.notes()))


@dataclass(frozen=True)
class Table:
    """A table as it was opened.

    Attributes:
        frame: Its rows.
        notes: What was changed in them, as sentences.
    """

    frame: pl.DataFrame
    notes: tuple[str, ...] = ()


def read_table(file: Location, *, leave: Sequence[str] = ()) -> pl.DataFrame:
    """Read a table as ``open_table`` does, and log what was changed in it.

    Args:
        file: A ``.csv`` or ``.parquet`` file.
        leave: Columns of a ``.parquet`` file that are not read.

    Raises:
        UsageError: It is neither a ``.csv`` nor a ``.parquet`` file.
        LatentprintError: It cannot be read.
    """
    return _told(open_table(file, leave=leave))


def column_names(file: Path) -> list[str]:
    """The columns of a ``.csv`` or ``.parquet`` file, none of whose rows is read.

    Raises:
        UsageError: It is neither.
        LatentprintError: It cannot be read.
    """
    _require_table(file)
    with reading_table(file):
        if file.suffix.lower() == ".csv":
            table = pl.scan_csv(file, glob=False, separator=_separator(file))
            names = [restored_cell(name) for name in table.collect_schema()]
        else:
            names = pl.scan_parquet(file, glob=False).collect_schema().names()
    return [name.strip() for name in names]


def tidy_table(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Strip white space as where a file is opened, and log what was changed.

    Args:
        frame: A table that comes from elsewhere.
        name: What the log calls it.

    Raises:
        LatentprintError: Two columns are one but for white space around their names.
    """
    tidying = Tidying(name)
    return _told(Table(tidying.stripped(frame), tidying.notes()))


def open_table(file: Location, *, leave: Sequence[str] = ()) -> Table:
    """Open a ``.csv`` file, its values as text, or a ``.parquet`` file.

    White space around the names of columns and around texts is stripped here, once for whoever
    uses the table: "cat" and "cat " are one class. Of paths it is part of the name and stays.
    The apostrophe goes that ``write_table`` puts before what a spreadsheet would run.

    Raises:
        UsageError: It is neither.
        LatentprintError: It cannot be read.
    """
    tidying = Tidying(file.name)
    frame = mapped(_parts(file, tidying, leave))
    return Table(frame, tidying.notes())


def _parts(file: Location, tidying: Tidying, leave: Sequence[str] = ()) -> Iterator[pl.DataFrame]:
    """The ranges of a table, tidied, one at least; see ``open_table``."""
    _require_table(file)
    with reading_table(file):
        source = _source(file)
        if file.suffix.lower() == ".csv":
            tidying.separator = _separator(source)
            require_different(_header(source, tidying.separator), file.name)
            frames = _read_csv(source, tidying)
            yield from (tidying.stripped(tidying.restored(each)) for each in frames)
        else:
            yield from map(tidying.stripped, _read_parquet(source, leave))


def _require_table(file: Location) -> None:
    if file.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{file} is no table: a .csv or .parquet file is needed.")


@contextmanager
def reading_table(file: Location) -> Iterator[None]:
    """Turn what polars raises where a file is no table, or damaged, into one sentence.

    Raises:
        LatentprintError: Instead of any error of polars or the disk.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise LatentprintError(f"There is no file {file}.") from error
    except (
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
        OSError,
        ValueError,
    ) as error:
        reason = str(error).strip().partition("\n")[0]
        if "utf-8" in reason.lower():
            reason += "; save it as text in UTF-8"
        raise LatentprintError(f"{file} cannot be read as a table: {reason}") from error


def _source(file: Location) -> Path | bytes:
    """What polars reads: the file, or what lies at its address."""
    if isinstance(file, Address):
        return patiently(lambda: read_address(file))
    return file


def _lines(file: Location) -> Iterator[pl.DataFrame]:
    """The ranges of a list with one path in a line; empty lines do not count.

    Raises:
        LatentprintError: It cannot be read.
    """
    with reading_table(file):
        lines = _filled_lines(_source(file))
        paths = list(islice(lines, mapped_tables.ROWS))
        yield pl.DataFrame({"path": paths}, {"path": pl.String})
        while paths := list(islice(lines, mapped_tables.ROWS)):
            yield pl.DataFrame({"path": paths}, {"path": pl.String})


def _filled_lines(source: Path | bytes) -> Iterator[str]:
    with (
        io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as opened,
        io.TextIOWrapper(opened, "utf-8-sig", newline="\n") as lines,
    ):
        try:
            yield from filter(None, map(str.strip, lines))
        except UnicodeDecodeError:
            # Only the whole of it says at which byte.
            opened.seek(0)
            opened.read().decode("utf-8-sig")
            raise


def _opened(source: Path | bytes) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _separator(source: Path | bytes) -> str:
    with _opened(source) as opened:
        return separator(opened)


def _read_csv(source: Path | bytes, tidying: Tidying) -> Iterator[pl.DataFrame]:
    """The ranges of a CSV file, one at least, all as text."""
    mark = tidying.separator
    with _opened(source) as opened:
        for block in csv_blocks(opened):
            filled, blank = without_blank_lines(block, mark)
            tidying.blank_lines += blank
            try:
                frame = pl.read_csv(filled, infer_schema=False, separator=mark)
            except pl.exceptions.PolarsError:
                # Its words are to be of the file, not of a block.
                pl.read_csv(source, infer_schema=False, separator=mark)
                raise
            yield from (frame[part] for part in ranges(frame.height))


def _read_parquet(source: Path | bytes, leave: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The ranges of a Parquet file, one at least."""
    table = pl.scan_parquet(source, glob=False)
    table = table.select(pl.exclude(leave)) if leave else table
    count = pl.scan_parquet(source, glob=False).select(pl.len()).collect().item()
    for part in ranges(count):
        yield table.slice(part.start, mapped_tables.ROWS).collect()


def _told(table: Table) -> pl.DataFrame:
    for note in table.notes:
        logger.warning("%s", note)
    return table.frame


def _header(file: Path | bytes, mark: str) -> list[str]:
    """The names in the first line, which polars changes where one comes twice."""
    line = pl.read_csv(
        file,
        has_header=False,
        n_rows=1,
        infer_schema=False,
        truncate_ragged_lines=True,
        separator=mark,
    )
    return [name or "" for name in line.row(0)]


def _name(file: Location) -> str:
    """The file's name, or its folder's if it is called no more than "manifest"."""
    return file.parent.name if file.stem.lower() == "manifest" and file.parent.name else file.stem
