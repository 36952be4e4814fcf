"""What happens at the same time while shards are made."""

import threading
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from latentprint.embeddings import engine, extract
from latentprint.embeddings.ahead import ahead
from latentprint.embeddings.making import Making
from latentprint.embeddings.shares import Chunk, Part
from latentprint.embeddings.worker import PhotoTask, Prepared, Recipe, prepare
from latentprint.photos import Photos
from latentprint.processing import NONE

from .killing import HOW
from .toy import ToyEncoder

LIMIT = 20.0


def test_the_next_batch_is_read_while_the_encoder_works(
    photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each batch waits until all photos of the next one were read, across shards as well."""
    read = [threading.Event() for _ in range(12)]

    def noted(task: PhotoTask, recipe: Recipe) -> Prepared:
        read[task.row].set()
        return prepare(task, recipe)

    class Waits(ToyEncoder):
        waited: tuple[bool, ...] = ()

        def embed(self, pixels: torch.Tensor) -> torch.Tensor:
            self.waited += (read[min(3 * len(self.waited) + 2, 11)].wait(LIMIT),)
            return super().embed(pixels)

    monkeypatch.setattr(engine, "prepare", noted)
    encoder, how = Waits(), replace(HOW, batch_size=3, shard_size=6)
    read[2].set()  # the pictures that are made up come before all photos
    extract(photos, [encoder], [NONE], tmp_path / "out", extraction=how)
    assert encoder.waited == (True,) * 5


def test_what_runs_ahead_keeps_its_order_and_its_errors() -> None:
    def source() -> Generator[int]:
        yield from range(100)
        raise ValueError("the hundredth")

    items = ahead(source(), 3)
    assert [next(items) for _ in range(100)] == list(range(100))
    with pytest.raises(ValueError, match="the hundredth"):
        next(items)


def test_what_runs_ahead_ends_with_whoever_asks() -> None:
    closed, made = threading.Event(), []

    def source() -> Generator[int]:
        try:
            for each in range(1000):
                made.append(each)
                yield each
        finally:
            closed.set()

    items = ahead(source(), 3)
    assert next(items) == 0
    items.close()
    assert closed.is_set()
    assert len(made) <= 6
    assert "ahead" not in {each.name for each in threading.enumerate()}


def test_shards_of_other_photos_are_not_taken_for_made(photos: Photos, tmp_path: Path) -> None:
    encoder, how = ToyEncoder(), replace(HOW, shard_size=12)
    (store,) = extract(photos, [encoder], [NONE], tmp_path / "out", extraction=how)
    chunk = Chunk(range(12), (Part(0, (0,), 0),))
    others = replace(photos, table=photos.table.reverse())
    made = [
        Making(each, [encoder], [store], (NONE,), how).is_made(chunk) for each in (photos, others)
    ]
    assert made == [True, False]
