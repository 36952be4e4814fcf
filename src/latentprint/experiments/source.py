"""What the experiments ask of embeddings, wherever these come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import polars as pl


class EmbeddingSource(Protocol):
    """Embeddings of the same photos under several processing classes, by one encoder.

    Attributes:
        encoder: Name of the encoder.
        family: Family of the encoder (CVL, SUP, SSL, control, yours).
        dataset: Name of the set of photos.
        photos: One row for every embedded photo, in the order of the vectors, with the columns
            ``id`` (text), ``label`` (text or null), ``split`` ("train" or "val") and ``group``
            (text; photos of one group never straddle a split).
    """

    @property
    def encoder(self) -> str: ...  # noqa: D102 - described above

    @property
    def family(self) -> str: ...  # noqa: D102

    @property
    def dataset(self) -> str: ...  # noqa: D102

    @property
    def photos(self) -> pl.DataFrame: ...  # noqa: D102

    def vectors(self, processing: str) -> np.ndarray:
        """The embeddings of all photos under one processing class, float32 [N, D]."""
        ...
