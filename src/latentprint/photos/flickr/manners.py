"""How to be a welcome guest: pauses, patience and time-outs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime


@dataclass(frozen=True)
class Manners:
    """How patient and how polite to be.

    Attributes:
        pause: Least time between the starts of two requests, in seconds. Flickr allows 3,600
            requests an hour for each key.
        tries: Most tries for one thing.
        first_wait: Wait after the first failure, in seconds; doubled after each further one.
        longest_wait: Longest wait that a server may ask for with Retry-After, in seconds.
        connect_timeout: Longest time for a connection to be made, in seconds.
        read_timeout: Longest silence of the server, in seconds.
        deadline: Longest time for a whole answer, in seconds.
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
