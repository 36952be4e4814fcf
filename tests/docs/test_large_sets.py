"""The table of large sets follows from the formulas above it."""

import re

import pytest

from latentprint.embeddings.growth import FEWEST, MOST, SHARD_BYTES, SHARE
from tests.docs.pages import DOCS

SECONDS = {1: 0.0050, 14: 0.11}
UNITS = {"": 1, "GB": 1e9, "TB": 1e12}


def test_the_table_of_large_sets() -> None:
    page = (DOCS / "scale.md").read_text("utf-8")
    rows = re.findall(r"^\| ([\d,]+) \| (1|14) \|(.+)\|$", page, re.MULTILINE)
    assert len(rows) == 5
    for photos, classes, cells in rows:
        n, c = int(photos.replace(",", "")), int(classes)
        said = [float(each) * UNITS[unit] for each, unit in re.findall(
            r"([\d.]+) ?([GT]B)?", cells.replace(",", ""))]  # fmt: skip
        size = min(max(n // SHARE, FEWEST), MOST, SHARD_BYTES // (4 * 512 * c))
        files = 2 * -(-n // size)
        expected = [n * SECONDS[c] / 3600, n * c / 3600 / 1000, 4.04 * n * c * 512, files]
        assert said[:3] == pytest.approx(expected[:3], rel=0.03)
        assert said[3] == expected[3]
