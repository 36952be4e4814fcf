"""How long embedding takes, from a few photos that are really decoded, processed and encoded."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from latentprint.embeddings import Extraction, device_of
from latentprint.embeddings.engine import default_workers, prepare_all
from latentprint.embeddings.worker import PhotoTask, Prepared, Recipe
from latentprint.jobs.embedding import Part
from latentprint.jobs.members import Member
from latentprint.photos import Photos
from latentprint.photos.processes import usable_cores

FEW = 8
"""Photos that are tried."""

_LONG = 4.0
"""Seconds after which no further photo or batch is tried."""

_GROWING = (8, 16, 32, 64, 128, 256)
"""Images in the batches that an encoder is timed with on the CPU."""


@dataclass(frozen=True)
class Lack:
    """What the store of one encoder lacks.

    Attributes:
        encoder: The encoder.
        lacks: Whether a photo lacks a class, bool [photos, classes].
    """

    encoder: Member
    lacks: np.ndarray


@dataclass(frozen=True)
class Estimate:
    """How long embedding would take.

    Attributes:
        seconds: The time, without that for loading encoders and for experiments.
        photos: Photos that were tried to find it.
        device: Where they were encoded.
    """

    seconds: float
    photos: int
    device: str

    @staticmethod
    def together(estimates: Sequence[Estimate]) -> Estimate | None:
        """One after the other; None of none."""
        if not estimates:
            return None
        seconds = sum(each.seconds for each in estimates)
        return Estimate(seconds, min(each.photos for each in estimates), estimates[0].device)


def rehearse(photos: Photos, part: Part, lacks: Sequence[Lack]) -> Estimate | None:
    """Time a few of the photos that some stores lack, spread over all of them.

    On the CPU reading shares the cores with encoding, and the time of both adds up; on another
    device the slower of the two sets the pace.

    Args:
        photos: The photos.
        part: How they are embedded, and under which classes.
        lacks: What the stores of the encoders that are loaded lack.

    Returns:
        The estimate for all that these stores lack; None where that is nothing, or none of the few
        photos can be read.
    """
    lacks = [each for each in lacks if each.lacks.any()]
    if not lacks:
        return None
    needed = np.any([each.lacks for each in lacks], axis=0)
    rows = np.flatnonzero(needed.any(axis=1))
    recipe = Recipe(
        tuple(part.classes[at] for at in np.flatnonzero(needed.any(axis=0))),
        tuple(dict.fromkeys(each.encoder.preprocess for each in lacks)),
        part.extraction,
    )
    tried, seconds = _read(photos, rows, recipe)
    read = [each for each in tried if each.pixels]
    if not read:
        return None
    reading = seconds / len(tried) * len(rows)
    encoding = 0.0
    for each in lacks:
        at = recipe.preprocesses.index(each.encoder.preprocess)
        pixels = np.concatenate([one.pixels[at] for one in read])
        encoding += _seconds_an_image(each.encoder, pixels, part.extraction) * each.lacks.sum()
    device = device_of([each.encoder for each in lacks])
    return Estimate(_paced(reading, float(encoding), device, part.extraction), len(read), device)


def _read(photos: Photos, rows: np.ndarray, recipe: Recipe) -> tuple[list[Prepared], float]:
    """A few photos as they are prepared in one process, and the seconds of all together."""
    chosen = rows[np.unique(np.linspace(0, len(rows) - 1, FEW).astype(int))]
    table = photos.table.select("id", "path")[chosen.tolist()]
    tasks = [
        PhotoTask(int(row), photo, photos.file(path))
        for row, (photo, path) in zip(chosen, table.iter_rows(), strict=True)
    ]
    # The first photo in a process waits for what the others find loaded.
    list(prepare_all(tasks[:1], recipe, 0))
    tried, begun = list[Prepared](), time.perf_counter()
    for each in prepare_all(tasks, recipe, 0):
        tried.append(each)
        if time.perf_counter() - begun > _LONG:
            break
    return tried, time.perf_counter() - begun


def _seconds_an_image(encoder: Member, pixels: np.ndarray, how: Extraction) -> float:
    """Time batches that grow to that of the run, as far as there is time; the first is not timed.

    In small ones an image takes longer.
    """
    import torch

    sizes = [size for size in _GROWING if size < how.batch_size] + [how.batch_size]
    if device_of([encoder]) != "cpu":
        sizes = [how.batch_size]
    batch = torch.from_numpy(np.resize(pixels, (sizes[-1], *pixels.shape[1:])))
    encoder.embed(batch[: sizes[0]])
    found, begun = 0.0, time.perf_counter()
    for size in sizes:
        start = time.perf_counter()
        encoder.embed(batch[:size])
        now = time.perf_counter()
        found = (now - start) / size
        if now - begun > _LONG:
            break
    return found


def _paced(reading: float, encoding: float, device: str, how: Extraction) -> float:
    """The seconds of both together.

    Args:
        reading: Seconds that one process takes to read and process everything.
        encoding: Seconds that the encoders take.
        device: Where they run.
        how: Says how many processes read.
    """
    workers = default_workers(device) if how.workers is None else how.workers
    if workers == 0:
        return reading + encoding
    shared = reading / usable_cores() + encoding if device == "cpu" else encoding
    return max(reading / min(workers, usable_cores()), shared)
