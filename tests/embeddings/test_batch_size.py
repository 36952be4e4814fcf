"""Which size of batches is found."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from latentprint.embeddings import Extraction, extract
from latentprint.embeddings.batch_size import fastest_batch
from latentprint.errors import LatentprintError, UsageError
from latentprint.jobs.members import Member
from latentprint.photos import Photos
from latentprint.processing import NONE

from .toy import ToyEncoder


class Costs(ToyEncoder):
    """Takes a time that depends on the size of the batch, and has memory for some pictures."""

    def __init__(self, seconds: Callable[[int], float], memory: int) -> None:
        super().__init__()
        self.seconds, self.memory, self.now = seconds, memory, 0.0

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        if len(pixels) > self.memory:
            raise torch.OutOfMemoryError
        self.now += self.seconds(len(pixels))
        return super().embed(pixels)


@pytest.mark.parametrize(
    ("seconds", "memory", "size"),
    [
        (lambda n: 1.0 + n / 1000, 10_000, 4096),
        (lambda n: max(1.0, n / 200), 10_000, 256),
        (lambda n: n / 100, 10_000, 64),
        (lambda n: 1.0 + n / 1000, 300, 256),
        (lambda n: 1.0 + n / 1000, 63, 32),
        (lambda n: 1.0, 1, 1),
    ],
)
def test_doubled_while_faster_and_halved_where_memory_ends(
    seconds: Callable[[int], float], memory: int, size: int
) -> None:
    encoder = Costs(seconds, memory)
    assert fastest_batch([Member("toy", encoder)], clock=lambda: encoder.now) == size


def test_no_memory_at_all() -> None:
    with pytest.raises(LatentprintError, match="Not even one picture"):
        fastest_batch([Costs(lambda _: 1.0, 0)])


def test_a_store_keeps_what_was_found(
    photos: Photos,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    found = iter([8])
    module = sys.modules["latentprint.embeddings.extract"]
    monkeypatch.setattr(module, "fastest_batch", lambda _: next(found))
    how = Extraction(workers=0).with_batches("auto")
    for _ in range(2):
        (store,) = extract(photos, [ToyEncoder()], [NONE], tmp_path, extraction=how)
        assert store.manifest["settings"]["batch_size"] == 8
    assert caplog.text.count("Images in a batch: 8") == 1


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", ""])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(UsageError, match="--batch-size"):
        Extraction().with_batches(text)
