"""One shard of a store: two files, tied together by a seal, that appear whole or not at all.

The seal lies in the header of the vectors and holds a digest of them, the digest and size of the
file of rows, the ids, the number of the shard and the identity of its store. So a file that was
changed, cut off or exchanged is told from the one that was written.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from latentprint.embeddings.sharded import DamagedFile, TensorHeader, read_header
from latentprint.embeddings.worker import BROKEN
from latentprint.files import write_bytes, writing
from latentprint.mapped_tables import mapped, ranges

_SEAL = "latentprint"
_TEXTS_AT_ONCE = 10_000
_NO_ROWS = (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException)


@dataclass(frozen=True)
class Seal:
    """What a shard says of itself.

    Attributes:
        store: Identity of the store that it belongs to.
        shard: Its number.
        photos: How many photos it has, broken ones included.
        ids: Digest of their ids, in order.
        rows: Digest of the bytes of its file of rows.
        rows_bytes: Size of that file.
        vectors: Digest of the names, types, shapes and bytes of its tensors.
    """

    store: str
    shard: int
    photos: int
    ids: str
    rows: str
    rows_bytes: int
    vectors: str


@dataclass(frozen=True)
class Shard:
    """A shard on disk.

    Attributes:
        folder: The folder of its store.
        number: Its number, from 0.
    """

    folder: Path
    number: int

    @property
    def tensors(self) -> Path:
        """The file of vectors, with one float32 tensor [n, D] for every processing class."""
        return self.folder / f"shard-{self.number:05d}.safetensors"

    @property
    def rows(self) -> Path:
        """The file of rows, one for every photo; written last, it makes the shard count."""
        return self.folder / f"shard-{self.number:05d}.parquet"

    def write(self, store: str, rows: pl.DataFrame, vectors: dict[str, np.ndarray]) -> None:
        """Write a shard, in place of the one that may be there.

        Args:
            store: Identity of the store.
            rows: One for every photo.
            vectors: float32 [n, D] for every class, n photos that are not broken.
        """
        content = io.BytesIO()
        rows.write_parquet(content)
        # Without its rows a shard does not count: old rows never stand beside new vectors.
        self.discard_rows()
        self.seal(store, rows, content.getbuffer(), vectors)
        write_bytes(self.rows, content.getbuffer())

    def seal(
        self,
        store: str,
        rows: pl.DataFrame,
        content: bytes | memoryview,
        vectors: dict[str, np.ndarray],
    ) -> None:
        """Write the vectors with a seal; the file of rows holds, or will hold, the content."""
        from safetensors.numpy import save

        seal = Seal(
            store,
            self.number,
            rows.height,
            digest_of_ids(rows["id"]),
            digest_of(content),
            len(content),
            digest_of_vectors(vectors),
        )
        # One entry: the order of several would change from run to run.
        write_bytes(self.tensors, save(vectors, metadata={_SEAL: json.dumps(asdict(seal))}))

    def discard_rows(self) -> None:
        """Remove the rows, so that the shard does not count any more."""
        with writing(self.rows):
            self.rows.unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove the shard."""
        self.discard_rows()
        with writing(self.tensors):
            self.tensors.unlink(missing_ok=True)

    def header(self) -> TensorHeader:
        """The header of its vectors.

        Raises:
            DamagedFile: It cannot be read.
        """
        return read_header(self.tensors)

    def read_seal(self, store: str, header: TensorHeader) -> Seal:
        """The seal, found to be of this shard and this store.

        Raises:
            DamagedFile: There is none, or it is another's.
        """
        try:
            stated = json.loads(header.metadata[_SEAL])
            seal = Seal(**{each.name: stated[each.name] for each in fields(Seal)})
        except (KeyError, ValueError, TypeError) as error:
            raise DamagedFile(self.tensors, "it has no seal") from error
        if seal.store != store:
            raise DamagedFile(self.tensors, "it belongs to another store")
        if seal.shard != self.number:
            raise DamagedFile(self.tensors, f"it is shard {seal.shard} under another name")
        return seal

    def check_sizes(self, store: str | None) -> tuple[TensorHeader, Seal | None]:
        """Check the shard by its header, its seal and the sizes of both files.

        Args:
            store: Identity of the store; None where its shards have no seals.

        Raises:
            DamagedFile: Something does not fit.
        """
        header = self.header()
        if store is None:
            return header, None
        seal = self.read_seal(store, header)
        try:
            size = self.rows.stat().st_size
        except OSError as error:
            raise DamagedFile(self.rows, error) from error
        if size != seal.rows_bytes:
            raise DamagedFile(
                self.rows, f"it has {size} bytes; {seal.rows_bytes} were written with its vectors"
            )
        return header, seal

    def check(self, store: str | None, *, wholly: bool = False) -> None:
        """Check the shard by header, seal, sizes and ids, or wholly by its digests as well.

        Args:
            store: Identity of the store; None where its shards have no seals.
            wholly: Read every byte.

        Raises:
            DamagedFile: Something does not fit.
        """
        header, seal = self.check_sizes(store)
        if wholly and seal is not None:
            self._check_digests(header, seal)
        rows = read_rows([self.rows], columns=["id", "status"])
        if seal is not None:
            self.check_ids(seal, rows["id"])
        readable = int((rows["status"] != BROKEN).sum())
        for name, tensor in header.tensors.items():
            if tensor.shape[:1] != (readable,):
                raise DamagedFile(
                    self.tensors,
                    f"it has vectors of shape {list(tensor.shape)} under {name} for the "
                    f"{readable} readable photos of its rows",
                )

    def _check_digests(self, header: TensorHeader, seal: Seal) -> None:
        if digest_of(self.rows.read_bytes()) != seal.rows:
            raise DamagedFile(self.rows, "its bytes are not those that were written")
        found = digest_of_vectors({name: header.mapped(name) for name in header.tensors})
        if found != seal.vectors:
            raise DamagedFile(self.tensors, "its bytes are not those that were written")

    def check_ids(self, seal: Seal, ids: pl.Series) -> None:
        """Check that rows are those of the photos that the vectors were written with.

        Raises:
            DamagedFile: They are not.
        """
        if digest_of_ids(ids) != seal.ids:
            raise DamagedFile(self.rows, "it holds other photos than its vectors were made of")


def read_long(file: Path, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Read a table of as many rows as a store has photos, by ranges; see ``mapped_tables``.

    Args:
        file: The file.
        columns: Names of the columns to read; all by default.

    Raises:
        DamagedFile: It cannot be read as a table of rows.
    """
    table = pl.scan_parquet(file, glob=False, hive_partitioning=False)
    chosen = table if columns is None else table.select(columns)

    def parts() -> Iterator[pl.DataFrame]:
        with reading_rows(file):
            for part in ranges(table.select(pl.len()).collect().item()):
                yield chosen.slice(part.start, part.stop - part.start).collect()

    return mapped(parts())


@contextmanager
def reading_rows(file: Path) -> Iterator[None]:
    """Turn what goes wrong while a table of rows is read into one kind of error.

    Raises:
        DamagedFile: It cannot be read.
    """
    try:
        yield
    except _NO_ROWS as error:
        reason = str(error).partition("\n")[0]
        raise DamagedFile(file, f"it cannot be read: {reason}") from error


def read_rows(
    files: list[Path], columns: list[str] | None = None, *, file_column: str | None = None
) -> pl.DataFrame:
    """Read the rows of shards, one below the other.

    Args:
        files: The files.
        columns: Names of the columns to read; all by default.
        file_column: Name of a further column with the path of each row's file.

    Raises:
        DamagedFile: A file cannot be read as a table of rows.
    """
    options: dict[str, Any] = {"glob": False, "hive_partitioning": False}
    options |= {"columns": columns, "include_file_paths": file_column}
    if len(files) == 1:
        with reading_rows(files[0]):
            return pl.read_parquet(files, **options)
    try:
        return pl.read_parquet(files, **options)
    except _NO_ROWS:
        # Which one it was; and shards of an early version may lack columns.
        parts = [read_rows([file], columns, file_column=file_column) for file in files]
    return pl.concat(parts, how="diagonal")


def digest_of_ids(ids: Iterable[str]) -> str:
    """A digest of ids in their order: that of their list as JSON."""
    return _digest_in_parts(ids, lambda part: json.dumps(part)[1:-1], ", ", "[]")


def digest_of_lines(lines: Iterable[str]) -> str:
    """A digest of texts in their order: that of all of them with line breaks between."""
    return _digest_in_parts(lines, "\n".join, "\n")


def _digest_in_parts(
    texts: Iterable[str], joined: Callable[[list[str]], str], mark: str, around: str = ""
) -> str:
    """A digest of many texts, of which few are joined at once."""
    half = len(around) // 2
    digest, following = hashlib.blake2b(around[:half].encode(), digest_size=16), iter(texts)
    between = ""
    while part := list(islice(following, _TEXTS_AT_ONCE)):
        digest.update((between + joined(part)).encode())
        between = mark
    digest.update(around[half:].encode())
    return digest.hexdigest()


def digest_of_vectors(vectors: dict[str, np.ndarray]) -> str:
    """A digest of arrays and their names, whatever their order."""
    parts: list[bytes | memoryview] = []
    for name in sorted(vectors):
        array = np.ascontiguousarray(vectors[name])
        about = json.dumps([name, array.dtype.str, list(array.shape)]).encode()
        parts += [about, array.reshape(-1).view(np.uint8).data]
    return digest_of(*parts)


def digest_of_file(file: Path) -> str:
    """The digest of the bytes of a file, which need not fit into memory."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, partial(hashlib.blake2b, digest_size=16)).hexdigest()


def digest_of(*parts: bytes | memoryview) -> str:
    """A digest of bytes, one part after the other."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
