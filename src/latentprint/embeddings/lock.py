"""One writer for each store: the second is refused, and what a killed one left is taken over."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from latentprint.errors import LatentprintError
from latentprint.files import writing

logger = logging.getLogger(__name__)

_NAME = ".lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Be the only process that writes to a folder.

    The system keeps the lock (``flock``) and frees it when the process ends, however it ends: a
    lock file that was left behind holds nobody up. It is removed at the end.

    Args:
        folder: The folder of a store; made if need be.

    Raises:
        LatentprintError: Another process writes to it, or nobody can.
    """
    path = folder / _NAME
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = _acquire(path)
    try:
        yield
    finally:
        # Removed before it is freed: whoever waited for this very file looks whether it is there.
        with suppress(OSError):
            path.unlink()
        os.close(descriptor)


def _acquire(path: Path) -> int:
    try:
        import fcntl
    except ImportError:  # Windows: two writers cost twice the time, and write the same
        return os.open(path, os.O_RDWR | os.O_CREAT)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise LatentprintError(
                f"{path.parent} is being written to by {_holder(path)}: wait for it to end, or "
                "choose another --out."
            ) from None
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
