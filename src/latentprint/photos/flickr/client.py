"""Flickr's REST interface: asked politely, again after faults, and silent about the key.

The key travels in the body of a POST request, never in a URL, so that no log of a proxy, a server
or the HTTP library can hold it. Whatever an answer says is searched for it before it is used.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from latentprint.errors import UsageError
from latentprint.http import BadAddress, Client, GaveUp, Manners, TooLarge, TryAgain
from latentprint.photos.flickr.failures import FlickrError, NoAnswer, Unavailable
from latentprint.photos.flickr.key import KEY_VARIABLE

API_URL = "https://api.flickr.com/services/rest/"

_HIDDEN = "[key]"
_LARGEST_ANSWER = 20_000_000
_LARGEST_PHOTO = 200_000_000
# Codes of the API: 0, 10, 105 and 106 pass; 1 and 2 concern one photo; 95 to 98, 100 and 111 to
# 116 will be the answer to every further question.
_PASSING = {0, 10, 105, 106}
_NOT_OURS = {1: "gone", 2: "not shared", 99: "not shared"}

_DEFAULT_MANNERS = Manners()

T = TypeVar("T")


class FlickrClient:
    """Asks Flickr, one request at a time.

    Args:
        key: The key, as ``read_key`` gives it.
        url: Address of the REST interface.
        manners: Waits, tries and time-outs.
        clock: Seconds on a clock that never goes back.
        sleep: Waits for a number of seconds.

    Raises:
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
        self._key, self._url = key, url
        self._http = Client("Flickr", manners, clock=clock, sleep=sleep)

    def __enter__(self) -> FlickrClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def requests(self) -> int:
        """How many requests were sent, repeats included."""
        return self._http.requests

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
        try:
            return self._http.patiently(what, attempt)
        except BadAddress as error:
            raise Unavailable("gone", str(error)) from None
        except TooLarge as error:
            raise Unavailable("too large", str(error)) from None
        except GaveUp as end:
            if end.wait is not None:
                raise FlickrError(
                    f"Flickr asks to wait for {end.wait / 60:.0f} minutes ({end.reason}): "
                    "run the same command again then."
                ) from None
            if end.answered:
                raise Unavailable(end.reason, f"{end.tries} tries") from None
            raise NoAnswer(f"Flickr gives no answer ({end.reason}, {end.tries} tries).") from None

    def _ask(self, form: Mapping[str, str], read: Callable[[dict[str, Any]], T]) -> T:
        form = {**form, "api_key": self._key}
        answer = self._http.exchange("POST", self._url, _LARGEST_ANSWER, form)
        if answer.status != 200:
            raise FlickrError(f"Flickr's interface answers with HTTP {answer.status}.")
        text = answer.body.decode("utf-8", "replace").replace(self._key, _HIDDEN)
        try:
            data = json.loads(text)
            failed = data["stat"] != "ok"
            code = int(data["code"]) if failed else 0
            return self._failed(code, str(data.get("message"))) if failed else read(data)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise TryAgain("the answer is not what the API documents") from None

    def _failed(self, code: int, message: str) -> Any:
        """Raise what a code of the API means."""
        said = f"{code}: {message[:200]}"
        if code in _PASSING:
            raise TryAgain(said)
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
        answer = self._http.exchange("GET", url, _LARGEST_PHOTO)
        if answer.status in (404, 410) or "unavailable" in answer.url.rpartition("/")[2]:
            raise Unavailable("gone", f"HTTP {answer.status}")
        if answer.status != 200:
            raise Unavailable("not shared", f"HTTP {answer.status}")
        try:
            return read(answer.body)
        except ValueError as error:
            raise TryAgain(str(error), answered=True) from None
