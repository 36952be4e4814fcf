"""Every fault that the real Flickr has shown, and how often it is asked."""

import itertools
from datetime import date
from pathlib import Path

import pytest

from latentprint.errors import UsageError
from latentprint.photos.flickr import (
    FlickrClient,
    FlickrError,
    Manners,
    collect,
)
from tests.photos.flickr.server import KEY, FakeFlickr
from tests.photos.flickr.tools import YEAR, Clock, client, run, skipped, tree, with_


@pytest.mark.parametrize(
    ("question", "fault"),
    [
        (("licences", ""), "http:503"),
        (("search", "1"), "http:429,3"),
        (("search", "1"), "drop"),
        (("search", "1"), "html"),
        (("search", "1"), "shape"),
        (("search", "1"), "code:10"),
        (("exif", "104"), "http:429"),
        (("exif", "104"), "http:500"),
        (("exif", "104"), "http:502"),
        (("exif", "104"), "http:522"),
        (("exif", "104"), "http:503,0"),
        (("exif", "104"), "html"),
        (("exif", "104"), "shape"),
        (("exif", "104"), "code:105"),
        (("exif", "104"), "code:106"),
        (("exif", "104"), "silent:0.6"),
        (("file", "104"), "http:429,3"),
        (("file", "104"), "http:500"),
        (("file", "104"), "drop"),
        (("file", "104"), "html"),
        (("file", "104"), "cut"),
        (("file", "104"), "truncated"),
        (("file", "104"), "damaged"),
        (("file", "104"), "silent:0.6"),
    ],
)
def test_faults_that_pass_change_nothing(
    tmp_path: Path, flickr: FakeFlickr, question: tuple[str, str], fault: str
) -> None:
    clean = with_(first=date(2010, 3, 1), last=date(2010, 3, 31), max_photos=6)
    run(tmp_path / "clean", flickr, clean)
    before = len(flickr.log)
    flickr.faults[question] = [fault, fault]
    done = run(tmp_path / "faults", flickr, clean, read_timeout=0.25)
    assert len(flickr.log) == before + before + 2 == before + done.requests
    assert tree(tmp_path / "clean") == tree(tmp_path / "faults")


@pytest.mark.parametrize(
    ("question", "fault", "reason"),
    [
        ("exif", "code:1", "gone"),
        ("exif", "code:2", "EXIF not shared"),
        ("exif", "http:503", "no answer"),
        ("exif", "html", "no answer"),
        ("file", "http:404", "gone"),
        ("file", "http:410", "gone"),
        ("file", "redirect", "gone"),
        ("file", "http:403", "not shared"),
        ("file", "http:500", "no answer"),
        ("file", "cut", "no answer"),
        ("file", "truncated", "cut off"),
        ("file", "html", "not a JPEG"),
        ("file", "png", "not a JPEG"),
    ],
)
def test_a_photo_that_cannot_be_had_is_named_and_the_job_goes_on(
    tmp_path: Path, flickr: FakeFlickr, question: str, fault: str, reason: str
) -> None:
    flickr.always[question, "104"] = fault
    done = run(tmp_path, flickr)
    assert (done.kept, done.skipped) == (11, {reason: 1})
    assert skipped(tmp_path) == {"104": reason}
    assert not (tmp_path / "photos" / "104.jpg").exists()
    before = len(flickr.log)
    again = run(tmp_path, flickr)
    assert (again.kept, again.skipped, again.requests) == (11, {reason: 1}, 0)
    assert len(flickr.log) == before


def test_damaged_pixels_are_noticed(tmp_path: Path, flickr: FakeFlickr) -> None:
    flickr.always["file", "104"] = "damaged"
    flickr.photos["105"].exif = {}
    done = run(tmp_path, flickr)
    assert done.kept == 10
    assert skipped(tmp_path)["105"] == "no EXIF"
    assert "damaged" in skipped(tmp_path)["104"] or "truncated" in skipped(tmp_path)["104"]


def test_a_wrong_key_ends_the_job_at_once(tmp_path: Path, flickr: FakeFlickr) -> None:
    wrong = "f" * 32
    clock = Clock()
    with FlickrClient(wrong, url=flickr.url, clock=clock, sleep=clock.sleep) as asking:
        with pytest.raises(
            FlickrError, match="does not accept the key in FLICKR_API_KEY"
        ) as caught:
            collect(tmp_path, YEAR, asking)
        assert asking.requests == 1
    assert wrong not in str(caught.value)
    assert "[key]" in str(caught.value)


def test_a_server_that_is_down_ends_the_job_and_is_not_held_against_photos(
    tmp_path: Path, flickr: FakeFlickr
) -> None:
    for key in flickr.photos:
        flickr.always["file", key] = "drop"
    with pytest.raises(FlickrError, match="5 photos in a row"):
        run(tmp_path, flickr)
    assert skipped(tmp_path) == {}
    flickr.always.clear()
    assert run(tmp_path, flickr).kept == 12
    flickr.url = "http://127.0.0.1:9/"
    with pytest.raises(FlickrError, match="no connection, 5 tries"):
        run(tmp_path / "other", flickr)


@pytest.mark.parametrize("fault", ["http:403", "http:301", "code:112", "code:3", "code:1"])
def test_a_search_that_is_refused_ends_the_job(
    tmp_path: Path, flickr: FakeFlickr, fault: str
) -> None:
    flickr.always["search", "1"] = fault
    with pytest.raises(FlickrError, match=fault.partition(":")[2]) as caught:
        run(tmp_path, flickr)
    assert KEY not in str(caught.value)
    flickr.always["licences", ""] = fault
    with pytest.raises(FlickrError, match=fault.partition(":")[2]):
        run(tmp_path / "licences", flickr)


def test_a_request_a_second_and_no_more(tmp_path: Path, flickr: FakeFlickr) -> None:
    clock, starts = Clock(), []
    asking = client(flickr, clock)
    exchange = asking._http.exchange
    asking._http.exchange = lambda *a: (starts.append(clock.now), exchange(*a))[1]  # type: ignore
    flickr.faults["exif", "103"] = ["http:503,0"] * 3
    with asking:
        collect(tmp_path, YEAR, asking)
    gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert len(starts) == len(flickr.log)
    assert min(gaps) >= 1
    with pytest.raises(UsageError, match="3,600 requests an hour"):
        FlickrClient(KEY, manners=Manners(pause=0.5))


def test_waits_grow_and_retry_after_is_honoured(
    flickr: FakeFlickr, caplog: pytest.LogCaptureFixture
) -> None:
    def waits(fault: str) -> list[float]:
        flickr.faults["licences", ""] = [fault] * 3
        clock = Clock()
        with client(flickr, clock, pause=0.0) as asking:
            asking.call("flickr.photos.licenses.getInfo", {}, len)
        return clock.sleeps

    first = waits("http:503")
    assert 1 <= first[0] <= 3
    assert 2 <= first[1] <= 6
    assert 4 <= first[2] <= 12
    assert first == waits("drop")
    assert caplog.messages == []
    assert waits("http:429,30") == [30, 30, 30]
    assert caplog.messages == ["Flickr: HTTP 429: waiting for 30 s"] * 3
    date_line = "Wed, 21 Oct 2099 07:28:00 GMT"
    with pytest.raises(FlickrError, match="asks to wait for"):
        waits(f"http:429,{date_line}")
    assert waits("http:429,Wed, 21 Oct 1999 07:28:00 GMT") == [0, 0, 0]
    with pytest.raises(FlickrError, match="asks to wait for 60 minutes"):
        waits("http:429,3600")
