"""Whatever is done to the files of a store is found, named, removed, and made anew as it was."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

from latentprint.embeddings import Extraction, Store, extract, open_store, write_photos
from latentprint.embeddings.collection import open_collection
from latentprint.embeddings.lock import locked
from latentprint.embeddings.shard import Shard
from latentprint.errors import LatentprintError
from latentprint.jobs.store_care import Condition, repair, upgrade_stores, verify
from latentprint.photos import Photos, open_photos
from latentprint.processing import ATTRIBUTES, NONE, classes_of
from tests.embeddings.toy import ToyEncoder

CLASSES = classes_of((ATTRIBUTES["sharpening"],))
HOW = Extraction(batch_size=7, shard_size=5, workers=0)


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    generator = np.random.default_rng(0)
    for number in range(12):
        path = tmp_path / "photos" / "ab"[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (40, 50, 3), np.uint8)).save(path)
    return open_photos(tmp_path / "photos")


def embed(photos: Photos, out: Path, name: str = "toy") -> Store:
    (store,) = extract(photos, [ToyEncoder(name)], CLASSES, out, extraction=HOW)
    write_photos(out, photos, "latentprint embed photos")
    return store


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def flipped(name: str, at: float) -> Callable[[Path, Path], None]:
    def damage(folder: Path, other: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[int(at * (len(content) - 1))] ^= 4
        (folder / name).write_bytes(content)

    return damage


def zeroed(folder: Path, other: Path) -> None:
    file = folder / "shard-00001.safetensors"
    content = file.read_bytes()
    file.write_bytes(content[:-400] + bytes(400))


def swapped(suffix: str) -> Callable[[Path, Path], None]:
    def damage(folder: Path, other: Path) -> None:
        one, two = (folder / f"shard-0000{number}.{suffix}" for number in (0, 1))
        kept = one.read_bytes()
        one.write_bytes(two.read_bytes())
        two.write_bytes(kept)

    return damage


def both_swapped(folder: Path, other: Path) -> None:
    swapped("safetensors")(folder, other)
    swapped("parquet")(folder, other)


def foreign(*names: str) -> Callable[[Path, Path], None]:
    def damage(folder: Path, other: Path) -> None:
        for name in names:
            shutil.copy(other / name, folder / name)

    return damage


def cut(name: str) -> Callable[[Path, Path], None]:
    def damage(folder: Path, other: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:-100])

    return damage


def gone(name: str) -> Callable[[Path, Path], None]:
    return lambda folder, other: (folder / name).unlink()


DAMAGES: dict[str, tuple[Callable[[Path, Path], None], set[str]]] = {
    "a byte of vectors": (flipped("shard-00001.safetensors", 0.9), {"shard-00001.safetensors"}),
    "a byte of rows": (flipped("shard-00002.parquet", 0.3), {"shard-00002.parquet"}),
    "a page of zeros": (zeroed, {"shard-00001.safetensors"}),
    "vectors swapped": (
        swapped("safetensors"), {"shard-00000.safetensors", "shard-00001.safetensors"},
    ),
    "rows swapped": (swapped("parquet"), {"shard-00000.parquet", "shard-00001.parquet"}),
    "shards swapped": (both_swapped, {"shard-00000.safetensors", "shard-00001.safetensors"}),
    "foreign rows": (foreign("shard-00001.parquet"), {"shard-00001.parquet"}),
    "a foreign shard": (
        foreign("shard-00001.parquet", "shard-00001.safetensors"), {"shard-00001.parquet"},
    ),
    "vectors cut off": (cut("shard-00001.safetensors"), {"shard-00001.safetensors"}),
    "rows cut off": (cut("shard-00001.parquet"), {"shard-00001.parquet"}),
    "vectors gone": (gone("shard-00001.safetensors"), {"shard-00001.safetensors"}),
    "a byte of the reference": (flipped("reference.safetensors", 0.9), {"reference.safetensors"}),
    "a byte of the manifest": (flipped("manifest.json", 0.5), {"manifest.json"}),
    "a foreign manifest": (foreign("manifest.json"), {"index-…"}),
    "a byte of the table": (flipped("../photos.parquet", 0.3), {"photos.parquet"}),
    "no data set": (flipped("../dataset.json", 0.0), {"dataset.json"}),
}  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage_is_found_and_named_and_mended(kind: str, photos: Photos, tmp_path: Path) -> None:
    store = embed(photos, tmp_path / "out")
    whole = contents(tmp_path / "out")
    other_photos = tmp_path / "other"
    shutil.copytree(tmp_path / "photos", other_photos)
    for file in list(other_photos.rglob("*.png")):
        file.rename(file.with_stem(f"z{file.stem}"))
    other = embed(open_photos(other_photos), tmp_path / "elsewhere")
    assert all(each.sound for each in verify(tmp_path / "out"))

    damage, named = DAMAGES[kind]
    damage(store.folder, other.folder)
    if kind == "a foreign manifest":
        # One of the same encoder: what its shards hold they say themselves.
        (found,) = _damages(verify(store.folder))
        assert found.file.name.startswith("index-")
        embed(photos, tmp_path / "out")
        assert contents(tmp_path / "out") == whole
        return
    before = contents(tmp_path / "out")
    found = _damages(verify(tmp_path / "out"))
    assert {each.file.name for each in found} == named
    assert contents(tmp_path / "out") == before

    repair(tmp_path / "out")
    left = contents(tmp_path / "out")
    assert left.items() <= before.items()
    removed = {Path(name).stem for name in before.keys() - left.keys()}
    assert removed == {Path(name).stem for name in named}
    embed(photos, tmp_path / "out")
    # Where nothing is left to embed, nothing need be compared.
    lost = "toy-1f5e2b/reference.safetensors" if kind == "a byte of the reference" else ""
    assert contents(tmp_path / "out") == {name: whole[name] for name in whole if name != lost}
    assert all(each.sound for each in verify(tmp_path / "out"))


def _damages(found: list[Condition]) -> list[LatentprintError]:
    return [damage for each in found for damage in each.damages]


@pytest.mark.parametrize("seed", range(3))
def test_no_flipped_bit_escapes(seed: int, photos: Photos, tmp_path: Path) -> None:
    """Any bit of any file of a store, and the file beside it that says what is in the table."""
    embed(photos, tmp_path / "out")
    generator = np.random.default_rng(seed)
    files = [
        path for path in sorted((tmp_path / "out").rglob("*.*")) if path.name != "dataset.json"
    ]
    for file in files:
        whole = file.read_bytes()
        # The header's length and the header itself are few bytes, and matter most.
        for limit in (8, 300, len(whole)):
            content = bytearray(whole)
            content[int(generator.integers(min(limit, len(whole))))] ^= 1 << generator.integers(8)
            file.write_bytes(content)
            try:
                sound = all(each.sound for each in verify(tmp_path / "out"))
            except LatentprintError:
                sound = False  # such as a manifest of a newer version
            if sound:  # a bit of JSON's white space may change nothing
                assert file.name == "manifest.json"
                assert json.loads(content) == json.loads(whole)
        file.write_bytes(whole)


def test_how_many_photos_must_be_embedded_again(photos: Photos, tmp_path: Path) -> None:
    store = embed(photos, tmp_path / "out")
    cut("shard-00001.safetensors")(store.folder, store.folder)
    gone("shard-00002.parquet")(store.folder, store.folder)
    (found,) = verify(tmp_path / "out")
    assert (found.to_embed, found.damaged, found.missing) == (7, [1], [2])
    assert found.command == "latentprint embed photos"
    sentences = list(found.sentences())
    assert len(sentences) == 2
    assert "shard-00001.safetensors is damaged: the file is cut off." in sentences[0]
    assert "1 of 3 shards are missing" in sentences[1]


def test_embedding_again_makes_anew_what_is_damaged(
    photos: Photos, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = embed(photos, tmp_path / "out")
    whole = contents(tmp_path / "out")
    cut("shard-00001.safetensors")(store.folder, store.folder)
    gone("shard-00000.safetensors")(store.folder, store.folder)
    flipped("../photos.parquet", 0.0)(store.folder, store.folder)
    embed(photos, tmp_path / "out")
    assert contents(tmp_path / "out") == whole
    assert "shard-00001.safetensors is damaged (the file is cut off)" in caplog.text


def test_damage_is_said_in_one_sentence_when_opened(photos: Photos, tmp_path: Path) -> None:
    store = embed(photos, tmp_path / "out")
    for kind in ("rows cut off", "shards swapped", "foreign rows", "vectors gone"):
        shutil.copytree(store.folder, tmp_path / "kept", dirs_exist_ok=True)
        damage, named = DAMAGES[kind]
        damage(store.folder, tmp_path / "kept")
        if kind == "foreign rows":
            rows = pl.read_parquet(store.folder / "shard-00001.parquet")
            rows.with_columns(id=rows["id"].reverse()).write_parquet(
                store.folder / "shard-00001.parquet"
            )
        files = "|".join(Path(name).stem for name in named)
        with pytest.raises(LatentprintError, match=files):
            open_collection(tmp_path / "out")
        with pytest.raises(LatentprintError, match=files):
            open_store(store.folder).vectors(CLASSES[0].name)
        shutil.copytree(tmp_path / "kept", store.folder, dirs_exist_ok=True)
    (tmp_path / "out" / "dataset.json").write_text("{")
    with pytest.raises(LatentprintError, match=r"dataset\.json is damaged"):
        open_collection(tmp_path / "out")


def as_early_format(store: Store, photos: Photos, version: int) -> None:
    """What earlier versions wrote: no index, and in format 2 no seals."""
    manifest: dict[str, Any] = {
        "encoder": store.manifest["encoder"],
        "processing": store.manifest["processing"],
        "photos": {"count": len(photos), "digest": photos.digest()},
        "settings": {**store.manifest["settings"], "shard_size": HOW.shard_size},
    }
    text = json.dumps(manifest, sort_keys=True)
    identity = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    about = {"format_version": version, **({"identity": identity} if version > 2 else {})}
    (store.folder / "manifest.json").write_text(json.dumps({**about, **manifest}, indent=1) + "\n")
    for file in store.folder.glob("shard-*.safetensors"):
        if version > 2:
            shard = Shard(store.folder, int(file.stem[6:]))
            rows = shard.rows.read_bytes()
            shard.seal(identity, pl.read_parquet(shard.rows), rows, load_file(file))
        else:
            save_file(load_file(file), file)
    (store.folder / "reference.safetensors").unlink()
    next(store.folder.glob("index-*")).unlink()


@pytest.mark.parametrize("way", ["upgrade", "embed"])
@pytest.mark.parametrize("version", [2, 3])
def test_a_store_of_an_earlier_format_is_read_and_given_what_it_lacks(
    version: int, way: str, photos: Photos, tmp_path: Path
) -> None:
    store = embed(photos, tmp_path / "out")
    whole = contents(store.folder)
    name = CLASSES[0].name
    vectors = store.vectors(name)[:]
    as_early_format(store, photos, version)
    old = open_store(store.folder)
    assert np.array_equal(old.vectors(name), vectors)
    assert len(open_collection(tmp_path / "out")[0].photos) == 12
    (found,) = verify(store.folder)
    assert (found.photos, found.shards, found.missing) == (12, 3, [])
    assert ("earlier version" in " ".join(found.sentences())) == (version == 2)
    if way == "upgrade":
        upgrade_stores(tmp_path / "out")
    else:
        encoder = ToyEncoder()
        extract(photos, [encoder], CLASSES, tmp_path / "out", extraction=HOW)
        assert encoder.batches == []
    del whole["reference.safetensors"]
    if version == 2:
        assert contents(store.folder).keys() == whole.keys()
    now = open_store(store.folder)
    assert np.array_equal(now.vectors(name), vectors)
    assert (now.manifest["format_version"], now.index.file is not None) == (4, True)
    assert all(each.sound for each in verify(tmp_path / "out"))


@pytest.mark.parametrize("version", [2, 3])
def test_a_store_of_an_earlier_format_that_is_incomplete_says_so_and_grows(
    version: int, photos: Photos, tmp_path: Path
) -> None:
    store = embed(photos, tmp_path / "out")
    name = CLASSES[0].name
    vectors = store.vectors(name)[:]
    as_early_format(store, photos, version)
    gone("shard-00001.parquet")(store.folder, store.folder)
    with pytest.raises(LatentprintError, match="is incomplete"):
        open_collection(tmp_path / "out")[0].vectors(name)
    (found,) = verify(tmp_path / "out")
    assert (found.photos, found.missing, found.to_embed) == (12, [1], 5)
    (grown,) = extract(photos, [ToyEncoder()], (*CLASSES, NONE), tmp_path / "out", extraction=HOW)
    assert np.array_equal(grown.vectors(name), vectors)
    assert grown.vectors("none").shape == (12, 8)


def test_a_store_in_use_is_not_repaired(photos: Photos, tmp_path: Path) -> None:
    store = embed(photos, tmp_path / "out")
    cut("shard-00001.safetensors")(store.folder, store.folder)
    with locked(store.folder), pytest.raises(LatentprintError, match="being written to by process"):
        repair(tmp_path / "out")
    assert (store.folder / "shard-00001.parquet").exists()


def test_a_folder_without_stores_is_said(tmp_path: Path) -> None:
    with pytest.raises(LatentprintError, match="holds no embeddings"):
        verify(tmp_path)
