"""Training and validation sides that no photo's copies straddle."""

from __future__ import annotations

import hashlib
import re
from functools import partial

import numpy as np
import polars as pl

from latentprint.errors import LatentprintError, UsageError
from latentprint.mapped_tables import by_ranges, mapped, positions, ranges, repeated

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "val",
}
"""What users call the two sides, in lower case, and what they are called here."""


_OF_FOLDERS = {"data", "image", "images", "img", "imgs", "set"}


def side_of_folder(name: str) -> tuple[str | None, str]:
    """The side that a folder's name tells, if it does, and its further words.

    ``val``, ``train2017`` and ``test_set`` have none, ``seg_train`` and ``seg_test`` have the same.
    """
    words = [word for word in re.findall(r"[^\W\d_]+", name.lower()) if word not in _OF_FOLDERS]
    sides = {SPLIT_NAMES[word] for word in words if word in SPLIT_NAMES}
    further = " ".join(word for word in words if word not in SPLIT_NAMES)
    return sides.pop() if len(sides) == 1 else None, further


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
    groups = _groups(table, seed)
    val, rows = _is_val(groups, val_share), positions(table["group"], groups["group"])
    # A photo without a group, of which no position is found, gets no side.
    sides, names = np.append(val.astype(np.int8), 2), pl.Series("split", ["train", "val", None])
    splits = mapped(names[sides[rows[part]]].to_frame() for part in ranges(len(rows)))
    return table.with_columns(splits["split"])


def straddling_groups(table: pl.DataFrame) -> list[str]:
    """The groups with photos in more than one split, sorted.

    Args:
        table: One row for every photo with the columns ``split`` and ``group``.
    """
    sides = table.drop_nulls(["split", "group"]).group_by("group").agg(pl.col("split").n_unique())
    return sides.filter(pl.col("split") > 1)["group"].sort().to_list()


def _groups(table: pl.DataFrame, seed: int) -> pl.DataFrame:
    """One row for every group: ``group``, ``label`` of its smallest id, and its place.

    The place is a digest: ``first``, and where that is the same ``second``.
    """
    twice = repeated(table["group"]).implode()
    shared = pl.col("group").is_in(twice)
    rows = table.select("group", "id", "label")
    alone = by_ranges(rows, lambda part: part.filter(~shared))
    first = (pl.col("id").min(), pl.col("label").sort_by("id").first())
    several = rows.lazy().filter(shared).group_by("group").agg(*first).collect()
    return by_ranges(pl.concat([alone, several], rechunk=False), partial(_placed, seed=seed))


def _placed(groups: pl.DataFrame, seed: int) -> pl.DataFrame:
    digests = (
        hashlib.blake2b(f"{seed}:{each}".encode(), digest_size=16).digest() for each in groups["id"]
    )
    places = np.frombuffer(b"".join(digests), ">u8").astype(np.uint64).reshape(-1, 2)
    return groups.select("group", "label", first=places[:, 0], second=places[:, 1])


def _is_val(groups: pl.DataFrame, val_share: float) -> np.ndarray:
    """Whether each group goes to "val", bool [groups]."""
    labels = groups["label"].cast(pl.Categorical).to_physical().cast(pl.Int64).fill_null(-1)
    _, stratum, counts = np.unique(labels.to_numpy(), return_inverse=True, return_counts=True)
    stratum[counts[stratum] == 1] = len(counts)
    counts = np.bincount(stratum, minlength=1)
    wanted = (pl.Series(counts) * val_share).round().cast(pl.Int64).to_numpy()
    wanted = np.minimum(np.maximum(wanted, 1), counts - 1)
    order = np.lexsort([groups[name].to_numpy() for name in ("second", "first")] + [stratum])
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order)) - (np.cumsum(counts) - counts)[stratum[order]]
    found: np.ndarray = place < wanted[stratum]
    return found
