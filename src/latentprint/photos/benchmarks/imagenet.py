"""ImageNet-1k (ILSVRC 2012): unpacked, as Kaggle has it, or in the official tar files.

Each side, train and val, is found on its own, in this order:

- ``train/<wnid>/…`` and ``val/<wnid>/…`` in the folder or in its ``ILSVRC/Data/CLS-LOC``; val may
  be flat;
- ``ILSVRC2012_img_train.tar`` (an archive for every class) and ``ILSVRC2012_img_val.tar`` (flat),
  from which photos are read without unpacking.

A flat val takes its classes from Kaggle's ``LOC_val_solution.csv`` or the official
``ILSVRC2012_devkit_t12.tar.gz``. The test photos have no published classes and are not read.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import polars as pl

from latentprint.errors import LatentprintError
from latentprint.photos.benchmarks.common import list_files, photos_of, some, without_lone_split
from latentprint.photos.manifest import read_table
from latentprint.photos.photos import Photos
from latentprint.photos.tar_archive import list_tar_members

_KAGGLE = "ILSVRC/Data/CLS-LOC"
_TARS = {"train": "ILSVRC2012_img_train.tar", "val": "ILSVRC2012_img_val.tar"}
_SOLUTION = "LOC_val_solution.csv"
_DEVKIT = "ILSVRC2012_devkit_t12"
_TRUTH = "data/ILSVRC2012_validation_ground_truth.txt"
_META = "data/meta.mat"

_ID = pl.col("path").str.extract(r"([^/!]+)\.[^./]+$")
_WNID = pl.col("path").str.extract(r"(?:^|[/!])(n\d{8})(?:\.tar)?/[^/]+$")


def is_imagenet(root: Path) -> bool:
    """Whether the folder holds an official tar file or Kaggle's folders."""
    return (root / _KAGGLE).is_dir() or any((root / tar).is_file() for tar in _TARS.values())


def read_imagenet(root: Path, *, follow_links: bool = True) -> Photos:
    """List the photos of ImageNet-1k.

    Ids are the official names without the suffix (``n01440764_18``,
    ``ILSVRC2012_val_00000293``), the same in every shape, and labels are WordNet ids. Where one
    side only is there, its photos have no split, so that one can be made.

    Args:
        root: The folder.
        follow_links: Whether links that lead out of it are followed.

    Raises:
        LatentprintError: Neither side is there, a side is empty or without classes, or an
            archive is damaged.
    """
    sides: list[pl.DataFrame] = []
    ignored: list[tuple[str, str]] = []
    for side in _TARS:
        table, left_out = _side(root, side, follow_links)
        sides.append(table)
        ignored += left_out
    table = pl.concat(sides)
    if not table.height:
        raise LatentprintError(
            f"There is no ImageNet in {root}: expected are the folders train/<wnid> and "
            f"val/<wnid>, Kaggle's {_KAGGLE}, or {' and '.join(_TARS.values())}."
        )
    table = without_lone_split(table.sort("split", "id"), root)
    return photos_of(root, "ImageNet", table, ignored)


def _side(root: Path, side: str, follow_links: bool) -> tuple[pl.DataFrame, list[tuple[str, str]]]:
    """The photos of one side with id, path, split and label, and what was left out."""
    paths, ignored = _paths(root, side, follow_links)
    table = pl.DataFrame({"path": paths}, schema={"path": pl.String})
    table = table.with_columns(id=_ID, split=pl.lit(side), label=_WNID)
    flat = table["label"].is_null()
    if side == "val" and table.height and flat.all():
        labels = _val_labels(root, table["id"])
        return table.drop("label").join(labels, on="id", how="left"), ignored
    stray = [(path, "in no class folder such as n01440764") for path in table.filter(flat)["path"]]
    if stray and len(stray) == table.height:
        raise LatentprintError(
            f"None of the {side} photos is in a class folder such as {side}/n01440764: "
            f"{some(paths)}."
        )
    return table.filter(~flat), ignored + stray


def _paths(root: Path, side: str, follow_links: bool) -> tuple[list[str], list[tuple[str, str]]]:
    """The paths of one side's photos below the root, and those of other files with the reason."""
    folders = [each for each in (root / side, root / _KAGGLE / side) if each.is_dir()]
    for folder in folders:
        below = folder.relative_to(root).as_posix()
        photos = list_files(folder, root, follow_links=follow_links)
        if len(photos):
            ignored = [(f"{below}/{path}", reason) for path, reason in photos.ignored.rows()]
            return [f"{below}/{path}" for path in photos.table["path"]], ignored
    tar = root / _TARS[side]
    if tar.is_file():
        return [member.path_below(root) for member in list_tar_members(tar)], []
    if folders:
        raise LatentprintError(f"There are no photos in {folders[0]}, and there is no {tar}.")
    return [], []


def _val_labels(root: Path, ids: pl.Series) -> pl.DataFrame:
    """The classes of flat validation photos: ``id`` and ``label``."""
    places = (root, *root.absolute().parents[:3])  # the root may be CLS-LOC itself
    solution = next((each / _SOLUTION for each in places if (each / _SOLUTION).is_file()), None)
    labels = _devkit_labels(root) if solution is None else _solution_labels(solution)
    source = solution or root / _DEVKIT
    unknown = ids.filter(~ids.is_in(labels["id"].to_list()))
    if len(unknown):
        raise LatentprintError(f"{source} names no class for the val photos {some(unknown)}.")
    if solution is None and len(ids) < labels.height:
        raise LatentprintError(
            f"{root} holds {len(ids)} val photos, but {source} names {labels.height}: is the "
            "download complete?"
        )
    return labels


def _solution_labels(file: Path) -> pl.DataFrame:
    table = read_table(file)
    if missing := {"ImageId", "PredictionString"} - set(table.columns):
        raise LatentprintError(f"{file} lacks the column {some(sorted(missing))}.")
    label = pl.col("PredictionString").str.extract(r"^\s*(n\d{8})")
    return table.select(id="ImageId", label=label).drop_nulls()


def _devkit_labels(root: Path) -> pl.DataFrame:
    """Photo k of the validation set belongs to the class on line k of the ground truth."""
    truth = _devkit_file(root, _TRUTH).decode("ascii", "replace").split()
    wnids = _wnids(_devkit_file(root, _META))
    try:
        labels = [wnids[int(each)] for each in truth]
    except (KeyError, ValueError) as error:
        raise LatentprintError(
            f"{_TRUTH} of the devkit in {root} names the class {error}, which {_META} lacks."
        ) from error
    ids = [f"ILSVRC2012_val_{number:08d}" for number in range(1, len(labels) + 1)]
    return pl.DataFrame({"id": ids, "label": labels}, schema={"id": pl.String, "label": pl.String})


def _devkit_file(root: Path, name: str) -> bytes:
    """The bytes of a file of the devkit, unpacked or in its archive."""
    unpacked, packed = root / _DEVKIT / name, root / f"{_DEVKIT}.tar.gz"
    if unpacked.is_file():
        return unpacked.read_bytes()
    if not packed.is_file():
        raise LatentprintError(
            f"The val photos in {root} are in no class folders: {packed.name} or {_SOLUTION}, "
            "which name their classes, must be in the folder too."
        )
    try:
        with tarfile.open(packed, "r:gz") as opened:
            file = opened.extractfile(f"{_DEVKIT}/{name}")
            return file.read() if file else b""
    except KeyError:
        raise LatentprintError(f"{packed} lacks {_DEVKIT}/{name}.") from None
    except (OSError, EOFError, tarfile.TarError) as error:
        raise LatentprintError(f"{packed} cannot be read: {error}.") from error


def _wnids(meta: bytes) -> dict[int, str]:
    """WordNet id of every class number, from the devkit's table of classes."""
    from scipy.io import loadmat

    try:
        synsets = loadmat(io.BytesIO(meta), squeeze_me=True)["synsets"]
        numbers, wnids = synsets["ILSVRC2012_ID"], synsets["WNID"]
        return {int(number): str(wnid) for number, wnid in zip(numbers, wnids, strict=True)}
    except Exception as error:  # a malformed file makes the reader raise anything
        raise LatentprintError(f"{_META} of the devkit cannot be read: {error}") from error
