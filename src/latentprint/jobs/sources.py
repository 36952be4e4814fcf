"""Embeddings that are already there: stores, files of the study's own code, vectors of your own."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

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
from latentprint.embeddings.vector_files import are_vectors, not_read, some
from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.experiments.source import UNPROCESSED, EmbeddingSource, Opened
from latentprint.options import option
from latentprint.photos.choosing import condition_note

logger = logging.getLogger(__name__)

_UNNAMED = "vectors"
_OPEN = (StoredEmbeddings, StudyEmbeddings, OwnVectors)


@dataclass(frozen=True)
class Sources:
    """Which embeddings are asked.

    Attributes:
        store: What ``latentprint embed`` or ``audit`` wrote; or vectors of your own: a .npy, .npz,
            .parquet, .h5 or .zarr file, or an output folder of clip-retrieval. Several files of
            vectors of the same photos are one encoder each, with the name of the file, or their
            own, as in clip=vectors.npy. From Python also a NumPy array, a torch tensor of floats
            [N, D] or a data frame of polars or pandas; several of all these in a list, or in a
            dictionary by their names; or embeddings that are open, one or a list of them.
        study: Embeddings in the files of the study's own code, in place of a store.
        model: Only this model of these files.
        variant: Only this variant of these files.
        metadata: A .csv or .parquet table with further columns, one row for every photo: matched by
            the column that names the photos in both (id, path…), or, where vectors have none, by
            order. From Python also a data frame of polars or pandas.
        id_column: Column by which vectors find their rows of the metadata: in both files, or for a
            .npy file the number of the row.
        vector_columns: What the vectors are in a file that holds other things too: columns of a
            Parquet file, by name, stem (``emb_``) or pattern (``emb_*``), or the name of one array.
            By default the only column of lists of floats, the only numbered columns of floats, or
            the only matrix of floats.
        where: Only photos that fulfil it, such as "jpeg_quality >= 90 AND make = 'Canon'".
    """

    store: Any = option(
        None,
        metavar="STORE_OR_VECTORS",
        help="What `latentprint embed` or `audit` wrote; or vectors of your own: a .npy, .npz, "
        ".parquet, .h5 or .zarr file, or an output folder of clip-retrieval. Several files of "
        "vectors of the same photos are one encoder each, named as the file or as in "
        "clip=vectors.npy.",
        argument=True,
        written=tuple[str, ...],
    )
    study: Path | None = option(None, "--study-embeddings", metavar="FOLDER")
    model: str | None = option(None)
    variant: str | None = option(None)
    metadata: Any = option(
        None,
        metavar="TABLE",
        help="A .csv or .parquet table with further columns, one row for every photo: matched by "
        "the column that names the photos in both (id, path…), or, where vectors have none, by "
        "order.",
        written=Path | None,
    )
    id_column: str | None = option(None, metavar="COLUMN")
    vector_columns: tuple[str, ...] = option((), metavar="COLUMN")
    where: str | None = option(None, metavar="CONDITION")

    def __post_init__(self) -> None:
        named = self.named
        if bool(named) == (self.study is not None):
            raise UsageError("Name either a STORE or --study-embeddings FOLDER.")
        if self.study is None and (self.model or self.variant):
            raise UsageError("--model and --variant choose among --study-embeddings.")
        if self.are_vectors:
            return
        if self.id_column is not None:
            raise UsageError("--id-column is for files of vectors; photos of a store have ids.")
        if self.vector_columns:
            raise UsageError("--vector-columns is for files of vectors.")
        if self.are_open:
            if self.metadata is not None:
                raise UsageError(
                    "These embeddings are open: add columns to them with with_labels, in place of "
                    "--metadata."
                )
            return
        if len(named) > 1:
            other = next(each for each in named.values() if not _are_vectors(each))
            raise UsageError(f"Several are for files of vectors, and {other} is none.")

    @property
    def named(self) -> dict[str, Any]:
        """What is asked, by name: paths, and arrays in memory.

        Raises:
            UsageError: Two have one name.
        """
        found: dict[str, Any] = {}
        for name, given in named_vectors(self.store):
            if name in found:
                raise UsageError(
                    f"Two of the vectors are named {name!r}: give them names, as in {name}-2=FILE,"
                    " from Python in a dictionary."
                )
            found[name] = given
        return found

    @property
    def are_vectors(self) -> bool:
        """Whether a user's own vectors are asked, and not yet open."""
        named = self.named
        return bool(named) and all(map(_are_vectors, named.values()))

    @property
    def are_open(self) -> bool:
        """Whether embeddings are asked that are open already."""
        named = self.named
        return bool(named) and all(isinstance(each, _OPEN) for each in named.values())


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


def named_vectors(given: Any) -> list[tuple[str, Any]]:
    """Names and vectors or stores, however they were given; two may have one name."""
    if given is None:
        return []
    if isinstance(given, Mapping):
        return [(str(name), _path(each)) for name, each in given.items()]
    if isinstance(given, str):
        name, equals, file = given.partition("=")
        # A path may hold the sign too.
        if equals and name and file and not Path(given).exists():
            return [(name, Path(file))]
        return named_vectors(Path(given))
    if isinstance(given, Path):
        return [(given.absolute().stem, given)]
    if isinstance(given, _OPEN):
        return [(given.encoder, given)]
    if isinstance(given, Sequence):
        return [named for each in given for named in named_vectors(each)]
    return [(_UNNAMED, given)]


def _path(given: Any) -> Any:
    return Path(given) if isinstance(given, str) else given


def _are_vectors(given: Any) -> bool:
    return not isinstance(given, (Path, *_OPEN)) or (isinstance(given, Path) and are_vectors(given))


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
