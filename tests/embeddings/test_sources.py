"""The same photos from wherever they lie give the same vectors."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from latentprint.embeddings import Extraction, extract
from latentprint.errors import LatentprintError
from latentprint.photos import open_photos
from latentprint.processing import ATTRIBUTES, classes_of
from tests.photos.packing import files_of, pack_arrow, pack_tar, pack_zip

from .toy import ToyEncoder

CLASSES = classes_of((ATTRIBUTES["jpeg"], ATTRIBUTES["interpolation"]))
HOW = Extraction(batch_size=8, shard_size=4, workers=0)


def parquet(file: Path, files: dict[str, bytes]) -> Path:
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet as tables

    cells = [{"bytes": data, "path": name} for name, data in files.items()]
    tables.write_table(arrow.table({"image": cells}), file, row_group_size=5)
    return file


@pytest.mark.parametrize(
    ("name", "pack"),
    [("s.tar", pack_tar), ("s.zip", pack_zip), ("s.parquet", parquet), ("s.arrow", pack_arrow)],
)
@pytest.mark.parametrize("workers", [0, 2])
def test_vectors_are_the_same_to_the_bit(
    tmp_path: Path,
    folder: Path,
    name: str,
    pack: Callable[[Path, dict[str, bytes]], Path],
    workers: int,
) -> None:
    # What is random in a class is seeded by the photo's id: ids must be the same, too.
    source = open_photos(pack(tmp_path / name, files_of(folder)))
    made = [
        extract(photos, [ToyEncoder()], CLASSES, tmp_path / out, extraction=how)[0]
        for photos, out, how in (
            (open_photos(folder), "plain", HOW),
            (source, "packed", replace(HOW, workers=workers)),
        )
    ]
    for each in CLASSES:
        assert made[0].vectors(each.name).shape == (11, 8)
        assert np.array_equal(made[0].vectors(each.name), made[1].vectors(each.name))
    columns = ["id", "status", "format", "content", "appearance", "width"]
    assert made[0].facts().select(columns).equals(made[1].facts().select(columns))
    again = ToyEncoder()
    extract(source, [again], CLASSES, tmp_path / "packed", extraction=HOW)
    assert again.batches == []


def test_an_archive_that_is_written_anew_is_decoded_and_compared(
    tmp_path: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = files_of(folder)
    archive = pack_zip(tmp_path / "s.zip", files)
    extract(open_photos(archive), [ToyEncoder()], CLASSES, tmp_path / "out", extraction=HOW)
    files["a/00.png"] = files["b/01.png"]
    pack_zip(archive, files)
    extract(open_photos(archive), [ToyEncoder()], CLASSES, tmp_path / "out", extraction=HOW)
    assert "since their files have changed: 1 photos (a/00.png)" in caplog.text


@pytest.mark.parametrize("name", ["s.tar", "s.zip", "s.parquet"])
def test_a_source_that_is_away_ends_the_run_and_breaks_no_photo(
    tmp_path: Path, folder: Path, name: str
) -> None:
    pack = {"s.tar": pack_tar, "s.zip": pack_zip, "s.parquet": parquet}[name]
    photos = open_photos(pack(tmp_path / name, files_of(folder)))
    (tmp_path / name).rename(tmp_path / "away")
    how = replace(HOW, pauses=(), stop_after=3, stop_seconds=0)
    with pytest.raises(LatentprintError, match="seems to be away"):
        extract(photos, [ToyEncoder()], CLASSES, tmp_path / "out", extraction=how)
    (tmp_path / "away").rename(tmp_path / name)
    store = extract(photos, [ToyEncoder()], CLASSES, tmp_path / "out", extraction=HOW)[0]
    assert store.facts()["status"].to_list().count("broken") == 1
