"""What lies beside a photo in an archive and speaks of it: columns of the table of photos.

Names follow WebDataset (https://github.com/webdataset/webdataset): what stands before the first dot
of a file's name is the key of its sample, what follows says what the file is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from latentprint.errors import LatentprintError
from latentprint.photos.addresses import is_there
from latentprint.photos.location import Address, Location, Member
from latentprint.photos.manifest import read_table
from latentprint.photos.members import read_member

KINDS = ("json", "txt", "cls")
"""What a sidecar is called: facts, a caption, a class."""

KEY = "key"
"""The column by which a table of img2dataset names its samples."""

_OURS = ("id", "path", "split")
_LARGEST = 1 << 24


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

    def facts(self, files: Mapping[str, Member]) -> dict[str, str | None]:
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

    def _of_json(self, member: Member) -> dict[str, str | None]:
        text = self._text(member)
        if not text:
            return {}
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            self.unread.append((member.name, f"no JSON: {error}"))
            return {}
        if not isinstance(found, dict):
            self.unread.append((member.name, "no JSON object"))
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

    def _text(self, member: Member) -> str:
        try:
            if member.size > _LARGEST:
                raise ValueError("above 16 MB")
            return read_member(member).decode("utf-8-sig").strip()
        except (OSError, EOFError, ValueError) as error:
            self.unread.append((member.name, str(error) or "cut off"))
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


def _as_text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).strip() or None
