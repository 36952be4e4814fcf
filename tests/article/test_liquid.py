"""Liquid: what is supported works, everything else is shown and reported with its line."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

from latentprint.article.context import Options
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
        "{{ name }}",
        "{{ 'x' | nosuchfilter }}",
        "{{ a, b }}",
        "{{<shortcode src='x' >}}",
        "{% if a < b %}",
        "{% endfor %}",
        "{% include own.html %}",
        "{% own_tag %}",
        "{% endraw %}",
        "{% enddetails %}",
        "{% details open %}",
        "{% include figure.liquid %}",
    ],
)
def test_everything_else_is_shown_and_reported(source: str) -> None:
    document = render(f"one\n\n*two* {source} *three*\n")
    shown = html.escape(source, quote=False)
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
    assert document.body.startswith('<div><div class="code"><pre><code class="language-python">')
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


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{% assign x = 'a,b' | split: ',' %}{{ x[1] }}", "b"),
        ("{% capture x %}*a*{% endcapture %}{{ x }}", "<em>a</em>"),
        ("{% if page.draft %}one{% else %}two{% endif %}", "one"),
        ("{% if page.missing %}one{% elsif page.draft %}two{% endif %}", "two"),
        ("{% unless page.draft %}one{% else %}two{% endunless %}", "two"),
        ("{% case page.n %}{% when 1 %}one{% when 2, 3 %}two{% else %}three{% endcase %}", "two"),
        (
            "{% for x in page.list %}{{ forloop.index }}{{ x }}{% unless forloop.last %}, "
            "{% endunless %}{% endfor %}",
            "1a, 2b",
        ),
        ("{% for i in (1..3) reversed %}{{ i }}{% endfor %}", "321"),
        ("{% for x in page.missing %}a{% else %}none{% endfor %}", "none"),
        (
            "{% for a in (1..2) %}{% for b in (1..2) %}{{ a }}{{ b }} {% endfor %}{% endfor %}",
            "11 12 21 22",
        ),
        ("{{ page.title | upcase }} {{ page.missing }}", "T"),
        ("a {%- comment %} x {% endcomment -%} b", "ab"),
        ("$\\frac{{a}}{b}$ {{ page.title }}", "T"),
    ],
)
def test_control_and_values(source: str, text: str) -> None:
    front = "---\ntitle: T\ndraft: true\nn: 3\nlist: [a, b]\n---\n"
    document = render(f"{front}\n{source}\n")
    assert [each for each in document.warnings if "Liquid" in each.message] == []
    assert text in document.body.replace("&nbsp;", " ")


def test_lines_are_the_articles_after_loops_and_comments() -> None:
    document = render(
        "{% for x in (1..3) %}\n- {{ x }} ![](a.png)\n{% endfor %}\n"
        "{% comment %}\nx\n{% endcomment %}\n{{ unknown }}\n"
    )
    assert sorted({each.line for each in document.warnings if each.line}) == [2, 7]


def test_includes_settings_and_data_of_the_site(tmp_path: Path) -> None:
    for name, text in {
        "_config.yml": "author: Ada\nurl: https://example.org\npermalink: /blog/:year/:title/",
        "_data/people.yml": "- name: Grace",
        "_includes/card.html": "<b>{{ include.who }}</b> of {{ site.author }}",
        "_includes/again.html": "{% include again.html %}",
        "assets/b.txt": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "_posts" / "deep").mkdir(parents=True)
    text = (
        "{% include card.html who=site.data.people[0].name %}\n"
        "[x]({% post_url 2024-01-02-other %}) {% file_exists assets/b.txt %}\n\n"
        "{% include again.html %}"
    )
    document = parse_article(text, folder=tmp_path / "_posts" / "deep")
    assert "<b>Grace</b> of Ada" in document.body
    assert '<a href="https://example.org/blog/2024/other/">x</a> true' in document.body
    assert [each.line for each in document.warnings] == [4]
    assert (
        "include"
        in parse_article(text, folder=tmp_path / "_posts", options=Options(safe=True)).body
    )


def test_highlight_in_details_is_no_markdown() -> None:
    document = render(
        "<details><summary>a</summary>\n{% highlight python %}\n# one\n\n# two\n"
        "{% endhighlight %}\n</details>\n\n{{ x }}"
    )
    assert "<h1" not in document.body + "".join(each.title for each in document.headings)
    assert "# two" in document.body
    assert [each.line for each in document.warnings] == [9]


def test_tabs_are_details_of_one_group() -> None:
    body = render(
        "{% tabs g %}\n\n{% tab g One %}\n\n**a**\n\n{% endtab %}\n\n"
        "{% tab g Two %}\n\nb\n\n{% endtab %}\n\n{% endtabs %}"
    ).body
    assert '<details name="g" open><summary>One</summary>' in body.replace("\n", "")
    assert '<details name="g"><summary>Two</summary>' in body.replace("\n", "")
    assert "<strong>a</strong>" in body


def test_citations_of_jekyll_scholar(tmp_path: Path) -> None:
    (tmp_path / "works.bib").write_text("@book{a, title={A}}\n@book{b, title={B}}")
    text = (
        "---\nbibliography: works.bib\n---\n{% cite a b --prefix x %}\n\n{% bibliography --cited %}"
    )
    document = parse_article(text, folder=tmp_path)
    assert [each.key for each in document.references] == ["a", "b"]
    assert document.warnings == ()


@pytest.mark.parametrize(
    "source",
    ["{% twitter https://x.com/a/1 %}", "{% include video.liquid path='https://x.com/a.mp4' %}"],
)
def test_what_is_on_the_web_is_a_link(source: str) -> None:
    document = render(source)
    assert '<a href="https://x.com/a' in document.body
    assert [each.kind for each in document.warnings] == ["remote"]


def test_raw_in_code_is_not_shown() -> None:
    assert "raw" not in render("```\n{% raw %}{{ x }}{% endraw %}\n```").body
    assert render("`{% raw %}{{ x }}{% endraw %}`").body == "<p><code>{{ x }}</code></p>"
