"""The bytes of a photo's file, or a short reason why there are none."""

from __future__ import annotations

import errno
import io
import stat
from pathlib import Path
from typing import IO

from latentprint.errors import LatentprintError
from latentprint.photos.location import member_at
from latentprint.photos.members import read_member


class BrokenPhoto(LatentprintError):  # noqa: N818 - a finding about a photo, shown as a status
    """A file that cannot be decoded; the message is a short reason without the path."""


class UnreachablePhoto(BrokenPhoto):
    """A file that cannot be had at present: missing, or its disk or network fails.

    It says nothing of the photo, which may be there again a moment later.
    """


# Failures that come with the path itself and do not pass.
_LASTING = (errno.ELOOP, errno.ENAMETOOLONG)


def read_bytes(path: Path) -> bytes:
    """The bytes of a regular file or archive member; a pipe named like a photo would block.

    Raises:
        UnreachablePhoto: If there are none to be had at present.
        BrokenPhoto: If there are none to be had.
    """
    member = member_at(path)
    file = path if member is None else member.archive
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise BrokenPhoto("not a file: a folder, a device or a pipe")
        data = path.read_bytes() if member is None else read_member(member)
    except FileNotFoundError:
        link = file.is_symlink()
        raise UnreachablePhoto(
            "the link points to nothing" if link else "there is no such file"
        ) from None
    except EOFError:
        raise BrokenPhoto("the archive ends before the photo does") from None
    except PermissionError:
        raise UnreachablePhoto("permission denied") from None
    except MemoryError:
        raise BrokenPhoto("too large for memory") from None
    except (OSError, ValueError) as error:
        number = error.errno if isinstance(error, OSError) else None
        loop = number == errno.ELOOP
        reason = "the link points to itself" if loop else f"the file cannot be read: {error}"
        passing = isinstance(error, OSError) and number not in _LASTING
        kind = UnreachablePhoto if passing else BrokenPhoto
        raise kind(reason.replace(f": {str(file)!r}", "")) from None
    if not data:
        raise BrokenPhoto("the file is empty")
    return data


def open_beginning(path: Path) -> IO[bytes]:
    """A plain file to read from, or the whole of anything else.

    Raises:
        BrokenPhoto: If it is neither.
    """
    try:
        if path.is_file() and path.stat().st_size:
            return path.open("rb")
    except (OSError, ValueError):
        pass  # what is wrong is for read_bytes to say
    return io.BytesIO(read_bytes(path))
