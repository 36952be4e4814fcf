"""Embeddings in the files of the ICCV 2025 study's own code, read without an encoder.

Layout::

    <folder>/<processing>/model=<M>_variant=<V>_split=<S>.safetensors     ImageNet, iNaturalist
    <folder>/<processing>/model=<M>_variant=<V>.safetensors               FlickrExif, PairCams

Files that lie in the folder itself hold unprocessed photos, the class ``none``. Each holds
``image_embeddings``, floats [N, D], and, all [N]: ``label``, or ``Flickr ID``, or ``subject`` and
``model`` (0 for an older digital camera, 1 for a modern smartphone).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from latentprint.embeddings.stacked import StackedRows
from latentprint.errors import LatentprintError, unknown_name
from latentprint.files import as_path
from latentprint.photos import assign_splits
from latentprint.processing import NONE

_NAME = re.compile(
    r"model=(?P<model>.+?)_variant=(?P<variant>.+?)(?:_split=(?P<split>train|val))?\.safetensors"
)
_EMBEDDINGS = "image_embeddings"
_KINDS = (("label",), ("Flickr ID",), ("subject", "model"))
_PAIRS = "PairCams"
_DEVICE_TYPES = {"0": "older_digital_camera", "1": "modern_smartphone"}
_SHOWN = 5
_ROWS_AT_ONCE = 4096


@dataclass(frozen=True)
class StudyEmbeddings:
    """The embeddings of one model and variant: an ``EmbeddingSource``.

    Attributes:
        encoder: Model and variant, as the files' names have them.
        family: Family of the encoder.
        dataset: Name of the set of photos.
        photos: One row for every row of the files, in their order, train before val: ``id`` (the
            Flickr id, or split and number of the row, from 0), ``label``, ``split`` and ``group``;
            for PairCams also ``subject``, which is the group, and ``device_type``.
        files: The files of every processing class, in the order of their rows.
        split_made: Whether the split was made here, because the files' names say none.
    """

    encoder: str
    family: str
    dataset: str
    photos: pl.DataFrame = field(repr=False)
    files: Mapping[str, tuple[Path, ...]] = field(repr=False)
    split_made: bool

    @property
    def network(self) -> str:
        """The encoder itself: these are no embeddings of a known block."""
        return self.encoder

    @property
    def layer(self) -> None:
        """None, as for every final embedding."""
        return None

    def vectors(self, processing: str) -> StackedRows:
        """The embeddings of all photos under one processing class, float32 [N, D], on disk.

        Raises:
            LatentprintError: There are no files of the class, or a vector is zero or not finite
                and has no direction.
        """
        if processing not in self.files:
            raise unknown_name("processing class", processing, self.files)
        return StackedRows.of([_mapped_vectors(file) for file in self.files[processing]])


def open_study_files(
    folder: str | Path, *, dataset: str | None = None, family: str = "yours", seed: int = 0
) -> list[StudyEmbeddings]:
    """Open every model and variant of a folder of the study's files.

    Args:
        folder: The folder with one folder for every processing class.
        dataset: Name of the set of photos; by default that of the folder, of photos of subjects
            ``PairCams``.
        family: Family of the encoders (CVL, SUP, SSL, control, yours).
        seed: Seeds the split of photos whose files name none.

    Raises:
        LatentprintError: There are no such files, one is damaged or lacks a tensor or its
            counterpart for another class, or the labels of two classes differ.
    """
    folder = as_path(folder)
    found: dict[str, dict[str, dict[str, Path]]] = {}
    for file in sorted([*folder.glob("*.safetensors"), *folder.glob("*/*.safetensors")]):
        name = _NAME.fullmatch(file.name)
        if name is None:
            continue
        processing = NONE.name if file.parent == folder else file.parent.name
        encoder = f"{name['model']} ({name['variant']})"
        found.setdefault(encoder, {}).setdefault(processing, {})[name["split"] or ""] = file
    if not found:
        raise LatentprintError(
            f"{folder} holds no files <processing>/model=…_variant=…[_split=…].safetensors."
        )
    opened = [_open(name, family, dataset or "", files, seed) for name, files in found.items()]
    return [replace(each, dataset=dataset or _dataset(each, folder)) for each in opened]


def _dataset(source: StudyEmbeddings, folder: Path) -> str:
    return _PAIRS if "subject" in source.photos.columns else folder.resolve().name


def _open(
    encoder: str, family: str, dataset: str, files: dict[str, dict[str, Path]], seed: int
) -> StudyEmbeddings:
    splits = sorted({split for each in files.values() for split in each})
    for processing, by_split in files.items():
        if lacking := [split for split in splits if split not in by_split]:
            have = next(iter(by_split.values()))
            raise LatentprintError(
                f"{encoder} has embeddings under {processing} ({have}) but none of its split "
                f"{lacking[0] or '(a file without a split)'}, which other classes have."
            )
    photos = pl.concat(
        [_agreed_photos([each[split] for each in files.values()], split) for split in splits]
    )
    if photos["id"].is_duplicated().any():
        twice = photos.filter(pl.col("id").is_duplicated())["id"].unique(maintain_order=True)
        raise LatentprintError(f"The files of {encoder} hold {_some(twice.to_list())} twice.")
    made = splits != ["train", "val"]
    if made:
        photos = assign_splits(photos.with_columns(split=pl.lit(None, pl.String)), seed=seed)
    ordered = {name: tuple(each[split] for split in splits) for name, each in files.items()}
    return StudyEmbeddings(encoder, family, dataset, photos, ordered, made)


def _agreed_photos(files: list[Path], split: str) -> pl.DataFrame:
    """The photos of one split, after a look whether the files of all classes mean the same."""
    first, *others = files
    columns, dimension = _read_columns(first)
    for other in others:
        theirs, their_dimension = _read_columns(other)
        if their_dimension != dimension:
            raise LatentprintError(
                f"{first} has vectors of {dimension} numbers and {other} of {their_dimension}."
            )
        if not theirs.equals(columns):
            raise LatentprintError(f"{_difference(columns, theirs)}: {first} and {other}.")
    return _photos(columns, split)


def _difference(ours: pl.DataFrame, theirs: pl.DataFrame) -> str:
    if ours.columns != theirs.columns:
        return f"Two files hold different things, {ours.columns} and {theirs.columns}"
    if ours.height != theirs.height:
        return f"Two files have {ours.height} and {theirs.height} rows"
    row = next(row for row in range(ours.height) if ours.row(row) != theirs.row(row))
    name = next(each for each in ours.columns if ours[each][row] != theirs[each][row])
    return f"Row {row} has the {name} {ours[name][row]} in one file, {theirs[name][row]} in another"


def _photos(columns: pl.DataFrame, split: str) -> pl.DataFrame:
    """The photos' table from the tensors beside the vectors."""
    nothing = pl.lit(None, pl.String)
    prefix = f"{split}/" if split else ""
    rows = columns.with_row_index("row")
    numbered = pl.lit(prefix) + pl.col("row").cast(pl.String)
    side = pl.lit(split or None, pl.String)
    if "label" in columns.columns:
        return rows.select(id=numbered, label="label", split=side, group=numbered)
    if "Flickr ID" in columns.columns:
        return rows.select(id="Flickr ID", label=nothing, split=side, group="Flickr ID")
    return rows.select(
        id=numbered,
        label=nothing,
        split=side,
        group="subject",
        subject="subject",
        device_type=pl.col("model").replace(_DEVICE_TYPES),
    )


def _read_columns(file: Path) -> tuple[pl.DataFrame, int]:
    """The tensors beside the vectors as columns of text [N], and the vectors' dimension D."""
    with _opened(file) as opened:
        names = set(opened.keys())
        kind = next((each for each in _KINDS if names.issuperset(each)), None)
        if kind is None or _EMBEDDINGS not in names:
            raise LatentprintError(
                f"{file} must hold {_EMBEDDINGS} and either label, or Flickr ID, or subject and "
                f"model; it holds {', '.join(sorted(names))}."
            )
        shape = opened.get_slice(_EMBEDDINGS).get_shape()
        columns = {name: opened.get_tensor(name).flatten().tolist() for name in kind}
    lengths = {len(values) for values in columns.values()}
    if len(shape) != 2 or lengths != {shape[0]}:
        raise LatentprintError(
            f"{file} has {_EMBEDDINGS} of shape {list(shape)} for {sorted(lengths)} rows of "
            f"{' and '.join(kind)}."
        )
    return pl.DataFrame(columns).cast(pl.String), int(shape[1])


def _mapped_vectors(file: Path) -> Any:
    """The vectors of one file as a tensor on disk [N, D], each of which has a direction."""
    with _opened(file) as opened:
        tensor = opened.get_tensor(_EMBEDDINGS)
    rows: list[int] = []
    for start in range(0, len(tensor), _ROWS_AT_ONCE):
        vectors = tensor[start : start + _ROWS_AT_ONCE].float().numpy()
        bad = ~np.isfinite(vectors).all(axis=1) | ~vectors.any(axis=1)
        rows += (np.flatnonzero(bad) + start).tolist()
    if rows:
        raise LatentprintError(
            f"{file} has {len(rows)} vectors that are zero or not finite and have no direction: "
            f"row {_some(rows)}, counted from 0."
        )
    return tensor


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as opened:
            yield opened
    except (SafetensorError, OSError) as error:
        raise LatentprintError(f"{file} cannot be read as safetensors: {error}") from error


def _some(things: list[Any]) -> str:
    more = f" and {len(things) - _SHOWN} more" if len(things) > _SHOWN else ""
    return ", ".join(str(each) for each in things[:_SHOWN]) + more
