"""Liquid: what is supported works, everything else is shown and reported with its line."""

from __future__ import annotations

import pytest

from latentprint.article.document import Document, parse_article


def render(markdown: str) -> Document:
    return parse_article(markdown, folder=None)


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("{{ '/a/b.png' | relative_url }}", "/a/b.png"),
        ('{{ "a b.png" | absolute_url }}', "a b.png"),
        ("{{ site.baseurl }}/x", "/x"),
        ("{{site.url}}{{site.baseurl}}/x", "/x"),
        ("{{- '/a' | prepend: site.baseurl | relative_url -}}", "/a"),
    ],
)
def test_addresses(source: str, address: str) -> None:
    document = render(f'<a href="{source}">x</a>')
    assert document.body == f'<p><a href="{address}">x</a></p>'
    assert document.warnings == ()


@pytest.mark.parametrize(
    "source",
    [
        "{{ page.title }}",
        "{{ 'x' | upcase }}",
        "{{ 'x' }}",
        "{% assign x = 1 %}",
        "{% if a < b %}",
        "{% include video.liquid path='x' %}",
        "{% cite key %}",
        "{% endraw %}",
        "{% enddetails %}",
        "{% details open %}",
        "{% include figure.liquid %}",
    ],
)
def test_everything_else_is_shown_and_reported(source: str) -> None:
    document = render(f"one\n\n*two* {source} *three*\n")
    shown = source.replace("<", "&lt;")
    assert f'<em>two</em> <code class="unsupported">{shown}</code> <em>three</em>' in document.body
    (warning,) = document.warnings
    assert warning.line == 3
    assert source in warning.message


def test_unsupported_liquid_in_an_attribute_stays_an_attribute() -> None:
    document = render('<span title="{{ x }}" id="{% y %}">a</span> [b]({{x}})')
    assert document.body == (
        '<p><span id="{% y %}" title="{{ x }}">a</span> <a href="%7B%7Bx%7D%7D">b</a></p>'
    )
    assert len(document.warnings) == 3


@pytest.mark.parametrize(
    "source",
    [
        "```\n{{ x }} {% y %}\n```",
        "~~~~\n{% raw %}\n~~~~",
        "    {{ x }}",
        "a `{{ x }}` b",
        "a ``{% raw %} ` {{ x }}`` b",
        "- a\n\n  ```\n  {{ x }}\n  ```",
        "> ```\n> {{ x }}\n> ```",
        "$$\\frac{{a}}{{b}}$$",
        "{% highlight html %}\n{{ x }}\n{% raw %}\n{% endhighlight %}",
    ],
)
def test_code_and_formulas_are_left_alone(source: str) -> None:
    document = render(source)
    assert document.warnings == ()
    assert "unsupported" not in document.body


def test_raw_keeps_liquid_and_lets_markdown_be() -> None:
    document = render("{% raw %}{{ x }} *a* {% y %}{% endraw %} *b*")
    assert document.body == "<p>{{ x }} <em>a</em> {% y %} <em>b</em></p>"
    assert document.warnings == ()


def test_a_comment_keeps_the_lines_that_follow() -> None:
    document = render("a {% comment %} one\ntwo\n{% endcomment %} b\n\n{{ x }}")
    assert "one" not in document.body
    assert [warning.line for warning in document.warnings] == [5]


def test_details_lie_in_one_another_and_in_other_blocks() -> None:
    document = render(
        "- item\n\n  {% details A & *b* %}\n  one\n\n  ```\n  code\n  ```\n"
        "  {% details C %}two{% enddetails %}\n  {% enddetails %}\n\nafter"
    )
    assert document.warnings == ()
    body = document.body.replace("\n", "")
    assert "<li><p>item</p><details><summary>A &amp; <em>b</em></summary><p>one</p>" in body
    assert "<details><summary>C</summary><p>two</p></details></details></li>" in body
    assert body.endswith("<p>after</p>")


def test_details_in_raw_html() -> None:
    document = render("<div>\n{% details A %}\n**one**\n{% enddetails %}\n</div>")
    assert "<div>\n<details>\n<summary>A</summary>\n<p><strong>one</strong></p>" in document.body


def test_lines_within_details_are_the_articles() -> None:
    document = render(
        "{% details a %}\n\n{{ x }}\n\n{% details b %}\n![](p.png)\n"
        + ("{% enddetails %}\n{% enddetails %}\n\n```nolanguage\n```")
    )
    assert sorted({warning.line for warning in document.warnings if warning.line}) == [3, 6, 10]


def test_highlight_in_one_line_and_over_blank_lines() -> None:
    document = render("{% highlight python %}a = 1{% endhighlight %}\n\nb")
    assert document.body.startswith('<div class="code"><pre><code class="language-python">')
    body = render("x\n{% highlight text %}\n\n  a\n\n</code>\n{% endhighlight %}").body
    assert "  a\n\n&lt;/code&gt;\n</code></pre>" in body


@pytest.mark.parametrize("tag", ["figure.liquid", "figure.html"])
def test_the_figure_include_may_stand_on_several_lines(tag: str) -> None:
    document = render(
        f'{{% include {tag} loading="eager"\n   path="a.png"\n   caption="A *b*" %}}\n\n{{{{ x }}}}'
    )
    assert "<figcaption>A <em>b</em></figcaption>" in document.body
    assert [(each.line, each.message[:16]) for each in document.warnings] == [
        (1, "The picture a.pn"),
        (5, "Liquid that is n"),
    ]


def test_unfinished_liquid_is_text() -> None:
    assert render("a {{ b and {% c").body == "<p>a {{ b and {% c</p>"
