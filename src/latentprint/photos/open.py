"""A path in, a table of photos out."""

from __future__ import annotations

import dataclasses
import difflib
import logging
from pathlib import Path
from typing import Any

import polars as pl

from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.mapped_tables import by_ranges
from latentprint.photos import folder, manifest
from latentprint.photos.addresses import require_extras
from latentprint.photos.archives import is_archive
from latentprint.photos.benchmarks import BENCHMARKS, detect_benchmark
from latentprint.photos.choosing import choose_photos
from latentprint.photos.formats import suffixes
from latentprint.photos.frames import frame_of
from latentprint.photos.image_tables import find_image_tables, holds_images, read_image_tables
from latentprint.photos.location import Address, Location, as_location, is_address
from latentprint.photos.manifest import FRAME
from latentprint.photos.photos import Photos

logger = logging.getLogger(__name__)

_LISTS = (*manifest.SUFFIXES, manifest.LIST, ".arrow")

LAYOUTS = (*folder.LAYOUTS, *BENCHMARKS)


def as_photos(given: Any) -> Photos:
    """Photos as they are, and what ``open_photos`` opens."""
    return given if isinstance(given, Photos) else open_photos(given)


def open_photos(
    path: Any,
    *,
    layout: str = "auto",
    label_column: str | None = None,
    name: str | None = None,
    follow_links: bool = False,
    where: str | None = None,
    sample: int | None = None,
    seed: int = 0,
) -> Photos:
    """List the photos of a folder, manifest, archive or published data set, decoding none.

    Args:
        path: The path of a folder, or of a ``.csv`` or ``.parquet`` file that lists photos; or
            such a list as a data frame of polars or pandas; or of a ``.tar`` or ``.zip`` archive,
            or a ``.parquet`` or ``.arrow`` table, that holds them. A folder may hold archives or
            tables. All of these but published data sets may lie at an address of ``s3://`` or
            ``gs://``, and files at one of ``http://`` or ``https://``, too.
        layout: For a folder: "folder", "classes" or "splits" (see ``read_folder``), or a published
            data set: "imagenet", "inaturalist", "flickr_exif", "paircams" or "imagenet_es" (see
            the module of that name in ``latentprint.photos.benchmarks``). "auto" knows a
            published data set by its marks (ImageNet's official tar files or Kaggle's
            ``ILSVRC/Data/CLS-LOC``; iNaturalist's ``train2018.json`` or ``val2018.json``;
            FlickrExif's split files; ``param_control`` in ImageNet-ES's ``es-val`` or
            ``es-test``; PairCams has none) and takes one of the first three where there are none.
        label_column: The column that holds the semantic label, if not ``label``.
        name: Name of the set; by default that of the data set, the folder or the manifest.
        follow_links: Follow links out of a folder; those of a published data set that ``layout``
            names always are.
        where: Only photos that fulfil this condition on their columns; see ``choose_photos``.
        sample: The most photos that are used, drawn by seed and id.
        seed: Seeds the draw.

    Raises:
        UsageError: If there is nothing at the path, or the layout, column or condition is wrong.
        LatentprintError: If there are no photos, or none that fulfils the condition, or the
            manifest or data set is not sound.
    """
    if layout not in LAYOUTS:
        raise unknown_name("layout", layout, LAYOUTS)
    frame = frame_of(path)
    if frame is None and not isinstance(path, str | Path):
        raise UsageError(
            f"{type(path).__name__} names no photos: give a folder, a .csv or .parquet file that "
            "lists them, or a data frame."
        )
    path = as_location(Path(FRAME) if frame is not None else path)
    if frame is not None:
        photos = manifest.read_frame(frame)
    elif isinstance(path, Address):
        photos = _from_address(path, layout)
    elif path.is_dir():
        photos = _from_folder(path.absolute(), layout, follow_links)
    elif path.is_file() and is_archive(path.name):
        photos = folder.read_archive(path, _own(layout, path))
    elif path.is_file() and path.suffix.lower() in _LISTS:
        photos = _from_manifest(path.absolute(), layout)
    else:
        raise UsageError(_neither(path))
    if not len(photos):
        raise LatentprintError(_empty(path, photos))
    if label_column is not None:
        photos = _labelled(photos, label_column)
    photos = choose_photos(photos, where, sample, seed)
    for note in photos.notes:
        logger.warning("%s", note)
    if ignored := photos.ignored_by_suffix():
        told = ", ".join(
            f"{count} {suffix or 'without a suffix'}" for suffix, count in ignored.items()
        )
        logger.warning(
            "Files that are no photos, or of a format that is not read, were ignored: %s.", told
        )
    for reason, count in photos.ignored_by_reason().items():
        logger.warning("%d ignored: %s.", count, reason)
    return photos if name is None else dataclasses.replace(photos, name=name)


def _from_folder(path: Path, layout: str, follow_links: bool) -> Photos:
    benchmark = detect_benchmark(path) if layout == "auto" else layout
    if benchmark in BENCHMARKS:
        # Marks in a folder are no consent; the name of a data set is that of its user.
        return BENCHMARKS[benchmark](path, follow_links=follow_links or layout != "auto")
    photos = folder.read_folder(path, layout, follow_links=follow_links, archives=True)
    if len(photos):
        return photos
    tables = find_image_tables(path, photos.ignored["path"], follow_links=follow_links)
    return read_image_tables(path, photos.name, tables) if tables else photos


def _from_address(address: Address, layout: str) -> Photos:
    require_extras([address.text], str(address))
    suffix = "" if address.text.endswith("/") else address.suffix.lower()
    try:
        if is_archive(f"file{suffix}"):
            return folder.read_archive(address, _own(layout, address))
        if suffix in _LISTS:
            return _from_manifest(address, layout)
        if address.scheme in ("http", "https"):
            raise UsageError(
                f"{address} is no list, table or archive of photos (.txt, .csv, .parquet, .arrow, "
                ".tar, .zip), and folders cannot be listed over HTTP: name its files in a list."
            )
        photos = folder.read_folder(address, _own(layout, address), archives=True)
        if len(photos):
            return photos
        tables = find_image_tables(address, photos.ignored["path"], follow_links=True)
        return read_image_tables(address, photos.name, tables) if tables else photos
    except (OSError, ValueError) as error:
        raise LatentprintError(f"{address} cannot be read: {error}.") from error


def _from_manifest(path: Location, layout: str) -> Photos:
    if layout == "paircams" and isinstance(path, Path):
        return BENCHMARKS[layout](path)
    if layout != "auto":
        raise UsageError(
            f"The layout {layout!r} is for folders; {path.name} says with its columns 'split' and "
            "'label' what is what."
        )
    if path.suffix.lower() == ".arrow" or (
        path.suffix.lower() == ".parquet" and holds_images(path)
    ):
        return read_image_tables(path.parent, path.stem, [path])
    return manifest.read_manifest(path)


def _own(layout: str, path: Location) -> str:
    """A layout that an archive can have."""
    if layout not in folder.LAYOUTS:
        raise UsageError(
            f"The layout {layout!r} is that of a published data set, which {path.name} is not read "
            f"as: give its folder, or one of the layouts {', '.join(folder.LAYOUTS)}."
        )
    return layout


def _labelled(photos: Photos, column: str) -> Photos:
    if column not in photos.table.columns:
        raise unknown_name("column", column, photos.table.columns)
    if photos.table.schema[column] != pl.String:
        raise UsageError(f"The column {column!r} holds no plain values that could be labels.")
    text = pl.col(column)
    label = pl.when(text.str.strip_chars() != "").then(text)
    table = by_ranges(photos.table, lambda part: part.with_columns(label=label))
    return dataclasses.replace(photos, table=table)


def _neither(path: Path) -> str:
    if path.exists():
        return (
            f"{path} is neither a folder nor a file that lists or holds photos "
            "(.csv, .txt, .parquet, .arrow, .tar, .zip)."
        )
    if is_address(str(path).replace(":/", "://", 1)):
        return f"{path} was an address before it was made a path: give addresses as text."
    folder_of = path.absolute().parent
    siblings = [each.name for each in folder_of.iterdir()] if folder_of.is_dir() else []
    near = difflib.get_close_matches(path.name, siblings, n=1, cutoff=0.5)
    hint = f" Did you mean {str(path.with_name(near[0]))!r}?" if near else ""
    return f"There is no folder or file {str(path)!r}.{hint}"


def _empty(path: Location, photos: Photos) -> str:
    known = " ".join(f".{suffix}" for suffix in suffixes())
    is_file = path.suffix.lower() in _LISTS if isinstance(path, Address) else path.is_file()
    if is_file or path == Path(FRAME):
        return f"{path} lists no photos: it has a header and no rows."
    reasons = photos.ignored_by_reason()
    told = [f"{count} ignored: {reason}" for reason, count in reasons.items()]
    if rest := photos.ignored.height - sum(reasons.values()):
        told.append(f"{rest} other files")
    others = f" ({'; '.join(told)})" if told else ""
    return f"There are no photos in {path}{others}. Files with these suffixes count: {known}"
