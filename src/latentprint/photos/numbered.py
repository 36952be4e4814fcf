"""Folders that programs and cameras make by numbers and years, which are no classes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import polars as pl

from latentprint.photos.location import Location, path_below
from latentprint.photos.sidecars import KINDS, Sidecars, facts_table, read_sample_table, sample_of

_PART = re.compile(r"\d{4,}")
# Three digits from 100 and five letters, digits or lines: CIPA DC-009 (DCF), section 3.2. Some
# systems show them in small letters, and drones of DJI have a way of their own.
_CARD = re.compile(r"[1-9]\d\d[A-Z0-9_]{5}|DJI_\d.*", re.IGNORECASE)
_TAKEOUT = re.compile(r"Photos from \d{4}")
_BESIDE = re.compile(r"\d{4,}(\.tar|\.parquet|_stats\.json)")
_FACTS = (".json", ".txt", ".cls")


def numbered_parts(paths: Sequence[str], ignored: Sequence[str]) -> str:
    """Whether photos lie in folders as img2dataset and WebDataset number them, as a sentence.

    They do where every photo is in a folder whose name is a number of four digits or more, and
    most photos have a file of facts beside them or the folders an archive or a table.

    Args:
        paths: The photos' paths.
        ignored: The paths of other files.

    Returns:
        What a reader should know; empty if they do not.
    """
    folders = {PurePosixPath(path).parent for path in paths}
    if not folders or not all(_PART.fullmatch(folder.name) for folder in folders):
        return ""
    stems = {path.rpartition(".")[0] for path in ignored if path.endswith(_FACTS)}
    described = sum(path.rpartition(".")[0] in stems for path in paths)
    beside = any(_BESIDE.fullmatch(PurePosixPath(path).name) for path in ignored)
    if 2 * described < len(paths) and not beside:
        return ""
    return (
        "The folders number the parts of a download (img2dataset, WebDataset): no labels are made "
        "of their names."
    )


def made_by_devices(paths: Sequence[str]) -> str:
    """Whether all photos lie in folders as cards number them or exports date them, as a sentence.

    Args:
        paths: The photos' paths.

    Returns:
        What a reader should know; empty if they do not.
    """
    folders = {PurePosixPath(path).parent.name for path in paths}
    if len(folders) < 2:
        return ""
    if all(map(_CARD.fullmatch, folders)):
        return "The folders are those of a camera's card (DCF): no labels are made of their names."
    if all(map(_TAKEOUT.fullmatch, folders)):
        return "The folders are years of Google Photos: no labels are made of their names."
    return ""


@dataclass(frozen=True)
class Beside:
    """What lies beside photos.

    Attributes:
        facts: The facts; see ``facts_table``.
        read: The paths of the files that say them, some in place of others that say the same.
        notes: What a reader should know, as sentences.
    """

    facts: pl.DataFrame
    read: frozenset[str]
    notes: tuple[str, ...]


def facts_of_parts(root: Location, paths: Sequence[str], ignored: Sequence[str]) -> Beside:
    """What lies beside the photos of numbered folders and says something of them.

    The table of a part counts (``00000.parquet`` beside ``00000``), and where there is none the
    ``.json``, ``.txt`` and ``.cls`` of each photo. Of an object store tables alone are read, as
    each of the others takes a request.

    Args:
        root: The folder that paths start from.
        paths: The photos' paths.
        ignored: The paths of other files.

    Raises:
        LatentprintError: A table cannot be read, or names a photo twice.
    """
    beside, there, sidecars = defaultdict[str, dict[str, Path]](dict), set(ignored), Sidecars()
    for path in ignored:
        (key, kind), file = sample_of(path), root / path
        if kind in KINDS and isinstance(file, Path):
            beside[key][kind] = file
    tables: dict[str, dict[str, dict[str, str | None]] | None] = {}
    facts, read = {}, set[str]()
    for path in paths:
        folder, key = path.rpartition("/")[0], sample_of(path)[0]
        if folder not in tables:
            table = f"{folder}.parquet"
            tables[folder] = read_sample_table(root / table) if table in there else None
            if tables[folder] is not None:
                read.add(table)
        known = tables[folder]
        if known is not None:
            facts[path] = known.get(key.rpartition("/")[2], {})
        elif key in beside:
            facts[path] = sidecars.facts(beside[key])
        if key in beside:
            read |= {path_below(file, root) for file in beside[key].values()}
    found = facts_table(facts, "the files beside photos")
    return Beside(found, frozenset(read), tuple(_notes(found, sidecars)))


def _notes(found: pl.DataFrame, sidecars: Sidecars) -> Iterator[str]:
    if len(found):
        names = ", ".join(sorted(name for name in found.columns if name != "id"))
        yield f"Columns of {len(found):,} photos come from files beside them: {names}."
    yield from sidecars.notes()
