"""A run folder made of invented numbers: two encoders, an untrained control, hostile names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from latentprint.results import Result, results_table, write_results

FIRST = "EfficientNet-Lite0 (ImageNet-1k)"
SECOND = 'Mine <script>alert(1)</script> "]]> %{x} & 0123456789012345678901234567890123456789'
HOSTILE_FILE = 'holiday/<script>alert(1)</script>"]]>-' + "very_long_name_" * 12 + ".jpg"

PROBES = {
    FIRST: {
        "jpeg": (31.4, 16.7, 19.0, "read"),
        "sharpening": (53.1, 33.3, 52.4, "not above the floor"),
        "resizing": (68.9, 33.3, 39.7, "read"),
        "interpolation": (25.4, 25.0, 25.2, "not readable"),
    },
    SECOND: {
        "jpeg": (62.7, 16.7, None, "read"),
        "sharpening": (71.0, 33.3, None, "read"),
        "resizing": (80.2, 33.3, None, "read"),
        "interpolation": (20.1, 25.0, None, "below chance"),
    },
}
SETUPS = {"all-same": 0.0, "all-diff": -0.4, "pos-same": 4.0, "neg-same": -5.1, "uniform": -0.2}

Maker = Callable[..., Path]


def probe_row(encoder: str, attribute: str, /, **changes: Any) -> Result:
    value, chance, floor, verdict = PROBES[encoder][attribute]
    facts: dict[str, Any] = {
        "encoder": encoder,
        "family": "SUP",
        "experiment": "processing_probe",
        "dataset": "holiday photos",
        "attribute": attribute,
        "setup": "",
        "chance": chance,
        "value": value,
        "low": value - 2.1,
        "high": value + 2.2,
        "n_test": 300,
        "n_train": 700,
        "sd": 0.8,
        "seeds": 10,
        "floor": floor,
        "excess_low": None if floor is None else value - floor - 2.6,
        "excess_high": None if floor is None else value - floor + 2.7,
        "verdict": verdict,
        "notes": "unstable between seeds" if verdict == "below chance" else "",
    }
    return Result(**{**facts, **changes})


def neighbour_rows(encoder: str, attribute: str) -> list[Result]:
    strong = attribute == "jpeg"
    facts: dict[str, Any] = {
        "encoder": encoder,
        "family": "SUP",
        "experiment": "knn_influence",
        "dataset": "holiday photos",
        "attribute": attribute,
        "n_test": 300,
        "n_train": 700,
        "k": 10,
    }
    rows = [
        Result(setup=setup, chance=10.0, value=71 + shift, low=69 + shift, high=73 + shift, **facts)
        for setup, shift in SETUPS.items()
    ]
    value, low, verdict = (9.1, 7.0, "traces change neighbours")
    if not strong:
        value, low, verdict = (0.3, -0.8, "no change shown")
    influence = Result(
        setup="influence",
        chance=None,
        value=value,
        low=low,
        high=value + 2,
        verdict=verdict,
        **facts,
    )
    return [*rows, influence]


def photo_rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {
            "id": f"{index:04}.jpg",
            "path": f"{index:04}.jpg",
            "status": "ok",
            "reason": None,
            "format": "JPEG" if index % 9 else "PNG",
            "width": 500,
            "height": 375,
            "jpeg_quality": None if index % 9 == 0 else 100 - (index * index) % 37,
            "jpeg_subsampling": None if index % 9 == 0 else ("4:2:0", "4:4:4", "4:2:2")[index % 3],
            "split": "train",
            "label": "cat",
        }
        for index in range(400)
    ]
    rows.append({"id": HOSTILE_FILE, "path": HOSTILE_FILE, "status": "broken",
                 "reason": "truncated <b>file</b>"})  # fmt: skip
    rows.append({"id": "a.png", "path": "a.png", "status": "mislabelled", "reason": "a JPEG file",
                 "format": "JPEG", "jpeg_quality": 96})  # fmt: skip
    rows.append({"path": "notes.txt", "status": "ignored"})
    return rows


def settings_of(neighbours: bool) -> dict[str, Any]:
    reason = "The photos have no labels; give --labels to measure it."
    return {
        "latentprint": "0.1.0",
        "command": "latentprint audit 'holiday <photos>' --encoder lite0",
        "date": "2026-11-24T04:28:00+00:00",
        "seed": 0,
        "dataset": "holiday photos",
        "encoders": [
            {
                "name": name,
                "family": "SUP",
                "spec": "timm:efficientnet_lite0",
                "dimension": 1280,
                "preprocess": {"resize": 224, "crop": 224, "mean": [0.485, 0.456, 0.406]},
                "identity": {"weights": "9f8e" * 16},
            }
            for name in (FIRST, SECOND)
        ],
        "versions": {"python": "3.13.1", "torch": "2.9.0", "pillow": "12.0.0"},
        "photos": {"ok": 400, "mislabelled": 1, "broken": 1, "ignored": 1, "train": 700,
                   "val": 300, "classes": 10, "split_made": True, "straddling_groups": 2,
                   "duplicates": 3},
        "left_out": {} if neighbours else {"knn_influence": reason},
        "seconds": 42.0,
        "device": "cpu",
    }  # fmt: skip


@pytest.fixture
def make_run(tmp_path: Path) -> Maker:
    """Make a run folder, with or without kNN and with or without the record of the run."""

    def make(*, neighbours: bool = True, recorded: bool = True) -> Path:
        return write_run(tmp_path / "run", neighbours=neighbours, recorded=recorded)

    return make


def write_run(folder: Path, *, neighbours: bool = True, recorded: bool = True) -> Path:
    results = [probe_row(encoder, attribute) for encoder in PROBES for attribute in PROBES[encoder]]
    results += [
        probe_row(FIRST, attribute, encoder=f"{FIRST}, untrained", family="control", value=29.9,
                  floor=None, excess_low=None, excess_high=None, verdict="read")
        for attribute in PROBES[FIRST]
    ]  # fmt: skip
    if neighbours:
        for encoder in PROBES:
            for attribute in PROBES[encoder]:
                results += neighbour_rows(encoder, attribute)
    write_results(results_table(results), folder)
    if recorded:
        pl.DataFrame(photo_rows(), infer_schema_length=None).write_csv(folder / "photos.csv")
        settings = json.dumps(settings_of(neighbours), ensure_ascii=False)
        (folder / "settings.json").write_text(settings, encoding="utf-8")
    return folder
