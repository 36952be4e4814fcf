"""Which row of a table is about which vector."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from latentprint.embeddings.metadata_table import IDS, MetadataTable, first_id
from latentprint.embeddings.vector_files import FoundVectors, some
from latentprint.errors import LatentprintError, unknown_name


@dataclass(frozen=True)
class Matched:
    """What is known of the photos, in the order of their vectors.

    Attributes:
        frame: One row for every vector; without columns where nothing is known.
        name: Where it comes from, as messages have it.
        id_column: The column that names the photos; None where none does.
        notes: How rows were matched, as sentences.
    """

    frame: pl.DataFrame
    name: str
    id_column: str | None
    notes: tuple[str, ...] = ()


def match_rows(
    found: FoundVectors, table: MetadataTable | None, id_column: str | None = None
) -> Matched:
    """Bring the rows of a table into the order of the vectors, with what stands beside these.

    Both are matched by a column that names the photos in both, one row for every vector. Only where
    no column names the vectors do rows match by order.

    Args:
        found: The vectors.
        table: The table, if there is one.
        id_column: The column by which they match: in both, or, where vectors have nothing beside
            them, the number of the row, from 0.

    Raises:
        UsageError: There is no such column.
        LatentprintError: They do not fit, or the column is not in both.
    """
    beside = found.beside
    if table is None:
        if id_column is not None and id_column not in beside.columns:
            raise unknown_name(f"column of {found.name}", id_column, beside.columns)
        return Matched(beside, found.name, id_column or names_photos(beside))
    shared = (name for name in IDS if name in beside.columns and name in table.frame.columns)
    key = id_column or next(shared, None)
    if key is None:
        ours = _by_order(found, table)
        how = "by order, as these name no photos"
    else:
        ours = _by_id(found, table, key)
        how = f"by {key!r}"
    notes = [f"{table.name}: rows were matched with the vectors of {found.name} {how}."]
    both = [name for name in ours.columns if name in beside.columns]
    moved = next((name for name in both if name != key and _is_moved(ours, beside, name)), None)
    if moved is not None and id_column is None:
        raise LatentprintError(
            f"{table.name} and {found.name} hold the same {moved!r}, but not in the same rows,"
            f" which were matched {how}: name with --id-column the column by which they match."
        )
    if differing := [name for name in both if name != key and not _equal(ours, beside, name)]:
        notes.append(
            f"{table.name} and {found.name} differ in {', '.join(differing)}: what {table.name}"
            " says was taken."
        )
    frame = pl.concat([beside.drop(both), ours], how="horizontal") if beside.columns else ours
    named = id_column or ("id" if "id" in ours.columns else key) or names_photos(ours)
    return Matched(frame, table.name, named, tuple(notes))


def _by_order(found: FoundVectors, table: MetadataTable) -> pl.DataFrame:
    if named := first_id(found.beside.columns):
        columns = ", ".join(table.frame.columns)
        raise LatentprintError(
            f"{found.name} names its photos by {named!r}, and {table.name} has no such column"
            f" ({columns}): add it there, or name with --id-column the column that both have."
        )
    n = found.shape[0]
    if len(table.frame) != n:
        raise LatentprintError(
            f"{found.name} has {n} vectors and {table.name} has {len(table.frame)} rows: they match"
            " by order and must be equally many, or name with --id-column a column of ids that both"
            " have."
        )
    return table.frame


def _is_moved(ours: pl.DataFrame, theirs: pl.DataFrame, name: str) -> bool:
    """Whether a column tells rows apart, and has the same values in both in another order."""
    one, other = ours[name], theirs[name]
    if one.dtype.is_nested() or other.dtype.is_nested():
        return False
    one, other = one.cast(pl.String), other.cast(pl.String)
    differs = not one.equals(other, null_equal=True)
    return differs and one.is_unique().all() and one.sort().equals(other.sort(), null_equal=True)


def _by_id(found: FoundVectors, table: MetadataTable, key: str) -> pl.DataFrame:
    """The rows of the table in the order of the vectors."""
    if key not in table.frame.columns:
        raise unknown_name(f"column of {table.name}", key, table.frame.columns)
    if not found.beside.columns:
        ids = pl.int_range(found.shape[0], eager=True).cast(pl.String).alias(key)
    elif key in found.beside.columns:
        ids = found.beside[key].cast(pl.String)
    else:
        raise unknown_name(f"column of {found.name}", key, found.beside.columns)
    rows = table.frame.with_columns(pl.col(key).cast(pl.String))
    for whole, where in ((rows[key], table.name), (ids, found.name)):
        if whole.null_count():
            empty = whole.is_null().arg_true().to_list()
            raise LatentprintError(f"{where} has no {key!r} in row {some(empty)}, counted from 0.")
        twice = whole.filter(whole.is_duplicated()).unique(maintain_order=True)
        if len(twice):
            raise LatentprintError(
                f"{where} has {key!r} {some(twice.to_list())} more than once: each photo needs one"
                " row."
            )
    lacking = ids.filter(~ids.is_in(rows[key].implode()))
    if len(lacking):
        raise LatentprintError(
            f"{table.name} has no row for {len(lacking)} of {len(ids)} vectors of {found.name}:"
            f" {key!r} {some(lacking.to_list())}."
        )
    spare = rows[key].filter(~rows[key].is_in(ids.implode()))
    if len(spare):
        raise LatentprintError(
            f"{table.name} has {len(spare)} rows without a vector in {found.name}: {key!r}"
            f" {some(spare.to_list())}. Leave them out of the table."
        )
    return ids.to_frame().join(rows, on=key, how="left", maintain_order="left")


def names_photos(table: pl.DataFrame) -> str | None:
    """``id``, or else the first column of paths that is complete and without repeats."""
    if "id" in table.columns:
        return "id"
    for name in IDS:
        if name in table.columns:
            values = table[name]
            if not values.null_count() and not values.is_duplicated().any():
                return name
    return None


def _equal(ours: pl.DataFrame, theirs: pl.DataFrame, name: str) -> bool:
    one, other = ours[name], theirs[name]
    if one.dtype.is_nested() or other.dtype.is_nested():
        return one.dtype == other.dtype and one.equals(other, null_equal=True)
    return one.cast(pl.String).equals(other.cast(pl.String), null_equal=True)
