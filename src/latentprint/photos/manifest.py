"""A CSV or Parquet file that lists photos, with their ids, splits and labels."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from latentprint.errors import LatentprintError, UsageError
from latentprint.photos.addresses import patiently, read_address, require_extras
from latentprint.photos.location import SCHEMES, Address, Location, without_credentials
from latentprint.photos.photos import COLUMNS, Photos
from latentprint.photos.split import SPLIT_NAMES
from latentprint.spreadsheets import restored, restored_cell

logger = logging.getLogger(__name__)

PATH_COLUMNS = ("path", "file", "filename", "file_name")
URL_COLUMNS = ("url", "URL")
"""Columns of addresses, where none of paths is there."""

SUFFIXES = (".csv", ".parquet")
LIST = ".txt"
"""The suffix of a list with one path or address in a line."""

FRAME = "the data frame"
"""What a table is called that comes from no file."""

_SHOWN = 5
# One letter is a drive of Windows.
_SCHEME = r"^([A-Za-z][A-Za-z0-9+.\-]+)://"


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
    is_list = file.suffix.lower() == LIST
    return _photos(_open_list(file) if is_list else open_table(file), file, _name(file))


def read_frame(frame: pl.DataFrame) -> Photos:
    """Read a data frame as a manifest is read; its paths start from the working folder.

    Raises:
        LatentprintError: If ids are empty or not unique.
        UsageError: If there is no path column, or a split is neither train nor val.
    """
    return _photos(_stripped(frame, FRAME), Path.cwd() / FRAME, "photos")


def _photos(opened: Table, file: Location, name: str) -> Photos:
    """The photos that a table lists, which is called as the file is."""
    raw = opened.frame
    columns = (*PATH_COLUMNS, *URL_COLUMNS)
    column = next((name for name in columns if name in raw.columns), None)
    if column is None:
        raise UsageError(
            f"{file.name} has no column for the paths: one of {', '.join(columns)} is "
            f"needed, there are {', '.join(raw.columns)}."
        )
    table = _as_text(raw.rename({column: "path"}))
    _require_filled(table, "path", column, file)
    if isinstance(file, Address):
        bare = ~pl.col("path").str.contains(_SCHEME)
        started = pl.lit((file.parent / "").text) + pl.col("path")
        table = table.with_columns(path=pl.when(bare).then(started).otherwise(pl.col("path")))
    notes = (*opened.notes, *_addresses(table, file))
    table = _with_default_columns(table)
    _require_filled(table, "id", "id", file)
    _require_unique_ids(table, file)
    table = table.with_columns(split=_splits(table, file), label=_empty_as_null("label"))
    further = [name for name in table.columns if name not in COLUMNS]
    nothing = pl.DataFrame(schema={"path": pl.String, "reason": pl.String})
    root = Path() if isinstance(file, Address) else file.parent
    return Photos(name, root, table.select(*COLUMNS, *further), nothing, notes)


def _addresses(table: pl.DataFrame, file: Location) -> Iterator[str]:
    """Look whether the addresses of a table can be read here, and say how they are.

    Raises:
        UsageError: They cannot.
    """
    schemes = table["path"].str.extract(_SCHEME).str.to_lowercase()
    given = schemes.drop_nulls()
    if not len(given):
        return
    for scheme in given.unique().sort():
        if scheme not in SCHEMES:
            row = int((schemes == scheme).arg_true()[0])
            raise UsageError(
                f"Row {row + 1} of {file.name} (counted without the header) has an address of "
                f"{scheme}://, which is not read. Known: {', '.join(SCHEMES)}."
            )
        require_extras([f"{scheme}://"], file.name)
    yield (
        f"{len(given):,} photos are read from addresses; whether they change there is not looked "
        "at."
    )
    if signed := int((table["path"] != _without_credentials(table["path"])).sum()):
        yield (
            f"{signed:,} addresses hold passwords or signatures: the folders that are written keep "
            "them in their tables of photos."
        )


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
            names = [restored_cell(name) for name in pl.scan_csv(file, glob=False).collect_schema()]
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
    return _told(_stripped(frame, name))


def open_table(file: Location, *, leave: Sequence[str] = ()) -> Table:
    """Open a ``.csv`` file, its values as text, or a ``.parquet`` file.

    White space around the names of columns and around texts is stripped here, once for whoever
    uses the table: "cat" and "cat " are one class. Of paths it is part of the name and stays.
    The apostrophe goes that ``write_table`` puts before what a spreadsheet would run.

    Raises:
        UsageError: It is neither.
        LatentprintError: It cannot be read.
    """
    _require_table(file)
    with reading_table(file):
        source = _source(file)
        if file.suffix.lower() == ".csv":
            require_different(_header(source), file.name)
            written = pl.read_csv(source, infer_schema=False)
            frame = restored(written)
            notes = _restored_notes(written, frame, file.name)
        else:
            frame, notes = _read_parquet(source, leave), ()
    stripped = _stripped(frame, file.name)
    return Table(stripped.frame, notes + stripped.notes)


def _restored_notes(written: pl.DataFrame, frame: pl.DataFrame, file: str) -> tuple[str, ...]:
    """What was changed in texts that were guarded from spreadsheets."""
    pairs = zip(written.get_columns(), frame.get_columns(), strict=True)
    count = sum(int(before.ne_missing(after.alias(before.name)).sum()) for before, after in pairs)
    if not count:
        return ()
    return (
        f"{file}: {count} texts such as '=A1 lost the apostrophe that keeps spreadsheets from "
        "running them.",
    )


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
    except (
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
        OSError,
        ValueError,
    ) as error:
        reason = str(error).strip().partition("\n")[0]
        raise LatentprintError(f"{file} cannot be read as a table: {reason}") from error


def _source(file: Location) -> Path | bytes:
    """What polars reads: the file, or what lies at its address."""
    if isinstance(file, Address):
        return patiently(lambda: read_address(file))
    return file


def _open_list(file: Location) -> Table:
    """Open a list with one path in a line; empty lines do not count.

    Raises:
        LatentprintError: It cannot be read.
    """
    with reading_table(file):
        source = _source(file)
        data = source.read_bytes() if isinstance(source, Path) else source
        lines = [line.strip() for line in data.decode("utf-8-sig").split("\n")]
    return Table(pl.DataFrame({"path": [line for line in lines if line]}, {"path": pl.String}))


def _read_parquet(file: Path | bytes, leave: Sequence[str]) -> pl.DataFrame:
    table = pl.scan_parquet(file, glob=False)
    return table.select(pl.exclude(leave)).collect() if leave else table.collect()


def _told(table: Table) -> pl.DataFrame:
    for note in table.notes:
        logger.warning("%s", note)
    return table.frame


def _stripped(frame: pl.DataFrame, file: str) -> Table:
    require_different(frame.columns, file)
    names = {name: name.strip() for name in frame.columns}
    frame = frame.rename(names)
    texts = [
        name
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.String | pl.Categorical | pl.Enum) and name not in PATH_COLUMNS
    ]
    before = frame.select(pl.col(texts).cast(pl.String))
    stripped = pl.col(texts).str.strip_chars()
    after = before.select(pl.when((stripped != "") | (pl.col(texts) == "")).then(stripped))
    changed = {
        name: count for name in texts if (count := int(before[name].ne_missing(after[name]).sum()))
    }
    notes = []
    if headers := [name for given, name in names.items() if given != name]:
        notes.append(f"{file}: white space was stripped from the {_some('column name', headers)}.")
    if changed:
        counts = [f"{name!r} ({count} values)" for name, count in changed.items()]
        notes.append(f"{file}: white space was stripped in the {_some('column', counts)}.")
    return Table(frame.with_columns(after.get_columns()), tuple(notes))


def _header(file: Path | bytes) -> list[str]:
    """The names in the first line, which polars changes where one comes twice."""
    line = pl.read_csv(
        file, has_header=False, n_rows=1, infer_schema=False, truncate_ragged_lines=True
    )
    return [name or "" for name in line.row(0)]


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


def _name(file: Location) -> str:
    """The file's name, or its folder's if it is called no more than "manifest"."""
    return file.parent.name if file.stem.lower() == "manifest" and file.parent.name else file.stem


def _as_text(table: pl.DataFrame) -> pl.DataFrame:
    """Turn plain columns into text; lists, structures and bytes stay as they are."""
    kept = (pl.Binary, pl.Object)
    plain = [
        name for name, dtype in table.schema.items() if not dtype.is_nested() and dtype not in kept
    ]
    return table.with_columns(pl.col(plain).cast(pl.String))


def _with_default_columns(table: pl.DataFrame) -> pl.DataFrame:
    nothing = pl.lit(None, dtype=pl.String)
    ids = pl.lit(_without_credentials(table["path"]))
    defaults = {"id": ids, "split": nothing, "label": nothing}
    return table.with_columns(
        value.alias(name) for name, value in defaults.items() if name not in table.columns
    )


def _without_credentials(paths: pl.Series) -> pl.Series:
    """The paths without credentials, which neither name a photo nor stay the same."""
    given = paths.filter(paths.str.contains(_SCHEME) & paths.str.contains("[?@]"))
    bare = pl.Series(map(without_credentials, given), dtype=pl.String)
    changed = bare != given
    return paths.replace(given.filter(changed), bare.filter(changed)) if changed.any() else paths


def _empty_as_null(column: str) -> pl.Expr:
    return pl.when(pl.col(column).str.strip_chars() != "").then(pl.col(column))


def _require_filled(table: pl.DataFrame, column: str, called: str, file: Location) -> None:
    blank = table[column].str.strip_chars().fill_null("") == ""
    rows = [int(row) + 1 for row in blank.arg_true()]
    if rows:
        raise LatentprintError(
            f"The column {called!r} of {file.name} is empty in {_some('row', rows)} "
            "(counted without the header)."
        )


def _require_unique_ids(table: pl.DataFrame, file: Location) -> None:
    twice = table.filter(pl.col("id").is_duplicated())["id"].unique(maintain_order=True).to_list()
    if twice:
        raise LatentprintError(
            f"{file.name} lists {_some('id', [repr(each) for each in twice])} more than once. "
            "Remove the repeats, or add a column 'id' that tells them apart."
        )


def _splits(table: pl.DataFrame, file: Location) -> pl.Series:
    """The column ``split`` by our names; empty values become null."""
    given = table["split"].str.strip_chars().str.to_lowercase().replace("", None)
    known = given.replace_strict(SPLIT_NAMES, default=None, return_dtype=pl.String)
    wrong = (given.is_not_null() & known.is_null()).arg_true()
    if len(wrong):
        row = int(wrong[0])
        raise UsageError(
            f"Row {row + 1} of {file.name} (counted without the header) has the split "
            f"{table['split'][row]!r}. Known: {', '.join(SPLIT_NAMES)}."
        )
    return known


def _some(kind: str, things: list[str] | list[int]) -> str:
    """Name the things, or the first few and how many more there are."""
    shown = ", ".join(str(each) for each in things[:_SHOWN])
    more = f" and {len(things) - _SHOWN} more" if len(things) > _SHOWN else ""
    return f"{kind}{'s' if len(things) > 1 else ''} {shown}{more}"
