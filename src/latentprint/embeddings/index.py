"""Which photos lie in which shards of a store, and what is known of them, in one table.

The rows of all shards stand in one Parquet file beside them, so that a store opens without a look
into each shard, and reads only the columns that are asked for. It says nothing that the shards do
not say: without it they are read one by one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from latentprint.embeddings.shard import Shard, digest_of_file, read_long, read_rows, reading_rows
from latentprint.embeddings.sharded import DamagedFile, TensorHeader
from latentprint.embeddings.worker import BROKEN
from latentprint.files import write_parquet, writing
from latentprint.mapped_tables import by_ranges, mapped, ranges, repeated, taken

STEM = "index-"
_SHARDS = "latentprint"
_FILE, _ORDER = "\0file", "\0order"
_SHARDS_AT_ONCE = 8
_PLACES = {"id": pl.String, "status": pl.String, "shard": pl.Int32, "row": pl.Int32}
_STAMP = ("content", "bytes", "modified")


@dataclass(frozen=True)
class ListedShard:
    """What is recorded of a shard, by which it is known again.

    Attributes:
        number: Its number.
        classes: Its processing classes.
        bytes: Size of its file of vectors.
        rows_bytes: Size of its file of rows.
        vectors: The digest of its vectors; None where shards have no seals.
    """

    number: int
    classes: tuple[str, ...]
    bytes: int
    rows_bytes: int
    vectors: str | None

    @classmethod
    def of(cls, shard: Shard, store: str | None) -> ListedShard:
        """Look at a shard on disk.

        Raises:
            DamagedFile: Header, seal and sizes do not fit.
        """
        header, seal = shard.check_sizes(store)
        return cls(
            shard.number,
            tuple(sorted(header.tensors)),
            header.bytes,
            shard.rows.stat().st_size,
            None if seal is None else seal.vectors,
        )

    def check(self, shard: Shard, store: str | None) -> TensorHeader:
        """The header of the shard on disk, found to be the one that is recorded.

        Raises:
            DamagedFile: It is another one, or damaged.
        """
        header = shard.header()
        seal = None if store is None else shard.read_seal(store, header)
        if seal is not None and seal.vectors != self.vectors:
            raise DamagedFile(shard.tensors, "it is not the shard that was written here")
        return header


@dataclass(frozen=True)
class Index:
    """The shards of a store, and the rows of their photos.

    Attributes:
        shards: The shards that belong to it, by number, whether their files are there or not.
        file: The file that holds the rows; None where they are in memory.
    """

    shards: Mapping[int, ListedShard]
    file: Path | None = None
    _rows: pl.DataFrame = field(default_factory=pl.DataFrame, repr=False)

    @classmethod
    def read(cls, file: Path) -> Index:
        """Open the file of an index; its rows are read when they are asked for.

        Raises:
            DamagedFile: It cannot be read.
        """
        try:
            listed = json.loads(pl.read_parquet_metadata(file)[_SHARDS])
            shards = [ListedShard(**{**each, "classes": tuple(each["classes"])}) for each in listed]
        except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
            raise DamagedFile(file, str(error).partition("\n")[0]) from error
        index = cls({each.number: each for each in shards}, file)
        # Read at once: whoever adds to the store takes the file away.
        _ = index.places
        return index

    @classmethod
    def of_shards(cls, shards: Iterable[Shard], store: str | None) -> Index:
        """Read what shards say of themselves.

        Raises:
            DamagedFile: One of them is damaged.
        """
        shards = sorted(shards, key=lambda each: each.number)
        listed = {each.number: ListedShard.of(each, store) for each in shards}
        if not shards:
            return cls({}, None, pl.DataFrame())
        starts = range(0, len(shards), _SHARDS_AT_ONCE)
        rows = mapped(_rows_of(shards[at : at + _SHARDS_AT_ONCE], store) for at in starts)
        return cls(listed, None, _without_replaced(rows))

    def joined(self, other: Index) -> Index:
        """Both together; of a photo that was embedded anew the last is kept.

        Args:
            other: Further shards of the same store.
        """
        parts = [each.rows() for each in (self, other) if each.shards]
        rows = pl.concat(parts, how="diagonal_relaxed", rechunk=False) if parts else pl.DataFrame()
        shards = {**self.shards, **other.shards}
        return Index(dict(sorted(shards.items())), None, _without_replaced(rows))

    def only(self, numbers: Iterable[int]) -> Index:
        """Some of the shards, with their rows."""
        kept = set(numbers)
        if kept == set(self.shards):
            return self
        rows = self.rows()
        if rows.width:
            rows = by_ranges(rows, lambda part: part.filter(pl.col("shard").is_in(list(kept))))
        return Index({number: self.shards[number] for number in sorted(kept)}, None, rows)

    def rows(self, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """One row for every photo in every shard that has it.

        Args:
            columns: Names of columns, of which early versions wrote not all; by default the facts
                of a photo, its ``shard`` and ``row``, its place among the vectors, null for a
                broken photo.

        Raises:
            DamagedFile: The file cannot be read.
        """
        if columns is not None and set(columns) <= set(_PLACES):
            return self.places.select(columns)
        if columns is not None:
            columns = [name for name in columns if name in self._columns]
        if self.file is not None:
            return read_long(self.file, columns)
        return self._rows if columns is None else self._rows.select(columns)

    @cached_property
    def _columns(self) -> frozenset[str]:
        if self.file is None:
            return frozenset(self._rows.columns)
        with reading_rows(self.file):
            return frozenset(pl.read_parquet_schema(self.file))

    @cached_property
    def places(self) -> pl.DataFrame:
        """Where each photo lies: ``id, status, shard, row``."""
        names = list(_PLACES)
        if self.file is not None:
            return read_long(self.file, names)
        return self._rows.select(names) if self._rows.width else pl.DataFrame(schema=_PLACES)

    def with_class(self, name: str) -> frozenset[int]:
        """Numbers of the shards that hold a class."""
        return frozenset(each.number for each in self.shards.values() if name in each.classes)

    def write(self, folder: Path) -> tuple[str, str]:
        """Write the index into the folder of its store.

        Returns:
            Name and digest of the file.
        """
        listed = json.dumps([asdict(each) for each in self.shards.values()])
        made = folder / f"{STEM}new.parquet"
        write_parquet(made, _by_shards(self.rows()), {_SHARDS: listed})
        digest = digest_of_file(made)
        name = f"{STEM}{digest[:12]}.parquet"
        with writing(folder / name):
            made.replace(folder / name)
        return name, digest


def _rows_of(shards: Sequence[Shard], store: str | None) -> pl.DataFrame:
    """The rows of some shards, with their places.

    Raises:
        DamagedFile: One of them is damaged.
    """
    numbers = {str(each.rows): each.number for each in shards}
    rows = read_rows([each.rows for each in shards], file_column=_FILE)
    rows = rows.with_columns(
        shard=pl.col(_FILE).replace_strict(numbers, return_dtype=pl.Int32)
    ).drop(_FILE)
    if store is not None:
        heights = dict(rows.group_by("shard", maintain_order=True).len().rows())
        ids, start = rows["id"], 0
        for shard in shards:
            seal, count = shard.read_seal(store, shard.header()), heights.get(shard.number, 0)
            shard.check_ids(seal, ids[start : start + count])
            start += count
    readable = pl.col("status") != BROKEN
    place = readable.cum_sum().over("shard") - 1
    return rows.with_columns(row=pl.when(readable).then(place).cast(pl.Int32))


def _by_shards(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows sorted by their shards, those of each in their order."""
    if not rows.height:
        return rows
    numbers = rows["shard"].to_numpy()
    ends = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
    runs = [slice(start, end) for start, end in pairwise(ends)]
    runs.sort(key=lambda each: int(numbers[each.start]))
    return pl.concat([rows[each] for each in runs], rechunk=False)


def _without_replaced(rows: pl.DataFrame) -> pl.DataFrame:
    """Leave out what was made of earlier contents of files: the last shard of a photo counts."""
    if not rows.width or not len(twice := repeated(rows["id"])):
        return rows
    # Only photos that stand in several shards are compared.
    several = [
        rows[part].with_row_index(_ORDER, part.start).filter(pl.col("id").is_in(twice.implode()))
        for part in ranges(rows.height)
    ]
    compared = pl.concat(several)
    last = compared.sort("shard", maintain_order=True).unique("id", keep="last")
    last = last.select("id", *(pl.col(name).alias(f"\0{name}") for name in _STAMP))
    same_pixels = pl.col("content") == pl.col("\0content")
    same_file = pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(f"\0{name}")) for name in ("bytes", "modified")
    )
    replaced = compared.join(last, on="id", how="left", maintain_order="left").filter(
        ~(same_pixels.fill_null(value=False) | same_file)
    )
    if not replaced.height:
        return rows
    kept = np.ones(rows.height, bool)
    kept[replaced[_ORDER].to_numpy()] = False
    return taken(rows, np.flatnonzero(kept))
