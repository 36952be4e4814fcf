"""Jobs that were killed, and sets that are checked again."""

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from latentprint.errors import LatentprintError, UsageError
from latentprint.photos.flickr import (
    collect,
    refresh,
)
from tests.photos.flickr.server import FakeFlickr
from tests.photos.flickr.tools import YEAR, Killed, client, interrupted, run, skipped, tree, with_


def test_killed_before_any_request_it_goes_on_and_asks_nothing_twice(
    tmp_path: Path, flickr: FakeFlickr
) -> None:
    wanted = with_(first=date(2010, 3, 1), last=date(2010, 4, 30), max_photos=8)
    flickr.always["exif", "104"] = "code:2"
    flickr.always["file", "105"] = "http:404"
    done = run(tmp_path / "whole", flickr, wanted)
    expected, count = tree(tmp_path / "whole"), len(flickr.log)
    for after in range(0, count - 1, 2):
        flickr.log.clear()
        folder = tmp_path / str(after)
        clock = interrupted(after)
        with client(flickr, clock) as asking, pytest.raises(Killed):
            collect(folder, wanted, asking)
        again = run(folder, flickr, wanted)
        assert tree(folder) == expected
        assert (again.kept, again.skipped, again.left_out) == (8, done.skipped, done.left_out)
        assert len(flickr.log) == count


def test_a_journal_cut_anywhere_is_no_harm(tmp_path: Path, flickr: FakeFlickr) -> None:
    run(tmp_path / "whole", flickr, with_(max_photos=4))
    expected = tree(tmp_path / "whole")
    journal = expected["journal.jsonl"]
    for cut in range(0, len(journal), 397):
        (tmp_path / "whole" / "journal.jsonl").write_bytes(journal[:cut])
        flickr.log.clear()
        run(tmp_path / "whole", flickr, with_(max_photos=4))
        assert tree(tmp_path / "whole") == expected
        assert flickr.asked("file") == []


def test_half_a_photo_from_a_crash_is_fetched_again(tmp_path: Path, flickr: FakeFlickr) -> None:
    run(tmp_path, flickr)
    expected = tree(tmp_path)
    lines = expected["journal.jsonl"].splitlines(keepends=True)
    while not lines[-1].startswith(b'["photo"'):
        lines.pop()
    (tmp_path / "journal.jsonl").write_bytes(b"".join(lines[:-1]))
    last = json.loads(lines[-1])[1]
    path = tmp_path / "photos" / f"{last}.jpg"
    path.write_bytes(path.read_bytes()[:800])
    flickr.log.clear()
    run(tmp_path, flickr)
    assert flickr.asked("exif") == []
    assert flickr.asked("file") == [last]
    assert tree(tmp_path) == expected


def test_another_question_or_a_second_process_is_refused(
    tmp_path: Path, flickr: FakeFlickr
) -> None:
    run(tmp_path, flickr, with_(max_photos=2))
    with pytest.raises(UsageError, match="different: tags, max_photos"):
        run(tmp_path, flickr, with_(tags=("dog",)))
    with client(flickr) as asking:

        def second(_: object) -> None:
            with pytest.raises(LatentprintError, match="Another latentprint"):
                run(tmp_path / "two", flickr)

        collect(tmp_path / "two", YEAR, asking, on_progress=second)
    (tmp_path / "journal.jsonl").write_text('["wanted", "", {}]\nrubbish\n["a", "b", 1]\n')
    with pytest.raises(LatentprintError, match="Line 2"):
        run(tmp_path, flickr)


def test_gone_and_relicensed_photos_are_listed_and_removed(
    tmp_path: Path, flickr: FakeFlickr
) -> None:
    run(tmp_path, flickr)
    before = tree(tmp_path)
    flickr.always["info", "100"] = "code:1"
    flickr.photos["101"].licence = "0"
    flickr.photos["102"].licence = "5"
    flickr.always["info", "103"] = "http:500"
    with client(flickr) as asking:
        found = refresh(tmp_path, asking)
    assert (found.checked, found.gone, found.unanswered) == (11, ["100"], ["103"])
    assert found.forbidden == {"101": "All Rights Reserved"}
    assert found.relicensed == {"102": "Attribution-ShareAlike License"}
    assert tree(tmp_path) == before
    with client(flickr) as asking:
        assert refresh(tmp_path, asking, remove=True).removed
    table = pl.read_parquet(tmp_path / "photos.parquet")
    assert table["id"].to_list() == [str(each) for each in range(102, 112)]
    assert table["licence_id"][0] == "5"
    assert not {"photos/100.jpg", "photos/101.jpg", "refresh.jsonl"} & set(tree(tmp_path))
    assert skipped(tmp_path) == {"100": "removed", "101": "removed"}
    journal = [json.loads(each) for each in (tmp_path / "journal.jsonl").read_text().splitlines()]
    about = [each for each in journal if '"101"' in json.dumps(each)]
    assert about == [["photo", "101", {"reason": "removed", "detail": "gone or relicensed"}]]
    flickr.log.clear()
    assert run(tmp_path, flickr).kept == 10
    assert not flickr.log


def test_a_killed_check_goes_on(tmp_path: Path, flickr: FakeFlickr) -> None:
    run(tmp_path, flickr)
    with client(flickr, interrupted(5)) as asking, pytest.raises(Killed):
        refresh(tmp_path, asking)
    flickr.log.clear()
    with client(flickr) as asking:
        assert refresh(tmp_path, asking).checked == 12
    assert len(flickr.asked("info")) == 12 - 5
    with client(flickr) as asking, pytest.raises(UsageError, match="holds no journal"):
        refresh(tmp_path / "nothing", asking)
