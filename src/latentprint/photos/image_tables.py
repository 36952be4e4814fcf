"""Tables whose cells hold the photos themselves: Parquet and Arrow files, as Hugging Face has them.

A column of pictures is a structure ``{bytes, path}``, as ``datasets`` writes it, or bytes alone.
What the numbers of classes stand for is in the metadata of the file.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl

from latentprint.errors import LatentprintError, UsageError
from latentprint.photos.addresses import Away, open_address
from latentprint.photos.formats import install, installed
from latentprint.photos.location import Address, Location, path_below, table_path
from latentprint.photos.manifest import reading_table, tidy_table
from latentprint.photos.photos import COLUMNS, Photos
from latentprint.photos.sidecars import column_name
from latentprint.photos.sparse_arrow import JOINED, PACKED, SparseFile
from latentprint.photos.split import SPLIT_NAMES

SUFFIXES = (".parquet", ".arrow")

_BYTES_ALONE = ("image", "img", "picture", "photo", "jpg", "jpeg", "png", "webp", "image_bytes")
_CACHE = "cache-"
_SHOWN = 3


@dataclass(frozen=True)
class _Opened:
    """A table without its pictures.

    Attributes:
        file: The file.
        locators: Where each row's picture lies; see ``photos.location``.
        names: What the table calls the pictures, where it does.
        columns: The plain columns as text; classes by their names.
        left_out: Columns that are not plain.
        label: The column of classes.
        nameless: Numbers by column for which there is no name of a class.
    """

    file: Location
    locators: list[str]
    names: list[str | None]
    columns: pl.DataFrame
    left_out: tuple[str, ...]
    label: str | None
    nameless: Counter[str]


def holds_images(file: Location) -> bool:
    """Whether a Parquet file has a column of pictures.

    Raises:
        UsageError: It lies at an address, and the extra is not installed.
        LatentprintError: It cannot be read.
    """
    with reading_table(file):
        if isinstance(file, Address):
            # polars would fetch the whole of it for its columns alone.
            _require_arrow(file)
            from pyarrow import parquet

            with open_address(file) as opened:
                columns = parquet.read_schema(opened).empty_table()
            schema = pl.DataFrame(pl.from_arrow(columns)).schema
        else:
            schema = pl.scan_parquet(file, glob=False).collect_schema()
    return any(
        (isinstance(kind, pl.Struct) and any(_is_bytes(each) for each in kind.fields))
        or (kind == pl.Binary and name.lower() in _BYTES_ALONE)
        for name, kind in schema.items()
    )


def _is_bytes(field: pl.Field) -> bool:
    return field.name == "bytes" and field.dtype == pl.Binary


def find_image_tables(
    root: Location, paths: Iterable[str], *, follow_links: bool
) -> list[Location]:
    """The tables with pictures among files below a folder; those that ``datasets`` caches are none.

    Args:
        root: The folder.
        paths: The files below it.
        follow_links: Whether links out of the folder are followed.

    Raises:
        UsageError: A table lies outside, and links are not followed.
        LatentprintError: A table cannot be read.
    """
    inside = None if isinstance(root, Address) else root.resolve()
    found = list[Location]()
    for path in sorted(paths):
        file = root / path
        suffix = file.suffix.lower()
        if suffix not in SUFFIXES or file.name.startswith((".", _CACHE)):
            continue
        if isinstance(file, Path) and not file.is_file():
            continue
        outside = isinstance(file, Path) and inside and not file.resolve().is_relative_to(inside)
        if outside and not follow_links:
            raise UsageError(f"{file} is a link out of the folder: add --follow-links to read it.")
        if suffix == ".arrow" or holds_images(file):
            found.append(file)
    return found


def read_image_tables(root: Location, name: str, files: Sequence[Location]) -> Photos:
    """List the photos in the cells of tables; no picture is read.

    Ids are the pictures' paths as the tables have them, where all have one and no two the same;
    else the table's path without its suffix and the number of the row. Splits are told from the
    words of a table's path ("train", "validation" …), where they tell the side of every photo.

    Args:
        root: The folder that the tables lie in.
        name: What the set is called.
        files: The tables.

    Raises:
        UsageError: The extra is not installed, or a table has several columns of pictures.
        LatentprintError: A table cannot be read.
    """
    _require_arrow(files[0])
    opened = [_open(file) for file in files]
    tables = [
        pl.DataFrame(
            {
                "id": ids,
                "path": [f"{table_path(each.file, root)}!{locator}" for locator in each.locators],
                "split": [_side(root, each.file)] * len(ids),
            },
            schema=dict.fromkeys(("id", "path", "split"), pl.String),
        ).hstack(each.columns.get_columns())
        for each, ids in zip(opened, _ids(root, opened), strict=True)
    ]
    table = pl.concat(tables, how="diagonal")
    label = _label(opened)
    if label != "label":
        table = table.drop("label", strict=False).with_columns(
            (pl.col(label) if label else pl.lit(None, pl.String)).alias("label")
        )
    if table["split"].n_unique() != 2 or table["split"].null_count():
        table = table.with_columns(split=pl.lit(None, pl.String))
    notes = [f"{table.height:,} photos are read from the cells of {_some(files)}."]
    if left_out := sorted({each for one in opened for each in one.left_out}):
        notes.append(f"Columns that hold no plain values are not read: {', '.join(left_out)}.")
    if label not in (None, "label"):
        notes.append(f"The classes are those of the column {label!r}.")
    for column, count in sum((each.nameless for each in opened), Counter[str]()).items():
        notes.append(f"Numbers of {column!r} without a name among its classes, left out: {count}.")
    if column_name("split") in table.columns:
        kept = column_name("split")
        notes.append(f"The column 'split' tells no sides here, and is kept as {kept!r}.")
    further = [each for each in table.columns if each not in COLUMNS]
    nothing = pl.DataFrame(schema={"path": pl.String, "reason": pl.String})
    table = tidy_table(table.select(*COLUMNS, *further), name)
    place = Path() if isinstance(root, Address) else root
    return Photos(name, place, table.sort("id"), nothing, tuple(notes))


def _require_arrow(file: Location) -> None:
    if not installed("arrow"):
        raise UsageError(
            f"{file} holds pictures in its cells, which needs an extra: {install('arrow')}"
        )


def _some(files: Sequence[Location]) -> str:
    return files[0].name if len(files) == 1 else f"{len(files)} tables"


def _ids(root: Location, opened: Sequence[_Opened]) -> Iterator[list[str]]:
    names = [name for each in opened for name in each.names]
    if names and all(names) and len(set(names)) == len(names):
        yield from ([str(name) for name in each.names] for each in opened)
        return
    for each in opened:
        stem = str(PurePosixPath(path_below(each.file, root)).with_suffix(""))
        digits = len(str(max(len(each.names) - 1, 0)))
        yield [f"{stem}/{row:0{digits}}" for row in range(len(each.names))]


def _side(root: Location, file: Location) -> str | None:
    path = PurePosixPath(path_below(file, root))
    words = (*path.parts[:-1], *re.split(r"[-_.]", path.stem))
    return next((SPLIT_NAMES[each.lower()] for each in words if each.lower() in SPLIT_NAMES), None)


def _label(opened: Sequence[_Opened]) -> str | None:
    labels = {each.label for each in opened}
    return labels.pop() if len(labels) == 1 else None


@contextmanager
def _reading(file: Location) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError, NotImplementedError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise LatentprintError(f"{file} cannot be read as a table of photos: {reason}") from error


def _open(file: Location) -> _Opened:
    """Open a table; pyarrow, as polars reads no part of a structure without the rest."""
    with _reading(file):
        if file.suffix.lower() == ".parquet":
            return _open_parquet(file)
        import pyarrow as pa

        if isinstance(file, Address):
            sparse = SparseFile(file)
            source = pa.PythonFile(sparse, mode="r")
            return _open_arrow(file, source, sparse.whole, sparse.fetch)
        with pa.memory_map(str(file)) as source:
            whole = source.read_buffer()
            return _open_arrow(file, pa.BufferReader(whole), whole, lambda *_: None)


def _open_parquet(file: Location) -> _Opened:
    from pyarrow import parquet

    source = open_address(file) if isinstance(file, Address) else file
    with parquet.ParquetFile(source) as opened:
        schema = opened.schema_arrow
        column = _image_column(schema, file)
        plain, left_out = _plain(schema, column)
        is_struct = _is_struct(schema.field(column).type)
        named = is_struct and "path" in [each.name for each in schema.field(column).type]
        leaf = f"{column}.bytes" if is_struct else column
        if "/" in leaf:
            raise ValueError(f"the name of its column {column!r} must hold no slash")
        read = opened.read([*plain, f"{column}.path"] if named else plain, use_threads=False)
        names = read[column].combine_chunks().field("path").to_pylist() if named else []
        counts = [opened.metadata.row_group(at).num_rows for at in range(opened.num_row_groups)]
    places = [(group, row) for group, count in enumerate(counts) for row in range(count)]
    names = names or [None] * len(places)
    locators = _locators(leaf, places, names)
    columns, label, nameless = _columns([_as_text(read.select(plain))], schema)
    return _Opened(file, locators, names, columns, left_out, label, nameless)


def _open_arrow(
    file: Location, source: Any, whole: Any, fetch: Callable[[Iterable[Any], str], None]
) -> _Opened:
    """Cells of an Arrow file lie in it as they are: their places are those of photos in a tar.

    Args:
        file: The file.
        source: What it is read from.
        whole: Its bytes, which all that is read points into.
        fetch: Called with those of its buffers that are to be read, and why they could lie
            elsewhere; see ``SparseFile.fetch``.
    """
    import numpy as np
    import pyarrow as pa

    reader, batches = _batches(source)
    column = _image_column(reader.schema, file)
    plain, left_out = _plain(reader.schema, column)
    parts, names = [], list[str | None]()
    places: list[tuple[int, int]] = []
    for batch in _readable(batches):
        cells = batch.column(column)
        read = [batch.column(name) for name in plain]
        named = None
        if _is_struct(cells.type):
            named = cells.field("path") if "path" in [each.name for each in cells.type] else None
            cells = cells.field("bytes")
        beside = [*read, *([] if named is None else [named])]
        _, offsets, data = cells.buffers()
        fetch([offsets, *(buffer for each in beside for buffer in each.buffers())], PACKED)
        classes = [each.dictionary for each in read if pa.types.is_dictionary(each.type)]
        fetch((buffer for each in classes for buffer in each.buffers()), JOINED)
        names += [None] * len(cells) if named is None else named.to_pylist()
        wide = pa.types.is_large_binary(cells.type)
        ends = np.frombuffer(offsets, np.int64 if wide else np.int32)[: len(cells) + 1]
        first = data.address - whole.address if data else 0
        if len(cells) and not 0 <= first + int(ends[0]) <= first + int(ends[-1]) <= whole.size:
            raise ValueError(PACKED)
        sizes = np.diff(ends).tolist()
        places += zip((first + ends[:-1].astype(np.int64)).tolist(), sizes, strict=True)
        parts.append(_as_text(pa.Table.from_batches([batch]).select(plain)))
    columns, label, nameless = _columns(parts, reader.schema)
    locators = _locators(column, places, names)
    return _Opened(file, locators, names, columns, left_out, label, nameless)


def _batches(source: Any) -> tuple[Any, Iterator[Any]]:
    """The reader of an Arrow stream, as ``datasets`` writes it, or file; and its batches."""
    import pyarrow as pa

    try:
        stream = pa.ipc.open_stream(source)
        return stream, iter(stream)
    except pa.ArrowInvalid:
        source.seek(0)
        file = pa.ipc.open_file(source)
        return file, (file.get_batch(at) for at in range(file.num_record_batches))


def _readable(batches: Iterator[Any]) -> Iterator[Any]:
    """The batches; what is compressed cannot be read where no picture is at hand.

    Raises:
        Away: It cannot be had at present.
        ValueError: One cannot be read.
    """
    try:
        yield from batches
    except Away:
        raise
    except (OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"a batch is damaged, or compressed ({reason}): write it without compression"
        ) from error


def _image_column(schema: Any, file: Location) -> str:
    import pyarrow as pa

    kinds: dict[str, Any] = {field.name: field.type for field in schema}
    found = [
        name
        for name, kind in kinds.items()
        if _is_struct(kind)
        and any(each.name == "bytes" and _holds_bytes(each.type) for each in kind)
    ] or [
        name for name, kind in kinds.items() if _holds_bytes(kind) and name.lower() in _BYTES_ALONE
    ]
    if "image" in found:
        return "image"
    if len(found) > 1:
        raise UsageError(
            f"{file} has several columns of pictures ({', '.join(found)}): call the one to read "
            "'image'."
        )
    if not found:
        known = ", ".join(pa.schema(schema).names)
        raise ValueError(f"it has no column of pictures, only {known}")
    return found[0]


def _is_struct(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_struct(kind))


def _holds_bytes(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _plain(schema: Any, column: str) -> tuple[list[str], tuple[str, ...]]:
    """The columns of plain values, and the others but for that of the pictures."""
    import pyarrow as pa

    plain = [
        each.name
        for each in schema
        if not pa.types.is_nested(each.type) and not _holds_bytes(each.type)
    ]
    others = [each for each in schema.names if each not in (*plain, column)]
    return plain, tuple(others)


def _as_text(table: Any) -> pl.DataFrame:
    if not table.num_columns:
        return pl.DataFrame()
    return pl.DataFrame(pl.from_arrow(table)).select(pl.all().cast(pl.String))


def _columns(
    parts: Sequence[pl.DataFrame], schema: Any
) -> tuple[pl.DataFrame, str | None, Counter[str]]:
    """The plain columns with classes by their names, the column of classes, and ``nameless``."""
    given = (
        pl.concat(parts) if parts else pl.DataFrame(schema=dict.fromkeys(schema.names, pl.String))
    )
    classes = {name: names for name, names in _classes(schema).items() if name in given.columns}
    table = given.with_columns(
        pl.col(name).replace_strict(
            {str(number): each for number, each in enumerate(names)},
            default=None,
            return_dtype=pl.String,
        )
        for name, names in classes.items()
    )
    label = "label" if "label" in table.columns else None
    if label is None and len(classes) == 1:
        label = column_name(next(iter(classes)))
    nameless = Counter[str]()
    for name in classes:
        nameless[column_name(name)] += table[name].null_count() - given[name].null_count()
    return table.rename(column_name), label, nameless


def _classes(schema: Any) -> dict[str, list[str]]:
    """The names of classes by column, as ``datasets`` puts them into a schema's metadata."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {
            name: [str(each) for each in feature["names"]]
            for name, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


def _locators(
    column: str, places: Sequence[tuple[int, int]], names: Sequence[str | None]
) -> list[str]:
    """Two numbers, the column and the file's name, or the number of the row, of every picture."""
    return [
        f"{first}+{second}!{column}/{PurePosixPath(name or '').name or row}"
        for row, ((first, second), name) in enumerate(zip(places, names, strict=True))
    ]
