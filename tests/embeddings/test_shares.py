"""Several processes that make shares of one store, of which some are killed."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from latentprint.embeddings import Extraction, Share, extract, open_collection
from latentprint.embeddings.shares import PLAN, Chunk, Part, Plan, without_share
from latentprint.errors import LatentprintError, UsageError
from latentprint.jobs.embedding import embed as embed_photos
from latentprint.photos import Photos, open_photos
from latentprint.processing import NONE

from .killing import HOW, contents, make_photos
from .toy import ToyEncoder

SCRIPT = """
import sys, time
sys.path.insert(0, {tests!r})
from embeddings.killing import HOW
from embeddings.toy import ToyEncoder
from latentprint.cli import main as cli
from latentprint.embeddings import Share, extract
from latentprint.photos import open_photos
from latentprint.processing import NONE
from dataclasses import replace

class Stuck(ToyEncoder):
    def embed(self, pixels):
        if len(self.batches) == {batches}:
            time.sleep(3600)
        return super().embed(pixels)

def run(arguments):
    how = replace(HOW, share=Share.parse({share!r}))
    encoders = [Stuck("one"), Stuck("two")]
    extract(open_photos({photos!r}), encoders, [NONE], {out!r}, extraction=how)

cli.app = run
cli.main()
"""


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    return open_photos(make_photos(tmp_path / "photos"))


@pytest.fixture
def start(photos: Photos, tmp_path: Path) -> Iterator[Any]:
    """Starts processes that make a share; one gets stuck after some batches of its encoder."""
    begun: list[Any] = []

    def started(share: str, batches: int = -1) -> Any:
        tests, root, out = str(Path(__file__).parents[1]), str(photos.root), str(tmp_path / "out")
        script = SCRIPT.format(tests=tests, photos=root, out=out, share=share, batches=batches)
        command = [sys.executable, "-c", script]
        begun.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return begun[-1]

    yield started
    for each in begun:
        each.kill()
        each.communicate()


def run(photos: Photos, out: Path, how: Extraction = HOW) -> None:
    extract(photos, [ToyEncoder("one"), ToyEncoder("two")], [NONE], out, extraction=how)


@pytest.mark.slow
def test_three_processes_make_one_store_and_one_is_killed(
    photos: Photos, tmp_path: Path, start: Any
) -> None:
    run(photos, tmp_path / "whole")
    whole, out = contents(tmp_path / "whole"), tmp_path / "out"
    # The made-up pictures, two batches of a shard, and one of the next.
    doomed = start("2/3", batches=4)
    while not list(out.rglob(PLAN)) and doomed.poll() is None:
        time.sleep(0.02)
    others = [start(share) for share in ("1/3", "3/3")]
    with pytest.raises(LatentprintError, match="being written to by process"):
        run(photos, out)
    with pytest.raises(LatentprintError, match=r"Share 2/3 of .* is being made by process"):
        run(photos, out, replace(HOW, share=Share(2, 3)))
    with pytest.raises(LatentprintError, match="were asked for 3 shares"):
        run(photos, out, replace(HOW, share=Share(1, 4)))
    told = [each.communicate(timeout=200)[1] for each in others]
    assert [each.returncode for each in others] == [0, 0], told
    assert all("Share" in each and "--shards 2/3 (" in each for each in told), told
    doomed.kill()
    doomed.wait()
    left = start("2/3")
    _, said = left.communicate(timeout=200)
    assert (left.returncode, said) == (0, "")
    assert contents(out) == whole


def test_what_is_not_made_yet_is_said_and_made_by_a_plain_run(
    photos: Photos, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def embed(name: str, share: str | None) -> None:
        how = replace(HOW, share=Share.parse(share))
        encoders = [ToyEncoder("one"), ToyEncoder("two")]
        command = f"latentprint embed photos{f' --shards {share}' if share else ''}"
        embed_photos(
            photos,
            tmp_path / name,
            encoders=encoders,
            attributes=["none"],
            extraction=how,
            allow_broken=True,
            command=command,
        )

    embed("whole", None)
    missing = r"is incomplete: 5 of 10 shards are missing: run the same `latentprint embed` again "
    missing += r"with --shards 2/2 \(5\), or without --shards for all\."
    embed("plain", "1/2")
    assert "Share 1/2 is made." in caplog.text
    with pytest.raises(LatentprintError, match=missing):
        open_collection(tmp_path / "plain")
    for left in (tmp_path / "plain").iterdir():
        if left.is_dir():
            (left / ".lock-1-of-2").write_text("left by a process that was killed")
    embed("plain", None)
    embed("shares", "2/2")
    embed("shares", "1/2")
    whole = contents(tmp_path / "whole")
    assert contents(tmp_path / "plain") == whole
    assert contents(tmp_path / "shares") == whole
    # Once all is there any share does nothing.
    embed("shares", "1/2")
    assert contents(tmp_path / "shares") == whole


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    chunks = (
        Chunk((0, 1, 2, 5, 9, 10), (Part(0, (0, 2), 3), Part(1, (1,), 0))),
        Chunk((3, 4), (Part(0, (0,), 4),)),
    )
    folders = [tmp_path / "a", tmp_path / "b"]
    Plan("digest", 2, chunks).write(folders)
    for at, folder in enumerate(folders):
        read = Plan.read(folder)
        assert read is not None
        rows = tuple(replace(each, rows=tuple(each.rows)) for each in read.chunks)
        assert replace(read, chunks=rows) == Plan("digest", 2, chunks, at)
        assert [read.share(Share(1, 2)), read.share(Share(2, 2))] == [
            [read.chunks[0]],
            [read.chunks[1]],
        ]


@pytest.mark.parametrize("text", ["0/3", "4/3", "2", "a/b", "2/0", "-1/3"])
def test_what_is_no_share(text: str) -> None:
    with pytest.raises(UsageError, match="share"):
        Share.parse(text)


def test_the_record_says_how_all_is_made() -> None:
    for share in (" --shards 2/3", " --shards=2/3", ""):
        assert without_share(f"latentprint embed a{share} --out b") == "latentprint embed a --out b"
