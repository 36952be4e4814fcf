"""Which files of vectors are read, how, and what to do with the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from latentprint.embeddings.vector_files.arrays import read_array, read_npy, read_npz
from latentprint.embeddings.vector_files.clip_retrieval import (
    VECTORS,
    is_clip_retrieval,
    read_clip_retrieval,
)
from latentprint.embeddings.vector_files.found import SAVE, FoundVectors
from latentprint.embeddings.vector_files.hierarchies import is_zarr, read_hdf5, read_zarr
from latentprint.embeddings.vector_files.tables import read_frame, read_parquet
from latentprint.errors import LatentprintError, UsageError
from latentprint.photos.frames import frame_of
from latentprint.photos.manifest import FRAME

_HDF5 = (".h5", ".hdf5", ".hdf")
_ZARR = ".zarr"
_READERS = {
    ".npz": read_npz,
    ".parquet": read_parquet,
    **dict.fromkeys(_HDF5, read_hdf5),
    _ZARR: read_zarr,
}
READABLE = f".npy, .npz, .parquet, {', '.join(_HDF5)}, .zarr or the output folder of clip-retrieval"
"""The kinds of files that are read, as a list of words."""

_STORE = "name what `latentprint embed` wrote"
_PICKLE = f"may hold code that runs when it is read: {SAVE}"
_FAISS = f"is an index: take its vectors out with index.reconstruct_n(0, index.ntotal) and {SAVE}"
_ARROW = "is Arrow: write the table with write_parquet as a new .parquet file"
_TABLE = (
    f"is a table and no vectors: {_STORE} from its photos, or {SAVE}; a table about the photos of"
    " vectors is named by --metadata"
)
_TENSORS = (
    f"holds named tensors: {SAVE}; a folder of the study's own files is named by --study-embeddings"
)
_OTHERS = {
    **dict.fromkeys((".pkl", ".pickle", ".joblib", ".dill"), _PICKLE),
    **dict.fromkeys((".pt", ".pth", ".bin", ".ckpt"), _PICKLE),
    **dict.fromkeys((".index", ".faiss", ".ivf", ".ann", ".hnsw"), _FAISS),
    **dict.fromkeys((".feather", ".arrow", ".ipc"), _ARROW),
    **dict.fromkeys((".csv", ".tsv", ".txt", ".json", ".jsonl", ".xlsx"), _TABLE),
    ".safetensors": _TENSORS,
}


def read_vectors(given: Any, asked: tuple[str, ...] = (), *, name: str = "") -> FoundVectors:
    """Read vectors, whatever holds them.

    Args:
        given: A path or text that is one, a NumPy array, a torch tensor, or a data frame of polars
            or pandas.
        asked: What the vectors are in a file or data frame that holds other things too: columns of
            a table (see ``vector_columns``), or the name of one array.
        name: What messages call an array in memory.

    Raises:
        UsageError: Files of this kind are not read, or it is not clear what the vectors are.
        LatentprintError: The file cannot be read or holds no vectors.
    """
    if not isinstance(given, str | Path):
        if (frame := frame_of(given)) is not None:
            return read_frame(frame, asked, FRAME)
        _refuse_columns(asked, name)
        return read_array(given, name)
    file = Path(given)
    if not file.exists():
        raise LatentprintError(f"There is no file {file}.")
    if file.is_dir() and not is_zarr(file):
        if not is_clip_retrieval(file):
            raise LatentprintError(f"{file} is a folder, and holds neither zarr nor {VECTORS}.")
        _refuse_columns(asked, str(file))
        return read_clip_retrieval(file)
    suffix = _ZARR if file.is_dir() else file.suffix.lower()
    if suffix == ".npy":
        _refuse_columns(asked, str(file))
        return read_npy(file)
    if suffix not in _READERS or (suffix == _ZARR and not file.is_dir()):
        raise UsageError(f"{file} {not_read(file)}.")
    return _READERS[suffix](file, asked)


def are_vectors(path: Path) -> bool:
    """Whether a path names vectors of a kind that is read, as far as its name and folder say."""
    if path.is_dir():
        return is_zarr(path) or is_clip_retrieval(path)
    return path.suffix.lower() in {".npy", *_READERS}


def not_read(file: Path) -> str:
    """Why a file is not read as vectors and what to do, as the rest of a sentence."""
    return _OTHERS.get(
        file.suffix.lower(), f"holds no embeddings: {_STORE}, or vectors ({READABLE})"
    )


def _refuse_columns(asked: tuple[str, ...], name: str) -> None:
    if asked:
        raise UsageError(
            f"--vector-columns {asked[0]}: {name} holds nothing but one matrix of vectors."
        )
