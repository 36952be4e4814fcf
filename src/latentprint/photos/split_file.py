"""The study's split files: which photos train, tune and test the probe of one attribute.

``split_data_target_attribute=<Attribute>.json`` holds ``train_ids``, ``val_ids``, ``test_ids``, for
each of these ``encoded_{train,val,test}_labels``, the names of the classes in
``label_encoder_classes``, and ``target_attribute`` (ICCV 2025 study, section 4).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import polars as pl

from latentprint.errors import LatentprintError
from latentprint.files import as_path

SPLIT_FILE_PREFIX = "split_data_target_attribute="
SIDES = ("train", "val", "test")

_SHOWN = 5


@dataclass(frozen=True)
class SplitFile:
    """The photos and labels of one attribute's probe.

    Attributes:
        target_attribute: The attribute, such as "Make".
        table: One row for every photo of every side, in the file's order, with the text columns
            ``id``, ``split`` ("train", "val" or "test") and ``label``.
        classes: Names of the classes, in the order of their codes.
        shared_ids: The ids that two sides have in common, for every such pair of sides, in the
            order of the first. What they share leaks: the published Model split shares 36 photos
            between train and test.
    """

    target_attribute: str
    table: pl.DataFrame
    classes: tuple[str, ...]
    shared_ids: Mapping[tuple[str, str], tuple[str, ...]]


def read_split_file(path: str | Path) -> SplitFile:
    """Read and check a split file.

    The sides train and test must be there; val may be missing. Ids become text.

    Raises:
        LatentprintError: The file cannot be read or lacks a field, a side's ids and labels differ
            in number, an id comes twice in a side, or a label is not the number of a class.
    """
    path = as_path(path)
    contents = _contents(path)
    classes = tuple(str(each) for each in _list(contents, "label_encoder_classes", path))
    if len(set(classes)) < len(classes):
        raise LatentprintError(f"'label_encoder_classes' of {path} names a class twice.")
    sides = {
        side: _side(contents, side, classes, path)
        for side in SIDES
        if side != "val" or "val_ids" in contents
    }
    attribute = contents.get("target_attribute")
    if not isinstance(attribute, str) or not attribute:
        raise LatentprintError(f"{path} has no text 'target_attribute'.")
    return SplitFile(attribute, pl.concat(sides.values()), classes, _shared(sides))


def _contents(path: Path) -> dict[str, Any]:
    try:
        contents = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise LatentprintError(f"{path} cannot be read as a split file: {error}") from error
    if not isinstance(contents, dict):
        raise LatentprintError(f"{path} is no split file: it holds no JSON object.")
    return contents


def _list(contents: dict[str, Any], key: str, path: Path) -> list[Any]:
    values = contents.get(key)
    if not isinstance(values, list):
        raise LatentprintError(f"{path} has no list {key!r}: it is no split file of the study.")
    return values


def _side(
    contents: dict[str, Any], side: str, classes: tuple[str, ...], path: Path
) -> pl.DataFrame:
    """The rows of one side, checked."""
    labels_key = f"encoded_{side}_labels"
    ids = [str(each) for each in _list(contents, f"{side}_ids", path)]
    codes = _list(contents, labels_key, path)
    if len(ids) != len(codes):
        raise LatentprintError(
            f"{path} has {len(ids)} '{side}_ids' but {len(codes)} {labels_key!r}."
        )
    for row, code in enumerate(codes):
        if type(code) is not int or not 0 <= code < len(classes):
            raise LatentprintError(
                f"Entry {row} of {labels_key!r} in {path} is {code!r}, not the number of one of "
                f"the {len(classes)} classes."
            )
    labels = [classes[code] for code in codes]
    table = pl.DataFrame({"id": ids, "label": labels}, schema={"id": pl.String, "label": pl.String})
    twice = table.filter(pl.col("id").is_duplicated())["id"].unique(maintain_order=True)
    if len(twice):
        raise LatentprintError(
            f"'{side}_ids' of {path} holds ids more than once: {', '.join(twice[:_SHOWN])}"
            f"{' and more' if len(twice) > _SHOWN else ''}."
        )
    return table.select("id", pl.lit(side).alias("split"), "label")


def _shared(sides: dict[str, pl.DataFrame]) -> dict[tuple[str, str], tuple[str, ...]]:
    pairs = {
        (first, second): sides[first].join(
            sides[second], on="id", how="semi", maintain_order="left"
        )
        for first, second in combinations(sides, 2)
    }
    return {pair: tuple(shared["id"]) for pair, shared in pairs.items() if shared.height}
