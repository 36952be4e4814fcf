"""Flickr's REST interface: asked politely, again after faults, and silent about the key.

The key travels in the body of a POST request, never in a URL, so that no log of a proxy, a server
or the HTTP library can hold it. Whatever an answer says is searched for it before it is used.
"""

from __future__ import annotations

import json
import logging
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from latentprint.errors import LatentprintError, UsageError
from latentprint.photos.flickr.failures import FlickrError, NoAnswer, Unavailable
from latentprint.photos.flickr.key import KEY_VARIABLE
from latentprint.photos.flickr.manners import Manners, asked_wait

if TYPE_CHECKING:
    import httpx2

API_URL = "https://api.flickr.com/services/rest/"

logger = logging.getLogger(__name__)

_HIDDEN = "[key]"
_MEGABYTE = 1_000_000
_LARGEST_ANSWER = 20 * _MEGABYTE
_LARGEST_PHOTO = 200 * _MEGABYTE
_WORTH_A_WORD = 15.0
"""Longer waits, in seconds, are told."""
_BUSY = {408, 425, 429, *range(500, 600)}
# Codes of the API: 0, 10, 105 and 106 pass; 1 and 2 concern one photo; 95 to 98, 100 and 111 to
# 116 will be the answer to every further question.
_PASSING = {0, 10, 105, 106}
_NOT_OURS = {1: "gone", 2: "not shared", 99: "not shared"}

_DEFAULT_MANNERS = Manners()

T = TypeVar("T")


class _TryAgain(Exception):  # noqa: N818 - a message between two methods
    """This try failed, the next may not."""

    def __init__(self, reason: str, *, wait: float | None = None, answered: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.wait, self.answered = reason, wait, answered


@dataclass(frozen=True)
class _Answer:
    status: int
    url: str
    body: bytes


class FlickrClient:
    """Asks Flickr, one request at a time.

    Args:
        key: The key, as ``read_key`` gives it.
        url: Address of the REST interface.
        manners: Waits, tries and time-outs.
        clock: Seconds on a clock that never goes back.
        sleep: Waits for a number of seconds.

    Attributes:
        requests: How many requests were sent, repeats included.

    Raises:
        LatentprintError: The HTTP library is not installed.
        UsageError: The pause is shorter than Flickr permits.
    """

    def __init__(
        self,
        key: str,
        *,
        url: str = API_URL,
        manners: Manners = _DEFAULT_MANNERS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if url == API_URL and manners.pause < 1:
            raise UsageError(
                "Flickr allows 3,600 requests an hour: pause for at least 1 second between two."
            )
        self._key, self._url, self._manners = key, url, manners
        self._clock, self._sleep = clock, sleep
        self._next_turn = clock()
        self._http = _http(manners)
        self.requests = 0

    def __enter__(self) -> FlickrClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def call(
        self, method: str, arguments: Mapping[str, str], read: Callable[[dict[str, Any]], T]
    ) -> T:
        """Ask one method of the API.

        Args:
            method: Its name, such as "flickr.photos.search".
            arguments: Its arguments but for the key and the format.
            read: Makes what is wanted of the answer; ValueError, KeyError, TypeError and
                AttributeError say that the answer is not as documented.

        Raises:
            Unavailable: The photo is gone, or its owner does not share this.
            NoAnswer: Every try failed.
            FlickrError: No further question will be answered either, such as for a wrong key.
        """
        form = {"method": method, **arguments, "format": "json", "nojsoncallback": "1"}
        what = f"{method} {sorted(arguments.items())}"
        return self._patiently(what, lambda: self._ask(form, read))

    def download(self, url: str, read: Callable[[bytes], T]) -> T:
        """Fetch a file; the key is not sent.

        Args:
            url: Its address.
            read: Makes what is wanted of the bytes; ValueError says that they are damaged.

        Raises:
            Unavailable: The file is gone, forbidden, or damaged at every try.
            NoAnswer: Every try failed.
            FlickrError: The server asks for a longer wait than we grant.
        """
        return self._patiently(url, lambda: self._fetch(url, read))

    def _patiently(self, what: str, attempt: Callable[[], T]) -> T:
        """Try until it works, at most so many times, with longer and longer waits."""
        tries = self._manners.tries
        for number in range(tries):
            self._await_turn()
            self.requests += 1
            try:
                return attempt()
            except _TryAgain as failure:
                last = failure
            if number + 1 < tries:
                wait = self._wait(last, what, number)
                if wait >= _WORTH_A_WORD:
                    logger.warning("Flickr: %s: waiting for %.0f s", last.reason, wait)
                self._sleep(wait)
        if last.answered:
            raise Unavailable(last.reason, f"{tries} tries")
        raise NoAnswer(f"Flickr gives no answer ({last.reason}, {tries} tries).")

    def _await_turn(self) -> None:
        wait = self._next_turn - self._clock()
        if wait > 0:
            self._sleep(wait)
        self._next_turn = self._clock() + self._manners.pause

    def _wait(self, failure: _TryAgain, what: str, number: int) -> float:
        """How long to wait after a failure, in seconds."""
        longest = self._manners.longest_wait
        if failure.wait is not None:
            if failure.wait > longest:
                raise FlickrError(
                    f"Flickr asks to wait for {failure.wait / 60:.0f} minutes ({failure.reason}): "
                    "run the same command again then."
                )
            return failure.wait
        return self._manners.wait(what, number)

    def _ask(self, form: Mapping[str, str], read: Callable[[dict[str, Any]], T]) -> T:
        answer = self._exchange("POST", self._url, _LARGEST_ANSWER, {**form, "api_key": self._key})
        if answer.status != 200:
            raise FlickrError(f"Flickr's interface answers with HTTP {answer.status}.")
        text = answer.body.decode("utf-8", "replace").replace(self._key, _HIDDEN)
        try:
            data = json.loads(text)
            failed = data["stat"] != "ok"
            code = int(data["code"]) if failed else 0
            return self._failed(code, str(data.get("message"))) if failed else read(data)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise _TryAgain("the answer is not what the API documents") from None

    def _failed(self, code: int, message: str) -> Any:
        """Raise what a code of the API means."""
        said = f"{code}: {message[:200]}"
        if code in _PASSING:
            raise _TryAgain(said)
        if code in _NOT_OURS:
            raise Unavailable(_NOT_OURS[code], said)
        if code == 100:
            raise FlickrError(
                f"Flickr does not accept the key in {KEY_VARIABLE} ({said}): check it at "
                "https://www.flickr.com/services/apps/."
            )
        raise FlickrError(f"Flickr refuses the question ({said}).")

    def _fetch(self, url: str, read: Callable[[bytes], T]) -> T:
        if not url.startswith(("https://", "http://")):
            raise Unavailable("gone", "its address is none")
        answer = self._exchange("GET", url, _LARGEST_PHOTO)
        if answer.status in (404, 410) or "unavailable" in answer.url.rpartition("/")[2]:
            raise Unavailable("gone", f"HTTP {answer.status}")
        if answer.status != 200:
            raise Unavailable("not shared", f"HTTP {answer.status}")
        try:
            return read(answer.body)
        except ValueError as error:
            raise _TryAgain(str(error), answered=True) from None

    def _exchange(
        self, verb: str, url: str, largest: int, form: Mapping[str, str] | None = None
    ) -> _Answer:
        """Send a request and read its whole answer; an error of the library says no URL."""
        import httpx2

        until = self._clock() + self._manners.deadline
        body = bytearray()
        try:
            # Only files may lie elsewhere: a redirected question would take the key along.
            with self._http.stream(verb, url, data=form, follow_redirects=form is None) as response:
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > largest:
                        raise Unavailable("too large", f"above {largest // _MEGABYTE} MB")
                    if self._clock() > until:
                        raise _TryAgain("time-out")
                if response.status_code in _BUSY:
                    wait = asked_wait(response.headers)
                    raise _TryAgain(f"HTTP {response.status_code}", wait=wait)
                status, where = response.status_code, str(response.url)
                return _Answer(status, where, bytes(body))
        except httpx2.InvalidURL:
            raise Unavailable("gone", "its address is none") from None
        except httpx2.RequestError as error:
            raise _TryAgain(_trouble(error)) from None


def _http(manners: Manners) -> httpx2.Client:
    try:
        import httpx2
    except ImportError:
        raise LatentprintError(
            "Flickr needs an HTTP library: install it with: pip install 'latentprint[flickr]'"
        ) from None
    from importlib.metadata import version

    read, connect = manners.read_timeout, manners.connect_timeout
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
