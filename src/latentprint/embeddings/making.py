"""Shards in the making: photos are decoded once for all classes and encoders that lack the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from latentprint.embeddings.ahead import ahead
from latentprint.embeddings.engine import default_workers, prepare_all
from latentprint.embeddings.extraction import Extraction
from latentprint.embeddings.outage import Outage
from latentprint.embeddings.reference import keep_or_compare, made_up
from latentprint.embeddings.shard import digest_of_ids
from latentprint.embeddings.sharded import DamagedFile
from latentprint.embeddings.shares import Chunk, count_photos
from latentprint.embeddings.store import Store
from latentprint.embeddings.worker import (
    BROKEN,
    UNREACHABLE,
    Facts,
    PhotoTask,
    Prepared,
    Recipe,
)
from latentprint.encoders.encoder import Encoder
from latentprint.encoders.preparation import Preparation
from latentprint.encoders.preprocess import Preprocess
from latentprint.photos import Photos
from latentprint.processing import Processing

if TYPE_CHECKING:
    import torch


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


@dataclass(frozen=True)
class Making:
    """Makes shards of stores that are begun and held by whoever asks for them.

    Attributes:
        photos: The photos that are asked for.
        encoders: The encoders.
        stores: The store of each.
        classes: The classes that are asked for.
        how: How it is done.
    """

    photos: Photos
    encoders: Sequence[Encoder]
    stores: Sequence[Store]
    classes: tuple[Processing, ...]
    how: Extraction

    @cached_property
    def preparations(self) -> list[Preparation]:
        """What workers do for each encoder."""
        return [_preparation(encoder) for encoder in self.encoders]

    @property
    def workers(self) -> int:
        """How many processes read photos."""
        asked = self.how.workers
        return default_workers(device_of(self.encoders)) if asked is None else asked

    def is_made(self, chunk: Chunk) -> bool:
        """Whether the shards of a chunk are there, of just these photos and classes."""
        ids: str | None = None
        for part in chunk.parts:
            store = self.stores[part.store]
            try:
                header, seal = store.shard(part.number).check_sizes(store.identity)
            except DamagedFile:
                return False
            names = {self.classes[at].name for at in part.classes}
            if ids is None:
                ids = digest_of_ids(photo for photo, _ in self.photos.at(chunk.rows))
            if seal is None or seal.ids != ids or set(header.tensors) != names:
                return False
        return True

    def make(
        self,
        chunks: Sequence[Chunk],
        on_progress: Callable[[Progress], None] | None = None,
        *,
        total: int | None = None,
        broken: int = 0,
    ) -> tuple[int, int]:
        """Make the shards of some chunks.

        Args:
            chunks: What is made.
            on_progress: Called after every photo.
            total: Of how many photos it tells progress; those beside are reused. All by default.
            broken: How many broken photos there were before.

        Returns:
            How many photos were read, and how many are broken in all.

        Raises:
            LatentprintError: See ``extract``.
        """
        total = len(self.photos) if total is None else total
        begun, outage = time.monotonic(), Outage(self.how)
        # A photo that lacks one thing here and another there is read twice.
        reused, seen, read = total - count_photos(chunks), np.zeros(len(self.photos), bool), 0
        for recipe, together in self._by_recipe(chunks):
            for shard, each in ahead(self._read(together, recipe), _waiting(recipe)):
                if isinstance(each, _Batch):
                    shard.embed(each)
                    continue
                outage.note(each)
                if not seen[each.row]:
                    seen[each.row], read = True, read + 1
                    broken += each.facts.status == BROKEN
                shard.seen += 1
                if shard.seen == len(shard.rows):
                    if shard.unreachable:
                        outage.left_out.append(shard.rows)
                    else:
                        shard.write()
                if on_progress:
                    seconds = time.monotonic() - begun
                    on_progress(Progress(reused + read, total, broken, reused, seconds))
        outage.refuse()
        return read, broken

    def _read(
        self, chunks: Sequence[Chunk], recipe: Recipe
    ) -> Generator[tuple[_Shard, Prepared | _Batch]]:
        """The photos of some chunks, each after the batches that it completes."""
        read = self.prepared((chunk.rows for chunk in chunks), recipe)
        which = (shard for shard in self._shards(chunks, recipe) for _ in shard.rows)
        for each, shard in zip(read, which, strict=True):
            for batch in shard.add(each):
                yield shard, batch
            yield shard, each

    def compare_encoders(self, needed: Sequence[int]) -> None:
        """Look whether encoders are those that their stores were begun with.

        Args:
            needed: Which; see ``stores_of``.

        Raises:
            LatentprintError: One is not.
        """
        batches = {each: made_up(each) for each in {self.preparations[at] for at in needed}}
        for at in needed:
            encoder, batch = self.encoders[at], batches[self.preparations[at]]
            keep_or_compare(self.stores[at].folder, encoder, batch, device_of([encoder]))

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
                    self.stores[part.store],
                    part.number,
                    recipe.preprocesses.index(self.preparations[part.store]),
                    tuple(names.index(self.classes[at].name) for at in part.classes),
                )
                for part in chunk.parts
            ]
            yield _Shard(chunk.rows, parts, recipe)

    def prepared(self, parts: Iterable[Sequence[int]], recipe: Recipe) -> Iterator[Prepared]:
        """Read some photos, in their order.

        Args:
            parts: Their rows, in parts that are looked up one after the other.
            recipe: What to make from each.
        """
        tasks = (
            PhotoTask(row, photo, self.photos.file(path))
            for rows in parts
            for row, (photo, path) in zip(rows, self.photos.at(rows), strict=True)
        )
        return prepare_all(tasks, recipe, self.workers)


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


@dataclass(frozen=True)
class _Batch:
    """Images that go through encoders at once.

    Attributes:
        queue: Which encoders of the shard they are for.
        pixels: uint8 [batch size, ...], filled up with copies of the same images.
        count: How many are no copies.
    """

    queue: tuple[int, tuple[int, ...]]
    pixels: torch.Tensor
    count: int


@dataclass
class _Shard:
    """Shards of several stores in the making, from the same photos.

    One thread adds photos and makes batches of them, another embeds these and writes the shard.
    Batches never cross shards, and all are of one size. Once one of its photos cannot be reached it
    will not be written, and nothing more is embedded.
    """

    rows: Sequence[int]
    parts: list[_ShardPart]
    recipe: Recipe
    facts: list[Facts] = field(default_factory=list)
    unreachable: bool = False
    seen: int = 0

    def __post_init__(self) -> None:
        self._waiting: dict[tuple[int, tuple[int, ...]], list[np.ndarray]] = {
            part.queue: [] for part in self.parts
        }
        self._embedded: list[list[np.ndarray]] = [[] for _ in self.parts]
        self._pinned = any(device_of([part.encoder]).startswith("cuda") for part in self.parts)
        self._added = 0

    def add(self, prepared: Prepared) -> Iterator[_Batch]:
        """Add the next photo, and make the batches that are full; with the last photo all."""
        self._added += 1
        self.unreachable |= prepared.facts.status == UNREACHABLE
        if self.unreachable:
            return
        self.facts.append(prepared.facts)
        if prepared.pixels:
            for (preparation, classes), waiting in self._waiting.items():
                waiting.extend(prepared.pixels[preparation][list(classes)])
        yield from self._batches(whole=self._added < len(self.rows))

    def embed(self, batch: _Batch) -> None:
        """Embed a batch with the encoders that it is for."""
        for part, embedded in zip(self.parts, self._embedded, strict=True):
            if part.queue == batch.queue:
                embedded.append(part.encoder.embed(batch.pixels).numpy()[: batch.count])

    def write(self) -> None:
        """Write the shard, all batches of which are embedded."""
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

    def _batches(self, *, whole: bool) -> Iterator[_Batch]:
        """Batches of what waits, as far as it fills whole ones, or of all."""
        import torch

        size = self.recipe.how.batch_size
        for queue, waiting in self._waiting.items():
            while len(waiting) >= size or (waiting and not whole):
                count = min(size, len(waiting))
                batch = np.stack(waiting[:count])
                del waiting[:count]
                # Filled up with itself: what an encoder gives depends on the size of a batch.
                full = torch.from_numpy(np.resize(batch, (size, *batch.shape[1:])))
                # From pinned memory the next batch travels while the device computes.
                yield _Batch(queue, full.pin_memory() if self._pinned else full, count)


def _waiting(recipe: Recipe) -> int:
    """How many photos and batches wait for the encoder: about two batches."""
    return 2 * -(-recipe.how.batch_size // max(len(recipe.classes), 1)) + 2


def stores_of(chunks: Iterable[Chunk]) -> list[int]:
    """Which of the stores get something."""
    return sorted({part.store for chunk in chunks for part in chunk.parts})


def device_of(encoders: Iterable[Encoder]) -> str:
    """The device that the first encoder says it runs on; "cpu" where it says nothing."""
    return str(getattr(next(iter(encoders)), "device", "cpu"))


def _preparation(encoder: Encoder) -> Preparation:
    """What workers do for an encoder; the same for encoders that differ in normalisation alone."""
    preparation = encoder.preprocess
    if type(preparation) is Preprocess:
        # Pixels are not normalised yet, and a second resize of every class would be wasted.
        return replace(preparation, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    return preparation
