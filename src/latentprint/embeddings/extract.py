"""Photos in, embeddings out: decode once, make every class, feed every encoder, write shards."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from latentprint.embeddings.engine import default_workers, prepare_all
from latentprint.embeddings.extraction import Extraction
from latentprint.embeddings.growth import Chunk, lacking, plan
from latentprint.embeddings.lock import locked
from latentprint.embeddings.outage import Outage
from latentprint.embeddings.reference import keep_or_compare, made_up
from latentprint.embeddings.store import (
    Stock,
    Store,
    begin,
    commit,
    folder_name,
    open_up,
)
from latentprint.embeddings.vector_files import some
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
from latentprint.errors import UsageError
from latentprint.files import as_path
from latentprint.photos import Photos, as_photos, decide_tones, decode
from latentprint.photos.file_bytes import BrokenPhoto, UnreachablePhoto
from latentprint.photos.location import Location, is_address
from latentprint.processing import Processing

logger = logging.getLogger(__name__)


Stamps = dict[str, tuple[int | None, int | None]]
"""Size and time of the files of photos, by id, as ``stamp`` has them."""


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
    stamps: Stamps | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> list[Store]:
    """Embed photos under every class with every encoder, one store for each encoder.

    What a store has is used again; photos and classes that it lacks are added, photos whose files
    changed are embedded anew, and so is what is damaged. What it has beside is left as it is. Every
    photo is decoded once for all classes and encoders that lack the same of it.

    Args:
        photos: What to read: photos, or what ``open_photos`` opens.
        encoders: The frozen encoders.
        classes: The processing classes.
        out: Folder that gets one sub-folder for each encoder.
        extraction: How to do it.
        stamps: Sizes and times of files that were looked at already, by id; more are added. Several
            calls for the same photos share them, so that each file is looked at once.
        on_progress: Called after every photo.

    Returns:
        The stores, in the order of the encoders, asked for these photos and classes.

    Raises:
        UsageError: A mask is asked for, and an encoder does not take a crop.
        LatentprintError: ``out`` holds embeddings of something else, or another process writes to
            it; the encoder changed since; photos cannot be found or read; or the disk failed.
            Shards that were finished stay.
    """
    how, photos, out = extraction or Extraction(), as_photos(photos), as_path(out)
    if how.mask:
        _refuse_unmaskable(encoders)
    stated = how.tones.window is not None or how.tones.bits is not None
    how = replace(how, tones=decide_tones(photos, how.tones, max_pixels=how.max_pixels))
    for note in how.tones.notes():
        logger.warning("%s: %s", photos.name, note)
    folders = [out / folder_name(encoder.name) for encoder in encoders]
    with ExitStack() as locks:
        for folder in dict.fromkeys(folders):
            locks.enter_context(locked(folder))
        asked = [manifest_of(encoder, classes, how) for encoder in encoders]
        stocks = [
            begin(folder, each, tones_stated=stated)
            for folder, each in zip(folders, asked, strict=True)
        ]
        run = _Extraction(photos, encoders, stocks, tuple(classes), how)
        chunks = run.plan({} if stamps is None else stamps)
        if chunks:
            for stock, each in zip(stocks, asked, strict=True):
                open_up(stock.store, each)
        run.compute(chunks, on_progress)
        stores = [commit(each) for each in stocks]
    names = [each.name for each in classes]
    return [store.asked(photos.table["id"], names) for store in stores]


class _Extraction:
    """What an extraction has to do, with the stores open and locked."""

    def __init__(
        self,
        photos: Photos,
        encoders: Sequence[Encoder],
        stocks: Sequence[Stock],
        classes: tuple[Processing, ...],
        how: Extraction,
    ) -> None:
        self.photos, self.encoders, self.stocks = photos, encoders, stocks
        self.classes, self.how = classes, how
        self.preparations = [_preparation(encoder) for encoder in encoders]
        workers = how.workers
        self.workers = default_workers(device_of(encoders)) if workers is None else workers
        self._broken = 0

    def plan(self, stamps: Stamps) -> list[Chunk]:
        """What is missing, has changed, or can be read now, in shards; the latter two are told."""
        for stock in self.stocks:
            _tell_damages(stock)
        ids, names = self.photos.table["id"], [each.name for each in self.classes]
        stated = [_stated(stock.store, ids) for stock in self.stocks]
        outdated = [set(each) for each in _changed(self.photos, stated, self.how, stamps)]
        if changed := set().union(*outdated):
            logger.warning(
                "Embedded anew, since their files have changed: %d photos (%s).",
                len(changed),
                some(sorted(changed)),
            )
        broken = [set(_broken(each)["id"]) for each in stated]
        if self.how.retry_broken:
            mended = self._mended(set().union(*broken))
            outdated = [one | (other & mended) for one, other in zip(outdated, broken, strict=True)]
        self._broken = len(set().union(*broken) - set().union(*outdated))
        lacks, anew = [], np.zeros(len(ids), bool)
        for stock, photos in zip(self.stocks, outdated, strict=True):
            replaced = ids.is_in(list(photos)).to_numpy()
            lacks.append(lacking(stock.store, ids, names) | replaced[:, None])
            anew |= replaced
        return plan(self.stocks, lacks, anew, self.how)

    def _mended(self, photos: set[str]) -> set[str]:
        """Those of some broken photos that can be read now."""
        rows = np.flatnonzero(self.photos.table["id"].is_in(list(photos)).to_numpy())
        recipe = Recipe(self.classes, tuple(dict.fromkeys(self.preparations)), self.how)
        return {
            each.facts.id
            for each in self._prepared(rows.tolist(), recipe)
            if each.facts.status not in (BROKEN, UNREACHABLE)
        }

    def compute(
        self, chunks: Sequence[Chunk], on_progress: Callable[[Progress], None] | None
    ) -> None:
        """Make the shards of a plan.

        Raises:
            LatentprintError: See ``extract``.
        """
        self._compare_encoders(chunks)
        total, begun, outage = len(self.photos), time.monotonic(), Outage(self.how)
        # A photo that lacks one thing here and another there is read twice.
        reused = total - len({row for chunk in chunks for row in chunk.rows})
        broken, seen = self._broken, set[int]()
        for recipe, together in self._by_recipe(chunks):
            rows = [row for chunk in together for row in chunk.rows]
            which = (shard for shard in self._shards(together, recipe) for _ in shard.rows)
            for each, shard in zip(self._prepared(rows, recipe), which, strict=True):
                shard.add(each)
                outage.note(each)
                if each.row not in seen:
                    seen.add(each.row)
                    broken += each.facts.status == BROKEN
                if shard.full:
                    if shard.unreachable:
                        outage.left_out.append(shard.rows)
                    else:
                        shard.write()
                if on_progress:
                    seconds = time.monotonic() - begun
                    done = reused + len(seen)
                    on_progress(Progress(done, total, broken, reused, seconds))
        outage.refuse()

    def _compare_encoders(self, chunks: Sequence[Chunk]) -> None:
        """Look whether the encoders of stores that get something are those they were begun with.

        Raises:
            LatentprintError: One is not.
        """
        needed = sorted({part.store for chunk in chunks for part in chunk.parts})
        batches = {each: made_up(each) for each in {self.preparations[at] for at in needed}}
        for at in needed:
            encoder, batch = self.encoders[at], batches[self.preparations[at]]
            keep_or_compare(self.stocks[at].store.folder, encoder, batch, device_of([encoder]))

    def _by_recipe(self, chunks: Sequence[Chunk]) -> Iterator[tuple[Recipe, list[Chunk]]]:
        """The chunks in their order, those that follow each other and need the same together."""
        for needed, together in groupby(chunks, self._needed):
            classes, preparations = needed
            recipe = Recipe(tuple(self.classes[at] for at in classes), preparations, self.how)
            yield recipe, list(together)

    def _needed(self, chunk: Chunk) -> tuple[tuple[int, ...], tuple[Preparation, ...]]:
        """The classes and preparations that some store needs of the photos of a chunk."""
        classes = sorted({at for part in chunk.parts for at in part.classes})
        preparations = dict.fromkeys(self.preparations[part.store] for part in chunk.parts)
        return tuple(classes), tuple(preparations)

    def _shards(self, chunks: Sequence[Chunk], recipe: Recipe) -> Iterator[_Shard]:
        """The shards of some chunks, one after the other, each empty at first."""
        names = [each.name for each in recipe.classes]
        for chunk in chunks:
            parts = [
                _ShardPart(
                    self.encoders[part.store],
                    self.stocks[part.store].store,
                    part.number,
                    recipe.preprocesses.index(self.preparations[part.store]),
                    tuple(names.index(self.classes[at].name) for at in part.classes),
                )
                for part in chunk.parts
            ]
            yield _Shard(chunk.rows, parts, recipe)

    def _prepared(self, rows: Sequence[int], recipe: Recipe) -> Iterator[Prepared]:
        table = self.photos.table.select("id", "path")[list(rows)]
        tasks = [
            PhotoTask(row, photo, self.photos.file(path))
            for row, (photo, path) in zip(rows, table.iter_rows(), strict=True)
        ]
        return prepare_all(tasks, recipe, self.workers)


def _tell_damages(stock: Stock) -> None:
    for damage in stock.damages.values():
        logger.warning("%s is damaged (%s): its shard is made anew.", damage.file, damage.reason)
    if stock.index_damage is not None:
        file, reason = stock.index_damage.file, stock.index_damage.reason
        logger.warning("%s is damaged (%s) and is made anew.", file, reason)


def _stated(store: Store, ids: pl.Series) -> pl.DataFrame:
    """What a store states of the photos that are asked for and that it has."""
    columns = ["id", "bytes", "modified", "content", "status"]
    return store.asked(ids).facts(columns).select(columns)


def _broken(facts: pl.DataFrame) -> pl.DataFrame:
    return facts.filter(pl.col("status") == BROKEN)


@dataclass(frozen=True)
class _ShardPart:
    """The shard of one store.

    Attributes:
        encoder: The encoder.
        store: Its store.
        number: Number of the shard.
        preparation: Which of the recipe's preparations it takes.
        classes: Which of the recipe's classes it holds.
    """

    encoder: Encoder
    store: Store
    number: int
    preparation: int
    classes: tuple[int, ...]

    @property
    def queue(self) -> tuple[int, tuple[int, ...]]:
        """What its encoder is fed with; the same for encoders that share their batches."""
        return self.preparation, self.classes


@dataclass
class _Shard:
    """Shards of several stores in the making, from the same photos.

    Pixels wait until a batch is full; batches never cross shards, and all are of one size. Once one
    of its photos cannot be reached it will not be written, and nothing more is embedded.
    """

    rows: tuple[int, ...]
    parts: list[_ShardPart]
    recipe: Recipe
    facts: list[Facts] = field(default_factory=list)
    unreachable: bool = False

    def __post_init__(self) -> None:
        self._waiting: dict[tuple[int, tuple[int, ...]], list[np.ndarray]] = {
            part.queue: [] for part in self.parts
        }
        self._embedded: list[list[np.ndarray]] = [[] for _ in self.parts]
        self._added = 0

    @property
    def full(self) -> bool:
        """Whether all photos were added."""
        return self._added == len(self.rows)

    def add(self, prepared: Prepared) -> None:
        self._added += 1
        self.unreachable |= prepared.facts.status == UNREACHABLE
        if self.unreachable:
            return
        self.facts.append(prepared.facts)
        if not prepared.pixels:
            return
        for (preparation, classes), waiting in self._waiting.items():
            waiting.extend(prepared.pixels[preparation][list(classes)])
        self._embed(whole=True)

    def write(self) -> None:
        self._embed(whole=False)
        names = [each.name for each in self.recipe.classes]
        for part, parts in zip(self.parts, self._embedded, strict=True):
            dimension = part.encoder.dimension
            vectors = np.concatenate(parts) if parts else np.zeros((0, dimension))
            by_class = vectors.astype(np.float32).reshape(-1, len(part.classes), dimension)
            part.store.write_shard(
                part.number,
                self.facts,
                {
                    names[which]: np.ascontiguousarray(by_class[:, at])
                    for at, which in enumerate(part.classes)
                },
            )

    def _embed(self, *, whole: bool) -> None:
        """Embed what waits, as far as it fills whole batches, or all."""
        import torch

        size = self.recipe.how.batch_size
        for queue, waiting in self._waiting.items():
            while len(waiting) >= size or (waiting and not whole):
                count = min(size, len(waiting))
                batch = np.stack(waiting[:count])
                del waiting[:count]
                # Filled up with itself: what an encoder gives depends on the size of a batch.
                full = torch.from_numpy(np.resize(batch, (size, *batch.shape[1:])))
                for part, embedded in zip(self.parts, self._embedded, strict=True):
                    if part.queue == queue:
                        embedded.append(part.encoder.embed(full).numpy()[:count])


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


def manifest_of(encoder: Encoder, classes: Sequence[Processing], how: Extraction) -> dict[str, Any]:
    """What the manifest of a store says of an encoder, classes and settings."""
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
        "settings": {**how.settings(), "torch": torch.__version__},
    }


def _changed(
    photos: Photos, stated: Sequence[pl.DataFrame], how: Extraction, stamps: Stamps
) -> Iterator[list[str]]:
    """For each store, the photos that are no longer the pictures that they were.

    A file of the same size and time is taken as unchanged; any other is decoded and compared. One
    that is away is not changed: what was made of it is kept, and that is said.
    """
    # The stores of several encoders state the same of most photos: each is looked at once.
    known = pl.concat(stated).unique(maintain_order=True)
    paths = known.join(
        photos.table.select("id", "path"), on="id", how="left", maintain_order="left"
    )
    away, changed, root = set[str](), [], str(photos.root)
    for photo, size, modified, content, status, path in paths.iter_rows():
        if photo not in stamps:
            place = path if is_address(path) else os.path.join(root, path)  # noqa: PTH118
            stamps[photo] = stamp(place)
        same = stamps[photo] == (size, modified)
        if not same:
            try:
                same = _content(photos.file(path), how) == content
            except UnreachablePhoto:
                same = True
                if status != BROKEN:
                    away.add(photo)
        changed.append(not same)
    if away:
        logger.warning(
            "%d stored photos cannot be found or read now (%s): their embeddings are kept.",
            len(away),
            some(sorted(away)),
        )
    outdated = known.filter(pl.Series(changed, dtype=pl.Boolean))
    for each in stated:
        yield each.join(outdated, on=each.columns, how="semi", nulls_equal=True)["id"].to_list()


def _content(file: Location, how: Extraction) -> str | None:
    """The digest of a photo's pixels; None if it is broken."""
    try:
        decoded = decode(file, orient=how.orient, max_pixels=how.max_pixels, tones=how.tones)
        return decoded.content
    except UnreachablePhoto:
        raise
    except BrokenPhoto:
        return None
