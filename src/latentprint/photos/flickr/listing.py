"""The photos of a span of time, in an order that no answer's order can change."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import asdict
from typing import Any

from latentprint.photos.flickr.answers import Candidate, Page, read_page, sift
from latentprint.photos.flickr.client import FlickrClient
from latentprint.photos.flickr.failures import FlickrError, Unavailable
from latentprint.photos.flickr.wanted import SIZES, Wanted
from latentprint.photos.flickr.windows import Window

MOST_RESULTS = 4000
"""Different photos that a search gives, whatever it says of their number."""

_PER_PAGE = 500


def list_window(
    client: FlickrClient,
    wanted: Wanted,
    licences: Collection[str],
    window: Window,
    most: int | None,
) -> dict[str, Any] | None:
    """List the candidates of a span of time, or find that it must be halved first.

    Args:
        client: Asks Flickr.
        wanted: Which photos are wanted.
        licences: Flickr's numbers of the permitted licences.
        window: The span of time.
        most: Keep at most so many candidates; None keeps all.

    Returns:
        ``candidates`` (values of ``Candidate``, in the order of their places in the draw; at most
        twice as many of one photographer and month as may be kept, since some cannot be had),
        ``cut`` (whether there are more than ``most``) and ``left_out`` (reason -> number of
        photos), as plain JSON values; None if there are too many photos for one search.

    Raises:
        FlickrError: The search cannot be done.
    """
    found: dict[str, dict[str, Any]] = {}
    number, pages, left_out = 0, 0, Counter[str]()
    while True:
        number += 1
        page = _search(client, wanted, licences, window, number)
        if number == 1 and page.total > MOST_RESULTS:
            if window.halves():
                return None
            left_out["beyond 4,000 in one second"] = page.total - MOST_RESULTS
        # Photos that come or go meanwhile move others, so that pages overlap or are empty.
        pages = max(pages, page.pages)
        for photo in page.photos:
            found.setdefault(str(photo.get("id")), photo)
        if number >= pages or number * max(page.per_page, 1) >= MOST_RESULTS:
            break
    sifted = [sift(photo, wanted, window, licences) for photo in found.values()]
    left_out.update(each for each in sifted if isinstance(each, str))
    candidates = [each for each in sifted if isinstance(each, Candidate)]
    kept = _thinned(candidates, wanted)
    return {
        "candidates": [asdict(each) for each in kept[:most]],
        "cut": most is not None and len(kept) > most,
        "left_out": dict(sorted(left_out.items())),
    }


def _search(
    client: FlickrClient, wanted: Wanted, licences: Iterable[str], window: Window, number: int
) -> Page:
    arguments = {
        "min_taken_date": str(window.start),
        "max_taken_date": str(window.end),
        "license": ",".join(sorted(licences)),
        "safe_search": "1",
        "content_type": "1",
        "content_types": "0",
        "media": "photos",
        "sort": "date-taken-asc",
        "extras": f"license,date_taken,owner_name,url_{SIZES[wanted.size]}",
        "per_page": str(_PER_PAGE),
        "page": str(number),
    }
    if wanted.text:
        arguments["text"] = wanted.text
    if wanted.tags:
        arguments["tags"] = ",".join(sorted(set(wanted.tags)))
    try:
        return client.call("flickr.photos.search", arguments, read_page)
    except Unavailable as failure:
        raise FlickrError(f"Flickr refuses the search ({failure.detail}).") from None


def _thinned(candidates: Iterable[Candidate], wanted: Wanted) -> list[Candidate]:
    """The candidates in the order of the draw, few enough of each photographer and month."""
    counts: Counter[tuple[str, str]] = Counter()
    kept = []
    for each in sorted(candidates, key=lambda one: (draw(wanted.seed, one.id), one.id)):
        counts[each.owner, each.month] += 1
        if counts[each.owner, each.month] <= 2 * wanted.per_user_month:
            kept.append(each)
    return kept


def draw(seed: int, name: str) -> str:
    """A random-looking place that depends on the seed and the name only."""
    return hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=16).hexdigest()
