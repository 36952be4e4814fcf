"""Embeddings that are already there: stores, files of the study's own code, vectors of your own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
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
)
from latentprint.embeddings.metadata_table import open_metadata
from latentprint.embeddings.selection import labelled_by
from latentprint.embeddings.vector_files import not_read, some
from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.experiments.source import UNPROCESSED, EmbeddingSource, Opened
from latentprint.jobs.source_options import Sources
from latentprint.photos.choosing import condition_note

logger = logging.getLogger(__name__)


def open_sources(sources: Sources, *, seed: int = 0) -> list[Opened]:
    """Open embeddings, and log what had to be settled to read them.

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
    if sources.metadata is not None:
        sources = replace(sources, metadata=open_metadata(sources.metadata))
    opened = list(_opened(sources, seed))
    # Several encoders of a store share what is said of their photos.
    for note in dict.fromkeys(note for each in opened for note in each.notes):
        logger.warning("%s", note)
    if sources.are_vectors:
        for each in opened[1:]:
            _refuse_other_photos(opened[0].source, each.source)
    return opened


def _opened(sources: Sources, seed: int) -> Iterator[Opened]:
    if sources.study is not None:
        for study in _of_study(sources.study, sources, seed):
            yield _of_open(study, sources)
        return
    if sources.are_vectors:
        yield from _of_vectors(sources, seed)
        return
    if sources.are_open:
        for each in sources.named.values():
            yield _of_open(each, sources)
        return
    (store,) = sources.named.values()
    if store.is_file():
        raise UsageError(f"{store} {not_read(store)}.")
    for folder in run_embeddings(store):
        for each in open_collection(folder, seed=seed):
            yield _of_open(each, sources)


def _of_open(each: StoredEmbeddings | StudyEmbeddings | OwnVectors, sources: Sources) -> Opened:
    """Embeddings of one encoder that are open, with what their files record."""
    if isinstance(each, OwnVectors):
        source, notes = _selected(each, sources.where)
        record = {"name": each.encoder, "family": each.family, "spec": "in memory"}
        return Opened(
            source, (UNPROCESSED,), encoder=record, masked=False, notes=(*each.notes, *notes)
        )
    source, notes = _chosen(each, sources)
    if isinstance(each, StudyEmbeddings):
        return Opened(source, tuple(each.files), draw="published", notes=notes)
    return Opened(
        source,
        each.store.classes,
        each.store.manifest["settings"],
        each.root,
        each.store.manifest["encoder"],
        is_masked(each.store),
        notes=notes,
        folder=each.store.folder.parent,
    )


def is_masked(store: Store) -> bool:
    """Whether the middle of photos was masked before they were embedded."""
    return bool(store.manifest["settings"].get("mask"))


def _of_vectors(sources: Sources, seed: int) -> Iterator[Opened]:
    for name, given in sources.named.items():
        own = open_own_vectors(
            given,
            sources.metadata,
            id_column=sources.id_column,
            vector_columns=sources.vector_columns,
            name=name,
            seed=seed,
        )
        record = {
            "name": name,
            "family": own.family,
            "spec": str(given) if isinstance(given, Path) else "in memory",
            "dimension": own.found.shape[1],
        }
        chosen, notes = _selected(own, sources.where)
        notes = (*own.notes, *notes)
        yield Opened(chosen, ("none",), encoder=record, masked=False, notes=notes)


def _refuse_other_photos(one: EmbeddingSource, other: EmbeddingSource) -> None:
    """Vectors that are compared are of the same photos.

    Raises:
        LatentprintError: They are not.
    """
    ids, others = one.photos["id"], other.photos["id"]
    if odd := sorted(set(ids) ^ set(others)):
        raise LatentprintError(
            f"{one.encoder} and {other.encoder} are vectors of other photos: only one of them has"
            f" {some(odd)}."
        )


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


def _chosen(
    source: StoredEmbeddings | StudyEmbeddings, sources: Sources
) -> tuple[EmbeddingSource, tuple[str, ...]]:
    notes: tuple[str, ...] = ()
    if sources.metadata is not None:
        source, notes = labelled_by(source, sources.metadata)
    chosen, said = _selected(source, sources.where)
    return chosen, (*notes, *said)


def _selected(
    source: StoredEmbeddings | StudyEmbeddings | OwnVectors, condition: str | None
) -> tuple[EmbeddingSource, tuple[str, ...]]:
    """The photos that fulfil a condition, and what is to be said of it."""
    if condition is None:
        return source, ()
    chosen = select_photos(source, condition)
    note = condition_note(len(chosen.photos), len(source.photos), condition)
    return chosen, (note,)
