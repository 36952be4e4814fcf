"""What is known of photos, whether there are files, vectors of one's own or a table alone."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from latentprint.embeddings import open_own_vectors
from latentprint.embeddings.matching import Matched, names_photos
from latentprint.embeddings.own_vectors import photos_of
from latentprint.embeddings.vector_files import are_vectors, tells_vectors
from latentprint.errors import UsageError
from latentprint.photos import Photos, as_photos, open_photos, read_table
from latentprint.photos.frames import frame_of
from latentprint.photos.listing import PATH_COLUMNS
from latentprint.photos.manifest import FRAME, SUFFIXES, column_names, tidy_table
from latentprint.photos.photos import COLUMNS

logger = logging.getLogger(__name__)


def open_known(
    given: Any,
    metadata: Any = None,
    *,
    id_column: str | None = None,
    vector_columns: Sequence[str] = (),
    layout: str = "auto",
    follow_links: bool = False,
) -> Photos:
    """Open photos for what is known of them; no pixel and no vector is needed.

    Args:
        given: A folder of photos or a manifest, see ``open_photos``; vectors of one's own, see
            ``open_own_vectors``; or a table without paths, which is taken as it is. From Python
            also photos that are open, arrays and data frames.
        metadata: A table about the photos of vectors.
        id_column: Column by which vectors find their rows of it.
        vector_columns: What the vectors are in their file.
        layout: How to read a folder.
        follow_links: Follow links out of a folder.

    Returns:
        The photos; those of vectors and of a table without paths have no paths.

    Raises:
        UsageError: A column or layout is not known, or options for vectors are given without any.
        LatentprintError: A file cannot be read, or the two do not fit.
    """
    of_vectors = bool(metadata is not None or id_column or vector_columns)
    if not isinstance(given, str | Path):
        return _in_memory(given, metadata, id_column, tuple(vector_columns))
    place = Path(given)
    is_table = place.is_file() and place.suffix.lower() in SUFFIXES
    has_paths = is_table and any(name in PATH_COLUMNS for name in column_names(place))
    if are_vectors(place) and (
        of_vectors or not is_table or (not has_paths and tells_vectors(place))
    ):
        return _of_vectors(place, place, metadata, id_column, tuple(vector_columns))
    if of_vectors:
        raise UsageError(
            f"--metadata, --id-column and --vector-columns are for files of vectors, and {place} is"
            " none."
        )
    if not is_table or has_paths:
        return open_photos(place, layout=layout, follow_links=follow_links)
    return _of_table(read_table(place), place)


def _in_memory(
    given: Any, metadata: Any, id_column: str | None, vector_columns: tuple[str, ...]
) -> Photos:
    """What is known of photos that are in memory."""
    frame = frame_of(given)
    if metadata is not None or id_column or vector_columns:
        return _of_vectors(given, Path("vectors"), metadata, id_column, vector_columns)
    if frame is None or any(name in PATH_COLUMNS for name in frame.columns):
        return as_photos(given)
    return _of_table(tidy_table(frame, FRAME), Path(FRAME))


def _of_vectors(
    vectors: Any,
    place: Path,
    metadata: Any,
    id_column: str | None,
    vector_columns: tuple[str, ...],
) -> Photos:
    own = open_own_vectors(vectors, metadata, id_column=id_column, vector_columns=vector_columns)
    for note in own.notes:
        logger.warning("%s", note)
    return _without_files(own.photos, own.dataset, place, split_made=own.split_made)


def _of_table(table: pl.DataFrame, place: Path) -> Photos:
    """A table without paths, as it is."""
    logger.warning("%s has no paths: its own columns are asked, and no files are read.", place)
    photos = photos_of(Matched(table, str(place), names_photos(table)), len(table))
    return _without_files(photos, place.stem, place, split_made=False)


def _without_files(photos: pl.DataFrame, name: str, place: Path, *, split_made: bool) -> Photos:
    nothing = pl.lit(None, pl.String)
    made = ["group"] if not photos["group"].is_duplicated().any() else []
    table = photos.drop("path", *made, strict=False).with_columns(path=nothing)
    if split_made:
        table = table.with_columns(split=nothing)
    none = pl.DataFrame(schema={"path": pl.String, "reason": pl.String})
    return Photos(name, place.parent, table.select(*COLUMNS, pl.exclude(*COLUMNS)), none)
