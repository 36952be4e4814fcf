"""The same photos from wherever they lie give the same vectors."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from latentprint.embeddings import Extraction, extract
from latentprint.photos import open_photos
from latentprint.processing import classes
from tests.photos.packing import files_of, pack_tar, pack_zip

from .toy import ToyEncoder

HOW = Extraction(batch_size=8, shard_size=4, workers=0)


def parquet(file: Path, files: dict[str, bytes]) -> Path:
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet as tables

    cells = [{"bytes": data, "path": name} for name, data in files.items()]
    tables.write_table(arrow.table({"image": cells}), file, row_group_size=5)
    return file


def stream(file: Path, files: dict[str, bytes]) -> Path:
    arrow = pytest.importorskip("pyarrow")
    cells = [{"bytes": data, "path": name} for name, data in files.items()]
    table = arrow.table({"image": cells})
    with arrow.OSFile(str(file), "wb") as sink, arrow.ipc.new_stream(sink, table.schema) as opened:
        opened.write_table(table, max_chunksize=5)
    return file


@pytest.mark.parametrize(
    ("name", "pack"),
    [("s.tar", pack_tar), ("s.zip", pack_zip), ("s.parquet", parquet), ("s.arrow", stream)],
)
@pytest.mark.parametrize("workers", [0, 2])
def test_vectors_are_the_same_to_the_bit(
    tmp_path: Path,
    folder: Path,
    name: str,
    pack: Callable[[Path, dict[str, bytes]], Path],
    workers: int,
) -> None:
    # The noise is seeded by the photo's id, so that this fails too where ids differ.
    chosen = classes("jpeg:90,none") if False else classes("noise")
    source = pack(tmp_path / name, files_of(folder))
    plain = extract(open_photos(folder), [ToyEncoder()], chosen, tmp_path / "plain", HOW)[0]
    how = Extraction(batch_size=8, shard_size=4, workers=workers)
    stored = extract(open_photos(source), [ToyEncoder()], chosen, tmp_path / "packed", how)[0]
    assert np.array_equal(stored.vectors(), plain.vectors(), equal_nan=True)
