"""Image pairs as pictures: two grids of the same subjects, by one device and by another."""

from __future__ import annotations

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
from latentprint.report.wording import count, number, shortened, whole
from latentprint.words import Experiment

KEY = "pairs"

SHOWN = 6
"""Grids that the page has room for, one for each encoder and direction."""

SUBJECTS = 24
"""Subjects in a grid."""

ROOM = 600_000
"""Characters of pictures: pairs of many encoders are of the same photos."""

_ROLES = ("query", "target")
_NAMED = 40


@dataclass(frozen=True)
class Front:
    """What stands before the target in a gallery, or next after it.

    Attributes:
        gallery: Which photos distract.
        rank: Of the target.
        photos: In the gallery.
        found: Whether the target is the first.
        thumbnail: The most similar distractor.
        id: Its id.
        subject: Its subject.
        similarity: Its cosine similarity to the query, as text.
    """

    gallery: str
    rank: int
    photos: int
    found: bool
    thumbnail: Thumbnail
    id: str
    subject: str
    similarity: str

    @property
    def ranked(self) -> str:
        """The rank in words."""
        return f"the target is number {self.rank:,} of {self.photos:,} where {self.gallery}"


@dataclass(frozen=True)
class Pair:
    """Two photos of a subject.

    Attributes:
        subject: What they show.
        query: Id of the query.
        target: Id of the target.
        pictures: The query's and the target's.
        similarity: Of the two, as text.
        fronts: The nearest other photo in every gallery.
    """

    subject: str
    query: str
    target: str
    pictures: tuple[Thumbnail, Thumbnail]
    similarity: str
    fronts: list[Front]

    @property
    def failed(self) -> bool:
        """Whether a distractor is before the target in a gallery."""
        return not all(each.found for each in self.fronts)

    @property
    def worst(self) -> int:
        """The worst rank of the target."""
        return max(each.rank for each in self.fronts)

    def spoken(self, role: int) -> str:
        """What a tile says: 0 that of the query, 1 that of the target."""
        photo = f"Query {self.query}" if role == 0 else f"Target {self.target}"
        ranks = "; ".join(each.ranked for each in self.fronts)
        return f"{photo}, {self.subject}: {ranks}"


def pairs_grid_figure(run: Run, pictures: bool = True) -> Figure | None:
    """The figure: photos of the same subjects in two grids, and what stands before each target.

    Args:
        run: What was measured.
        pictures: Whether small copies of photos are put in; else their names stand there.

    Returns:
        None where no pairs were recorded.
    """
    every = [each for each in records_of(run, Experiment.NEAR_DUPLICATE) if each.get("pairs")]
    chosen = in_turns(every, lambda each: each["encoder"], SHOWN)
    if not chosen:
        return None
    roots = [run.root_of(str(each.get("dataset", ""))) for each in chosen]
    album = thumbnails(
        _photos(chosen, roots), KEY, run.pictures, wanted=pictures, tones=run.tones, room=ROOM
    )
    choices = [
        Choice(
            each["encoder"],
            ", ".join(filter(None, [place_of(run, each), _direction(each)])),
            fragment(
                "pairs_grid.html.j2",
                record=each,
                pairs=_pairs(each, root, album),
                chosen=_chosen(each),
                key=f"{KEY}-{place}",
            ),
        )
        for place, (each, root) in enumerate(zip(chosen, roots, strict=True))
    ]
    return Figure(
        KEY,
        "Photos of the same subjects by two types of device, failures first, then the smallest "
        "margins. A solid frame and ✓: the target is the most similar photo in both galleries; a "
        "dashed frame and ✗: it is not, and its worst rank."
        + shown_of(len(chosen), len(every), "grids")
        + f" {album.withheld}".rstrip(),
        before=fragment("sprite.html.j2", pictures=list(album)),
        after=choices_html(KEY, "Encoder and direction", choices),
        download=_table(chosen),
    )


def _photos(records: Sequence[Record], roots: Sequence[Path | None]) -> Iterator[Photo]:
    """The pairs of all grids first, then what stands before them."""
    every = [
        (root, pair)
        for record, root in zip(records, roots, strict=True)
        for pair in record["pairs"][:SUBJECTS]
    ]
    for root, pair in every:
        yield from ((root, pair[f"{role}_path"]) for role in _ROLES)
    for root, pair in every:
        yield from ((root, each["distractor_path"]) for each in pair["galleries"])


def _direction(record: Record) -> str:
    return f"{record['query_device']} looks for {record['target_device']}"


def _chosen(record: Record) -> str:
    shown, total = min(len(record["pairs"]), SUBJECTS), record["subjects"]
    if shown == total:
        return count(total, "subject")
    return f"{shown:,} of {count(total, 'subject')}"


def _pairs(record: Record, root: Path | None, album: Album) -> list[Pair]:
    return [
        Pair(
            subject=shortened(str(each["subject"]), _NAMED),
            query=shortened(each["query"], _NAMED),
            target=shortened(each["target"], _NAMED),
            pictures=(album[root, each["query_path"]], album[root, each["target_path"]]),
            similarity=number(each["target_similarity"], 3),
            fronts=[_front(gallery, root, album) for gallery in each["galleries"]],
        )
        for each in record["pairs"][:SUBJECTS]
    ]


def _front(gallery: Record, root: Path | None, album: Album) -> Front:
    return Front(
        gallery=gallery["gallery"],
        rank=gallery["rank"],
        photos=gallery["photos"],
        found=gallery["rank"] == 1,
        thumbnail=album[root, gallery["distractor_path"]],
        id=shortened(gallery["distractor"], _NAMED),
        subject=shortened(str(gallery["distractor_subject"]), _NAMED),
        similarity=number(gallery["distractor_similarity"], 3),
    )


def _table(records: Sequence[Record]) -> Table:
    return Table(
        "Pairs, failures first",
        ("Encoder", "Query by", "Target by", "Subject", "Query", "Target", "Gallery", "Distractor",
         "Subject of the distractor", "Rank of the target", "Photos", "Cosine of the target",
         "Cosine of the distractor"),
        [
            (
                record["encoder"],
                record["query_device"],
                record["target_device"],
                str(pair["subject"]),
                pair["query"],
                pair["target"],
                gallery["gallery"],
                gallery["distractor"],
                str(gallery["distractor_subject"]),
                whole(gallery["rank"]),
                whole(gallery["photos"]),
                number(pair["target_similarity"], 4),
                number(gallery["distractor_similarity"], 4),
            )
            for record in records
            for pair in record["pairs"]
            for gallery in pair["galleries"]
        ],
        names=9,
    )  # fmt: skip
