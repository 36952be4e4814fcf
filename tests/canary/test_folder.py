"""A canary that is damaged, or not one of ours, is refused in a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentprint.canary import read_canary
from latentprint.errors import LatentprintError


def changed(canary: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = canary / "canary.json"
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))


def test_what_was_written_is_read(made: Path) -> None:
    canary = read_canary(made)
    assert len(canary.photos) == len(canary.stages.vectors) == len(canary.files) == 32
    assert all(file.is_file() for file in canary.files)
    assert canary.stages.inputs.shape == (32, 16, 16, 3)
    assert canary.stages.inputs.dtype == np.uint8
    assert set(canary.changes) == set(canary.stages.changed)
    assert "bilinear in place of bicubic" in canary.changes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"format_version": 1}',
        '{"format_version": "1"}',
        '{"format_version": true}',
        "[" * 100_000,
        "\udcff",
    ],
)
def test_a_record_that_is_none_is_refused(canary: Path, text: str) -> None:
    (canary / "canary.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(LatentprintError, match="is not the record of a canary"):
        read_canary(canary)


HOSTILE: dict[str, Callable[[dict[str, Any]], object]] = {
    "a path out of the folder": lambda r: r["photos"][0].update(file="../../../etc/passwd"),
    "an absolute path": lambda r: r["photos"][0].update(file="/etc/passwd"),
    "a folder": lambda r: r["photos"][0].update(file=".."),
    "a number for a name": lambda r: r["photos"][0].update(file=3),
    "no digest": lambda r: r["photos"][0].pop("bytes"),
    "no photos": lambda r: r.update(photos=[]),
    "photos that are no list": lambda r: r.update(photos={"0": "000.jpg"}),
    "a photo that is none": lambda r: r["photos"].append("000.jpg"),
    "a photo too many": lambda r: r["photos"].append(r["photos"][0]),
    "no kinds": lambda r: r["photos"][0].update(kinds=None),
    "a distance that is none": lambda r: r["changes"][0].update(mean=float("nan")),
    "a distance in words": lambda r: r["changes"][0].update(mean="far"),
    "a change without vectors": lambda r: r["changes"].append({**r["changes"][0], "name": "x"}),
    "no encoder": lambda r: r.pop("encoder"),
    "an encoder without a name": lambda r: r["encoder"].pop("name"),
    "a spec that is none": lambda r: r["encoder"].update(spec=["default"]),
    "batches of nothing": lambda r: r["reading"].update(batch_size=0),
    "another field of reading": lambda r: r["reading"].update(mask=0.5),
    "no versions": lambda r: r.update(versions="1.0"),
    "another digest": lambda r: r["files"].update({"vectors.safetensors": "0" * 32}),
}


@pytest.mark.parametrize("fault", HOSTILE)
def test_a_hostile_record_is_refused(canary: Path, fault: str) -> None:
    changed(canary, HOSTILE[fault])
    with pytest.raises(LatentprintError, match="is not the record of a canary"):
        read_canary(canary)


def test_a_newer_canary_is_refused(canary: Path) -> None:
    changed(canary, lambda record: record.update(format_version=2))
    with pytest.raises(LatentprintError, match="newer latentprint"):
        read_canary(canary)


@pytest.mark.parametrize("name", ["vectors.safetensors", "inputs.safetensors"])
def test_damaged_and_missing_tensors_are_told(canary: Path, name: str) -> None:
    content = (canary / name).read_bytes()
    (canary / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(LatentprintError, match=f"{name} is not the file that was written"):
        read_canary(canary)
    (canary / name).unlink()
    with pytest.raises(LatentprintError, match=f"{name} cannot be read"):
        read_canary(canary)


def test_a_folder_without_a_canary_is_told(tmp_path: Path) -> None:
    with pytest.raises(LatentprintError, match="canary make"):
        read_canary(tmp_path)
