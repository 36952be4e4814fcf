"""Photos in an object store that is killed and stopped while it is read; Amazon's, by moto.

moto and s3fs are not among the packages of developers, as botocore needs an older python-dateutil
than these have: ``pip install 'moto[server]' s3fs`` into an environment of its own runs this file.
"""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from latentprint.errors import LatentprintError
from latentprint.photos import addresses, open_photos
from tests.photos.packing import files_of, pack_arrow, pack_tar, pack_zip

from .elsewhere import make_photos, run, same
from .toy import ToyEncoder

MISSING = [name for name in ("moto", "s3fs", "pyarrow") if importlib.util.find_spec(name) is None]

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


PLACES = ("photos", "s.tar", "s.zip", "table", "table/train.parquet", "saved", "saved/data.arrow")


class Bucket:
    """A server of its own with one bucket, which forgets everything when it ends."""

    def __init__(self, port: int, files: dict[str, bytes]) -> None:
        self.port, self.files = port, files
        self.begin()

    def begin(self) -> None:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 30
        while not self.answers():
            assert time.monotonic() < until, "moto does not start"
            time.sleep(0.05)
        import s3fs

        store = s3fs.S3FileSystem(skip_instance_cache=True)
        store.mkdir("bucket")
        store.pipe({f"bucket/{name}": data for name, data in self.files.items()})

    def answers(self) -> bool:
        with socket.socket() as asking:
            return asking.connect_ex(("127.0.0.1", self.port)) == 0

    def end(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()

    def stop_for(self, seconds: float) -> None:
        """Answer nothing for some seconds."""
        self.process.send_signal(signal.SIGSTOP)
        threading.Timer(seconds, self.process.send_signal, [signal.SIGCONT]).start()


class Disturbed(ToyEncoder):
    """Something happens to the server while a batch is embedded."""

    def __init__(self, what: Any) -> None:
        super().__init__()
        self.what = what

    def embed(self, pixels: Any) -> Any:
        if len(self.batches) == 4:
            self.what()
        return super().embed(pixels)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_photos(tmp_path / "photos")


@pytest.fixture
def bucket(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    from pyarrow import Table, parquet

    files = files_of(folder)
    objects = {f"photos/{name}": data for name, data in files.items()}
    objects["photos/.hidden/a.jpg"] = b"x"
    for name, pack in (("s.tar", pack_tar), ("s.zip", pack_zip)):
        objects[name] = pack(tmp_path / name, files).read_bytes()
    rows = [{"bytes": data, "path": name} for name, data in files.items()]
    parquet.write_table(Table.from_pydict({"image": rows}), tmp_path / "s.parquet")
    objects["table/train.parquet"] = (tmp_path / "s.parquet").read_bytes()
    objects["saved/data.arrow"] = pack_arrow(tmp_path / "s.arrow", files).read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "name",
        "AWS_SECRET_ACCESS_KEY": "SECRET",
        "AWS_DEFAULT_REGION": "us-east-1",
        "no_proxy": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(addresses, "LIMITS", addresses.Limits(connect=1, read=1, largest=10**6))
    monkeypatch.setattr(addresses, "PAUSES", (0.01, 0.02))
    addresses._object_store.cache_clear()
    made = Bucket(port, objects)
    yield made
    made.end()
    addresses._object_store.cache_clear()


def test_a_bucket_that_is_killed_and_stopped(bucket: Bucket, folder: Path, tmp_path: Path) -> None:
    local = run(open_photos(folder), tmp_path / "local")
    names = sorted(files_of(folder))
    paths = [f"s3://bucket/photos/{name}" for name in names]
    pl.DataFrame({"id": names, "path": paths}).write_parquet(tmp_path / "list.parquet")
    photos = open_photos(tmp_path / "list.parquet")

    # Killed: nothing is stored of what could not be read, and what was finished stays.
    with pytest.raises(LatentprintError, match=r"no connection.*seems to be away") as failed:
        run(photos, tmp_path / "out", Disturbed(bucket.end), stop_after=3, stop_seconds=0)
    assert "SECRET" not in str(failed.value)
    kept = {each: each.read_bytes() for each in (tmp_path / "out").rglob("*.safetensors")}
    assert kept
    # Back, but empty: a bucket that is not there says nothing of its photos.
    whole, bucket.files = bucket.files, {}
    bucket.begin()
    import s3fs

    s3fs.S3FileSystem(skip_instance_cache=True).rmdir("bucket")
    with pytest.raises(LatentprintError, match="there is no such bucket"):
        run(photos, tmp_path / "out", stop_after=3, stop_seconds=0)
    bucket.end()
    bucket.files = whole
    bucket.begin()
    same(run(photos, tmp_path / "out"), local)
    assert all(each.read_bytes() == data for each, data in kept.items())

    # Stopped for longer than is waited for once.
    patient = {"pauses": (0.1, 0.2)}
    slow = run(photos, tmp_path / "slow", Disturbed(lambda: bucket.stop_for(1.5)), **patient)
    same(slow, local)

    # An object that is not there is a broken photo; processes of their own read the same.
    named = open_photos(
        pl.DataFrame({"id": ["gone", *names], "path": ["s3://bucket/photos/gone.jpg", *paths]})
    )
    facts = run(named, tmp_path / "gone", workers=1).facts()
    reasons = dict(facts.filter(pl.col("status") == "broken").select("id", "reason").rows())
    assert reasons["gone"] == "the file cannot be read: there is no such object"
    assert reasons.keys() == {"gone", "a/04.jpg"}


def test_folders_archives_and_tables_of_a_bucket(
    bucket: Bucket, folder: Path, tmp_path: Path
) -> None:
    local = run(open_photos(folder), tmp_path / "local")
    plain = open_photos("s3://bucket/photos/")
    assert plain.table.drop("path").equals(open_photos(folder).table.drop("path"))
    assert plain.ignored["reason"].to_list() == ["hidden folder"]
    for at, place in enumerate(PLACES):
        photos = open_photos(f"s3://bucket/{place}")
        assert photos.table["path"].str.starts_with("s3://bucket/").all()
        same(run(photos, tmp_path / str(at)), local)
    with pytest.raises(LatentprintError, match=r"There are no photos in s3://bucket/nothing"):
        open_photos("s3://bucket/nothing/")
    with pytest.raises(LatentprintError, match=r"s3://bucket/no\.tar .*there is no such object"):
        open_photos("s3://bucket/no.tar")
    assert os.environ["AWS_SECRET_ACCESS_KEY"] == "SECRET"
