"""Making a canary: whole, portable, the same every time; and whose word a check takes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from latentprint import check_canary, make_canary
from latentprint.errors import LatentprintError, UsageError
from tests.canary.conftest import TOY
from tests.embeddings.toy import ToyEncoder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    from tests.made_photos import made_photo

    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(33):
        made_photo(40, 30, number).save(folder / f"{number}.jpg")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def test_two_makes_are_the_same_to_the_byte_and_need_nothing_beside(
    photos: Path, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        make_canary(photos, tmp_path / name, encoder=ToyEncoder(), count=32)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    for file in photos.iterdir():
        file.unlink()
    moved = (tmp_path / "one").rename(tmp_path / "moved")
    assert check_canary(moved, encoder=ToyEncoder()).passed
    assert str(tmp_path) not in (moved / "canary.json").read_text()


def test_a_canary_is_not_written_over(photos: Path, tmp_path: Path) -> None:
    make_canary(photos, tmp_path / "canary", encoder=ToyEncoder(), count=32)
    before = contents(tmp_path / "canary")
    with pytest.raises(LatentprintError, match="holds a canary already"):
        make_canary(photos, tmp_path / "canary", encoder=ToyEncoder(), count=32, seed=1)
    assert contents(tmp_path / "canary") == before


def test_code_is_not_run_because_a_file_names_it(photos: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    make_canary(photos, canary, encoder=TOY, count=32)
    with pytest.raises(UsageError, match="code that would run"):
        check_canary(canary)
    assert check_canary(canary, encoder=TOY).passed
    record = json.loads((canary / "canary.json").read_text())
    for spec in ("python:os:getcwd", "torch:owner/repository:entry"):
        record["encoder"]["spec"] = spec
        (canary / "canary.json").write_text(json.dumps(record))
        with pytest.raises(UsageError, match="code that would run"):
            check_canary(canary)


def test_an_encoder_object_and_weights_are_asked_for_again(photos: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    make_canary(photos, canary, encoder=ToyEncoder(), count=32)
    with pytest.raises(UsageError, match="encoder object named 'toy'"):
        check_canary(canary)
    record = json.loads((canary / "canary.json").read_text())
    record["encoder"] |= {"spec": "timm:resnet18", "weights": "tuned.pth"}
    (canary / "canary.json").write_text(json.dumps(record))
    with pytest.raises(UsageError, match=r"--weights"):
        check_canary(canary)


def test_vectors_find_their_photos_by_name(photos: Path, tmp_path: Path) -> None:
    made = make_canary(photos, tmp_path / "canary", encoder=ToyEncoder(), count=32)
    names = [f"served/{photo.file}" for photo in made.photos]
    vectors = np.asarray(made.stages.vectors)
    np.save(tmp_path / "served.npy", vectors)
    assert check_canary(tmp_path / "canary", vectors=tmp_path / "served.npy").passed
    with pytest.raises(UsageError, match="take the place of an encoder"):
        check_canary(tmp_path / "canary", vectors=tmp_path / "served.npy", batch_size=1)
    file = tmp_path / "served.parquet"
    table = pl.DataFrame({"path": names, "vector": vectors})
    table.reverse().write_parquet(file)
    assert check_canary(tmp_path / "canary", vectors=file).passed
    table.with_columns(path=pl.lit("a") + pl.col("path")).reverse().write_parquet(file)
    assert check_canary(tmp_path / "canary", vectors=file).passed  # the folder says nothing
    table.with_columns(path=pl.col("path") + "x").write_parquet(file)
    with pytest.raises(LatentprintError, match=r"names other photos .* has 000\.jpg, 000\.jpgx"):
        check_canary(tmp_path / "canary", vectors=file)
