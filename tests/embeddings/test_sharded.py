"""An array in shards is indexed as the whole array would be, and damage is named."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from latentprint.embeddings import ShardedArray
from latentprint.embeddings import sharded as module
from latentprint.errors import LatentprintError


@pytest.fixture
def whole() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(23, 6)).astype(np.float32)


@pytest.fixture
def array(whole: np.ndarray, tmp_path: Path) -> ShardedArray:
    files = []
    for number, part in enumerate(np.split(whole, [5, 5, 12, 20])):
        files.append(tmp_path / f"{number}.safetensors")
        save_file({"A": np.ascontiguousarray(part), "B": part + 1}, files[-1])
    return ShardedArray.of(tuple(files), "A", 6)


@pytest.mark.parametrize(
    "rows",
    [slice(None), slice(3, 14), slice(0, 0), slice(-4, None), np.array([22, 0, 5, 5, -1]), 7, -2],
)
def test_equals_the_whole(array: ShardedArray, whole: np.ndarray, rows: object) -> None:
    np.testing.assert_array_equal(array[rows], whole[rows])  # type: ignore[call-overload]


def test_shape_and_conversion(array: ShardedArray, whole: np.ndarray) -> None:
    assert (array.shape, len(array)) == ((23, 6), 23)
    np.testing.assert_array_equal(np.asarray(array), whole)
    assert np.asarray(array, dtype=np.float64).dtype == np.float64
    with pytest.raises(IndexError, match="between 0 and 22"):
        array[np.array([23])]


def test_few_files_are_open_at_once(
    array: ShardedArray, whole: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_OPEN_FILES", 2)
    np.testing.assert_array_equal(array[:], whole)
    assert len(array._open) == 2


@pytest.mark.parametrize("damage", ["cut", "header", "gone", "name"])
def test_a_damaged_shard_is_named(array: ShardedArray, damage: str) -> None:
    files = tuple(each().file for each in array.headers)
    file = files[2]
    content = file.read_bytes()
    if damage == "cut":
        file.write_bytes(content[: len(content) // 2])
    elif damage == "header":
        file.write_bytes(b"\xff" * len(content))
    elif damage == "gone":
        file.unlink()
    name = "C" if damage == "name" else "A"
    with pytest.raises(LatentprintError, match=r"2\.safetensors is damaged|0\.safetensors"):
        ShardedArray.of(files, name, 6)
