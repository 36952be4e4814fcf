from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from latentprint.erasure.artefact import RECORD, TENSORS, load_eraser, save_eraser
from latentprint.erasure.eraser import LinearEraser
from latentprint.errors import LatentprintError
from tests.erasure.made_up import versions
from tests.erasure.test_leace import fitted


def test_what_is_read_back_is_what_was_written(tmp_path: Path) -> None:
    whole = fitted(versions())
    eraser = LinearEraser(whole.read, whole.write, whole.offset, {"classes": ["a", "é"]})
    for each in (eraser, eraser.rounded()):
        again = load_eraser(save_eraser(each, tmp_path / "eraser"))
        assert again.digest == each.digest
        assert again.about == each.about
        for name in ("read", "write", "offset"):
            np.testing.assert_array_equal(getattr(again, name), getattr(each, name))
            assert getattr(again, name).dtype == getattr(each, name).dtype


def test_the_order_of_arrays_in_memory_does_not_matter(tmp_path: Path) -> None:
    plain = fitted(versions()).rounded()
    for turn in (np.asfortranarray, lambda each: each.astype(">f4")):
        turned = LinearEraser(turn(plain.read), turn(plain.write), turn(plain.offset))
        assert turned.digest == plain.digest
        again = load_eraser(save_eraser(turned, tmp_path))
        np.testing.assert_array_equal(again.read, plain.read)


def test_a_writer_that_scrambles_arrays_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scrambled(tensors: dict[str, np.ndarray]) -> bytes:
        return save({name: each[::-1].copy() for name, each in tensors.items()})

    monkeypatch.setattr("safetensors.numpy.save", scrambled)
    with pytest.raises(LatentprintError, match="does not hold what was written"):
        save_eraser(fitted(versions()), tmp_path)


def tensors(**change: np.ndarray) -> bytes:
    eraser = fitted(versions()).rounded()
    parts = {"read": eraser.read, "write": eraser.write, "offset": eraser.offset, **change}
    return save({name: np.ascontiguousarray(each) for name, each in parts.items()})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 64,
        (2**62).to_bytes(8, "little") + b"{}",
        pickle.dumps({"read": 1}),
        tensors()[:-5],
        tensors(read=np.zeros((3, 7), np.float32)),
        tensors(offset=np.zeros(4, np.float32)),
        tensors(read=np.full((3, 24), np.nan, np.float32)),
        tensors(read=np.zeros((3, 24), np.float32)),
        tensors(read=np.zeros((3, 24), np.int32)),
        tensors(
            read=np.zeros((0, 24), np.float32),
            write=np.zeros((0, 24), np.float32),
            offset=np.zeros(0, np.float32),
        ),
        save({"read": np.zeros((3, 24), np.float32)}),
    ],
)
def test_damaged_tensors_are_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    save_eraser(fitted(versions()).rounded(), tmp_path)
    (tmp_path / TENSORS).write_bytes(content)
    with pytest.raises(LatentprintError, match=r"eraser\.safetensors is damaged"):
        load_eraser(tmp_path)


@pytest.mark.parametrize(
    "record",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        '{"format_version": "x", "digest": ""}',
        '{"format_version": 1}',
        "\x00",
    ],
)
def test_damaged_records_are_refused_in_a_sentence(tmp_path: Path, record: str) -> None:
    save_eraser(fitted(versions()).rounded(), tmp_path)
    (tmp_path / RECORD).write_text(record)
    with pytest.raises(LatentprintError, match="no record of an eraser"):
        load_eraser(tmp_path)


def test_what_is_missing_newer_or_mixed_up_is_said(tmp_path: Path) -> None:
    with pytest.raises(LatentprintError, match="holds no eraser"):
        load_eraser(tmp_path)
    save_eraser(fitted(versions()).rounded(), tmp_path)
    record: dict[str, Any] = json.loads((tmp_path / RECORD).read_text())
    (tmp_path / RECORD).write_text(json.dumps({**record, "format_version": 99}))
    with pytest.raises(LatentprintError, match="newer latentprint"):
        load_eraser(tmp_path)
    (tmp_path / RECORD).write_text(json.dumps(record))
    (tmp_path / TENSORS).write_bytes(tensors(offset=np.ones(3, np.float32)))
    with pytest.raises(LatentprintError, match="do not belong together"):
        load_eraser(tmp_path)
