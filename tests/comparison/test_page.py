"""The page of a comparison: every row in words, and nothing of it run."""

from __future__ import annotations

from dataclasses import replace

from latentprint.article.document import parse_article
from latentprint.article.page import render_page
from latentprint.comparison.judging import Compared, compare_rows
from latentprint.comparison.page import markdown_of
from latentprint.comparison.telling import cells_of, counted
from latentprint.results import LeftOut
from tests.comparison.test_judging import made, run

HOSTILE = 'mine <script>alert(1)</script> | "]]> `x` **b**'


def rows(name: str = "net") -> list[Compared]:
    first, second = (
        run(
            replace(made(value), encoder=name, network=name),
            replace(made(50.0), encoder=name, network=name, attribute="make"),
        )
        for value in (50.0, 60.0)
    )
    return compare_rows(first, second)[0]


def test_rows_are_counted_and_told() -> None:
    assert counted(rows()) == (
        "2 measurements in both: 1 worse, 1 no difference shown (2 independent)."
    )
    cells = cells_of(rows()[0])
    assert cells[:9] == (
        "net", "processing probe", "jpeg", "all", "50.00", "60.00", "+10.00", "+8.59 to +11.41",
        "< 0.001",
    )  # fmt: skip
    assert cells[-1] == "worse"


def test_names_from_files_are_text_on_the_page() -> None:
    left_out = [LeftOut(f"only {HOSTILE} holds it.", "processing_probe", HOSTILE, HOSTILE)]
    settings = [("seed", HOSTILE, None)]
    markdown = markdown_of((HOSTILE, "b"), rows(HOSTILE), left_out, settings)
    document = parse_article(markdown, folder=None, files={}, name="comparison.md")
    page = render_page(document)
    assert "<script>alert(1)" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt; | ") >= 4
    assert "No difference shown" in page
    assert "**b**" in page
