"""Requests over HTTP: patient with faults that pass, bounded in time, and clear about the rest."""

from __future__ import annotations

import hashlib
import logging
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cache
from typing import IO, TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import httpx2

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT = 5.0
"""Seconds that a host may take to answer ``host_answers``; twice that with all its addresses."""

SILENCE_REMEMBERED = 60.0
"""Seconds for which a host that did not answer is not asked again."""

SLOWEST, SLOW_AFTER = 1024, 60.0
"""Bytes a second below which a file is given up, once it has come for this many seconds."""

_MEGABYTE = 1_000_000
_WORTH_A_WORD = 15.0
"""Longer waits, in seconds, are told."""
_BUSY = {408, 425, 429, *range(500, 600)}

_silent_since: dict[str, float] = {}

T = TypeVar("T")


@dataclass(frozen=True)
class Manners:
    """How patient and how polite to be.

    Attributes:
        pause: Least time between the starts of two requests, in seconds.
        tries: Most tries for one thing.
        first_wait: Wait after the first failure, in seconds; doubled after each further one.
        longest_wait: Longest wait that a server may ask for with Retry-After, in seconds.
        connect_timeout: Longest time for a connection to be made, in seconds.
        read_timeout: Longest silence of the server, in seconds.
        deadline: Longest time for a whole answer that is held in memory, in seconds.
        seed: Seeds the random part of the waits.
    """

    pause: float = 1.0
    tries: int = 5
    first_wait: float = 2.0
    longest_wait: float = 900.0
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    deadline: float = 600.0
    seed: int = 0

    def wait(self, what: str, failures: int) -> float:
        """How long to wait after a failure, in seconds: twice as long each time, spread by half.

        Args:
            what: What was asked for; with the seed it decides the random part.
            failures: How many tries had failed before.
        """
        digest = hashlib.blake2b(f"{self.seed}:{failures}:{what}".encode(), digest_size=4).digest()
        spread = 0.5 + int.from_bytes(digest, "big") / 2**32
        return min(self.longest_wait, self.first_wait * float(2**failures) * spread)


@dataclass(frozen=True)
class Answer:
    """A whole answer.

    Attributes:
        status: The HTTP status, none of those that pass.
        url: Where it came from in the end.
        body: Its contents.
        headers: What was said of them, by names in lower case.
    """

    status: int
    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class TryAgain(Exception):  # noqa: N818 - a message, not an error
    """This try failed, the next may not.

    Attributes:
        reason: Why, in words that do not change from time to time and hold no URL.
        wait: The wait in seconds that the server asks for.
        answered: Whether there was an answer, and its contents are at fault.
    """

    def __init__(self, reason: str, *, wait: float | None = None, answered: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.wait, self.answered = reason, wait, answered


class GaveUp(Exception):  # noqa: N818 - a finding about a thing, not an error of ours
    """It cannot be had: every try failed, or none would help.

    Attributes:
        reason: Why the last try failed; see ``TryAgain``.
        tries: How many there were.
        wait: The wait in seconds that the server asks for, where it was too long.
        answered: Whether there was an answer, and its contents are at fault.
    """

    def __init__(
        self, reason: str, tries: int, *, wait: float | None = None, answered: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason, self.tries, self.wait, self.answered = reason, tries, wait, answered


class BadAddress(Exception):  # noqa: N818 - a finding about a thing, not an error of ours
    """An address is none; the message says so."""


class TooLarge(Exception):  # noqa: N818 - a finding about a thing, not an error of ours
    """An answer is larger than was allowed; the message says what that is."""


class Client:
    """Sends one request at a time. Proxies are those of the environment.

    Args:
        name: Who is asked, as the log says it.
        manners: Waits, tries and time-outs.
        clock: Seconds on a clock that never goes back.
        sleep: Waits for a number of seconds.

    Attributes:
        requests: How many requests were sent, repeats included.
    """

    def __init__(
        self,
        name: str,
        manners: Manners,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._name, self._manners = name, manners
        self._clock, self._sleep = clock, sleep
        self._next_turn = clock()
        self._session = _session(manners.connect_timeout, manners.read_timeout)
        self.requests = 0

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def patiently(self, what: str, attempt: Callable[[], T]) -> T:
        """Try until it works, at most so many times, with longer and longer waits.

        Args:
            what: What is asked for; decides the random part of the waits.
            attempt: Sends one request, and raises TryAgain if another may help.

        Raises:
            GaveUp: Every try failed, or the server asks for a longer wait than we grant.
        """
        tries = self._manners.tries
        for number in range(1, tries + 1):
            self._await_turn()
            self.requests += 1
            try:
                return attempt()
            except TryAgain as failure:
                last = failure
            if number < tries:
                wait = self._wait(last, what, number)
                if wait >= _WORTH_A_WORD:
                    logger.warning("%s: %s: waiting for %.0f s", self._name, last.reason, wait)
                self._sleep(wait)
        raise GaveUp(last.reason, tries, answered=last.answered)

    def exchange(
        self,
        verb: str,
        url: str,
        largest: int,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request and read its whole answer.

        Args:
            verb: "GET" or "POST".
            url: The address.
            largest: Most bytes to read.
            form: Fields to send; a form is sent to this address alone, and never redirected.
            headers: Further headers. A whole file is no answer to one that asks for a part.

        Raises:
            TryAgain: There is no answer, or one that passes.
            BadAddress: The address is none, or leads nowhere.
            TooLarge: The answer is.
        """
        until = self._clock() + self._manners.deadline
        body = bytearray()
        # Only files may lie elsewhere: a redirected form would take along what is secret in it.
        options = {"data": form, "headers": headers, "follow_redirects": form is None}
        with self._stream(verb, url, **options) as response:
            if response.status_code == 200 and "Range" in (headers or {}):
                raise BadAddress("its server sends no parts of files")
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > largest:
                    raise TooLarge(f"above {largest // _MEGABYTE} MB")
                if self._clock() > until:
                    raise TryAgain("time-out")
            told = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, str(response.url), bytes(body), told)

    def receive(self, url: str, opened: IO[bytes]) -> None:
        """Fill a file from a URL; a transfer that breaks is taken up where it broke.

        Args:
            url: The address.
            opened: An empty file, open for writing and seeking.

        Raises:
            GaveUp: It is not there, or every try failed.
            BadAddress: The address is none.
            OSError: The file cannot be written.
        """
        validator: str | None = None

        def attempt() -> None:
            nonlocal validator
            # What was received is only continued if the server can tell that it is the same.
            headers = {"Accept-Encoding": "identity"}
            if validator and opened.tell():
                headers |= {"Range": f"bytes={opened.tell()}-", "If-Range": validator}
            with self._stream("GET", url, headers=headers, follow_redirects=True) as response:
                if response.status_code not in (200, 206):
                    raise GaveUp(f"HTTP {response.status_code}", 1)
                if response.status_code == 200:
                    opened.seek(0)
                    opened.truncate()
                validator = response.headers.get("ETag")
                self._fill(opened, response)

        self.patiently(url, attempt)

    def _fill(self, opened: IO[bytes], response: httpx2.Response) -> None:
        begun, received = self._clock(), 0
        for chunk in response.iter_raw():
            opened.write(chunk)
            received += len(chunk)
            seconds = self._clock() - begun
            if seconds > SLOW_AFTER and received < SLOWEST * seconds:
                raise TryAgain(f"only {received} bytes in {seconds:.0f} s")

    @contextmanager
    def _stream(self, verb: str, url: str, **options: Any) -> Iterator[httpx2.Response]:
        import httpx2

        try:
            with self._session.stream(verb, url, **options) as response:
                if response.status_code in _BUSY:
                    wait = asked_wait(response.headers)
                    raise TryAgain(f"HTTP {response.status_code}", wait=wait)
                yield response
        except httpx2.InvalidURL:
            raise BadAddress("its address is none") from None
        except httpx2.UnsupportedProtocol:
            raise BadAddress("its address leads to one that is not http:// or https://") from None
        except httpx2.TooManyRedirects:
            raise BadAddress("its address leads on without end") from None
        except httpx2.RequestError as error:
            raise TryAgain(_trouble(error)) from None

    def _await_turn(self) -> None:
        wait = self._next_turn - self._clock()
        if wait > 0:
            self._sleep(wait)
        self._next_turn = self._clock() + self._manners.pause

    def _wait(self, failure: TryAgain, what: str, number: int) -> float:
        """How long to wait after the failure of a try, in seconds."""
        if failure.wait is None:
            return self._manners.wait(what, number - 1)
        if failure.wait > self._manners.longest_wait:
            raise GaveUp(failure.reason, number, wait=failure.wait)
        return failure.wait


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """The wait in seconds that Retry-After asks for: a number, or a date by the server's clock."""
    asked = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}", asked):
        return float(asked)
    try:
        then, now = (parsedate_to_datetime(each) for each in (asked, headers.get("Date", "")))
        return max(0.0, (then - now).total_seconds())
    except (TypeError, ValueError):
        return None


def host_answers(url: str, ask: Callable[[], object] | None = None) -> bool:
    """Whether a host answers soon, whatever it answers.

    A host that did not is not asked again for a minute, so that many encoders do not wait for it
    one after another.

    Args:
        url: An address of the host.
        ask: Sends one request to it, and raises anything if there is no answer; by default one
            for the head of ``url``.
    """
    host = urlsplit(url).netloc
    if time.monotonic() - _silent_since.get(host, -SILENCE_REMEMBERED) < SILENCE_REMEMBERED:
        return False
    answered = threading.Event()

    def try_it() -> None:
        try:
            (ask or (lambda: _ask_head(url)))()
        except Exception:  # the hub's session, and so its errors, differ between versions
            return
        answered.set()

    # Timeouts count for each address of a host, and name servers have their own: only a thread
    # that is waited for bounds all of them together.
    thread = threading.Thread(target=try_it, daemon=True)
    thread.start()
    thread.join(2 * CONNECT_TIMEOUT)
    if not answered.is_set():
        _silent_since[host] = time.monotonic()
    return answered.is_set()


def _ask_head(url: str) -> None:
    with _session(CONNECT_TIMEOUT, CONNECT_TIMEOUT) as session:
        session.head(url, follow_redirects=True)


def _session(connect: float, read: float) -> httpx2.Client:
    """A session of the HTTP library with both time-outs, in seconds."""
    from importlib.metadata import version

    import httpx2

    return httpx2.Client(
        headers={"User-Agent": f"latentprint/{version('latentprint')}"},
        timeout=httpx2.Timeout(connect=connect, read=read, write=read, pool=connect),
        verify=_certificates(),
        max_redirects=3,
    )


@cache
def _certificates() -> ssl.SSLContext:
    """Whom to trust; to read it takes longer than a request."""
    import httpx2

    return httpx2.create_ssl_context()


def _trouble(error: httpx2.RequestError) -> str:
    """What went wrong on the way, in words that do not change from time to time."""
    import httpx2

    if isinstance(error, httpx2.TimeoutException):
        return "time-out"
    if isinstance(error, httpx2.ConnectError):
        return f"no connection: {error}" if "CERTIFICATE" in str(error) else "no connection"
    if isinstance(error, (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError)):
        return "the connection was cut"
    return type(error).__name__
