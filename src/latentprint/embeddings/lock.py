"""Who writes to a store: one process, or several that share the work.

The system keeps the locks (``flock``) and frees them when a process ends, however it ends: a lock
file that was left behind holds nobody up. Files are removed by the last who holds them.
"""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from latentprint.errors import LatentprintError
from latentprint.files import writing

try:
    import fcntl
except ImportError:  # Windows: two writers cost twice the time, and write the same
    fcntl = None  # type: ignore[assignment]

logger = logging.getLogger(__name__)

_NAME = ".lock"

_Refusal = Callable[[str], str]
"""Says that a lock is held, of the words for who holds it."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Be the only process that writes to a folder.

    Args:
        folder: The folder of a store; made if need be.

    Raises:
        LatentprintError: Another process writes to it, or nobody can.
    """

    def refusal(holder: str) -> str:
        return (
            f"{folder} is being written to by {holder}: wait for it to end, or choose another "
            "--out."
        )

    with _held(folder / _NAME, refusal):
        # Nobody shares the folder now: these were left by processes that were killed.
        for left in folder.glob(f"{_NAME}-*"):
            with suppress(OSError):
                left.unlink()
        yield


@contextmanager
def shared(folder: Path) -> Iterator[None]:
    """Be one of several that write to a folder, each different shards.

    Args:
        folder: The folder of a store; made if need be.

    Raises:
        LatentprintError: A process writes to it that shares no work, or nobody can.
    """

    def refusal(holder: str) -> str:
        return (
            f"{folder} is being written to by {holder}, without --shards: wait for it to end, or "
            "choose another --out."
        )

    with _held(folder / _NAME, refusal, alone=False):
        yield


@contextmanager
def share_locked(folder: Path, share: str) -> Iterator[None]:
    """Be the only process that makes a share of a store.

    Raises:
        LatentprintError: Another process makes it.
    """

    def refusal(holder: str) -> str:
        return f"Share {share} of {folder} is being made by {holder}: wait for it to end."

    with _held(folder / f"{_NAME}-{share.replace('/', '-of-')}", refusal):
        yield


@contextmanager
def turn(folder: Path) -> Iterator[None]:
    """Wait until no other process plans or finishes a store, and keep them waiting meanwhile."""
    with _held(folder / f"{_NAME}-plan"):
        yield


def others_share(folder: Path, share: str) -> bool:
    """Whether processes make other shares of a store at this time."""
    own = f"{_NAME}-{share.replace('/', '-of-')}"
    return any(path.name != own and _is_held(path) for path in folder.glob(f"{_NAME}-*-of-*"))


def _is_held(path: Path) -> bool:
    if fcntl is None:
        return False
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


@contextmanager
def _held(path: Path, refusal: _Refusal | None = None, *, alone: bool = True) -> Iterator[None]:
    """Hold a lock file.

    Args:
        path: The file; its folder is made if need be.
        refusal: Says that another holds it; None to wait for it.
        alone: Whether nobody else may hold it.

    Raises:
        LatentprintError: Another process holds it, or nobody can.
    """
    with writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _acquire(path, refusal, alone)
    try:
        yield
    finally:
        # Removed before it is freed: whoever waited for this very file looks whether it is there.
        if alone or _alone_now(descriptor):
            with suppress(OSError):
                path.unlink()
        os.close(descriptor)


def _acquire(path: Path, refusal: _Refusal | None, alone: bool) -> int:
    if fcntl is None:
        return os.open(path, os.O_RDWR | os.O_CREAT)
    how = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(descriptor, how | (0 if refusal is None else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(descriptor)
            if refusal is None:
                continue
            raise LatentprintError(refusal(_holder(path))) from None
        except OSError as error:
            logger.warning("%s cannot be locked (%s): let no second process write to it.",
                           path.parent, error.strerror)  # fmt: skip
            return descriptor
        with suppress(OSError):
            if _same(descriptor, path):
                os.truncate(descriptor, 0)
                os.write(descriptor, _words())
                return descriptor
        os.close(descriptor)


def _alone_now(descriptor: int) -> bool:
    """Whether nobody else holds a lock that may be shared; it is held alone from then on."""
    if fcntl is None:
        return True
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _same(descriptor: int, path: Path) -> bool:
    """Whether the locked file is still the one of that name, and not one that was removed."""
    return os.path.samestat(os.fstat(descriptor), path.stat())


def _words() -> bytes:
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return json.dumps({"process": os.getpid(), "host": socket.gethostname(), "since": now}).encode()


def _holder(path: Path) -> str:
    try:
        said = json.loads(path.read_text())
        return f"process {said['process']} on {said['host']} (since {said['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
