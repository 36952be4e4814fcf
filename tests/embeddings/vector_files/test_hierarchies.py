"""Vectors in HDF5 files and zarr stores."""

import json
from pathlib import Path

import numpy as np
import pytest

from latentprint.errors import LatentprintError, UsageError
from tests.embeddings.vector_files.conftest import IDS, VECTORS, read

h5py = pytest.importorskip("h5py")
zarr = pytest.importorskip("zarr")


def hdf5(folder: Path) -> Path:
    file = folder / "v.h5"
    with h5py.File(file, "w") as opened:
        group = opened.create_group("train")
        group.create_dataset("emb", data=VECTORS, chunks=(4, 5), compression="gzip")
        group.create_dataset("id", data=IDS)
        group.create_dataset("site", data=np.array(["north"] * 30, dtype="S5"))
        group.create_dataset("iso", data=np.arange(30))
        opened.create_dataset("iso", data=np.arange(30) * 2)
        opened.create_dataset("boxes", data=np.zeros((30, 4), dtype=np.int64))
        opened["elsewhere"] = h5py.ExternalLink("other.h5", "emb")
    return file


def zarr_store(folder: Path, version: int = 3) -> Path:
    store = folder / "v.zarr"
    opened = zarr.open_group(str(store), mode="w", zarr_format=version)
    group = opened.create_group("train")
    group.create_array("emb", data=VECTORS, chunks=(4, 2))
    group.create_array("iso", data=np.arange(30))
    opened.create_array("iso", data=np.arange(30) * 2)
    opened.create_array("boxes", data=np.zeros((30, 4), dtype=np.int64))
    opened.attrs["subject"] = "pickled gherkins"
    return store


@pytest.mark.usefixtures("small_parts")
def test_hdf5_holds_a_matrix_and_columns(tmp_path: Path) -> None:
    found = read(hdf5(tmp_path))
    np.testing.assert_array_equal(found.rows[:], VECTORS)
    assert isinstance(found.rows.parts[0], np.memmap)
    assert found.beside.to_dict(as_series=False) == {
        "iso": [2 * at for at in range(30)],
        "train/iso": list(range(30)),
        "id": IDS,
        "site": ["north"] * 30,
    }
    assert "the vectors are the array 'train/emb'; what" in found.notes[0]
    assert "boxes" in found.notes[1]


def test_texts_of_hdf5_of_fixed_length(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as opened:
        opened["emb"] = VECTORS
        opened["label"] = np.array(["café".encode(), b"caf\xe9"] * 15)
    assert read(tmp_path / "a.h5").beside["label"][:2].to_list() == ["café", r"caf\xe9"]


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.usefixtures("small_parts")
def test_zarr_holds_a_matrix_and_columns(tmp_path: Path, version: int) -> None:
    found = read(zarr_store(tmp_path, version))
    np.testing.assert_array_equal(found.rows[:], VECTORS)
    assert isinstance(found.rows.parts[0], np.memmap)
    assert found.beside["train/iso"].to_list() == list(range(30))
    assert "the vectors are the array 'train/emb'; what" in found.notes[0]


def test_a_zarr_array_and_texts(tmp_path: Path) -> None:
    zarr.save_array(str(tmp_path / "mine"), VECTORS)
    np.testing.assert_array_equal(read(tmp_path / "mine").rows[:], VECTORS)
    store = tmp_path / "v.zarr"
    opened = zarr.open_group(str(store), mode="w")
    opened.create_array("emb", data=VECTORS.astype(np.float16))
    texts = np.array(["north"] * 30, dtype=np.dtypes.StringDType())
    opened.create_array("site", data=texts)
    found = read(store)
    assert found.beside["site"].to_list() == ["north"] * 30
    np.testing.assert_array_equal(found.rows[:], VECTORS.astype(np.float16))


def test_of_several_matrices_one_has_to_be_named(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "v.hdf5", "w") as opened:
        opened["image"], opened["text"] = VECTORS, -VECTORS
    with pytest.raises(UsageError, match=r"2 matrices of floats, image .*--vector-columns"):
        read(tmp_path / "v.hdf5")
    found = read(tmp_path / "v.hdf5", ("text",))
    np.testing.assert_array_equal(found.rows[:], -VECTORS)


def test_a_pickled_array_is_never_undone(tmp_path: Path) -> None:
    store = zarr_store(tmp_path, 2)
    file = store / "train" / "iso" / ".zarray"
    about = json.loads(file.read_text())
    file.write_text(json.dumps({**about, "dtype": "|O", "filters": [{"id": "pickle"}]}))
    with pytest.raises(LatentprintError, match=r"v\.zarr"):
        read(store)
    both = [{"id": "vlen-utf8"}, {"id": "pickle", "protocol": 5}]
    file.write_text(json.dumps({**about, "dtype": "|O", "filters": both}))
    with pytest.raises(LatentprintError, match=r"'train/iso' of .*pickled objects"):
        read(store)


def test_what_is_damaged_or_something_else_is_named(tmp_path: Path) -> None:
    file = hdf5(tmp_path)
    content = file.read_bytes()
    for keep in (0, 100, len(content) // 2):
        file.write_bytes(content[:keep])
        with pytest.raises(LatentprintError, match=r"v\.h5 is damaged or no HDF5"):
            read(file)
    store = zarr_store(tmp_path)
    chunk = next(
        file for file in sorted((store / "train" / "emb" / "c").rglob("*")) if file.is_file()
    )
    chunk.write_bytes(b"no chunk")
    with pytest.raises(LatentprintError, match=r"v\.zarr is damaged or no zarr"):
        read(store)
    (store / "zarr.json").write_text("{")
    with pytest.raises(LatentprintError, match=r"v\.zarr is damaged or no zarr"):
        read(store)


def test_objects_and_whole_numbers_are_no_vectors(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "v.h5", "w") as opened:
        opened["numbers"] = np.arange(6).reshape(2, 3)
        opened.create_dataset("ragged", (3,), dtype=h5py.vlen_dtype(np.float32))
    with pytest.raises(LatentprintError, match=r"no matrix of floats .*numbers \(int64 \[2, 3\]\)"):
        read(tmp_path / "v.h5")


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, store = hdf5(tmp_path), zarr_store(tmp_path)
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    monkeypatch.setitem(__import__("sys").modules, "zarr", None)
    for given, extra in ((file, "hdf5"), (store, "zarr")):
        with pytest.raises(LatentprintError, match=rf"pip install 'latentprint\[{extra}\]'"):
            read(given)
