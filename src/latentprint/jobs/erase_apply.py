"""Erase vectors that are already there: a file, or a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from latentprint.embeddings import open_collection
from latentprint.embeddings.mapped import map_store
from latentprint.erasure.apply import Application, apply_to_npy, apply_to_parquet
from latentprint.erasure.artefact import load_eraser
from latentprint.erasure.export import export_dense, export_onnx
from latentprint.errors import LatentprintError, UsageError
from latentprint.files import as_path
from latentprint.jobs.erased_encoder import erased_record, refuse_other_encoder
from latentprint.jobs.own_store import is_own_store, sign_store

KINDS = (".npy", ".parquet")
"""Files of vectors that can be erased as a stream."""


@dataclass(frozen=True)
class Applied:
    """What was erased.

    Attributes:
        out: The new file or folder.
        rows: Vectors.
        digest: The eraser's digest.
        notes: What was done to vectors beside, as sentences.
    """

    out: Path
    rows: int
    digest: str
    notes: tuple[str, ...] = ()


def erase_apply(
    eraser: Path | str,
    vectors: Path | str,
    out: Path | str,
    *,
    normalise: bool = False,
    renormalise: bool = False,
    vector_columns: Sequence[str] = (),
) -> Applied:
    """Erase a file of vectors or a store into a new one.

    Args:
        eraser: The eraser's folder.
        vectors: A ``.npy`` or ``.parquet`` file, or what ``embed`` wrote: of a store, the vectors
            of the eraser's encoder under every class.
        out: The new file, of the same kind, or the new folder.
        normalise: Give rows of a file unit length before, where the eraser wants that; those of a
            store get it in any case.
        renormalise: Give rows unit length after.
        vector_columns: What the vectors are in a ``.parquet`` file that holds other floats too;
            see ``Sources``.

    Raises:
        UsageError: The two paths do not go together, or it is not clear what the vectors are.
        LatentprintError: Vectors do not fit the eraser, or ``out`` cannot be written.
    """
    loaded = load_eraser(eraser)
    vectors, out = as_path(vectors), as_path(out)
    if out.resolve() == vectors.resolve():
        raise UsageError("--out must be another place than that of the vectors.")
    kind = vectors.suffix.lower()
    if vector_columns and (vectors.is_dir() or kind != ".parquet"):
        raise UsageError("--vector-columns is for a .parquet file.")
    unit = bool(loaded.about.get("unit_rows"))
    application = Application(loaded, normalise or vectors.is_dir(), renormalise)
    notes = ["Rows were given unit length before."] if application.normalise and unit else []
    notes += ["Rows were given unit length after."] if renormalise else []
    if vectors.is_dir():
        rows = _apply_to_store(application, vectors, out)
        return Applied(out, rows, loaded.digest, tuple(notes))
    if kind not in KINDS or out.suffix.lower() != kind:
        raise UsageError(
            f"{vectors} is erased into a file of the same kind, {' or '.join(KINDS)}; or name a "
            "store and a folder."
        )
    if not vectors.is_file():
        raise LatentprintError(f"There is no file {vectors}.")
    if kind == ".npy":
        rows = apply_to_npy(application, vectors, out)
    else:
        rows = apply_to_parquet(application, vectors, out, vector_columns)
    return Applied(out, rows, loaded.digest, tuple(notes))


def erase_export(
    eraser: Path | str, *, onnx: Path | str | None = None, dense: Path | str | None = None
) -> list[Path]:
    """Write an eraser for other programs.

    Args:
        eraser: The eraser's folder.
        onnx: File for an ONNX graph: float32 vectors [N, D] in and out.
        dense: ``.npz`` file for A [D, D] and b [D] of ``A @ x + b``.

    Returns:
        The files that were written.

    Raises:
        UsageError: Neither form is asked for, or it cannot be made here.
        LatentprintError: There is no eraser, or a file cannot be written.
    """
    if onnx is None and dense is None:
        raise UsageError("Say what to write: --onnx FILE or --dense FILE.npz.")
    loaded = load_eraser(eraser)
    if onnx is not None:
        export_onnx(loaded, as_path(onnx))
    if dense is not None:
        export_dense(loaded, as_path(dense))
    return [as_path(each) for each in (onnx, dense) if each is not None]


def _apply_to_store(application: Application, folder: Path, out: Path) -> int:
    eraser = application.eraser
    stores = {each.encoder: each.store for each in open_collection(folder)}
    fitted = eraser.about.get("encoder") or {}
    name = str(fitted.get("name"))
    name = name if name in stores else next(iter(stores))
    encoder = stores[name].manifest["encoder"]
    refuse_other_encoder(eraser, encoder)
    record = erased_record(encoder, eraser)
    if application.renormalise:
        record["identity"]["renormalised"] = True
    made = map_store(stores[name], out, record, application)
    if is_own_store(stores[name].folder.parent):
        # The photos are the same, and so is who had them listed.
        sign_store(out)
    return len(made.classes) * made.vectors(made.classes[0]).shape[0]
