"""Shards that are made by a cluster of Ray, an actor of which is killed."""

import importlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

from latentprint import audit, embed
from latentprint.embeddings import Extraction, Share
from latentprint.embeddings.making import Making
from latentprint.embeddings.shares import Chunk
from latentprint.errors import UsageError
from latentprint.jobs import embedding
from latentprint.jobs.cluster import Cluster
from latentprint.jobs.embedding import embed as embed_photos
from latentprint.jobs.encoder_groups import EncoderGroups
from tests.embeddings.killing import contents, make_photos
from tests.embeddings.toy import ToyEncoder

ENCODER = """
import os, sys, time
from embeddings.killing import HOW
from embeddings.toy import ToyEncoder
from latentprint.jobs.cluster import Cluster
from latentprint.jobs.embedding import embed as embed_photos
from latentprint.jobs.loading import Loading

class Slow(ToyEncoder):
    def embed(self, pixels):
        if self.batches and "WORKING" in os.environ:
            # Moved into place, so that who reads it never meets an empty file.
            own = f"{os.environ['WORKING']}-{os.getpid()}"
            with open(own, "w") as file:
                file.write(str(os.getpid()))
            os.replace(own, os.environ["WORKING"])
            time.sleep(0.2)
        return super().embed(pixels)

def one():
    return Slow("one")

def two():
    return Slow("two")

def embed(photos, out, cluster):
    specs = ["python:slow_toy:one", "python:slow_toy:two"]
    embed_photos(photos, out, encoders=specs, attributes=["none"], extraction=HOW, cluster=cluster,
               loading=Loading(device="cpu", control=False))

if __name__ == "__main__":
    embed(*sys.argv[1:], Cluster(actors=2))
"""
LIMIT = 150.0  # seconds


@pytest.fixture
def session() -> Iterator[Path]:
    """A folder of Ray's own, whose processes are ended with the test."""
    folder = Path(tempfile.mkdtemp(prefix="lp-", dir="/tmp"))  # sockets need a short path
    yield folder
    for each in _of_session(folder):
        each.kill()
    shutil.rmtree(folder, ignore_errors=True)


def _of_session(folder: Path) -> list[psutil.Process]:
    found = []
    for each in psutil.process_iter():
        try:
            if each.environ().get("RAY_TMPDIR") == str(folder):
                found.append(each)
        except psutil.Error:
            continue
    return found


@pytest.mark.slow
@pytest.mark.timeout(LIMIT + 60)
@pytest.mark.skipif(not find_spec("ray"), reason="Ray is not installed: extra `ray`")
def test_a_killed_actor_changes_nothing(
    tmp_path: Path, session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_photos(tmp_path / "photos")
    (tmp_path / "slow_toy.py").write_text(ENCODER)
    paths = [str(tmp_path), str(Path(__file__).parents[1])]
    for each in paths:
        monkeypatch.syspath_prepend(each)
    slow_toy = importlib.import_module("slow_toy")
    slow_toy.embed(tmp_path / "photos", tmp_path / "whole", None)
    whole, out, deadline = contents(tmp_path / "whole"), tmp_path / "out", time.monotonic() + LIMIT
    paths += os.environ.get("PYTHONPATH", "").split(os.pathsep)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "WORKING": str(tmp_path / "pid")}
    env |= {"RAY_ADDRESS": "local", "RAY_TMPDIR": str(session)}
    process = subprocess.Popen(
        [sys.executable, "-m", "slow_toy", str(tmp_path / "photos"), str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=env,
    )
    while not list(out.rglob("shard-*.parquet")) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    actors = [each for each in _of_session(session) if each.name().startswith("ray::_Maker")]
    if actors:
        # One that works on a shard: the other may be loading its encoders.
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    told, _ = process.communicate(timeout=deadline - time.monotonic())
    assert (len(actors), process.returncode) == (2, 0), told
    assert contents(out) == whole
    assert not psutil.wait_procs(_of_session(session), timeout=20)[1]


def test_without_ray_it_is_said_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"--engine ray needs Ray: pip install 'latentprint\[ray"):
        Cluster.of("ray", None, None)
    with pytest.raises(UsageError, match="needs Ray"):
        embed_photos("nothing", tmp_path / "out", cluster=Cluster())
    assert not (tmp_path / "out").exists()


def test_options_that_do_not_go_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="--actors and --gpus-per-actor are for --engine ray"):
        Cluster.of("local", 2, None)
    monkeypatch.setitem(sys.modules, "ray", sys)
    with pytest.raises(UsageError, match="leave --shards out"):
        embed_photos(
            "nothing",
            tmp_path / "out",
            cluster=Cluster(),
            extraction=Extraction(share=Share(1, 2)),
        )


def test_an_audit_makes_the_shards_of_all_its_parts_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[Cluster, float]] = []

    def actors(
        _: EncoderGroups, cluster: Cluster, making: Making, chunks: Sequence[Chunk], *__: object
    ) -> None:
        made.append((cluster, making.how.mask))
        making.make(chunks)

    monkeypatch.setitem(sys.modules, "ray", sys)
    monkeypatch.setattr(embedding, "make_on_cluster", actors)
    make_photos(tmp_path / "photos")
    how = {"encoder": [ToyEncoder()], "control": False, "workers": 0}
    asked = {"attribute": ["sharpening", "width"], **how}
    audit(tmp_path / "photos", tmp_path / "run", engine="ray", actors=3, **asked)
    assert made == [(Cluster(3), 0.0), (Cluster(3), 0.9)]
    # What `embed` made in its place is used as it is.
    embed(tmp_path / "photos", tmp_path / "more" / "embeddings", attribute=["sharpening"], **how)
    audit(tmp_path / "photos", tmp_path / "more", engine="ray", actors=3, **asked)
    assert made[2:] == [(Cluster(3), 0.9)]
    with pytest.raises(UsageError, match="give --batch-size a number"):
        audit(tmp_path / "photos", tmp_path / "x", engine="ray", batch_size="auto", **asked)
    with pytest.raises(UsageError, match="are for --engine ray"):
        audit(tmp_path / "photos", tmp_path / "x", gpus_per_actor=1.0, **asked)
    assert not (tmp_path / "x").exists()
