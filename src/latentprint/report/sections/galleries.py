"""Neighbours of some photos as pictures: which are of the right class, and which are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from latentprint.report.figures.choices import Choice, choices_html
from latentprint.report.figures.figure import Figure
from latentprint.report.figures.fragment import fragment
from latentprint.report.figures.table import Table
from latentprint.report.figures.thumbnails import Album, Thumbnail, thumbnails
from latentprint.report.inputs import Run
from latentprint.report.pictures import Photo
from latentprint.report.records import Record, in_turns, place_of, records_of, shown_of
from latentprint.report.section import Chapter, Section
from latentprint.report.wording import capital, count, name_of, number, shortened, whole
from latentprint.words import Experiment, InfluenceSetup

KEY = "galleries"

SHOWN = 12
"""Galleries that the page has room for; details.json holds every one."""

NEIGHBOURS = 10
"""Neighbours that are shown of each query."""

_PROCESSING = {
    InfluenceSetup.ALL_SAME: "every photo processed as {own}, like the query",
    InfluenceSetup.POS_SAME: "photos of the query's class processed as {own}, like the "
    "query; others as {other}",
    InfluenceSetup.NEG_SAME: "photos of other classes processed as {own}, like the query; "
    "those of its class as {other}",
}


@dataclass(frozen=True)
class Tile:
    """A photo with what is said of it.

    Attributes:
        thumbnail: The picture.
        id: Id of the photo.
        label: What it shows.
        right: Whether it is of the query's class; None for the query.
        similarity: Cosine similarity to the query, as text.
        spoken: The same in words, for those who do not see the picture.
    """

    thumbnail: Thumbnail
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
        query: The query.
        processing: How the query was processed.
        chosen: How it was chosen, in words.
        setups: Its neighbours in every set-up.
    """

    query: Tile
    processing: str
    chosen: str
    setups: list[Setup]


def gallery_figure(run: Run, pictures: bool = True) -> Figure | None:
    """The figure: a query and its neighbours, with a button for every set-up.

    Args:
        run: What was measured.
        pictures: Whether small copies of photos are put in; else their names stand there.

    Returns:
        None where no gallery was recorded.
    """
    every = records_of(run, Experiment.NEIGHBOUR_GALLERY)
    chosen = in_turns(every, lambda each: (each["encoder"], each["attribute"]), SHOWN)
    if not chosen:
        return None
    roots = [run.root_of(str(each.get("dataset", ""))) for each in chosen]
    album = thumbnails(_photos(chosen, roots), KEY, run.pictures, wanted=pictures, tones=run.tones)
    titles = _titles(run, chosen)
    choices = [
        Choice(
            each["encoder"],
            title,
            fragment("gallery.html.j2", gallery=_gallery(each, root, album), key=f"{KEY}-{place}"),
        )
        for place, (each, root, title) in enumerate(zip(chosen, roots, titles, strict=True))
    ]
    most = max(len(setup["neighbours"]) for each in chosen for setup in each["setups"])
    return Figure(
        KEY,
        f"The {count(min(most, NEIGHBOURS), 'most similar training photo')} of a query, while "
        "processing is arranged in several ways: an illustration, not a measure. A solid frame "
        "and ✓ mark the query's class, a dashed frame and ✗ "
        f"another class; numbers are cosine similarities.{_left_out(chosen, every)} "
        f"{album.withheld}".rstrip(),
        before=fragment("sprite.html.j2", pictures=list(album)),
        after=choices_html(KEY, "Encoder, attribute and query", choices),
        download=_table(chosen),
    )


def _photos(galleries: Sequence[Record], roots: Sequence[Path | None]) -> Iterator[Photo]:
    for gallery, root in zip(galleries, roots, strict=True):
        yield root, gallery["query"]["path"]
        for setup in gallery["setups"]:
            yield from ((root, each["path"]) for each in setup["neighbours"][:NEIGHBOURS])


def _titles(run: Run, galleries: Sequence[Record]) -> list[str]:
    """Attribute and query; queries are numbered, as their names may be long."""
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for each in galleries:
        seen[each["encoder"], each["attribute"]] += 1
        about = capital(name_of({**each, "experiment": Experiment.NEIGHBOUR_GALLERY}))
        turn = seen[each["encoder"], each["attribute"]]
        query = shortened(each["query"]["label"], 40)
        found.append(
            ", ".join(filter(None, [about, place_of(run, each), f"query {turn}: {query}"]))
        )
    return found


def _left_out(chosen: Sequence[Record], every: Sequence[Record]) -> str:
    return shown_of(len(chosen), len(every), "galleries")


def _gallery(record: Record, root: Path | None, album: Album) -> Gallery:
    query = record["query"]
    own, other = query["processing"], record["other_processing"]
    return Gallery(
        query=_tile(query, root, album),
        processing=own,
        chosen=capital(record["chosen"]),
        setups=[
            Setup(
                name=each["setup"],
                processing=capital(_PROCESSING.get(each["setup"], "").format(own=own, other=other)),
                right=sum(bool(photo["right"]) for photo in each["neighbours"][:NEIGHBOURS]),
                tiles=[_tile(photo, root, album) for photo in each["neighbours"][:NEIGHBOURS]],
            )
            for each in record["setups"]
        ],
    )


def _tile(photo: Record, root: Path | None, album: Album) -> Tile:
    right = photo.get("right")
    similarity = photo.get("similarity")
    said = "the query" if right is None else f"{'right' if right else 'wrong'} class"
    return Tile(
        thumbnail=album[root, photo["path"]],
        id=shortened(photo["id"], 48),
        label=shortened(photo["label"], 40),
        right=right,
        similarity="" if similarity is None else number(similarity, 3),
        spoken=f"Photo {photo['id']}, {photo['label']}, {said}",
    )


def _table(galleries: Sequence[Record]) -> Table:
    return Table(
        f"Neighbours in {count(len(galleries), 'gallery', 'galleries')}",
        ("Encoder", "Attribute", "Query", "Class of the query", "Query processed as", "Set-up",
         "Neighbour", "Class of the neighbour", "Neighbour processed as", "Right", "Rank",
         "Cosine similarity"),
        [
            (
                each["encoder"],
                each["attribute"],
                each["query"]["id"],
                each["query"]["label"],
                each["query"]["processing"],
                setup["setup"],
                photo["id"],
                photo["label"],
                photo["processing"],
                "yes" if photo["right"] else "no",
                whole(photo["rank"]),
                number(photo["similarity"], 4),
            )
            for each in galleries
            for setup in each["setups"]
            for photo in setup["neighbours"]
        ],
        names=10,
    )  # fmt: skip


def _figures(run: Run, pictures: bool) -> list[Figure]:
    figure = gallery_figure(run, pictures)
    return [figure] if figure else []


GALLERIES = Section(
    key="galleries",
    chapter=Chapter.HARM,
    name="galleries of neighbours",
    experiments=(Experiment.NEIGHBOUR_GALLERY,),
    command="latentprint similarity {vectors} --out {new}",
    page="similarity",
    figures=_figures,
    is_answered=lambda run: bool(records_of(run, Experiment.NEIGHBOUR_GALLERY)),
)

SECTIONS = (GALLERIES,)
