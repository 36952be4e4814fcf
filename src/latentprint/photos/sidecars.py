"""What lies beside a photo in an archive or a folder and speaks of it: columns of its table.

Names follow WebDataset (https://github.com/webdataset/webdataset): what stands before the first dot
of a file's name is the key of its sample, what follows says what the file is.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from latentprint.errors import LatentprintError
from latentprint.photos.addresses import is_there
from latentprint.photos.location import Address, Location, Member
from latentprint.photos.manifest import read_table, tidy_table
from latentprint.photos.members import read_member

KINDS = ("json", "txt", "cls")
"""What a sidecar is called: facts, a caption, a class."""

KEY = "key"
"""The column by which a table of img2dataset names its samples."""

_OURS = ("id", "path", "split")
_LARGEST = 1 << 24
_SHOWN = 3


def sample_of(name: str) -> tuple[str, str]:
    """The key of a file's sample and its kind, in lower case: ``a/b.left.jpg`` is a left.jpg."""
    folder, slash, file = name.rpartition("/")
    stem, _, kind = file.partition(".")
    return folder + slash + stem, kind.lower()


@dataclass
class Sidecars:
    """Reads the facts of samples, and counts what could not be used.

    Attributes:
        unread: The files that could not be read, with the reason.
        nested: The names of facts that are no plain values.
    """

    unread: list[tuple[str, str]] = field(default_factory=list)
    nested: set[str] = field(default_factory=set)

    def facts(self, files: Mapping[str, Member | Path]) -> dict[str, str | None]:
        """The facts of a sample as text.

        Args:
            files: The sample's sidecars by kind. The class of ``cls`` is the label, whatever the
                others say.
        """
        facts: dict[str, str | None] = {}
        if "json" in files:
            facts |= self._of_json(files["json"])
        for kind, column in (("txt", "txt"), ("cls", "label")):
            if kind in files and (text := self._text(files[kind])):
                facts[column] = text
        return facts

    def notes(self) -> Iterator[str]:
        """What could not be used, as sentences."""
        if self.nested:
            nested = ", ".join(sorted(self.nested))
            yield f"What is no plain value beside the photos is not read: {nested}."
        if self.unread:
            shown = "; ".join(f"{name}: {reason}" for name, reason in self.unread[:_SHOWN])
            yield f"{len(self.unread)} files beside photos cannot be read ({shown})."

    def _of_json(self, file: Member | Path) -> dict[str, str | None]:
        text = self._text(file)
        if not text:
            return {}
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            self.unread.append((file.name, f"no JSON: {error}"))
            return {}
        if not isinstance(found, dict):
            self.unread.append((file.name, "no JSON object"))
            return {}
        plain = {}
        for name, value in found.items():
            if not name.strip() or not name.isprintable():
                continue
            if isinstance(value, dict | list):
                self.nested.add(name)
            else:
                plain[column_name(name.strip())] = _as_text(value)
        return plain

    def _text(self, file: Member | Path) -> str:
        try:
            if isinstance(file, Path) and not stat.S_ISREG(file.lstat().st_mode):
                raise ValueError("a link, a device or a pipe")
            if (file.stat().st_size if isinstance(file, Path) else file.size) > _LARGEST:
                raise ValueError("above 16 MB")
            data = file.read_bytes() if isinstance(file, Path) else read_member(file)
            return data.decode("utf-8-sig").strip()
        except (OSError, EOFError, ValueError) as error:
            self.unread.append((file.name, str(error) or "cut off"))
            return ""


def column_name(name: str) -> str:
    """What a fact is called as a column: three names have a meaning of their own there."""
    return f"sample_{name}" if name in _OURS else name


def read_sample_table(file: Location) -> dict[str, dict[str, str | None]] | None:
    """The facts of the samples of an archive by key, from the table that img2dataset writes.

    Returns:
        None if there is no such table, or it names no keys.

    Raises:
        LatentprintError: It cannot be read, or names a key twice.
    """
    if not (is_there(file) if isinstance(file, Address) else file.is_file()):
        return None
    table = read_table(file)
    if KEY not in table.columns:
        return None
    table = table.filter(pl.col(KEY).is_not_null())
    plain = [
        name
        for name, kind in table.schema.items()
        if not kind.is_nested() and kind not in (pl.Binary, pl.Object)
    ]
    table = table.select(pl.col(plain).cast(pl.String))
    if table[KEY].is_duplicated().any():
        raise LatentprintError(f"{file} names a sample twice in its column {KEY!r}.")
    names = [column_name(name) for name in table.columns]
    keys = table[KEY].to_list()
    return {
        key: dict(zip(names, row, strict=True)) for key, row in zip(keys, table.rows(), strict=True)
    }


def facts_table(facts: Mapping[str, Mapping[str, str | None]], name: str) -> pl.DataFrame:
    """The facts of photos that have any, one row for each: ``id`` and columns of text.

    Args:
        facts: The facts by id.
        name: What the log calls the table.
    """
    described = {each: row for each, row in facts.items() if row}
    names = dict.fromkeys(name for row in described.values() for name in row)
    columns = {name: [row.get(name) for row in described.values()] for name in names}
    table = pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String))
    ids = pl.Series("id", list(described), pl.String)
    return tidy_table(table, name).insert_column(0, ids)


def _as_text(value: object) -> str | None:
    if value is None or value != value:  # noqa: PLR0124 - not a number
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).strip() or None
