"""The examples to copy: their types hold, and the notebook runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, README, blocks

EXAMPLES = DOCS / "examples"
NOTEBOOK = EXAMPLES / "vectors.ipynb"
SOURCE = DOCS.parent / "src"


def cells() -> list[str]:
    nbformat = pytest.importorskip("nbformat")
    found = nbformat.read(NOTEBOOK, as_version=4).cells
    return [each.source for each in found if each.cell_type == "code"]


def test_the_notebook_runs_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", str(SOURCE))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=120).execute()
    said = "\n".join(
        output.get("data", {}).get("text/html", "") + output.get("text", "")
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )
    assert "Carries traces?" in said
    before, after = map(int, re.findall(r"^(?:before|after) (\d+)%", said, re.MULTILINE))
    assert before > 80
    assert after < 65
    assert re.search("{'device': '(erased|reduced)'}", said)


def test_the_notebook_is_kept_without_outputs() -> None:
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(each.get("outputs") for each in notebook.cells)


@pytest.mark.slow
def test_types_of_the_examples_hold(tmp_path: Path) -> None:
    python = (EXAMPLES / "own_encoder.py").read_text("utf-8")
    (tmp_path / "own_encoder.py").write_text(python)
    (tmp_path / "notebook.py").write_text("\n".join(cells()))
    for path in (*PAGES, README, EXAMPLES / "post.md"):
        for number, block in enumerate(blocks(path.read_text("utf-8"), "python")):
            # Under its own name the types of transformers, which imports it, would be found anew.
            named = block.replace("from datasets import", "from any_datasets import")
            (tmp_path / f"{path.stem.lower()}_{number}.py").write_text(named)
    # A library of its own, which need not be there.
    (tmp_path / "any_datasets.pyi").write_text(
        "from typing import Any\n\nload_dataset: Any\nImage: Any\n"
    )
    # An ignored error that is none would be one.
    (tmp_path / "wrong.py").write_text(
        "import latentprint as lp\n\n"
        "lp.probe('store', atribute='jpeg')  # type: ignore[call-arg]\n"
        "lp.audit('photos', workers='two')  # type: ignore[arg-type]\n"
        "lp.influence('store', draw='none')  # type: ignore[arg-type]\n"
    )
    # With what `./run check` kept of the package, seconds are enough.
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", *map(str, sorted(tmp_path.glob("*.py*")))],
        capture_output=True,
        text=True,
        check=False,
        cwd=DOCS.parent,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
