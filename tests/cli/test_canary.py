"""``latentprint canary`` as a user meets it: what it says, and the codes it exits with."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.made_photos import made_photo

from .conftest import Command

TOY = "python:tests.embeddings.toy:ToyEncoder"


@pytest.fixture
def canary(tmp_path: Path, latentprint: Command) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(32):
        made_photo(40, 30, number).save(folder / f"{number}.jpg")
    said = latentprint(
        "canary", "make", folder, "--out", tmp_path / "canary", "-e", TOY, "--count", "32"
    )
    assert said.code == 0, said.err
    assert "re-saving as JPEG 75 4:2:0" in said.out
    assert "No photo is of this kind" in said.out
    return tmp_path / "canary"


def test_a_check_passes_drifts_or_cannot_run(
    canary: Path, tmp_path: Path, latentprint: Command
) -> None:
    passed = latentprint("canary", "check", canary, "-e", TOY)
    assert passed.code == 0
    assert passed.out.splitlines()[-1] == "Passed."
    junit = tmp_path / "canary.xml"
    drifted = latentprint(
        "canary", "check", canary, "-e", "pixels:colour", "--json", "--junit", junit
    )
    assert drifted.code == 3
    found = json.loads(drifted.out)
    assert (found["passed"], found["verdict"]) == (False, "other model")
    assert ET.parse(junit).getroot().attrib["failures"] == "1"
    told = latentprint("canary", "check", canary, "-e", "pixels:colour")
    assert (told.code, told.out.splitlines()[-1]) == (3, "Drifted.")
    (canary / "photos" / "005.jpg").unlink()
    broken = latentprint("canary", "check", canary, "-e", TOY)
    assert (broken.code, broken.out) == (1, "")
    assert "005.jpg cannot be used: there is no such file" in broken.err
    usage = latentprint("canary", "check", canary, "-e", "tim:resnet18")
    assert usage.code == 2
    assert latentprint("canary", "check", canary, "--max-drift", "-1").code == 2
