"""The protocol of the ICCV 2025 study (arXiv 2508.10637), as options."""

from __future__ import annotations

from typing import Any, Literal

Protocol = Literal["study"]

STUDY: dict[str, Any] = {
    "assignment": "one",
    "draw": "published",
    "solver": "sgd",
    "normalise": "l2",
    "fits": 10,
    "paired": False,
    "discriminant": False,
    "controls": False,
    "curve": False,
}
"""What ``ProbeOptions`` are in the study: each training photo under one drawn class, 30 trials and
10 final fits of stochastic gradient descent, nothing beside the figure."""

STUDY_EMBEDDING: dict[str, Any] = {"margin": "published", "mask": 0.9, "control": False}
"""How photos are embedded in the study: the whole shorter side, labels under a mask, no control."""
