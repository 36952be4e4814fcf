"""Extraction against the obvious way, and batch sizes on the CPU. Anyone can run it.

    python benchmarks/extract.py --photos 24 --encoder default

For every encoder, N photos under the six classes of ``jpeg``, two ways, both in one process:

- ours: ``extract``, which decodes each photo once for all classes;
- obvious: for every class, for every photo: open, process, the library's own transform to a
  float tensor, stack a batch, run the plain module.

And the encoder alone, in batches of 8 to 64, with memory as the C library returns it by itself, and
kept between batches (``kept_memory``, as ``embed`` and ``audit`` do). The first encoder shows most:
once kept, memory is returned more seldom.

And, with ``--overlap``, how well reading and encoder go together, in wall time: pictures a second
of ``extract`` against the smaller of what the encoder alone does and what reading alone does. 80 %
is the aim. An encoder that sleeps as long as reading a batch takes stands for one on a GPU: one
after the other they would give 50 %.

What is compared is CPU time of all threads, user and system, which other processes change little;
``wall`` is there for machines that do nothing else. A ratio is that of medians over repetitions,
taken alternately. Both ways must give the same embeddings, or the benchmark fails.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from PIL import Image
from torchvision import transforms

from latentprint.embeddings import Extraction, Store, device_of, extract
from latentprint.embeddings.engine import default_workers
from latentprint.embeddings.kept_memory import kept_memory
from latentprint.embeddings.worker import Recipe
from latentprint.encoders import Encoder, Preprocess, load_encoder
from latentprint.encoders.default import classifier
from latentprint.jobs.bench_photos import generated_jpeg, repeated
from latentprint.jobs.bench_timing import (
    BenchOptions,
    time_encoder,
    time_pixels,
    time_together,
)
from latentprint.photos import Photos, open_photos
from latentprint.processing import Processing, classes_of, find_attributes


def cost(work: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall seconds of some work."""
    begun, cpu = time.perf_counter(), time.process_time()
    work()
    return time.process_time() - cpu, time.perf_counter() - begun


def plain_module(spec: str) -> torch.nn.Module:
    """The same network as a library gives it."""
    if spec == "default":
        model = classifier()
        model.reset_classifier(0)  # type: ignore[operator]
        return model
    torch.manual_seed(0)
    made: torch.nn.Module = timm.create_model(spec.removeprefix("random:timm:"), num_classes=0)
    return made.eval()


def obvious(
    photos: Photos,
    module: torch.nn.Module,
    encoder: Encoder,
    classes: Sequence[Processing],
    size: int,
) -> dict[str, np.ndarray]:
    """Embeddings [N, D] of every class, one class after another."""
    how: Any = encoder.preprocess
    transform = transforms.Compose([
        transforms.Resize(how.crop, transforms.InterpolationMode(how.kernel)),
        transforms.CenterCrop(how.crop),
        transforms.ToTensor(),
        transforms.Normalize(how.mean, how.std),
    ])  # fmt: skip
    rows, found = photos.table.select("id", "path").rows(), {}
    for processing in classes:
        parts = []
        for start in range(0, len(rows), size):
            images = [
                transform(processing(Image.open(photos.file(path)).convert("RGB"), name))
                for name, path in rows[start : start + size]
            ]
            with torch.inference_mode():
                parts.append(module(torch.stack(images)).numpy())
        found[processing.name] = np.concatenate(parts)
    return found


def ours(
    photos: Photos, encoder: Encoder, classes: Sequence[Processing], size: int, out: Path
) -> Store:
    """The store that ``extract`` makes, as ``embed`` calls it."""
    with kept_memory("cpu"):
        how = Extraction(batch_size=size, workers=0)
        return extract(photos, [encoder], classes, out, extraction=how)[0]


def compare(spec: str, photos: Photos, options: argparse.Namespace) -> None:
    """Print the costs of both ways."""
    classes = classes_of(find_attributes(["jpeg"]))
    encoder, module = load_encoder(spec, device="cpu"), plain_module(spec)
    costs: dict[str, list[tuple[float, float]]] = {"obvious": [], "ours": []}
    vectors: dict[str, np.ndarray] = {}
    stores: list[Store] = []
    for _ in range(options.repeats):
        with tempfile.TemporaryDirectory() as folder:
            costs["obvious"].append(
                cost(
                    lambda: vectors.update(
                        obvious(photos, module, encoder, classes, options.batch_size)
                    )
                )
            )
            costs["ours"].append(
                cost(
                    lambda out=Path(folder): stores.append(
                        ours(photos, encoder, classes, options.batch_size, out)
                    )
                )
            )
            for name, expected in vectors.items():
                np.testing.assert_allclose(stores[-1].vectors(name)[:], expected, 1e-3, 1e-3)
    print(
        f"\n{spec}: {len(photos)} photos x {len(classes)} classes, batches of {options.batch_size}"
    )
    images, medians = len(photos) * len(classes), {}
    for way, each in costs.items():
        cpu, wall = (statistics.median(column) for column in zip(*each, strict=True))
        spread = f"{min(c for c, _ in each):.2f} to {max(c for c, _ in each):.2f}"
        medians[way] = (cpu, wall)
        rate = f"{images / cpu:.1f} images a CPU second"
        print(f"  {way:<9}{cpu:8.2f} s CPU ({spread}) {wall:8.2f} s wall, {rate}")
    cpu, wall = (a / b for a, b in zip(medians["obvious"], medians["ours"], strict=True))
    print(f"  ratio    {cpu:8.2f} of CPU {wall:22.2f} of wall")


def batches(spec: str, options: argparse.Namespace) -> None:
    """Print the cost of an image for each size of batch."""
    encoder = load_encoder(spec, device="cpu")
    threads = f"{torch.get_num_threads()} threads"
    print(f"\n{spec} alone, {threads}: CPU ms an image (user + system), page faults an image")
    side, sizes = encoder.input_size, options.batches
    # Returned first: the C library never quite forgets that its memory was kept.
    for kept in (False, True):
        for size in sizes:
            pixels = torch.randint(256, (size, side, side, 3), dtype=torch.uint8)
            runs = max(1, max(sizes) // size)
            with kept_memory("cpu" if kept else "nowhere"):
                encoder.embed(pixels)
                before, found = resource.getrusage(resource.RUSAGE_SELF), []
                for _ in range(options.repeats):
                    for _ in range(runs):
                        encoder.embed(pixels)
                    after = resource.getrusage(resource.RUSAGE_SELF)
                    found.append(
                        [
                            (getattr(after, name) - getattr(before, name)) / (size * runs)
                            for name in ("ru_utime", "ru_stime", "ru_minflt")
                        ]
                    )
                    before = after
            user, system, faults = (statistics.median(each) for each in zip(*found, strict=True))
            print(
                f"  memory {'kept' if kept else 'returned':<9} batch {size:3d} {1000 * user:7.1f} +"
                f"{1000 * system:6.1f} ms {faults:9.0f} faults"
            )


class Sleeping:
    """Stands for an encoder on a GPU: takes its time, and no core."""

    name, family, input_size, dimension, device = "sleeping", "yours", 224, 512, "cpu"
    preprocess = Preprocess(resize=224, crop=224)

    def __init__(self) -> None:
        self.seconds = 0.0

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        """Sleep, and return vectors that do not depend on the pixels [B, 512]."""
        time.sleep(self.seconds)
        return torch.ones(len(pixels), self.dimension)

    def identity(self) -> dict[str, Any]:
        """Nothing but its name."""
        return {"library": self.name}


def overlap(encoder: Any, files: Sequence[Path], options: argparse.Namespace) -> None:
    """Print the rates of encoder alone, reading alone and both together."""
    device = device_of([encoder])
    workers = default_workers(device) if options.workers is None else options.workers
    how = BenchOptions(batch_size=options.batch_size, seconds=options.seconds)
    classes = tuple(classes_of(find_attributes(["jpeg"])))
    pixels = time_pixels(files, Recipe(classes, (encoder.preprocess,)), workers, how)
    if isinstance(encoder, Sleeping):
        encoder.seconds = options.batch_size / pixels.median
    alone = time_encoder(encoder, device, how)
    size = max(2, 4 * options.batch_size // len(classes))
    extraction = Extraction(batch_size=options.batch_size, shard_size=size, workers=workers)
    with tempfile.TemporaryDirectory() as folder:
        both = time_together(files, encoder, classes, extraction, how.seconds, Path(folder))
    share = both.median / min(alone.median, pixels.median)
    print(
        f"\n{encoder.name}, batches of {options.batch_size}, {workers} processes that read: "
        f"images/s (medians)\n  encoder alone {alone.median:8.1f}\n"
        f"  reading alone {pixels.median:8.1f}\n"
        f"  together      {both.median:8.1f}, {share:.0%} of the smaller"
    )


def main() -> None:
    """Read the options and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--photos", type=int, default=24)
    parser.add_argument("--folder", type=Path, help="real photos; by default generated ones")
    parser.add_argument(
        "--encoder", nargs="+", default=["default", "random:timm:vit_small_patch16_224"]
    )
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--batches", type=int, nargs="*", default=[8, 16, 32, 64])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, help="of PyTorch; 1 is steady on a busy machine")
    parser.add_argument("--overlap", action="store_true", help="only reading beside the encoder")
    parser.add_argument("--workers", type=int, help="processes that read, for --overlap")
    parser.add_argument("--seconds", type=float, default=10.0, help="for each rate of --overlap")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as made:
        if options.folder:
            found = open_photos(options.folder)
            files = [found.file(path) for path in found.table["path"].to_list()]
        else:
            files = [Path(made) / f"{number}.jpg" for number in range(options.photos)]
            for number, file in enumerate(files):
                file.write_bytes(generated_jpeg(500, 375, seed=number))
        if options.overlap:
            overlap(Sleeping(), files, options)
            if torch.cuda.is_available():
                for spec in options.encoder:
                    overlap(load_encoder(spec, device="cuda"), files, options)
            return
        photos = repeated(files, options.photos)
        for spec in options.encoder:
            if options.batches:
                batches(spec, options)
            compare(spec, photos, options)


if __name__ == "__main__":
    main()
