"""A small Flickr to ask, and one with more photos than a search gives."""

from collections.abc import Iterator

import pytest

from latentprint.photos.flickr import (
    listing,
)
from tests.photos.flickr.server import FakeFlickr, Photo, running


@pytest.fixture(autouse=True)
def _own_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxies; and no waiting for the disk, since no test cuts the power."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


@pytest.fixture
def flickr() -> Iterator[FakeFlickr]:
    """Twelve photos of six photographers in two months."""
    photos = [
        Photo(str(100 + n), owner=f"{n % 6}@N00", taken=f"2010-0{3 + n % 2}-1{n % 9} 10:00:{n:02}")
        for n in range(12)
    ]
    with running(FakeFlickr(photos)) as server:
        yield server


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeFlickr]:
    """A month with many more photos than a search gives: 40 in this test."""
    monkeypatch.setattr(listing, "MOST_RESULTS", 40)
    monkeypatch.setattr(listing, "_PER_PAGE", 10)
    photos = [
        Photo(str(1000 + n), owner=f"{n}@N00", taken=f"2010-05-{1 + n % 31:02} 0{n % 7}:00:00")
        for n in range(100)
    ]
    with running(FakeFlickr(photos)) as server:
        server.most = 40
        yield server
