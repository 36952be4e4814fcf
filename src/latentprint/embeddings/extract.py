"""Photos in, embeddings out: find out what stores lack, plan it, make it or a share of it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl

from latentprint.embeddings.batch_size import fastest_batch
from latentprint.embeddings.changes import Stamps, changed_photos
from latentprint.embeddings.extraction import Extraction
from latentprint.embeddings.growth import lacking, plan
from latentprint.embeddings.index import Index
from latentprint.embeddings.lock import locked, others_share, share_locked, shared, turn
from latentprint.embeddings.making import Making, Progress, device_of, stores_of
from latentprint.embeddings.shard import digest_of, digest_of_ids
from latentprint.embeddings.shares import Chunk, Plan, Share, count_photos, remove_plan, said
from latentprint.embeddings.store import (
    MANIFEST,
    Stock,
    Store,
    begin,
    commit,
    folder_name,
    open_store,
    open_up,
    read_manifest,
    take_stock,
)
from latentprint.embeddings.vector_files import some
from latentprint.embeddings.worker import BROKEN, UNREACHABLE, Recipe
from latentprint.encoders.encoder import Encoder
from latentprint.encoders.preprocess import Preprocess
from latentprint.errors import LatentprintError, UsageError
from latentprint.files import as_path
from latentprint.photos import Photos, as_photos, decide_tones
from latentprint.processing import Processing

logger = logging.getLogger(__name__)

_IDS_AT_ONCE = 1_000_000

__all__ = ["Progress", "Stamps", "device_of", "extract", "is_maskable", "manifest_of"]


class Engine(Protocol):
    """Who makes the shards, where it is not this process."""

    def __call__(
        self,
        making: Making,
        chunks: Sequence[Chunk],
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        """Make the shards of some chunks with encoders that are compared; see ``Making``.

        Raises:
            LatentprintError: Some could not be made; all others are kept.
        """


def extract(
    photos: Any,
    encoders: Sequence[Encoder],
    classes: Sequence[Processing],
    out: Path | str,
    *,
    extraction: Extraction | None = None,
    stamps: Stamps | None = None,
    engine: Engine | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> list[Store]:
    """Embed photos under every class with every encoder, one store for each encoder.

    What a store has is used again; photos and classes that it lacks are added, photos whose files
    changed are embedded anew, and so is what is damaged. What it has beside is left as it is. Every
    photo is decoded once for all classes and encoders that lack the same of it.

    Of several processes that each make a share (``Extraction.share``) the first plans the work, and
    who makes the last shard finishes the stores. What is planned is made first by a later call
    for the same without a share, too.

    Args:
        photos: What to read: photos, or what ``open_photos`` opens.
        encoders: The frozen encoders.
        classes: The processing classes.
        out: Folder that gets one sub-folder for each encoder.
        extraction: How to do it.
        stamps: Sizes and times of files that were looked at already; more are added. Several calls
            for the same photos share them, so that each file is looked at once.
        engine: Who makes the shards; this process by default.
        on_progress: Called after every photo.

    Returns:
        The stores, in the order of the encoders, asked for these photos and classes; without any
        embeddings where other shares are not made yet, which is told.

    Raises:
        UsageError: A mask is asked for, and an encoder does not take a crop.
        LatentprintError: ``out`` holds embeddings of something else, or another process writes to
            it; the encoder changed since; photos cannot be found or read; or the disk failed.
            Shards that were finished stay.
    """
    how, photos, out = extraction or Extraction(), as_photos(photos), as_path(out)
    if how.mask:
        refuse_unmaskable(encoders)
    stated = how.tones.window is not None or how.tones.bits is not None
    how = replace(how, tones=decide_tones(photos, how.tones, max_pixels=how.max_pixels))
    for note in how.tones.notes():
        logger.warning("%s: %s", photos.name, note)
    folders = [out / folder_name(encoder.name) for encoder in encoders]
    run = _Extraction(photos, encoders, folders, tuple(classes), how, tones_stated=stated)
    stamps = stamps or Stamps()
    with ExitStack() as locks:
        for folder in dict.fromkeys(folders):
            locks.enter_context(locked(folder) if how.share is None else shared(folder))
        if how.share is None:
            stores = run.whole(stamps, engine, on_progress)
        else:
            stores = run.share(how.share, stamps, on_progress)
    names = [each.name for each in classes]
    return [store.asked(photos.table["id"], names) for store in stores]


class _Extraction:
    """What is asked for, with the folders of the stores locked."""

    def __init__(
        self,
        photos: Photos,
        encoders: Sequence[Encoder],
        folders: Sequence[Path],
        classes: tuple[Processing, ...],
        how: Extraction,
        *,
        tones_stated: bool,
    ) -> None:
        self.photos, self.encoders, self.folders = photos, encoders, folders
        self.classes, self.how, self.tones_stated = classes, how, tones_stated
        self._broken = 0

    def whole(
        self,
        stamps: Stamps,
        engine: Engine | None,
        on_progress: Callable[[Progress], None] | None,
    ) -> list[Store]:
        """Make all: what was planned already, and then whatever else is missing."""
        self._settle_batches()
        stocks = self._begin()
        before = Plan.read(self.folders[0])
        if before is not None and before.asked == self._key:
            making = self._making(stocks)
            self._make(making, self._unmade(making, before.chunks), engine, on_progress)
            self._finish(before)
            stocks = [take_stock(folder) for folder in self.folders]
        remove_plan(self.folders)
        chunks = self._plan(stocks, stamps)
        if chunks:
            self._open_up(stocks)
        making = self._making(stocks)
        if chunks and engine is not None:
            # Shards are made in no order: only the plan knows which photos each is for.
            Plan(self._key, 1, tuple(chunks)).write(self.folders)
        self._make(making, chunks, engine, on_progress)
        stores = [commit(each) for each in stocks]
        remove_plan(self.folders)
        return stores

    def share(
        self,
        share: Share,
        stamps: Stamps,
        on_progress: Callable[[Progress], None] | None,
    ) -> list[Store]:
        """Make a share of what is planned; who makes the last shard of all finishes the stores."""
        first = self.folders[0]
        with ExitStack() as locks:
            with turn(first):
                locks.enter_context(share_locked(first, str(share)))
                plan, making = self._planned(share, stamps)
            own = plan.share(share)
            total = count_photos(own)
            making.make(self._unmade(making, own), on_progress, total=total, broken=self._broken)
            with turn(first):
                lacks = [
                    len(self._unmade(making, plan.share(Share(at + 1, plan.shares))))
                    for at in range(plan.shares)
                ]
                if not any(lacks):
                    # Who comes second finds it done.
                    if not plan.chunks or Plan.read(first) is not None:
                        self._finish(plan)
                    remove_plan(self.folders)
                    return [open_store(each) for each in self.folders]
        logger.warning("Share %s is made. %s", share, said(first.parent, lacks, len(plan.chunks)))
        return [Store(each, read_manifest(each), Index({})) for each in self.folders]

    def _planned(self, share: Share, stamps: Stamps) -> tuple[Plan, Making]:
        """The plan that others made of the same, or a new one.

        Raises:
            LatentprintError: Others make something else, or in another number of shares.
        """
        self._settle_batches()
        before = Plan.read(self.folders[0])
        same = before is not None and before.asked == self._key
        if before is not None and not (same and before.shares == share.count):
            if others_share(self.folders[0], str(share)):
                differ = (
                    f"{before.shares} shares"
                    if same
                    else "something else (photos, encoders, classes, settings or versions)"
                )
                raise LatentprintError(
                    f"{self.folders[0]} is being made by processes that were asked for {differ}: "
                    "ask for the same, or wait for them to end."
                )
            if same:
                before = replace(before, shares=share.count)
                before.write(self.folders)
        if before is not None and same:
            making = self._making(
                [Stock(Store(each, read_manifest(each), Index({}))) for each in self.folders]
            )
            making.compare_encoders(stores_of(before.chunks))
            return before, making
        remove_plan(self.folders)
        stocks = self._begin()
        chunks = self._plan(stocks, stamps)
        if chunks:
            self._open_up(stocks)
        making = self._making(stocks)
        making.compare_encoders(stores_of(chunks))
        plan = Plan(self._key, share.count, tuple(chunks))
        if chunks:
            plan.write(self.folders)
        return plan, making

    def _settle_batches(self) -> None:
        """Take the size of batches of the stores that are there, or the fastest, where asked to."""
        if not self.how.fastest_batch:
            return
        there = [each for each in self.folders if (each / MANIFEST).exists()]
        if there:
            size = int(read_manifest(there[0])["settings"]["batch_size"])
        else:
            size = fastest_batch(self.encoders)
            logger.warning("Images in a batch: %d, which was the fastest here.", size)
        self.how = replace(self.how, batch_size=size, fastest_batch=False)

    @cached_property
    def asked(self) -> list[dict[str, Any]]:
        """What the manifest of each store is to say."""
        return [manifest_of(encoder, self.classes, self.how) for encoder in self.encoders]

    def _begin(self) -> list[Stock]:
        return [
            begin(folder, each, tones_stated=self.tones_stated)
            for folder, each in zip(self.folders, self.asked, strict=True)
        ]

    def _open_up(self, stocks: Sequence[Stock]) -> None:
        for stock, each in zip(stocks, self.asked, strict=True):
            open_up(stock.store, each)

    def _making(self, stocks: Sequence[Stock]) -> Making:
        stores = [each.store for each in stocks]
        return Making(self.photos, self.encoders, stores, self.classes, self.how)

    def _unmade(self, making: Making, chunks: Sequence[Chunk]) -> list[Chunk]:
        return [each for each in chunks if not making.is_made(each)]

    def _make(
        self,
        making: Making,
        chunks: Sequence[Chunk],
        engine: Engine | None,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        if engine is not None and chunks:
            engine(making, chunks, on_progress)
        else:
            making.compare_encoders(stores_of(chunks))
            making.make(chunks, on_progress, broken=self._broken)

    def _finish(self, plan: Plan) -> None:
        """Let readers see the shards of a plan."""
        for at, folder in enumerate(self.folders):
            stock = take_stock(folder)
            # A shard that was made anew is another one than the index lists under its number.
            index = stock.store.index.only(set(stock.store.index.shards) - plan.numbers(at))
            commit(replace(stock, store=replace(stock.store, index=index)))

    @cached_property
    def _key(self) -> str:
        """A digest of what is asked for."""
        ids, how = self.photos.table["id"], self.how
        parts = range(0, len(ids), _IDS_AT_ONCE)
        said = [
            [str(folder.name) for folder in self.folders],
            self.asked,
            [how.shard_size, how.skip_missing, how.retry_broken],
            [digest_of_ids(ids[start : start + _IDS_AT_ONCE]) for start in parts],
        ]
        return digest_of(json.dumps(said, sort_keys=True).encode())

    def _plan(self, stocks: Sequence[Stock], stamps: Stamps) -> list[Chunk]:
        """What is missing, has changed, or can be read now, in shards; the latter two are told."""
        for stock in stocks:
            _tell_damages(stock)
        ids, names = self.photos.table["id"], [each.name for each in self.classes]
        stated = [_stated(stock.store, ids) for stock in stocks]
        outdated = [set(each) for each in changed_photos(self.photos, stated, self.how, stamps)]
        if changed := set().union(*outdated):
            logger.warning(
                "Embedded anew, since their files have changed: %d photos (%s).",
                len(changed),
                some(sorted(changed)),
            )
        broken = [set(_broken(each)["id"]) for each in stated]
        if self.how.retry_broken:
            mended = self._mended(self._making(stocks), set().union(*broken))
            outdated = [one | (other & mended) for one, other in zip(outdated, broken, strict=True)]
        self._broken = len(set().union(*broken) - set().union(*outdated))
        lacks, anew = [], np.zeros(len(ids), bool)
        for stock, photos in zip(stocks, outdated, strict=True):
            lacks.append(lacking(stock.store, ids, names))
            if photos:
                replaced = ids.is_in(list(photos)).to_numpy()
                lacks[-1][replaced] = True
                anew |= replaced
        return plan(stocks, lacks, anew, self.how)

    def _mended(self, making: Making, photos: set[str]) -> set[str]:
        """Those of some broken photos that can be read now."""
        rows = np.flatnonzero(self.photos.table["id"].is_in(list(photos)).to_numpy())
        recipe = Recipe(self.classes, tuple(dict.fromkeys(making.preparations)), self.how)
        return {
            each.facts.id
            for each in making.prepared([rows.tolist()], recipe)
            if each.facts.status not in (BROKEN, UNREACHABLE)
        }


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


def is_maskable(encoder: Encoder) -> bool:
    """Whether the central mask hides what a photo shows from an encoder.

    It covers part of the crop, so that it does nothing where photos are not cropped, as for
    ``pixels:dct``.
    """
    return isinstance(encoder.preprocess, Preprocess)


def refuse_unmaskable(encoders: Sequence[Encoder]) -> None:
    """Refuse a mask that cannot hide what photos show.

    Raises:
        UsageError: An encoder does not take a crop.
    """
    for encoder in encoders:
        if not is_maskable(encoder):
            raise UsageError(
                f"The encoder {encoder.name!r} reads the photo before it is cropped, where no mask "
                "can cover it: leave this encoder out, or the mask."
            )


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
