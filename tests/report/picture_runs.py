"""Runs with pictures, curves and matrices of any number of encoders, all of it made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from latentprint.report.inputs import Run
from latentprint.results import Result, results_table
from tests.report.comparison_rows import (
    CURVES,
    HOSTILE,
    QUERY_GALLERY,
    TARGET_GALLERY,
    correlation_json,
    row,
)

DATASET = "holiday photos"
SETUPS = ("all-same", "pos-same", "neg-same")
RIGHT = {"all-same": 6, "pos-same": 9, "neg-same": 2}
DEVICES = ("camera", f"phone {HOSTILE}")
SUBJECTS = 9
CLASSES = ("JPEG75", HOSTILE, "JPEG95")


def write_photos(folder: Path, number: int = 24) -> None:
    """Photos of plain colours, one of them with a hostile name; ``gone.jpg`` is not among them."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for each in range(number):
        colour = tuple(int(value) for value in rng.integers(0, 255, 3))
        Image.new("RGB", (90, 60), colour).save(folder / f"{each}.jpg")


def encoder_names(number: int) -> list[str]:
    """The first has a hostile name."""
    return [f"Mine {HOSTILE}", *(f"encoder {each}" for each in range(1, number))][:number]


def picture_run(
    root: Path | None,
    encoders: int = 1,
    *,
    attributes: tuple[str, ...] = ("jpeg", "resizing"),
    controls: bool = False,
) -> Run:
    """A run with records for every figure of pictures and matrices."""
    names = encoder_names(encoders)
    rows = [each for name in names for each in _rows(name, attributes)]
    details = [each for name in names for each in _details(name, attributes)]
    if controls:
        rows += [
            Result(**{**vars(each), "family": "control"}) for each in _rows("noise", ("jpeg",))
        ]
        details += _details("noise", ("jpeg",))
    return Run(
        table=results_table(rows),
        photos=None,
        settings={"dataset": DATASET, **({"root": str(root)} if root else {})},
        details=[{"dataset": DATASET, **each} for each in details],
        correlation=correlation_json(),
    )


def _rows(encoder: str, attributes: tuple[str, ...]) -> list[Result]:
    found = []
    for attribute in attributes:
        found += [
            row("similarity", attribute, name, 40.0 + place, encoder=encoder)
            for place, name in enumerate(CURVES)
        ]
        found.append(
            row("processing_probe", attribute, "", 60.0, encoder=encoder, chance=33.3, classes=3,
                verdict="read")
        )  # fmt: skip
    found.append(row("near_duplicate", "recall@1", QUERY_GALLERY, 80.0, encoder=encoder, k=1))
    return found


def _details(encoder: str, attributes: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        *(_curves(encoder, each) for each in attributes),
        *(_gallery(encoder, each, turn) for each in attributes for turn in (0, 1)),
        *(_confusion(encoder, each) for each in attributes),
        *(_pairs(encoder, *each) for each in (DEVICES, DEVICES[::-1])),
    ]


def _curves(encoder: str, attribute: str) -> dict[str, Any]:
    edges = [round(0.02 * each, 2) for each in range(44)]
    centres = np.array(edges[1:]) - 0.01
    return {
        "experiment": "similarity",
        "encoder": encoder,
        "attribute": attribute,
        "bin_edges": edges,
        "curves": [
            {
                "setup": name,
                "pairs": 800,
                "mean": 0.3 + 0.04 * place,
                "counts": [20] * 43,
                "density": [
                    float(each) for each in np.exp(-(((centres - 0.3 - 0.04 * place) / 0.1) ** 2))
                ],
            }
            for place, name in enumerate(CURVES)
        ],
    }


def _gallery(encoder: str, attribute: str, turn: int) -> dict[str, Any]:
    """Every set-up has other neighbours; the last one of each is gone from the disk."""
    setups = []
    for shift, setup in enumerate(SETUPS):
        paths = [f"{(shift * 10 + each) % 24}.jpg" for each in range(9)] + ["gone.jpg"]
        neighbours = [
            {
                "rank": rank,
                "id": path if path != "gone.jpg" else f"{HOSTILE}.jpg",
                "path": path,
                "label": "fish" if rank <= RIGHT[setup] else HOSTILE,
                "right": rank <= RIGHT[setup],
                "processing": "JPEG75_420",
                "similarity": 1.0 - rank / 20,
            }
            for rank, path in enumerate(paths, 1)
        ]
        setups.append({"setup": setup, "right": RIGHT[setup], "neighbours": neighbours})
    return {
        "experiment": "neighbour_gallery",
        "encoder": encoder,
        "attribute": attribute,
        "k": 10,
        "chosen": f"query: most right neighbours lost <{HOSTILE}>",
        "query": {"id": f"{turn}.jpg", "path": f"{turn}.jpg", "label": "fish",
                  "processing": "JPEG75_420"},
        "other_processing": "JPEG95_444",
        "setups": setups,
    }  # fmt: skip


def _confusion(encoder: str, attribute: str) -> dict[str, Any]:
    return {
        "experiment": "processing_probe",
        "encoder": encoder,
        "attribute": attribute,
        "setup": "",
        "classes": list(CLASSES),
        "confusion": [[0.6, 0.3, 0.1], [0.25, 0.5, 0.25], [0.0, 0.0, 0.0]],
        "per_class": [60.0, 50.0, 0.0],
    }


def _pairs(encoder: str, query_device: str, target_device: str) -> dict[str, Any]:
    """The first subject is a failure in one of its galleries."""
    return {
        "experiment": "near_duplicate",
        "encoder": encoder,
        "attribute": "pairs",
        "setup": f"query {query_device}, target {target_device}",
        "query_device": query_device,
        "target_device": target_device,
        "subjects": 730,
        "pairs": [_pair(each) for each in range(SUBJECTS)],
    }


def _pair(subject: int) -> dict[str, Any]:
    return {
        "subject": f"subject {subject} {HOSTILE}",
        "query": f"{subject}.jpg",
        "query_path": f"{subject}.jpg",
        "target": f"{subject + 10}.jpg",
        "target_path": f"{subject + 10}.jpg",
        "target_similarity": 0.7 + subject / 100,
        "galleries": [
            {
                "gallery": gallery,
                "rank": 7 if subject == 0 and gallery == QUERY_GALLERY else 1,
                "photos": 730,
                "margin": -0.1 if subject == 0 else 0.1,
                "distractor": f"{(subject + 1) % 24}.jpg",
                "distractor_path": f"{(subject + 1) % 24}.jpg",
                "distractor_subject": f"subject {subject + 1}",
                "distractor_similarity": 0.65,
            }
            for gallery in (QUERY_GALLERY, TARGET_GALLERY)
        ],
    }
