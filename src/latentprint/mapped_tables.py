"""Tables of millions of rows, made by ranges and kept in files that are mapped into memory.

The pages of a mapped file are read when they are asked for, and the system drops them where memory
is short: what such a table takes of memory does not grow with its rows. It needs pyarrow, without
which these tables lie in memory like all others.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

import numpy as np
import polars as pl

from latentprint.files import polars_errors, writing

ROWS = 100_000
"""Rows of a range: a table of more is mapped, one of fewer lies in memory."""


def ranges(count: int) -> Iterator[slice]:
    """The ranges of so many rows; one that is empty where there are none."""
    return (slice(start, min(start + ROWS, count)) for start in range(0, max(count, 1), ROWS))


def mapped(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """One table of its parts; mapped if it has more rows than a range.

    Args:
        parts: The rows in their order, made when they are asked for; at least one part, which may
            be empty. Columns that a part lacks become null.

    Raises:
        LatentprintError: There is no space in the folder of temporary files.
    """
    following = _filled(parts)
    waiting = deque(islice(following, 2))
    if len(waiting) == 1:
        return waiting[0]
    if pl.Object in waiting[0].dtypes:  # of a user's own frame, which no file can hold
        return _joined([*waiting, *following])
    saved = list[pl.DataFrame]()
    with _folder() as folder:
        while waiting:
            file = folder / f"{len(saved)}.arrow"
            with _saving():
                waiting.popleft().write_ipc(file)
            saved.append(_opened(file))
            # A process that is killed leaves one range behind, not all.
            with suppress(OSError):
                file.unlink()
            waiting.extend(islice(following, 1))
    return _joined(saved)


def _filled(parts: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Parts of about a range's rows: smaller ones that follow each other are put together."""
    waiting, height = list[pl.DataFrame](), 0
    for part in parts:
        if waiting and height + part.height > ROWS:
            yield _joined(waiting)
            waiting, height = [], 0
        waiting.append(part)
        height += part.height
    yield _joined(waiting)


def _joined(parts: list[pl.DataFrame]) -> pl.DataFrame:
    if len(parts) == 1:
        return parts[0]
    return pl.concat(parts, how="diagonal_relaxed", rechunk=False)


def by_ranges(table: pl.DataFrame, change: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
    """A table changed range by range, where no row depends on another."""
    return mapped(change(table[part]) for part in ranges(table.height))


def taken(table: pl.DataFrame, rows: np.ndarray) -> pl.DataFrame:
    """Some rows of a table, in the order in which they are named."""
    return mapped(table[rows[part]] for part in ranges(len(rows)))


def equal(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    """Whether two tables hold the same, in however many pieces."""
    if one.schema != other.schema:
        return False
    return all(same(one[name], other[name]) for name in one.columns)


def same(one: pl.Series, other: pl.Series) -> bool:
    """Whether two columns hold the same, in however many pieces."""
    parts = ranges(len(one))
    return len(one) == len(other) and all(one[part].equals(other[part]) for part in parts)


def repeated(values: pl.Series) -> pl.Series:
    """The texts that come more than once, in the order in which they first come."""
    hashes = _hashes(values)
    hashes.sort()
    alike = pl.Series(np.unique(hashes[1:][hashes[1:] == hashes[:-1]]))
    if not len(alike):
        return values.clear()
    # Different texts may have one hash.
    parts = (values[part] for part in ranges(len(values)))
    found = pl.concat([part.filter(part.hash().is_in(alike.implode())) for part in parts])
    return found.filter(found.is_duplicated()).unique(maintain_order=True)


def distinct(values: pl.Series) -> int:
    """How many different texts there are; that there is none counts as one more."""
    twice = repeated(values)
    again = values.null_count() if twice.null_count() else 0
    texts = twice.drop_nulls().implode()
    parts = (values[part].drop_nulls() for part in ranges(len(values)))
    return len(values) + len(twice) - again - sum(int(each.is_in(texts).sum()) for each in parts)


def positions(wanted: pl.Series, among: pl.Series) -> np.ndarray:
    """Where texts are among others, int32 [N]; -1 where they are not.

    Args:
        wanted: The texts.
        among: The others; of those that come more than once, any is found.
    """
    found = np.full(len(wanted), -1, np.int32)
    if same(wanted, among):
        found[:] = np.arange(len(found))
        return found
    hashes = _hashes(among)
    order = np.argsort(hashes).astype(np.int32)
    hashes = hashes[order]
    for part in ranges(len(wanted)):
        texts = wanted[part]
        own = texts.hash().to_numpy()
        at, left = np.searchsorted(hashes, own), np.arange(len(own))
        while len(left):
            left = left[at[left] < len(hashes)]
            left = left[hashes[at[left]] == own[left]]
            rows = order[at[left]]
            alike = among[rows].eq_missing(texts[left]).to_numpy()
            found[part.start + left[alike]] = rows[alike]
            # Another text may have the same hash, and stands beside it.
            left = left[~alike]
            at[left] += 1
    return found


def _hashes(values: pl.Series) -> np.ndarray:
    hashes = np.empty(len(values), np.uint64)
    for part in ranges(len(values)):
        hashes[part] = values[part].hash().to_numpy()
    return hashes


def mapped_array(parts: Iterable[np.ndarray], kind: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    """An array of its rows, copied into a temporary file without a name, that is mapped.

    Args:
        parts: The rows in their order, each contiguous.
        kind: Their type.
        shape: Their shape, all together.

    Raises:
        LatentprintError: There is no space for the copy.
    """
    with _saving():
        opened = tempfile.TemporaryFile()  # noqa: SIM115 - closed below; this may fail by itself
    with opened as file:
        for part in parts:
            with _saving():
                file.write(part.data)
        with _saving():
            file.flush()
        return np.memmap(file, kind, mode="r", shape=shape)


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
    try:
        table = pa.ipc.open_file(pa.memory_map(str(file))).read_all()
    except pa.ArrowNotImplementedError:  # integers of 128 bits, which polars knows alone
        return pl.read_ipc(file)
    return pl.DataFrame(pl.from_arrow(table, rechunk=False))
