"""Photos in, embeddings out: decode once, make every class, feed every encoder, write shards."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from latentprint.embeddings.engine import default_workers, prepare_all
from latentprint.embeddings.extraction import Extraction
from latentprint.embeddings.lock import locked
from latentprint.embeddings.outage import Outage
from latentprint.embeddings.reference import keep_or_compare, made_up
from latentprint.embeddings.store import Store, create_or_resume, folder_name
from latentprint.embeddings.worker import (
    BROKEN,
    UNREACHABLE,
    Facts,
    PhotoTask,
    Prepared,
    Recipe,
    stamp,
)
from latentprint.encoders.encoder import Encoder
from latentprint.encoders.preparation import Preparation
from latentprint.encoders.preprocess import Preprocess
from latentprint.errors import LatentprintError, UsageError
from latentprint.files import as_path
from latentprint.photos import Photos, as_photos, decide_tones, decode
from latentprint.photos.file_bytes import BrokenPhoto, UnreachablePhoto
from latentprint.processing import Processing

logger = logging.getLogger(__name__)

_NAMED = 3


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

    Finished shards are kept and re-used; the rest is computed, and so is what is damaged. Every
    photo is decoded once for all classes and encoders.

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
        LatentprintError: ``out`` holds embeddings of something else, or another process writes to
            it; a photo, or the encoder, changed since; photos cannot be found or read; or the disk
            failed. Shards that were finished stay.
    """
    how, photos, out = extraction or Extraction(), as_photos(photos), as_path(out)
    if how.mask:
        _refuse_unmaskable(encoders)
    how = replace(how, tones=decide_tones(photos, how.tones, max_pixels=how.max_pixels))
    for note in how.tones.notes():
        logger.warning("%s: %s", photos.name, note)
    folders = [out / folder_name(encoder.name) for encoder in encoders]
    with ExitStack() as locks:
        for folder in dict.fromkeys(folders):
            locks.enter_context(locked(folder))
        stores = [
            create_or_resume(folder, _manifest(photos, encoder, classes, how))
            for folder, encoder in zip(folders, encoders, strict=True)
        ]
        _Extraction(photos, encoders, stores, tuple(classes), how).run(on_progress)
    return stores


@dataclass
class _Extraction:
    """What an extraction has to do, with the stores open and locked."""

    photos: Photos
    encoders: Sequence[Encoder]
    stores: Sequence[Store]
    classes: tuple[Processing, ...]
    how: Extraction

    def __post_init__(self) -> None:
        self.preparations = [_preparation(encoder) for encoder in self.encoders]
        preprocesses = tuple(dict.fromkeys(self.preparations))
        self.recipe = Recipe(self.classes, preprocesses, self.how)
        workers = self.how.workers
        self.workers = default_workers(device_of(self.encoders)) if workers is None else workers

    def run(self, on_progress: Callable[[Progress], None] | None) -> None:
        """Compute what is missing.

        Raises:
            LatentprintError: See ``extract``.
        """
        pending = [_unfinished(store) for store in self.stores]
        facts = [store.facts(lacks) for store, lacks in zip(self.stores, pending, strict=True)]
        _refuse_changed_photos(self.photos, self.stores, facts, self.how)
        if self.how.retry_broken:
            self._add_mended(pending, facts)
        self._compare_encoders(pending)
        self._compute(pending, sum(_broken(each).height for each in facts[:1]), on_progress)

    def _compare_encoders(self, pending: list[set[int]]) -> None:
        """Look whether the encoders of stores that lack something are those they were begun with.

        Raises:
            LatentprintError: One is not.
        """
        needed = [at for at, lacks in enumerate(pending) if lacks]
        batches = {each: made_up(each) for each in {self.preparations[at] for at in needed}}
        for at in needed:
            encoder, batch = self.encoders[at], batches[self.preparations[at]]
            keep_or_compare(self.stores[at].folder, encoder, batch, device_of([encoder]))

    def _compute(
        self,
        pending: list[set[int]],
        broken: int,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        """Compute the shards that each store lacks; ``broken`` photos are in the others."""
        numbers, begun = sorted(set().union(*pending)), time.monotonic()
        rows = [row for number in numbers for row in self._photos_of(number)]
        reused, outage = len(self.photos) - len(rows), Outage(self.how)
        shard: _Shard | None = None
        for count, prepared in enumerate(self._prepared(rows), 1):
            number = prepared.row // self.how.shard_size
            if shard is None or shard.number != number:
                shard = self._begin(number, pending)
            shard.add(prepared)
            outage.note(prepared)
            broken += prepared.facts.status == BROKEN
            if prepared.row == self._photos_of(number)[-1]:
                if shard.unreachable:
                    outage.left_out.append(self._photos_of(number))
                else:
                    shard.write()
            if on_progress:
                seconds = time.monotonic() - begun
                on_progress(Progress(reused + count, len(self.photos), broken, reused, seconds))
        outage.refuse()

    def _begin(self, number: int, pending: list[set[int]]) -> _Shard:
        """The next shard, for the encoders whose stores lack it."""
        preprocesses = self.recipe.preprocesses
        needed = [
            (encoder, store, preprocesses.index(preparation))
            for encoder, store, preparation, lacks in zip(
                self.encoders, self.stores, self.preparations, pending, strict=True
            )
            if number in lacks
        ]
        return _Shard(number, needed, self.recipe)

    def _prepared(self, rows: Sequence[int]) -> Iterator[Prepared]:
        ids, paths = self.photos.table["id"].to_list(), self.photos.table["path"].to_list()
        tasks = [PhotoTask(row, ids[row], self.photos.file(paths[row])) for row in rows]
        return prepare_all(tasks, self.recipe, self.workers)

    def _photos_of(self, shard: int) -> range:
        return self.stores[0].photos_of(shard)

    def _add_mended(self, pending: list[set[int]], facts: list[pl.DataFrame]) -> None:
        """Add the shards with photos that were broken, and are not any more.

        They are made anew as a whole: the last digits of embeddings depend on their batch.
        """
        row_of = {photo: row for row, photo in enumerate(self.photos.table["id"])}
        broken = [{row_of[photo] for photo in _broken(each)["id"]} for each in facts]
        mended = {
            each.row
            for each in self._prepared(sorted(set().union(*broken)))
            if each.facts.status not in (BROKEN, UNREACHABLE)
        }
        for lacks, rows in zip(pending, broken, strict=True):
            lacks.update(row // self.how.shard_size for row in rows & mended)


def _unfinished(store: Store) -> set[int]:
    """The shards that are missing or damaged; the latter are told."""
    damages = store.damages()
    for damage in damages.values():
        logger.warning("%s is damaged (%s): its shard is made anew.", damage.file, damage.reason)
    return {*store.missing, *damages}


def _broken(facts: pl.DataFrame) -> pl.DataFrame:
    return facts.filter(pl.col("status") == BROKEN)


@dataclass
class _Shard:
    """A shard in the making: pixels wait until a batch is full, batches never cross shards.

    Once one of its photos cannot be reached it will not be written, and nothing more is embedded.
    """

    number: int
    encoders: list[tuple[Encoder, Store, int]]
    recipe: Recipe
    facts: list[Facts] = field(default_factory=list)
    waiting: list[list[np.ndarray]] = field(default_factory=list)
    embedded: list[list[np.ndarray]] = field(default_factory=list)
    unreachable: bool = False

    def __post_init__(self) -> None:
        self.waiting = [[] for _ in self.recipe.preprocesses]
        self.embedded = [[] for _ in self.encoders]

    def add(self, prepared: Prepared) -> None:
        self.unreachable |= prepared.facts.status == UNREACHABLE
        if self.unreachable:
            return
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


def _refuse_changed_photos(
    photos: Photos, stores: Sequence[Store], facts: Sequence[pl.DataFrame], how: Extraction
) -> None:
    """Refuse to re-use shards whose photos are no longer the same pictures.

    A file of the same size and time is taken as unchanged; any other is decoded and compared. One
    that is away is not changed: what was made of it is kept, and that is said.
    """
    paths = dict(photos.table.select("id", "path").rows())
    stated = ["id", "bytes", "modified", "content", "status"]
    tables = [
        each.select(*stated, folder=pl.lit(str(store.folder), pl.String))
        for store, each in zip(stores, facts, strict=True)
    ]
    away: list[str] = []
    # The stores of several encoders state the same of most photos: each is looked at once.
    for row in pl.concat(tables).unique(stated, maintain_order=True).iter_rows(named=True):
        file, was_broken = photos.file(paths[row["id"]]), row["status"] == BROKEN
        if stamp(file) == (row["bytes"], row["modified"]) or (was_broken and how.retry_broken):
            continue
        try:
            content = _content(file, how)
        except UnreachablePhoto:
            if not was_broken:
                away.append(row["id"])
            continue
        if content == row["content"]:
            continue
        if was_broken:
            raise LatentprintError(
                f"{file} has changed since {row['folder']} was made, when it was broken: run the "
                "same command with --retry-broken to read it again."
            )
        raise LatentprintError(
            f"{file} has changed since {row['folder']} was made: choose another --out, or "
            "delete that folder."
        )
    if away:
        logger.warning(
            "%d stored photos cannot be found or read now (%s…): their embeddings are kept.",
            len(away),
            "; ".join(away[:_NAMED]),
        )


def _content(file: Path, how: Extraction) -> str | None:
    """The digest of a photo's pixels; None if it is broken."""
    try:
        decoded = decode(file, orient=how.orient, max_pixels=how.max_pixels, tones=how.tones)
        return decoded.content
    except UnreachablePhoto:
        raise
    except BrokenPhoto:
        return None
