"""Photos before and after an eraser that was fitted on others of their kind."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from latentprint.erasure.eraser import LinearEraser
from latentprint.erasure.leace import fit_leace
from latentprint.erasure.moments import Moments
from latentprint.experiments.erase.views import Stages, ViewedEmbeddings
from latentprint.processing import ATTRIBUTES
from latentprint.results import Result
from tests.experiments.fakes import FakeSource, fake_source

SHARPENING = ATTRIBUTES["sharpening"]


def unit(rows: np.ndarray) -> np.ndarray:
    found: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return found


@cache
def photos(trace: float, seed: int = 0, n: int = 120) -> FakeSource:
    """Half of them for the fit, the other half to prove it on; one population for every n."""
    return fake_source(n, n, trace=trace, dimensions=48, seed=seed)


@cache
def eraser(trace: float, seed: int = 0, n: int = 120) -> LinearEraser:
    """Fitted on the first n photos."""
    source = photos(trace, seed, n)
    names = SHARPENING.classes
    moments = Moments(paired=True)
    rows = np.concatenate([unit(source.by_class[name][:n]) for name in names])
    moments.add(rows, np.repeat(names, n), np.tile(source.photos["id"][:n], len(names)))
    return replace(fit_leace(moments).rounded(), about={"unit_rows": True})


@cache
def stages(trace: float, seed: int = 0, n: int = 120) -> Stages:
    """The other n photos."""
    source = photos(trace, seed, n)
    unseen = np.arange(2 * n) >= n
    names = SHARPENING.classes
    view = ViewedEmbeddings.of(source, unseen)
    return Stages(view, eraser(trace, seed, n), "LEACE on pairs", names, names)


def figure(rows: list[Result], setup: str, stage: str) -> Result:
    """The one row of a measure and stage."""
    (found,) = (row for row in rows if (row.setup, row.stage) == (setup, stage))
    return found
