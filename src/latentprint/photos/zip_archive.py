"""The files in zip archives: which there are, and the bytes of one without reading the directory.

The format is that of PKWARE's APPNOTE.TXT, 4.3.7 (the header before every member).
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from latentprint.errors import LatentprintError
from latentprint.photos.addresses import open_address
from latentprint.photos.location import Address, Location, Member

_HEADER = struct.Struct("<4s5H3L2H")
_SIGNATURE = b"PK\3\4"
_ENCRYPTED = 1
_WINDOWS = 0
_CHUNK = 1 << 18

LARGEST = 1 << 30
"""Bytes above which a packed file is not unpacked: a few megabytes may claim terabytes."""

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def list_zip_members(archive: Location) -> Iterator[tuple[Member, str]]:
    """Yield every file of a zip archive with the reason why it cannot be read, or an empty text.

    Raises:
        LatentprintError: The archive is damaged, cut off, or no zip archive.
    """
    try:
        source = open_address(archive) if isinstance(archive, Address) else archive
        with zipfile.ZipFile(source) as opened:
            for info in opened.infolist():
                name = _name(info)
                if not name.endswith("/"):
                    member = Member(archive, name, info.header_offset, info.file_size)
                    yield member, _reason(info)
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        hint = "" if isinstance(archive, Address) else " Is the download complete?"
        raise LatentprintError(
            f"{archive} cannot be read as a zip archive: {error}.{hint}"
        ) from error


def _name(info: zipfile.ZipInfo) -> str:
    """The member's name; some programs of Windows write its backslashes, which 4.4.17.1 forbids."""
    windows = info.create_system == _WINDOWS
    return info.filename.replace("\\", "/") if windows else info.filename


def _reason(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & _ENCRYPTED:
        return "encrypted in its zip archive"
    if info.compress_type not in _METHODS:
        return "packed in its zip archive by a method other than deflate"
    if info.compress_type == zipfile.ZIP_DEFLATED and info.file_size > LARGEST:
        return "above 1 GiB when unpacked from its zip archive"
    return ""


def read_zip_member(file: BinaryIO, offset: int, size: int) -> bytes:
    """The bytes of one member.

    Args:
        file: The archive.
        offset: Where the member's header begins.
        size: Bytes of the member when unpacked.

    Raises:
        EOFError: The archive ends before the member does.
        ValueError: There is no such member there, or it is damaged.
    """
    file.seek(offset)
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        raise EOFError
    signature, _, _, method, _, _, _, _, _, name, extra = _HEADER.unpack(header)
    if signature != _SIGNATURE or method not in _METHODS:
        raise ValueError("there is no photo at that place of the zip archive")
    file.seek(name + extra, 1)
    data = file.read(size) if method == zipfile.ZIP_STORED else _inflated(file, size)
    if len(data) < size:
        raise EOFError
    return data


def _inflated(file: BinaryIO, size: int) -> bytes:
    if size > LARGEST:
        raise ValueError("above 1 GiB when unpacked")
    unpacker, data = zlib.decompressobj(-zlib.MAX_WBITS), bytearray()
    try:
        while len(data) < size and not unpacker.eof:
            chunk = unpacker.unconsumed_tail or file.read(_CHUNK)
            if not chunk:
                break
            data += unpacker.decompress(chunk, size - len(data))
    except zlib.error as error:
        raise ValueError(f"it is damaged in its zip archive ({error})") from None
    return bytes(data)
