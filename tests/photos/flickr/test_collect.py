"""What is collected: tables, pictures, and which ones."""

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from latentprint.photos import open_photos
from latentprint.photos.flickr import (
    listing,
)
from tests.photos.flickr.server import PLACE, SERIAL, FakeFlickr, Photo, running
from tests.photos.flickr.tools import MAY, YEAR, run, tree, with_


def test_photos_and_tables(tmp_path: Path, flickr: FakeFlickr) -> None:
    done = run(tmp_path / "set", flickr)
    assert (done.kept, done.skipped, done.left_out) == (12, {}, {})
    assert done.requests == len(flickr.log) == 1 + 12 + 24
    table = pl.read_csv(tmp_path / "set" / "photos.csv", infer_schema=False)
    assert table.equals(
        pl.read_parquet(tmp_path / "set" / "photos.parquet").with_columns(pl.all().cast(pl.String))
    )
    assert table["id"].to_list() == sorted(flickr.photos)
    row = table.row(0, named=True)
    assert row["owner_name"] == "Näme, 0@N00"
    assert row["page"] == "https://www.flickr.com/photos/0@N00/100/"
    assert row["licence"] == "Attribution License"
    assert row["licence_url"] == "https://creativecommons.org/licenses/by/2.0/"
    assert (row["taken"], row["month"]) == ("2010-03-10 10:00:00", "2010-03")
    assert (row["size"], row["width"], row["height"]) == ("original", "120", "104")
    assert (row["Make"], row["FNumber"], row["ISO"]) == ("Canon", "2.8", None)
    photos = open_photos(tmp_path / "set" / "photos.csv")
    assert all(photos.file(path).is_file() for path in photos.table["path"])


def test_questions_are_safe_and_ask_for_no_place(tmp_path: Path, flickr: FakeFlickr) -> None:
    run(tmp_path, flickr, with_(text="old bridge", tags=("b", "a")))
    asked = [form for form in flickr.forms if form["method"] == "flickr.photos.search"]
    for form in asked:
        assert (form["safe_search"], form["content_type"], form["media"]) == ("1", "1", "photos")
        assert sorted(form["license"].split(","), key=int) == ["4", "5", "7", "8", "9", "10", "11"]
        assert (form["text"], form["tags"]) == ("old bridge", "a,b")
        assert "geo" not in form["extras"]
    assert all("User-Agent: latentprint/" in each.replace("user-agent", "User-Agent")
               for each in flickr.lines)  # fmt: skip


def test_no_place_no_serial_number_no_title_is_kept(tmp_path: Path, flickr: FakeFlickr) -> None:
    run(tmp_path, flickr)
    files = tree(tmp_path)
    assert len(files) == 12 + 4
    for content in files.values():
        for secret in (PLACE, json.dumps(PLACE)[1:-1], SERIAL, "private title", "GPS"):
            assert secret.encode() not in content
    assert b"(c) A. Photographer" in files["photos/100.jpg"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"licence": "1"}, None),
        ({"licence": "0"}, None),
        ({"width": 99}, "too small"),
        ({"unknown": "1"}, "date taken unknown"),
        ({"granularity": 6}, "date taken unknown"),
        ({"taken": "2011-01-01 00:00:00"}, None),
        ({"suffix": "png"}, "not a JPEG"),
        ({"id": "../../7"}, "without id or owner"),
        ({"owner": ""}, "without id or owner"),
    ],
)
def test_what_does_not_qualify_is_left_out(
    tmp_path: Path, change: dict[str, Any], reason: str | None
) -> None:
    odd = Photo(**{"id": "7", **change})
    with running(FakeFlickr([Photo("8", owner="2@N00"), odd])) as flickr:
        done = run(tmp_path, flickr)
        assert done.kept == 1
        assert done.left_out == ({reason: 1} if reason else {})
        assert "7" not in flickr.asked("exif")


def test_a_server_that_ignores_licences_and_dates_is_not_believed(
    tmp_path: Path, flickr: FakeFlickr, monkeypatch: pytest.MonkeyPatch
) -> None:
    flickr.photos["100"].licence = "2"
    flickr.photos["101"].taken = "1999-01-01 00:00:00"
    rows = [flickr._row(each) for each in flickr.photos.values()]
    page = {"page": 1, "pages": 1, "perpage": 500, "total": 12, "photo": rows}
    monkeypatch.setattr(flickr, "_search", lambda form: {"photos": page, "stat": "ok"})
    done = run(tmp_path, flickr, with_(first=date(2010, 3, 1), last=date(2010, 3, 31)))
    assert done.left_out == {"other licence": 1, "date taken unknown": 6}
    assert done.kept == 5


def test_licences_are_told_by_their_url(tmp_path: Path, flickr: FakeFlickr) -> None:
    numbers = ["4", "5", "7", "8", "9", "10", "11"]
    for photo, number in zip(flickr.photos.values(), numbers, strict=False):
        photo.licence = number
    for photo in list(flickr.photos.values())[len(numbers) :]:
        photo.licence = "6"
    done = run(tmp_path / "all", flickr)
    assert done.kept == 7
    some = run(tmp_path / "by", flickr, with_(licences=("cc-by", "cc0")))
    kept = pl.read_parquet(tmp_path / "by" / "photos.parquet")
    assert some.kept == 3
    assert set(kept["licence_id"]) == {"4", "9", "11"}


def test_the_order_of_answers_changes_nothing(tmp_path: Path, flickr: FakeFlickr) -> None:
    wanted = with_(max_photos=6, per_user_month=1)
    trees = []
    for shuffle in range(4):
        flickr.shuffle = shuffle
        done = run(tmp_path / str(shuffle), flickr, wanted)
        assert done.kept == 6
        trees.append(tree(tmp_path / str(shuffle)))
    assert all(each == trees[0] for each in trees)
    run(tmp_path / "other", flickr, with_(max_photos=6, per_user_month=1, seed=1))
    other = set(tree(tmp_path / "other")) - set(trees[0])
    assert other


def test_at_most_so_many_of_one_photographer_and_month(tmp_path: Path) -> None:
    photos = [
        Photo(str(n), owner="1@N00", taken=f"2010-0{1 + n % 2}-05 00:00:00") for n in range(20)
    ]
    with running(FakeFlickr(photos)) as flickr:
        done = run(tmp_path, flickr, with_(per_user_month=3))
        assert done.kept == 6
        assert sum(done.left_out.values()) == 2 * 3
    months = Counter(pl.read_parquet(tmp_path / "photos.parquet")["month"])
    assert months == {"2010-01": 3, "2010-02": 3}


def test_long_spans_are_halved_until_nothing_is_missing(tmp_path: Path, crowd: FakeFlickr) -> None:
    done = run(tmp_path, crowd)
    assert done.kept == 100
    assert Counter(crowd.asked("file")) == dict.fromkeys(crowd.photos, 1)


def test_a_quota_is_spread_over_a_long_span(tmp_path: Path, crowd: FakeFlickr) -> None:
    done = run(tmp_path, crowd, with_(max_photos=60))
    assert done.kept == 60
    days = pl.read_parquet(tmp_path / "photos.parquet")["taken"].str.slice(8, 2).cast(pl.Int64)
    assert min(sum(days <= 15), sum(days > 15)) > 20


def test_more_photos_in_one_second_than_a_search_gives(tmp_path: Path, crowd: FakeFlickr) -> None:
    for photo in crowd.photos.values():
        photo.taken = "2010-05-05 05:05:05"
    done = run(tmp_path, crowd)
    assert done.kept == 40
    assert done.left_out == {"beyond 4,000 in one second": 60}


def test_pages_that_are_empty_or_become_fewer(tmp_path: Path, crowd: FakeFlickr) -> None:
    for key in list(crowd.photos)[35:]:
        del crowd.photos[key]
    crowd.totals = {3: 8, 4: 8}
    crowd.faults["search", "2"] = ["empty"]
    done = run(tmp_path, crowd, MAY)
    assert crowd.asked("search") == ["1", "2", "3", "4"]
    assert done.kept == 10 + 0 + 7


def test_pages_that_overlap(tmp_path: Path, crowd: FakeFlickr) -> None:
    for key in list(crowd.photos)[35:]:
        del crowd.photos[key]
    crowd.most = 25
    done = run(tmp_path, crowd, MAY)
    assert crowd.asked("search") == ["1", "2", "3", "4"]
    assert done.kept == len(crowd.asked("file")) == 25


def test_a_listing_that_was_cut_is_made_again_if_it_does_not_suffice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = [Photo(str(n), owner=f"{n}@N00", taken="2010-05-05 05:05:05") for n in range(300)]
    with running(FakeFlickr(photos)) as flickr:
        first = listing._thinned(
            [listing.Candidate(each.id, each.owner, "", "4", each.taken, "") for each in photos],
            YEAR,
        )
        for each in first[:200]:
            flickr.always["exif", each.id] = "code:2"
        done = run(tmp_path, flickr, with_(max_photos=20))
        assert (done.kept, done.skipped) == (20, {"EXIF not shared": 200})
        assert max(Counter(flickr.asked("exif")).values()) == 1


def test_a_quota_moves_on_when_photos_cannot_be_had(tmp_path: Path, flickr: FakeFlickr) -> None:
    gone = [key for key, photo in flickr.photos.items() if photo.taken < "2010-04"][:4]
    for key in gone:
        flickr.always["exif", key] = "code:1"
    done = run(tmp_path, flickr, with_(max_photos=8))
    assert done.kept == 8
