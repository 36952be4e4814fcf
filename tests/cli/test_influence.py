"""``latentprint influence`` on the files of the study's own code, against plain matrices."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from latentprint.cli.main import app
from latentprint.errors import LatentprintError

CLASSES = [f"JPEG{quality}_{chroma}" for quality in (75, 85, 95) for chroma in ("420", "444")]
N, T, LABELS = 260, 40, 12
K = 10


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study") / "ImageNet"
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(LABELS, 16))
    for split, n in (("train", N), ("val", T)):
        label = rng.integers(LABELS, size=n)
        content = centres[label] + 1.5 * rng.normal(size=(n, 16))
        for at, name in enumerate(CLASSES):
            shift = 0.5 * np.random.default_rng(at).normal(size=16)
            vectors = (content + shift).astype(np.float16)
            for model in ("CLIP", "other"):
                file = folder / name / f"model={model}_variant=B_32_split={split}.safetensors"
                file.parent.mkdir(parents=True, exist_ok=True)
                save_file(
                    {
                        "image_embeddings": torch.from_numpy(vectors),
                        "label": torch.from_numpy(label),
                    },
                    file,
                )
    return folder


def read(root: Path, name: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    from safetensors.numpy import load_file

    found = load_file(root / name / f"model=CLIP_variant=B_32_split={split}.safetensors")
    vectors = found["image_embeddings"].astype(np.float64)
    vectors /= np.sqrt((vectors**2).sum(axis=1))[:, None]
    return vectors.astype(np.float32).astype(np.float64), found["label"]


def accuracy(similarities: np.ndarray, train: np.ndarray, test: np.ndarray) -> float:
    order = np.argsort(-np.rint(similarities * 2**40), axis=1, kind="stable")[:, :K]
    votes = np.array([np.bincount(train[row]).argmax() for row in order])
    return 100 * float((votes == test).mean())


def run(*arguments: str) -> dict[str, object]:
    answer = CliRunner().invoke(app, ["influence", *arguments, "--json"], catch_exceptions=False)
    assert answer.exit_code == 0
    found: dict[str, object] = json.loads(answer.stdout)
    return found


def test_study_files_give_every_accuracy_as_published(root: Path) -> None:
    found = run(
        "--study-embeddings", str(root), "--model", "CLIP", "--variant", "B_32", "-a", "jpeg",
        "-k", str(K),
    )  # fmt: skip
    train = [read(root, name, "train") for name in CLASSES]
    test = [read(root, name, "val") for name in CLASSES]
    y, y_test = train[0][1], test[0][1]
    similar = [[a @ b.T for b, _ in train] for a, _ in test]
    positive = y_test[:, None] == y
    singles = 0
    for each in found["details"]:
        for one in each["runs"]:
            p = CLASSES.index(one["test"])
            if each["setup"] == "uniform":
                draw = np.random.default_rng(one["draw"]).choice(6, N)
                similarities = np.stack(similar[p])[draw, :, np.arange(N)].T
            else:
                q, r = (CLASSES.index(one[name]) for name in ("positives", "negatives"))
                similarities = np.where(positive, similar[p][q], similar[p][r])
            assert one["accuracy"] == pytest.approx(accuracy(similarities, y, y_test))
            singles += 1
    assert singles == 6 + 30 + 30 + 30 + 60
    means = {row["setup"]: row["value"] for row in found["results"]}
    assert list(means) == ["all-same", "all-diff", "pos-same", "neg-same", "uniform", "influence"]
    for each in found["details"]:
        mean = np.mean([one["accuracy"] for one in each["runs"]])
        assert means[each["setup"]] == pytest.approx(mean)
    assert means["influence"] == pytest.approx(means["pos-same"] - means["neg-same"])


def test_some_classes_several_k_and_all_models(root: Path) -> None:
    found = run("--study-embeddings", str(root), "-a", "jpeg:JPEG75_420,JPEG95_444", "-k1", "-k5")
    rows = found["results"]
    assert {(row["encoder"], row["k"]) for row in rows} == {
        (f"{model} (B_32)", k) for model in ("CLIP", "other") for k in (1, 5)
    }
    # Without -a, every attribute whose classes are there.
    rows = run("--study-embeddings", str(root), "--model", "other", "-k1")["results"]
    assert {row["attribute"] for row in rows} == {"jpeg"}


def test_misuse_is_said(root: Path, tmp_path: Path) -> None:
    def refused(*arguments: str) -> str:
        answer = CliRunner().invoke(app, ["influence", *arguments])
        assert isinstance(answer.exception, LatentprintError)
        return str(answer.exception)

    assert "either a store or vectors, or --study-embeddings" in refused()
    assert "either a store or vectors, or --study-embeddings" in refused(
        "x", "--study-embeddings", str(root)
    )
    assert "--model and --variant choose" in refused("x", "--model", "CLIP")
    assert "Did you mean 'CLIP (B_32)'" in refused(
        "--study-embeddings", str(root), "--model", "CLIP", "--variant", "B_16"
    )
    assert "holds no embeddings" in refused(str(tmp_path))
    assert "There is no attribute 'jpg'" in refused("--study-embeddings", str(root), "-a", "jpg")
    assert "k is 999" in refused("--study-embeddings", str(root), "-k", "999")
