"""The files that an article names: where they are looked for, and which may be read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

_PICTURES = frozenset((".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg"))


@dataclass(frozen=True)
class Embedded:
    """A file that the page holds.

    Attributes:
        name: Its name in the article.
        kind: What it is.
        size: Its bytes in the page, before they are written as text.
        scaled_from: Its bytes on the disk, where it was made smaller; else 0.
    """

    name: str
    kind: str
    size: int
    scaled_from: int = 0


class UnavailableError(Exception):
    """A file cannot be shown; the message says why, as in "… is missing"."""


@dataclass(frozen=True)
class Files:
    """Where the files of an article are.

    Attributes:
        folder: The article's folder; None: only what is in memory can be read.
        memory: Texts by path, which come before the disk.
        root: The root of the site to which the article belongs; None: it belongs to none.
        allow_outside: Whether files outside folder and root may be read, which otherwise no path
            and no link leads to.
    """

    folder: Path | None
    memory: Mapping[str, str]
    root: Path | None = None
    allow_outside: bool = False

    def read(self, name: str, places: tuple[str, ...] = ("",)) -> bytes:
        """Read a file that the article names.

        It is looked for beside the article, then at the site's root, which is also what Jekyll
        means by a path that begins with "/".

        Args:
            name: Path or relative address.
            places: Folders, relative to the article's, in which it may be.

        Raises:
            UnavailableError: It is missing, outside, not a file, or on the web.
        """
        if is_remote(name):
            raise UnavailableError("is not on this machine, and the page loads nothing")
        refused = False
        for path in _spellings(name):
            for place in places:
                key = posixpath.normpath(posixpath.join(place, path.lstrip("/")))
                if key in self.memory:
                    return self.memory[key].encode()
            for file in self._candidates(path, places):
                if not self._allowed(file):
                    refused = refused or _is_file(file)
                elif _is_file(file):
                    return _bytes(file)
        if refused:
            raise self._outside()
        raise UnavailableError("is missing")

    def pictures(self, name: str) -> Iterator[tuple[str, bytes]]:
        """The pictures that an address names: one file, or those in a folder.

        Args:
            name: Path of a file or folder of the site; what it does not name is passed over.

        Yields:
            The address of each, and its content.

        Raises:
            UnavailableError: In the end, if some of them lie outside.
        """
        refused = False
        for place in self._candidates(name, ("",)):
            if not self._allowed(place):
                refused = refused or _is_picture(place)
                continue
            if _is_picture(place):
                yield name, _bytes(place)
                return
            if name.strip("/") and _is_folder(place):
                for file in sorted(filter(_is_picture, place.iterdir())):
                    if self._allowed(file):
                        yield f"{name.rstrip('/')}/{file.name}", _bytes(file)
                    else:
                        refused = True
                break
        if refused:
            raise self._outside()

    def _candidates(self, path: str, places: tuple[str, ...]) -> Iterator[Path]:
        if self.folder is None or "\0" in path or len(path) > 2000:
            return
        roots = [self.folder]
        if self.root is not None:
            roots.append(self.root)
        for root in roots:
            for place in places:
                yield root / place / path.lstrip("/")
        if path.startswith("/"):
            yield Path(path)

    def _outside(self) -> UnavailableError:
        limit = "folder" if self.root is None else "site"
        return UnavailableError(
            f"lies outside the article's {limit} and is not read without --allow-outside"
        )

    def _allowed(self, file: Path) -> bool:
        if self.allow_outside:
            return True
        try:
            real = file.resolve()
            limits = [each.resolve() for each in (self.folder, self.root) if each is not None]
        except (OSError, RuntimeError):
            return False
        return any(real.is_relative_to(each) for each in limits)


def is_remote(address: str) -> bool:
    """Whether an address names something that is not a file here."""
    address = address.strip()
    return address.startswith("//") or re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", address) is not None


def shown_address(address: str) -> str:
    """An address as a message shows it: in one line, and not too long."""
    shown = " ".join(address.split()) or "without an address"
    return shown if len(shown) <= 100 else f"{shown[:100]}…"


def _spellings(name: str) -> list[str]:
    """The path as it is written, without the query, and with %20 and the like decoded."""
    bare = re.split(r"[?#]", name, maxsplit=1)[0]
    return list(
        dict.fromkeys(each for each in (name, unquote(name), unquote(bare)) if each.strip("/"))
    )


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:
        return False


def _is_picture(file: Path) -> bool:
    return file.suffix.lower() in _PICTURES and _is_file(file)


def _is_folder(place: Path) -> bool:
    try:
        return place.is_dir()
    except OSError:
        return False


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UnavailableError(f"cannot be read ({error.strerror or error})") from error
