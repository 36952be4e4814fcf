"""Invented rows and details of similarity, stability, pairs, robustness and correlation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from latentprint.published import PAIR_SETUPS
from latentprint.results import Result

ENCODER = "EfficientNet-Lite0 (ImageNet-1k)"
HOSTILE = '<script>alert(4)</script> "]]> %{x} & <b>bold</b>'
CURVES = (
    "same semantic, same metadata",
    "same semantic, diff metadata",
    "diff semantic, same metadata",
    "diff semantic, diff metadata",
)
QUERY_GALLERY, TARGET_GALLERY = PAIR_SETUPS["different"], PAIR_SETUPS["same"]
COMMENT = b"taken by a person"


def row(experiment: str, attribute: str, setup: str, value: float, **changes: Any) -> Result:
    facts: dict[str, Any] = {
        "encoder": ENCODER,
        "family": "SUP",
        "experiment": experiment,
        "dataset": "holiday photos",
        "attribute": attribute,
        "setup": setup,
        "chance": None,
        "value": value,
        "low": value - 1.5,
        "high": value + 1.6,
        "n_test": 200,
        "n_train": 600,
    }
    return Result(**{**facts, **changes})


def similarity_rows(attribute: str) -> list[Result]:
    means = zip(CURVES, (61.2, 59.8, 31.4, 30.9), strict=True)
    aucs = {"AUC, metadata against semantics": 9.4, "AUC, metadata with semantics": 7.3}
    return [
        *(row("similarity", attribute, setup, mean) for setup, mean in means),
        *(row("similarity", attribute, setup, value) for setup, value in aucs.items()),
        row("similarity", attribute, "AUC difference", 2.1, low=1.2, high=3.0),
    ]


def stability_rows(attribute: str, suffix: str = "") -> list[Result]:
    measures = {
        "self-similarity": 98.76,
        "self-similarity, 5th percentile": 96.3,
        "self-similarity, 1st percentile": 94.5,
        "similarity to the nearest other photo": 46.1,
        "farther than the nearest other photo": 0.31,
        "below 0.95": 1.21,
    }
    return [
        row("stability", attribute, setup + suffix, value, low=0.9 * value, high=1.1 * value)
        for setup, value in measures.items()
    ]


def pairs_rows(encoder: str = ENCODER) -> list[Result]:
    """Recall, ranks and margins: the mean, and one direction with a hostile device."""
    found = []
    for suffix, own, others in (
        ("", "", ""),
        (f": query {HOSTILE}, target phone", f", distractors {HOSTILE}", ", distractors phone"),
    ):
        for k, hard, easy in ((1, 88.4, 99.3), (5, 95.0, 99.9)):
            name, chance = f"recall@{k}", 0.1 * k
            found += [
                row("near_duplicate", name, QUERY_GALLERY + suffix + own, hard, k=k, chance=chance),
                row("near_duplicate", name, TARGET_GALLERY + suffix + others, easy, k=k,
                    chance=chance),
                row("near_duplicate", name, f"difference{suffix}", easy - hard, k=k, p=0.0004,
                    verdict="traces distract retrieval"),
            ]  # fmt: skip
        found.append(row("near_duplicate", "rank_shift", f"difference{suffix}", 3.2))
    return [Result(**{**vars(each), "encoder": encoder}) for each in found]


def robustness_rows(nuisance: str) -> list[Result]:
    return [
        row("robustness", nuisance, "robustness index", 81.0, chance=90.1, k=10, p=1.0,
            verdict="below chance"),
        row("robustness", nuisance, "class purity", 44.0, chance=10.2, k=10, p=0.005,
            verdict="above chance"),
        row("robustness", nuisance, "nuisance purity", 21.0, chance=11.0, k=10, p=0.005,
            verdict="above chance"),
    ]  # fmt: skip


def comparison_rows() -> list[Result]:
    return [
        *similarity_rows("jpeg"),
        *similarity_rows(HOSTILE),
        *stability_rows("jpeg"),
        *stability_rows("jpeg", ", from none"),
        *pairs_rows(),
        *robustness_rows("make"),
        *robustness_rows(HOSTILE),
    ]


def comparison_details() -> list[dict[str, Any]]:
    return [
        *(_curves(attribute) for attribute in ("jpeg", HOSTILE)),
        _overtaken(),
        gallery_detail(),
    ]


def _curves(attribute: str) -> dict[str, Any]:
    edges = [0.1 * each for each in range(9)]
    density = [0.0, 0.5, 1.5, 3.0, 3.0, 1.5, 0.5, 0.0]
    return {
        "experiment": "similarity",
        "encoder": ENCODER,
        "attribute": attribute,
        "bin_edges": edges,
        "curves": [
            {
                "setup": setup,
                "pairs": 800 + shift,
                "mean": 0.4,
                "counts": [100] * 8,
                "density": density[shift:] + density[:shift],
            }
            for shift, setup in enumerate(CURVES)
        ],
    }


def _overtaken() -> dict[str, Any]:
    return {
        "experiment": "stability",
        "encoder": ENCODER,
        "attribute": "jpeg",
        "overtaken": [
            {
                "id": HOSTILE,
                "processing": "JPEG75_420",
                "re_encoded_as": "JPEG95_444",
                "self_similarity": 0.71,
                "nearest_other": HOSTILE,
                "similarity": 0.83,
            }
        ],
    }


def gallery_detail(attribute: str = "jpeg", encoder: str = ENCODER) -> dict[str, Any]:
    """The third neighbour is missing on the disk, the fourth broken, and named as it should not."""
    paths = ["red.jpg", "green.png", f"{HOSTILE}.jpg", "broken.jpg"]
    neighbours = [
        {
            "rank": rank,
            "id": path,
            "path": path,
            "label": HOSTILE,
            "right": rank % 2 == 1,
            "processing": "JPEG75_420",
            "similarity": 0.9 - rank / 10,
        }
        for rank, path in enumerate(paths, 1)
    ]
    return {
        "experiment": "neighbour_gallery",
        "encoder": encoder,
        "attribute": attribute,
        "k": 4,
        "chosen": "query: most right neighbours lost among 200 test photos",
        "query": {"id": "q.jpg", "path": "red.jpg", "label": "cat", "processing": "JPEG75_420"},
        "other_processing": "JPEG95_444",
        "setups": [
            {"setup": setup, "right": 2, "neighbours": neighbours}
            for setup in ("all-same", "pos-same", "neg-same")
        ],
    }


def pairs_json(encoder: str = ENCODER) -> dict[str, Any]:
    failure = {
        "encoder": encoder,
        "gallery": QUERY_GALLERY,
        "query": "red.jpg",
        "query_path": "red.jpg",
        "query_device": "phone",
        "target": "green.png",
        "target_path": "green.png",
        "target_device": HOSTILE,
        "distractor": HOSTILE,
        "distractor_path": f"{HOSTILE}.jpg",
        "distractor_device": "phone",
        "rank": 7,
        "photos": 730,
        "target_similarity": 0.71,
        "distractor_similarity": 0.84,
        "margin": -0.13,
    }
    return {"failures": [failure] * 2, "left_out": {}}


def correlation_json(columns: int = 3) -> dict[str, Any]:
    names = ["label", HOSTILE, *(f"column {each}" for each in range(columns - 1))]
    values = [
        [1.0 if a == b else None if a + b == 1 else 0.25 for a in range(len(names))]
        for b in range(len(names))
    ]
    return {
        "label": HOSTILE,
        "photos": 659,
        "groups": None,
        "columns": [
            {"column": name, "rule": "values", "n": 659, "classes": 17, "levels": 3, "v": 0.25,
             "chance": 0.12, "p": 0.002, "q": 0.005}
            for name in names[1:]
        ],
        "left_out": {},
        "matrix": {"names": names, "v": values},
        "sentence": f"Warning: 1 of 3 columns goes together with {HOSTILE!r}.",
    }  # fmt: skip


def write_pictures(folder: Path) -> None:
    """Two photos with metadata that no copy may carry, and a broken one."""
    folder.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[0x010F] = "Secret Camera"
    Image.new("RGB", (640, 320), "red").save(folder / "red.jpg", exif=exif, comment=COMMENT)
    Image.new("RGB", (50, 80), "green").save(folder / "green.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
