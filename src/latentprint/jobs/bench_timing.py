"""Timing an encoder, the pixel pipeline, and both together."""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latentprint.embeddings import Extraction, Progress, device_of, extract
from latentprint.embeddings.engine import prepare_all
from latentprint.embeddings.growth import FEWEST
from latentprint.embeddings.kept_memory import kept_memory
from latentprint.embeddings.worker import BROKEN, UNREACHABLE, PhotoTask, Prepared, Recipe
from latentprint.encoders.encoder import Encoder
from latentprint.encoders.load_options import Precision
from latentprint.errors import LatentprintError
from latentprint.jobs.bench_photos import MOST_FILES, repeated
from latentprint.photos.location import Location
from latentprint.processing import Processing

REPETITIONS = 5

_WARM_UP = 2


@dataclass(frozen=True)
class BenchOptions:
    """What is timed.

    Attributes:
        batch_size: Images in one batch of the encoder.
        precision: Number format of the forward pass.
        compile: Compile the network with ``torch.compile``.
        device: auto, cpu, cuda or mps.
        workers: Processes that read photos; None chooses by the device as ``extract`` does.
        photos: Photos, or what ``open_photos`` opens; None generates photos of two sizes.
        attributes: Every photo is decoded once and made into the classes of these.
        seconds: Time for each figure; at least one batch is timed, however long it takes.
        trust_code: See ``load_encoder``.
    """

    batch_size: int = 64
    precision: Precision = "float32"
    compile: bool = False
    device: str = "auto"
    workers: int | None = None
    photos: Any = None
    attributes: tuple[str, ...] = ("jpeg",)
    seconds: float = 5.0
    trust_code: bool = False


@dataclass(frozen=True)
class Rate:
    """Images a second. An image is a photo under one class.

    Attributes:
        median: Of the repetitions.
        lowest: The slowest repetition.
        highest: The fastest.
        repetitions: How many were timed, after the warm-up.
    """

    median: float
    lowest: float
    highest: float
    repetitions: int

    @classmethod
    def of(cls, rates: Sequence[float]) -> Rate:
        """Summarise the rates of repetitions."""
        return cls(statistics.median(rates), min(rates), max(rates), len(rates))


def _repeat(step: Callable[[], int], seconds: float) -> Rate:
    """Time steps, each of which handles some images, for so many seconds in all."""
    for _ in range(_WARM_UP):
        step()
    rates = []
    for _ in range(REPETITIONS):
        begun, images = time.perf_counter(), 0
        while not images or time.perf_counter() - begun < seconds / REPETITIONS:
            images += step()
        rates.append(images / (time.perf_counter() - begun))
    return Rate.of(rates)


def time_encoder(encoder: Encoder, device: str, how: BenchOptions) -> Rate:
    """Time an encoder alone, on random pixels that lie on its device already."""
    import torch

    side, generator = encoder.input_size, torch.Generator().manual_seed(0)
    shape = (how.batch_size, side, side, 3)
    pixels = torch.randint(256, shape, generator=generator, dtype=torch.uint8).to(device)

    def step() -> int:
        # The embeddings come to the CPU, so that the device has finished.
        return len(encoder.embed(pixels))

    with kept_memory(device):
        return _repeat(step, how.seconds)


def time_pixels(files: Sequence[Location], recipe: Recipe, workers: int, how: BenchOptions) -> Rate:
    """Time reading, processing and preprocessing alone, once the workers have started.

    Raises:
        LatentprintError: None of the photos can be read.
    """
    tasks = [
        PhotoTask(at, files[at % len(files)].name, files[at % len(files)]) for at in range(100_000)
    ]
    photos = readable(prepare_all(tasks, recipe, workers))
    try:
        next(photos)  # the workers have started

        def step() -> int:
            next(photos)
            return len(recipe.classes)

        return _repeat(step, how.seconds)
    finally:
        photos.close()


def readable(prepared: Iterable[Prepared]) -> Generator[Prepared]:
    """Leave out photos that are broken.

    Raises:
        LatentprintError: They all are.
    """
    unread = 0
    for each in prepared:
        unread = unread + 1 if each.facts.status in (BROKEN, UNREACHABLE) else 0
        if unread > MOST_FILES:
            raise LatentprintError(f"None of the photos can be read: {each.facts.reason}")
        if not unread:
            yield each


class _EnoughError(Exception):
    """There was time for as many photos as are wanted."""


def time_together(
    files: Sequence[Location],
    encoder: Encoder,
    classes: Sequence[Processing],
    extraction: Extraction,
    seconds: float,
    folder: Path,
) -> Rate:
    """Time ``extract`` by its shards, the first from its first photo on: workers have started."""
    size = extraction.shard_size or FEWEST
    ends: list[float] = []

    def watch(progress: Progress) -> None:
        if progress.done == 1 or progress.done % size == 0:
            ends.append(time.perf_counter())
        if len(ends) > 1 and (ends[-1] - ends[0] > seconds or len(ends) > 10 * REPETITIONS):
            raise _EnoughError

    kept = kept_memory(device_of([encoder]))
    with tempfile.TemporaryDirectory(dir=folder) as out, suppress(_EnoughError), kept:
        extract(
            repeated(files, 100 * size * REPETITIONS),
            [encoder],
            classes,
            Path(out),
            extraction=extraction,
            on_progress=watch,
        )
    taken = [end - begun for begun, end in itertools.pairwise(ends)]
    photos = [max(size - 1, 1), *[size] * (len(taken) - 1)]
    rates = [n * len(classes) / each for n, each in zip(photos, taken, strict=True)]
    return Rate.of(rates)


def shard_size(expected: float, how: BenchOptions, classes: int) -> int:
    """Photos in a shard: whole batches, and of the usual number where that does not take long."""
    batches = max(1, round(expected * how.seconds / REPETITIONS / how.batch_size))
    return max(2, min(FEWEST, batches * how.batch_size // classes))
