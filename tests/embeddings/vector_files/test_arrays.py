"""Vectors in memory, in .npy files and in .npz archives."""

import datetime
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from latentprint.errors import LatentprintError, UsageError
from tests.embeddings.vector_files.conftest import IDS, VECTORS, read


def test_a_matrix_is_mapped_and_not_read(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", VECTORS)
    found = read(tmp_path / "v.npy")
    assert isinstance(found.rows.parts[0], np.memmap)
    np.testing.assert_array_equal(found.rows[np.array([3, 1])], VECTORS[[3, 1]])


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.dtype(">f4")])
@pytest.mark.parametrize("suffix", [".npy", ".npz"])
@pytest.mark.usefixtures("small_parts")
def test_other_floats_and_orders_of_bytes(tmp_path: Path, dtype: type, suffix: str) -> None:
    for matrix in (VECTORS.astype(dtype), np.asfortranarray(VECTORS.astype(dtype))):
        file = tmp_path / f"v{suffix}"
        np.save(file, matrix) if suffix == ".npy" else np.savez(file, v=matrix)
        found = read(file).rows[:]
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, matrix.astype(np.float32))


@pytest.mark.parametrize(
    "array",
    [
        VECTORS,
        VECTORS[::1],
        torch.from_numpy(VECTORS),
        torch.from_numpy(VECTORS).requires_grad_(),
        torch.from_numpy(VECTORS).double(),
    ],
)
def test_arrays_in_memory(array: object) -> None:
    np.testing.assert_array_equal(read(array, name="mine").rows[:], VECTORS)


def test_half_precision_tensors_are_widened() -> None:
    tensor = torch.from_numpy(VECTORS).bfloat16()
    np.testing.assert_array_equal(read(tensor).rows[:], tensor.float().numpy())


def test_masked_numbers_are_missing_ones() -> None:
    masked = np.ma.masked_array(VECTORS, mask=False)
    masked.mask[3, 1] = True
    assert np.isnan(read(masked).rows[:][3, 1])


def test_what_is_no_matrix_of_floats_is_named(tmp_path: Path) -> None:
    for array, message in (
        (VECTORS[0], r"v\.npy holds float32 of shape \[5\]: vectors are a matrix"),
        (np.arange(6).reshape(2, 3), "int64 of shape"),
        (VECTORS[:0], "shape"),
        (np.array([["a"]]), "U1"),
    ):
        np.save(tmp_path / "v.npy", array)
        with pytest.raises(LatentprintError, match=message):
            read(tmp_path / "v.npy")
    with pytest.raises(LatentprintError, match="mine holds int64"):
        read(torch.ones(3, 4, dtype=torch.int64), name="mine")
    with pytest.raises(UsageError, match="list is neither a path nor a matrix"):
        read([[1.0]])


def test_objects_are_never_undone(tmp_path: Path) -> None:
    file = tmp_path / "v.npy"
    np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(LatentprintError, match="Python objects, which may run code"):
        read(file)
    file.write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(LatentprintError, match="is damaged or holds no array of floats"):
        read(file)
    archive = tmp_path / "v.npz"
    np.savez(archive, vectors=VECTORS, id=np.array(IDS, dtype=object))
    with pytest.raises(LatentprintError, match=r"array 'id' holds Python objects.*as text"):
        read(archive)


@pytest.mark.parametrize("keep", [0, 40, 200, 500])
def test_a_file_that_was_cut_off_is_named(tmp_path: Path, keep: int) -> None:
    np.save(tmp_path / "v.npy", VECTORS)
    np.savez_compressed(tmp_path / "v.npz", v=VECTORS)
    for file in (tmp_path / "v.npy", tmp_path / "v.npz"):
        file.write_bytes(file.read_bytes()[:keep])
        with pytest.raises(LatentprintError, match=r"v\.np[yz] is damaged or holds no array"):
            read(file)


def test_the_wrong_name_is_said(tmp_path: Path) -> None:
    np.savez(tmp_path / "z.npz", a=VECTORS)
    (tmp_path / "z.npz").rename(tmp_path / "v.npy")
    with pytest.raises(LatentprintError, match=r"archive of arrays: name it \.npz"):
        read(tmp_path / "v.npy")
    np.save(tmp_path / "one.npy", VECTORS)
    (tmp_path / "one.npy").rename(tmp_path / "v.npz")
    with pytest.raises(LatentprintError, match=r"no archive: name it \.npy"):
        read(tmp_path / "v.npz")


@pytest.mark.usefixtures("small_parts")
def test_an_archive_holds_a_matrix_and_columns(tmp_path: Path) -> None:
    file = tmp_path / "mine.npz"
    boxes = np.zeros((30, 4), dtype=np.int64)
    np.savez(file, vectors=VECTORS, id=IDS, iso=np.arange(30), boxes=boxes, seeds=np.arange(3))
    found = read(file)
    np.testing.assert_array_equal(found.rows[:], VECTORS)
    assert found.beside.to_dict(as_series=False) == {"id": IDS, "iso": list(range(30))}
    taken, unread = found.notes
    assert "the array 'vectors'; what is known of the photos: id, iso" in taken
    assert "boxes (int64 [30, 4]), seeds (int64 [3])" in unread


def test_different_bytes_and_times_are_different_values(tmp_path: Path) -> None:
    file = tmp_path / "mine.npz"
    times = np.array(["2020-01-01", "NaT"] * 15)
    np.savez(
        file,
        vectors=VECTORS,
        label=np.array([b"caf\xe8", b"caf\xe9", "café".encode()] * 10),
        seconds=times.astype("M8[s]"),
        year=times.astype("M8[Y]"),
        lasting=np.arange(30).astype("m8[h]"),
    )
    beside = read(file).beside
    assert beside["label"][:3].to_list() == [r"caf\xe8", r"caf\xe9", "café"]
    assert beside["seconds"].dt.date()[:2].to_list() == [datetime.date(2020, 1, 1), None]
    assert beside["year"].null_count() == 15
    assert beside["lasting"].n_unique() == 30


def test_white_space_around_texts_is_stripped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "mine.npz"
    np.savez(file, vectors=VECTORS, label=["cat", "cat "] * 15)
    assert set(read(file).beside["label"]) == {"cat"}
    assert "white space was stripped in the column 'label' (15 values)" in caplog.text


def test_of_several_matrices_one_has_to_be_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.npz"
    np.savez(file, one=VECTORS, other=-VECTORS)
    with pytest.raises(UsageError, match=r"one \(float32 \[30, 5\]\), other .*--vector-columns"):
        read(file)
    np.testing.assert_array_equal(read(file, ("other",)).rows[:], -VECTORS)
    with pytest.raises(UsageError, match="Did you mean 'other'"):
        read(file, ("othr",))
    np.savez(file, label=np.arange(3))
    with pytest.raises(LatentprintError, match=r"no matrix of floats .*label \(int64 \[3\]\)"):
        read(file)


def test_an_archive_damaged_inside_is_named(tmp_path: Path) -> None:
    file = tmp_path / "v.npz"
    np.savez_compressed(file, vectors=np.tile(VECTORS, (9, 9)))
    content = bytearray(file.read_bytes())
    for start in (60, 200):
        damaged = content[:start] + b"\xff" * 100 + content[start + 100 :]
        file.write_bytes(damaged)
        with pytest.raises(LatentprintError, match=r"v\.npz is damaged"):
            read(file)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_contents_are_compared_with_their_checksum(
    tmp_path: Path, save: Callable[..., None]
) -> None:
    file = tmp_path / "v.npz"
    save(file, vectors=VECTORS)
    content = bytearray(file.read_bytes())
    content[content.index(b"PK\x01\x02") + 16] ^= 1
    file.write_bytes(content)
    with pytest.raises(LatentprintError, match=r"v\.npz is damaged"):
        read(file)


def test_a_header_that_promises_more_than_there_is(tmp_path: Path) -> None:
    file = tmp_path / "v.npz"
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000, 512), }"
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("v.npy", content + bytes(100))
    with pytest.raises(LatentprintError, match=r"v\.npz is damaged"):
        read(file)
