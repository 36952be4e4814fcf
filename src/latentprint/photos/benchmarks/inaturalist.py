"""iNaturalist 2018: ``train2018.json`` and ``val2018.json`` beside ``train_val2018/``.

The JSON files are COCO-like: ``images`` (``id``, ``file_name``, ``rights_holder``),
``annotations`` (``image_id``, ``category_id``) and ``categories`` (``id``, ``name``). The names of
the competition's files were obfuscated; ``categories.json``, released later, replaces them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from latentprint.errors import LatentprintError
from latentprint.photos.benchmarks.common import (
    photos_of,
    read_json,
    require_inside,
    some,
    without_lone_split,
)
from latentprint.photos.photos import Photos

_FILES = {"train": "train2018.json", "val": "val2018.json"}
_PUBLISHED, _UNPACKED = "train_val2018", "2018"  # torchvision renames the folder


def is_inaturalist(root: Path) -> bool:
    """Whether the folder holds one of the two JSON files."""
    return any((root / name).is_file() for name in _FILES.values())


def read_inaturalist(root: Path, *, follow_links: bool = True) -> Photos:
    """List the photos of iNaturalist 2018.

    Ids are the published ``file_name``; labels are species' names, or category numbers where no
    names are there; ``group`` is the ``rights_holder``, who stands for the photographer, or null.
    Where one of the two JSON files only is there, its photos have no split.

    Args:
        root: The folder.
        follow_links: Whether links that lead out of it are followed.

    Raises:
        LatentprintError: Both JSON files or the folder of photos are missing, or a JSON file is
            not of this form or names photos that are not there.
    """
    found = {side: root / name for side, name in _FILES.items() if (root / name).is_file()}
    if not found:
        raise LatentprintError(
            f"{root} holds neither {' nor '.join(_FILES.values())}: these files of iNaturalist "
            f"2018 must lie beside its folder {_PUBLISHED}."
        )
    folder = _folder(root)
    require_inside(folder, root, follow_links=follow_links)
    sides = []
    for side, file in found.items():
        contents = read_json(file)
        table = _images(contents, file, folder.name)
        if table.height and not (root / table["path"][0]).is_file():
            # Found out at once, not after hours of reading nothing.
            raise LatentprintError(f"{file} names {table['path'][0]}, which is not in {root}.")
        names = _names(root, contents, file)
        named = table.join(names, on="category", how="left", maintain_order="left")
        sides.append(named.with_columns(split=pl.lit(side)))
    photos = pl.concat(sides)
    photos = photos.with_columns(label=pl.coalesce("name", pl.col("category").cast(pl.String)))
    photos = without_lone_split(photos, root)
    return photos_of(root, "iNaturalist 2018", photos.drop("category", "name"))


def _folder(root: Path) -> Path:
    for name in (_PUBLISHED, _UNPACKED):
        if (root / name).is_dir():
            return root / name
    raise LatentprintError(
        f"{root} holds no folder {_PUBLISHED} with the photos of iNaturalist 2018."
    )


def _images(contents: Any, file: Path, folder: str) -> pl.DataFrame:
    """The columns ``id``, ``path``, ``group`` and ``category`` of one JSON file's images."""
    images = _records(contents, "images", file, {"id": int, "file_name": str})
    annotations = _records(contents, "annotations", file, {"image_id": int, "category_id": int})
    categories = {each["image_id"]: each["category_id"] for each in annotations}
    lacking = [each["file_name"] for each in images if each["id"] not in categories]
    if lacking:
        raise LatentprintError(f"{file} has no annotation of {some(lacking)}.")
    names = [each["file_name"] for each in images]
    prefix = f"{_PUBLISHED}/"
    return pl.DataFrame(
        {
            "id": names,
            "path": [f"{folder}/{name.removeprefix(prefix)}" for name in names],
            "group": [str(each.get("rights_holder") or "").strip() or None for each in images],
            "category": [categories[each["id"]] for each in images],
        },
        schema={"id": pl.String, "path": pl.String, "group": pl.String, "category": pl.Int64},
    )


def _records(contents: Any, key: str, file: Path, fields: dict[str, type]) -> list[dict[str, Any]]:
    """A list of objects in a JSON file, each with the given fields."""
    records = contents.get(key) if isinstance(contents, dict) else None
    if not isinstance(records, list):
        raise LatentprintError(f"{file} has no list {key!r}: it is no file of iNaturalist 2018.")
    for row, record in enumerate(records):
        for field, kind in fields.items():
            if not isinstance(record, dict) or type(record.get(field)) is not kind:
                raise LatentprintError(
                    f"Entry {row} of {key!r} in {file} has no {field!r} "
                    f"({'a number' if kind is int else 'text'})."
                )
    return records


def _names(root: Path, contents: Any, file: Path) -> pl.DataFrame:
    """The columns ``category`` and ``name``; species that share a name are told apart."""
    released = root / "categories.json"
    if released.is_file():
        contents, file = read_json(released), released
        contents = {"categories": contents} if isinstance(contents, list) else contents
    elif "categories" not in contents:
        contents = {"categories": []}
    records = _records(contents, "categories", file, {"id": int})
    table = pl.DataFrame(
        {
            "category": [each["id"] for each in records],
            "name": [str(each.get("name") or "").strip() or None for each in records],
        },
        schema={"category": pl.Int64, "name": pl.String},
    ).unique("category", maintain_order=True)
    name, number = pl.col("name"), pl.col("category").cast(pl.String)
    shared = name.is_duplicated() & name.is_not_null()
    return table.with_columns(name=pl.when(shared).then(name + " (" + number + ")").otherwise(name))
