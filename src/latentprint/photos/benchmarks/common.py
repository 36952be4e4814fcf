"""What the loaders of published data sets share: tables in, one table of photos out."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from latentprint.errors import LatentprintError, UsageError
from latentprint.photos.folder import LEADS_OUT, read_folder
from latentprint.photos.manifest import read_table
from latentprint.photos.photos import COLUMNS, Photos

logger = logging.getLogger(__name__)

_SHOWN = 5


def some(things: Iterable[object]) -> str:
    """Name the things, or the first few and how many more there are."""
    names = [str(each) for each in things]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def list_files(folder: Path, root: Path, *, follow_links: bool) -> Photos:
    """List the photos of a folder of a data set; what its names mean is for the caller to say.

    Args:
        folder: The folder.
        root: The folder of the data set, the same or one above.
        follow_links: Whether links that lead out of it are followed.

    Raises:
        UsageError: Nothing but links that lead out of it is there.
    """
    require_inside(folder, root, follow_links=follow_links)
    found = read_folder(folder, "folder", follow_links=follow_links)
    if not len(found) and LEADS_OUT in found.ignored["reason"]:
        raise _elsewhere(folder)
    return found


def require_inside(folder: Path, root: Path, *, follow_links: bool) -> None:
    """Refuse a folder of a data set that is a link out of it; see ``list_files``.

    Raises:
        UsageError: It is one, and links are not followed.
    """
    if not follow_links and not folder.resolve().is_relative_to(root.resolve()):
        raise _elsewhere(folder)


def _elsewhere(folder: Path) -> UsageError:
    return UsageError(
        f"The photos of {folder} lie elsewhere, where links lead: follow them with --follow-links."
    )


def read_json(file: Path) -> Any:
    """The contents of a JSON file.

    Raises:
        LatentprintError: The file cannot be read or is not JSON.
    """
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise LatentprintError(f"{file} cannot be read as JSON: {error}") from error


def read_plain_columns(file: Path) -> pl.DataFrame:
    """The plain columns of a CSV or Parquet file as text; pictures in it are not read.

    Raises:
        LatentprintError: The file cannot be read as a table.
    """
    if file.suffix.lower() == ".csv":
        return read_table(file)
    try:
        plain = [
            name
            for name, dtype in pl.read_parquet_schema(file).items()
            if not dtype.is_nested() and dtype not in (pl.Binary, pl.Object)
        ]
        return pl.read_parquet(file, columns=plain).cast(pl.String)
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise LatentprintError(f"{file} cannot be read as a table: {reason}") from error


def photos_of(
    root: Path, name: str, table: pl.DataFrame, ignored: Iterable[tuple[str, str]] = ()
) -> Photos:
    """Make the table of photos: the four columns first, all text, ids checked.

    Args:
        root: Folder that the paths start from.
        name: Name of the set.
        table: At least ``id`` and ``path``; ``split`` and ``label`` are null if not there.
        ignored: Path and reason of every file that is left out.

    Raises:
        LatentprintError: Ids are not unique.
    """
    missing = [column for column in COLUMNS if column not in table.columns]
    table = table.with_columns(pl.lit(None, pl.String).alias(column) for column in missing)
    further = [column for column in table.columns if column not in COLUMNS]
    table = table.select(*COLUMNS, *further).cast(pl.String)
    twice = table.filter(pl.col("id").is_duplicated()).sort("id")
    if twice.height:
        raise LatentprintError(
            f"Several photos of {root} have the same id: {some(twice['path'])}. Remove the copies."
        )
    listed = pl.DataFrame(
        list(ignored), schema={"path": pl.String, "reason": pl.String}, orient="row"
    )
    return Photos(name, root, table, listed)


def without_lone_split(table: pl.DataFrame, root: Path) -> pl.DataFrame:
    """Empty the column ``split`` where only one side is there, so that a split can be made."""
    sides = table["split"].unique().to_list()
    if len(sides) != 1:
        return table
    logger.warning(
        "%s holds the %s photos only: they are split anew, by a seeded choice.", root, sides[0]
    )
    return table.with_columns(split=pl.lit(None, pl.String))
