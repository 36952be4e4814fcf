"""Tables of millions of rows, made by ranges and kept in files that are mapped into memory.

The pages of a mapped file are read when they are asked for, and the system drops them where memory
is short: what such a table takes of memory does not grow with its rows. It needs pyarrow, without
which these tables lie in memory like all others.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import numpy as np
import polars as pl

from latentprint.files import polars_errors, writing

ROWS = 500_000
"""Rows of a range: a table of more is mapped, one of fewer lies in memory."""


def ranges(count: int) -> Iterator[slice]:
    """The ranges of so many rows; one that is empty where there are none."""
    return (slice(start, min(start + ROWS, count)) for start in range(0, max(count, 1), ROWS))


def mapped(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """One table of its ranges, each of which is in memory while it is made; mapped if several.

    Args:
        parts: The ranges in their order, one at least, with the same columns.

    Raises:
        LatentprintError: There is no space in the folder of temporary files.
    """
    following = iter(parts)
    first, second = next(following), next(following, None)
    if second is None:
        return first
    with _folder() as folder:
        saved = list[pl.DataFrame]()
        for part in chain([first, second], following):
            file = folder / f"{len(saved)}.arrow"
            with _saving():
                part.write_ipc(file)
            saved.append(_opened(file))
    return pl.concat(saved, rechunk=False)


def streamed(table: pl.LazyFrame) -> pl.DataFrame:
    """A table of a query that polars computes in parts, mapped whatever its size.

    Raises:
        LatentprintError: There is no space in the folder of temporary files.
    """
    with _folder() as folder:
        file = folder / "table.arrow"
        with _saving():
            table.sink_ipc(file)
        return _opened(file)


def by_ranges(table: pl.DataFrame, change: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
    """A table changed range by range, where no row depends on another."""
    return mapped(change(table[part]) for part in ranges(table.height))


def repeated(values: pl.Series) -> pl.Series:
    """The texts that come more than once, in the order in which they first come."""
    parts = [values[part] for part in ranges(len(values))]
    hashes = np.concatenate([part.hash().to_numpy() for part in parts])
    hashes.sort()
    alike = pl.Series(np.unique(hashes[1:][hashes[1:] == hashes[:-1]]))
    if not len(alike):
        return values.clear()
    # Different texts may have one hash.
    found = pl.concat([part.filter(part.hash().is_in(alike.implode())) for part in parts])
    return found.filter(found.is_duplicated()).unique(maintain_order=True)


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder for files that lose their names once they are mapped, and go with their tables."""
    with _saving():
        made = tempfile.TemporaryDirectory(prefix="latentprint-", ignore_cleanup_errors=True)
    with made as folder:
        yield Path(folder)


@contextmanager
def _saving() -> Iterator[None]:
    place = Path(tempfile.gettempdir())
    with writing(place, instead="name another folder by TMPDIR"), polars_errors():
        yield


def _opened(file: Path) -> pl.DataFrame:
    try:
        import pyarrow as pa
    except ImportError:
        return pl.read_ipc(file)
    table = pa.ipc.open_file(pa.memory_map(str(file))).read_all()
    return pl.DataFrame(pl.from_arrow(table, rechunk=False))
