"""The result of a check as JUnit XML, which continuous integration shows as tests."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

from latentprint.canary.comparing import CanaryCheck
from latentprint.files import write_bytes

# Characters that XML 1.0 cannot hold, whatever they are escaped as.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(path: Path, check: CanaryCheck) -> None:
    """Write one test that holds the verdict, and one for every stage, which cannot fail.

    Raises:
        LatentprintError: The file cannot be written.
    """
    suite = _suite(1 + len(check.stages), failures=int(not check.passed))
    verdict = _case(suite, f"verdict: {check.verdict}")
    if not check.passed:
        lines = [*check.failures]
        lines += [f"{file}: 1 - cos {distance:.1e}" for file, distance in check.worst]
        lines += [f"{each.name}: {each.then!r}, now {each.now!r}" for each in check.settings]
        failure = ET.SubElement(verdict, "failure", message=_written(check.sentence))
        failure.text = _written("\n".join(lines))
    _say(verdict, check.sentence)
    for stage in check.stages:
        about = f" ({stage.note})" if stage.note else ""
        case = _case(suite, stage.name)
        _say(case, f"{stage.same} of {stage.total} are as they were{about}")
    _write(path, suite)


def write_junit_error(path: Path, reason: str) -> None:
    """Write that a check could not run.

    Raises:
        LatentprintError: The file cannot be written.
    """
    suite = _suite(1, errors=1)
    ET.SubElement(_case(suite, "check"), "error", message=_written(reason))
    _write(path, suite)


def _suite(tests: int, *, failures: int = 0, errors: int = 0) -> ET.Element:
    counts = {"tests": tests, "failures": failures, "errors": errors, "skipped": 0}
    named = {"name": "latentprint canary", **{key: str(count) for key, count in counts.items()}}
    return ET.Element("testsuite", named)


def _case(suite: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname="latentprint.canary", name=_written(name))


def _say(case: ET.Element, text: str) -> None:
    ET.SubElement(case, "system-out").text = _written(text)


def _written(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)


def _write(path: Path, suite: ET.Element) -> None:
    write_bytes(path, ET.tostring(suite, encoding="utf-8", xml_declaration=True) + b"\n")
