"""FlickrExif: photos named by their Flickr id, a table of labels, and split files.

- photos ``<id>.jpg`` (or another photo suffix) at any depth;
- the table of labels: Parquet files, or where there are none CSV files, with a column of ids (one
  of ``id``, ``flickr_id``, ``photo_id``, written with underscores, spaces or capitals as you like)
  and one column for every label;
- split files ``split_data_target_attribute=<Attribute>.json``, which may be missing.

What ``latentprint flickr`` writes is of this form.
"""

from __future__ import annotations

import logging
from pathlib import Path

import polars as pl

from latentprint.errors import LatentprintError
from latentprint.photos.benchmarks.common import list_files, photos_of, read_plain_columns, some
from latentprint.photos.photos import Photos
from latentprint.photos.split_file import SPLIT_FILE_PREFIX, read_split_file

logger = logging.getLogger(__name__)

ID_COLUMNS = ("flickr_id", "photo_id", "id")
PHOTOGRAPHER_COLUMNS = ("group", "photographer", "owner", "owner_id", "user", "user_id")

_UNUSED = ("path", "split")


def is_flickr_exif(root: Path) -> bool:
    """Whether the folder itself holds a split file."""
    return any(root.glob(f"{SPLIT_FILE_PREFIX}*.json"))


def read_flickr_exif(root: Path, *, follow_links: bool = True) -> Photos:
    """List the photos of FlickrExif with their labels.

    Every column of the table of labels becomes a column of text, but for ``path`` and ``split``;
    the photographer's becomes ``group``. The semantic label is null unless there is a column
    ``label`` (choose another with ``label_column``), and so is the split: splits differ from
    attribute to attribute, see ``read_split_file``. What does not fit together (ids in splits
    without a file, files without labels, photos on two sides of a split) is logged as a warning.

    Args:
        root: The folder.
        follow_links: Whether links that lead out of it are followed.

    Raises:
        LatentprintError: There are no photos or no table of labels, two photos or rows have one
            id, or a table or split file cannot be read.
    """
    found = list_files(root, root, follow_links=follow_links)
    if not len(found):
        raise LatentprintError(
            f"There are no photos in {root}: FlickrExif has files such as 12284931776.jpg."
        )
    stem = pl.col("path").str.extract(r"([^/]+)\.[^./]+$")
    photos = found.table.select("path", id=stem)
    others = found.ignored["path"].to_list()
    labels = _labels(root, [name for name in others if name.endswith((".csv", ".parquet"))])
    _report_rows(root, photos["id"], labels["id"])
    splits = [name for name in others if Path(name).name.startswith(SPLIT_FILE_PREFIX)]
    for name in splits:
        _report_split(root / name, photos["id"])
    table = photos.join(labels, on="id", how="left", maintain_order="left")
    used = {*splits, *(name for name in others if name.endswith((".csv", ".parquet")))}
    ignored = [(path, reason) for path, reason in found.ignored.rows() if path not in used]
    return photos_of(root, "FlickrExif", table, ignored)


def _labels(root: Path, files: list[str]) -> pl.DataFrame:
    """The table of labels: ``id``, ``group`` and the other columns."""
    for suffix in (".parquet", ".csv"):
        tables = [read_plain_columns(root / name) for name in files if name.endswith(suffix)]
        labels = [found for each in tables if (found := _with_id(each)) is not None]
        if labels:
            table = pl.concat(labels, how="diagonal").drop(*_UNUSED, strict=False)
            twice = table.filter(pl.col("id").is_duplicated())["id"].unique(maintain_order=True)
            if len(twice):
                raise LatentprintError(
                    f"The tables of labels in {root} hold {some(twice)} more than once."
                )
            return table
    have = f" (there are {some(files)})" if files else ""
    raise LatentprintError(
        f"{root} has no table of labels: a .csv or .parquet file with a column of ids, one of "
        f"{', '.join(ID_COLUMNS)}, is needed{have}."
    )


def _with_id(table: pl.DataFrame) -> pl.DataFrame | None:
    """The table with its columns of ids and photographers renamed; None if it has no ids."""
    plain = {name: name.strip().lower().replace(" ", "_") for name in table.columns}
    found = {
        new: next((name for known in wanted for name in plain if plain[name] == known), None)
        for new, wanted in (("id", ID_COLUMNS), ("group", PHOTOGRAPHER_COLUMNS))
    }
    if found["id"] is None:
        return None
    photographer = pl.lit(None, pl.String) if found["group"] is None else pl.col(found["group"])
    renamed = table.with_columns(id=pl.col(found["id"]), group=photographer)
    taken = [old for new, old in found.items() if old is not None and old != new]
    return renamed.drop(taken).drop_nulls("id")


def _report_rows(root: Path, photos: pl.Series, rows: pl.Series) -> None:
    without_row = _missing(photos, rows)
    if len(without_row):
        logger.warning(
            "%d of %d photos in %s have no row in the table of labels: %s.",
            len(without_row),
            len(photos),
            root,
            some(without_row),
        )
    without_file = _missing(rows, photos)
    if len(without_file):
        logger.warning(
            "%d of %d rows of the table of labels in %s have no photo: %s.",
            len(without_file),
            len(rows),
            root,
            some(without_file),
        )


def _report_split(file: Path, photos: pl.Series) -> None:
    split = read_split_file(file)
    ids = split.table["id"].unique(maintain_order=True)
    lacking = _missing(ids, photos)
    if len(lacking):
        logger.warning(
            "%d of %d photos of the split %r are not there: %s.",
            len(lacking),
            len(ids),
            split.target_attribute,
            some(lacking),
        )
    for (first, second), shared in split.shared_ids.items():
        logger.warning(
            "The split %r has %d photos in %s and in %s, which leaks: %s.",
            split.target_attribute,
            len(shared),
            first,
            second,
            some(shared),
        )


def _missing(wanted: pl.Series, there: pl.Series) -> pl.Series:
    """The values that are wanted and not there."""
    return wanted.filter(~wanted.is_in(there.to_list()))
