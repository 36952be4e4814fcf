"""The photos in tar and zip archives, as if each was unpacked into a folder of its name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

import polars as pl

from latentprint.errors import LatentprintError
from latentprint.photos.file_names import reason_to_ignore, reason_to_pass
from latentprint.photos.location import (
    Address,
    Location,
    Member,
    located,
    without_credentials,
)
from latentprint.photos.sidecars import KINDS, Sidecars, facts_table, read_sample_table, sample_of
from latentprint.photos.split import SPLIT_NAMES
from latentprint.photos.tar_archive import list_tar_members
from latentprint.photos.zip_archive import list_zip_members

SUFFIXES = (".tar", ".zip")

_NUMBERED = re.compile(r"(?:^\d{3,}|[-_.]\d+)(?:-of-\d+)?$")


@dataclass(frozen=True)
class PackedPhoto:
    """A photo in an archive.

    Attributes:
        id: The path that it would have if archives were unpacked.
        path: Where it lies; see ``photos.location``.
        parts: Folders, and the name, from which split and label can be told. The name of an
            archive that is one of a numbered series is none of them.
        facts: What the files beside it say.
    """

    id: str
    path: str
    parts: tuple[str, ...]
    facts: Mapping[str, str | None]


@dataclass(frozen=True)
class Packed:
    """What archives hold.

    Attributes:
        photos: The photos.
        ignored: Other files with the reason.
        tables: The tables beside archives that were read.
        notes: What a reader should know, as sentences.
    """

    photos: list[PackedPhoto]
    ignored: list[tuple[str, str]]
    tables: tuple[str, ...]
    notes: tuple[str, ...]

    def ids(self) -> list[str]:
        """The ids of the photos."""
        return [photo.id for photo in self.photos]

    def columns(self) -> pl.DataFrame:
        """The facts, one row for every photo that has any: ``id`` and columns of text."""
        return facts_table({photo.id: photo.facts for photo in self.photos}, "the archives")


def is_archive(path: str) -> bool:
    """Whether a file is opened as an archive, by its name."""
    return path.lower().endswith(SUFFIXES)


def read_archives(root: Location, archives: Mapping[str, str]) -> Packed:
    """List the photos in archives, and read what lies beside them, without decoding any.

    Args:
        root: Where paths start.
        archives: The archives' paths below the root, or addresses, each with the folder that it
            stands for: empty for the root itself, else with a slash at its end.

    Raises:
        LatentprintError: An archive is damaged, compressed as a whole, or cut off.
    """
    photos: list[PackedPhoto] = []
    ignored: list[tuple[str, str]] = []
    tables: list[str] = []
    sidecars, holding = Sidecars(), 0
    for archive, folder in archives.items():
        opened = _Archive(root, archive, folder)
        found = opened.photos(sidecars)
        photos += found
        ignored += opened.ignored
        holding += bool(found)
        if opened.table is not None:
            tables.append(opened.table_path)
    notes = tuple(_notes(photos, holding, len(tables), sidecars))
    return Packed(photos, ignored, tuple(tables), notes)


def _notes(
    photos: list[PackedPhoto], holding: int, tables: int, sidecars: Sidecars
) -> Iterator[str]:
    if not photos:
        return
    yield f"{len(photos):,} photos are read from {_count(holding, 'archive')} without unpacking."
    if described := sum(bool(photo.facts) for photo in photos):
        names = sorted({name for photo in photos for name in photo.facts})
        source = f"{_count(tables, 'table')} beside the archives" if tables else "files beside them"
        yield f"Columns of {described:,} photos come from {source}: {', '.join(names)}."
    yield from sidecars.notes()


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'s' if number > 1 else ''}"


class _Archive:
    """One archive: its files by sample."""

    def __init__(self, root: Location, archive: str, folder: str) -> None:
        self._root, self._folder = root, folder
        self._file = located(archive, root)
        self._stem = self._file.stem
        self._path = without_credentials(archive)
        self.ignored: list[tuple[str, str]] = []
        self.table_path = str(PurePosixPath(archive).with_suffix(".parquet"))
        self.table = read_sample_table(self._file.parent / f"{self._stem}.parquet")

    def photos(self, sidecars: Sidecars) -> list[PackedPhoto]:
        members = self._members()
        pictures: list[tuple[str, Member]] = []
        facts: dict[str, dict[str, Member]] = defaultdict(dict)
        for name, (member, reason) in members.items():
            key, kind = sample_of(name)
            if kind in KINDS and not reason:
                facts[key][kind] = member
            elif reason := reason or _reason(name):
                self.ignored.append((f"{self._path}/{name}", reason))
            else:
                pictures.append((name, member))
        wrapper = self._wrapper(name for name, _ in pictures)
        found = []
        for name, member in pictures:
            key, _ = sample_of(name)
            inner = name.removeprefix(wrapper)
            path = member.path_below(self._root)
            found.append(
                PackedPhoto(
                    self._folder + inner,
                    path,
                    self._parts(inner),
                    self._facts(key, facts, sidecars),
                )
            )
        return found

    def _members(self) -> dict[str, tuple[Member, str]]:
        """The files by name; of several with one name the last counts, as when unpacked."""
        members: dict[str, tuple[Member, str]] = {}
        for member, reason in _listed(self._file):
            name = "/".join(part for part in member.name.split("/") if part not in ("", "."))
            if name in members:
                told = "a later file in its archive has the same name"
                self.ignored.append((f"{self._path}/{name}", told))
            members[name] = member, reason
        return members

    def _wrapper(self, names: Iterable[str]) -> str:
        """The folder of the archive's own name that holds all photos, if there is one."""
        top = f"{self._stem}/"
        return top if all(name.startswith(top) for name in names) else ""

    def _parts(self, inner: str) -> tuple[str, ...]:
        *above, _ = self._folder.split("/")
        if above and _NUMBERED.search(self._stem):
            words = re.split(r"[-_.]", self._stem.lower())
            above[-1:] = [word for word in words if word in SPLIT_NAMES][:1]
        return (*above, *inner.split("/"))

    def _facts(
        self, key: str, files: Mapping[str, Mapping[str, Member]], sidecars: Sidecars
    ) -> dict[str, str | None]:
        if self.table is not None:
            return self.table.get(key, {})
        return sidecars.facts(files[key]) if key in files else {}


def _listed(archive: Location) -> Iterator[tuple[Member, str]]:
    if not isinstance(archive, Address) and not archive.is_file():
        raise LatentprintError(f"{archive} is named like an archive and is no file.")
    if archive.suffix.lower() == ".zip":
        yield from list_zip_members(archive)
    else:
        yield from ((member, "") for member in list_tar_members(archive))


def _reason(name: str) -> str:
    passed = filter(None, map(reason_to_pass, name.split("/")[:-1]))
    return next(passed, "") or reason_to_ignore(name)
