"""The page of a document: what it holds, and its colours."""

from __future__ import annotations

import dataclasses
import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from latentprint.article import page as page_module
from latentprint.article.code import highlight_css
from latentprint.article.document import Document
from latentprint.article.front_matter import Affiliation, Author, FrontMatter
from latentprint.article.headings import Heading
from latentprint.article.page import render_page, write_page
from latentprint.errors import LatentprintError
from tests.article.page_document import DOCUMENT

HOSTILE = "<script>alert(1)</script> \"'&"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt; &#34;&#39;&amp;"
PANELS = '<figure data-figure-panels><div class="plot"></div></figure>'


def made(body: str = "", **front: object) -> str:
    return render_page(Document(FrontMatter(**front), body))  # type: ignore[arg-type]


def test_everything_from_the_front_matter_is_text() -> None:
    page = made(
        title=HOSTILE,
        description=HOSTILE,
        date=HOSTILE,
        tags=(HOSTILE,),
        authors=(Author(HOSTILE, HOSTILE, (Affiliation(HOSTILE, HOSTILE),)),),
        doi=HOSTILE,
        lang=HOSTILE,
    )
    assert "<script>alert" not in page
    assert page.count(ESCAPED) >= 10


def test_the_body_the_notes_and_the_references_are_html() -> None:
    page = render_page(DOCUMENT)
    assert DOCUMENT.body in page
    assert '<li id="footnote-2">The second note. <a class="back" href="#footnote-mark-2"' in page
    assert '<li id="reference-3"><cite>A third work.</cite>' in page
    assert '<a href="#processing">Processing labels</a>' in page


def test_a_document_without_anything_is_a_page_without_anything() -> None:
    page = made(title="Bare")
    for absent in ('class="contents"', 'class="byline"', 'class="tags"', 'id="page-references"'):
        assert absent not in page


def test_a_date_is_written_out_and_another_text_stays() -> None:
    assert '<time datetime="2026-03-07">7 March 2026</time>' in made(date="2026-03-07")
    assert "<time>spring of 2026</time>" in made(date="spring of 2026")


def test_plotly_and_the_figures_come_only_where_they_are_needed() -> None:
    plain, figures, plots = made(), made("<p data-figure-panels>"), made(PANELS)
    assert len(plain) < 50_000
    assert "Figures with panels" not in plain
    assert "Figures with panels" in figures
    assert len(figures) < 100_000
    assert len(plots) > 3_000_000
    assert "Plotly.react" in plots or "Plotly.newPlot" in plots


def test_no_script_or_style_can_end_its_element() -> None:
    page = made(PANELS, styles="p { color: red } </STYLE><script>alert(1)</script>")
    for element in ("script", "style"):
        opened = re.findall(f"<{element}[ >]", page, flags=re.IGNORECASE)
        closed = re.findall(f"</{element}>", page, flags=re.IGNORECASE)
        assert len(opened) >= len(closed) > 0
    assert "</STYLE>" not in page
    head = page.index("</head>")
    assert page.index("color: red") < page.index("<\\/STYLE>") < head


def test_the_policy_allows_nothing_from_elsewhere() -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', made())
    assert policy is not None
    assert "default-src &#39;none&#39;" in policy[1]
    assert "http" not in policy[1]
    assert "*" not in policy[1]
    # Before anything that it could forbid.
    page = made()
    assert page.index("Content-Security-Policy") < page.index("<style")


def test_a_page_asks_for_nothing_by_itself() -> None:
    addresses = re.findall(r'(?:src|href)="([^"#]*)', render_page(DOCUMENT))
    fetched = [each for each in addresses if not each.startswith(("data:", "https://"))]
    assert [each for each in fetched if each] == []
    assert not re.search(r"<(?:script|img|iframe)[^>]*\ssrc=['\"]http", render_page(DOCUMENT))
    for name in ("colours.css", "page.css"):
        assert "@import" not in page_module._file(name)
        assert "url(" not in page_module._file(name)


def test_titles_of_the_contents_keep_their_html() -> None:
    heading = Heading("a", "Why <math><mi>k</mi></math> &lt; 3", 2)
    page = render_page(Document(FrontMatter(), "", headings=(heading,)))
    assert '<a href="#a">Why <math><mi>k</mi></math> &lt; 3</a>' in page


def test_the_page_of_a_document_is_the_same_each_time() -> None:
    assert render_page(DOCUMENT) == render_page(DOCUMENT)


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "new" / "page.html"
    assert write_page("<p>é</p>", out) == 9
    assert out.read_text(encoding="utf-8") == "<p>é</p>"
    assert [each.name for each in out.parent.iterdir()] == ["page.html"]
    with pytest.raises(LatentprintError, match="Cannot write to"):
        write_page("<p>", out / "below-a-file.html")
    with pytest.raises(LatentprintError, match="Cannot write to"):
        write_page("<p>", out.parent)
    assert [each.name for each in tmp_path.iterdir()] == ["new"]


# Colours. The formulas are those of WCAG 2 and of CIE Lab; the matrices for full dichromacy are
# those of Machado, Oliveira and Fernandes (2009).

SIGHT = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
SCHEMES = {"light": 0, "dark": 1}


def schemes() -> list[dict[str, str]]:
    css = page_module._file("colours.css")
    blocks = re.findall(r"\{([^{}]*--paper:[^{}]*)\}", css)
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b", block)) for block in blocks]


def linear(colour: str) -> np.ndarray:
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(2 * each for each in digits)
    encoded = np.array([int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)])
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    low, high = sorted(float(linear(each) @ [0.2126, 0.7152, 0.0722]) for each in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(light: np.ndarray) -> np.ndarray:
    matrix = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    scaled = matrix @ light / [0.95047, 1, 1.08883]
    root = np.where(scaled > (6 / 29) ** 3, np.cbrt(scaled), scaled / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def test_the_measures_of_colour() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert lab(linear("#ffffff")) == pytest.approx([100, 0, 0], abs=0.02)
    assert lab(linear("#ff0000")) == pytest.approx([53.2, 80.1, 67.2], abs=0.1)
    for matrix in SIGHT.values():
        assert matrix @ np.ones(3) == pytest.approx(np.ones(3), abs=1e-4)


def test_the_chosen_dark_theme_is_that_of_the_system() -> None:
    light, system, chosen = schemes()
    assert system == chosen
    assert light.keys() == system.keys()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_text_and_graphics_have_contrast(scheme: str) -> None:
    colours = schemes()[SCHEMES[scheme]]
    text = [("ink", "paper"), ("muted", "paper"), ("link", "paper"), ("warn", "paper")]
    text += [("ink", "wash"), ("muted", "wash"), ("link", "wash"), ("cvl", "paper")]
    text += [("good", "good-wash"), ("dull", "dull-wash"), ("warn", "warn-wash")]
    text += [("ink", "warn-wash"), ("link", "good-wash"), ("ink", "good-wash"), ("ink", "faint")]
    low = {pair: contrast(*(colours[name] for name in pair)) for pair in text}
    assert {pair: ratio for pair, ratio in low.items() if ratio < 4.5} == {}
    graphics = ("bar", "chance", "cvl", "sup", "ssl", "heat", "muted")
    graphics += ("pos-same", "neg-same", "uniform", "all-diff")
    found = {name: contrast(colours[name], colours["paper"]) for name in graphics}
    assert {name: ratio for name, ratio in found.items() if ratio < 3} == {}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize(
    "together",
    [("cvl", "sup", "ssl", "bar"), ("pos-same", "neg-same", "uniform", "all-diff", "bar")],
)
def test_colours_that_stand_together_differ_for_every_sight(
    scheme: str, sight: str, together: tuple[str, ...]
) -> None:
    colours = schemes()[SCHEMES[scheme]]
    seen = {name: lab(np.clip(SIGHT[sight] @ linear(colours[name]), 0, 1)) for name in together}
    for one, other in itertools.combinations(together, 2):
        assert np.linalg.norm(seen[one] - seen[other]) > 15, (one, other)


def test_families_differ_by_shape_too() -> None:
    css = page_module._file("figures.css")
    shapes = {
        family: tuple(re.findall(rf"\.mark\.point\.{family} \{{([^}}]*)\}}", css))
        for family in ("cvl", "sup", "ssl")
    }
    assert len(set(shapes.values())) == 3, shapes


def test_code_has_contrast_in_both_schemes() -> None:
    light, dark, _ = schemes()
    faint = []
    for line in highlight_css().splitlines():
        colour = re.search(r"[ {;]color: (#[0-9A-Fa-f]{3,6})\b", line)
        # Blanks have no ink, and marked lines no letters of their own.
        if colour is None or "background-color" in line or "Whitespace" in line:
            continue
        scheme = dark if "data-theme" in line else light
        if contrast(colour[1].lower(), scheme["wash"]) < 4.5:
            faint.append(line)
    assert faint == []


def test_styles_of_the_article_come_last() -> None:
    document = dataclasses.replace(DOCUMENT, front=FrontMatter(styles=".mine { top: 0 }"))
    page = render_page(document)
    assert page.rindex("<style>") < page.index(".mine { top: 0 }")
