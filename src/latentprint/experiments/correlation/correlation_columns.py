"""Which columns of a table of photos can go together with classes, and their levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from latentprint.errors import UsageError
from latentprint.experiments.probes.labels import Labelled, label_photos

NO_LABELS = {
    "id": "names the photo",
    "path": "names the photo",
    "split": "the split",
    "status": "says whether the file could be read",
    "reason": "says whether the file could be read",
    "exif_problems": "says whether the file could be read",
    "exif_raw": "holds what other columns are made from",
}
"""Columns that are never labels, with what they are."""
_FEW_PHOTOS = 10
_FEW_OTHERS = 5
_MOST_LEVELS = 1000


def usable_columns(
    photos: pl.DataFrame,
    asked: Sequence[str],
    classes: Labelled,
    label: str,
    group: str | None,
    bins: Mapping[str, str],
) -> tuple[dict[str, Labelled], dict[str, str]]:
    """Find the columns that can go together with classes, and levels for their values.

    Args:
        photos: One row for every photo that has a class [n].
        asked: Names of columns.
        classes: The classes.
        label: Column that these were made from.
        group: Column that groups the photos, if any.
        bins: Rule of binning by column.

    Returns:
        The columns that can tell something, and the others with the reason.

    Raises:
        UsageError: A rule does not fit its column.
    """
    levels, left_out = {}, {}
    for name in asked:
        if name in NO_LABELS or name == group:
            left_out[name] = "the groups" if name == group else NO_LABELS[name]
            continue
        try:
            labelled = label_photos(photos, name, bins.get(name))
        except UsageError as error:
            if name in bins:
                raise
            left_out[name] = str(error)
            continue
        if photos[name].cast(pl.String).equals(photos[label].cast(pl.String)):
            left_out[name] = f"the same as {label}"
        elif reason := _says_nothing(labelled, classes.codes):
            left_out[name] = reason
        else:
            levels[name] = replace(labelled, codes=_pooled(labelled.codes))
    return levels, left_out


def _says_nothing(labelled: Labelled, classes: np.ndarray) -> str:
    """Why a column cannot tell anything; empty where it can."""
    known = labelled.codes >= 0
    n = int(known.sum())
    counts = np.bincount(labelled.codes[known], minlength=1)
    others, levels = n - int(counts.max()), int((counts > 0).sum())
    if n < _FEW_PHOTOS:
        return f"only {n} of {len(known)} photos with it" if n else "no photo has it"
    if others < _FEW_OTHERS:
        return f"one value in all but {others} of {n} photos" if others else "one value"
    if 2 * levels > n:
        return f"{levels} values for {n} photos: nearly each its own"
    if len(np.unique(classes[known])) < 2:
        return "only one class has it"
    return ""


def _pooled(codes: np.ndarray) -> np.ndarray:
    """At most 1,001 levels: the most frequent, the first of equally frequent ones, and the rest."""
    counts = np.bincount(codes[codes >= 0])
    if len(counts) <= _MOST_LEVELS:
        return codes
    place = np.full(len(counts) + 1, _MOST_LEVELS, dtype=np.int64)
    place[np.argsort(-counts, kind="stable")[:_MOST_LEVELS]] = np.arange(_MOST_LEVELS)
    place[-1] = -1
    pooled: np.ndarray = place[codes]
    return pooled
