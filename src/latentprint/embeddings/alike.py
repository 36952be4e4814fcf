"""Copies and near-duplicates among stored photos: found once, and kept beside the stores."""

from __future__ import annotations

import io
import logging
from pathlib import Path

import numpy as np
import polars as pl

from latentprint.embeddings.shard import digest_of
from latentprint.files import write_bytes
from latentprint.photos import merge_groups, near_duplicate_groups

logger = logging.getLogger(__name__)

ALIKE = "near-duplicates.parquet"
"""The file that keeps the groups of the photos that were last embedded."""

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
        content, groups = io.BytesIO(), _found(facts)
        about = {_ABOUT: f"{key} {_digest(groups)}"}
        groups.to_frame().write_parquet(content, metadata=about)
        write_bytes(file, content.getbuffer())


def _found(facts: pl.DataFrame) -> pl.Series:
    """The groups; empty where a large part of the photos would be one."""
    roots = near_duplicate_groups(facts["appearance"].to_list())
    if np.bincount(roots).max() > max(_FEW_ALIKE, _SHARE_ALIKE * len(roots)):
        return pl.Series("group", [], dtype=pl.String)
    digests = facts["content"].to_list()
    groups = merge_groups(digests, [str(root) for root in roots])
    return pl.Series("group", groups, dtype=pl.String)


def _kept(file: Path, key: str) -> pl.Series | None:
    """The groups that are kept under a key; None where there are none."""
    try:
        stated, _, digest = pl.read_parquet_metadata(file).get(_ABOUT, "").partition(" ")
        if stated == key:
            groups = pl.read_parquet(file, glob=False, hive_partitioning=False)["group"]
            return groups if _digest(groups) == digest else None
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        pass  # it is found anew
    return None


def _key(facts: pl.DataFrame) -> str:
    """A digest of all that the groups depend on."""
    seen = facts.select("content", "appearance")
    return digest_of("\n".join(f"{one} {other}" for one, other in seen.iter_rows()).encode())


def _digest(groups: pl.Series) -> str:
    return digest_of("\n".join(groups).encode())
