"""The article of a run: what a reader finds in it."""

from __future__ import annotations

import html
import re
from dataclasses import asdict, replace
from pathlib import Path

import polars as pl
import pytest
import yaml
from bs4 import BeautifulSoup

from latentprint.article.page import write_article
from latentprint.errors import LatentprintError, UsageError
from latentprint.report import write_markdown, write_report
from latentprint.report.cautions import cautions
from latentprint.report.inputs import read_run
from latentprint.report.photos_section import LIMIT, troubled
from latentprint.report.report import Masthead, compose
from latentprint.report.runs import read_runs
from latentprint.results import LeftOut
from latentprint.words import Experiment, InfluenceSetup
from tests.report.conftest import FIRST, SECOND, Large, Maker
from tests.report.made_runs import (
    Made,
    everything,
    influence_run,
    photo_rows,
    probe_run,
    renamed,
    run_of,
    write_made,
)

HOSTILE = "<script>alert("
NAMES = (
    "<script>alert(1)</script>",
    "a*b_c_d",
    '"]]>',
    "{{ x }}",
    "{% raw %}",
    "$$x^2$$",
    "a|b",
    "<!-- c -->",
    "# head",
    "[link](javascript:alert(1))",
    "`code` &amp; \\",
)


def page_of(folder: Path, title: str | None = None) -> str:
    return write_report(folder, title=title).read_text(encoding="utf-8")


def text_of(page: str) -> str:
    """The text that a reader sees, with single spaces."""
    soup = BeautifulSoup(page, "html.parser")
    for each in soup(["script", "style", "head"]):
        each.decompose()
    return re.sub(r"\s+", " ", soup.get_text(" "))


def section(markdown: str, heading: str) -> str:
    """The text under a heading, up to the next of its level or above."""
    level = len(heading.split(" ")[0])
    begin = re.search(rf"^{re.escape(heading)}\n", markdown, re.MULTILINE)
    assert begin is not None
    rest = markdown[begin.end() :]
    ends = re.search(rf"^#{{1,{level}}} ", rest, re.MULTILINE)
    return rest[: ends.start()] if ends else rest


def section_of(markdown: str, figure: str) -> str:
    """The text between two headings that holds a figure."""
    parts = re.split(r"^(?=##)", markdown, flags=re.MULTILINE)
    return next(each for each in parts if f"figures/{figure}.html" in each)


def markdown_of(*folders: Path) -> str:
    return compose(read_runs(folders)).markdown


def test_the_page_is_one_file_with_plotly_once(make_run: Maker) -> None:
    page = write_report(make_run())
    text = page.read_text(encoding="utf-8")
    assert page.name == "report.html"
    assert text.count("* plotly.js v") == 1
    assert page.stat().st_size < 6_500_000
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=\"(?!data:|#)", text)


def test_the_sections_stand_in_the_order_of_the_study(make_run: Maker) -> None:
    soup = BeautifulSoup(page_of(make_run()), "html.parser")
    titles = [each.get_text(" ", strip=True) for each in soup("h2")]
    wanted = [
        "Summary",
        "Processing and acquisition traces can be recovered",
        "Traces can interfere with downstream tasks",
        "Is your data at risk?",
        "How this was measured",
    ]
    assert [each for each in titles if each in wanted] == wanted


def test_contents_name_every_heading(make_run: Maker) -> None:
    source = compose(read_run(make_run()))
    front = yaml.safe_load(source.markdown.split("---\n")[1])
    names = [each["name"] for each in front["toc"]]
    names += [inner["name"] for each in front["toc"] for inner in each.get("subsections", [])]
    headings = re.findall(r"^##+ (.+)$", source.markdown, re.MULTILINE)
    assert sorted(names) == sorted(
        html.unescape(re.sub(r"\\([^\w\s])", r"\1", each)) for each in headings
    )


def test_the_article_has_no_warnings(make_run: Maker, tmp_path: Path) -> None:
    article = write_markdown(make_run(), tmp_path / "draft")
    assert write_article(article).document.warnings == ()


def test_names_cannot_become_markup(make_run: Maker) -> None:
    text = page_of(make_run(), title=f'{HOSTILE}0)</script> "]]>')
    assert HOSTILE not in text
    assert "<b>file</b>" not in text
    assert "<b>anna</b>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert f"<title>{HOSTILE}" not in text


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_seen_as_it_is_written(tmp_path: Path, name: str) -> None:
    made = renamed(probe_run(0.5), name, "SUP") + renamed(influence_run(0.5), name, "SUP")
    made = made + renamed(probe_run(0.5), f"other {name}", "SUP")
    made.rows[:] = [
        replace(row, dataset=f"photos {name}", notes=f"check {name}") for row in made.rows
    ]
    made.left_out.append(LeftOut(f"Reason {name}", Experiment.ROBUSTNESS, name, name))
    write_made(
        made,
        tmp_path,
        settings={"dataset": f"photos {name}", "command": f"latentprint audit {name}"},
        files=[{"id": name, "status": "broken", "reason": f"reason {name}"}],
    )
    page = page_of(tmp_path)
    seen = text_of(page)
    squeezed = re.sub(r"\s+", " ", name)
    for words in ("photos {}", "other {}", "latentprint audit {}", "reason {}", "Reason {}"):
        assert words.format(squeezed) in seen, words
    soup = BeautifulSoup(page, "html.parser")
    code = [each for each in soup("script") if each.get("type") != "application/json"]
    assert not [each for each in code if "alert(1)" in each.get_text()]
    assert not soup.find("a", href=re.compile(r"^\s*javascript:", re.IGNORECASE))
    titles = [each.get_text(" ", strip=True) for each in soup(["h2", "h3"])]
    assert not [each for each in titles if "head" in each.split()]


def test_controls_are_no_encoders_of_the_user(make_run: Maker) -> None:
    run = read_run(make_run())
    assert {row["encoder"] for row in run.rows} == {FIRST, SECOND}
    markdown = compose(run).markdown
    assert ", untrained" not in section(markdown, "## Summary")
    assert "net, untrained | control" in section(markdown, "### Encoders")


def test_without_knn_reason_and_command_are_given(make_run: Maker) -> None:
    folder = make_run(neighbours=False)
    markdown = markdown_of(folder)
    (line,) = [
        each
        for each in section(markdown, "## Not measured").splitlines()
        if each.startswith("- kNN influence")
    ]
    assert "kNN influence needs class labels: put the photos of each class into a folder." in line
    assert "latentprint influence STORE" in line
    assert "figures/neighbours.html" not in markdown
    # The reason stands once.
    assert not any("class labels" in each for each in cautions(read_run(folder)))


def test_what_was_not_measured_is_one_list_with_the_paths_of_the_run(tmp_path: Path) -> None:
    probe = next(row for row in probe_run(0.5, controls=False).rows if row.encoder == FIRST)
    folder = write_made(Made([probe]), tmp_path / "my run", photos=False)
    (folder / "embeddings").mkdir()
    markdown = markdown_of(folder)
    found = section(markdown, "## Not measured")
    photos = f"'{folder / 'originals'}'"
    for name, command in (
        ("Probes of acquisition labels", f"audit {photos} -a make"),
        ("Learning curves", f"probe '{folder}' --out '{folder}-curves'"),
        ("kNN influence", f"influence '{folder}' --out '{folder}-neighbours'"),
        ("Retrieval of near-duplicate pairs", f"pairs '{folder}'"),
        ("Distributions of similarity", f"similarity '{folder}'"),
        ("Correlation of metadata and label", f"correlation {photos} --out '{folder}'/correl"),
    ):
        (line,) = [each for each in found.splitlines() if each.startswith(f"- {name}:")]
        assert f"latentprint {command}" in text_of(line.replace("\\", "")), name
    assert f"- What training added to {FIRST}." in found
    outside = markdown.replace(found, "").partition("\n---\n")[2]
    assert "not measured" not in outside.lower().replace("## not measured", "")
    for section_name in ("nearest neighbours", "retrieval", "more alike", "still rise"):
        assert section_name not in outside.lower()


def test_noise_is_called_noise(tmp_path: Path) -> None:
    markdown = markdown_of(write_made(everything(0.0), tmp_path))
    for claim in (
        "### No processing is shown to be carried",
        "### No label of photos is shown to be carried",
        "### No processing is shown to change nearest neighbours",
        "### Traces of the device are not shown to distract retrieval",
        "### Neighbours are not shown to share",
        "### The same metadata are not shown to make photos more alike",
    ):
        assert claim in markdown
    for claim in ("Carried by", "Added by training", "attract each", "are more alike"):
        assert claim not in markdown


def test_a_run_that_recorded_nothing_else_has_a_report(make_run: Maker) -> None:
    markdown = markdown_of(make_run(recorded=False))
    assert section(markdown, "### Settings and versions").strip() == "Not recorded."
    assert "The files of this run are not recorded." in markdown
    assert "not recorded" in section(markdown, "### Encoders")


def test_an_empty_result_table_has_a_report(make_run: Maker) -> None:
    folder = make_run(recorded=False)
    pl.read_parquet(folder / "results.parquet").clear().write_parquet(folder / "results.parquet")
    assert "The results hold no encoder." in text_of(page_of(folder))


def test_cautions_have_a_heading_where_nothing_was_judged() -> None:
    record = asdict(LeftOut("No such model.", encoder="timm:nothing"))
    run = replace(run_of(Made(), photos=False), settings={"left_out": [record]})
    markdown = compose(run).markdown
    assert "Left out: encoder timm" in section(markdown, "## Cautions")
    assert "title: No encoder was asked about these photos\n" in markdown
    assert "## Summary" not in markdown


def test_no_result_table_is_an_error_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(LatentprintError, match=r"holds no results\.parquet"):
        write_report(tmp_path)


@pytest.mark.parametrize(
    "name", ["results.parquet", "settings.json", "details.json", "correlation.json"]
)
def test_a_damaged_file_is_named(make_run: Maker, name: str) -> None:
    folder = make_run()
    (folder / name).write_bytes(b"{ broken")
    with pytest.raises(LatentprintError, match=rf"{re.escape(name)} is damaged"):
        write_report(folder)


def test_every_caution_is_given(make_run: Maker) -> None:
    folder = make_run()
    # Of what was saved before it weakens the measurements of one processing alone.
    assert "saved below quality 95" not in "\n".join(cautions(read_run(folder)))
    table = pl.read_parquet(folder / "results.parquet")
    compressed = table.with_columns(pl.col("attribute").replace("sharpening", "jpeg"))
    compressed.write_parquet(folder / "results.parquet")
    text = "\n".join(cautions(read_run(folder)))
    for words in (
        "Few test photos",
        "saved below quality 95",
        "sides of the split: 2 groups",
        "3 photos are near-duplicates",
    ):
        assert words in text


def test_failed_checks_stand_beside_their_finding(tmp_path: Path) -> None:
    made = probe_run(0.5)
    rows = [replace(row, notes="unstable between seeds") for row in made.rows]
    found = section_of(markdown_of(write_made(Made(rows), tmp_path)), "processing")
    (line,) = [each for each in found.splitlines() if "*Check" in each]
    assert "unstable between seeds (sharpening)" in line


def test_a_finding_stands_once_in_full(make_run: Maker, tmp_path: Path) -> None:
    markdown = markdown_of(make_run())
    (row,) = [row for row in read_run(tmp_path / "run").probes if row["encoder"] == FIRST]
    sentence = f"sharpening, {row['value']:.1f}% right"
    assert markdown.count(sentence) == 1
    assert sentence in section_of(markdown, "processing")


def test_a_long_list_of_broken_photos_is_cut(make_run: Maker) -> None:
    folder = make_run()
    rows = [{"id": f"{index}.jpg", "status": "broken"} for index in range(LIMIT + 50)]
    pl.DataFrame(rows).write_csv(folder / "photos.csv")
    photos = read_run(folder).photos
    assert photos is not None
    found = troubled(photos)
    assert (len(found.rows), found.total) == (LIMIT, LIMIT + 50)
    markdown = markdown_of(folder)
    assert f"first {LIMIT} are shown; photos.csv lists every one" in markdown
    assert "No readable JPEG file is among the photos." in markdown


def test_an_empty_list_of_photos_is_not_recorded(make_run: Maker) -> None:
    folder = make_run()
    (folder / "photos.csv").write_text("")
    assert read_run(folder).photos is None


def test_title_authors_and_date_stand_above_the_text(make_run: Maker) -> None:
    masthead = Masthead("Our: index", ("A. <b>One</b>", "B. Two"), "Lab {{ x }}", "2026-12-01")
    source = compose(read_run(make_run()), masthead)
    front = yaml.safe_load(source.markdown.split("\n---\n")[0].removeprefix("---\n"))
    assert front["title"] == "Our: index"
    assert [each["name"] for each in front["authors"]] == ["A. <b>One</b>", "B. Two"]
    assert front["authors"][0]["affiliations"]["name"] == "Lab {{ x }}"
    assert front["date"] == "2026-12-01"


def test_the_date_is_that_of_the_run(make_run: Maker) -> None:
    assert "date: '2026-11-24'" in markdown_of(make_run())


def test_article_makes_the_page_that_report_makes(make_run: Maker, tmp_path: Path) -> None:
    folder = make_run()
    report = page_of(folder)
    article = write_markdown(folder, tmp_path / "draft")
    assert {each.name for each in (tmp_path / "draft").iterdir()} >= {
        "article.md",
        "figures",
        "references.bib",
    }
    page = write_article(article).path.read_text(encoding="utf-8")
    assert page == report


def test_edits_show_in_the_page(make_run: Maker, tmp_path: Path) -> None:
    article = write_markdown(make_run(), tmp_path / "draft")
    text = article.read_text("utf-8")
    line = '<d-figure src="figures/paired.html"></d-figure>'
    assert line in text
    edited = text.replace(line, "").replace("can interfere", "may well interfere")
    article.write_text(edited, encoding="utf-8")
    page = write_article(article).path.read_text("utf-8")
    assert "may well interfere" in text_of(page)
    assert 'id="figure-paired"' not in page
    assert 'id="figure-processing"' in page


def test_an_edited_article_is_kept_unless_forced(make_run: Maker, tmp_path: Path) -> None:
    folder = make_run()
    article = write_markdown(folder, tmp_path / "draft")
    write_markdown(folder, tmp_path / "draft", title="Unedited, so written again")
    article.write_text("Mine\n", encoding="utf-8")
    with pytest.raises(LatentprintError, match="was edited"):
        write_markdown(folder, tmp_path / "draft")
    assert article.read_text("utf-8") == "Mine\n"
    write_markdown(folder, tmp_path / "draft", force=True)
    assert article.read_text("utf-8") != "Mine\n"


def test_several_runs_need_a_file(make_run: Maker, tmp_path: Path) -> None:
    folder = make_run()
    with pytest.raises(UsageError, match="--out FILE"):
        write_report([folder, folder])
    page = write_report([folder, folder], tmp_path / "both.html")
    assert page == tmp_path / "both.html"
    assert "Measured in more than one run" in text_of(page.read_text("utf-8"))


def test_several_sets_of_photos_are_told_apart(tmp_path: Path) -> None:
    folders, values = [], {}
    for name, trace in (("beach", 0.5), ("forest", 1.0)):
        rows = [replace(row, dataset=name) for row in probe_run(trace).rows]
        values[name] = rows[0].value
        folders.append(write_made(Made(rows), tmp_path / name, settings={"dataset": name}))
    found = section_of(markdown_of(*folders), "processing")
    assert "Embeddings carry sharpening in 2 of 2 measurements" in found
    for name, value in values.items():
        assert f"**{name}.** Carried by the embedding: sharpening, {value:.1f}% right" in found


def test_48_encoders_fit_into_a_page(large: Large) -> None:
    assert large.seconds < 10
    assert large.page.stat().st_size < 8_000_000
    text = html.unescape(large.page.read_text("utf-8"))
    assert "48 frozen visual encoders" in text
    markdown = markdown_of(large.run)
    for key in ("processing", "paired"):
        found = section_of(markdown, key)
        assert len(re.findall(r"^\*\*Sharpening", found, re.MULTILINE)) == 1, found
    assert re.search(r"The first \d+ of [\d,]+ rows", text)


def test_pictures_can_be_left_out(make_run: Maker) -> None:
    run = read_run(make_run())
    shown, hidden = (
        "".join(compose(run, pictures=wanted).files.values()) for wanted in (True, False)
    )
    assert shown.count("data:image/webp;base64,") >= 2
    assert "data:image/" not in hidden
    assert "3.jpg" in hidden


def test_the_text_speaks_of_what_was_measured_alone() -> None:
    one = [
        row
        for row in influence_run(0.5).rows
        if row.setup != InfluenceSetup.INFLUENCE or row.k == 1
    ]
    text = compose(run_of(one, photos=False)).markdown
    assert "1 result was judged" in text
    probed = compose(run_of(probe_run(0.5), photos=False)).markdown
    assert "results were judged" in probed


def test_without_a_jpeg_file_none_is_counted() -> None:
    files = pl.DataFrame(photo_rows(), infer_schema_length=None).filter(format="PNG")
    text = compose(replace(run_of(Made()), photos=files)).markdown
    assert "No readable JPEG file is among the photos." in text
    assert "of the 0" not in text
