"""Which encoders an audit uses: many, a few at a time, and what happens to those that fail."""

import gc
import json
import weakref
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from huggingface_hub import constants
from PIL import Image

from latentprint.embeddings import Extraction, open_store
from latentprint.encoders import Preprocess
from latentprint.encoders.hubs import WeightsMissingError
from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments import ProbeOptions
from latentprint.jobs import encoder_groups, loading
from latentprint.jobs.audit import audit
from latentprint.jobs.embedding import embed
from latentprint.jobs.encoder_groups import EncoderGroups
from latentprint.jobs.loading import Loading, parse_layers
from latentprint.photos import Photos, open_photos

from .conftest import Command

HOW = Extraction(batch_size=8, shard_size=4, workers=0)
GONE = "not in the local cache (~/nowhere), and the hub does not answer: go online."


class Fake:
    """A network of three numbers, with what the job reads of an encoder."""

    family = "yours"
    input_size, dimension = 16, 3
    preprocess = Preprocess(16, 16)
    device = "cpu"

    def __init__(self, name: str, weights: str = "0", parameters: int = 10) -> None:
        self.name, self.weights, self.parameters = name, weights, parameters
        self.family = "control" if name.endswith("untrained") else "yours"
        self.blocks: list[Fake] = []

    def block_encoders(self) -> list["Fake"]:
        return self.blocks

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        if "broken" in self.name:
            raise ValueError("a tensor of the wrong shape")
        shift = sum(map(ord, self.name)) % 7
        return pixels.float().mean((1, 2)) / 255 + shift

    def identity(self) -> dict[str, Any]:
        return {"library": "fake", "weights": self.weights}


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    generator = np.random.default_rng(0)
    for number in range(10):
        path = tmp_path / "photos" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (20, 24, 3), np.uint8)).save(path)
    return open_photos(tmp_path / "photos")


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Specifications ``timm:…`` load fakes; returns what was asked for, call by call."""
    calls: list[dict[str, Any]] = []

    def load(spec: str, **how: Any) -> Fake:
        calls.append({"spec": spec, **how})
        if spec.startswith("pixels:"):
            return Fake(spec)
        name = spec.removeprefix("random:").removeprefix("timm:")
        if "missing" in name:
            raise WeightsMissingError(name, GONE)
        if "unsound" in name:
            raise LatentprintError(f"{name} has a key too many.")
        if "large" in name:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB.")
        return Fake(f"{name}, untrained" if spec.startswith("random:") else name)

    monkeypatch.setattr(encoder_groups, "load_encoder", load)
    monkeypatch.setattr(encoder_groups, "_refuse_misspelt", lambda *_, **__: None)
    return calls


def specs_of(groups: EncoderGroups) -> list[list[str]]:
    return [[member.spec for member in group] for group in groups.load()]


def embed_with(photos: Photos, out: Path, *specs: Any, **how: Any) -> list[str]:
    stores = embed(
        photos,
        out,
        encoders=specs,
        attributes=["none"],
        extraction=HOW,
        loading=Loading(control=False, **how),
    )
    return [store.manifest["encoder"]["name"] for store in stores]


def test_encoders_are_loaded_until_memory_is_full_and_controls_come_with_them(
    fakes: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["timm:a", "timm:b", "timm:c"]
    together = specs_of(EncoderGroups.of(asked, Loading()))
    flat = ["timm:a", "random:timm:a", "timm:b", "random:timm:b", "timm:c", "random:timm:c"]
    assert together == [[*flat, "pixels:colour", "pixels:dct"]]
    one_by_one = specs_of(EncoderGroups.of(asked, Loading(control=False, memory_mb=0)))
    assert one_by_one == [["timm:a"], ["timm:b"], ["timm:c"]]
    # Ten parameters are 40 bytes: two networks are more than 60 bytes.
    by_two = specs_of(EncoderGroups.of(asked, Loading(memory_mb=60 / 2**20)))
    assert by_two == [
        ["timm:a", "random:timm:a", "pixels:colour", "pixels:dct"],
        flat[2:4],
        flat[4:],
    ]
    monkeypatch.setattr(loading, "_device_memory", lambda device: 180 if device == "cpu" else 0)
    assert specs_of(EncoderGroups.of(asked, Loading())) == by_two


def test_the_machine_has_memory() -> None:
    assert 100 < loading.memory_for_weights("cpu") < 10**7


def test_only_one_group_is_in_memory(
    fakes: list[dict[str, Any]], photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive, most = weakref.WeakSet[Fake](), []
    load = encoder_groups.load_encoder

    def watched(spec: str, **how: Any) -> Any:
        gc.collect()
        most.append(len(alive))
        encoder = load(spec, **how)
        alive.add(encoder)  # type: ignore[arg-type]
        return encoder

    monkeypatch.setattr(encoder_groups, "load_encoder", watched)
    names = embed_with(photos, tmp_path / "out", *[f"timm:{c}" for c in "abcdef"], memory_mb=0)
    assert names == list("abcdef")
    assert max(most) == 0
    most.clear()
    asked = ["timm:a", "timm:broken", "timm:c"]
    embed(
        photos,
        tmp_path / "run",
        encoders=asked,
        attributes=["none"],
        extraction=HOW,
        loading=Loading(memory_mb=0),
    )
    assert len(most) == 7  # the control of the broken one is not even loaded
    assert max(most) <= 2  # the two pixel controls join the first group


def test_groups_change_nothing(fakes: list[dict[str, Any]], photos: Photos, tmp_path: Path) -> None:
    for name, memory in (("together", 1000), ("apart", 0)):
        embed_with(photos, tmp_path / name, "timm:a", "timm:b", memory_mb=memory)
    files = sorted(
        path.relative_to(tmp_path / "apart")
        for path in (tmp_path / "apart").rglob("*")
        if path.is_file()
    )
    assert len(files) == 4 + 2 * (3 + 2 * 3)
    for file in files:
        assert (tmp_path / "apart" / file).read_bytes() == (
            tmp_path / "together" / file
        ).read_bytes()


def test_blocks_are_encoders_of_their_own(
    photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(spec: str, **how: Any) -> Fake:
        assert how["layers"] == (3, 7)
        network = Fake(spec)
        network.blocks = [Fake(f"{spec}, block {number}") for number in how["layers"]]
        return network

    monkeypatch.setattr(encoder_groups, "load_encoder", load)
    names = embed_with(photos, tmp_path / "out", "timm:a", layers=(3, 7))
    assert names == ["timm:a", "timm:a, block 3", "timm:a, block 7"]


def test_options_reach_the_encoder_and_weights_only_the_trained_one(
    fakes: list[dict[str, Any]], tmp_path: Path
) -> None:
    how = Loading("cpu", "bfloat16", True, "model", tmp_path / "w.pth", "all", True)
    specs_of(EncoderGroups.of(["timm:a"], how, seed=5))
    trained, control, *_ = fakes
    shared = {"device": "cpu", "precision": "bfloat16", "margin": "model", "layers": "all",
              "compile": True, "seed": 5, "trust_code": False}  # fmt: skip
    assert trained == {"spec": "timm:a", "weights": tmp_path / "w.pth", **shared}
    assert control == {"spec": "random:timm:a", "weights": None, **shared}


@pytest.mark.parametrize("encoders", [["timm:a", "timm:b"], [Fake("mine")], ["dinov2-*"]])
def test_weights_are_for_one_encoder(encoders: list[Any]) -> None:
    with pytest.raises(UsageError, match="exactly one encoder"):
        EncoderGroups.of(encoders, Loading(weights=Path("w.pth")))


def test_names_globs_and_families_of_the_catalogue() -> None:
    def count(*names: str, family: str | None = None) -> int:
        return len(EncoderGroups.of(names, Loading(family=family)).asked)

    assert count("published") == 47
    assert count("dinov2-*", "default") == 5
    assert count(family="SSL") == count("published", family="ssl") == 12
    assert EncoderGroups.of([], Loading()).asked == ["default"]


def test_misspelt_values_are_found_before_anything_is_loaded() -> None:
    for names, how, hint in (
        (["default", "timm:resnet5O"], Loading(), "resnet50"),
        (["default", "clip-vit-b-16-wot"], Loading(), "clip-vit-b-16-wit"),
        ([], Loading(family="SLS"), "SSL"),
        ([], Loading(device="cdua"), "cuda"),
        ([], Loading(margin="publishd"), "published"),  # type: ignore[arg-type]
    ):
        with pytest.raises(UsageError, match=hint):
            EncoderGroups.of(names, how)


def test_encoders_that_fail_are_told_and_the_others_go_on(
    fakes: list[dict[str, Any]], photos: Photos, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = ["missing1", "a", "broken", "missing2", "unsound", "large", "b"]
    done = audit(
        photos,
        tmp_path / "run",
        encoders=[f"timm:{name}" for name in names],
        questions=["resizing"],
        extraction=HOW,
        options=ProbeOptions(curve=False, controls=False, fits=2),
    )
    assert {"a", "b"} <= set(done.table["encoder"])
    reasons = {
        "timm:missing1": f"the weights are {GONE}",
        "timm:missing2": f"the weights are {GONE}",
        "timm:unsound": "unsound has a key too many.",
        "timm:large": "timm:large cannot be loaded: it does not fit into memory; use a smaller "
        "--batch-size, or another --device.",
        "timm:broken": "broken failed: ValueError: a tensor of the wrong shape",
    }
    kept = json.loads((tmp_path / "run" / "settings.json").read_text())
    assert kept["left_out"] == [asdict(each) for each in done.left_out]
    assert {each.encoder: each.reason for each in done.left_out if not each.experiment} == reasons
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 4  # one line for each reason
    assert told[0] == f"Left out: encoder timm:missing1: The weights of missing1 are {GONE}"
    assert [each["spec"] for each in kept["encoders"]] == [
        "timm:a", "random:timm:a", "timm:b", "random:timm:b", "pixels:colour", "pixels:dct",
    ]  # fmt: skip
    assert not [call for call in fakes if call["spec"] == "random:timm:missing1"]


def test_if_none_can_be_used_the_error_has_one_sentence_for_each_reason(
    fakes: list[dict[str, Any]], photos: Photos, tmp_path: Path
) -> None:
    asked = [*[f"timm:missing{number}" for number in range(40)], "timm:unsound", "timm:broken"]
    with pytest.raises(LatentprintError) as caught:
        embed_with(photos, tmp_path / "out", *asked)
    assert caught.value.exit_code == 1
    assert str(caught.value) == (
        "None of the 42 encoders can be used. timm:missing0, timm:missing1, timm:missing2 and 37 "
        f"more: the weights are {GONE} timm:unsound: unsound has a key too many. timm:broken: "
        "broken failed: ValueError: a tensor of the wrong shape"
    )


def test_one_encoder_alone_fails_with_its_own_error(
    fakes: list[dict[str, Any]], photos: Photos, tmp_path: Path
) -> None:
    for spec, message in (
        ("timm:missing", f"^The weights of missing are {GONE[:30]}".replace("(", r"\(")),
        ("timm:broken", "^broken failed: ValueError"),
    ):
        with pytest.raises(LatentprintError, match=message):
            embed_with(photos, tmp_path / "out", spec)


def test_finished_embeddings_of_the_others_are_kept_when_one_fails(
    photos: Photos, tmp_path: Path
) -> None:
    class Late(Fake):
        def embed(self, pixels: torch.Tensor) -> torch.Tensor:
            self.seen = getattr(self, "seen", 0) + 1
            if self.seen > 3:
                raise LatentprintError("The encoder 'late' returned NaN.")
            return super().embed(pixels)

    batches = []

    class Counting(Fake):
        def embed(self, pixels: torch.Tensor) -> torch.Tensor:
            batches.append(len(pixels))
            return super().embed(pixels)

    names = embed_with(photos, tmp_path / "out", Counting("a"), Late("late"))
    assert names == ["a"]
    made_up = 3  # pictures, embedded by each run that has something left to embed
    # Only the shard in which the other failed is embedded twice.
    assert batches == [made_up, 8, 8, 8, made_up, 8]


def test_two_encoders_of_one_name_never_mix(photos: Photos, tmp_path: Path) -> None:
    first, second, same = Fake("x", "1"), Fake("x", "2"), Fake("x", "1")
    assert embed_with(photos, tmp_path / "out", first, same) == ["x"]
    with pytest.raises(UsageError, match="both named 'x', but differ in weights"):
        embed_with(photos, tmp_path / "both", first, second)
    with pytest.raises(
        LatentprintError, match=r'encoder.identity.weights is "1" there and "2" now'
    ):
        embed_with(photos, tmp_path / "out", second)
    store = open_store(next(path.parent for path in (tmp_path / "out").glob("*/manifest.json")))
    assert store.manifest["encoder"]["identity"]["weights"] == "1"


def test_two_specifications_of_one_name_are_both_in_the_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(encoder_groups, "load_encoder", lambda spec, **_: Fake("model.onnx", spec))
    groups = EncoderGroups.of(["onnx:a/model.onnx", "onnx:b/model.onnx"], Loading(control=False))
    with pytest.raises(UsageError, match=r"onnx:a/model.onnx and onnx:b/model.onnx are both named"):
        list(groups.load())


@pytest.mark.parametrize(
    ("text", "layers"),
    [
        (None, ()),
        ("all", "all"),
        ("3,7,11", (3, 7, 11)),
        ("1-4, 12,3", (1, 2, 3, 4, 12)),
        ("5", (5,)),
    ],
)
def test_layers_are_read(text: str | None, layers: Any) -> None:
    assert parse_layers(text) == layers


@pytest.mark.parametrize("text", ["", "0", "3-1", "-2", "seven", "1,,2", "1-", "2.5"])
def test_layers_that_cannot_be_read(text: str) -> None:
    with pytest.raises(UsageError, match="--layers"):
        parse_layers(text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--family", "SLS"), "SSL"),
        (("--margin", "publishd"), "published"),
        (("--layers", "x"), "3,7,11"),
        (("--precision", "float61"), "float16"),
        (("-e", "default", "-e", "dinov3-*"), "dinov3"),
        (("--weights", "w.pth", "--family", "SUP"), "exactly one encoder"),
    ],
)
@pytest.mark.parametrize("command", ["audit", "embed"])
def test_mistakes_on_the_command_line_exit_with_2(
    latentprint: Command, photos: Photos, command: str, arguments: tuple[str, ...], message: str
) -> None:
    said = latentprint(command, photos.root, "--out", photos.root.parent / "out", *arguments)
    assert said.code == 2
    assert message in said.err
    assert said.out == ""


@pytest.mark.slow
def test_all_published_encoders_offline_fail_soon_with_one_error(
    monkeypatch: pytest.MonkeyPatch, latentprint: Command, photos: Photos, tmp_path: Path
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "torch"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    said = latentprint("audit", photos.root, "--out", tmp_path / "out", "-e", "published")
    assert said.code == 1
    error = next(line for line in said.err.splitlines() if line.startswith("Error"))
    assert "None of the 47 encoders can be used." in error
    assert error.count("HF_HOME") == error.count("TORCH_HOME") == 1
    assert len(error) < 1500


def test_embed_takes_its_options(
    fakes: list[dict[str, Any]], latentprint: Command, photos: Photos, tmp_path: Path
) -> None:
    (tmp_path / "w.pth").touch()
    said = latentprint(
        "embed", photos.root, "--out", tmp_path / "out", "-e", "timm:a",
        "-a", "none", "--margin", "model", "--layers", "3,7", "--compile", "--json",
        "--weights", tmp_path / "w.pth", "--workers", "0",
    )  # fmt: skip
    assert len(json.loads(said.out)["stores"]) == 1
    (call,) = fakes
    assert (call["margin"], call["layers"], call["compile"]) == ("model", (3, 7), True)
    assert call["weights"] == tmp_path / "w.pth"


def test_photos_are_listed_with_every_group(
    fakes: list[dict[str, Any]], photos: Photos, tmp_path: Path
) -> None:
    (photos.root / "a" / "0.png").write_bytes(b"")
    audit(
        photos,
        tmp_path / "run",
        encoders=["timm:a", "timm:b"],
        questions=["resizing"],
        extraction=HOW,
        loading=Loading(memory_mb=0),
        options=ProbeOptions(curve=False, controls=False, fits=2),
    )
    listed = pl.read_csv(tmp_path / "run" / "photos.csv")
    assert listed["status"].value_counts().sort("status").rows() == [("broken", 1), ("ok", 9)]
