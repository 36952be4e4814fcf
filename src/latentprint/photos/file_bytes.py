"""The bytes of a photo's file, or a short reason why there are none."""

from __future__ import annotations

import errno
import io
import stat
import time
from collections.abc import Callable
from typing import IO, TypeVar

from latentprint.errors import LatentprintError
from latentprint.photos import addresses
from latentprint.photos.addresses import Away, read_address
from latentprint.photos.location import Address, Location, member_at
from latentprint.photos.members import read_member

T = TypeVar("T")


class BrokenPhoto(LatentprintError):  # noqa: N818 - a finding about a photo, shown as a status
    """A file that cannot be decoded; the message is a short reason without the path."""


class UnreachablePhoto(BrokenPhoto):
    """A file that cannot be had at present: missing, or its disk or network fails.

    It says nothing of the photo, which may be there again a moment later.

    Attributes:
        wait: Seconds before which no further try would help.
    """

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


# Failures that come with the path itself and do not pass.
_LASTING = (errno.ELOOP, errno.ENAMETOOLONG)


def read_bytes(path: Location) -> bytes:
    """The bytes of a regular file, archive member or address; a pipe like a photo would block.

    Raises:
        UnreachablePhoto: If there are none to be had at present.
        BrokenPhoto: If there are none to be had.
    """
    member = member_at(path)
    file = path if member is None else member.archive
    try:
        if not isinstance(file, Address) and not stat.S_ISREG(file.stat().st_mode):
            raise BrokenPhoto("not a file: a folder, a device or a pipe")
        data = _whole(file) if member is None else read_member(member)
    except Away as failure:
        raise UnreachablePhoto(str(failure), failure.wait) from None
    except FileNotFoundError:
        link = not isinstance(file, Address) and file.is_symlink()
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


def reached(path: Location, read: Callable[[Location], T]) -> T:
    """Read a photo, and at an address try again what may pass.

    Raises:
        UnreachablePhoto: It did not pass.
        BrokenPhoto: As ``read`` does.
    """
    for pause in addresses.PAUSES if isinstance(path, Address) else ():
        try:
            return read(path)
        except UnreachablePhoto as failure:
            time.sleep(max(pause, failure.wait))
    return read(path)


def _whole(file: Location) -> bytes:
    return read_address(file) if isinstance(file, Address) else file.read_bytes()


def open_beginning(path: Location) -> IO[bytes]:
    """A plain file to read from, or the whole of anything else.

    Raises:
        BrokenPhoto: If it is neither.
    """
    try:
        if not isinstance(path, Address) and path.is_file() and path.stat().st_size:
            return path.open("rb")
    except (OSError, ValueError):
        pass  # what is wrong is for read_bytes to say
    return io.BytesIO(read_bytes(path))
