"""The index of a store of which all photos were lost."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from latentprint.embeddings.index import Index


def test_an_index_without_rows_is_written_and_read(tmp_path: Path) -> None:
    kinds = {"id": pl.String, "status": pl.String, "shard": pl.Int32, "row": pl.Int32}
    name, _ = Index({}, None, pl.DataFrame(schema=kinds)).write(tmp_path)
    found = Index.read(tmp_path / name)
    assert not found.shards
    assert not found.places.height
