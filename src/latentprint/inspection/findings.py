"""What was found of one photo, of two, or of a store."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from latentprint.files import as_path
from latentprint.inspection.affected import Level
from latentprint.inspection.calibrated import Reading
from latentprint.inspection.parts import Rates
from latentprint.report.found import Found, Told
from latentprint.report.pictures import Pictures

SHOWN = 20
"""Photos that a page shows of a whole store."""


@dataclass(frozen=True)
class Moved:
    """How far one kind of processing moves a photo.

    Attributes:
        processing: Name of the processing class.
        similarity: Cosine of the photo as it is and processed.
        percentile: Share of the store's photos whose similarity is lower, in percent.
    """

    processing: str
    similarity: float
    percentile: float


@dataclass(frozen=True)
class Neighbour:
    """A photo of the store that is near the one in question.

    Attributes:
        id: Its id.
        path: Its path, below the folder of the photos.
        similarity: Cosine before erasure; None where it is no neighbour then.
        before: Rank before erasure, from 1; None where it is not among the ten.
        after: Rank after erasure; None where it is not among the ten, or nothing is erased.
        label: What it shows, where that is known.
        same_class: Whether it is of the photo's class; None where one of them is not known.
        same_traces: What its file says of how it was made and the photo's own file says as well.
        stays: In how many of the photo's other versions it stays among the ten; None where it was
            not among them before.
        because_of_traces: Whether it leaves when erased and stays in fewer than half of these.
    """

    id: str
    path: str
    similarity: float | None
    before: int | None
    after: int | None
    label: str | None = None
    same_class: bool | None = None
    same_traces: tuple[str, ...] = ()
    stays: int | None = None
    because_of_traces: bool = False


@dataclass(frozen=True)
class Inspected:
    """What was found of one photo.

    Attributes:
        name: The photo as it was named.
        file: Its file; None where there is none.
        stored: Its id in the store; None where it is not there.
        copies: Ids of photos of the store with the same pixels, beside that one.
        facts: What its file says: format, size, JPEG quality and the labels of its EXIF.
        label: What it shows, where the store knows.
        readings: What probes say of it.
        moved: How far processing moves it, farthest first.
        neighbours: Its ten neighbours before erasure, then those that come with it.
        traces: What its file says of how it was made, and the share of the store's photos that say
            the same.
        versions: How many other versions of the photo were searched with.
        notes: What has to be known, as sentences.
        path: Where the store says that it lies, if it was named by its id: a file, a file inside
            another, or an address; else None.
    """

    name: str
    file: Path | None
    stored: str | None
    copies: tuple[str, ...]
    facts: dict[str, Any]
    label: str | None
    readings: tuple[Reading, ...]
    moved: tuple[Moved, ...]
    neighbours: tuple[Neighbour, ...]
    traces: dict[str, float]
    versions: int
    notes: tuple[str, ...] = ()
    path: str | None = None


@dataclass(frozen=True)
class Part:
    """A part of the cosine of two photos.

    Attributes:
        name: One of ``parts.PARTS``.
        value: The part.
        percentile: Share of pairs of different unprocessed photos of the store where it is smaller,
            in percent; None where that is not known.
        limit: From what size on it says that photos are alike; None where it says nothing.
        rates: How often that is wrong and right of pairs whose truth is known.
    """

    name: str
    value: float
    percentile: float | None
    limit: float | None = None
    rates: Rates | None = None


@dataclass(frozen=True)
class Pair:
    """What two photos are alike by.

    Attributes:
        parts: The cosine and its parts; empty where it cannot be split.
        verdict: What they are alike by.
        photos: Photos that the rates were measured on.
        reason: Why nothing is said; empty where something is.
    """

    parts: tuple[Part, ...]
    verdict: str
    photos: int = 0
    reason: str = ""


@dataclass(frozen=True, repr=False)
class Inspection(Found):
    """What was found of one photo or of two.

    Attributes:
        store: The store.
        encoder: Name of its encoder.
        photos: What was found of each.
        pair: What two are alike by; None of one photo.
        level: How many of ten neighbours leave on average in the store; None where nothing is
            erased.
        eraser: What was erased: rank, photos, classes and where it comes from; empty where nothing.
        notes: What has to be known, as sentences.
        root: The folder of the store's photos.
        pictures: Which of them the page may show.
        page: The page that was written; None without ``out``.
    """

    store: Path
    encoder: str
    photos: tuple[Inspected, ...]
    pair: Pair | None
    level: Level | None
    eraser: dict[str, Any]
    notes: tuple[str, ...] = ()
    root: Path | None = None
    pictures: Pictures = Pictures()  # noqa: RUF009 - frozen
    page: Path | None = None

    @property
    def table(self) -> pl.DataFrame:
        """Every figure in one table, by ``photo, part, about, name, value``.

        ``part`` is ``probe`` (probabilities; ``reference`` is chance), ``processing``
        (self-similarities; ``reference`` is their percentile), ``neighbour`` (cosines;
        ``reference`` is the rank after erasure) or ``pair`` (parts of a cosine; ``reference`` is
        their percentile). ``said`` is the word, tag or verdict.
        """
        rows = [row for photo in self.photos for row in _rows(photo)]
        if self.pair is not None:
            both = " and ".join(each.name for each in self.photos)
            rows += [
                (both, "pair", "cosine", each.name, each.value, each.percentile, self.pair.verdict)
                for each in self.pair.parts
            ]
        return pl.DataFrame(rows, schema=_SCHEMA, orient="row")

    def report(self, path: Path | str) -> Path:
        """Write it as one HTML page that works offline, with small pictures of the photos.

        Args:
            path: The file to write.

        Returns:
            The file that was written, whole or not at all.

        Raises:
            LatentprintError: The page cannot be written.
        """
        from latentprint.inspection.page import write_inspection

        return write_inspection(self, as_path(path))

    def _told(self) -> Told:
        from latentprint.inspection.telling import told_inspection

        return told_inspection(self)


@dataclass(frozen=True, repr=False)
class Affected(Found):
    """The photos of a store whose neighbours change most.

    Attributes:
        store: The store.
        encoder: Name of its encoder.
        table: One row for every photo, those that change most first: ``id``, ``path``, ``left`` (of
            ten neighbours, how many leave when erased or when the photo is encoded again),
            ``left_erased``, ``left_reencoded``, ``because_of_traces`` (both), ``seen`` (whether the
            eraser was fitted on it), and lists of ids: ``neighbours_before``, ``neighbours_after``,
            ``leave_erased``, ``leave_reencoded``.
        level: How many leave on average, and under random directions.
        unseen: The same of the photos that the eraser never saw; None where it saw all or none.
        eraser: What was erased.
        versions: Names of the other classes that photos were encoded in.
        notes: What has to be known, as sentences.
        root: The folder of the store's photos.
        pictures: Which of them the page may show.
        page: The page that was written; None without ``out``.
    """

    store: Path
    encoder: str
    table: pl.DataFrame
    level: Level
    unseen: Level | None
    eraser: dict[str, Any]
    versions: tuple[str, ...]
    notes: tuple[str, ...] = ()
    root: Path | None = None
    pictures: Pictures = Pictures()  # noqa: RUF009 - frozen
    page: Path | None = None

    def report(self, path: Path | str, *, top: int = SHOWN) -> Path:
        """Write it as one HTML page that works offline, with small pictures of the photos.

        Args:
            path: The file to write.
            top: How many photos are shown.

        Returns:
            The file that was written, whole or not at all.

        Raises:
            LatentprintError: The page cannot be written.
        """
        from latentprint.inspection.page import write_affected

        return write_affected(self, top, as_path(path))

    def _told(self) -> Told:
        from latentprint.inspection.telling import told_affected

        return told_affected(self)


_SCHEMA = {
    "photo": pl.String,
    "part": pl.String,
    "about": pl.String,
    "name": pl.String,
    "value": pl.Float64,
    "reference": pl.Float64,
    "said": pl.String,
}

Row = tuple[str, str, str, str, float | None, float | None, str]


def _rows(photo: Inspected) -> list[Row]:
    found: list[Row] = []
    for reading in photo.readings:
        for name, value in zip(reading.classes, reading.probabilities, strict=True):
            word = reading.word if name == reading.best or not reading.told else ""
            found.append((photo.name, "probe", reading.about, name, value, reading.chance, word))
    for each in photo.moved:
        row = (each.processing, each.similarity, each.percentile, "")
        found.append((photo.name, "processing", "self-similarity", *row))
    for near in photo.neighbours:
        after = None if near.after is None else float(near.after)
        tag = "there because of traces" if near.because_of_traces else ""
        found.append((photo.name, "neighbour", "cosine", near.id, near.similarity, after, tag))
    return found


def inspection_as_json(found: Inspection) -> dict[str, Any]:
    """An inspection as JSON values."""
    photos = []
    for each in found.photos:
        told = asdict(each)
        told["file"] = None if each.file is None else str(each.file)
        told["readings"] = [{**asdict(one), "told": one.told} for one in each.readings]
        photos.append(told)
    return {
        "store": str(found.store),
        "encoder": found.encoder,
        "photos": photos,
        "pair": None if found.pair is None else asdict(found.pair),
        "level": None if found.level is None else asdict(found.level),
        "eraser": found.eraser,
        "notes": list(found.notes),
    }


def affected_as_json(found: Affected, top: int) -> dict[str, Any]:
    """The most affected photos as JSON values."""
    return {
        "store": str(found.store),
        "encoder": found.encoder,
        "photos": found.table.head(top).to_dicts(),
        "level": asdict(found.level),
        "unseen": None if found.unseen is None else asdict(found.unseen),
        "eraser": found.eraser,
        "versions": list(found.versions),
        "notes": list(found.notes),
    }
