"""Copies and near-duplicates among stored photos: found once, and kept beside the stores."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import polars as pl

from latentprint.embeddings.shard import digest_of_lines, read_long
from latentprint.embeddings.sharded import DamagedFile
from latentprint.files import write_parquet
from latentprint.mapped_tables import mapped, ranges, repeated
from latentprint.photos import near_duplicate_groups
from latentprint.photos.near_duplicates import Links

logger = logging.getLogger(__name__)

ALIKE = "near-duplicates.parquet"
"""The file that keeps the groups of the photos that were last embedded."""

SEEN = ("content", "appearance")
"""The facts of a photo that its near-duplicates are told by."""

_FEW_ALIKE, _SHARE_ALIKE = 20, 0.05
_ABOUT = "latentprint"


def alike(facts: pl.DataFrame, folder: Path | None = None) -> pl.Series:
    """A group for every photo that its copies and near-duplicates share: the smallest digest.

    Where a large part of the photos would be one group, as scans of one kind are, they are alike
    by nature, and only equal pixels make a group.

    Args:
        facts: What is known of the photos that can be read, in their order.
        folder: Where groups may be kept. They are taken if they were found for just these pixels,
            in this order, and else found anew.
    """
    digests = facts["content"].alias("group")
    if "appearance" not in facts.columns or facts["appearance"].null_count() or not len(digests):
        return digests
    kept = None if folder is None else _kept(folder / ALIKE, _key(facts))
    groups = _found(facts) if kept is None else kept
    if groups is not None and len(groups):
        return groups
    logger.warning(
        "Many photos look alike: only those with equal pixels are kept on one side of a split."
    )
    return digests


def keep_alike(facts: pl.DataFrame, folder: Path) -> None:
    """Keep the groups of near-duplicates for the commands that need them later.

    Args:
        facts: See ``alike``.
        folder: The folder of the stores.
    """
    if "appearance" not in facts.columns or facts["appearance"].null_count() or not len(facts):
        return
    file, key = folder / ALIKE, _key(facts)
    if _kept(file, key) is None:
        groups = _found(facts)
        write_parquet(file, groups.to_frame(), {_ABOUT: f"{key} {digest_of_lines(groups)}"})


def _found(facts: pl.DataFrame) -> pl.Series:
    """The groups; empty where a large part of the photos would be one."""
    roots = near_duplicate_groups(facts["appearance"])
    if np.bincount(roots).max() > max(_FEW_ALIKE, _SHARE_ALIKE * len(roots)):
        return pl.Series("group", [], dtype=pl.String)
    content = facts["content"].alias("group")
    roots = _with_copies(roots, content)
    # Only what shares a group takes another's name: the smallest.
    several = np.flatnonzero((np.bincount(roots) > 1)[roots])
    members = pl.DataFrame({"root": roots[several], "group": content[several]})
    names = members.select(pl.col("group").min().over("root"))["group"]

    def named(part: slice) -> pl.DataFrame:
        start, stop = np.searchsorted(several, [part.start, part.stop])
        at = several[start:stop] - part.start
        return content[part].scatter(at, names[start:stop]).to_frame()

    return mapped(map(named, ranges(len(content))))["group"]


def _with_copies(roots: np.ndarray, content: pl.Series) -> np.ndarray:
    """The first photo of every photo's group, where equal pixels make groups as well."""
    twice, parts = repeated(content).implode(), ranges(len(content))
    rows = (content[part].to_frame().with_row_index("row", part.start) for part in parts)
    copies = pl.concat(each.filter(pl.col("group").is_in(twice)) for each in rows)
    links = Links(roots)
    links.join(copies.select(pl.col("row").first().over("group").alias("first"), "row").to_numpy())
    return links.roots()


def _kept(file: Path, key: str) -> pl.Series | None:
    """The groups that are kept under a key; None where there are none."""
    try:
        stated, _, digest = pl.read_parquet_metadata(file).get(_ABOUT, "").partition(" ")
        if stated == key:
            groups = read_long(file)["group"]
            return groups if digest_of_lines(groups) == digest else None
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException, DamagedFile):
        pass  # it is found anew
    return None


def _key(facts: pl.DataFrame) -> str:
    """A digest of all that the groups depend on."""
    seen = facts.select(SEEN)
    return digest_of_lines(f"{one} {other}" for one, other in seen.iter_rows())
