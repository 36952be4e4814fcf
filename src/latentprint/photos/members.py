"""The bytes of a file that lies inside another.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import os
from typing import BinaryIO, cast

from latentprint.photos import addresses
from latentprint.photos.addresses import open_address, read_part
from latentprint.photos.location import TABLE, Address, Member
from latentprint.photos.zip_archive import read_zip_member


def read_member(member: Member) -> bytes:
    """The member's bytes.

    Raises:
        OSError: The file that holds it cannot be read.
        EOFError: The file that holds it ends before the member does.
        ValueError: There is no such member, or it is damaged.
    """
    if member.suffix == TABLE:
        from latentprint.photos.table_cells import read_cell

        return read_cell(member)
    archive, end = member.archive, member.offset + member.size
    if isinstance(archive, Address):
        if member.suffix == ".zip":
            with open_address(archive, patient=False) as opened:
                return read_zip_member(cast("BinaryIO", opened), member.offset, member.size)
        if member.size > addresses.LIMITS.largest:
            raise ValueError(f"above {addresses.LIMITS.largest // 10**6} MB")
        data = read_part(archive, member.offset, end)
        if len(data) < member.size:
            raise EOFError
        return data
    with archive.open("rb") as file:
        if member.suffix == ".zip":
            return read_zip_member(file, member.offset, member.size)
        if os.fstat(file.fileno()).st_size < end:
            raise EOFError
        file.seek(member.offset)
        return file.read(member.size)
