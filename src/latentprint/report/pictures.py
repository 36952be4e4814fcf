"""Which photos a page may show: those that the user named, now or when a run was made.

A run and a store say where their photos lie, and could name any file of the disk, or an address
that only this machine reaches.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latentprint.errors import UsageError
from latentprint.files import as_path
from latentprint.photos.location import Location, is_address, located, member_at

Photo = tuple[Path | None, str]
"""The folder that relative paths start from, None where that is not known; and the path."""


@dataclass(frozen=True)
class Pictures:
    """Which photos of a page may be read.

    Attributes:
        own: Those that runs name which this user had made; None for whatever is named.
        folder: A folder that the user names now: paths start from it in place of the recorded one,
            and what lies outside, by its path or by a link, is not read.
        files: Files that the user names now.
    """

    own: frozenset[Photo] | None = frozenset()
    folder: Path | None = None
    files: frozenset[Photo] = frozenset()

    def location(self, photo: Photo) -> Location | None:
        """Where a photo is read; None where it must not be."""
        root, path = photo
        if photo not in self.files:
            if self.folder is not None:
                return _inside(self.folder, path)
            if self.own is not None and photo not in self.own:
                return None
        return None if root is None else located(path, root)

    def withheld(self, number: int) -> str:
        """What is to be said where so many pictures are not shown; nothing of none."""
        if not number:
            return ""
        what = "1 picture is" if number == 1 else f"{number:,} pictures are"
        if self.folder is not None:
            return f"{what} not shown: outside the folder of --photos, no file is read."
        return (
            f"{what} not shown: the run or store that names them was not made by this user on this "
            "machine, and might name any file. --photos FOLDER shows those in a folder."
        )


def photos_folder(given: Any) -> Path | None:
    """The folder of photos that a user names, if one is.

    Raises:
        UsageError: It is none.
    """
    if given is None:
        return None
    folder = as_path(given)
    if not folder.is_dir():
        raise UsageError(f"--photos {folder} is no folder: name the one that the photos lie in.")
    return folder


def paths_of(details: Any) -> Iterator[str]:
    """The paths of all photos in what stands behind the figures of a run."""
    if isinstance(details, dict):
        for name, value in details.items():
            if isinstance(value, str) and (name == "path" or name.endswith("_path")):
                yield value
            else:
                yield from paths_of(value)
    elif isinstance(details, list | tuple):
        for each in details:
            yield from paths_of(each)


def signed(root: str, details: Sequence[Any]) -> list[str]:
    """What the signature of a run is for: where its photos lie, as far as it may show them."""
    return [root, *sorted(set(paths_of(details)))]


def _inside(folder: Path, path: str) -> Location | None:
    """Where a path leads from a folder; None where that is out of it."""
    if is_address(path):
        return None
    try:
        inside = folder.resolve()
        place = inside / path
        member = member_at(place)
        file = place if member is None else member.archive
        return place if isinstance(file, Path) and file.resolve().is_relative_to(inside) else None
    except (OSError, RuntimeError, ValueError):
        return None
