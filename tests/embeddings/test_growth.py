"""A store that grows holds what one made at once would hold, and computes only what it lacks."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image

from latentprint.embeddings import (
    Extraction,
    Store,
    StoredEmbeddings,
    compare_photos,
    extract,
    open_collection,
    open_store,
    write_photos,
)
from latentprint.embeddings.growth import FEWEST, MOST, SHARD_BYTES, plan
from latentprint.embeddings.index import Index
from latentprint.embeddings.sharded import DamagedFile
from latentprint.embeddings.store import Stock
from latentprint.encoders import load_encoder
from latentprint.encoders.load_options import LoadOptions
from latentprint.encoders.timm_encoder import load_timm
from latentprint.errors import LatentprintError
from latentprint.jobs.store_care import verify
from latentprint.photos import Photos, open_photos
from latentprint.processing import ATTRIBUTES, NONE, Processing, classes_of

from .killing import contents, shards
from .toy import ToyEncoder

CLASSES = classes_of((ATTRIBUTES["jpeg"],))
FEW, MORE = CLASSES[:2], (*CLASSES[:2], NONE)
HOW = Extraction(batch_size=4, shard_size=3, workers=0)


def embed(
    photos: Photos,
    out: Path,
    classes: Sequence[Processing] = FEW,
    names: Sequence[str] = ("toy",),
    **how: Any,
) -> tuple[list[Store], list[ToyEncoder]]:
    encoders = [ToyEncoder(name) for name in names]
    stores = extract(photos, encoders, classes, out, extraction=replace(HOW, **how))
    write_photos(out, photos)
    return stores, encoders


def fed(encoder: ToyEncoder) -> int:
    """How many batches of photos it got, the made-up pictures aside."""
    return len(encoder.batches) - bool(encoder.batches)


def part(photos: Photos, condition: pl.Expr) -> Photos:
    return replace(photos, table=photos.table.filter(condition))


def first(photos: Photos, count: int) -> Photos:
    """Some photos: those added later lie between them in the table."""
    return part(photos, pl.int_range(pl.len()) % 12 // 2 * 2 % 5 < count)


def assert_equal(one: Path, other: Path) -> None:
    """Everything that a measurement can see is the same, to the bit."""
    sides = [{each.encoder: each for each in open_collection(folder)} for folder in (one, other)]
    assert sides[0].keys() == sides[1].keys()
    for name, mine in sides[0].items():
        assert_same_embeddings(mine, sides[1][name])


def assert_same_embeddings(mine: StoredEmbeddings, other: StoredEmbeddings) -> None:
    assert mine.photos.equals(other.photos)
    assert set(mine.store.classes) == set(other.store.classes)
    for each in mine.store.classes:
        assert np.array_equal(mine.vectors(each)[:], other.vectors(each)[:]), each


def test_an_index_that_was_taken_away_is_told_in_a_sentence(photos: Photos, tmp_path: Path) -> None:
    """Whoever adds to the store removes it, also while a command reads."""
    embed(photos, tmp_path)
    (index,) = tmp_path.glob("*/index-*.parquet")
    store = open_store(index.parent)
    index.unlink()
    for columns in (None, ["id", "status", "content"]):
        with pytest.raises(DamagedFile, match="is damaged"):
            store.facts(columns)


def test_it_grows_by_photos_classes_and_encoders(photos: Photos, tmp_path: Path) -> None:
    some, out = first(photos, 2), tmp_path / "out"
    assert 3 < len(some) < 9
    embed(some, out)
    kept = shards(contents(out))
    _, (encoder,) = embed(photos, out)
    # Six photos, one broken, under two classes in two shards: batches of 4, and 4 and 2.
    assert (len(photos) - len(some), fed(encoder)) == (6, 3)
    _, (encoder,) = embed(photos, out, MORE)
    assert fed(encoder) == 4  # 12 photos, one broken, in 4 shards and one class
    _, (encoder, added) = embed(photos, out, MORE, ("toy", "second"))
    assert (fed(encoder), fed(added) > 8) == (0, True)
    assert kept.items() <= contents(out).items()
    embed(photos, tmp_path / "once", MORE, ("toy", "second"))
    assert_equal(out, tmp_path / "once")
    assert all(each.sound for each in verify(out))


def test_all_at_once_in_another_order(photos: Photos, tmp_path: Path) -> None:
    """Photos, classes and an encoder in one step, and the store of another shard size."""
    out = tmp_path / "out"
    embed(first(photos, 3), out, MORE[1:])
    embed(photos, out, MORE, ("toy", "second"), shard_size=5)
    embed(photos, tmp_path / "once", MORE, ("toy", "second"))
    assert_equal(out, tmp_path / "once")


def test_fewer_photos_and_classes_use_what_is_there(
    photos: Photos, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "out"
    embed(photos, out, MORE, ("toy", "second"))
    whole, some = contents(out), first(photos, 2)
    compare_photos(out, some)
    assert f"{len(photos) - len(some)} photos are not among those asked for any more" in caplog.text
    ((store,), (encoder,)) = embed(some, out, MORE[1:])
    assert (encoder.batches, store.classes) == ([], ("JPEG75_444", "none"))
    assert shards(contents(out)) == shards(whole)
    embed(some, tmp_path / "once", MORE[1:])
    (asked,), (once,) = (
        [each for each in open_collection(folder) if each.encoder == "toy"]
        for folder in (out, tmp_path / "once")
    )
    assert asked.photos.equals(once.photos)
    assert np.array_equal(asked.vectors("none")[:], once.vectors("none")[:])
    assert "were not among those that were last asked for" in caplog.text
    # What was left out comes back without work.
    _, encoders = embed(photos, out, MORE, ("toy", "second"))
    assert [each.batches for each in encoders] == [[], []]
    embed(photos, tmp_path / "all", MORE, ("toy", "second"))
    assert_equal(out, tmp_path / "all")


def test_photos_of_another_set_are_refused(photos: Photos, tmp_path: Path) -> None:
    embed(photos, tmp_path / "out")
    other = replace(photos, table=photos.table.with_columns(id="other/" + pl.col("id")))
    with pytest.raises(LatentprintError, match=r"none of which is among those asked for .*--out"):
        compare_photos(tmp_path / "out", other)


def test_a_changed_photo_is_embedded_anew_and_said(
    folder: Path, photos: Photos, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "out"
    embed(photos, out, MORE)
    kept = shards(contents(out))
    Image.new("RGB", (40, 50), (9, 99, 200)).save(folder / "b" / "05.png")
    Image.new("RGB", (40, 50), (200, 9, 9)).save(folder / "a" / "04.png")  # it was broken
    os.utime(folder / "b" / "07.png", (1, 1))  # the same pixels
    _, (encoder,) = embed(photos, out, MORE)
    assert fed(encoder) == 2  # two photos under three classes
    assert "their files have changed: 2 photos (a/04.png, b/05.png)" in caplog.text
    assert kept.items() <= contents(out).items()
    embed(photos, tmp_path / "once", MORE)
    (grown,), (once,) = open_collection(out), open_collection(tmp_path / "once")
    stamp = pl.col("modified")
    assert grown.photos.drop("modified").equals(once.photos.drop("modified"))
    assert (
        grown.photos.filter(pl.col("id") != "b/07.png")
        .select(stamp)
        .equals(once.photos.filter(pl.col("id") != "b/07.png").select(stamp))
    )
    for name in grown.store.classes:
        assert np.array_equal(grown.vectors(name)[:], once.vectors(name)[:])


def test_what_was_made_of_the_old_file_is_not_used_under_any_class(
    folder: Path, photos: Photos, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "out"
    embed(photos, out, MORE)
    Image.new("RGB", (40, 50), (9, 99, 200)).save(folder / "b" / "05.png")
    embed(photos, out, (NONE,))
    (source,) = open_collection(out)
    assert source.store.classes == ("none",)
    assert "only 11 photos have embeddings of JPEG75_420, which is left out" in caplog.text
    with pytest.raises(LatentprintError, match=r"of 12 photos, 1 have no embeddings of JPEG75_420"):
        source.vectors("JPEG75_420")
    _, (encoder,) = embed(photos, out, MORE)
    assert fed(encoder) == 1
    embed(photos, tmp_path / "once", MORE)
    assert_equal(out, tmp_path / "once")


def test_growth_of_some_encoders_leaves_the_others_incomplete(
    photos: Photos, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    embed(first(photos, 2), out, FEW, ("toy", "second"))
    embed(photos, out, FEW)
    found = {each.encoder: each for each in open_collection(out)}
    assert len(found["toy"].vectors(FEW[0].name)) == 11
    with pytest.raises(LatentprintError, match=r"is incomplete .* the same `latentprint embed`"):
        found["second"].vectors(FEW[0].name)


class Stopped(ToyEncoder):
    """Fails after some batches."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self.left = batches

    def embed(self, pixels: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise LatentprintError("stopped")
        return super().embed(pixels)


def test_until_growth_has_ended_the_store_is_read_as_it_was(
    folder: Path, photos: Photos, tmp_path: Path
) -> None:
    some, out = first(photos, 2), tmp_path / "out"
    embed(some, out)
    embed(some, tmp_path / "before")
    changed = some.table["id"][1]
    (before,) = open_collection(out)
    Image.new("RGB", (40, 50), (9, 99, 200)).save(folder / changed)
    for _ in range(4):
        with pytest.raises(LatentprintError, match="stopped"):
            extract(photos, [Stopped(3)], MORE, out, extraction=HOW)
        (now,) = open_collection(out)
        assert now.photos.equals(before.photos)
        for each in FEW:
            assert np.array_equal(now.vectors(each.name)[:], before.vectors(each.name)[:])
    _, (encoder,) = embed(photos, out, MORE)
    assert fed(encoder) < 5
    embed(photos, tmp_path / "once", MORE)
    assert_equal(out, tmp_path / "once")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "other weights"}, r"encoder\.identity\.weights is .*-e NAME=SPEC"),
        ({"precision": "half"}, r"encoder\.identity\.precision is absent there .*-e NAME=SPEC"),
        ({"mask": 0.9}, r"settings\.mask is 0\.0 there and 0\.9 now\. .* use the --mask of then"),
        ({"batch_size": 5}, r"settings\.batch_size is 4 there and 5 now\. .* --batch-size of then"),
    ],
)
def test_what_would_mix_two_kinds_is_refused_with_the_way_out(
    change: dict[str, Any], said: str, photos: Photos, tmp_path: Path
) -> None:
    class Other(ToyEncoder):
        def identity(self) -> dict[str, Any]:
            more = {"precision": change["precision"]} if "precision" in change else {}
            return {"library": "toy", "weights": change.get("name", "0"), **more}

    out, some = tmp_path / "out", first(photos, 2)
    embed(some, out)
    before = contents(out)
    how = {name: value for name, value in change.items() if name in ("mask", "batch_size")}
    for asked, classes in ((photos, FEW), (some, MORE), (some, FEW)):
        with pytest.raises(LatentprintError, match=said):
            extract(asked, [Other()], classes, out, extraction=replace(HOW, **how))
    assert contents(out) == before


def test_another_seed_is_refused_for_the_classes_that_depend_on_it(
    photos: Photos, tmp_path: Path
) -> None:
    one, other = (classes_of((ATTRIBUTES["interpolation"],), seed=seed) for seed in (0, 1))
    embed(photos, tmp_path / "out", one)
    with pytest.raises(LatentprintError, match=r"processing\.INTER.* the --seed of then"):
        embed(photos, tmp_path / "out", other)


def test_other_versions_are_refused_only_where_something_is_added(
    photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    embed(photos, out)
    before = contents(out)
    monkeypatch.setattr("torch.__version__", "1.0")
    embed(photos, out)
    assert contents(out) == before
    with pytest.raises(LatentprintError, match=r"cannot be added to: settings\.torch is .* back"):
        extract(photos, [ToyEncoder()], MORE, out, extraction=HOW)


def test_a_photo_that_breaks_under_one_class_is_broken_where_it_is_asked_for(
    folder: Path, tmp_path: Path
) -> None:
    Image.new("RGB", (40_000, 2)).save(folder / "a" / "wide.png")
    photos, double = open_photos(folder), classes_of((ATTRIBUTES["resizing"],))
    double = tuple(each for each in double if each.name == "RESIZE_DOUBLE")
    out = tmp_path / "out"
    embed(photos, out)
    embed(photos, out, (*FEW, *double))
    embed(photos, tmp_path / "once", (*FEW, *double))
    assert_equal(out, tmp_path / "once")
    ((store,), (encoder,)) = embed(photos, out)
    assert encoder.batches == []
    assert store.facts().filter(pl.col("status") == "ok")["id"].is_in(["a/wide.png"]).any()


def test_lost_and_damaged_parts_of_a_grown_store_are_made_anew(
    folder: Path, photos: Photos, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    embed(first(photos, 2), out)
    Image.new("RGB", (40, 50), (9, 99, 200)).save(folder / first(photos, 2).table["id"][0])
    embed(photos, out, MORE)
    (store,), _ = embed(photos, out, MORE)
    numbers = sorted(open_store(store.folder).index.shards)
    embed(photos, tmp_path / "once", MORE)
    for number in numbers:
        for damage in ("lost", "cut", "index"):
            file = store.folder / f"shard-{number:05}.parquet"
            if damage == "lost":
                file.unlink()
            elif damage == "cut":
                file.write_bytes(file.read_bytes()[:-9])
            else:
                next(store.folder.glob("index-*")).unlink()
            (found,) = verify(out)
            assert found.sound is False
            with pytest.raises(LatentprintError, match="embed` again"):
                open_collection(out)[0].vectors("none")
            embed(photos, out, MORE)
            assert_equal(out, tmp_path / "once")
            assert all(each.sound for each in verify(out))


def test_a_shard_of_the_same_name_from_elsewhere_is_found_when_it_is_read(
    folder: Path, photos: Photos, tmp_path: Path
) -> None:
    (store,), _ = embed(photos, tmp_path / "out")
    Image.new("RGB", (40, 50), (9, 99, 200)).save(folder / "b" / "05.png")
    (other,), _ = embed(photos, tmp_path / "other")
    for suffix in ("parquet", "safetensors"):
        name = f"shard-00002.{suffix}"
        (store.folder / name).write_bytes((other.folder / name).read_bytes())
    with pytest.raises(LatentprintError, match="is damaged"):
        open_collection(tmp_path / "out")[0].vectors(FEW[0].name)[:]


@pytest.mark.parametrize(
    "name", ["test_vit", "test_resnet", "test_convnext", "test_efficientnet", "default"]
)
def test_what_else_is_in_a_full_batch_changes_no_bit(name: str) -> None:
    if name == "default":
        encoder = load_encoder(name, device="cpu")
    else:
        encoder = load_timm(name, LoadOptions(device="cpu", untrained=True))
    generator = torch.Generator().manual_seed(0)
    side = encoder.input_size
    pixels = torch.randint(0, 256, (12, side, side, 3), dtype=torch.uint8, generator=generator)
    whole = encoder.embed(pixels[:8])
    for _ in range(3):
        chosen = torch.randperm(12, generator=generator)[:8]
        found = encoder.embed(pixels[chosen])
        common = chosen < 8
        assert common.any()
        assert torch.equal(found[common], whole[chosen[common]])


@pytest.mark.parametrize(
    ("photos", "dimension", "classes", "size"),
    [
        (100, 512, 1, FEWEST),
        (20_000, 512, 14, FEWEST),
        (100_000, 512, 1, 100_000 // 256),
        (1_000_000, 1280, 14, SHARD_BYTES // (4 * 1280 * 14)),
        (100_000_000, 8, 1, MOST),
        (1000, 10**8, 1, 1),
    ],
)
def test_size_of_shards(photos: int, dimension: int, classes: int, size: int) -> None:
    store = Store(Path(), {"encoder": {"dimension": dimension}}, Index({}))
    made = min(photos, 3 * size)
    lacks = np.zeros((photos, classes), bool)
    lacks[:made] = True
    chunks = plan([Stock(store)], [lacks], np.zeros(photos, bool), Extraction())
    assert {len(each.rows) for each in chunks[:-1]} <= {size}
    assert [each.parts[0].number for each in chunks] == list(range(len(chunks)))


def test_what_replaces_embeddings_comes_behind_them_and_what_is_missing_fills_gaps() -> None:
    shards: dict[int, Any] = {0: None, 3: None}
    stock = Stock(Store(Path(), {"encoder": {"dimension": 8}}, Index(shards)))
    lacks, how = np.ones((2, 1), bool), Extraction(shard_size=1)
    # The last shard of a photo counts: 1 and 2 would stand before the old one.
    for anew, numbers in ((True, [4, 5]), (False, [1, 2])):
        chunks = plan([stock], [lacks], np.full(2, anew), how)
        assert [each.parts[0].number for each in chunks] == numbers
