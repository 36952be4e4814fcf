"""Code: colours as classes, and every character kept."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from latentprint.article.code import code_html, highlight_css
from latentprint.article.document import parse_article


@pytest.mark.parametrize(
    "source",
    [
        "```python\nx = 1\n```",
        "~~~ python linenos\nx = 1\n~~~",
        "{% highlight python %}\nx = 1\n{% endhighlight %}",
        '<d-code block language="python">\nx = 1\n</d-code>',
        '<d-code block="" language="python">x = 1</d-code>',
    ],
)
def test_ways_to_write_code(source: str) -> None:
    document = parse_article(source, folder=None)
    (block,) = BeautifulSoup(document.body, "html.parser").select(
        "div.code > pre > code.language-python"
    )
    assert block.get_text() == "x = 1\n"
    assert block.select("span.mi")
    assert "style=" not in document.body


def test_an_unknown_language_is_plain_and_reported() -> None:
    document = parse_article("a\n\n```<b>\n<i>&\n```", folder=None)
    assert "&lt;i&gt;&amp;" in document.body
    assert [each.line for each in document.warnings] == [3]
    assert "<b>" not in document.body


def test_code_without_a_language() -> None:
    for source in ("```\na < b\n```", "    a < b"):
        document = parse_article(source, folder=None)
        assert document.body == '<div class="code"><pre><code>a &lt; b\n</code></pre></div>'
        assert document.warnings == ()


@settings(max_examples=60, deadline=None)
@given(
    st.text(alphabet=st.characters(exclude_characters="\r", exclude_categories=["Cs", "Cc"])),
    st.booleans(),
)
def test_every_character_of_code_is_kept(code: str, numbered: bool) -> None:
    from pygments.lexers import get_lexer_by_name

    for lexer in (None, get_lexer_by_name("python", stripnl=False, ensurenl=False)):
        html = code_html(code, lexer, numbered=numbered)
        assert (
            BeautifulSoup(f"<pre>{html}</pre>", "html.parser").get_text()
            == code.rstrip("\n") + "\n"
        )


def test_styles_for_light_and_dark() -> None:
    css = highlight_css()
    assert ":root .code .k " in css
    assert ':root[data-theme="dark"] .code .k ' in css
    assert "prefers-color-scheme: dark" in css
    assert css.count("{") == css.count("}")
    assert "url(" not in css
