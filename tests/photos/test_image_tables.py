import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from latentprint.errors import LatentprintError, UsageError
from latentprint.photos import (
    BrokenPhoto,
    decode,
    exif_table,
    formats,
    image_tables,
    open_photos,
    table_cells,
)
from tests.photos.packing import jpeg

pa = pytest.importorskip("pyarrow")

CLASSES = {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}, "image": {"_type": "Image"}}


def table(
    pictures: Sequence[bytes | None],
    names: Sequence[str | None] | None = None,
    features: dict[str, Any] | None = None,
    **columns: Any,
) -> Any:
    """A table as ``datasets`` writes it."""
    paths = names or [None] * len(pictures)
    cells = pa.array(
        [{"bytes": data, "path": name} for data, name in zip(pictures, paths, strict=True)],
        pa.struct([("bytes", pa.binary()), ("path", pa.string())]),
    )
    made = pa.table({"image": cells, **columns})
    info = {"info": {"features": CLASSES if features is None else features}}
    return made.replace_schema_metadata({"huggingface": json.dumps(info)})


def write(file: Path, rows: Any, group: int = 3) -> Path:
    from pyarrow import parquet

    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".parquet":
        parquet.write_table(rows, file, row_group_size=group)
    else:
        with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_stream(sink, rows.schema) as stream:
            for batch in rows.to_batches(max_chunksize=group):
                stream.write_batch(batch)
    return file


PICTURES = [jpeg(20 * at) for at in range(8)]
NAMES = [f"{at}.jpg" for at in range(8)]


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_rows_are_photos_with_classes_by_name(tmp_path: Path, suffix: str) -> None:
    rows = table(PICTURES, NAMES, label=[0, 1] * 4, width=list(range(8)), tags=[["x"]] * 8)
    photos = open_photos(write(tmp_path / f"set.{suffix}", rows))
    assert photos.table.columns == ["id", "path", "split", "label", "width"]
    assert photos.table["id"].to_list() == NAMES
    assert photos.table["label"].to_list() == ["cat", "dog"] * 4
    assert photos.table["width"].to_list() == [str(at) for at in range(8)]
    assert "no plain values are not read: tags" in photos.notes[1]
    rows = table(PICTURES, NAMES, label=[0, 1] * 4, split=["train", "val"] * 4)
    sided = open_photos(write(tmp_path / f"sided.{suffix}", rows))
    assert sided.table["split"].null_count() == 8
    assert "'split' tells no sides here, and is kept as 'sample_split'" in sided.notes[1]
    (tmp_path / "plain").mkdir()
    for name, data in zip(NAMES, PICTURES, strict=True):
        (tmp_path / "plain" / name).write_bytes(data)
    plain = exif_table(tmp_path / "plain", workers=0)
    for found, other in zip(photos.table["path"], plain["path"], strict=True):
        assert decode(photos.file(found)).content == decode(tmp_path / "plain" / other).content
    unsized = ["path", "bytes"] if suffix == "parquet" else ["path"]
    assert exif_table(photos, workers=0).drop(unsized).equals(plain.drop(unsized))


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_a_folder_of_tables_is_one_set_with_splits(tmp_path: Path, suffix: str) -> None:
    files = {
        "data/train-00000-of-00002": PICTURES[:3],
        "data/train-00001-of-00002": PICTURES[3:6],
        "data/validation-00000-of-00001": PICTURES[6:],
    }
    for name, pictures in files.items():
        # The same names in every table: they tell no photo from another.
        write(tmp_path / f"{name}.{suffix}", table(pictures, NAMES[: len(pictures)]))
    write(tmp_path / "data" / "cache-0123.arrow", table(PICTURES))
    photos = open_photos(tmp_path)
    assert photos.table.select("id", "split").rows() == [
        (f"{name}/{row}", "train" if "train" in name else "val")
        for name, pictures in files.items()
        for row in range(len(pictures))
    ]
    for path, data in zip(photos.table["path"], PICTURES, strict=True):
        assert photos.file(path).exists() is False
        assert decode(photos.file(path)).image.getpixel((0, 0)) == pixel(data, tmp_path)


def pixel(data: bytes, folder: Path) -> Any:
    (folder / "one.jpg").write_bytes(data)
    return decode(folder / "one.jpg").image.getpixel((0, 0))


def test_folders_of_save_to_disk_have_the_splits_of_their_folders(tmp_path: Path) -> None:
    for side in ("train", "test"):
        write(tmp_path / side / "data-00000-of-00001.arrow", table(PICTURES[:2], label=[0, 1]))
        (tmp_path / side / "dataset_info.json").write_text("{}")
        (tmp_path / side / "state.json").write_text("{}")
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    found = open_photos(tmp_path).table
    assert found.select("split", "label").rows() == [
        ("val", "cat"), ("val", "dog"), ("train", "cat"), ("train", "dog"),
    ]  # fmt: skip


def test_the_only_column_of_classes_is_the_label(tmp_path: Path) -> None:
    features = {"id": {"names": ["a", "b"], "_type": "ClassLabel"}}
    photos = open_photos(
        write(tmp_path / "s.parquet", table(PICTURES[:2], None, features, id=[1, 0]))
    )
    assert photos.table["label"].to_list() == photos.table["sample_id"].to_list() == ["b", "a"]
    assert "'sample_id'" in photos.notes[-1]


def test_numbers_without_a_class_are_told(tmp_path: Path) -> None:
    for part, labels in enumerate(([1, -1, None], [0, 2, 1])):
        write(tmp_path / f"{part}.parquet", table(PICTURES[:3], label=pa.array(labels)))
    photos = open_photos(tmp_path)
    assert photos.table["label"].to_list() == ["dog", None, None, "cat", None, "dog"]
    assert "Numbers of 'label' without a name among its classes, left out: 2." in photos.notes


def test_bytes_alone_and_other_tables(tmp_path: Path) -> None:
    photos = open_photos(
        write(tmp_path / "set.parquet", pa.table({"jpg": PICTURES, "cls": [1] * 8}))
    )
    assert [decode(photos.file(path)).format for path in photos.table["path"]] == ["JPEG"] * 8
    pl.DataFrame({"path": ["a.jpg"], "embedding": [b"x"]}).write_parquet(tmp_path / "list.parquet")
    assert open_photos(tmp_path / "list.parquet").table["path"].to_list() == ["a.jpg"]
    two = table(PICTURES[:1]).rename_columns(["one"]).append_column("two", table(PICTURES[:1])[0])
    with pytest.raises(UsageError, match=r"several columns of pictures \(one, two\)"):
        open_photos(write(tmp_path / "two.parquet", two))


def test_a_row_group_is_read_once_in_order_and_anew_out_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [jpeg(at) for at in range(200)]
    photos = open_photos(write(tmp_path / "set.parquet", table(many), group=100))
    opened: list[int] = []
    batches = table_cells._batches
    monkeypatch.setattr(
        table_cells, "_batches", lambda state: opened.append(state[-1]) or batches(state)
    )
    monkeypatch.setattr(table_cells, "_CELLS", table_cells._Cells())
    files = [photos.file(path) for path in photos.table["path"]]
    told = [decode(file).content for file in files]
    assert opened == [0, 1]
    assert [decode(file).content for file in reversed(files)] == told[::-1]
    assert len(set(told)) > 100


def test_broken_cells_are_told(tmp_path: Path) -> None:
    file = write(tmp_path / "set.parquet", table([None, b"", *PICTURES[:2]]))
    photos = open_photos(file)
    reasons = exif_table(photos, workers=0)["reason"].to_list()
    assert reasons[:2] == ["the file cannot be read: its row holds no picture", "the file is empty"]
    for path, reason in (
        ("set.parquet!0+99!image.bytes/a", "no such row in"),
        ("set.parquet!99+0!image.bytes/a", "no such row group"),
        ("set.parquet!0+0!other/a", "no column 'other'"),
        ("gone.parquet!0+0!image.bytes/a", "there is no such file"),
    ):
        with pytest.raises(BrokenPhoto, match=reason):
            decode(tmp_path / path)
    assert exif_table(photos, workers=0)["status"].to_list() == ["broken"] * 2 + ["ok"] * 2


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_a_damaged_table_is_named(tmp_path: Path, suffix: str) -> None:
    file = write(tmp_path / f"set.{suffix}", table(PICTURES))
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(LatentprintError, match=rf"set\.{suffix} cannot be read as a table"):
        open_photos(file)


def test_compressed_batches_are_refused(tmp_path: Path) -> None:
    rows, file = table(PICTURES), tmp_path / "set.arrow"
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_file(str(file), rows.schema, options=options) as writer:
        writer.write_table(rows)
    with pytest.raises(LatentprintError, match="without compression"):
        open_photos(file)
    with pa.ipc.new_file(str(file), rows.schema) as writer:
        writer.write_table(rows)
    assert len(open_photos(file)) == 8


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    file = write(tmp_path / f"set.{suffix}", table(PICTURES))
    path = open_photos(file).table["path"][0]
    for module in (image_tables, table_cells):
        monkeypatch.setattr(module, "installed", lambda extra: False)
    with pytest.raises(UsageError, match=formats.install("arrow").replace("[", r"\[")):
        open_photos(file)
    if suffix == "parquet":
        with pytest.raises(BrokenPhoto, match="it needs an extra"):
            decode(tmp_path / path)


def test_a_table_outside_the_folder_is_read_where_links_are_followed(tmp_path: Path) -> None:
    file = write(tmp_path / "blobs" / "0a1b.parquet", table(PICTURES))
    (tmp_path / "snapshot").mkdir()
    (tmp_path / "snapshot" / "train.parquet").symlink_to(file)
    with pytest.raises(UsageError, match="a link out of the folder: add --follow-links"):
        open_photos(tmp_path / "snapshot")
    photos = open_photos(tmp_path / "snapshot", follow_links=True)
    assert decode(photos.file(photos.table["path"][0])).format == "JPEG"
