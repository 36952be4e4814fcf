"""Which photos a canary holds: every kind of file that there is, and for the rest a fair draw."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import PurePosixPath

from latentprint.errors import LatentprintError, UsageError
from latentprint.photos import BrokenPhoto, Photos, decode
from latentprint.photos.decode import read_header
from latentprint.photos.header import Header
from latentprint.photos.location import Location

FEWEST_PHOTOS, MOST_PHOTOS = 32, 256

LOOKED_AT = 5000
"""Photos whose headers are read, at most; every suffix has its turn."""

OF_EACH_KIND = 2
"""Photos of every kind that are taken first, where there are as many."""

WANTED = ("odd size", "CMYK", "EXIF-rotated", "greyscale", "PNG", "WEBP")
"""Kinds of files on which decoders and pipelines differ; a canary without one says so."""

_COLOURS = {
    "CMYK": "CMYK",
    "L": "greyscale",
    "1": "greyscale",
    "LA": "greyscale",
    "P": "palette",
    "RGBA": "alpha",
}


@dataclass(frozen=True)
class ChosenPhoto:
    """A photo of a canary, where it comes from.

    Attributes:
        id: Its id in the set.
        path: Its file.
        kinds: What kind of file it is, sorted.
    """

    id: str
    path: Location
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """The photos that were chosen.

    Attributes:
        photos: In the order of their ids.
        looked_at: Photos whose headers were read.
        available: Photos of the set.
    """

    photos: tuple[ChosenPhoto, ...]
    looked_at: int
    available: int

    @property
    def lacking(self) -> tuple[str, ...]:
        """The kinds among ``WANTED`` that no photo is of."""
        present = {kind for photo in self.photos for kind in photo.kinds}
        return tuple(kind for kind in WANTED if kind not in present)


def check_count(count: int) -> None:
    """Refuse a number of photos before any is read.

    Raises:
        UsageError: It is out of range.
    """
    if not FEWEST_PHOTOS <= count <= MOST_PHOTOS:
        raise UsageError(
            f"A canary holds {FEWEST_PHOTOS} to {MOST_PHOTOS} photos, and {count} are asked for."
        )


def choose(photos: Photos, count: int, seed: int) -> Choice:
    """Choose photos by their ids and the seed, whatever the order of the files.

    Rare kinds of files come first, one photo of each and then another; the rest is drawn from all.
    Photos that cannot be decoded, and copies of a picture, are passed over.

    Args:
        photos: The set.
        count: How many, from 32 to 256.
        seed: Seeds the draw.

    Raises:
        UsageError: ``count`` is out of range.
        LatentprintError: There are too few photos that can be decoded.
    """
    check_count(count)
    candidates = list(_candidates(photos, seed))
    by_kind: dict[str, list[ChosenPhoto]] = defaultdict(list)
    for candidate in candidates:
        for kind in candidate.kinds:
            by_kind[kind].append(candidate)
    rarest = sorted(by_kind, key=lambda kind: (len(by_kind[kind]), kind))
    taking = _Taking(count)
    for wanted in range(1, OF_EACH_KIND + 1):
        for kind in rarest:
            taking.take(by_kind[kind], kind, wanted)
    taking.take(candidates)
    if len(taking.taken) < count:
        raise LatentprintError(
            f"A canary of {count} photos is asked for, and {len(taking.taken)} different ones in "
            f"{photos.root} can be decoded: ask for fewer (at least {FEWEST_PHOTOS}), or name more "
            "photos."
        )
    chosen = sorted(taking.taken.values(), key=lambda photo: photo.id)
    return Choice(tuple(chosen), len(candidates), len(photos))


class _Taking:
    """The photos taken so far, each another picture."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.taken: dict[str, ChosenPhoto] = {}
        self.kinds: Counter[str] = Counter()
        self.passed: set[str] = set()

    def take(
        self, candidates: Sequence[ChosenPhoto], kind: str = "", wanted: int = MOST_PHOTOS
    ) -> None:
        """Take candidates in their order until as many of a kind, or all photos, are there."""
        for photo in candidates:
            if len(self.taken) == self.count or self.kinds[kind] >= wanted:
                return
            if photo.id in self.passed:
                continue
            self.passed.add(photo.id)
            try:
                content = decode(photo.path).content
            except BrokenPhoto:
                continue
            if content not in self.taken:
                self.taken[content] = photo
                self.kinds.update(photo.kinds)


def _candidates(photos: Photos, seed: int) -> Iterator[ChosenPhoto]:
    """Photos that have a header, in the order of the draw."""
    drawn = sorted(
        photos.table.select("id", "path").iter_rows(), key=lambda row: _draw(row[0], seed)
    )
    by_suffix: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for photo_id, path in drawn:
        by_suffix[PurePosixPath(path).suffix.lower()].append((photo_id, path))
    turns = chain.from_iterable(zip_longest(*(by_suffix[each] for each in sorted(by_suffix))))
    looked_at = [row for row in turns if row is not None][:LOOKED_AT]
    for photo_id, path in sorted(looked_at, key=lambda row: _draw(row[0], seed)):
        try:
            header = read_header(photos.file(path))
        except BrokenPhoto:
            continue
        yield ChosenPhoto(photo_id, photos.file(path), tuple(sorted(_kinds(header))))


def _draw(photo_id: str, seed: int) -> bytes:
    return hashlib.blake2b(f"canary:{seed}:{photo_id}".encode(), digest_size=16).digest()


def _kinds(header: Header) -> Iterator[str]:
    yield header.format
    if header.mode in _COLOURS:
        yield _COLOURS[header.mode]
    if header.jpeg_subsampling not in (None, "grey"):
        yield f"chroma {str(header.jpeg_subsampling).partition(' ')[0]}"
    if header.depth is not None:
        yield "more than 8 bits"
    if (header.exif.orientation or 1) != 1:
        yield "EXIF-rotated"
    if header.width % 2 or header.height % 2:
        yield "odd size"
