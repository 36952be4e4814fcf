"""What goes wrong on real machines, done for real: nothing good is lost, nothing bad is kept.

``benchmarks/faults.py`` does the same with kills many times.
"""

import resource
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image

from latentprint.embeddings import engine as engine_module
from latentprint.embeddings import open_collection, open_store, write_photos
from latentprint.embeddings.worker import PhotoTask, Prepared, Recipe, broken, prepare
from latentprint.errors import LatentprintError
from latentprint.photos import Photos, open_photos
from latentprint.processing import NONE

from .killing import (
    COUNT,
    HOW,
    SHARD,
    begin_small,
    contents,
    grown_undisturbed,
    kill_at_random,
    make_photos,
    run,
    shards,
    start,
    wait_for_shards,
)
from .toy import ToyEncoder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_photos(tmp_path / "photos")


@pytest.fixture
def photos(folder: Path) -> Photos:
    return open_photos(folder)


@pytest.fixture
def whole(photos: Photos, tmp_path: Path) -> dict[str, bytes]:
    """An undisturbed store."""
    run(photos, tmp_path / "undisturbed")
    return contents(tmp_path / "undisturbed")


class Away(ToyEncoder):
    """Something happens while a batch is embedded."""

    def __init__(self, batch: int, what: Any) -> None:
        super().__init__()
        self.batch, self.what = batch, what

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        if len(self.batches) == self.batch:
            self.what()
        return super().embed(pixels)


def test_a_folder_that_goes_away_and_comes_back(
    folder: Path, photos: Photos, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    moved = tmp_path / "away"
    with pytest.raises(LatentprintError, match=r"The last 6 photos .* seems to be away"):
        run(photos, tmp_path / "out", Away(5, lambda: folder.rename(moved)), stop_after=6)
    kept = contents(tmp_path / "out")
    assert 0 < len(shards(kept)) < 2 * COUNT // SHARD
    assert shards(kept).items() <= whole.items()
    # What is there can be continued while its photos are away, and loses nothing by it.
    with pytest.raises(LatentprintError, match="seems to be away"):
        run(photos, tmp_path / "out", stop_after=6)
    assert contents(tmp_path / "out") == kept
    moved.rename(folder)
    run(photos, tmp_path / "out")
    assert contents(tmp_path / "out") == whole


def test_a_short_outage_costs_a_few_shards_and_not_the_run(
    folder: Path, photos: Photos, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    for name in ("01.png", "14.png", "21.png", "22.png"):
        (folder / name).rename(tmp_path / name)
    with pytest.raises(LatentprintError) as failed:
        run(photos, tmp_path / "out")
    message = str(failed.value)
    assert "could not be found or read: 4 (01.png: there is no such file; 14.png" in message
    assert "22.png" not in message
    assert "Not stored for that: 12 photos" in message
    assert "--skip-missing" in message
    kept = shards(contents(tmp_path / "out"))
    assert len(kept) == 2 * (COUNT // SHARD - 3)
    assert kept.items() <= whole.items()
    for name in ("01.png", "14.png", "21.png", "22.png"):
        (tmp_path / name).rename(folder / name)
    run(photos, tmp_path / "out")
    assert contents(tmp_path / "out") == whole


def test_a_moment_without_a_photo_is_waited_for(
    folder: Path, photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from latentprint.embeddings import worker

    (folder / "03.png").rename(tmp_path / "03.png")
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            (tmp_path / "03.png").rename(folder / "03.png")

    monkeypatch.setattr(worker.time, "sleep", sleep)
    how = replace(HOW, pauses=(0.5, 2.0))
    made = prepare(PhotoTask(3, "03.png", folder / "03.png"), Recipe((NONE,), (), how))
    assert (made.facts.status, waited) == ("ok", [0.5, 2.0])


def test_missing_photos_can_be_counted_as_broken_and_be_found_again(
    folder: Path, photos: Photos, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    (folder / "01.png").rename(tmp_path / "01.png")
    facts = run(photos, tmp_path / "out", skip_missing=True).facts()
    assert facts.filter(facts["status"] == "broken")["id"].to_list() == ["01.png", "07.png"]
    (tmp_path / "01.png").rename(folder / "01.png")
    encoder = ToyEncoder()
    grown = run(photos, tmp_path / "out", encoder)
    assert encoder.batches == [3, 3]  # the made-up pictures, and a batch that it alone fills
    undisturbed = open_store(tmp_path / "undisturbed" / grown.folder.name)
    assert grown.facts().equals(undisturbed.facts())
    assert np.array_equal(grown.vectors("none"), undisturbed.vectors("none"))


def test_a_photo_that_was_broken_once_can_be_read_again_when_asked_for(
    photos: Photos, tmp_path: Path, whole: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where memory ran out: the file is the same."""
    module = sys.modules["latentprint.embeddings.engine"]
    with monkeypatch.context() as patched:
        patched.setattr(module, "prepare", lambda task, recipe: (
            broken(task, "crashed") if task.photo_id == "01.png" else prepare(task, recipe)
        ))  # fmt: skip
        run(photos, tmp_path / "out")
    for retry, batches, status in ((False, [], "broken"), (True, [3, 3], "ok")):
        encoder = ToyEncoder()
        store = run(photos, tmp_path / "out", encoder, retry_broken=retry)
        assert (encoder.batches, store.facts()["status"][1]) == (batches, status)
    undisturbed = open_store(tmp_path / "undisturbed" / store.folder.name)
    assert np.array_equal(store.vectors("none"), undisturbed.vectors("none"))


def _killing(folder: Path, name: str, times: int) -> Any:
    """A way to prepare that ends its process when it reads a photo, some times."""

    def made(task: PhotoTask, recipe: Recipe) -> Prepared:
        mark = folder.parent / f"deaths-{name}"
        deaths = len(mark.read_text()) if mark.exists() else 0
        if task.photo_id == name and deaths < times:
            mark.write_text("x" * (deaths + 1))
            raise engine_module.BrokenProcessPool
        return prepare(task, recipe)

    return made


@pytest.mark.parametrize(("deaths", "status"), [(1, "ok"), (2, "ok"), (3, "broken")])
def test_a_photo_is_to_blame_when_it_ends_a_worker_of_its_own_twice(
    deaths: int, status: str, folder: Path, photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once in the pool and twice alone; the pool's future raises what a dead worker raises."""

    class Pool:
        def __init__(self, workers: int, sent: object) -> None:
            pass

        def __enter__(self) -> "Pool":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def submit(self, work: Any, *arguments: Any) -> Any:
            from concurrent.futures import Future

            future: Future[Any] = Future()
            try:
                future.set_result(killing(*arguments))
            except engine_module.BrokenProcessPool as error:
                future.set_exception(error)
            return future

        def shutdown(self, **_: object) -> None:
            pass

    killing = _killing(folder, "05.png", deaths)
    monkeypatch.setattr(engine_module, "worker_pool", Pool)
    tasks = [PhotoTask(at, f"{at:02}.png", folder / f"{at:02}.png") for at in range(12)]
    found = list(engine_module.prepare_all(tasks, Recipe((NONE,), (), HOW), 2))
    assert [each.row for each in found] == list(range(12))
    assert found[5].facts.status == status
    assert {each.facts.status for each in found if each.row not in (5, 7)} == {"ok"}


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="workers are found in /proc")
@pytest.mark.parametrize("seed", range(2))
def test_killed_at_random(
    seed: int, photos: Photos, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    out = tmp_path / "out"
    assert kill_at_random(photos, out, seed) >= 2
    assert shards(contents(out)).items() <= whole.items()
    run(photos, out)
    assert contents(out) == whole


def as_read(out: Path) -> tuple[pl.DataFrame, np.ndarray]:
    """What a command that reads a store sees."""
    (source,) = open_collection(out)
    return source.photos, source.vectors("none")[:]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="workers are found in /proc")
@pytest.mark.parametrize("seed", range(1))
def test_growth_killed_at_random(seed: int, photos: Photos, tmp_path: Path) -> None:
    out = tmp_path / "out"
    begin_small(photos, out)
    before, read = contents(out), as_read(out)
    grown = grown_undisturbed(photos, out, tmp_path / "undisturbed")
    assert kill_at_random(photos, out, seed, classes=2) >= 2
    kept = contents(out)
    assert len(shards(kept)) > len(shards(before))
    assert shards(kept).items() <= grown.items()
    now = as_read(out)
    assert now[0].equals(read[0])
    assert np.array_equal(now[1], read[1])
    run(photos, out, classes=2)
    assert {name: each for name, each in contents(out).items() if ".lock" not in name} == grown
    assert shards(before).items() <= grown.items()


@pytest.mark.slow
def test_two_that_grow_a_store_at_once(photos: Photos, tmp_path: Path) -> None:
    out = tmp_path / "out"
    some = begin_small(photos, out)
    grown = grown_undisturbed(photos, out, tmp_path / "undisturbed")
    count = len(list(out.rglob("*.parquet")))
    process = start(photos, out, workers=0, pause=0.5, classes=2)
    wait_for_shards(out, count + 1, process)
    for asked, classes in ((photos, 2), (some, 2), (some, 1)):
        with pytest.raises(LatentprintError, match=f"written to by process {process.pid} on "):
            run(asked, out, classes=classes)
    process.kill()
    process.communicate()
    run(photos, out, classes=2)
    assert contents(out) == grown


@pytest.mark.slow
def test_told_to_end(photos: Photos, tmp_path: Path, whole: dict[str, bytes]) -> None:
    process = start(photos, tmp_path / "out")
    wait_for_shards(tmp_path / "out", 1, process)
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 143, said
    assert said.endswith("What was finished is kept: run the same command again to go on.\n")
    kept = shards(contents(tmp_path / "out"))
    assert kept.items() <= whole.items()
    assert len(kept) < len(shards(whole))
    run(photos, tmp_path / "out")
    assert contents(tmp_path / "out") == whole


@pytest.mark.slow
def test_a_second_writer_is_refused_and_a_killed_one_holds_nobody_up(
    photos: Photos, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    process = start(photos, tmp_path / "out", workers=0, pause=0.5)
    wait_for_shards(tmp_path / "out", 1, process)
    with pytest.raises(LatentprintError, match=f"being written to by process {process.pid} on "):
        run(photos, tmp_path / "out")
    process.kill()
    process.communicate()
    assert list((tmp_path / "out").rglob(".lock"))
    run(photos, tmp_path / "out")
    assert contents(tmp_path / "out") == whole


def test_no_room_for_a_file(photos: Photos, tmp_path: Path, whole: dict[str, bytes]) -> None:
    """A limit on the size of files ends a write in the middle, as a full disk does."""
    largest = max(len(each) for name, each in whole.items() if name.endswith(".parquet"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest - 10, before[1]))
    try:
        with pytest.raises(LatentprintError, match="Cannot write to"):
            run(photos, tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list((tmp_path / "out").rglob("*.partial"))
    run(photos, tmp_path / "out")
    assert contents(tmp_path / "out") == whole


class Turned(ToyEncoder):
    """The same name and identity, and code that changed."""

    def __init__(self, turn: float, scale: float = 1.0) -> None:
        super().__init__()
        self.turn, self.scale = turn, scale

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        found = super().embed(pixels)
        return self.scale * (found + self.turn * found.roll(1, dims=1))


@pytest.mark.parametrize(
    ("turn", "scale", "said"),
    [(1e-4, 1.0, None), (0.05, 1.0, r"1 - cos = 0\.00"), (0.0, 1.02, "lengths by 2")],
)
def test_an_encoder_that_changed_does_not_go_on(
    turn: float, scale: float, said: str | None, photos: Photos, tmp_path: Path
) -> None:
    store = run(photos, tmp_path / "out")
    (store.folder / "shard-00003.parquet").unlink()
    before = contents(tmp_path / "out")
    if said is None:
        run(photos, tmp_path / "out", Turned(turn, scale))
        return
    with pytest.raises(LatentprintError, match=f"not the one .* {said}"):
        run(photos, tmp_path / "out", Turned(turn, scale))
    assert contents(tmp_path / "out") == before


def test_a_store_opens_fast(tmp_path: Path) -> None:
    """The checks of a shard cost less than a millisecond or so: 782 make 100,000 photos."""
    generator = np.random.default_rng(0)
    root = tmp_path / "photos"
    root.mkdir()
    for number in range(100):
        Image.fromarray(generator.integers(0, 256, (8, 8, 3), np.uint8)).save(
            root / f"{number}.png"
        )
    photos = open_photos(root)
    run(photos, tmp_path / "out", shard_size=1)
    write_photos(tmp_path / "out", photos)
    begun = time.process_time()
    (source,) = open_collection(tmp_path / "out")
    source.vectors("none")
    assert time.process_time() - begun < 1.0
    shutil.rmtree(root)
