"""The page that says how often intervals hold: each part is replaced by itself."""

import re
from pathlib import Path

import pytest
from benchmarks.coverage.__main__ import parts
from benchmarks.coverage.held import Count
from benchmarks.coverage.page import line, replace_part

PARTS = ["pairs", "probes", "variance"]


def _tables(page: Path) -> dict[str, str]:
    _, *found = re.split(r"^## (.*)\n", page.read_text("utf-8"), flags=re.MULTILINE)
    return {part: body.strip() for part, body in zip(found[::2], found[1::2], strict=True)}


def test_only_the_part_that_was_measured_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "coverage.md"
    rows = [line("15 subjects", Count("margin", 200, holds=95.0))]
    replace_part(page, PARTS, "variance", 200, rows)
    replace_part(page, PARTS, "pairs", 20, ["| at first |"])
    kept = _tables(page)["variance"]
    replace_part(page, PARTS, "pairs", 60, ["| at last |"])
    found = _tables(page)
    assert list(found) == ["pairs", "variance"]
    assert found["variance"] == kept
    assert kept.startswith("200 sets of each, measured on 20")
    assert kept.endswith("| margin | 15 subjects | 200 | 95.0 ± 1.6 | – | – |")
    assert found["pairs"].startswith("60 sets of each, measured on 20")
    assert found["pairs"].endswith("| at last |")
    assert "at first" not in found["pairs"]


def test_a_part_that_is_no_longer_measured_leaves_the_page(tmp_path: Path) -> None:
    page = tmp_path / "coverage.md"
    replace_part(page, [*PARTS, "gone"], "gone", 20, ["| row |"])
    replace_part(page, PARTS, "pairs", 20, ["| row |"])
    assert list(_tables(page)) == ["pairs"]


def test_a_share_of_nothing_has_a_standard_error() -> None:
    assert line("15 subjects", Count("margin", 20, false=0.0)).endswith("| – | 0.0 ± 5.6 | – |")


def test_the_summary_has_the_least_and_the_most_of_each_part(tmp_path: Path) -> None:
    page = tmp_path / "coverage.md"
    counts = (
        Count("margin", 200, holds=95.0, false=4.0),
        Count("rank", 200, holds=90.5, power=99.0),
        Count("recall", 200, holds=97.0, false=0.0),
    )
    replace_part(page, PARTS, "pairs", 200, [line("15 subjects", each) for each in counts])
    replace_part(page, PARTS, "probes", 60, [line("split", Count("label", 60, power=80.0))])
    _, summary, _ = re.split(r"<!-- /?summary -->", page.read_text("utf-8"))
    pairs, probes = summary.strip().splitlines()[2:]
    assert pairs.startswith("| pairs | 200 | 3 | 90.5 / 95.0 / 97.0 | 2 | 2.0 / 4.0 | 20")
    assert probes.startswith("| probes | 60 | 0 | – | 0 | – | 20")
    assert list(_tables(page)) == ["pairs", "probes"]


@pytest.mark.slow
@pytest.mark.parametrize("part", parts([]))
def test_every_part_can_be_measured(part: str) -> None:
    case = next(iter(parts([120])[part]()))
    counts = case.counts(2)
    assert counts
    assert all(line(case.name, each).count("|") == 7 for each in counts)
