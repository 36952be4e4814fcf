"""The whole job: months in, photos with their tables out, resumed wherever it was killed."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from latentprint.errors import UsageError
from latentprint.files import writing
from latentprint.photos.flickr.answers import Candidate
from latentprint.photos.flickr.client import FlickrClient
from latentprint.photos.flickr.failures import FlickrError, NoAnswer, Unavailable
from latentprint.photos.flickr.fetch import fetch
from latentprint.photos.flickr.journal import Journal
from latentprint.photos.flickr.licences import Licence, ask_licences, chosen
from latentprint.photos.flickr.listing import draw, list_window
from latentprint.photos.flickr.tables import kept_rows, write_tables
from latentprint.photos.flickr.wanted import Wanted
from latentprint.photos.flickr.windows import Window, months

JOURNAL = "journal.jsonl"

_FEW = 10
"""A quota of so many photos is not shared between the halves of a span of time."""

_MOST_UNANSWERED = 5
"""After so many photos in a row without an answer, Flickr or the network is down."""


@dataclass(frozen=True)
class FlickrProgress:
    """How far the job is.

    Attributes:
        kept: Photos in the set.
        wanted: Photos that were asked for; None for all.
        skipped: Photos that could not be had.
        month: The month that is worked on, such as "2008-03".
        requests: Requests of this run.
    """

    kept: int
    wanted: int | None
    skipped: int
    month: str
    requests: int


@dataclass(frozen=True)
class Collected:
    """What a finished job has.

    Attributes:
        folder: Where it is.
        kept: Photos in the set.
        skipped: Photos that were asked for and could not be had, by reason; skipped.csv names them.
        left_out: Photos of the searches that do not qualify, by reason.
        requests: Requests of this run.
    """

    folder: Path
    kept: int
    skipped: dict[str, int]
    left_out: dict[str, int]
    requests: int


def collect(
    folder: Path,
    wanted: Wanted,
    client: FlickrClient,
    *,
    on_progress: Callable[[FlickrProgress], None] | None = None,
) -> Collected:
    """Collect freely licensed photos with their EXIF, as a FlickrExif-like set.

    The months are gone through one after the other, each with its share of ``max_photos``, and
    again for what some of them lack. A month with more than 4,000 photos is halved, and its share
    with it, until a search can list a span of time in full; within such a span the places of the
    photos in a seeded draw decide, so that the order of Flickr's answers changes nothing. At most
    ``per_user_month`` photos of one photographer and month are kept.

    Writes photos/<id>.jpg (see ``cleaned_jpeg``: no position, no serial numbers), photos.csv and
    photos.parquet, skipped.csv, and journal.jsonl, from which a killed job goes on.

    Args:
        folder: Where to write; made if it is not there.
        wanted: Which photos.
        client: Asks Flickr.
        on_progress: Called after every photo.

    Raises:
        UsageError: The folder holds the answer to another question.
        FlickrError: Flickr refuses the key or a search, or has stopped to answer.
    """
    with writing(folder), Journal(folder / JOURNAL) as journal:
        _require_same(journal, wanted)
        job = _Job(folder, wanted, client, journal, on_progress)
        try:
            job.run()
        finally:
            write_tables(folder, kept_rows(journal), journal)
        return Collected(
            folder, job.kept, _sorted(job.skipped), _sorted(job.left_out), client.requests
        )


class _Job:
    """One run: it goes through everything from the start, asking only for what is not there."""

    def __init__(
        self,
        folder: Path,
        wanted: Wanted,
        client: FlickrClient,
        journal: Journal,
        on_progress: Callable[[FlickrProgress], None] | None,
    ) -> None:
        self.folder, self.wanted, self.client, self.journal = folder, wanted, client, journal
        self.on_progress = on_progress
        self.kept = 0
        self.skipped: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self._seen: set[str] = set()
        self._listed: set[str] = set()
        self._above_limit: set[str] = set()
        self._of_user_and_month: Counter[tuple[str, str]] = Counter()
        self._unanswered: dict[str, dict[str, str]] = {}
        self._month = ""
        self._licences: dict[str, Licence] = {}

    def run(self) -> None:
        self._licences = self._permitted()
        spans = months(self.wanted.first, self.wanted.last)
        while spans:
            spans = self._pass_through(spans)
        self._settle_unanswered()
        if self._above_limit:
            limit = f"above {self.wanted.per_user_month} of one photographer and month"
            self.left_out[limit] = len(self._above_limit)

    def _pass_through(self, spans: list[Window]) -> list[Window]:
        """Take its share from every month; returns the months that may hold more."""
        fruitful = []
        for number, month in enumerate(spans):
            left = sys.maxsize
            if self.wanted.max_photos is not None:
                left = self.wanted.max_photos - self.kept
            share = -(-left // (len(spans) - number))
            self._month = f"{month.start:%Y-%m}"
            if 0 < share == self._sample(month, share):
                fruitful.append(month)
        return fruitful

    def _permitted(self) -> dict[str, Licence]:
        """The permitted licences, by Flickr's number."""
        known = self.journal.get("licences", "")
        if known is None:
            found = ask_licences(self.client)
            known = [asdict(each) for each in found]
            self.journal.put("licences", "", known)
        permitted = chosen((Licence(**each) for each in known), self.wanted.licences)
        if not permitted:
            raise FlickrError(f"Flickr knows none of: {', '.join(self.wanted.licences)}.")
        return permitted

    def _sample(self, window: Window, quota: int) -> int:
        """Keep up to ``quota`` photos of a span of time; returns how many."""
        if quota <= 0:
            return 0
        halves, listing = window.halves(), self._listing(window, 4 * quota + 100)
        if listing or halves is None:
            got = self._take(listing, quota)
            if got < quota and listing["cut"]:
                got += self._take(self._listing(window, None), quota - got)
            return got
        turned = draw(self.wanted.seed, window.key) < draw(self.wanted.seed, window.key + "/")
        first, second = halves[::-1] if turned else halves
        share = quota if quota <= _FEW else -(-quota // 2)
        of_first = self._sample(first, share)
        got = of_first + self._sample(second, quota - of_first)
        if of_first == share:
            # The first half may hold more, and the second did not use up the rest.
            got += self._sample(first, quota - got)
        return got

    def _listing(self, window: Window, most: int | None) -> dict[str, Any]:
        """The candidates of a span of time, ``most`` at least; empty if it must be halved."""
        listing: dict[str, Any] | None = self.journal.get("window", window.key)
        if listing is None or (most is None and listing.get("cut")):
            most = None if self.wanted.max_photos is None else most
            listing = list_window(self.client, self.wanted, self._licences, window, most) or {}
            self.journal.put("window", window.key, listing)
        if listing and window.key not in self._listed:
            self._listed.add(window.key)
            self.left_out.update(listing["left_out"])
        return listing

    def _take(self, listing: dict[str, Any], quota: int) -> int:
        """Keep the first ``quota`` candidates that can be had; returns how many."""
        got = 0
        for candidate in (Candidate(**each) for each in listing.get("candidates", ())):
            if got == quota:
                break
            if candidate.id in self._seen:
                continue
            counted = (candidate.owner, candidate.month)
            if self._of_user_and_month[counted] >= self.wanted.per_user_month:
                self._above_limit.add(candidate.id)
                continue
            self._seen.add(candidate.id)
            if self._is_kept(candidate):
                self._of_user_and_month[counted] += 1
                self.kept += 1
                got += 1
            self._tell()
        return got

    def _is_kept(self, candidate: Candidate) -> bool:
        """Whether the photo is in the set, after it was asked for if it was not before."""
        outcome = self.journal.get("photo", candidate.id)
        if outcome is None:
            outcome = self._outcome(candidate)
        if "row" in outcome:
            return True
        self.skipped[outcome["reason"]] += 1
        return False

    def _outcome(self, candidate: Candidate) -> dict[str, Any]:
        licence = self._licences[candidate.licence]
        outcome: dict[str, Any]
        try:
            arguments = (self.client, self.journal, self.folder, candidate, licence, self.wanted)
            outcome = {"row": fetch(*arguments)}
        except Unavailable as failure:
            outcome = {"reason": failure.reason, "detail": failure.detail}
        except NoAnswer as failure:
            return self._without_answer(candidate, failure)
        self._settle_unanswered()
        self.journal.put("photo", candidate.id, outcome)
        return outcome

    def _without_answer(self, candidate: Candidate, failure: NoAnswer) -> dict[str, str]:
        """Hold the outcome back: it is a photo's own fault only if others are answered."""
        outcome = {"reason": "no answer", "detail": str(failure)}
        self._unanswered[candidate.id] = outcome
        if len(self._unanswered) >= _MOST_UNANSWERED:
            raise FlickrError(
                f"{failure} So it was for {_MOST_UNANSWERED} photos in a row: run the same command "
                "again later to go on."
            ) from None
        return outcome

    def _settle_unanswered(self) -> None:
        for key, outcome in self._unanswered.items():
            self.journal.put("photo", key, outcome)
        self._unanswered.clear()

    def _tell(self) -> None:
        if self.on_progress is not None:
            skipped = sum(self.skipped.values())
            self.on_progress(
                FlickrProgress(
                    self.kept, self.wanted.max_photos, skipped, self._month, self.client.requests
                )
            )


def _require_same(journal: Journal, wanted: Wanted) -> None:
    """Begin the journal with the question, or check that it is the same one."""
    asked, there = wanted.as_json(), journal.get("wanted", "")
    if there is None:
        journal.put("wanted", "", asked)
    elif there != asked:
        different = [name for name in asked if asked[name] != there.get(name)]
        raise UsageError(
            f"{journal.file.parent} already holds photos for another question; different: "
            f"{', '.join(different)}. Choose another --out."
        )


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))
