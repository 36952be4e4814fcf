"""The acquisition labels of many photos: one table, from the headers of their files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import polars as pl

from latentprint.errors import UsageError
from latentprint.photos.decode import read_header
from latentprint.photos.exif_labels import EXIF_SCHEMA, FILE_SCHEMA
from latentprint.photos.file_bytes import BrokenPhoto, reached
from latentprint.photos.formats import status_of
from latentprint.photos.location import Address, Location, member_at
from latentprint.photos.open import as_photos
from latentprint.photos.processes import usable_cores, worker_pool

_PER_TASK = 64
_PER_PART = 10_000
_WORTH_A_PROCESS = 5_000

SCHEMA: dict[str, pl.DataType] = {
    **dict.fromkeys(("id", "path", "status", "reason"), pl.String()),
    **FILE_SCHEMA,
    **EXIF_SCHEMA,
}
"""The columns of ``exif_table``."""


def exif_table(
    photos: Any,
    *,
    workers: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> pl.DataFrame:
    """Read the acquisition labels of all photos, without decoding a pixel.

    Args:
        photos: What to read: photos, or what ``open_photos`` opens.
        workers: Processes that read; 0 reads in this one, None starts one for every 5,000 photos,
            as many as there are cores.
        on_progress: Called with the number of photos that are done and of all.

    Returns:
        One row for every photo, in the order of ``photos.table``, with the columns of ``SCHEMA``:
        id and path; ``status`` "ok", "mislabelled" or "broken" and the ``reason``; what the file
        says of itself (size as stored, before orientation); the fields of ``Exif``. A photo is
        broken here if its header is: its pixels may be damaged all the same.

    Raises:
        UsageError: The number of processes is negative.
        LatentprintError: The photos cannot be opened; see ``open_photos``.
    """
    found = as_photos(photos)
    if workers is not None and workers < 0:
        raise UsageError(f"{workers} processes cannot read: a number from 0 is needed.")
    files = [found.file(path) for path in found.table["path"]]
    if workers is None:
        workers = min(16, usable_cores(), len(files) // _WORTH_A_PROCESS)
    facts = {name: dtype for name, dtype in SCHEMA.items() if name not in ("id", "path")}
    parts, rows = [pl.DataFrame(schema=facts)], list[dict[str, Any]]()
    for done, row in enumerate(_rows(files, workers), 1):
        rows.append(row)
        # Columns take a fraction of the memory that rows do.
        if len(rows) == _PER_PART or done == len(files):
            parts.append(pl.DataFrame(rows, schema=facts))
            rows.clear()
        if on_progress:
            on_progress(done, len(files))
    return found.table.select("id", "path").hstack(pl.concat(parts))


def exif_row(file: Location) -> dict[str, Any]:
    """What the header of one file says, as cells for the columns of ``SCHEMA``."""
    size = _size(file)
    try:
        header = reached(file, read_header)
    except BrokenPhoto as error:
        return {"status": "broken", "reason": str(error), "bytes": size}
    return {
        "status": status_of(header.note),
        "reason": header.note,
        "width": header.width,
        "height": header.height,
        "bytes": size,
        "format": header.format,
        "jpeg_quality": header.jpeg_quality,
        "jpeg_ijg": header.jpeg_ijg,
        "jpeg_subsampling": header.jpeg_subsampling,
        **header.exif.columns(),
    }


def _size(file: Location) -> int | None:
    member = member_at(file)
    if member is not None:
        return member.bytes
    if isinstance(file, Address):
        return None
    try:
        return file.stat().st_size
    except (OSError, ValueError):
        return None


def _rows(files: list[Location], workers: int) -> Iterator[dict[str, Any]]:
    """The rows in the order of the files, whatever the number of workers."""
    if workers == 0:
        yield from map(exif_row, files)
        return
    done = 0
    while done < len(files):
        try:
            with worker_pool(workers) as pool:
                for row in pool.map(exif_row, files[done:], chunksize=_PER_TASK):
                    yield row
                    done += 1
        except BrokenProcessPool:
            # One of the next files kills its worker: these are read one by one to find out which.
            suspects = files[done : done + _PER_TASK]
            yield from map(_alone, suspects)
            done += len(suspects)


def _alone(file: Location) -> dict[str, Any]:
    with worker_pool(1) as pool:
        try:
            return pool.submit(exif_row, file).result()
        except BrokenProcessPool:
            reason = "the reader crashed on this file"
            return {"status": "broken", "reason": reason, "bytes": _size(file)}
