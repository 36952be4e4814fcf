"""The store's promises: the same whatever the workers, resumable, never mixed up."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from latentprint.embeddings import (
    Extraction,
    Store,
    extract,
    open_collection,
    write_photos,
)
from latentprint.embeddings.changes import Stamps
from latentprint.embeddings.worker import PhotoTask, Recipe, prepare
from latentprint.errors import LatentprintError
from latentprint.photos import Photos, open_photos
from latentprint.processing import ATTRIBUTES, classes_of, published_classes

from .toy import ToyEncoder

CLASSES = classes_of((ATTRIBUTES["jpeg"], ATTRIBUTES["interpolation"]))
HOW = Extraction(batch_size=7, shard_size=5, workers=0)


def run(photos: Photos, out: Path, how: Extraction = HOW, names: Sequence[str] = ("toy",)) -> Store:
    return extract(photos, [ToyEncoder(name) for name in names], CLASSES, out, extraction=how)[0]


def contents(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()
    }


def test_vectors_are_what_the_encoder_gives_one_by_one(photos: Photos, tmp_path: Path) -> None:
    store = run(photos, tmp_path / "out")
    readable = [row for row in photos.table.rows(named=True) if row["id"] != "a/04.png"]
    assert store.facts().height == 12
    encoder = ToyEncoder()
    for name in ("JPEG75_420", "INTERPOLATION_BOX"):
        vectors = store.vectors(name)
        assert vectors.shape == (11, 8)
        for row, vector in zip(readable, vectors, strict=True):
            image = Image.open(photos.file(row["path"])).convert("RGB")
            pixels = encoder.preprocess.pixels(published_classes()[name](image, row["id"]))
            expected = encoder.embed(torch.tensor(pixels)[None])[0].numpy()
            np.testing.assert_allclose(vector, expected, rtol=1e-4, atol=1e-4)


def test_a_broken_photo_is_named_and_the_others_go_on(photos: Photos, tmp_path: Path) -> None:
    facts = run(photos, tmp_path / "out").facts()
    broken = facts.filter(facts["status"] == "broken")
    assert broken["id"].to_list() == ["a/04.png"]
    assert "empty" in broken["reason"][0]


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_no_byte(photos: Photos, tmp_path: Path, workers: int) -> None:
    run(photos, tmp_path / "one")
    run(photos, tmp_path / "other", Extraction(batch_size=7, shard_size=5, workers=workers))
    assert contents(tmp_path / "one") == contents(tmp_path / "other")


def test_batch_and_shard_size_change_no_more_than_rounding(photos: Photos, tmp_path: Path) -> None:
    one = run(photos, tmp_path / "one").vectors("JPEG95_444")
    how = Extraction(batch_size=64, shard_size=3, workers=0)
    other = run(photos, tmp_path / "other", how).vectors("JPEG95_444")
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_batches_fill_across_photos_and_classes(photos: Photos, tmp_path: Path) -> None:
    encoder = ToyEncoder()
    extract(photos, [encoder], CLASSES, tmp_path / "out", extraction=HOW)
    made_up, *batches = encoder.batches
    assert made_up == 3
    # Shards of 4 (one broken), 5 and 2 readable photos with 10 classes each, in full batches.
    assert batches == [7] * (6 + 8 + 3)


def test_a_second_run_computes_nothing(photos: Photos, tmp_path: Path) -> None:
    run(photos, tmp_path / "out")
    encoder = ToyEncoder()
    extract(photos, [encoder], CLASSES, tmp_path / "out", extraction=HOW)
    assert encoder.batches == []


def test_several_encoders_are_fed_from_one_reading(photos: Photos, tmp_path: Path) -> None:
    run(photos, tmp_path / "out")
    both = [ToyEncoder(), ToyEncoder("second", crop=24)]
    stores = extract(photos, both, CLASSES, tmp_path / "out", extraction=HOW)
    assert both[0].batches == []
    alone = extract(
        photos, [ToyEncoder("second", crop=24)], CLASSES, tmp_path / "b", extraction=HOW
    )
    assert np.array_equal(stores[1].vectors("JPEG75_444"), alone[0].vectors("JPEG75_444"))


def test_moving_the_photos_keeps_the_embeddings(
    folder: Path, photos: Photos, tmp_path: Path
) -> None:
    run(photos, tmp_path / "out")
    shutil.copytree(folder, tmp_path / "moved", copy_function=shutil.copy)
    encoder = ToyEncoder()
    extract(open_photos(tmp_path / "moved"), [encoder], CLASSES, tmp_path / "out", extraction=HOW)
    assert encoder.batches == []


def test_photos_of_several_stores_are_compared_once(
    folder: Path, photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoders = [ToyEncoder("one"), ToyEncoder("two")]
    extract(photos, encoders, CLASSES, tmp_path / "out", extraction=HOW)
    os.utime(folder / "b" / "05.png", (1, 1))
    compared: list[Path] = []
    module = sys.modules["latentprint.embeddings.changes"]
    whole = module.decode

    def counted(file: Path, **options: Any) -> Any:
        compared.append(file)
        return whole(file, **options)

    monkeypatch.setattr(module, "decode", counted)
    extract(photos, encoders, CLASSES, tmp_path / "out", extraction=HOW)
    assert compared == [folder / "b" / "05.png"]


def test_each_file_is_looked_at_once_for_all_calls_of_a_job(
    photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("one", "two", "three")
    run(photos, tmp_path / "out", names=names)
    looked: list[str] = []
    module = sys.modules["latentprint.embeddings.changes"]
    whole = module.stamp
    monkeypatch.setattr(module, "stamp", lambda file: looked.append(str(file)) or whole(file))
    stamps = Stamps()
    for group in (names[:2], names[2:]):
        encoders = [ToyEncoder(name) for name in group]
        extract(photos, encoders, CLASSES, tmp_path / "out", extraction=HOW, stamps=stamps)
    assert sorted(looked) == sorted(str(photos.file(path)) for path in photos.table["path"])


def test_other_settings_are_refused_and_nothing_is_touched(photos: Photos, tmp_path: Path) -> None:
    run(photos, tmp_path / "out")
    before = contents(tmp_path / "out")
    with pytest.raises(LatentprintError, match=r"settings\.mask is 0\.0 there and 0\.9 now"):
        run(photos, tmp_path / "out", Extraction(batch_size=7, shard_size=5, workers=0, mask=0.9))
    assert contents(tmp_path / "out") == before


def test_a_full_disk_is_said_and_finished_shards_stay(
    photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(photos, tmp_path / "whole")
    replace = Path.replace
    written: list[Path] = []

    def full(partial: Path, path: Path) -> Path:
        written.append(path)
        if len(written) > 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        return replace(partial, path)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(LatentprintError, match="the disk is full"):
            run(photos, tmp_path / "out")
    run(photos, tmp_path / "out")
    assert {name for name in contents(tmp_path / "out") if ".partial" in name} == set()
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_an_out_that_is_a_file_is_said(photos: Photos, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(LatentprintError, match="choose another --out"):
        run(photos, tmp_path / "out")


def test_a_damaged_shard_is_named(photos: Photos, tmp_path: Path) -> None:
    store = run(photos, tmp_path / "out")
    path = store.folder / "shard-00001.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(LatentprintError, match=r"shard-00001\.safetensors is damaged"):
        store.vectors("JPEG75_420")


SCRIPT = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from embeddings.toy import ToyEncoder
from latentprint.embeddings import Extraction, extract
from latentprint.photos import open_photos
from latentprint.processing import ATTRIBUTES, classes_of

class Slow(ToyEncoder):
    def embed(self, pixels):
        time.sleep(0.15)
        return super().embed(pixels)

if __name__ == "__main__":
    classes = classes_of((ATTRIBUTES["jpeg"], ATTRIBUTES["interpolation"]))
    how = Extraction(batch_size=7, shard_size=5, workers=1)
    extract(open_photos({folder!r}), [Slow()], classes, Path({out!r}), extraction=how)
"""


def test_a_run_killed_for_real_resumes_bit_identical(
    folder: Path, photos: Photos, tmp_path: Path
) -> None:
    run(photos, tmp_path / "whole")
    script = tmp_path / "script.py"
    tests = str(Path(__file__).parents[1])
    script.write_text(SCRIPT.format(tests=tests, folder=str(folder), out=str(tmp_path / "out")))
    process = subprocess.Popen([sys.executable, str(script)], start_new_session=True)
    deadline = time.monotonic() + 60
    while not list((tmp_path / "out").rglob("*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = list((tmp_path / "out").rglob("*.parquet"))
    assert 0 < len(kept) < 3
    stamps = {path: path.stat().st_mtime_ns for path in kept}
    run(photos, tmp_path / "out")
    assert contents(tmp_path / "whole") == contents(tmp_path / "out")
    assert stamps == {path: path.stat().st_mtime_ns for path in kept}
    # The worker process must not outlive its killed parent.
    group = process.pid
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("a worker process outlived its parent")


def test_a_photo_that_cannot_be_processed_is_broken_with_the_class(tmp_path: Path) -> None:
    Image.new("RGB", (40_000, 2)).save(tmp_path / "wide.png")
    recipe = Recipe((published_classes()["RESIZE_DOUBLE"],), (ToyEncoder().preprocess,))
    facts = prepare(PhotoTask(0, "wide.png", tmp_path / "wide.png"), recipe).facts
    assert facts.status == "broken"
    assert "RESIZE_DOUBLE" in facts.reason


def test_the_mask_reaches_the_pixels(folder: Path) -> None:
    classes, how = (published_classes()["none"],), Extraction(mask=0.5)
    recipe = Recipe(classes, (ToyEncoder().preprocess,), how)
    (pixels,) = prepare(PhotoTask(0, "x", folder / "b" / "01.png"), recipe).pixels
    assert (pixels[0, 8, 8] == 0).all()
    assert pixels[0, 0].any()


def test_a_collection_has_a_seeded_split_and_skips_broken_photos(
    photos: Photos, tmp_path: Path
) -> None:
    run(photos, tmp_path / "out")
    write_photos(tmp_path / "out", photos)
    (source,) = open_collection(tmp_path / "out", seed=3)
    assert source.photos.height == 11 == len(source.vectors("JPEG75_420"))
    assert set(source.photos["split"]) == {"train", "val"}
    (again,) = open_collection(str(tmp_path / "out"), seed=3)
    assert source.photos.equals(again.photos)


def test_a_group_column_of_the_manifest_is_used(folder: Path, tmp_path: Path) -> None:
    rows = [f"{name}/{number:02}.png,{number // 4}" for number in range(12) for name in "ab"]
    there = [row for row in rows if (folder / row.split(",")[0]).exists()]
    (folder / "manifest.csv").write_text("\n".join(["path,group", *there]))
    photos = open_photos(folder / "manifest.csv")
    run(photos, tmp_path / "out")
    write_photos(tmp_path / "out", photos)
    (source,) = open_collection(tmp_path / "out")
    assert set(source.photos["group"]) == {"0", "1", "2"}
    for _, part in source.photos.group_by("group"):
        assert part["split"].n_unique() == 1


def test_an_empty_folder_holds_no_embeddings(tmp_path: Path) -> None:
    with pytest.raises(LatentprintError, match="latentprint embed"):
        open_collection(tmp_path)
