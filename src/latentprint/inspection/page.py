"""Pages of findings: one HTML file that holds its pictures and asks for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from latentprint.article.document import parse_article
from latentprint.article.markdown import escape_markdown
from latentprint.article.page import render_page, write_page
from latentprint.inspection.calibrated import Reading
from latentprint.inspection.findings import Affected, Inspected, Inspection, Neighbour, Pair
from latentprint.inspection.neighbours import NEIGHBOURS
from latentprint.inspection.telling import (
    BECAUSE,
    CAUTION,
    LEVELS,
    PART_NAMES,
    accuracy_of,
    class_name,
    doubt_of,
    eraser_line,
    exif_lines,
    file_line,
    level_line,
    mean_of,
    pair_lines,
    reason_of,
    tags_of,
    traces_line,
    unseen_line,
    word_of,
)
from latentprint.report.figures.fragment import fragment
from latentprint.report.figures.thumbnails import Album, Thumbnail, thumbnails
from latentprint.report.pictures import Photo
from latentprint.report.wording import capital, name_of, shortened
from latentprint.words import Experiment

_ROOM = 6_000_000
_NAMED = 60


@dataclass(frozen=True)
class _Tile:
    """A photo with what stands below it."""

    thumbnail: Thumbnail
    id: str
    spoken: str
    label: str = ""
    lines: tuple[str, ...] = ()
    judged: str = ""
    similarity: str = ""
    tags: tuple[str, ...] = ()
    mark: str = ""


@dataclass(frozen=True)
class _Tiles:
    """A row of photos."""

    title: str
    tiles: list[_Tile]
    empty: str = ""


@dataclass(frozen=True)
class _Group:
    """A photo and rows of its neighbours."""

    photo: _Tile | None
    lists: list[_Tiles]
    lines: tuple[str, ...] = field(default=())


def write_inspection(found: Inspection, out: Path) -> Path:
    """Write the page of one photo or two.

    Args:
        found: What was found.
        out: The file.

    Returns:
        The file.

    Raises:
        LatentprintError: It cannot be written.
    """
    names = [shortened(each.name, _NAMED) for each in found.photos]
    pictures = [photo for each in found.photos for photo in _pictures(found.root, each)]
    files = frozenset(_own(found.root, each) for each in found.photos if each.path is None)
    album = thumbnails(pictures, "inspected", replace(found.pictures, files=files), room=_ROOM)
    parts: dict[str, str] = {"pictures.html": _sprite(album)}
    body = list(_inspection_body(found, album, parts))
    title = "One photo inspected" if len(names) == 1 else "Two photos inspected"
    about = f"{' and '.join(names)}, with {found.encoder} and the photos of {found.store.name}."
    return _write(title, about, body, parts, out)


def write_affected(found: Affected, top: int, out: Path) -> Path:
    """Write the page of the photos whose neighbours change most.

    Args:
        found: What was found.
        top: How many photos are shown.
        out: The file.

    Returns:
        The file.

    Raises:
        LatentprintError: It cannot be written.
    """
    shown = found.table.head(top).to_dicts()
    path_of = dict(found.table.select("id", "path").iter_rows())
    listed = [each["id"] for each in shown]
    listed += [
        near for each in shown for near in (*each["neighbours_before"], *each["neighbours_after"])
    ]
    photos = ((found.root, path_of[each]) for each in listed)
    album = thumbnails(photos, "affected", found.pictures, room=_ROOM)

    def tile(photo: str, **about: Any) -> _Tile:
        thumbnail = album[found.root, path_of[photo]]
        return _Tile(thumbnail, shortened(photo, _NAMED), **about)

    groups = [_affected_group(each, tile) for each in shown]
    files = {
        "pictures.html": _sprite(album),
        "photos.html": str(fragment("inspected_photos.html.j2", groups=groups)),
    }
    title = "Photos whose neighbours change most"
    about = (
        f"The first {len(shown)} of {len(found.table):,} photos of {found.store.name}, with "
        f"{found.encoder}."
    )
    return _write(title, about, list(_affected_body(found, len(shown), album.withheld)), files, out)


def _write(title: str, about: str, body: Sequence[str], files: dict[str, str], out: Path) -> Path:
    front = yaml.safe_dump(
        {"title": title, "description": about}, sort_keys=False, allow_unicode=True, width=100
    )
    markdown = f"---\n{front}---\n\n" + "\n".join(body) + "\n"
    document = parse_article(markdown, folder=None, files=files, name="inspection.md")
    write_page(render_page(document), out)
    return out


def _inspection_body(found: Inspection, album: Album, files: dict[str, str]) -> Iterator[str]:
    yield from _figure("pictures.html")
    if found.pair is not None:
        yield from _pair_body(found.pair, [each.name for each in found.photos])
    for number, photo in enumerate(found.photos):
        yield from ("", f"## {escape_markdown(shortened(photo.name, _NAMED))}", "")
        yield from _photo_body(found, photo, number, album, files)
    yield from ("", "## How to read this", "")
    yield from _paragraph(CAUTION)
    if found.level is not None:
        yield from _paragraph(level_line(found.level))
    yield from _paragraph(eraser_line(found.eraser))
    for note in (*found.notes, album.withheld):
        if note != found.eraser.get("told"):
            yield from _paragraph(note)


def _photo_body(
    found: Inspection, photo: Inspected, number: int, album: Album, files: dict[str, str]
) -> Iterator[str]:
    own = album[_own(found.root, photo)]
    stored = f"In the store as {photo.stored}." if photo.stored else "Not in the store."
    lines = (file_line(photo), stored, *photo.notes)
    query = _Tile(own, shortened(photo.name, _NAMED), "The photo", photo.label or "", lines)
    yield from _put(files, f"photo-{number}.html", "inspected_photos.html.j2",
                    groups=[_Group(query, [], lines)])  # fmt: skip
    exif = exif_lines(photo)
    if exif:
        yield from ("| in the EXIF | |", "| --- | --- |")
        yield from (f"| {escape_markdown(a)} | {escape_markdown(b)} |" for a, b in exif)
        yield ""
    else:
        yield from _paragraph("The file has no EXIF that says how it was taken.")
    if photo.readings:
        yield from ("", "### What probes say of it", "")
        yield from _put(files, f"readings-{number}.html", "inspected_readings.html.j2",
                        readings=[_reading(each) for each in photo.readings])  # fmt: skip
        yield from _paragraph(f"Dotted lines mark chance. {CAUTION}")
    if photo.moved:
        yield from ("", "### How far processing moves it", "")
        yield from _paragraph(
            "The cosine of the photo as it is and processed, and the share of the store's photos "
            "that move less far."
        )
        rows = [
            {
                "name": each.processing,
                "width": f"{100 - each.percentile:.1f}",
                "share": f"{100 - each.percentile:.0f} %",
                "similarity": f"{each.similarity:.3f}",
            }
            for each in photo.moved
        ]
        yield from _put(files, f"moves-{number}.html", "inspected_moves.html.j2", rows=rows)
    yield from ("", "### Its neighbours", "")
    yield from _paragraph(_neighbours_line(found, photo))
    yield from _paragraph(traces_line(photo))
    lists = _neighbour_lists(found, photo, album)
    yield from _put(files, f"neighbours-{number}.html", "inspected_photos.html.j2",
                    groups=[_Group(None, lists)])  # fmt: skip


def _neighbours_line(found: Inspection, photo: Inspected) -> str:
    if found.level is None:
        return f"The {NEIGHBOURS} most similar unprocessed photos of the store; nothing is erased."
    tagged = sum(each.because_of_traces for each in photo.neighbours)
    first = f"{tagged} of its {NEIGHBOURS} neighbours {'is' if tagged == 1 else 'are'} {BECAUSE}"
    return (
        f"{first}: they leave when photos are erased and stay in fewer than half of the "
        f"{photo.versions} other versions of the photo."
    )


def _neighbour_lists(found: Inspection, photo: Inspected, album: Album) -> list[_Tiles]:
    def tile(near: Neighbour, judged: str, mark: str) -> _Tile:
        tags = tuple(each for each in tags_of(near) if each not in (judged, "comes when erased"))
        similarity = "" if near.similarity is None else f"{near.similarity:.3f}"
        spoken = ", ".join(filter(None, [f"Photo {near.id}", near.label or "", judged, *tags]))
        return _Tile(
            album[found.root, near.path], shortened(near.id, _NAMED), spoken,
            near.label or "", (), judged, similarity, tags, mark,
        )  # fmt: skip

    erased = found.level is not None
    before = []
    for near in photo.neighbours:
        if near.before is None:
            continue
        if near.because_of_traces:
            before.append(tile(near, BECAUSE, "traces"))
        elif erased and near.after is None:
            before.append(tile(near, "leaves when erased", "leaves"))
        else:
            before.append(tile(near, "", ""))
    lists = [_Tiles("As photos are", before, "The store has no other photo.")]
    if erased:
        after = sorted(
            (near for near in photo.neighbours if near.after is not None),
            key=lambda near: near.after or 0,
        )
        lists.append(
            _Tiles(
                "With photos erased",
                [
                    tile(near, "comes", "comes") if near.before is None else tile(near, "", "")
                    for near in after
                ],
            )
        )
    return lists


def _pair_body(pair: Pair, names: Sequence[str]) -> Iterator[str]:
    yield from ("", "## What they are alike by", "")
    told = " and ".join(shortened(each, _NAMED) for each in names)
    first, *rest = pair_lines(pair)
    yield from _paragraph(f"{told}: {first}")
    yield from ("| part | value | percentile | alike from |", "| --- | ---: | ---: | ---: |")
    for each in pair.parts:
        place = "" if each.percentile is None else f"{each.percentile:.1f}"
        limit = "" if each.limit is None else f"{each.limit:.3f}"
        yield f"| {PART_NAMES[each.name]} | {each.value:.3f} | {place} | {limit} |"
    yield ""
    yield from _paragraph(
        "Three parts add up to the cosine. Percentiles are among pairs of different unprocessed "
        "photos of the store."
    )
    for line in rest:
        yield from _paragraph(line)


def _affected_body(found: Affected, shown: int, withheld: str) -> Iterator[str]:
    yield from _figure("pictures.html")
    yield from ("", "## How much neighbours change", "")
    head = "of ten neighbours, on average"
    yield from (f"| {head} | eraser | random directions |", "| --- | ---: | ---: |")
    for words, measured, control in LEVELS:
        random = "–" if control is None else mean_of(getattr(found.level, control))
        yield f"| {words} | {mean_of(getattr(found.level, measured))} | {random} |"
    yield ""
    yield from _paragraph(doubt_of(found.level))
    if found.unseen is not None:
        yield from _paragraph(unseen_line(found.unseen))
    yield from _paragraph(eraser_line(found.eraser))
    if found.versions:
        yield from _paragraph(f"Photos were encoded again as {', '.join(found.versions)}.")
    for note in found.notes:
        if note != found.eraser.get("told"):
            yield from _paragraph(note)
    yield from ("", f"## The {shown} photos that change most", "")
    yield from _paragraph(
        "Ranked by how many of the ten neighbours leave when photos are erased, or stay in fewer "
        "than half of the photo's other versions. A dashed frame marks those that leave, a solid "
        "one those that come."
    )
    yield from _paragraph(withheld)
    yield from _figure("photos.html")


def _affected_group(row: dict[str, Any], tile: Any) -> _Group:
    erased, again = set(row["leave_erased"]), set(row["leave_reencoded"])
    query = tile(
        row["id"],
        spoken=f"Photo {row['id']}",
        lines=(
            f"{row['left']} of {NEIGHBOURS} change: {row['left_erased']} leave when erased, "
            f"{row['left_reencoded']} when encoded again, {row['because_of_traces']} both ways.",
            *(("The eraser was fitted on this photo, among others.",) if row["seen"] else ()),
        ),
    )

    def before(photo: str) -> _Tile:
        judged, mark = "", ""
        if photo in erased and photo in again:
            judged, mark = BECAUSE, "traces"
        elif photo in erased or photo in again:
            judged = "leaves when erased" if photo in erased else "leaves when encoded again"
            mark = "leaves"
        spoken = ", ".join(filter(None, [f"Photo {photo}", judged]))
        return tile(photo, spoken=spoken, judged=judged, mark=mark)  # type: ignore[no-any-return]

    def after(photo: str) -> _Tile:
        new = photo not in row["neighbours_before"]
        judged, mark = ("comes", "comes") if new else ("", "")
        spoken = ", ".join(filter(None, [f"Photo {photo}", judged]))
        return tile(photo, spoken=spoken, judged=judged, mark=mark)  # type: ignore[no-any-return]

    return _Group(
        query,
        [
            _Tiles("As photos are", [before(each) for each in row["neighbours_before"]]),
            _Tiles("With photos erased", [after(each) for each in row["neighbours_after"]]),
        ],
        query.lines,
    )


def _reading(reading: Reading) -> dict[str, Any]:
    about = {"experiment": Experiment.PROCESSING_PROBE, "attribute": reading.about}
    return {
        "name": capital(name_of(about)),
        "word": word_of(reading),
        "told": reading.told,
        "reason": _together(reason_of(reading)),
        "accuracy": _together(accuracy_of(reading)),
        "chance": f"{100 * reading.chance:.1f}",
        "rows": [
            {
                "name": class_name(name),
                "width": f"{100 * value:.1f}",
                "text": f"{100 * value:.0f} %",
                "best": reading.told and name == reading.best,
            }
            for name, value in zip(reading.classes, reading.probabilities, strict=True)
        ],
    }


def _together(text: str) -> str:
    """The text with numbers and their percent signs on one line."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def _pictures(root: Path | None, photo: Inspected) -> Iterable[Photo]:
    yield _own(root, photo)
    yield from ((root, each.path) for each in photo.neighbours)


def _own(root: Path | None, photo: Inspected) -> Photo:
    """The photo; what the store alone names is read where other photos of the store are."""
    if photo.path is not None:
        return root, photo.path
    file = photo.file or Path(photo.name)
    return file.parent, file.name


def _sprite(album: Album) -> str:
    return str(fragment("sprite.html.j2", pictures=list(album)))


def _put(files: dict[str, str], path: str, template: str, **values: Any) -> Iterator[str]:
    """Make a fragment, and put it here."""
    files[path] = str(fragment(template, **values))
    yield from _figure(path)


def _figure(path: str) -> Iterator[str]:
    yield from ("", f'<d-figure src="{path}"></d-figure>', "")


def _paragraph(text: str) -> Iterator[str]:
    if text:
        # Commands stand in marks on a terminal.
        yield from (escape_markdown(_together(text.replace("`", ""))), "")
