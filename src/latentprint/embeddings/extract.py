"""Photos in, embeddings out: decode once, make every class, feed every encoder, write shards."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from latentprint.embeddings.engine import default_workers, prepare_all
from latentprint.embeddings.extraction import Extraction
from latentprint.embeddings.store import Store, create_or_resume, folder_name
from latentprint.embeddings.worker import Facts, PhotoTask, Prepared, Recipe, stamp
from latentprint.encoders.encoder import Encoder
from latentprint.encoders.preparation import Preparation
from latentprint.encoders.preprocess import Preprocess
from latentprint.errors import LatentprintError, UsageError
from latentprint.files import as_path
from latentprint.photos import Photos, as_photos, decide_tones, decode
from latentprint.photos.file_bytes import BrokenPhoto
from latentprint.processing import Processing

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """How far an extraction is.

    Attributes:
        done: Photos that are stored or waiting in the current shard.
        total: Photos in all.
        broken: Photos that could not be used.
        reused: Photos that an earlier run had stored.
        seconds: Time since the start.
    """

    done: int
    total: int
    broken: int
    reused: int
    seconds: float


def extract(
    photos: Any,
    encoders: Sequence[Encoder],
    classes: Sequence[Processing],
    out: Path | str,
    *,
    extraction: Extraction | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> list[Store]:
    """Embed photos under every class with every encoder, one store for each encoder.

    Finished shards are kept and re-used; the rest is computed. Every photo is decoded once for
    all classes and encoders.

    Args:
        photos: What to read: photos, or what ``open_photos`` opens.
        encoders: The frozen encoders.
        classes: The processing classes.
        out: Folder that gets one sub-folder for each encoder.
        extraction: How to do it.
        on_progress: Called after every photo.

    Returns:
        The complete stores, in the order of the encoders.

    Raises:
        UsageError: A mask is asked for, and an encoder does not take a crop.
        LatentprintError: ``out`` holds embeddings of something else, a photo changed since it was
            stored, or the disk failed. Shards that were finished stay.
    """
    how, photos, out = extraction or Extraction(), as_photos(photos), as_path(out)
    if how.mask:
        _refuse_unmaskable(encoders)
    how = replace(how, tones=decide_tones(photos, how.tones, max_pixels=how.max_pixels))
    for note in how.tones.notes():
        logger.warning("%s: %s", photos.name, note)
    stores = [
        create_or_resume(out / folder_name(encoder.name), _manifest(photos, encoder, classes, how))
        for encoder in encoders
    ]
    _refuse_changed_photos(photos, stores, how)
    missing = [set(store.missing) for store in stores]
    pending = sorted(set().union(*missing))
    rows = [
        row
        for shard in pending
        for row in range(shard * how.shard_size, min((shard + 1) * how.shard_size, len(photos)))
    ]
    preparations = [_preparation(encoder) for encoder in encoders]
    preprocesses = tuple(dict.fromkeys(preparations))
    recipe = Recipe(tuple(classes), preprocesses, how)
    ids, paths = photos.table["id"].to_list(), photos.table["path"].to_list()
    tasks = [PhotoTask(row, ids[row], photos.file(paths[row])) for row in rows]
    workers = default_workers(device_of(encoders)) if how.workers is None else how.workers
    begun = time.monotonic()
    reused = len(photos) - len(tasks)
    broken = sum(int((store.facts()["status"] == "broken").sum()) for store in stores[:1])
    shard: _Shard | None = None
    for count, prepared in enumerate(prepare_all(tasks, recipe, workers), 1):
        number = prepared.row // how.shard_size
        if shard is None or shard.number != number:
            needed = [
                (encoder, store, preprocesses.index(preparation))
                for encoder, store, preparation, lacks in zip(
                    encoders, stores, preparations, missing, strict=True
                )
                if number in lacks
            ]
            shard = _Shard(number, needed, recipe)
        shard.add(prepared)
        if count == len(tasks) or tasks[count].row // how.shard_size != number:
            shard.write()
        broken += prepared.facts.status == "broken"
        if on_progress:
            seconds = time.monotonic() - begun
            on_progress(Progress(reused + count, len(photos), broken, reused, seconds))
    return stores


@dataclass
class _Shard:
    """A shard in the making: pixels wait until a batch is full, batches never cross shards."""

    number: int
    encoders: list[tuple[Encoder, Store, int]]
    recipe: Recipe
    facts: list[Facts] = field(default_factory=list)
    waiting: list[list[np.ndarray]] = field(default_factory=list)
    embedded: list[list[np.ndarray]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.waiting = [[] for _ in self.recipe.preprocesses]
        self.embedded = [[] for _ in self.encoders]

    def add(self, prepared: Prepared) -> None:
        self.facts.append(prepared.facts)
        for waiting, pixels in zip(self.waiting, prepared.pixels, strict=False):
            waiting.extend(pixels)
        batch_size = self.recipe.how.batch_size
        while self.waiting and len(self.waiting[0]) >= batch_size:
            self._embed(batch_size)

    def write(self) -> None:
        if self.waiting and self.waiting[0]:
            self._embed(len(self.waiting[0]))
        names = [each.name for each in self.recipe.classes]
        for (encoder, store, _), parts in zip(self.encoders, self.embedded, strict=True):
            vectors = np.concatenate(parts) if parts else np.zeros((0, encoder.dimension))
            by_class = vectors.astype(np.float32).reshape(-1, len(names), encoder.dimension)
            store.write_shard(
                self.number,
                self.facts,
                {name: np.ascontiguousarray(by_class[:, at]) for at, name in enumerate(names)},
            )

    def _embed(self, count: int) -> None:
        import torch

        batches = [torch.from_numpy(np.stack(waiting[:count])) for waiting in self.waiting]
        for waiting in self.waiting:
            del waiting[:count]
        for at, (encoder, _, which) in enumerate(self.encoders):
            self.embedded[at].append(encoder.embed(batches[which]).numpy())


def device_of(encoders: Iterable[Encoder]) -> str:
    """The device that the first encoder says it runs on; "cpu" where it says nothing."""
    return str(getattr(next(iter(encoders)), "device", "cpu"))


def is_maskable(encoder: Encoder) -> bool:
    """Whether the central mask hides what a photo shows from an encoder.

    It covers part of the crop, so that it does nothing where photos are not cropped, as for
    ``pixels:dct``.
    """
    return isinstance(encoder.preprocess, Preprocess)


def _refuse_unmaskable(encoders: Sequence[Encoder]) -> None:
    for encoder in encoders:
        if not is_maskable(encoder):
            raise UsageError(
                f"The encoder {encoder.name!r} reads the photo before it is cropped, where no mask "
                "can cover it: leave this encoder out, or the mask."
            )


def _preparation(encoder: Encoder) -> Preparation:
    """What workers do for an encoder; the same for encoders that differ in normalisation alone."""
    preparation = encoder.preprocess
    if type(preparation) is Preprocess:
        # Pixels are not normalised yet, and a second resize of every class would be wasted.
        return replace(preparation, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    return preparation


def _manifest(
    photos: Photos, encoder: Encoder, classes: Sequence[Processing], how: Extraction
) -> dict[str, Any]:
    import torch

    return {
        "encoder": {
            "name": encoder.name,
            "family": encoder.family,
            "dimension": encoder.dimension,
            "input_size": encoder.input_size,
            "preprocess": encoder.preprocess.as_dict(),
            "identity": encoder.identity(),
        },
        "processing": {each.name: each.as_list() for each in classes},
        "photos": {"count": len(photos), "digest": photos.digest()},
        "settings": {**how.settings(), "torch": torch.__version__},
    }


def _refuse_changed_photos(photos: Photos, stores: Sequence[Store], how: Extraction) -> None:
    """Refuse to re-use shards whose photos are no longer the same pictures.

    A file of the same size and time is taken as unchanged; any other is decoded and compared.
    """
    paths = dict(photos.table.select("id", "path").rows())
    stated = ["id", "bytes", "modified", "content"]
    facts = [
        store.facts().select(*stated, folder=pl.lit(str(store.folder), pl.String))
        for store in stores
    ]
    # The stores of several encoders state the same of most photos: each is looked at once.
    for row in pl.concat(facts).unique(stated, maintain_order=True).iter_rows(named=True):
        file = photos.file(paths[row["id"]])
        if stamp(file) != (row["bytes"], row["modified"]) and _content(file, how) != (
            row["content"] or "unreadable"
        ):
            raise LatentprintError(
                f"{file} has changed since {row['folder']} was made: choose another --out, or "
                "delete that folder."
            )


def _content(file: Path, how: Extraction) -> str:
    try:
        decoded = decode(file, orient=how.orient, max_pixels=how.max_pixels, tones=how.tones)
        return decoded.content
    except BrokenPhoto:
        return "unreadable"
