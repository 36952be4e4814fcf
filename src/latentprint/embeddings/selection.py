"""Some photos of a set of embeddings, and further labels of them."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import numpy as np
import polars as pl

from latentprint.embeddings.collection import StoredEmbeddings
from latentprint.embeddings.metadata_table import MetadataTable, open_metadata
from latentprint.embeddings.own_vectors import OwnVectors
from latentprint.embeddings.sharded import ShardedArray
from latentprint.embeddings.stacked import StackedRows
from latentprint.embeddings.study_files import StudyEmbeddings
from latentprint.embeddings.vector_files import some
from latentprint.errors import LatentprintError, UsageError
from latentprint.photos.choosing import fulfilling

logger = logging.getLogger(__name__)

# No column of a table has this name.
_ROW = "\0place"

_Embeddings = TypeVar("_Embeddings", bound=StoredEmbeddings | StudyEmbeddings)


@dataclass(frozen=True)
class SelectedRows:
    """Some rows of an array that stays on disk [n, D]."""

    array: ShardedArray | StackedRows
    rows: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """The chosen rows, D dimensions."""
        return len(self.rows), self.array.shape[1]

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        found: np.ndarray = self.array[self.rows[rows]]
        return found


class _Described(Protocol):
    """What embeddings say of themselves, whichever photos are looked at."""

    @property
    def encoder(self) -> str: ...

    @property
    def family(self) -> str: ...

    @property
    def network(self) -> str: ...

    @property
    def layer(self) -> int | None: ...

    @property
    def dataset(self) -> str: ...

    @property
    def split_made(self) -> bool: ...


class OfWhole:
    """Says of some photos what the embeddings of all say.

    Attributes:
        whole: The embeddings of all photos.
    """

    whole: _Described

    @property
    def encoder(self) -> str:
        """Name of the encoder."""
        return self.whole.encoder

    @property
    def family(self) -> str:
        """Family of the encoder."""
        return self.whole.family

    @property
    def network(self) -> str:
        """Name of the network that the encoder is a block of, or its own."""
        return self.whole.network

    @property
    def layer(self) -> int | None:
        """Number of the block; None for a final embedding."""
        return self.whole.layer

    @property
    def dataset(self) -> str:
        """Name of the set of photos."""
        return self.whole.dataset

    @property
    def split_made(self) -> bool:
        """Whether the split was made here and not given."""
        return self.whole.split_made


@dataclass(frozen=True)
class SelectedEmbeddings(OfWhole):
    """Embeddings of the photos that fulfil a condition: an ``EmbeddingSource``.

    Attributes:
        whole: The embeddings of all photos.
        photos: The photos that are left.
        rows: Their rows in ``whole``, int64 [n].
    """

    whole: StoredEmbeddings | StudyEmbeddings | OwnVectors
    photos: pl.DataFrame
    rows: np.ndarray

    def vectors(self, processing: str) -> SelectedRows:
        """The embeddings of the photos that are left, float32 [n, D], on disk."""
        return SelectedRows(self.whole.vectors(processing), self.rows)


def select_photos(
    source: StoredEmbeddings | StudyEmbeddings | OwnVectors, condition: str
) -> SelectedEmbeddings:
    """Keep the photos that fulfil a condition.

    Args:
        source: The embeddings of all photos.
        condition: A condition on the columns of ``source.photos`` in the language of SQL, such as
            ``jpeg_quality >= 90 AND jpeg_subsampling = '4:4:4'``. Text columns that hold nothing
            but numbers, as those of a CSV file, are compared as numbers.

    Raises:
        UsageError: The condition cannot be understood.
        LatentprintError: No photo fulfils it.
    """
    kept = fulfilling(source.photos.with_row_index(_ROW), condition)
    return SelectedEmbeddings(source, kept.drop(_ROW), kept[_ROW].to_numpy().astype(np.int64))


def with_labels(source: _Embeddings, metadata: Any) -> _Embeddings:
    """Add the columns of a table to the photos, by id, and log what of it is not taken.

    Args:
        source: The embeddings.
        metadata: A ``.csv`` or ``.parquet`` file, or a data frame of polars or pandas, with a
            column ``id``, or else ``path``, that holds the ids of the photos. Its columns replace
            those of the same name, but for ``split`` and ``group``, which are not taken.

    Raises:
        UsageError: There is no such column, or an id twice.
        LatentprintError: The table cannot be read, or holds none of the photos.
    """
    labelled, notes = labelled_by(source, open_metadata(metadata))
    for note in notes:
        logger.warning("%s", note)
    return labelled


def labelled_by(source: _Embeddings, opened: MetadataTable) -> tuple[_Embeddings, tuple[str, ...]]:
    """The same for a table that is open, with what ``with_labels`` logs as sentences."""
    table, called, key = opened.frame, opened.name, opened.id_column
    if key is None:
        raise UsageError(f"{called} has no column 'id' (or 'path') that names the photos.")
    notes = []
    fixed = [name for name in ("split", "group") if name in table.columns]
    if fixed:
        notes.append(
            f"{called}: {' and '.join(fixed)} not taken from here; splits and groups are those of"
            " the embeddings."
        )
    table = table.drop(fixed).rename({key: "id"}).with_columns(pl.col("id").cast(pl.String))
    if "label" in table.columns:
        table = table.with_columns(pl.col("label").cast(pl.String).replace("", None))
    if table["id"].is_duplicated().any():
        twice = table.filter(pl.col("id").is_duplicated())["id"][0]
        raise UsageError(f"{called} has the photo {twice!r} more than once.")
    if not source.photos["id"].is_in(table["id"].implode()).any():
        raise LatentprintError(
            f"{called} holds none of the embedded photos: its {key!r} must be their id, such as "
            f"{source.photos['id'][0]!r}."
        )
    lacking = source.photos["id"].filter(~source.photos["id"].is_in(table["id"].implode()))
    if len(lacking):
        notes.append(
            f"{called} says nothing of {len(lacking)} of the {len(source.photos)} embedded photos:"
            f" {some(lacking.to_list())}."
        )
    kept = source.photos.drop([c for c in table.columns if c != "id"], strict=False)
    photos = kept.join(table, on="id", how="left", maintain_order="left")
    return replace(source, photos=photos), tuple(notes)
