"""Embeddings that are already there: stores, files of the study's own code, vectors of your own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from latentprint.embeddings import (
    OwnVectors,
    Store,
    StoredEmbeddings,
    StudyEmbeddings,
    open_collection,
    open_own_vectors,
    open_study_files,
    run_embeddings,
    select_photos,
    with_labels,
)
from latentprint.embeddings.own_vectors import SUFFIXES
from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.experiments.asking import option
from latentprint.experiments.source import EmbeddingSource, Opened


@dataclass(frozen=True)
class Sources:
    """Which embeddings are asked.

    Attributes:
        store: What ``latentprint embed`` or ``audit`` wrote; or vectors of your own: a .npy
            matrix, a .npz archive with one, or a .parquet file with columns of floats or one column
            of lists.
        study: Embeddings in the files of the study's own code, in place of a store.
        model: Only this model of these files.
        variant: Only this variant of these files.
        metadata: A .csv or .parquet with further columns: for vectors one row each, in their
            order; else by id.
        id_column: Column by which vectors find their rows of the metadata: in both files, or for a
            .npy file the number of the row.
        where: Only photos that fulfil it, such as "jpeg_quality >= 90 AND make = 'Canon'".
    """

    store: Path | None = option(None, metavar="STORE_OR_VECTORS", argument=True)
    study: Path | None = option(None, "--study-embeddings", metavar="FOLDER")
    model: str | None = option(None)
    variant: str | None = option(None)
    metadata: Path | None = option(None, metavar="TABLE")
    id_column: str | None = option(None, metavar="COLUMN")
    where: str | None = option(None, metavar="CONDITION")

    def __post_init__(self) -> None:
        if (self.store is None) == (self.study is None):
            raise UsageError("Name either a STORE or --study-embeddings FOLDER.")
        if self.study is None and (self.model or self.variant):
            raise UsageError("--model and --variant choose among --study-embeddings.")
        if self.id_column is not None and not self.are_vectors:
            raise UsageError("--id-column is for files of vectors; photos of a store have ids.")

    @property
    def are_vectors(self) -> bool:
        """Whether the store is a file of a user's own vectors."""
        store = self.store
        return store is not None and store.suffix.lower() in SUFFIXES and not store.is_dir()


def open_sources(sources: Sources, *, seed: int = 0) -> list[Opened]:
    """Open embeddings.

    Args:
        sources: Which ones.
        seed: Seeds the train/val split of photos that come without one.

    Returns:
        One entry for every encoder, controls last; of an audit of labels and of processing, first
        all with embeddings of whole photos, then all with those of masked ones.

    Raises:
        UsageError: There is no such model, variant, column or condition.
        LatentprintError: The embeddings or the table cannot be read.
    """
    if sources.study is not None:
        return [
            Opened(_chosen(each, sources), tuple(each.files), draw="published")
            for each in _of_study(sources.study, sources, seed)
        ]
    store = sources.store or Path()
    if sources.are_vectors:
        own = open_own_vectors(store, sources.metadata, id_column=sources.id_column, seed=seed)
        return [Opened(_selected(own, sources.where), ("none",), masked=False)]
    if store.is_file():
        raise LatentprintError(
            f"{store} holds no embeddings: make them with `latentprint embed {store} --out FOLDER`,"
            " and name FOLDER."
        )
    return [
        Opened(
            _chosen(each, sources),
            each.store.classes,
            each.store.manifest["settings"],
            each.root,
            each.store.manifest["encoder"],
            is_masked(each.store),
        )
        for folder in run_embeddings(store)
        for each in open_collection(folder, seed=seed)
    ]


def is_masked(store: Store) -> bool:
    """Whether the middle of photos was masked before they were embedded."""
    return bool(store.manifest["settings"].get("mask"))


def _of_study(folder: Path, asked: Sources, seed: int) -> list[StudyEmbeddings]:
    found = open_study_files(folder, seed=seed)
    kept = [each for each in found if _is_asked(each.encoder, asked)]
    if not kept:
        name = f"{asked.model or '…'} ({asked.variant or '…'})"
        raise unknown_name("model and variant", name, [each.encoder for each in found])
    return kept


def _is_asked(encoder: str, asked: Sources) -> bool:
    """Whether "model (variant)" is the one that is asked for."""
    model, _, rest = encoder.rpartition(" (")
    return asked.model in (None, model) and asked.variant in (None, rest.removesuffix(")"))


def _chosen(source: StoredEmbeddings | StudyEmbeddings, sources: Sources) -> EmbeddingSource:
    if sources.metadata is not None:
        source = with_labels(source, sources.metadata)
    return _selected(source, sources.where)


def _selected(
    source: StoredEmbeddings | StudyEmbeddings | OwnVectors, condition: str | None
) -> EmbeddingSource:
    return source if condition is None else select_photos(source, condition)
