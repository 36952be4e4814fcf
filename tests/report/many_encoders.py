"""A made-up run of 47 encoders with their controls: four attributes, neighbours and labels."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from latentprint.published import published
from latentprint.results import Result, results_table, write_results

CHANCE = {"jpeg": 100 / 6, "sharpening": 100 / 3, "resizing": 100 / 3, "interpolation": 25.0}
LABELS = {"make": 9, "model": 88, "aperture": 17, "iso": 16, "focal_length": 13}
SETUPS = ("all-same", "all-diff", "pos-same", "neg-same", "uniform")
DATASET = "made-up photos"


def encoders() -> list[tuple[str, str]]:
    """Names and families of the published encoders."""
    return published().select("encoder", "family").unique(maintain_order=True).rows()


def _row(encoder: str, family: str, experiment: str, attribute: str, **facts: Any) -> Result:
    value = facts.pop("value")
    return Result(
        **{
            "encoder": encoder,
            "family": family,
            "experiment": experiment,
            "dataset": DATASET,
            "attribute": attribute,
            "setup": "",
            "chance": None,
            "value": value,
            "low": value - 1.4,
            "high": value + 1.5,
            "n_test": 5000,
            "n_train": 20000,
            **facts,
        }
    )


def _probe(
    chosen: random.Random, encoder: str, family: str, experiment: str, attribute: str, setup: str
) -> list[Result]:
    classes = LABELS.get(attribute) or round(100 / CHANCE[attribute])
    chance = 100 / classes
    strength = {"CVL": 0.6, "SUP": 0.3, "SSL": 0.2}[family]
    value = chance + (100 - chance) * strength * chosen.uniform(0.3, 1.2)
    floor = chance + chosen.uniform(0.5, 6.0)
    facts: dict[str, Any] = {"setup": setup, "chance": chance, "classes": classes, "seeds": 10}
    control = _row(f"{encoder}, untrained", "control", experiment, attribute, value=floor, **facts)
    above = value - floor > 2.4
    mine = _row(
        encoder,
        family,
        experiment,
        attribute,
        value=value,
        floor=floor,
        floor_of=control.encoder,
        excess_low=value - floor - 1.4,
        excess_high=value - floor + 1.4,
        p=0.0001 if above else 0.2,
        q=0.0002 if above else 0.2,
        verdict="read" if above else "not above the floor",
        converged=True,
        fit="lbfgs, l2, C = 10",
        **facts,
    )
    return [mine, control]


def _neighbours(chosen: random.Random, encoder: str, family: str, attribute: str) -> list[Result]:
    base, pull = chosen.uniform(50, 80), chosen.uniform(0, 20) * (family == "CVL")
    shifts = dict(zip(SETUPS, (0.0, -0.5, pull / 2, -pull / 2, -0.2), strict=True))
    rows = [
        _row(encoder, family, "knn_influence", attribute, setup=setup, value=base + shift, k=10)
        for setup, shift in shifts.items()
    ]
    verdict = "traces change neighbours" if pull > 1.5 else "no change shown"
    return [
        *rows,
        _row(encoder, family, "knn_influence", attribute, setup="influence", value=pull, k=10,
             verdict=verdict),
    ]  # fmt: skip


def many_rows(seed: int = 0) -> list[Result]:
    """Every row of the run, the same for the same seed."""
    chosen = random.Random(seed)
    rows: list[Result] = []
    for encoder, family in encoders():
        for attribute in CHANCE:
            for setup in ("", "paired"):
                rows += _probe(chosen, encoder, family, "processing_probe", attribute, setup)
            rows += _neighbours(chosen, encoder, family, attribute)
        for label in LABELS:
            rows += _probe(chosen, encoder, family, "acquisition_probe", label, "")
    return rows


def write_many(folder: Path) -> Path:
    """Write the run and its settings."""
    write_results(results_table(many_rows()), folder)
    settings = {
        "latentprint": "0.1.0",
        "command": "latentprint audit photos/",
        "date": "2026-11-24T04:28:00+00:00",
        "dataset": DATASET,
        "encoders": [
            {"name": name, "family": family, "spec": f"timm:model_{at}", "dimension": 768,
             "preprocess": {"resize": 224, "crop": 224}, "identity": {"weights": f"{at:032x}"}}
            for at, (name, family) in enumerate(encoders())
        ],
    }  # fmt: skip
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder
