"""What a plan says is what the run then does, and nothing is written before."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from latentprint.cli.plan_text import duration, print_plan
from latentprint.embeddings import Extraction, Progress, Share
from latentprint.errors import LatentprintError, UsageError
from latentprint.jobs.audit import audit, plan_audit
from latentprint.jobs.cluster import Cluster
from latentprint.jobs.embedding import embed
from latentprint.jobs.loading import Loading
from latentprint.jobs.plan import Plan, plan_embed
from latentprint.jobs.rehearsal import Estimate
from tests.embeddings.toy import ToyEncoder

HOW = Extraction(workers=0, batch_size=8)
LOADING = Loading(control=False)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Twenty-four photos in two classes; the header of another one is broken."""
    root, generator = tmp_path / "photos", np.random.default_rng(0)
    for number in range(24):
        path = root / "xy"[number % 2] / f"{number:02}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = generator.integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).resize((64, 48)).save(path, quality=95)
    return root


def files(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def embedded(photos: Path, out: Path, **asked: object) -> int:
    """How many photos a run embeds."""
    seen: list[Progress] = []
    embed(photos, out, loading=LOADING, extraction=HOW, on_progress=seen.append, **asked)
    return seen[-1].done - seen[-1].reused if seen else 0


def test_a_plan_counts_what_the_run_does(photos: Path, tmp_path: Path) -> None:
    out, toy = tmp_path / "store", ToyEncoder()

    def both(**asked: object) -> Plan:
        before = files(tmp_path)
        plan = plan_embed(photos, out, encoders=[toy], loading=LOADING, extraction=HOW, **asked)
        assert files(tmp_path) == before
        (store,) = plan.stores
        on_disk = sum(each.stat().st_size for each in out.glob("*/*")) if out.exists() else 0
        assert store.stored_bytes == on_disk
        assert store.missing == embedded(photos, out, encoders=[toy], **asked)
        return plan

    plan = both(attributes=["sharpening"])
    (store,) = plan.stores
    assert (store.stored, store.missing, store.images) == (0, 24, 3 * 24)
    (made,) = embed(photos, out, encoders=[toy], attributes=["sharpening"], extraction=HOW)
    assert store.folder == made.folder
    assert store.vector_bytes == sum(made.vectors(each)[:].nbytes for each in made.classes)
    assert plan.estimate is not None
    assert plan.estimate.photos == 8
    assert plan.estimate.seconds > 0

    assert both(attributes=["sharpening"]).estimate is None
    Image.new("RGB", (50, 50), "green").save(photos / "x" / "more.png")
    (photos / "x" / "broken.jpg").write_bytes(b"")
    (store,) = both(attributes=["sharpening"]).stores
    assert (store.stored, store.missing) == (24, 2)
    (store,) = both(attributes=["sharpening", "jpeg:JPEG75_420,JPEG95_420"]).stores
    assert (store.stored, store.missing, store.images) == (0, 26, 2 * 26)
    assert store.broken == 1
    Image.new("RGB", (50, 50), "red").save(photos / "x" / "more.png")
    plan = plan_embed(photos, out, encoders=[toy], attributes=["sharpening"], extraction=HOW)
    assert plan.stores[0].touched == 1


def test_a_share_is_planned_alone_and_as_it_is_begun(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, toy = tmp_path / "store", ToyEncoder()

    def both(number: int, missing: int, of: int) -> None:
        how = replace(HOW, shard_size=5, share=Share(number, of))
        asked = {"encoders": [toy], "attributes": ["sharpening"], "loading": LOADING}
        before = files(tmp_path)
        plan = plan_embed(photos, out, extraction=how, **asked)  # type: ignore[arg-type]
        assert files(tmp_path) == before
        (store,) = plan.stores
        assert (store.missing, store.images) == (missing, 3 * missing)
        assert store.vector_bytes == 4 * 8 * store.images
        print_plan(plan, as_json=False)
        told = capsys.readouterr().out
        assert f"Share {number}/{of} of the shards that are missing:\n" in told
        assert (plan.estimate is None) == (missing == 0) == ("nothing to do" in told)
        seen: list[Progress] = []
        embed(photos, out, extraction=how, on_progress=seen.append, **asked)  # type: ignore[arg-type]
        assert (seen[-1].done - seen[-1].reused if seen else 0) == missing

    both(1, 5 + 5 + 4, of=2)
    both(1, 0, of=2)
    # Of three shares the second has the second and the fifth shard, which is made.
    both(2, 5, of=3)
    # Of other photos what was planned is of no use: of the six that are missing the last is left.
    (photos / "x" / "00.jpg").rename(photos / "x" / "new.jpg")
    both(2, 1, of=4)


def test_a_plan_of_an_audit_names_its_measurements(photos: Path, tmp_path: Path) -> None:
    out, toy, told = tmp_path / "run", ToyEncoder(), list[str]()
    asked = {
        "encoders": [toy], "questions": ["sharpening", "make"], "ks": [3, 99],
        "loading": LOADING, "extraction": HOW,
    }  # fmt: skip
    before = files(tmp_path)
    plan = plan_audit(photos, out, **asked)
    assert files(tmp_path) == before
    done = audit(photos, out, **asked, on_step=told.append)
    ran = [each.partition(": ")[2] for each in told]
    reasons = [each.reason for each in done.left_out]
    assert [each.reason for each in plan.left_out] == reasons
    assert len(plan.steps) + len(reasons) == len(ran)
    assert [each for each in ran if each in plan.steps] == list(plan.steps)
    assert [each.folder for each in plan.stores] == [
        out / "embeddings" / plan.stores[0].folder.name,
        out / "embeddings-masked" / plan.stores[0].folder.name,
    ]


def test_a_store_of_something_else_is_refused_by_the_plan_too(photos: Path, tmp_path: Path) -> None:
    embedded(photos, tmp_path / "store", encoders=[ToyEncoder()], attributes=["none"])
    with pytest.raises(LatentprintError, match="already holds other embeddings"):
        plan_embed(
            photos, tmp_path / "store", encoders=[ToyEncoder()], attributes=["none"],
            extraction=replace(HOW, mask=0.5),
        )  # fmt: skip


def test_what_the_run_refuses_the_plan_refuses(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="leave this encoder out, or the mask"):
        plan_embed(photos, tmp_path / "x", encoders=["pixels:dct"], extraction=Extraction(mask=0.5))
    both = {"extraction": Extraction(fastest_batch=True), "loading": Loading(compile=True)}
    for refusing in (plan_embed, plan_audit, embed, audit):
        with pytest.raises(UsageError, match="compiled for one size of batch"):
            refusing(photos, tmp_path / "x", **both)  # type: ignore[operator]
    monkeypatch.setitem(sys.modules, "ray", sys)
    there = {"extraction": Extraction(fastest_batch=True), "cluster": Cluster()}
    for refusing in (plan_embed, plan_audit, embed, audit):
        with pytest.raises(UsageError, match="may not be like the actors'"):
            refusing(photos, tmp_path / "x", **there)  # type: ignore[operator]
    assert not (tmp_path / "x").exists()


def test_a_plan_is_printed(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = plan_embed(
        photos, tmp_path / "x", encoders=[ToyEncoder()], attributes=["sharpening"], extraction=HOW
    )
    print_plan(plan, as_json=False)
    said = capsys.readouterr().out
    assert "photos: 24 photos, 0 other files ignored\n" in said
    assert f"{tmp_path / 'x'}, 3 classes: " in said
    assert "  toy: 0 stored, 24 to embed (72 images)\n" in said
    assert "2.3 kB of vectors more" in said
    assert "an estimate from 8 photos on this machine (cpu)" in said
    assert said.endswith("Nothing was written.\n")
    print_plan(plan, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["stores"][0]["missing"] == 24
    assert told["estimate"]["photos"] == 8


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.4, "about a second"), (90, "about 90 seconds"), (700, "about 12 minutes"),
        (7300, "about 2 hours"), (300_000, "about 3 days"),
    ],
)  # fmt: skip
def test_a_time_has_the_unit_that_suits_it(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_estimates_add_up() -> None:
    estimates = [Estimate(2.0, 8, "cpu"), Estimate(3.0, 5, "cpu")]
    assert Estimate.together(estimates) == Estimate(5.0, 5, "cpu")
    assert Estimate.together([]) is None
