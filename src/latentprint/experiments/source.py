"""What the experiments ask of embeddings, wherever these come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from latentprint.errors import UsageError
from latentprint.words import CONTROL

if TYPE_CHECKING:
    import polars as pl

    from latentprint.experiments.asking import Draw
    from latentprint.processing import Attribute
    from latentprint.solvers import VectorArray

UNPROCESSED = "none"
"""The processing class of photos as they were decoded: the name of ``processing.NONE``."""


ROW = "\0row"
"""Column with the row of a photo in its source: a name that no column of a table has."""


class EmbeddingSource(Protocol):
    """Embeddings of the same photos under several processing classes, by one encoder.

    Attributes:
        encoder: Name of the encoder.
        family: Family of the encoder (CVL, SUP, SSL, control, yours).
        network: Name of the network that the encoder is a block of; the encoder's own name where
            it is no block.
        layer: Number of the block, from 1; None for a network's final embedding.
        dataset: Name of the set of photos.
        photos: One row for every embedded photo, in the order of the vectors, with the columns
            ``id`` (text), ``label`` (text or null), ``split`` ("train" or "val") and ``group``
            (text; photos of one group never straddle a split); any further column is a label
            that a probe can recover, and those that begin with ``file_`` are facts of the file.
        split_made: Whether the split was made here, at random, and not given with the photos.
    """

    @property
    def encoder(self) -> str: ...  # noqa: D102 - described above

    @property
    def family(self) -> str: ...  # noqa: D102

    @property
    def network(self) -> str: ...  # noqa: D102

    @property
    def layer(self) -> int | None: ...  # noqa: D102

    @property
    def dataset(self) -> str: ...  # noqa: D102

    @property
    def photos(self) -> pl.DataFrame: ...  # noqa: D102

    @property
    def split_made(self) -> bool: ...  # noqa: D102

    def vectors(self, processing: str) -> VectorArray:
        """The embeddings of all photos under one processing class, floats [N, D].

        They may lie on disk: rows are read when they are indexed.
        """
        ...


class Origin(TypedDict):
    """The columns of a result that say which embeddings it was measured on."""

    encoder: str
    family: str
    network: str
    layer: int | None
    dataset: str


def origin(source: EmbeddingSource) -> Origin:
    """What every row of the result table says of its embeddings."""
    return {
        "encoder": source.encoder,
        "family": source.family,
        "network": source.network,
        "layer": source.layer,
        "dataset": source.dataset,
    }


@dataclass(frozen=True)
class Opened:
    """Embeddings of one encoder, and what is recorded of them.

    Attributes:
        source: The embeddings.
        classes: The processing classes that were embedded.
        extraction: How they were made, where that is recorded.
        root: Folder that relative paths of photos start from, where that is recorded.
        encoder: Name, preprocessing, digest of weights…, where that is recorded.
        masked: Whether the middle of photos was masked; None where that is not known.
        draw: How classes are drawn unless the user says otherwise: for files of the study by row,
            as published.
        notes: What had to be settled to read them, as sentences.
        folder: Folder of the stores, where they lie in one.
    """

    source: EmbeddingSource
    classes: tuple[str, ...]
    extraction: dict[str, Any] = field(default_factory=dict)
    root: Path | None = None
    encoder: dict[str, Any] = field(default_factory=dict)
    masked: bool | None = None
    draw: Draw = "photo"
    notes: tuple[str, ...] = ()
    folder: Path | None = None


def require_source(source: object) -> None:
    """Refuse a path, or anything else, in place of opened embeddings.

    Raises:
        UsageError: It is one.
    """
    if not hasattr(source, "vectors"):
        raise UsageError(
            f"{source!r} are no opened embeddings: open_collection and open_own_vectors open them."
        )


def usable_device(device: str) -> str:
    """The device that is asked for: ``auto`` is CUDA, else MPS, else the CPU.

    Raises:
        UsageError: It is unknown or unavailable.
    """
    from latentprint.arrays import has_torch, needs_torch

    if not has_torch():
        if device in ("auto", "cpu"):
            return "cpu"
        raise needs_torch(f"--device {device}")
    from latentprint.encoders.load_options import resolve_device

    chosen = resolve_device(device, "float32")
    return chosen.type if chosen.type == "cpu" else str(chosen)


def on_whole_photos(opened: Sequence[Opened]) -> list[Opened]:
    """Those of whole photos, where a run holds embeddings of masked photos beside them."""
    return [each for each in opened if not each.masked] or list(opened)


def on_masked_photos(opened: Sequence[Opened]) -> list[Opened]:
    """Those of photos whose middle is masked, where a run holds any."""
    return [each for each in opened if each.masked] or list(opened)


def without_controls(opened: Sequence[Opened]) -> list[Opened]:
    """The encoders that are no controls."""
    return [each for each in opened if each.source.family != CONTROL]


def asked_attributes(opened: Sequence[Opened], names: Sequence[str]) -> tuple[Attribute, ...]:
    """The processing attributes that are asked for.

    Args:
        opened: The embeddings.
        names: What a user names, see ``parse_attribute``; none for the published attributes whose
            classes were embedded.

    Raises:
        UsageError: A name is not known; or none is given, and no published attribute is there.
    """
    from latentprint.processing import ATTRIBUTES, find_attributes

    if names:
        return find_attributes(names)
    classes = {name for each in opened for name in each.classes}
    there = tuple(each for each in ATTRIBUTES.values() if set(each.classes) <= classes)
    if not there:
        if classes == {UNPROCESSED}:
            raise UsageError(
                "The embeddings hold the classes of no published attribute (none), so what"
                " processing does cannot be asked of them: ask of a column of the photos with"
                " `robustness --nuisance COLUMN`, `probe -a COLUMN` or `similarity --by COLUMN`."
            )
        raise UsageError(
            "The embeddings hold the classes of no published attribute "
            f"({', '.join(sorted(classes))}): say with -a what to ask."
        )
    return there
