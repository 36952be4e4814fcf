"""Figures as drawings for papers."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import Image

from latentprint.errors import LatentprintError, UsageError
from latentprint.report import write_figures
from latentprint.report.figures import images
from latentprint.report.figures.drawing import Drawing, drawing_of
from latentprint.report.figures.figure import Figure
from tests.report.made_runs import everything, figures_of, many, run_of, write_made

WIDTH = 643
"""Pixels of 170 mm."""


@pytest.fixture(scope="module")
def figures() -> list[Figure]:
    found = [*figures_of(run_of(everything(0.5))).values(), *figures_of(run_of(many(8))).values()]
    return [each for each in found if each.panels]


def boxes(drawing: Drawing) -> list[tuple[float, float, float, float]]:
    layout = drawing.layout
    numbers = [name.removeprefix("xaxis") for name in layout if name.startswith("xaxis")]
    return [(*layout[f"xaxis{n}"]["domain"], *layout[f"yaxis{n}"]["domain"]) for n in numbers]


@pytest.mark.parametrize("width", [85, 170])
def test_panels_lie_within_the_drawing_and_not_on_each_other(
    figures: list[Figure], width: float
) -> None:
    for figure in figures:
        found = boxes(drawing_of(figure, width))
        assert len(found) == len(figure.panels), figure.key
        for left, right, low, high in found:
            assert 0 <= left < right <= 1, figure.key
            assert 0 <= low < high <= 1, figure.key
        for place, (left, right, low, high) in enumerate(found):
            for l2, r2, b2, t2 in found[place + 1 :]:
                assert right <= l2 or r2 <= left or high <= b2 or t2 <= low, figure.key


def test_every_entry_of_the_legend_is_there_once_and_colours_are_real(
    figures: list[Figure],
) -> None:
    for figure in figures:
        drawing = drawing_of(figure, 170)
        parts = [*drawing.data, *drawing.layout["shapes"]]
        named = [each["legendgroup"] for each in parts if each.get("showlegend")]
        drawn = {each.get("legendgroup") for each in parts}
        assert len(named) == len(set(named)), figure.key
        shown = {key.group for key in figure.keys if key.group in drawn}
        assert set(named) == shown, figure.key
        assert "var(" not in str(drawing), figure.key


def test_svg_pdf_and_png_are_what_they_say(tmp_path: Path) -> None:
    run = write_made(everything(0.5), tmp_path / "run")
    drawn = write_figures(
        run, tmp_path / "out", only=["neighbours", "results"], formats=["svg", "pdf", "png"]
    )
    content = {file.suffix: file.read_bytes() for file in drawn.files}
    assert list(content) == [".svg", ".pdf", ".png"]
    assert b"Sharpening, k = 10" in content[".svg"]
    assert f'width="{WIDTH}"'.encode() in content[".svg"]
    assert len(re.findall(rb"/Type /Page\b(?!s)", content[".pdf"])) == 1
    with Image.open(io.BytesIO(content[".png"])) as picture:
        assert picture.size[0] == pytest.approx(WIDTH * images.SCALE, abs=4)
        assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 50
    assert drawn.left_out[-1] == "Not drawn, since they are pictures or tables: results."


def test_without_a_browser_one_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = write_made(everything(0.5), tmp_path / "run")
    monkeypatch.setattr(images, "find_spec", lambda _: None)
    with pytest.raises(LatentprintError, match=r"SVG and PNG files .* playwright is not") as e:
        write_figures(run, tmp_path / "out", formats=["png", "svg"])
    assert "pip install" in str(e.value)
    assert str(e.value).count("\n") == 0


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no format 'eps'"):
        write_figures([], tmp_path, published=True, formats=["eps"])
