"""What the tests of Flickr share: time that is injected, runs, and what they leave."""

import dataclasses
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from latentprint.photos.flickr import (
    FlickrClient,
    Manners,
    Wanted,
    collect,
)
from tests.photos.flickr.server import KEY, FakeFlickr

YEAR = Wanted(date(2010, 1, 1), date(2010, 12, 31), min_side=100)
MAY = Wanted(date(2010, 5, 1), date(2010, 5, 31), min_side=100)


class Clock:
    """Time that passes only while someone sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sleeps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


def client(flickr: FakeFlickr, clock: Clock | None = None, **manners: Any) -> FlickrClient:
    clock = clock or Clock()
    return FlickrClient(
        KEY, url=flickr.url, manners=Manners(**manners), clock=clock, sleep=clock.sleep
    )


def run(folder: Path, flickr: FakeFlickr, wanted: Wanted = YEAR, **manners: Any) -> Any:
    with client(flickr, **manners) as asking:
        return collect(folder, wanted, asking)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def with_(**changes: Any) -> Wanted:
    return dataclasses.replace(YEAR, **changes)


def skipped(folder: Path) -> dict[str, str]:
    return dict(
        pl.read_csv(folder / "skipped.csv", infer_schema=False).select("id", "reason").rows()
    )


class Killed(BaseException):
    pass


def interrupted(after: int) -> Clock:
    """A clock that ends the process, so to say, before its next request."""
    clock = Clock()

    def sleep(seconds: float) -> None:
        clock.now += seconds
        clock.sleeps.append(seconds)
        if len(clock.sleeps) > after:
            raise Killed

    clock.sleep = sleep  # type: ignore[method-assign]
    return clock
