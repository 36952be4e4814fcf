"""A folder of photos as a table, with labels and splits from the folders' names."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from unicodedata import normalize

import polars as pl

from latentprint.errors import UsageError, unknown_name
from latentprint.photos.addresses import list_below
from latentprint.photos.archives import Packed, is_archive, read_archives
from latentprint.photos.file_names import printable, reason_to_ignore, reason_to_pass
from latentprint.photos.location import Address, Location
from latentprint.photos.numbered import facts_of_parts, made_by_devices, numbered_parts
from latentprint.photos.photos import COLUMNS, Photos
from latentprint.photos.split import SPLIT_NAMES, side_of_folder

LAYOUTS = ("auto", "folder", "classes", "splits")

LEADS_OUT = "a link out of the folder, not followed without --follow-links"
"""Why a link is ignored."""

_Labels = list[tuple[str | None, str | None]]


def read_folder(
    root: Location, layout: str = "auto", *, follow_links: bool = False, archives: bool = False
) -> Photos:
    """List the photos below a folder without opening any.

    Links that stay inside are followed, each folder being read once. Links to files that are gone
    stay in the table, for the decoder to report. Folders that only number parts of a download, as
    img2dataset and WebDataset make them (``00000/000000000.jpg`` beside ``.json``, ``.txt`` or
    ``00000.tar``), name no class and no split: no label is made of them, and what lies beside the
    photos becomes columns.

    Args:
        root: The folder, on a disk or in an object store.
        layout: "folder" takes no labels from folders' names; "classes" expects ``class/…``;
            "splits" expects ``train/class/…`` and ``val/class/…``; "auto" takes "splits" if all
            photos are in such folders, else "classes" if every photo is exactly one of several
            folders deep, else "folder".
        follow_links: Follow links out of the folder too; by default what they point to is ignored.
        archives: List the photos in ``.tar`` and ``.zip`` archives too, each as if it was unpacked
            into a folder of its name, unless it was; see ``photos.archives``.

    Raises:
        UsageError: If the layout is unknown or does not fit the folder.
        LatentprintError: If an archive is damaged.
        OSError: If what is at an address cannot be listed at present.
        ValueError: If there is nothing at an address.
    """
    if layout not in LAYOUTS:
        raise unknown_name("layout", layout, LAYOUTS)
    if isinstance(root, Address):
        name, files = root.name, _at_address(root, archives)
    else:
        root = root.absolute()
        name, files = root.resolve().name, _walk(root, follow_links, archives)
    paths: list[str] = []
    found: list[str] = []
    ignored: list[tuple[str, str]] = []
    for path, reason in files:
        if reason:
            ignored.append((printable(path), reason))
        elif archives and is_archive(path):
            found.append(path)
        else:
            paths.append(path)
    packed = read_archives(root, _unpacked_to(found, paths, ignored))
    return _photos(root, name or "photos", layout, paths, packed, ignored)


def read_archive(archive: Location, layout: str = "auto") -> Photos:
    """List the photos of a tar or zip archive as if it was unpacked and the folder was given.

    Raises:
        UsageError: If the layout does not fit.
        LatentprintError: If the archive is damaged.
    """
    if isinstance(archive, Address):
        packed = read_archives(archive.parent, {archive.text: ""})
        return _photos(archive.parent, archive.stem, layout, [], packed, [])
    archive = archive.absolute()
    packed = read_archives(archive.parent, {archive.name: ""})
    return _photos(archive.parent, archive.stem, layout, [], packed, [])


def _photos(
    root: Location,
    name: str,
    layout: str,
    paths: list[str],
    packed: Packed,
    ignored: list[tuple[str, str]],
) -> Photos:
    """The photos that lie in files of their own, and those in archives."""
    parts = [path.split("/") for path in paths]
    inside = [list(photo.parts) for photo in packed.photos]
    labels = _labels(parts + (inside if parts else _without_common_folders(inside)), layout)
    notes, facts, read = packed.notes, packed.columns(), frozenset(packed.tables)
    others = [path for path, _ in ignored]
    if layout == "auto" and (note := numbered_parts(paths, others)):
        labels = [(split, None) for split, _ in labels]
        beside = facts_of_parts(root, paths, others)
        facts = pl.concat([facts, beside.facts], how="diagonal")
        notes, read = (note, *beside.notes, *notes), read | beside.read
    elif layout == "auto" and (note := made_by_devices([*paths, *packed.ids()])):
        labels = [(split, None) for split, _ in labels]
        notes = (note, *notes)
    stripped = [(split, label and (label.strip() or None)) for split, label in labels]
    if changed := sum(new != old for new, old in zip(stripped, labels, strict=True)):
        notes = (*notes, f"White space was stripped from the folders' names of {changed} photos.")
    labels = [(split, label and normalize("NFC", label)) for split, label in stripped]
    if changed := sum(new != old for new, old in zip(labels, stripped, strict=True)):
        together = f"Letters and their accents were put together in the names of {changed} photos'"
        notes = (*notes, f"{together} folders.")
    table = pl.DataFrame(
        {
            "id": paths + packed.ids(),
            "path": [_path(path, root) for path in paths] + [photo.path for photo in packed.photos],
            "split": [split for split, _ in labels],
            "label": [label for _, label in labels],
        },
        schema=dict.fromkeys(COLUMNS, pl.String),
    )
    unread = pl.DataFrame(
        sorted([each for each in ignored if each[0] not in read] + packed.ignored),
        schema={"path": pl.String, "reason": pl.String},
        orient="row",
    )
    if isinstance(root, Address):
        root = Path()
        notes = (
            *notes,
            "Photos are read from addresses; whether they change there is not looked at.",
        )
    return Photos(name, root, _described(table, facts).sort("id"), unread, notes)


def _described(table: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """The table with what files beside the photos say; their class counts before a folder's."""
    if facts.is_empty():
        return table
    joined = table.join(facts, on="id", how="left", suffix="_beside", maintain_order="left")
    if "label_beside" in joined.columns:
        joined = joined.with_columns(label=pl.coalesce("label_beside", "label"))
    return joined.drop("label_beside", strict=False)


def _without_common_folders(paths: list[list[str]]) -> list[list[str]]:
    """Paths without the folders that all of them lie in, which tell no class from another."""
    while paths and all(len(path) > 1 and path[0] == paths[0][0] for path in paths):
        paths = [path[1:] for path in paths]
    return paths


def _unpacked_to(
    archives: list[str], paths: list[str], ignored: list[tuple[str, str]]
) -> dict[str, str]:
    """The folder that each archive stands for; one that lies unpacked beside it is ignored."""
    folders = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    chosen: dict[str, str] = {}
    for archive in sorted(archives):
        folder = str(PurePosixPath(archive).with_suffix(""))
        if folder in folders:
            ignored.append((archive, "an archive beside a folder of its name, which is read"))
            continue
        taken = f"{folder}/" in chosen.values()
        chosen[archive] = f"{archive if taken else folder}/"
    return chosen


def _path(path: str, root: Location) -> str:
    """What the column ``path`` has of a file below the root."""
    return (root / path).text if isinstance(root, Address) else path


def _at_address(root: Address, archives: bool) -> Iterator[tuple[str, str]]:
    """Yield what ``_walk`` does, of a folder of an object store."""
    for path in list_below(root):
        passed = next(filter(None, map(reason_to_pass, path.split("/")[:-1])), "")
        is_packed = archives and is_archive(path)
        yield path, passed or ("" if is_packed else reason_to_ignore(path))


def _walk(root: Path, follow_links: bool, archives: bool) -> Iterator[tuple[str, str]]:
    """Yield every file's path below the root, with the reason to ignore it or an empty text.

    Linked folders wait until all real ones are read, so that a photo's id is the path without
    links wherever there is one.
    """
    inside = os.path.realpath(root)
    seen: set[str] = set()
    waiting = deque([str(root)])
    while waiting:
        stack = [waiting.popleft()]
        while stack:
            folder = stack.pop()
            below = _relative(folder, root)
            real = os.path.realpath(folder)
            if real in seen:
                yield below, "a link to a folder that is read already"
                continue
            seen.add(real)
            try:
                with os.scandir(folder) as found:
                    entries = sorted(found, key=lambda entry: entry.name)
            except OSError as error:
                yield below, f"unreadable folder: {error.strerror}"
                continue
            deeper = []
            for entry in entries:
                path = below + entry.name
                is_folder, link = _is_folder(entry), entry.is_symlink()
                reason = reason_to_pass(entry.name)
                if not is_folder:
                    reason = "" if archives and is_archive(path) else reason_to_ignore(path)
                if link and not (reason or follow_links or _is_inside(entry.path, inside)):
                    reason = LEADS_OUT
                if reason or not is_folder:
                    yield path, reason
                elif link:
                    waiting.append(entry.path)
                else:
                    deeper.append(entry.path)
            stack.extend(reversed(deeper))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _is_inside(path: str, folder: str) -> bool:
    real = os.path.realpath(path)
    return real == folder or real.startswith(folder.rstrip(os.sep) + os.sep)


def _relative(folder: str, root: Path) -> str:
    """The folder's path from the root with a slash at its end; empty for the root itself."""
    path = Path(folder).relative_to(root).as_posix()
    return "" if path == "." else f"{path}/"


def _labels(paths: list[list[str]], layout: str) -> _Labels:
    """Split and label of every photo, given the parts of its path."""
    if layout == "auto":
        layout = _detected(paths)
    if layout == "splits":
        return _from_splits(paths)
    if layout == "classes":
        return _from_classes(paths)
    return [(None, None)] * len(paths)


def _detected(paths: list[list[str]]) -> str:
    """The layout that the paths show."""
    if not _misfit_splits(paths):
        return "splits"
    several = len({parts[0] for parts in paths}) >= 2
    return "classes" if several and all(len(parts) == 2 for parts in paths) else "folder"


def _misfit_splits(paths: list[list[str]]) -> str:
    """Why the paths are not laid out in splits; empty if they are."""
    tops = {parts[0] if len(parts) > 1 else "" for parts in paths}
    told = set(map(side_of_folder, tops))
    sides = {side for side, _ in told}
    if None in sides:
        stray = next("/".join(each) for each in paths if _side(each) is None)
        return f"{stray!r} is in no train or val folder"
    if len({further for _, further in told}) > 1:
        return "the names of its folders differ in more than their side"
    return "" if len(sides) == 2 else "there is not both a train and a val folder with photos"


def _side(parts: list[str]) -> str | None:
    return side_of_folder(parts[0])[0] if len(parts) > 1 else None


def _from_splits(paths: list[list[str]]) -> _Labels:
    if misfit := _misfit_splits(paths):
        raise UsageError(
            f"The layout 'splits' does not fit: {misfit}. It expects train/<class>/… and "
            f"val/<class>/… (known names: {', '.join(SPLIT_NAMES)})."
        )
    return [(_side(parts), parts[1] if len(parts) > 2 else None) for parts in paths]


def _from_classes(paths: list[list[str]]) -> _Labels:
    stray = next((parts[0] for parts in paths if len(parts) == 1), None)
    if stray is not None:
        raise UsageError(
            f"The layout 'classes' does not fit: {stray!r} is in no class folder. "
            "It expects <class>/… for every photo."
        )
    return [(None, parts[0]) for parts in paths]
