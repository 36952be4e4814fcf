"""Formulas: delimiters, what the converter knows, and what stays visible as source."""

from __future__ import annotations

from contextlib import suppress
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentprint.article.document import parse_article
from latentprint.article.mathematics import FormulaError, mathml


def text_of(latex: str) -> str:
    return "".join(ElementTree.fromstring(mathml(latex)).itertext()).replace("\u00a0", " ")


def body(markdown: str) -> str:
    return parse_article(markdown, folder=None).body


@pytest.mark.parametrize(
    ("source", "display"),
    [
        ("a $$x$$ b", "inline"),
        (r"a \(x\) b", "inline"),
        (r"a \\(x\\) b", "inline"),
        ("$$x$$ b", "inline"),
        ("a <d-math>x</d-math> b", "inline"),
        ("$$x$$", "block"),
        ("a\n$$\nx\n$$\nb", "block"),
        ("- a\n\n  $$\n  x\n  $$", "block"),
        ("> $$\n> x\n> $$", "block"),
        (r"\[x\]", "block"),
        (r"\\[x\\]", "block"),
        ("<d-math block>x</d-math>", "block"),
        ("<d-math block>\n\nx\n\n</d-math>", "block"),
    ],
)
def test_delimiters(source: str, display: str) -> None:
    assert f'<math display="{display}" alttext="x">' in body(source)
    assert ("math-display" in body(source)) == (display == "block")


@pytest.mark.parametrize(
    "source",
    ["a $x$ b", "$5 and $6", r"\$\$x\$\$", "$$", "$$$$", "`$$x$$`", r"\[note\] text", "    $$x$$"],
)
def test_what_is_no_formula(source: str) -> None:
    assert "<math" not in body(source)


def test_markdown_in_a_formula_is_not_read() -> None:
    assert 'alttext="a_1 * b_2 * c_3"' in body("$$a_1 * b_2 * c_3$$")
    assert 'alttext="a &lt; b"' in body("<div>$$a < b$$</div>")


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", "a=bc=d"),
        (r"\begin{cases} 1 & x > 0 \\ 0 & \text{or else} \end{cases}", "{1x>00or else"),
        (r"\begin{pmatrix} a & b \end{pmatrix}", "(ab)"),
        (r"\begin{bmatrix} a \\ b \end{bmatrix}", "[ab]"),
        (r"\begin{equation} x \label{eq} \end{equation}", "x"),
        (r"\begin{gathered} a \\ b \end{gathered}", "ab"),
        (r"\mathbb{R}\mathcal{L}", "ℝℒ"),
        (r"\operatorname{softmax} x", "softmaxx"),
        (r"\operatorname*{arg\,max}_\theta f", "arg maxθf"),
        (r"\mathrm{SGD}", "SGD"),
        (r"\boldsymbol{\theta} \bm{x} \mathbf{W}", "𝜽𝒙𝐖"),
        (r"\{ a \} \& b", "{a}&b"),
        (r"\text{a & <b>}", "a & <b>"),
        (r"\lVert x \rVert_2 \le \epsilon", "‖x‖2≤ϵ"),
    ],
)
def test_what_is_converted(latex: str, text: str) -> None:
    assert text_of(latex) == text


def test_columns_of_aligned_formulas_stand_right_and_left() -> None:
    columns = mathml(r"\begin{aligned} a &= b \end{aligned}")
    assert columns.index("text-align:right") < columns.index("text-align:left")


@pytest.mark.parametrize(
    ("latex", "reason"),
    [
        (r"\unknowncommand{x}", r"\unknowncommand is not supported"),
        (r"\begin{tikz} x \end{tikz}", "environment 'tikz'"),
        (r"\frac{1}", "missing"),
        (r"\left( a", "broken"),
        ("x^{", "broken"),
        ("}", "braces"),
        ("a & b", "stray &"),
        (r"a \\ b", r"\\"),
        (r"\eqref{x}", r"\eqref"),
        ("", "broken"),
    ],
)
def test_what_is_not_converted_stays_visible_with_its_line(latex: str, reason: str) -> None:
    with pytest.raises(FormulaError, match=r".") as error:
        mathml(latex)
    assert reason in str(error.value)
    if latex:
        document = parse_article(f"a\n\nb $$ {latex} $$ c\n", folder=None)
        assert '<code class="math-source">' in document.body
        (warning,) = document.warnings
        assert warning.line == 3
        assert reason in warning.message


@pytest.mark.parametrize(
    "latex",
    [
        r"\text{<script>alert(1)</script>}",
        r"\href{javascript:alert(1)}{x}",
        r"\style{background:url(//x)}{x}",
        r"\class{x}{y}",
        r"\color{red;background:url(//x)}{y}",
        r"\text{&lt;script&gt; &#x3c;b>}",
        "<img src=x onerror=alert(1)>",
    ],
)
def test_nothing_in_a_formula_becomes_html(latex: str) -> None:
    tree = ElementTree.fromstring(mathml(latex))
    for node in tree.iter():
        assert node.tag.startswith("m")
        assert not {name for name in node.attrib if name in ("href", "class", "onerror", "src")}
        assert "url" not in node.get("style", "") + node.get("mathcolor", "")


PIECES = [
    *"ab12+-=<>&^_{}[]()|' \\",
    *(r"\frac", r"\sqrt", r"\left(", r"\right)", r"\text{", r"\\", r"\mathbb", r"\hat", "<b>"),
    *(r"\begin{cases}", r"\end{cases}", r"\sum", r"\operatorname{"),
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=15).map("".join))
def test_any_formula_is_mathml_or_an_error(latex: str) -> None:
    with suppress(FormulaError):
        assert ElementTree.fromstring(mathml(latex)).tag == "math"
