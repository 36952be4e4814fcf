"""Neighbours of some photos as pictures: which are of the right class, and which are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from latentprint.report.thumbnails import Thumbnail
from latentprint.report.wording import capital, name_of, number, shortened

SHOWN = 12
"""Galleries that the page has room for; details.json holds every one."""

NEIGHBOURS = 10
"""Neighbours that are shown of each query."""

_PROCESSING = {
    "all-same": "every photo processed as {own}, like the query",
    "pos-same": "photos of the query's class processed as {own}, like the query; others as {other}",
    "neg-same": "photos of other classes processed as {own}, like the query; those of its class as "
    "{other}",
}


@dataclass(frozen=True)
class Tile:
    """A photo with what is said of it.

    Attributes:
        thumbnail: The picture; None where pictures are not wanted.
        id: Id of the photo.
        label: What it shows.
        right: Whether it is of the query's class; None for the query.
        similarity: Cosine similarity to the query, as text.
        spoken: The same in words, for those who do not see the picture.
    """

    thumbnail: Thumbnail | None
    id: str
    label: str
    right: bool | None
    similarity: str
    spoken: str


@dataclass(frozen=True)
class Setup:
    """The neighbours in one set-up."""

    name: str
    processing: str
    right: int
    tiles: list[Tile]


@dataclass(frozen=True)
class Gallery:
    """A query photo and its neighbours.

    Attributes:
        title: Encoder and attribute.
        query: The query photo.
        processing: Its processing class.
        chosen: How the query was chosen.
        setups: The neighbours in every set-up.
    """

    title: str
    query: Tile
    processing: str
    chosen: str
    setups: list[Setup]


def chosen_galleries(details: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The galleries that the page has room for: the first of every encoder and attribute first."""
    seen: Counter[tuple[str, str]] = Counter()
    turns = []
    for each in details:
        key = (each["encoder"], each["attribute"])
        turns.append((seen[key], each))
        seen[key] += 1
    kept = [each for _, each in sorted(turns, key=lambda pair: pair[0])[:SHOWN]]
    return [each for each in details if each in kept]


def gallery_paths(galleries: list[dict[str, Any]]) -> Iterator[str]:
    """Paths of all photos of some galleries."""
    for gallery in galleries:
        yield gallery["query"]["path"]
        for setup in gallery["setups"]:
            yield from (each["path"] for each in setup["neighbours"][:NEIGHBOURS])


def gallery(record: dict[str, Any], pictures: Mapping[str, Thumbnail]) -> Gallery:
    """A gallery for the page.

    Args:
        record: A gallery of details.json; see ``experiments.similarity.gallery.galleries``.
        pictures: Thumbnails by path; empty where pictures are not wanted.
    """
    query = record["query"]
    own, other = query["processing"], record["other_processing"]
    name = name_of({"experiment": "neighbour_gallery", "attribute": record["attribute"]})
    return Gallery(
        title=f"{record['encoder']}: {name}",
        query=_tile(query, pictures),
        processing=own,
        chosen=capital(record["chosen"]),
        setups=[
            Setup(
                name=each["setup"],
                processing=capital(_PROCESSING.get(each["setup"], "").format(own=own, other=other)),
                right=sum(bool(photo["right"]) for photo in each["neighbours"][:NEIGHBOURS]),
                tiles=[_tile(photo, pictures) for photo in each["neighbours"][:NEIGHBOURS]],
            )
            for each in record["setups"]
        ],
    )


def _tile(photo: dict[str, Any], pictures: Mapping[str, Thumbnail]) -> Tile:
    right = photo.get("right")
    similarity = photo.get("similarity")
    said = "the query" if right is None else f"{'right' if right else 'wrong'} class"
    return Tile(
        thumbnail=pictures.get(photo["path"]),
        id=shortened(photo["id"], 48),
        label=shortened(photo["label"], 40),
        right=right,
        similarity="" if similarity is None else number(similarity, 3),
        spoken=f"Photo {photo['id']}, {photo['label']}, {said}",
    )
