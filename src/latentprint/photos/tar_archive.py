"""The files in uncompressed tar archives, each at a fixed offset."""

from __future__ import annotations

import io
import logging
import tarfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import BinaryIO, cast

from latentprint.errors import LatentprintError
from latentprint.photos.addresses import open_address
from latentprint.photos.location import Address, Location, Member

logger = logging.getLogger(__name__)

_BLOCK = 512
_GZIP = b"\x1f\x8b"


def list_tar_members(archive: Location) -> Iterator[Member]:
    """Yield every regular file of a tar archive, and of the ``.tar`` files in it, as they lie.

    Only headers are read: a small read for each member, which a slow disk feels, and at an address
    most of the archive, a megabyte at a time.

    Raises:
        LatentprintError: The archive is compressed, damaged, cut off, or no tar archive.
    """
    try:
        with _opened(archive) as file:
            if file.read(len(_GZIP)) == _GZIP:
                raise tarfile.ReadError("it is compressed by gzip, unpack that first")
            end = file.seek(0, io.SEEK_END)
            for name, offset, size in _stretches(file, archive, 0, end):
                yield Member(archive, name, offset, size)
    except (OSError, ValueError, tarfile.TarError) as error:
        hint = "" if isinstance(archive, Address) else " Is the download complete?"
        raise LatentprintError(
            f"{archive} cannot be read as an uncompressed tar archive: {error}.{hint}"
        ) from error


def _opened(archive: Location) -> AbstractContextManager[BinaryIO]:
    if isinstance(archive, Address):
        return cast("BinaryIO", open_address(archive))
    return cast("BinaryIO", archive.open("rb", buffering=0))


def _stretches(
    file: BinaryIO, archive: Location, start: int, end: int
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


def _check_end(file: BinaryIO, archive: Location, last: int, end: int) -> None:
    """Look for the zeros that end an archive: tarfile stops at a damaged header without a word."""
    file.seek(last)
    mark = file.read(min(_BLOCK, end - last))
    if mark.strip(b"\0"):
        raise tarfile.ReadError(f"there is no valid header at byte {last}")
    if len(mark) < _BLOCK:
        logger.warning("%s has no end mark at byte %d: it may be cut off.", archive, last)
