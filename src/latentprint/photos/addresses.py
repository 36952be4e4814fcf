"""The bytes of files at addresses: over HTTP by our own client, of object stores by fsspec.

One try is one request: those who read photos try again what may pass (``embeddings.worker``), and
``open_address`` does where it is asked to.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import io
import logging
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any, TypeVar

from latentprint.errors import UsageError, brief
from latentprint.http import Answer, BadAddress, Client, Manners, TooLarge, TryAgain
from latentprint.photos.formats import install, installed
from latentprint.photos.location import Address, is_address, without_credentials

T = TypeVar("T")

BLOCK = 1 << 20
"""Bytes that are read at once of a file that is looked through."""

_EXTRAS = {"s3": "s3", "gs": "gcs"}
_PAGE = 1 << 16
PAUSES = (0.5, 2.0, 5.0)
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


@dataclass(frozen=True)
class Limits:
    """How long, and for how much, is waited.

    Attributes:
        connect: Longest time for a connection to be made, in seconds.
        read: Longest silence of a server, in seconds.
        deadline: Longest time for one photo, in seconds.
        wait: Longest wait that a server may ask for before the next try, in seconds.
        largest: Most bytes of a photo.
    """

    connect: float = 10.0
    read: float = 30.0
    deadline: float = 300.0
    wait: float = 60.0
    largest: int = 1 << 30


LIMITS = Limits()


class Away(OSError):  # noqa: N818 - a finding about a file, not an error of ours
    """A file cannot be had at present: it says nothing of the file.

    What does not pass (no such file, too large) is a ValueError.

    Attributes:
        wait: Seconds before which no further try would help.
    """

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


def require_extras(paths: Iterable[str], source: str) -> None:
    """Look whether what addresses need is installed, before any is read.

    Args:
        paths: Addresses, or paths, of which those of one scheme need the same.
        source: Where they stand.

    Raises:
        UsageError: Something is missing.
    """
    for scheme in sorted({path.partition(":")[0].lower() for path in paths if is_address(path)}):
        extra = _EXTRAS.get(scheme)
        if extra is not None and not installed(extra):
            raise UsageError(
                f"{source}: an address of {scheme}:// needs an extra: {install(extra)}"
            )


def read_address(address: Address) -> bytes:
    """The bytes of a file.

    Raises:
        Away: It cannot be had at present.
        ValueError: There is no such file, or it is too large.
    """
    if address.scheme in _EXTRAS:
        # The end bounds what is sent: the size of an object would take a request of its own.
        data = _part_of_object(address, 0, LIMITS.largest + 1)
        if len(data) > LIMITS.largest:
            raise ValueError(f"above {LIMITS.largest // 10**6} MB")
        return data
    return _answer(address).body


def read_part(address: Address, start: int, end: int) -> bytes:
    """Bytes of a file; fewer where it ends before.

    Raises:
        Away: They cannot be had at present.
        ValueError: There is no such file, or its server sends no parts.
    """
    if address.scheme in _EXTRAS:
        return _part_of_object(address, start, end)
    answer = _answer(address, start, end)
    if answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return b""
    first, last, _ = _sent(answer)
    if first != start or len(answer.body) != last - first + 1:
        raise Away("another part was sent than was asked for")
    return answer.body


def size_of(address: Address) -> int:
    """Bytes of a file.

    Raises:
        Away: It cannot be had at present.
        ValueError: There is no such file, or its server does not say.
    """
    if address.scheme in _EXTRAS:
        return int(_of_objects(address, lambda store: store.info(address.key)["size"]))
    answer = _answer(address, 0, 1)
    if answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return 0
    size = _sent(answer)[2]
    if size is None:
        raise ValueError("its server does not tell its size")
    return size


def is_there(address: Address) -> bool:
    """Whether there is such a file.

    Raises:
        Away: It cannot be known at present.
    """
    try:
        patiently(lambda: size_of(address))
    except ValueError:
        return False
    return True


def list_below(folder: Address) -> list[str]:
    """The paths of all files below a folder of an object store, sorted.

    Raises:
        Away: They cannot be listed at present.
        ValueError: There is no such folder.
    """
    prefix = folder.key.rstrip("/")
    names = patiently(lambda: _of_objects(folder, lambda store: store.find(prefix)))
    # What stands for a folder itself has a slash at its end.
    below = (str(name).removeprefix(f"{prefix}/") for name in names)
    return sorted(name for name in below if name and not name.endswith("/"))


def open_address(address: Address, *, patient: bool = True) -> io.BufferedReader:
    """A file to read from and to seek in; each megabyte that is looked at is one request.

    Args:
        address: The file.
        patient: Try again what may pass.
    """
    return io.BufferedReader(_AddressFile(address, patient), BLOCK)


def patiently(work: Callable[[], T]) -> T:
    """Try a few times what may pass.

    Raises:
        Away: It did not.
    """
    for pause in PAUSES:
        try:
            return work()
        except Away as failure:
            time.sleep(max(pause, failure.wait))
    return work()


class _AddressFile(io.RawIOBase):
    def __init__(self, address: Address, patient: bool) -> None:
        self._address, self._at = address, 0
        self._size: int | None = None
        self._ask: Callable[[Callable[[], Any]], Any] = patiently if patient else lambda ask: ask()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            if self._size is None:
                self._size = self._ask(lambda: size_of(self._address))
            offset += self._size
        elif whence == io.SEEK_CUR:
            offset += self._at
        self._at = offset
        return offset

    def readinto(self, buffer: Any) -> int:
        if not len(buffer):
            return 0
        end = self._at + len(buffer)
        data: bytes = self._ask(lambda: read_part(self._address, self._at, end))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


@cache
def _client(limits: Limits) -> Client:
    manners = Manners(
        pause=0.0,
        connect_timeout=limits.connect,
        read_timeout=limits.read,
        deadline=limits.deadline,
    )
    # The library tells every address that it asks for.
    logging.getLogger("httpx2").addFilter(_conceal)
    return Client("photos", manners)


def _conceal(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple):
        record.args = tuple(
            without_credentials(str(each)) if is_address(str(each)) else each
            for each in record.args
        )
    return True


def _answer(address: Address, start: int = 0, end: int | None = None) -> Answer:
    """A whole file, or part of one, as a server answers."""
    headers, largest = {"Accept-Encoding": "identity"}, LIMITS.largest
    if end is not None:
        headers["Range"], largest = f"bytes={start}-{end - 1}", max(end - start, _PAGE)
    try:
        answer = _client(LIMITS).exchange("GET", address.text, largest, headers=headers)
    except TryAgain as failure:
        raise Away(failure.reason, min(failure.wait or 0.0, LIMITS.wait)) from None
    except (BadAddress, TooLarge) as error:
        raise ValueError(str(error)) from None
    status = HTTPStatus(answer.status) if answer.status in set(HTTPStatus) else None
    if status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        return answer
    if end is not None and status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return answer
    reason = f"HTTP {answer.status}" + (f" {status.phrase}" if status else "")
    # Signatures expire and passwords change: the photo is there all the same.
    expired = status == HTTPStatus.FORBIDDEN and address.is_signed
    if expired or status == HTTPStatus.UNAUTHORIZED:
        raise Away(reason)
    raise ValueError(reason)


def _sent(answer: Answer) -> tuple[int, int, int | None]:
    """The first and last byte of a part, and the size of the whole."""
    found = _RANGE.fullmatch(answer.headers.get("content-range", ""))
    if found is None:
        raise ValueError("its server does not say which part of the file it sends")
    first, last, size = found.groups()
    return int(first), int(last), None if size == "*" else int(size)


@cache
def _object_store(scheme: str, limits: Limits) -> Any:
    """The file system of fsspec; credentials and end point are those of the environment."""
    import fsspec

    if scheme == "gs":
        return fsspec.filesystem("gs", use_listings_cache=False)
    store = fsspec.filesystem(
        "s3",
        use_listings_cache=False,
        skip_instance_cache=True,  # another may try as often as it likes
        config_kwargs={
            "connect_timeout": limits.connect,
            "read_timeout": limits.read,
            "retries": {"total_max_attempts": 1},
        },
    )
    store.retries = 1
    return store


def _part_of_object(address: Address, start: int, end: int) -> bytes:
    try:
        work = _of_objects(address, lambda store: store.cat_file(address.key, start=start, end=end))
    except _BeyondEnd:
        return b""
    return bytes(work)


class _BeyondEnd(Exception):  # noqa: N818 - a message, not an error
    """A part begins behind the end of an object."""


def _of_objects(address: Address, work: Callable[[Any], T]) -> T:
    """Ask an object store, and tell failures that pass from those that last."""
    try:
        return work(_object_store(address.scheme, LIMITS))
    except FileNotFoundError as error:
        # A bucket that is away says nothing of what is in it.
        if _code(error) == "NoSuchBucket":
            raise Away("there is no such bucket") from None
        raise ValueError("there is no such object") from None
    except PermissionError as error:
        # Credentials expire: the photo is there all the same.
        raise Away(f"permission denied ({_first_line(error)})") from None
    except Exception as error:  # those of aiohttp, botocore and gcsfs have no common ancestor
        if _code(error) in ("InvalidRange", "416"):
            raise _BeyondEnd from None
        name = type(error).__name__
        if isinstance(error, TimeoutError) or "Timeout" in name:
            raise Away("time-out") from None
        raise Away("no connection" if "Connect" in name else brief(error)) from None


def _code(error: BaseException) -> str:
    """What Amazon's protocol calls a failure, or Google's number; empty where they say nothing."""
    response = getattr(error.__cause__ or error, "response", None)
    told = response.get("Error", {}) if isinstance(response, dict) else {}
    return str(told.get("Code") or getattr(error, "code", None) or "")


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
