"""Where a photo's bytes lie: in a file of its own, or in a stretch of a tar archive.

The members of an uncompressed tar archive, and those of archives inside it, lie at fixed offsets,
so that photos can be read where they are. A path such as
``train.tar!1536+8821!n01440764.tar/n01440764_18.JPEG`` names the archive, the offset and the size
in bytes, and the member: it stands on its own, and no index is needed to read it.
"""

from __future__ import annotations

import logging
import os
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from latentprint.errors import LatentprintError

logger = logging.getLogger(__name__)

_BLOCK = 512
_MEMBER = re.compile(r"(?P<archive>.+\.tar)!(?P<offset>\d+)\+(?P<size>\d+)!(?P<name>.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TarMember:
    """A file inside an uncompressed tar archive.

    Attributes:
        archive: The archive on the disk.
        name: The member's name; in an archive inside the archive, that one's name comes first.
        offset: Where the member's bytes begin in the archive.
        size: How many bytes there are.
    """

    archive: Path
    name: str
    offset: int
    size: int

    def path_below(self, root: Path) -> str:
        """The text for the column ``path`` of a table of photos with this root."""
        archive = self.archive.relative_to(root).as_posix()
        return f"{archive}!{self.offset}+{self.size}!{self.name}"

    def read(self) -> bytes:
        """The member's bytes.

        Raises:
            OSError: The archive cannot be read.
            EOFError: The archive ends before the member does.
        """
        with self.archive.open("rb") as file:
            if os.fstat(file.fileno()).st_size < self.offset + self.size:
                raise EOFError
            file.seek(self.offset)
            return file.read(self.size)


def member_at(path: Path | str) -> TarMember | None:
    """The member that a path names, or None if the path is that of a plain file."""
    found = _MEMBER.fullmatch(str(path))
    if found is None:
        return None
    archive, offset, size, name = found.groups()
    return TarMember(Path(archive), name, int(offset), int(size))


def list_members(archive: Path) -> Iterator[TarMember]:
    """Yield every regular file of a tar archive, and of the ``.tar`` files in it, as they lie.

    Only headers are read: a small read for each member, which a slow disk feels.

    Raises:
        LatentprintError: The archive is compressed, damaged, cut off, or no tar archive.
    """
    try:
        with archive.open("rb", buffering=0) as file:
            end = os.fstat(file.fileno()).st_size
            for name, offset, size in _stretches(file, archive, 0, end):
                yield TarMember(archive, name, offset, size)
    except (OSError, tarfile.TarError) as error:
        raise LatentprintError(
            f"{archive} cannot be read as an uncompressed tar archive: {error}. Is the download "
            "complete?"
        ) from error


def _stretches(
    file: BinaryIO, archive: Path, start: int, end: int
) -> Iterator[tuple[str, int, int]]:
    """Yield name, offset and size of the files in the archive between two offsets."""
    file.seek(start)
    # Names that are not UTF-8 are shown with their bytes written out.
    with tarfile.open(
        fileobj=file, mode="r:", encoding="utf-8", errors="backslashreplace"
    ) as opened:
        for info in opened:
            if info.offset_data + info.size > end:
                raise tarfile.ReadError(f"it ends before its member {info.name} does")
            if not info.isreg() or info.issparse():
                continue
            if info.name.endswith(".tar"):
                inner = info.offset_data, info.offset_data + info.size
                for name, offset, size in _stretches(file, archive, *inner):
                    yield f"{info.name}/{name}", offset, size
            else:
                yield info.name, info.offset_data, info.size
        _check_end(file, archive, opened.offset, end)


def _check_end(file: BinaryIO, archive: Path, last: int, end: int) -> None:
    """Look for the zeros that end an archive: tarfile stops at a damaged header without a word."""
    file.seek(last)
    mark = file.read(min(_BLOCK, end - last))
    if mark.strip(b"\0"):
        raise tarfile.ReadError(f"there is no valid header at byte {last}")
    if len(mark) < _BLOCK:
        logger.warning("%s has no end mark at byte %d: it may be cut off.", archive, last)
