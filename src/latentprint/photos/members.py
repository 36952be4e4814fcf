"""The bytes of a file that lies inside another.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import os

from latentprint.photos.location import TABLE, Member
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
    with member.archive.open("rb") as file:
        if member.suffix == ".zip":
            return read_zip_member(file, member.offset, member.size)
        if os.fstat(file.fileno()).st_size < member.offset + member.size:
            raise EOFError
        file.seek(member.offset)
        return file.read(member.size)
