"""A run folder made of invented numbers: two encoders, an untrained control, hostile names."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from latentprint.results import Result, results_table, write_details, write_results
from tests.report.comparison_rows import (
    comparison_details,
    comparison_rows,
    correlation_json,
    pairs_json,
    write_pictures,
)

FIRST = "EfficientNet-Lite0 (ImageNet-1k)"
SECOND = 'Mine <script>alert(1)</script> "]]> %{x} & 0123456789012345678901234567890123456789'
HOSTILE_FILE = 'holiday/<script>alert(1)</script>"]]>-' + "very_long_name_" * 12 + ".jpg"

HOSTILE_LABEL = 'scanned by <script>alert(2)</script> "]]>'
CLASSES = {
    "make": ["Apple", "Canon", "Nikon", 'Sony <script>alert(3)</script> "]]> & Söhne'],
    HOSTILE_LABEL: ["<b>anna</b>", '"]]>', "</script>"],
    "lens": [f"lens {index}" for index in range(30)],
}
FLOOR_OF = {"jpeg": "EfficientNet-Lite0 (ImageNet-1k), untrained"}

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
        "resizing": (80.2, 33.3, None, "undecided"),
        "interpolation": (20.1, 25.0, None, "below chance"),
    },
}
PAIRED = {
    "jpeg": (46.0, 16.7, 54.0, "not above the floor"),
    "sharpening": (78.0, 33.3, 61.0, "read"),
    "resizing": (81.0, 33.3, 66.0, "read"),
    "interpolation": (76.0, 25.0, 38.0, "read"),
}
LABELS = {
    "make": (41.2, 25.0, 30.1, 33.4, "read"),
    HOSTILE_LABEL: (38.0, 33.3, None, 45.0, "undecided"),
    "lens": (3.9, 3.3, 3.5, None, "not readable"),
}
CEILINGS = {"jpeg": 88.4, "sharpening": 87.4, "resizing": 97.2, "interpolation": 61.8}
SIZES = (88, 175, 350, 700)
SETUPS = {"all-same": 0.0, "all-diff": -0.4, "pos-same": 4.0, "neg-same": -5.1, "uniform": -0.2}
VARIANCE = {
    "processing share": 0.8,
    "photo share": 96.1,
    "rest share": 3.1,
    "shift": 1.1,
    "distance": 80.7,
}

Maker = Callable[..., Path]


def result(
    encoder: str, experiment: str, attribute: str, value: float, chance: float, verdict: str
) -> dict[str, Any]:
    """What probes of any kind have in common."""
    return {
        "encoder": encoder,
        "family": "SUP",
        "experiment": experiment,
        "dataset": "holiday photos",
        "attribute": attribute,
        "setup": "",
        "chance": chance,
        "value": value,
        "low": max(value - 2.1, 0.0),
        "high": value + 2.2,
        "n_test": 300,
        "n_train": 700,
        "sd": 0.8,
        "seeds": 10,
        "classes": round(100 / chance),
        "micro": value,
        "permuted": chance + 0.4,
        "selectivity": value - chance - 0.4,
        "smallest_effect": 3.4,
        "p": 0.0004,
        "q": 0.0123,
        "converged": True,
        "fit": "lbfgs, l2, C = 10",
        "verdict": verdict,
    }


def with_floor(row: dict[str, Any], floor: float | None) -> dict[str, Any]:
    if floor is None:
        return row
    excess = row["value"] - floor
    return row | {
        "floor": floor,
        "floor_of": FLOOR_OF.get(row["attribute"], "colour statistics"),
        "excess_low": excess - 2.6,
        "excess_high": excess + 2.7,
    }


def probe_row(encoder: str, attribute: str, /, **changes: Any) -> Result:
    value, chance, floor, verdict = PROBES[encoder][attribute]
    row = with_floor(result(encoder, "processing_probe", attribute, value, chance, verdict), floor)
    row["ceiling"] = CEILINGS[attribute]
    row["notes"] = "unstable between seeds" if verdict == "below chance" else ""
    row["q"] = 0.08 if verdict == "undecided" else row["q"]
    return Result(**{**row, **changes})


def paired_row(encoder: str, attribute: str, /, **changes: Any) -> Result:
    value, chance, floor, verdict = PAIRED[attribute]
    row = with_floor(result(encoder, "processing_probe", attribute, value, chance, verdict), floor)
    return Result(**{**row, "setup": "paired", "ceiling": 95.0, **changes})


def label_row(encoder: str, label: str, /, **changes: Any) -> Result:
    value, chance, floor, container, verdict = LABELS[label]
    row = with_floor(result(encoder, "acquisition_probe", label, value, chance, verdict), floor)
    return Result(**{**row, "container": container, **changes})


def curve_rows(row: Result) -> list[Result]:
    """The same probe with fewer training photos."""
    chance = row.chance or 0.0
    return [
        replace(row, experiment="learning_curve", verdict="", notes="", p=None, q=None,
                n_train=size, value=chance + (row.value - chance) * share,
                low=chance + (row.value - chance) * share - 3.0,
                high=chance + (row.value - chance) * share + 3.0)
        for size, share in zip(SIZES, (0.2, 0.5, 0.8, 1.0), strict=True)
    ]  # fmt: skip


def variance_rows(encoder: str, attribute: str) -> list[Result]:
    return [
        Result(encoder=encoder, family="SUP", experiment="variance", dataset="holiday photos",
               attribute=attribute, setup=setup, chance=None, value=value, low=0.9 * value,
               high=1.1 * value, n_test=1000, n_train=0, classes=6)
        for setup, value in VARIANCE.items()
    ]  # fmt: skip


def details_of(row: Result) -> dict[str, Any]:
    """A record of details.json: the diagonal is the accuracy, the rest is spread evenly."""
    k = row.classes or 2
    share = row.value / 100
    rest = (1 - share) / (k - 1)
    return {
        "encoder": row.encoder,
        "experiment": row.experiment,
        "attribute": row.attribute,
        "setup": row.setup,
        "classes": CLASSES.get(row.attribute, [f"class {index}" for index in range(k)]),
        "per_class": [row.value] * k,
        "confusion": [[share if a == b else rest for a in range(k)] for b in range(k)],
        "accuracies": [row.value] * 3,
        "tuning": [{"setting": "C = 10", "accuracy": row.value}],
    }


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
    probes = probe_rows()
    results = [*probes, *(point for row in probes for point in curve_rows(row))]
    results += [row for encoder in PROBES for key in PAIRED for row in variance_rows(encoder, key)]
    results += [
        probe_row(FIRST, attribute, encoder=f"{FIRST}, untrained", family="control", value=29.9,
                  floor=None, floor_of="", excess_low=None, excess_high=None, verdict="read")
        for attribute in PROBES[FIRST]
    ]  # fmt: skip
    if neighbours:
        for encoder in PROBES:
            for attribute in PROBES[encoder]:
                results += neighbour_rows(encoder, attribute)
    results += comparison_rows()
    write_results(results_table(results), folder)
    if recorded:
        write_details([*(details_of(row) for row in probes), *comparison_details()], folder)
        for name, value in (("pairs", pairs_json()), ("correlation", correlation_json())):
            (folder / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
        write_pictures(folder / "originals")
        pl.DataFrame(photo_rows(), infer_schema_length=None).write_csv(folder / "photos.csv")
        recorded_settings = settings_of(neighbours) | {"root": str(folder / "originals")}
        settings = json.dumps(recorded_settings, ensure_ascii=False)
        (folder / "settings.json").write_text(settings, encoding="utf-8")
    return folder


def probe_rows() -> list[Result]:
    """Every probe of the user's encoders."""
    return [
        *(probe_row(encoder, key) for encoder in PROBES for key in PROBES[encoder]),
        *(paired_row(encoder, key) for encoder in PROBES for key in PAIRED),
        *(label_row(encoder, label) for encoder in PROBES for label in LABELS),
    ]
