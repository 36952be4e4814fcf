"""Formulas: delimiters, what the converter knows, and what stays visible as source."""

from __future__ import annotations

from contextlib import suppress
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentprint.article.document import parse_article
from latentprint.article.equations import mathml
from latentprint.article.mathjax import FormulaError


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
        ("a $x$ b", "inline"),
        ("a $ x $ b", "inline"),
        ("**a** ($x$)", "inline"),
        ("<p>a $x$ b</p>", "inline"),
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
    [
        *("$5 and $6", "$5 to $10 more", "from $5, or 5 US$", "costs US$ or CA$ a day"),
        *("$HOME or $PATH", "a $ per day and $ per week", "$1M-$2M", "`$x$`", r"\$x\$", "$x`a$`"),
        *(r"\$\$x\$\$", "$$", "$$$$", "`$$x$$`", r"\[note\] text", "    $$x$$"),
        "<td>$5</td><td>$6</td>",
    ],
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
        (r"\begin{equation} x \label{eq} \end{equation}", "x(1)"),
        (r"\begin{eqnarray} a &=& b \end{eqnarray}", "a=b(1)"),
        (r"a \\ b", "ab"),
        (r"\left\{ a \middle| b \right\}", "{a|b}"),
        (r"\genfrac{}{}{0pt}{}{a}{b} \binom{n}{k}", "ab(nk)"),
        (r"\DeclareMathOperator{\tr}{tr} \tr(A)", "tr(A)"),
        (r"\mathbb{1} \mathfrak{C} \mathscr{L} \mathit{h}", "𝟙ℭℒℎ"),
        (r"\begin{gathered} a \\ b \end{gathered}", "ab"),
        (r"\mathbb{R}\mathcal{L}", "ℝℒ"),
        (r"\operatorname{softmax} x", "softmaxx"),
        (r"\log x", "logx"),
        (r"\operatorname*{arg\,max}_\theta f", "argmaxθf"),
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
        (r"\unknowncommand{x}", r"undefined control sequence \unknowncommand"),
        (r"\begin{tikz} x \end{tikz}", "unknown environment 'tikz'"),
        (r"\frac{1}", "missing argument"),
        (r"\left( a", "missing"),
        ("x^{", "missing close brace"),
        ("}", "extra close brace"),
        ("a & b", "misplaced &"),
        (r"\def\a{\a\a}\a", "recursive macro"),
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
        written = mathml(latex)
        assert not written or ElementTree.fromstring(written).tag == "math"


def test_macros_carry_over_within_an_article_alone() -> None:
    defined = "$$\\newcommand{\\v}[1]{\\mathbf{#1}}$$\n\n$$\\def\\E{\\mathbb{E}} \\E$$"
    text = f"{defined}\n\n$\\v{{x}}$ and $\\E$"
    document = parse_article(text, folder=None)
    assert document.warnings == ()
    assert document.body.count("𝔼") == 2
    assert "math-source" in body("$\\v{x}$")


def test_equations_have_numbers_and_are_referred_to() -> None:
    document = parse_article(
        r"By \eqref{later} and $\ref{a}$:"
        "\n\n$$ x \\tag{A}\\label{a} $$\n\n"
        r"\begin{align} a &= b \label{later} \\ c &= d \end{align}"
        "\n\nIn \\ref{nowhere}.",
        folder=None,
    )
    assert '<a href="#page-equation-later">(1)</a>' in document.body
    assert 'id="page-equation-later"' in document.body
    assert '<span class="equation-number" id="page-equation-a">(A)</span>' in document.body
    assert "<mtext>A</mtext>" in document.body
    assert "In ???." in document.body
    assert [(each.line, each.message) for each in document.warnings] == [
        (7, "No equation has the label 'nowhere'.")
    ]


@pytest.mark.parametrize(
    ("source", "latex"),
    [
        (r"$\\{ a \\}$", r"\{ a \}"),
        (r"$x\_1 \\alpha$", r"x_1 \alpha"),
        (r"$\text{a\_b}$", r"\text{a\_b}"),
        (r"$\|x\|$", r"\|x\|"),
        (r"\begin{align} a \\\\ b \end{align}", r"\begin{align} a \\ b \end{align}"),
        (r"$$a\_b \\ c$$", r"a\_b \\ c"),
        ("$\\text{if $x$}$", r"\text{if $x$}"),
        ("<p>$a &lt; b$</p>", "a &lt; b"),
        ("$a_1$ and $b_2$*c*", "a_1"),
    ],
)
def test_backslashes_are_kramdowns_outside_of_double_dollars(source: str, latex: str) -> None:
    assert f'alttext="{latex}"' in body(source)


def test_limits_stand_under_operators_in_display() -> None:
    assert "<munder><mo" in body("$$\\min_x f(x)$$")
