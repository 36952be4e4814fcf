"""Which embeddings are asked, as it can be said.

This module is imported to print help, so it imports no library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latentprint.errors import UsageError
from latentprint.options import option

_UNNAMED = "vectors"


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
            raise UsageError("Name either a store or vectors, or --study-embeddings FOLDER.")
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
    def words(self) -> list[str]:
        """The words of a command line for vectors and what is known of them; none from memory."""
        named = self.named
        from_files = all(isinstance(each, Path) for each in named.values())
        if not from_files or not isinstance(self.metadata, str | Path | None):
            return []
        files = [
            str(file) if name == file.absolute().stem else f"{name}={file}"
            for name, file in named.items()
        ]
        said = [("--metadata", self.metadata), ("--id-column", self.id_column)]
        said += [("--vector-columns", each) for each in self.vector_columns]
        said += [("--where", self.where)]
        return [*files, *(word for name, given in said if given for word in (name, str(given)))]

    @property
    def are_open(self) -> bool:
        """Whether embeddings are asked that are open already."""
        named = self.named
        return bool(named) and all(map(_is_open, named.values()))


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
    if _is_open(given):
        return [(given.encoder, given)]
    if isinstance(given, Sequence):
        return [named for each in given for named in named_vectors(each)]
    return [(_UNNAMED, given)]


def _path(given: Any) -> Any:
    return Path(given) if isinstance(given, str) else given


def _is_open(given: Any) -> bool:
    from latentprint.embeddings import OwnVectors, StoredEmbeddings, StudyEmbeddings

    return isinstance(given, (StoredEmbeddings, StudyEmbeddings, OwnVectors))


def _are_vectors(given: Any) -> bool:
    if not isinstance(given, Path):
        return not _is_open(given)
    from latentprint.embeddings.vector_files import are_vectors

    return are_vectors(given)
