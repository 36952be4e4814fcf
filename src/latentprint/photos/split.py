"""Training and validation sides that no photo's copies straddle."""

from __future__ import annotations

import hashlib
from functools import partial

import polars as pl

from latentprint.errors import LatentprintError, UsageError
from latentprint.mapped_tables import by_ranges, repeated

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "val",
}
"""What users call the two sides, in lower case, and what they are called here."""


def assign_splits(table: pl.DataFrame, *, seed: int, val_share: float = 0.3) -> pl.DataFrame:
    """Keep the user's split, or make one by content, stratified by label.

    Within each label the groups are put in an order that depends only on the seed and on the
    smallest id of each group, and the first ``val_share`` of them, at least one where there are
    two, go to "val". Thus the order of rows changes nothing, and a photo added under one label
    moves no photo of another. Labels that have one group only are pooled with one another: else a
    set whose labels are all different would have no validation side.

    Args:
        table: One row for every photo with the columns ``id``, ``label`` and ``split`` (text or
            null) and ``group``, the content digest: photos of one group stay on one side.
        seed: Another seed makes another split.
        val_share: Share of groups that go to "val", above 0 and below 1.

    Returns:
        The same rows in the same order with every ``split`` filled in.

    Raises:
        UsageError: If ``val_share`` is out of range.
        LatentprintError: If some rows have a split and others have none.
    """
    if not 0 < val_share < 1:
        raise UsageError(f"val_share must lie between 0 and 1, not {val_share}.")
    missing = table["split"].null_count()
    if missing < table.height:
        if missing:
            raise LatentprintError(
                f"{missing} of {table.height} photos have no split while the others have one. "
                "Give every photo a split, or none."
            )
        return table
    sides = _sides(_groups(table, seed), val_share)
    found = table.select("group").join(sides, on="group", how="left", maintain_order="left")
    return table.with_columns(found["split"])


def straddling_groups(table: pl.DataFrame) -> list[str]:
    """The groups with photos in more than one split, sorted.

    Args:
        table: One row for every photo with the columns ``split`` and ``group``.
    """
    sides = table.drop_nulls(["split", "group"]).group_by("group").agg(pl.col("split").n_unique())
    return sides.filter(pl.col("split") > 1)["group"].sort().to_list()


def _groups(table: pl.DataFrame, seed: int) -> pl.DataFrame:
    """One row for every group: ``group``, ``label`` of its smallest id, and its place, ``key``."""
    twice = repeated(table["group"]).implode()
    shared = pl.col("group").is_in(twice).fill_null(value=True)
    rows = table.select("group", "id", "label")
    alone = by_ranges(rows, lambda part: part.filter(~shared))
    first = (pl.col("id").min(), pl.col("label").sort_by("id").first())
    several = rows.lazy().filter(shared).group_by("group").agg(*first).collect()
    return by_ranges(pl.concat([alone, several], rechunk=False), partial(_keyed, seed=seed))


def _keyed(groups: pl.DataFrame, seed: int) -> pl.DataFrame:
    keys = [
        hashlib.blake2b(f"{seed}:{each}".encode(), digest_size=16).hexdigest()
        for each in groups["id"]
    ]
    return groups.select("group", "label", key=pl.Series(keys, dtype=pl.String))


def _sides(groups: pl.DataFrame, val_share: float) -> pl.DataFrame:
    """One row for every group: ``group`` and its ``split``."""
    alone = pl.len().over("label") == 1
    strata = groups.with_columns(alone=alone, label=pl.when(~alone).then("label"))
    within = ["alone", "label"]
    count = pl.len().over(within).cast(pl.Int64)
    wanted = (count * val_share).round().cast(pl.Int64)
    wanted = pl.min_horizontal(pl.max_horizontal(wanted, 1), count - 1)
    place = pl.col("key").rank("ordinal").over(within)
    side = pl.when(place <= wanted).then(pl.lit("val")).otherwise(pl.lit("train"))
    return strata.select("group", split=side)
