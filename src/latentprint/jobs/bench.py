"""How many images a second an encoder, the reading of photos, and both together get through."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from latentprint.embeddings import Extraction, device_of
from latentprint.embeddings.engine import default_workers, prepare_all
from latentprint.embeddings.worker import PhotoTask, Recipe
from latentprint.encoders.encoder import Encoder
from latentprint.encoders.load_options import resolve_device
from latentprint.encoders.preprocess import Preprocess
from latentprint.encoders.spec import load_encoder
from latentprint.errors import UsageError
from latentprint.jobs.bench_photos import photo_sets
from latentprint.jobs.bench_timing import (
    BenchOptions,
    Rate,
    readable,
    shard_size,
    time_encoder,
    time_pixels,
    time_together,
)
from latentprint.photos import as_photos
from latentprint.photos.location import Location
from latentprint.processing import NONE, classes_of, find_attributes

_EVEN = 1.25
"""Rates that differ by less are called equal."""


@dataclass(frozen=True)
class PhotoBench:
    """What was timed on one kind of photos.

    Attributes:
        photos: Which they are.
        pixels: The pixel pipeline alone: decoding, processing, preprocessing.
        together: Pipeline and encoder, as ``extract`` runs them, shards on disk included.
        bottleneck: What sets the pace, in a sentence.
    """

    photos: str
    pixels: Rate
    together: Rate
    bottleneck: str


@dataclass(frozen=True)
class Bench:
    """What was timed.

    Attributes:
        encoder: Its name.
        device: Where it ran.
        precision: Number format of its forward pass.
        compiled: Whether it was compiled.
        batch_size: Images in one batch.
        workers: Processes that read photos.
        classes: Processing classes made from every photo.
        alone: The encoder alone, on random pixels that lie on the device already.
        on_photos: For each kind of photos.
        peak_memory_mb: Most memory in use: of the device, or of this process, without its
            workers, on the CPU; None where the system does not tell.
        cosine: Least cosine similarity, over one batch of photos, of these embeddings with those
            in float32 without compilation; None where that is what was timed.
    """

    encoder: str
    device: str
    precision: str
    compiled: bool
    batch_size: int
    workers: int
    classes: tuple[str, ...]
    alone: Rate
    on_photos: tuple[PhotoBench, ...]
    peak_memory_mb: float | None
    cosine: float | None


def bench(spec: str, options: BenchOptions | None = None) -> Bench:
    """Time an encoder, the pixel pipeline, and both together.

    Files are read from the system's cache after the first time, so that a slow disk or network is
    not seen.

    Args:
        spec: The encoder; ``random:SPEC`` needs no weights.
        options: What is timed.

    Raises:
        UsageError: The encoder or an option is not valid.
        LatentprintError: The encoder cannot be loaded, or none of the photos can be read.
    """
    how = options or BenchOptions()
    classes = tuple(classes_of(find_attributes(how.attributes)))
    photos = None if how.photos is None else as_photos(how.photos)
    resolve_device(how.device, how.precision)
    encoder = load_encoder(
        spec,
        device=how.device,
        precision=how.precision,
        compile=how.compile,
        trust_code=how.trust_code,
    )
    preprocess = encoder.preprocess
    if not isinstance(preprocess, Preprocess):
        raise UsageError(f"{spec} has no network to time.")
    device = device_of([encoder])
    workers = default_workers(device) if how.workers is None else how.workers
    _reset_peak(device)
    alone = time_encoder(encoder, device, how)
    found, cosine = [], None
    with tempfile.TemporaryDirectory(prefix="latentprint-") as folder:
        for name, files in photo_sets(photos, Path(folder)):
            recipe = Recipe(classes, (preprocess,))
            pixels = time_pixels(files, recipe, workers, how)
            size = shard_size(min(alone.median, pixels.median), how, len(classes))
            extraction = Extraction(batch_size=how.batch_size, shard_size=size, workers=workers)
            together = time_together(files, encoder, classes, extraction, how.seconds, Path(folder))
            said = _bottleneck(alone, pixels)
            found.append(PhotoBench(name, pixels, together, said))
            cosine = _cosine(spec, encoder, files, how) if cosine is None else cosine
    return Bench(
        encoder.name,
        device,
        how.precision,
        how.compile,
        how.batch_size,
        workers,
        tuple(each.name for each in classes),
        alone,
        tuple(found),
        _peak_memory_mb(device),
        cosine,
    )


def _bottleneck(alone: Rate, pixels: Rate) -> str:
    if pixels.median * _EVEN < alone.median:
        return (
            "Reading and processing the photos is the bottleneck: the encoder alone is "
            f"{alone.median / pixels.median:.1f} times as fast."
        )
    if alone.median * _EVEN < pixels.median:
        return (
            "The encoder is the bottleneck: reading and processing the photos alone is "
            f"{pixels.median / alone.median:.1f} times as fast."
        )
    return "The encoder and the reading of photos are about equally fast."


def _cosine(
    spec: str, encoder: Encoder, files: Sequence[Location], how: BenchOptions
) -> float | None:
    """The least agreement with float32, not compiled, over some photos."""
    import torch

    if how.precision == "float32" and not how.compile:
        return None
    recipe = Recipe((NONE,), (encoder.preprocess,))
    tasks = [PhotoTask(at, file.name, file) for at, file in enumerate(files)]
    prepared = islice(readable(prepare_all(tasks, recipe, 0)), how.batch_size)
    arrays = [each.pixels[0] for each in prepared]
    pixels = torch.from_numpy(np.concatenate(arrays))
    plain = load_encoder(spec, device=how.device, trust_code=how.trust_code)
    return float(torch.cosine_similarity(encoder.embed(pixels), plain.embed(pixels)).min())


def _reset_peak(device: str) -> None:
    import torch

    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats(device)


def _peak_memory_mb(device: str) -> float | None:
    import torch

    if device.startswith("cuda"):
        return float(torch.cuda.max_memory_allocated(device)) / 2**20
    if device == "mps":
        return float(torch.mps.driver_allocated_memory()) / 2**20
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
