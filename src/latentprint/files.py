"""Files that appear whole or not at all, and one sentence for a disk that does not take them."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentprint.errors import LatentprintError, UsageError

if TYPE_CHECKING:
    import polars as pl

ELSEWHERE = "choose another --out"
"""What to do where a place cannot be written to."""

TABLE_SUFFIXES = (".csv", ".parquet", ".json")
"""The kinds of table that ``write_table`` writes."""

_ROW_GROUP = 100_000

_SCHEME = re.compile(r"(?:https?|s3|gs):", re.IGNORECASE)
"""What an address begins with; as a path it has one slash behind it."""

_SPACE = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the disk quota is used up"}
_PLACE = {
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOTDIR: "part of this path is a file",
    errno.EEXIST: "there is a file of that name",
    errno.EISDIR: "there is a folder of that name",
}


def as_path(given: Any) -> Path:
    """The path that was given from Python.

    Raises:
        UsageError: It is none.
    """
    if not isinstance(given, str | os.PathLike):
        raise UsageError(f"{given!r} is no path: give a string or a pathlib.Path.")
    return Path(given)


@contextmanager
def writing(place: Path, *, instead: str = ELSEWHERE) -> Iterator[None]:
    """Turn what can go wrong on a disk into one clear sentence.

    Args:
        place: The file or folder that is written to, as the message names it.
        instead: What to do if this place cannot be written to.

    Raises:
        UsageError: The place is an address.
        LatentprintError: Instead of any OSError.
    """
    if place.parts and _SCHEME.fullmatch(place.parts[0]):
        raise UsageError(
            f"Cannot write to {place.parts[0]}//{'/'.join(place.parts[1:])}: photos are read from "
            "addresses, but results are written to a folder of this machine or to a share that is "
            "mounted here."
        )
    try:
        yield
    except OSError as error:
        number = error.errno or 0
        what = error.strerror or str(error)
        if number in _SPACE:
            what = f"{_SPACE[number]}; free some space"
        elif number in _PLACE:
            what = f"{_PLACE[number]}; {instead}"
        raise LatentprintError(
            f"Cannot write to {place}: {what}. What was finished before is kept: "
            "run the same command again to go on."
        ) from error


@contextmanager
def polars_errors() -> Iterator[None]:
    """Turn what polars raises where a disk does not take a file into the error of the system.

    Raises:
        OSError: With the number that polars tells in words only.
    """
    import polars as pl

    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        if (found := re.search(r"\(os error (\d+)\)", str(error))) is None:
            raise
        number = int(found[1])
        raise OSError(number, os.strerror(number)) from error


@contextmanager
def writing_file(
    path: Path, *, instead: str = ELSEWHERE, contested: bool = False
) -> Iterator[Path]:
    """Write a file beside its place, and put it there once it is whole and on the disk.

    If the body fails, whatever lay at ``path`` before stays as it was, and nothing is left beside.

    Args:
        path: The file; its folder is made if need be.
        instead: What to do if this place cannot be written to; see ``writing``.
        contested: Whether another process may be writing the same file at this very time.

    Yields:
        Where to write the contents to; closed when the body ends.

    Raises:
        LatentprintError: The file cannot be written.
    """
    # One name for all tries, so that what a killed process left is written over by the next.
    own = f".{secrets.token_hex(4)}" if contested else ""
    partial = path.with_name(f".{path.name}{own}.partial")
    with writing(path, instead=instead):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield partial
            _to_disk(partial)
            partial.replace(path)
        finally:
            with suppress(OSError):
                partial.unlink()


def make_folder(folder: Path) -> None:
    """Make a folder that results go into before any work is done, so that none is lost for want.

    Raises:
        LatentprintError: Nothing can be written to it.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass


def require_place(path: Path) -> None:
    """Refuse a place for a file before any work is done for it; its folder is made if need be.

    Raises:
        UsageError: There is a folder of that name.
        LatentprintError: Nothing can be written there.
    """
    if path.is_dir():
        example = path / path.resolve().name
        raise UsageError(f"{path} is a folder: name the file to write, such as {example}.")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write a file, whole or not at all; see ``writing_file``.

    Raises:
        LatentprintError: The file cannot be written.
    """
    with writing_file(path) as partial:
        partial.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write text in UTF-8, its line ends as they are, whole or not at all.

    Raises:
        LatentprintError: The file cannot be written.
    """
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON for people to read, whole or not at all.

    Raises:
        LatentprintError: The file cannot be written.
    """
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def require_table(path: Path) -> None:
    """Refuse a place for a table before any work is done for it; see ``require_place``.

    Raises:
        UsageError: The suffix is none of ``TABLE_SUFFIXES``, or there is a folder of that name.
        LatentprintError: Nothing can be written there.
    """
    require_table_suffix(path)
    require_place(path)


def require_table_suffix(path: Path) -> None:
    """Refuse a file name that does not say which kind of table to write.

    Raises:
        UsageError: The suffix is none of ``TABLE_SUFFIXES``.
    """
    if path.suffix.lower() not in TABLE_SUFFIXES:
        raise UsageError(f"{path} names no kind of table: use {', '.join(TABLE_SUFFIXES)}.")


def write_table(path: Path, table: pl.DataFrame) -> None:
    """Write a table as CSV, Parquet or JSON rows, as the suffix says, whole or not at all.

    Texts of a CSV file that a spreadsheet would run have an apostrophe before them; see
    ``spreadsheets``.

    Raises:
        UsageError: The suffix is none of ``TABLE_SUFFIXES``.
        LatentprintError: The file cannot be written.
    """
    require_table_suffix(path)
    if path.suffix.lower() == ".parquet":
        write_parquet(path, table)
        return
    content = io.BytesIO()
    match path.suffix.lower():
        case ".csv":
            # Only tables need polars, which takes a while to import.
            from latentprint.spreadsheets import guarded

            guarded(table).write_csv(content)
        case ".json":
            table.write_json(content)
    write_bytes(path, content.getbuffer())


def write_parquet(path: Path, table: pl.DataFrame, about: dict[str, str] | None = None) -> None:
    """Write a table as Parquet, whole or not at all; its bytes do not depend on how it was made.

    Args:
        path: The file.
        table: The table; it is written by groups of rows.
        about: Words that are kept beside it.

    Raises:
        LatentprintError: The file cannot be written.
    """
    with writing_file(path) as partial, polars_errors():
        # Without a number the groups would end where the pieces end that a table lies in.
        table.write_parquet(partial, row_group_size=_ROW_GROUP, metadata=about)


def _to_disk(file: Path) -> None:
    # The bytes must be on the disk before the name is, or a power cut leaves an empty file.
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())
