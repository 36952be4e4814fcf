"""``latentprint encoders bench``: what is timed, and what is said of it."""

import importlib
import json
import time
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from latentprint.cli.main import app
from latentprint.encoders import Preprocess
from latentprint.errors import LatentprintError, UsageError
from latentprint.jobs import bench as module
from latentprint.jobs.bench import bench
from latentprint.jobs.bench_photos import SIZES, generated_jpeg, repeated
from latentprint.jobs.bench_timing import BenchOptions, Rate

importlib.import_module("latentprint.cli.encoders_bench")  # registers the command

SPEC = "random:timm:test_resnet"
SOON = BenchOptions(batch_size=8, device="cpu", workers=0, seconds=0.05)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(generated_jpeg(64, 48, seed=number))
    return tmp_path


def of(folder: Path, **changes: object) -> BenchOptions:
    return BenchOptions(**{**vars(SOON), "photos": folder, **changes})  # type: ignore[arg-type]


def test_three_rates_and_what_limits_them(folder: Path) -> None:
    found = bench(SPEC, of(folder))
    (timed,) = found.on_photos
    for rate in (found.alone, timed.pixels, timed.together):
        assert 0 < rate.lowest <= rate.median <= rate.highest
    assert found.alone.repetitions == timed.pixels.repetitions == 5
    assert len(found.classes) == 6
    assert (found.device, found.workers, found.batch_size) == ("cpu", 0, 8)
    assert "bottleneck" in timed.bottleneck or "equally fast" in timed.bottleneck
    assert found.peak_memory_mb is None or 50 < found.peak_memory_mb < 100_000
    assert found.cosine is None


def test_the_figures_are_those_of_a_slow_encoder_and_slow_photos(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow:
        name, family, input_size, dimension, device = "slow", "yours", 16, 3, "cpu"
        preprocess = Preprocess(16, 16)
        seconds = 0.08

        def embed(self, pixels: torch.Tensor) -> torch.Tensor:
            time.sleep(self.seconds)
            return pixels.float().mean((1, 2))

        def identity(self) -> dict[str, str]:
            return {"library": "slow"}

    monkeypatch.setattr(module, "load_encoder", lambda *_, **__: Slow())
    found = bench("slow", of(folder))
    assert 60 < found.alone.median <= 100  # 8 images in 0.08 s
    assert found.on_photos[0].together.median < 101
    assert found.on_photos[0].bottleneck.startswith("The encoder is the bottleneck")
    monkeypatch.setattr(Slow, "seconds", 0.0)
    pixels = Preprocess.pixels
    monkeypatch.setattr(
        Preprocess, "pixels", lambda self, image: (time.sleep(0.01), pixels(self, image))[1]
    )
    slow = bench("slow", of(folder)).on_photos[0]
    assert slow.pixels.median < 100
    assert slow.bottleneck.startswith("Reading and processing the photos is the bottleneck")


def test_another_precision_is_compared_with_float32(folder: Path) -> None:
    found = bench(SPEC, of(folder, precision="bfloat16", attributes=("sharpening",)))
    assert found.cosine is not None
    assert 0.98 < found.cosine < 0.9999999
    assert len(found.classes) == 3


def test_it_is_compared_on_photos_that_can_be_read(folder: Path) -> None:
    (folder / "0.jpg").write_bytes(b"")
    found = bench(SPEC, of(folder, precision="bfloat16", batch_size=1))
    assert found.cosine is not None
    assert found.cosine > 0.98


def test_links_out_of_the_folder_are_followed_where_that_is_asked(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("links")
    (other / "link.jpg").symlink_to(folder / "0.jpg")
    asked = [
        "encoders",
        "bench",
        SPEC,
        "--photos",
        str(other),
        "--seconds",
        "0.1",
        "--workers",
        "0",
    ]
    assert CliRunner().invoke(app, asked).exit_code == 1
    done = CliRunner().invoke(app, [*asked, "--follow-links", "--batch-size", "2"])
    assert done.exit_code == 0, done.output


def test_photos_that_cannot_be_read(folder: Path) -> None:
    (folder / "3.jpg").write_bytes(b"")
    assert bench(SPEC, of(folder)).on_photos[0].pixels.median > 0
    for number in range(3):
        (folder / f"{number}.jpg").write_bytes(b"")
    with pytest.raises(LatentprintError, match="None of the photos can be read"):
        bench(SPEC, of(folder))


def test_mistakes_are_told() -> None:
    with pytest.raises(UsageError, match="no network"):
        bench("pixels:dct", SOON)
    with pytest.raises(UsageError, match="sharpening"):
        bench(SPEC, of(Path(), attributes=("sharpning",)))


def test_generated_photos_have_their_size_and_look_like_files_of_a_camera() -> None:
    assert SIZES == ((500, 375), (4000, 3000))
    first, again, other = (generated_jpeg(500, 375, seed=seed) for seed in (0, 0, 1))
    assert first == again != other
    assert 30_000 < len(first) < 200_000


def test_repeated_photos_have_ids_of_their_own(tmp_path: Path) -> None:
    photos = repeated([tmp_path / "a.jpg", tmp_path / "b.jpg"], 5)
    assert photos.table["id"].n_unique() == len(photos) == 5
    assert photos.file(photos.table["path"][4]) == tmp_path / "a.jpg"


def test_rates_of_repetitions() -> None:
    assert Rate.of([3.0, 1.0, 2.0]) == Rate(2.0, 1.0, 3.0, 3)


@pytest.mark.parametrize("as_json", [True, False])
def test_the_command(folder: Path, as_json: bool) -> None:
    done = CliRunner().invoke(
        app,
        ["encoders", "bench", SPEC, "--photos", str(folder), "--seconds", "0.1", "--workers", "0",
         "--batch-size", "8", "--device", "cpu", *(["--json"] if as_json else [])],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    if as_json:
        found = json.loads(done.stdout)
        assert found["on_photos"][0]["photos"] == str(folder)
        assert found["encoder"].startswith("timm:test_resnet")
    else:
        for part in ("encoder alone", "reading and processing alone", "both together", "Peak"):
            assert part in done.stdout
