"""Pictures, plots and figures: what is put in, what is refused, and where files are found."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from latentprint.article.context import Options
from latentprint.article.document import Document, parse_article
from latentprint.article.page import render_page

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SVG = b'<?xml version="1.0"?>\n<!-- a --><svg xmlns="http://www.w3.org/2000/svg"/>'


def render(
    folder: Path, markdown: str, *, safe: bool = False, allow_outside: bool = False
) -> Document:
    options = Options(safe=safe, allow_outside=allow_outside)
    return parse_article(markdown, folder=folder, options=options)


def sources(document: Document) -> list[str]:
    return [str(each["src"]) for each in BeautifulSoup(document.body, "html.parser").select("img")]


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "webp", "avif"])
def test_kinds_of_pictures(tmp_path: Path, kind: str) -> None:
    file = tmp_path / f"a.{kind}"
    Image.new("RGB", (2, 2)).save(file)
    document = render(tmp_path, f"![x](a.{kind})")
    content = base64.b64encode(file.read_bytes()).decode()
    assert sources(document) == [f"data:image/{kind};base64,{content}"]
    assert document.warnings == ()
    assert [(each.name, each.size) for each in document.embedded] == [
        (f"a.{kind}", file.stat().st_size)
    ]


def test_the_kind_is_what_the_file_holds(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(SVG)
    assert sources(render(tmp_path, "![x](a.jpg)"))[0].startswith("data:image/svg+xml;base64,")
    (tmp_path / "a.jpg").write_text("<html><script>alert(1)</script>")
    document = render(tmp_path, "![x](a.jpg)")
    assert "is no PNG, JPEG" in document.warnings[0].message
    assert "placeholder" in document.body


@pytest.mark.parametrize(
    "source",
    [
        "![x](a%20b.png)",
        "![x](<a b.png>)",
        '<img src="a b.png" alt="x">',
        '<img src="a%20b.png?v=2#x" alt="x">',
        "![x](./a%20b.png)",
        "![x](/a%20b.png)",
        "![x]({{ '/a%20b.png' | relative_url }})",
        "![x][r]\n\n[r]: <a b.png>",
        '{% include figure.liquid path="a b.png" alt="x" %}',
        '<picture><source srcset="https://x/y"><img src="a b.png" alt="x" srcset="q 2x"></picture>',
    ],
)
def test_ways_to_name_a_picture(tmp_path: Path, source: str) -> None:
    (tmp_path / "a b.png").write_bytes(PNG)
    document = render(tmp_path, source)
    assert sources(document)[0].startswith("data:image/png;base64,")
    assert "srcset" not in document.body
    assert document.warnings == ()


def test_posts_find_the_files_of_their_site(tmp_path: Path) -> None:
    (tmp_path / "_posts").mkdir()
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a.png").write_bytes(PNG)
    source = "![x]({{ '/assets/a.png' | relative_url }})"
    assert render(tmp_path / "_posts", source).warnings == ()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("![x](gone.png)", "gone.png is missing"),
        ('<img alt="x" src="file:///etc/hostname">', "the page loads nothing"),
        ("![x](folder)", "folder is missing"),
        ('<img alt="x" src="' + "a" * 5000 + '">', "is missing"),
        ('<iframe src="gone.html"></iframe>', "The plot gone.html is missing"),
        ('<d-figure src="gone.html"></d-figure>', "The figure gone.html is missing"),
        ('<d-figure src="https://example.org"></d-figure>', "the page loads nothing"),
        ('<video src="a.mp4"></video>', "The video a.mp4 is missing"),
        ('<audio><source src="a.mp3"></audio>', "The audio a.mp3 is missing"),
        ('<video src="a.txt"></video>', "is no film or sound"),
        ('<object data="a.pdf"></object>', "The file a.pdf is not put in"),
    ],
)
def test_what_cannot_be_shown_is_visible_and_reported(
    tmp_path: Path, source: str, message: str
) -> None:
    (tmp_path / "folder").mkdir()
    document = render(tmp_path, f"a\n\nb {source} c\n\n{source}\n")
    assert document.body.count('class="placeholder"') == 2
    assert [each.line for each in document.warnings] == [3, 5]
    assert all(message in each.message for each in document.warnings)
    assert document.embedded == ()
    assert "src=" not in document.body


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            '<script src="https://x/y.js"></script>',
            "The script https://x/y.js is not on this machine, and the page loads nothing.",
        ),
        ('<link rel="stylesheet" href="y.css">', "The link y.css is missing."),
    ],
)
def test_nothing_is_loaded(tmp_path: Path, source: str, message: str) -> None:
    document = render(tmp_path, f"a\n\n{source}\n")
    assert "y." not in document.body
    assert [(each.line, each.message) for each in document.warnings] == [(3, message)]


@pytest.mark.parametrize(
    ("source", "described"),
    [
        ("![](a.png)", False),
        ("![ ](a.png)", False),
        ('<img src="a.png">', False),
        ('{% include figure.liquid path="a.png" %}', False),
        ("![x](a.png)", True),
        ('<img src="a.png" alt="">', True),
        ('{% include figure.liquid path="a.png" caption="x" %}', True),
    ],
)
def test_pictures_without_alternative_text(tmp_path: Path, source: str, described: bool) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    document = render(tmp_path, f"\n{source}")
    assert [each.line for each in document.warnings] == ([] if described else [2])
    assert " alt" in document.body


def test_plots_run_apart(tmp_path: Path) -> None:
    page = '<p title="a&quot;b">\'&amp;</p><script>go("</iframe>")</script>'
    (tmp_path / "my-plot_1.html").write_text(page)
    document = render(
        tmp_path,
        '<iframe src="my-plot_1.html" sandbox="allow-same-origin" class="big" width=5></iframe>\n\n'
        '<iframe src="my-plot_1.html" title="Loss"></iframe>',
    )
    first, second = BeautifulSoup(document.body, "html.parser").select("iframe")
    assert first["srcdoc"] == second["srcdoc"] == page
    assert first["sandbox"] == ["allow-scripts", "allow-downloads"]
    assert first["class"] == ["embedded-plot", "big"]
    assert (first["title"], second["title"]) == ("my plot 1", "Loss")
    assert first["width"] == "5"
    assert {each.kind for each in document.embedded} == {"plot"}


def test_a_plot_that_loads_from_the_network_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<script src="https://cdn.example.org/plotly.js"></script>')
    document = render(tmp_path, '<iframe src="a.html"></iframe>')
    assert "loads from the network" in document.warnings[0].message


def test_figures_come_in_as_they_are_and_are_numbered() -> None:
    fragment = '<figure id="f"><span class="figure-number"></span>{{ x }} $$y$$ *z*</figure>'
    document = parse_article(
        "a\n<d-figure src='f/a.html'></d-figure>\n\n<d-figure src=\"./f/a.html\"/>",
        folder=None,
        files={"f/a.html": fragment},
    )
    for number in (1, 2):
        assert fragment.replace("></span>", f">Figure {number}.</span>") in document.body
    assert [each.kind for each in document.embedded] == ["figure", "figure"]
    assert document.warnings == ()


def test_a_figure_element_without_a_file_is_distills_own() -> None:
    body = parse_article("<d-figure id='x'>\n<p>a</p>\n</d-figure>", folder=None).body
    assert body.startswith('<figure id="x">')


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder with an article's folder in it, and pictures on both sides."""
    folder = tmp_path / "article"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(PNG)
    (folder / "own.png").write_bytes(PNG)
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "inner.png").symlink_to(folder / "own.png")
    (folder / "up").symlink_to(tmp_path)
    return folder


@pytest.mark.parametrize(
    "name", ["../secret.png", "link.png", "up/secret.png", "x/../../secret.png"]
)
@pytest.mark.parametrize("safe", [False, True])
def test_files_outside_the_folder_are_not_read(outside: Path, name: str, safe: bool) -> None:
    (outside / "x").mkdir()
    assert render(outside, f"![x]({name})", allow_outside=True).warnings == ()
    document = render(outside, f"![x]({name})", safe=safe)
    (warning,) = document.warnings
    assert warning.message == (
        f"The picture {name} lies outside the article's folder and is not read without "
        "--allow-outside."
    )
    assert sources(document) == []
    assert "placeholder" in document.body


def test_absolute_paths_outside_are_not_read(outside: Path) -> None:
    name = outside.parent / "secret.png"
    assert render(outside, f"![x]({name})", allow_outside=True).warnings == ()
    (warning,) = render(outside, f"![x]({name})").warnings
    assert str(name) in warning.message
    assert "--allow-outside" in warning.message


NAMING = {
    "frame": '<iframe src="NAME"></iframe>',
    "figure": '<d-figure src="NAME"></d-figure>',
    "script": '<script src="NAME"></script>',
    "style": '<link rel="stylesheet" href="NAME">',
    "url": '<style>p { background: url("NAME") }</style>',
    "table": '<table data-url="NAME"><tr><th data-field="a">a</th></tr></table>',
    "bibliography": "---\nbibliography: NAME\n---\n<d-cite key='a'></d-cite>",
    "include": "{% include NAME %}",
    "exists": "{% if true %}{% file_exists NAME %}{% endif %}",
    "shown by a script": '<script>x.src = "NAME";</script>',
    "plot of a plot": '<iframe src="plot.html"></iframe>',
}


@pytest.mark.parametrize("name", ["../secret.html", "up/secret.html", "ABSOLUTE"])
@pytest.mark.parametrize("source", NAMING.values(), ids=NAMING)
def test_nothing_of_an_article_reads_outside(outside: Path, source: str, name: str) -> None:
    secret = outside.parent / "secret.html"
    secret.write_text('[{"a": "hidden words"}] @misc{a, title={hidden words}}')
    name = name.replace("ABSOLUTE", str(secret))
    (outside / "plot.html").write_text(
        f'<iframe src="{name}"></iframe><script src="{name}"></script>'
    )
    document = render(outside, source.replace("NAME", name))
    page = render_page(document)
    assert "hidden words" not in page
    assert base64.b64encode(b"hidden words").decode()[:12] not in page
    assert "true" not in document.body
    if source is NAMING["frame"]:
        assert "hidden words" in render_page(
            render(outside, source.replace("NAME", name), allow_outside=True)
        )


def test_the_sites_own_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "_config.yml").write_text("title: x")
    (tmp_path / "_posts").mkdir()
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a.png").write_bytes(PNG)
    (tmp_path.parent / "a.png").write_bytes(PNG)
    assert render(tmp_path / "_posts", "![x](../assets/a.png)").warnings == ()
    (warning,) = render(tmp_path / "_posts", "![x](../../a.png)").warnings
    assert "lies outside the article's site" in warning.message


@pytest.mark.parametrize("name", ["own.png", "inner.png", "up/article/own.png"])
def test_files_inside_the_folder_are_for_all(outside: Path, name: str) -> None:
    assert render(outside, f"![x]({name})", safe=True).warnings == ()


def test_a_bibliography_outside_is_not_read(outside: Path) -> None:
    (outside.parent / "works.bib").write_text("@misc{a, title={A}}")
    source = "---\nbibliography: ../works.bib\n---\n<d-cite key='a'></d-cite>"
    assert len(render(outside, source, allow_outside=True).references) == 1
    assert render(outside, source).references == ()


def test_a_device_is_no_picture(tmp_path: Path) -> None:
    document = render(tmp_path, '<img alt="x" src="/dev/zero">')
    assert "is missing" in document.warnings[0].message


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("![A cat](https://example.org/a.png)", "Picture at example.org: A cat"),
        ("![](//www.example.org/a.png)", "Picture at example.org"),
        ('<iframe src="https://example.org/p"></iframe>', "Frame at example.org"),
        ('<iframe src="https://www.youtube.com/embed/a1"></iframe>', "Video at youtube.com"),
        ('<video><source src="https://example.org/a.mp4"></video>', "Video at example.org"),
    ],
)
def test_what_lies_on_the_web_is_a_link_or_stays(source: str, shown: str) -> None:
    document = parse_article(source, folder=None)
    assert f">{shown}</a>" in document.body
    assert [each.kind for each in document.warnings if each.kind != "alternative text"] == [
        "remote"
    ]
    online = parse_article(source, folder=None, options=Options(online=True))
    assert 'class="remote"' not in online.body
    assert "example.org" in online.body or "youtube.com/embed" in online.body
    assert "img-src https:" in render_page(online)
    assert "img-src https:" not in render_page(document)


def test_a_picture_that_a_script_fills_is_left_alone() -> None:
    document = parse_article('<img id="later" alt="x">', folder=None)
    assert document.body == '<img alt="x" id="later">'
    assert document.warnings == ()


def test_a_missing_picture_leaves_its_alternative_text() -> None:
    assert "a.png is missing. Two cats" in parse_article("![Two cats](a.png)", folder=None).body


def test_films_sounds_scripts_and_styles_of_the_site_are_put_in(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.mp3", "a.js", "a.css", "a.svg"):
        (tmp_path / name).write_text("<svg/>" if name == "a.svg" else "p { } // </script>")
    document = render(
        tmp_path,
        '<video src="a.mp4" autoplay></video> <audio><source src="a.mp3"></audio>\n\n'
        '<script src="a.js"></script>\n\n<link rel="stylesheet" href="a.css">\n\n'
        '<object data="a.svg">S</object>\n',
    )
    assert document.warnings == ()
    assert [each.kind for each in document.embedded] == [
        *("video", "audio", "script", "style", "image"),
    ]
    assert '<video controls src="data:video/mp4;base64,' in document.body
    assert "<\\/script></script>" in document.body


def test_plots_bring_their_own_scripts_and_pictures(tmp_path: Path) -> None:
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "a.html").write_text(
        '<script src="https://cdn.plot.ly/plotly-2.27.0.min.js"></script>'
        '<script src="a.js"></script><img src="a.svg"><script>x = "<img src=\'b.png\'>"</script>'
        '<script src="https://example.org/d3.js"></script>'
    )
    (tmp_path / "plots" / "a.js").write_text("run()")
    (tmp_path / "plots" / "a.svg").write_text("<svg/>")
    document = render(tmp_path, '<iframe src="plots/a.html"></iframe>')
    (warning,) = document.warnings
    assert "https://example.org/d3.js" in warning.message
    assert "cdn.plot.ly" not in document.body
    assert "run()" in document.body
    assert "data:image/svg+xml" in document.body
    assert "b.png" in document.body
    assert "&#39;unsafe-eval&#39;" in render_page(document)


def test_tables_are_filled_from_a_file_of_the_site(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text('[{"a": 1, "b": "<i>"}, {"b": "y"}]')
    head = '<thead><tr><th data-field="a">A</th><th data-field="b">B</th></tr></thead>'
    document = render(tmp_path, f'<table data-toggle="table" data-url="/rows.json">{head}</table>')
    assert document.warnings == ()
    cells = BeautifulSoup(document.body, "html.parser").select("td")
    assert [each.get_text() for each in cells] == ["1", "<i>", "", "y"]
    gone = render(tmp_path, f'<table data-url="gone.json">{head}</table>')
    assert [each.message for each in gone.warnings] == ["The table's file gone.json is missing."]


def test_pictures_of_a_script_outside_are_told(outside: Path) -> None:
    source = '<script>x.src = "link.png"; y.src = "own.png";</script>'
    document = render(outside, source)
    (warning,) = document.warnings
    assert "link.png, lies outside the article's folder" in warning.message
    assert [each.name for each in document.embedded] == ["own.png"]
