"""JUnit XML that parses, whatever the canary holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from latentprint import CanaryCheck, check_canary
from latentprint.canary import write_junit
from latentprint.errors import LatentprintError
from tests.embeddings.toy import ToyEncoder


@pytest.fixture
def passed(made: Path) -> CanaryCheck:
    return check_canary(made, encoder=ToyEncoder())


def test_a_check_that_passes(passed: CanaryCheck, tmp_path: Path) -> None:
    write_junit(tmp_path / "canary.xml", passed)
    suite = ET.parse(tmp_path / "canary.xml").getroot()
    assert suite.attrib["tests"] == str(len(suite.findall("testcase"))) == "5"
    assert suite.attrib["failures"] == "0"
    assert suite.find(".//failure") is None


def test_a_check_that_does_not(passed: CanaryCheck, tmp_path: Path) -> None:
    hostile = 'a <b> & "c" \x00\x1b ]]>'
    failed = replace(passed, failures=(hostile,), sentence=hostile, worst=((hostile, 0.5),))
    write_junit(tmp_path / "canary.xml", failed)
    suite = ET.parse(tmp_path / "canary.xml").getroot()
    assert suite.attrib["failures"] == "1"
    failure = suite.find(".//failure")
    assert failure is not None
    assert failure.attrib["message"].startswith('a <b> & "c"')
    assert "1 - cos 5.0e-01" in (failure.text or "")


def test_a_check_that_could_not_run(canary: Path, tmp_path: Path) -> None:
    (canary / "photos" / "000.jpg").write_bytes(b"")
    with pytest.raises(LatentprintError):
        check_canary(canary, encoder=ToyEncoder(), junit=tmp_path / "canary.xml")
    suite = ET.parse(tmp_path / "canary.xml").getroot()
    assert suite.attrib["errors"] == "1"
    error = suite.find(".//error")
    assert error is not None
    assert "000.jpg" in error.attrib["message"]
