"""The output of clip-retrieval."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from latentprint.errors import LatentprintError
from tests.embeddings.vector_files.conftest import IDS, VECTORS, read


def shards(folder: Path) -> Path:
    """Eleven shards, so that the order of names is not that of numbers."""
    for name in ("img_emb", "metadata", "text_emb"):
        (folder / name).mkdir()
    for at in range(11):
        rows = slice(3 * at, 3 * at + 3) if at < 9 else slice(27 + at - 9, 28 + at - 9)
        rows = rows if at < 10 else slice(28, 30)
        np.save(folder / "img_emb" / f"img_emb_{at}.npy", VECTORS[rows].astype(np.float16))
        table = pl.DataFrame({"image_path": IDS[rows], "caption": ["a cat"] * len(IDS[rows])})
        table.write_parquet(folder / "metadata" / f"metadata_{at}.parquet")
    return folder


def test_shards_are_mapped_and_joined_by_their_numbers(tmp_path: Path) -> None:
    found = read(shards(tmp_path))
    assert all(isinstance(part, np.memmap) for part in found.rows.parts)
    np.testing.assert_array_equal(found.rows[:], VECTORS.astype(np.float16))
    order = np.array([29, 0, 14, 14])
    np.testing.assert_array_equal(found.rows[order], VECTORS.astype(np.float16)[order])
    assert found.beside["image_path"].to_list() == IDS
    assert found.beside.columns == ["image_path", "caption"]
    assert "11 shards of img_emb, joined by their numbers; what is known" in found.notes[0]
    assert "text_emb" in found.notes[1]


def test_vectors_without_metadata(tmp_path: Path) -> None:
    folder = shards(tmp_path)
    for file in (folder / "metadata").iterdir():
        file.unlink()
    assert read(folder).beside.columns == []


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda f: (f / "img_emb/img_emb_3.npy").unlink(), "lacks number 3"),
        (lambda f: (f / "metadata/metadata_4.parquet").unlink(), "without the other for shard 4"),
        (lambda f: (f / "img_emb/img_emb_10.npy").unlink(), "without the other for shard 10"),
        (
            lambda f: np.save(f / "img_emb/img_emb_2.npy", VECTORS[:4]),
            r"metadata_2\.parquet has 3 rows for 4 vectors",
        ),
        (
            lambda f: np.save(f / "img_emb/img_emb_2.npy", VECTORS[:3, :4]),
            r"img_emb_2\.npy has vectors of 4 numbers, and .*img_emb_0\.npy of 5",
        ),
        (
            lambda f: np.save(f / "img_emb/img_emb_2.npy", np.arange(3)),
            r"img_emb_2\.npy holds int64",
        ),
        (
            lambda f: (f / "img_emb/img_emb_2.npy").write_bytes(b"\x93NUMPY"),
            r"img_emb_2\.npy is damaged",
        ),
        (
            lambda f: pl.DataFrame({"key": [1, 2, 3]}).write_parquet(
                f / "metadata/metadata_2.parquet"
            ),
            "differ in the columns caption, image_path, key",
        ),
        (
            lambda f: np.save(f / "img_emb/img_emb_02.npy", VECTORS[:3]),
            "have one number",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(tmp_path: Path, broken: object, message: str) -> None:
    folder = shards(tmp_path)
    broken(folder)  # type: ignore[operator]
    with pytest.raises(LatentprintError, match=message):
        read(folder)


def test_a_folder_without_shards(tmp_path: Path) -> None:
    (tmp_path / "img_emb").mkdir()
    with pytest.raises(LatentprintError, match="holds no shards"):
        read(tmp_path)
