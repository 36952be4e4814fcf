"""Photos at addresses, on servers that fail as real ones do: the store is that of local files."""

import logging
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from latentprint.embeddings.store import Store
from latentprint.errors import LatentprintError, UsageError
from latentprint.photos import Photos, addresses, exif_table, open_photos
from tests.encoders.servers import serve
from tests.photos.packing import files_of, pack_arrow, pack_tar, pack_zip

from .elsewhere import make_photos, run, same
from .toy import ToyEncoder

SIGNED = "X-Amz-Signature=SECRET"

Fault = Callable[[BaseHTTPRequestHandler, bytes], None]


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    limits = addresses.Limits(connect=0.5, read=0.3, deadline=1.0, wait=0.5, largest=1_000_000)
    monkeypatch.setattr(addresses, "LIMITS", limits)
    monkeypatch.setattr(addresses, "PAUSES", (0.01, 0.02))


def send(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    """A file or, as real servers do, the part of it that is asked for."""
    found = re.fullmatch(r"bytes=(\d+)-(\d+)", handler.headers.get("Range", ""))
    whole, start = len(data), 0
    if found:
        start = int(found[1])
        if start >= whole:
            return handler.send_error(416)
        data = data[start : int(found[2]) + 1]
    handler.send_response(206 if found else 200)
    handler.send_header("Content-Length", str(len(data)))
    handler.send_header("Content-Range", f"bytes {start}-{start + len(data) - 1}/{whole}")
    handler.end_headers()
    handler.wfile.write(data)
    return None


def busy(handler: BaseHTTPRequestHandler, _: bytes) -> None:
    handler.send_error(503)


def too_many(handler: BaseHTTPRequestHandler, _: bytes) -> None:
    handler.send_response(429)
    handler.send_header("Retry-After", "100")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def cut_off(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data[: len(data) // 2])


def reset(handler: BaseHTTPRequestHandler, _: bytes) -> None:
    handler.connection.close()


def silent(_handler: BaseHTTPRequestHandler, _: bytes) -> None:
    time.sleep(0.5)


def endless(handler: BaseHTTPRequestHandler, _: bytes) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(bytes(100_000))


def page(handler: BaseHTTPRequestHandler, _: bytes) -> None:
    send(handler, b"<!doctype html><title>Sign in</title>")


def leads_to(place: str) -> Fault:
    def answer(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(302)
        handler.send_header("Location", place)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def status(code: int) -> Fault:
    return lambda handler, _: handler.send_error(code)


class Site:
    """Files on a server; what is asked for fails so many times first."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.faults: dict[str, tuple[int, Fault]] = {}
        self.asked: Counter[str] = Counter()
        self.times: dict[str, list[float]] = defaultdict(list)

    def __call__(self, handler: BaseHTTPRequestHandler, _: int) -> None:
        name = handler.path.lstrip("/").partition("?")[0]
        self.asked[name] += 1
        self.times[name].append(time.monotonic())
        times, fault = self.faults.get(name, (0, status(500)))
        try:
            if self.asked[name] <= times:
                return fault(handler, self.files.get(name, b""))
            if name not in self.files:
                return handler.send_error(404)
            return send(handler, self.files[name])
        except OSError:  # who asked has gone
            return None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_photos(tmp_path / "photos")


@pytest.fixture
def local(folder: Path, tmp_path: Path) -> Store:
    return run(open_photos(folder), tmp_path / "local")


@pytest.fixture
def site(folder: Path) -> Site:
    return Site(files_of(folder))


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    with serve(site) as (found, _):
        yield found


def listed(place: Path, address: str, names: list[str], query: str = "") -> Photos:
    paths = [f"{address}/{name}{query}" for name in names]
    pl.DataFrame({"id": names, "url": paths}).write_csv(place)
    return open_photos(place)


def test_failures_that_pass_leave_no_trace(
    site: Site, address: str, local: Store, tmp_path: Path
) -> None:
    names = sorted(site.files, key=lambda name: (not site.files[name], name))
    kinds: list[Fault] = [busy, too_many, cut_off, reset, silent, status(500)]
    for at, name in enumerate(names[:6]):
        site.faults[name] = 2, kinds[at]
    photos = listed(tmp_path / "list.csv", address, sorted(names))
    same(run(photos, tmp_path / "out"), local)
    assert [site.asked[name] for name in names] == [3] * 6 + [1] * (len(names) - 6)
    # As long as the server asks, but no longer than is granted, which is half a second here.
    waits = [later - earlier for earlier, later in pairwise(site.times[names[1]])]
    assert all(0.5 <= wait < 50 for wait in waits)
    # A run that goes on asks for nothing again.
    site.asked.clear()
    again = ToyEncoder()
    run(photos, tmp_path / "out", again)
    assert again.batches == []
    assert site.asked.total() == 0
    # Headers are read with the same patience, and processes of their own read the same.
    site.faults = dict.fromkeys(names[:3], (2, busy))
    assert exif_table(photos)["status"].to_list().count("broken") == 1
    assert site.asked.total() == 3 * 3 + len(names) - 3
    site.asked.clear()
    same(run(photos, tmp_path / "two", workers=2), local)
    assert site.asked.total() == 3 * 3 + len(names) - 3


def test_what_lasts_breaks_one_photo_and_no_other(site: Site, address: str, tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(site.files["a/00.jpg"])
    faults: dict[str, tuple[Fault, str]] = {
        "a/02.jpg": (status(404), "HTTP 404 Not Found"),
        "b/01.jpg": (status(410), "HTTP 410 Gone"),
        "b/03.jpg": (page, "not an image"),
        "b/05.jpg": (endless, "above 1 MB"),
        "b/07.jpg": (leads_to(f"file://{tmp_path}/secret.jpg"), "not http:// or https://"),
        "b/09.jpg": (leads_to("/b/09.jpg"), "leads on without end"),
        "b/11.jpg": (status(403), "HTTP 403 Forbidden"),
    }
    site.faults = {name: (99, fault) for name, (fault, _) in faults.items()}
    store = run(listed(tmp_path / "list.csv", address, sorted(site.files)), tmp_path / "out")
    told = dict(store.facts().filter(pl.col("status") == "broken").select("id", "reason").rows())
    assert told.keys() == {*faults, "a/04.jpg"}
    for name, (_, reason) in faults.items():
        assert reason in told[name]
    assert all(site.asked[name] == 1 for name in faults if name != "b/09.jpg")


def test_a_server_that_goes_away_and_comes_back(
    site: Site, address: str, local: Store, tmp_path: Path
) -> None:
    class Away(ToyEncoder):
        def embed(self, pixels):  # type: ignore[no-untyped-def]
            if len(self.batches) == 4:
                site.faults = dict.fromkeys(site.files, (10**6, reset))
            return super().embed(pixels)

    photos = listed(tmp_path / "list.csv", address, sorted(site.files))
    with pytest.raises(LatentprintError, match=r"the connection was cut.*seems to be away"):
        run(photos, tmp_path / "out", Away(), stop_after=3, stop_seconds=0)
    kept = {each: each.read_bytes() for each in (tmp_path / "out").rglob("*.safetensors")}
    assert kept
    site.faults = {}
    same(run(photos, tmp_path / "out"), local)
    assert all(each.read_bytes() == data for each, data in kept.items())


def test_signatures_are_neither_told_nor_part_of_ids(
    site: Site, address: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    photos = listed(tmp_path / "list.csv", address, sorted(site.files), f"?{SIGNED}")
    assert any("12 addresses hold passwords or signatures" in note for note in photos.notes)
    lines = [f"{address}/{name}?{SIGNED}&v=1" for name in sorted(site.files)]
    (tmp_path / "list.txt").write_text("\n".join(lines) + "\n\n")
    plain = open_photos(tmp_path / "list.txt")
    assert plain.table["id"][0] == f"{address}/a/00.jpg?v=1"
    # A signature that has expired says nothing of the photo.
    site.faults = {name: (10**6, status(403)) for name in site.files}
    for given in (photos, plain):
        with pytest.raises(LatentprintError, match="403") as failed:
            run(given, tmp_path / "out", stop_after=3, stop_seconds=0, pauses=())
        assert "SECRET" not in str(failed.value)
    with pytest.raises(LatentprintError) as failed:
        open_photos(f"{address}/a.tar?{SIGNED}")
    assert "SECRET" not in str(failed.value)
    assert "SECRET" not in caplog.text


@pytest.mark.parametrize("kind", ["tar", "zip", "parquet", "arrow", "csv"])
def test_archives_tables_and_lists_at_an_address(
    site: Site, address: str, folder: Path, local: Store, tmp_path: Path, kind: str
) -> None:
    files = files_of(folder)
    place = tmp_path / f"s.{kind}"
    if kind == "csv":
        pl.DataFrame({"id": list(files), "path": list(files)}).write_csv(place)
    elif kind == "parquet":
        arrow = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        cells = [{"bytes": data, "path": name} for name, data in files.items()]
        parquet.write_table(arrow.table({"image": cells}), place, row_group_size=5)
    else:
        {"tar": pack_tar, "zip": pack_zip, "arrow": pack_arrow}[kind](place, files)
    site.files[place.name] = place.read_bytes()
    site.faults[place.name] = 1, busy
    photos = open_photos(f"{address}/{place.name}?{SIGNED}")
    assert site.asked[place.name] >= 2
    site.asked.clear()
    same(run(photos, tmp_path / "out"), local)


def test_headers_of_a_server_that_is_away_are_not_waited_for_one_by_one(
    site: Site, address: str, tmp_path: Path
) -> None:
    names = [f"{number}.png" for number in range(100)]
    site.faults = dict.fromkeys(names, (10**6, busy))
    photos = listed(tmp_path / "list.csv", address, names)
    with pytest.raises(LatentprintError, match=r"headers of 5 photos .*HTTP 503"):
        run(photos, tmp_path / "out")
    assert sum(site.asked.values()) == 5 * 3


def test_what_cannot_be_read_is_said_before_work(
    site: Site, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="folders cannot be listed over HTTP"):
        open_photos(f"{address}/photos")
    with pytest.raises(UsageError, match="give addresses as text"):
        open_photos(Path(f"{address}/list.csv"))
    with pytest.raises(LatentprintError, match=r"gone\.tar.* HTTP 404 Not Found"):
        open_photos(f"{address}/gone.tar")
    (tmp_path / "list.txt").write_text("a.jpg\nftp://host/b.jpg\n")
    with pytest.raises(UsageError, match=r"Row 2 of list\.txt .*ftp://, which is not read"):
        open_photos(tmp_path / "list.txt")
    monkeypatch.setattr(addresses, "installed", lambda _: False)
    for scheme, extra in (("s3", "s3"), ("gs", "gcs")):
        (tmp_path / "list.txt").write_text(f"a.jpg\n{scheme}://bucket/b.jpg\n")
        needed = rf"needs an extra: pip install 'latentprint\[{extra}\]'"
        for given in (tmp_path / "list.txt", f"{scheme}://bucket/photos/"):
            with pytest.raises(UsageError, match=needed):
                open_photos(given)
    # Without parts a photo of an archive would take the whole archive.
    archive = pack_tar(tmp_path / "s.tar", {"a.jpg": b"x"}).read_bytes()

    def whole(handler: BaseHTTPRequestHandler, _: int) -> None:
        del handler.headers["Range"]
        send(handler, archive)

    with (
        serve(whole) as (other, _),
        pytest.raises(LatentprintError, match="its server sends no parts of files"),
    ):
        open_photos(f"{other}/s.tar")
