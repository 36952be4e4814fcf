"""A run or store of somebody else reads no file of this disk into a page that is handed on."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from PIL import Image

from latentprint import affected, embed, erase_apply, erase_fit, inspect, similarity
from latentprint.errors import UsageError
from latentprint.photos import decode
from latentprint.report import write_figures, write_report
from tests.embeddings.toy import ToyEncoder
from tests.encoders.servers import serve, whole
from tests.inspection.made_up import made_vectors, write_store
from tests.made_photos import made_photo
from tests.report.made_runs import influence_run, write_made

SHOWN = "data:image/webp"
SOMEBODY_ELSE = "pictures are not shown: the run or store that names them was not made by this user"


@pytest.fixture(autouse=True)
def _key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """What is written meanwhile is written by another user."""
    with monkeypatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", "/nowhere/of/another")
        yield patch


def secret(place: Path) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (50, 40), "red").save(place)
    return place


def page_of(run: Path, **how: Any) -> str:
    return write_report(run, run.with_suffix(".html"), **how).read_text("utf-8")


def with_paths(run: Path, paths: list[str]) -> Path:
    """The run, all of whose pictures have other paths."""
    details = json.loads((run / "details.json").read_text("utf-8"))
    turn = iter(paths * 1000)

    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: next(turn) if k == "path" else changed(v) for k, v in value.items()}
        return [changed(each) for each in value] if isinstance(value, list) else value

    (run / "details.json").write_text(json.dumps(changed(details)), "utf-8")
    return run


def test_ones_own_run_shows_its_photos_until_somebody_changes_what_it_names(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = write_made(influence_run(0.5), tmp_path / "run")
    assert page_of(run).count(SHOWN) > 10
    assert not caplog.text
    # Beside others it shows its own alone, though both name one folder and one set of photos.
    other = with_paths(
        write_made(influence_run(0.5), tmp_path / "other"), [str(secret(tmp_path / "secret.png"))]
    )
    settings = json.loads((other / "settings.json").read_text("utf-8"))
    settings["root"] = json.loads((run / "settings.json").read_text("utf-8"))["root"]
    (other / "settings.json").write_text(json.dumps(settings), "utf-8")
    both = write_report([run, other], tmp_path / "both.html").read_text("utf-8")
    assert SHOWN not in both
    assert "1 picture is not shown" in both
    both = write_report([other, run], tmp_path / "both.html").read_text("utf-8")
    assert both.count(SHOWN) == page_of(run).count(SHOWN)


def test_what_one_had_made_of_a_list_of_files_shows_them_wherever_they_lie(tmp_path: Path) -> None:
    for at in range(24):
        made_photo(40, 30, at).save(secret(tmp_path / "far" / "away" / f"{at:02}.png"))
    paths = sorted(map(str, (tmp_path / "far").rglob("*.png")))
    photos = pl.DataFrame({"path": paths, "label": ["x", "y"] * 12})
    embed(photos, tmp_path / "store", encoder=[ToyEncoder()], attribute=["sharpening"], workers=0)
    similarity(tmp_path / "store", out=tmp_path / "run")
    assert SHOWN in page_of(tmp_path / "run")


def test_a_run_of_somebody_else_reads_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, stranger: pytest.MonkeyPatch
) -> None:
    run = write_made(influence_run(0.5), tmp_path / "run")
    hidden = secret(tmp_path / "hidden" / "secret.png")
    os.mkfifo(run / "originals" / "pipe.jpg")
    (run / "originals" / "link.png").symlink_to(hidden)
    with serve(whole) as (address, seen):
        paths = [str(hidden), "../../hidden/secret.png", "link.png", "/dev/zero", "\0"]
        paths += [f"{address}/inside.jpg", f"{hidden}!0+9!a"]
        outside, inside = len(paths), ["pipe.jpg", "x.tar!0+5!a", "0.jpg"]
        paths += inside
        with_paths(run, paths)
        stranger.undo()
        assert SHOWN not in page_of(run)
        assert f"{len(paths)} {SOMEBODY_ELSE}" in caplog.text
        drawn = write_figures(run, tmp_path / "figures", only=["galleries"]).files[0]
        assert SHOWN not in drawn.read_text("utf-8")
        assert f"{len(paths)} {SOMEBODY_ELSE}" in drawn.read_text("utf-8")

        # In a folder that is named now, nothing outside of it is read.
        page = page_of(run, photos=run / "originals")
        assert page.count(SHOWN) == 1
        # What is not there is told as ever: the pipe, the archive.
        assert f"{outside} pictures are not shown: outside the folder of --photos" in page
    assert seen == []
    with pytest.raises(UsageError, match=r"--photos .*0\.jpg is no folder"):
        page_of(run, photos=run / "originals" / "0.jpg")


def test_a_store_of_somebody_else_reads_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = made_vectors(120, 4, trace=1.0)
    labels = {"label": ["ab"[at % 2] for at in range(120)]}
    facts = {3: {"content": decode(secret(tmp_path / "red.png")).content}}
    store = write_store(tmp_path / "store", vectors, labels=labels, facts=facts)
    for at in range(120):
        secret(store / "photos" / f"photo{at:05d}.png")

    def pages(name: str, **how: Any) -> list[str]:
        out = tmp_path / name
        inspect("photo00003.png", store=store, out=out, **how)
        affected(store, top=3, out=out, **how)
        similarity(store, out=out)
        found = ("inspection.html", "affected.html", "report.html")
        return [(out / each).read_text("utf-8") for each in found]

    assert all(SHOWN in page for page in pages("own"))
    assert not [each for each in caplog.messages if "not shown" in each]
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    others = pages("other")
    assert not any(SHOWN in page for page in others)
    assert all(SOMEBODY_ELSE in page for page in others)
    # What was measured on it names its photos in the same way, and is no more to be believed.
    assert SHOWN not in page_of(tmp_path / "other")
    named = pages("named", photos=store / "photos")
    assert [SHOWN in page for page in named] == [True, True, False]
    assert SHOWN in page_of(tmp_path / "named", photos=store / "photos")
    outside = inspect("photo00003.png", store=store, photos=tmp_path / "own")
    assert outside.photos[0].file is None
    # A file that is named in the call is shown, whoever made the store.
    inspect(tmp_path / "red.png", store=store, out=tmp_path / "file")
    assert (tmp_path / "file" / "inspection.html").read_text("utf-8").count(SHOWN) == 1


def test_a_photo_inside_an_archive_is_shown_where_the_others_of_its_store_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = tmp_path / "store" / "photos"
    file = secret(photos / "red.png")
    with tarfile.open(photos / "all.tar", "w") as archive:
        archive.add(file, "red.png")
    file.unlink()
    with tarfile.open(photos / "all.tar") as archive:
        inside = archive.getmembers()[0]
    paths = [f"absent/{at}.png" for at in range(120)]
    paths[3] = f"all.tar!{inside.offset_data}+{inside.size}!red.png"
    store = write_store(tmp_path / "store", made_vectors(120, 4, trace=1.0), labels={"path": paths})

    def shown(name: str, **how: Any) -> int:
        found = inspect("photo00003.png", store=store, out=tmp_path / name, **how)
        assert found.photos[0].path == paths[3]
        return (tmp_path / name / "inspection.html").read_text("utf-8").count(SHOWN)

    assert shown("own") == 1
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    assert shown("other") == 0
    assert SOMEBODY_ELSE in (tmp_path / "other" / "inspection.html").read_text("utf-8")
    assert shown("named", photos=photos) == 1
    assert shown("elsewhere", photos=tmp_path / "own") == 0


def test_vectors_that_were_erased_show_the_photos_that_the_others_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = {"label": ["ab"[at % 2] for at in range(40)]}
    vectors = made_vectors(40, 4, trace=1.0)
    store = write_store(tmp_path / "store", vectors, labels=labels)
    for at in range(40):
        secret(store / "photos" / f"photo{at:05d}.png")
    erase_fit(store, out=tmp_path / "eraser", test=False)

    def page(name: str) -> str:
        erase_apply(tmp_path / "eraser", store, tmp_path / name / "erased")
        similarity(tmp_path / name / "erased", out=tmp_path / name)
        return page_of(tmp_path / name)

    assert SHOWN in page("own")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    other = page("other")
    assert SHOWN not in other
    assert SOMEBODY_ELSE in other
