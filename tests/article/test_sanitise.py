"""Sources that are not trusted: nothing of theirs runs, whatever they try."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from latentprint.article.context import Options
from latentprint.article.document import Document, parse_article
from latentprint.article.sanitise import sanitise
from tests.article.pieces import PIECES

SCRIPT = "alert(1)"
ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT >alert(1)</SCRIPT\n>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    '<img src="x" ONERROR = "alert(1)">',
    "<img/src=x/onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<math href='javascript:alert(1)'>x</math>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "<embed src='data:text/html,x'>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' &#1; javascript:alert(1)'>x</a>",
    "<a href='java&#10;script:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href='vbscript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](data:text/html,alert)",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zy8+)",
    "[x][r]\n\n[r]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "<form action='javascript:alert(1)'><button>x</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<input type=image src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1)></video>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>* { background: url(https://evil.example) }</style>",
    "<p style='background:url(https://evil.example)'>x</p>",
    "<td style='text-align:expression(alert(1));position:fixed'>x</td>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?php <img src=x onerror=alert(1)> ?>",
    "<div\x0bonclick=alert(1)>x</div>",
    "<template><script>alert(1)</script></template>",
    "<textarea></textarea><script>alert(1)</script>",
    "<title><script>alert(1)</script></title>",
    "x {: onclick='alert(1)' }",
    'x\n{: onclick="alert(1)" .a}',
    '[x](y){: href="javascript:alert(1)"}',
    '![x](y){: onerror="alert(1)"}',
    "$$\\text{<script>alert(1)</script>}$$",
    "$$\\href{javascript:alert(1)}{x}$$",
    "$$<img src=x onerror=alert(1)>$$ $$\\unknown{<img src=x onerror=alert(1)>}$$",
    "```<script>alert(1)</script>\n<script>alert(1)</script>\n```",
    "`<script>alert(1)</script>`",
    '{% highlight "><script>alert(1)</script> %}\n</code><script>\n{% endhighlight %}',
    "<d-code block language='\"><script>alert(1)</script>'></code><script></d-code>",
    "<d-code><img src=x onerror=alert(1)></d-code>",
    "<d-math><img src=x onerror=alert(1)></d-math>",
    "<d-footnote><img src=x onerror=alert(1)><script>alert(1)</script></d-footnote>",
    "x[^1]\n\n[^1]: <img src=x onerror=alert(1)>",
    "<d-cite key='\"><script>alert(1)</script>'></d-cite>",
    "<d-figure src='x' onload=alert(1)></d-figure>",
    "<d-image src='x' onerror='alert(1)' alt='\"><script>' caption='<script>'></d-image>",
    "<d-image src='x' alt='y' caption='<img src=x onerror=alert(1)>'></d-image>",
    "{% include figure.liquid path='x\" onerror=\"alert(1)' alt='a' caption='<script>x' %}",
    "{% details <script>alert(1)</script> %}\n<script>alert(1)</script>\n{% enddetails %}",
    "{{ '\"><script>alert(1)</script>' | relative_url }}",
    "<a href=\"{{ 'javascript:alert(1)' | relative_url }}\">x</a>",
    '<img alt="{{ x onerror=alert(1) }}" src=x>',
    "{% <script>alert(1)</script> %}{% x <img src=x onerror=alert(1)> %}",
    "{% raw %}<script>alert(1)</script>{% endraw %}",
    '<div markdown="1" onclick=alert(1)>\n<script>alert(1)</script>\n</div>',
    "# <img src=x onerror=alert(1)> title",
    "## <b onclick=alert(1)>x</b><script>alert(1)</script>",
    "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    "- [x] <script>alert(1)</script>",
]
ELEMENTS = re.compile(
    "script|style|iframe|object|embed|svg|form|button|base|meta|link|template|video|audio|source"
)


STYLE = re.compile(r"(?:(?:text-align|padding-\w+|border-\w+|font-\w+):[\w. ]+(?:;|$))+")
# What a source that is not trusted may set: the alignment of cells; formulas bring their own.


def check(document: Document, own: str = r"(?!)") -> None:
    """Nothing in a document runs, frames, loads or links to a script."""
    parts = [document.body, *document.footnotes, *(each.title for each in document.headings)]
    parts += [each.html for each in document.references]
    for part in parts:
        # A part may be a bare address, which alone would be taken for a mistake.
        soup = BeautifulSoup(f"<div>{part}</div>", "html.parser")
        assert not soup.find_all(lambda tag: ELEMENTS.fullmatch(tag.name) is not None), part
        for tag in soup.find_all(True):
            for name, value in tag.attrs.items():
                assert not name.lower().startswith("on"), part
                assert name not in ("srcdoc", "action", "formaction", "xlink:href"), part
                if name in ("href", "src"):
                    address = re.sub(r"[\x00-\x20]", "", str(value)).lower()
                    assert re.match(rf"https?:|mailto:|#|{own}|[^:]*$", address), part
                if name == "style":
                    assert STYLE.fullmatch(str(value)), part


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("around", ["{}", "a {} b", "<div>\n{}\n</div>", "> {}", "- {}"])
def test_attacks_do_nothing(attack: str, around: str) -> None:
    check(parse_article(around.format(attack), folder=None, options=Options(safe=True)))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from([*ATTACKS, *PIECES]), min_size=1, max_size=8).map("".join))
def test_attacks_in_any_company_do_nothing(text: str) -> None:
    if not text.startswith("---"):
        check(parse_article(text, folder=None, options=Options(safe=True)))


@pytest.mark.parametrize("attack", ATTACKS)
def test_sanitising_what_was_sanitised_changes_nothing(attack: str) -> None:
    once = sanitise(attack)
    assert sanitise(once) == once


def test_harmless_html_stays() -> None:
    source = (
        '<div class="l-page"><p id="mine">H<sub>2</sub>O <a href="https://x.org">x</a> '
        "<kbd>k</kbd></p></div>\n\n<table><tr><td colspan=2>a</td></tr></table>"
    )
    document = parse_article(source, folder=None, options=Options(safe=True))
    soup = BeautifulSoup(document.body, "html.parser")
    assert soup.select("div.l-page > p#mine > sub")
    assert soup.select('a[href="https://x.org"][rel]')
    assert soup.select('td[colspan="2"]')
    assert document.warnings == ()


def test_the_dialect_works_in_a_source_that_is_not_trusted() -> None:
    source = (Path(__file__).parent / "data" / "everything.md").read_text(encoding="utf-8")
    document = parse_article(
        source, folder=Path(__file__).parent / "data", options=Options(safe=True)
    )
    check(document, own="data:image/svg")
    soup = BeautifulSoup(document.body, "html.parser")
    for selector in (
        *("math", "span.citation a", "sup.footnote-mark a", "details details", "div.code .k"),
        *("figure.l-body-outset figcaption em", "div.l-page > ul", "li.task-list-item input"),
        *("code.unsupported", "section.appendix", 'th[style="text-align:right"]', "p#chosen"),
    ):
        assert soup.select(selector), selector
    assert len(document.references) == 3


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("<script>x</script>", "<script> is left out"),
        ("a <iframe src='x'></iframe>", "<iframe> is left out"),
        ("<d-figure src='figures/one.html'></d-figure>", "left out of a page made with --safe"),
    ],
)
def test_what_is_dropped_is_reported_with_its_line(source: str, message: str) -> None:
    folder = Path(__file__).parent / "data"
    document = parse_article(f"a\n\n{source}\n", folder=folder, options=Options(safe=True))
    assert [(each.line, message in each.message) for each in document.warnings] == [(3, True)]


def test_styles_of_the_front_matter_are_dropped() -> None:
    source = "---\n_styles: 'p { color: red }'\n---\n"
    document = parse_article(source, folder=None, options=Options(safe=True))
    assert document.front.styles == ""
    assert [each.line for each in document.warnings] == [2]
    assert parse_article(source, folder=None).front.styles == "p { color: red }"


@pytest.mark.parametrize("name", ["page-text", "reference-1", "footnote-mark-1", "Figure-x"])
def test_ids_of_the_page_cannot_be_taken(name: str) -> None:
    assert (
        "id="
        not in parse_article(f'<p id="{name}">x</p>', folder=None, options=Options(safe=True)).body
    )


def test_classes_of_the_page_cannot_be_taken() -> None:
    body = parse_article(
        '<p class="placeholder plot l-page">x</p>', folder=None, options=Options(safe=True)
    ).body
    assert body == '<p class="l-page">x</p>'
