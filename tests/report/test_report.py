"""The article of a run: what a reader finds in it."""

from __future__ import annotations

import html
import re
import time
from dataclasses import replace
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
from tests.report.conftest import FIRST, SECOND, Maker
from tests.report.made_runs import (
    ATTRIBUTE,
    Made,
    everything,
    influence_run,
    many,
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
    begin = re.search(rf"^{re.escape(heading)}(?:: .*)?\n", markdown, re.MULTILINE)
    assert begin is not None
    rest = markdown[begin.end() :]
    ends = re.search(rf"^#{{1,{level}}} ", rest, re.MULTILINE)
    return rest[: ends.start()] if ends else rest


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
    assert sorted(names) == sorted(re.findall(r"^##+ (.+)$", source.markdown, re.MULTILINE))


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
    assert "1 untrained network" in section(markdown, "### Protocol")


def test_without_knn_reason_and_command_are_given(make_run: Maker) -> None:
    folder = make_run(neighbours=False)
    found = section(markdown_of(folder), "### Nearest neighbours")
    assert "was not measured. kNN influence needs class labels" in found
    assert "latentprint influence STORE" in found
    assert "figures/neighbours.html" not in found
    assert any(
        each.startswith(f"kNN influence of {ATTRIBUTE}, {FIRST} was left out:")
        for each in cautions(read_run(folder))
    )


def test_what_was_not_measured_is_said_and_never_claimed(tmp_path: Path) -> None:
    probe = next(row for row in probe_run(0.5).rows if row.encoder == FIRST)
    markdown = markdown_of(write_made(Made([probe]), tmp_path, photos=False))
    for heading, command in (
        ("### Acquisition labels", "audit PHOTOS -a make"),
        ("### Would more photos show more", "probe STORE"),
        ("### Nearest neighbours", "influence STORE"),
        ("### Image retrieval", "pairs STORE"),
        ("### Similarity", "similarity STORE"),
        ("## Is your data at risk?", "correlation PHOTOS"),
    ):
        found = section(markdown, heading)
        assert "not measured" in found, heading
        assert f"latentprint {command}" in found
        assert "<d-figure" not in found
    assert "### Where in the network" not in markdown


def test_noise_is_called_noise(tmp_path: Path) -> None:
    folder = write_made(everything(0.0), tmp_path)
    summary = section(markdown_of(folder), "## Summary")
    assert "Not shown to be carried, with these photos: sharpening." in summary
    for claim in (
        "not shown to change nearest neighbours",
        "not shown to distract retrieval",
        "not shown to share",
        "not shown to make photos more alike",
    ):
        assert claim in summary
    for claim in ("Carried by", "added to", "changes nearest", "are more alike", "consistent"):
        assert claim not in summary


def test_a_run_that_recorded_nothing_else_has_a_report(make_run: Maker) -> None:
    markdown = markdown_of(make_run(recorded=False))
    assert section(markdown, "### Settings and versions").strip() == "Not recorded."
    assert "The files of this run are not recorded." in markdown
    assert "not recorded" in section(markdown, "### Encoders")


def test_an_empty_result_table_has_a_report(make_run: Maker) -> None:
    folder = make_run(recorded=False)
    pl.read_parquet(folder / "results.parquet").clear().write_parquet(folder / "results.parquet")
    assert "The results hold no encoder." in text_of(page_of(folder))


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
    text = "\n".join(cautions(read_run(make_run())))
    for words in (
        "Few test photos",
        "saved below quality 95",
        "sides of the split: 2 groups",
        "3 photos are near-duplicates",
        "1 photo could not be read",
        "No untrained twin was measured for Mine",
    ):
        assert words in text


def test_failed_checks_stand_beside_their_finding(tmp_path: Path) -> None:
    made = probe_run(0.5)
    rows = [replace(row, notes="unstable between seeds") for row in made.rows]
    found = section(markdown_of(write_made(Made(rows), tmp_path)), "### Processing labels")
    lines = [each for each in found.splitlines() if "*Check" in each]
    assert lines
    assert all("unstable between seeds" in each for each in lines)


def test_a_finding_stands_once_in_full(make_run: Maker, tmp_path: Path) -> None:
    markdown = markdown_of(make_run())
    (row,) = [row for row in read_run(tmp_path / "run").probes if row["encoder"] == FIRST]
    sentence = f"the probe is right in {row['value']:.1f}% of cases"
    assert markdown.count(sentence) == 1
    assert sentence in section(markdown, "### Processing labels")


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
    found = section(markdown_of(*folders), "### Processing labels")
    for name, value in values.items():
        told = "Sharpening is carried by the embedding: the probe is right in"
        assert f"**{name}.** {told} {value:.1f}%" in found


def test_47_encoders_fit_into_a_page(tmp_path: Path) -> None:
    folder = write_made(many(47), tmp_path / "many")
    begun = time.perf_counter()
    page = write_report(folder)
    assert time.perf_counter() - begun < 10
    assert page.stat().st_size < 8_000_000
    text = html.unescape(page.read_text("utf-8"))
    assert "47 frozen visual encoders" in text
    found = section(markdown_of(folder), "### Processing labels")
    assert len(re.findall(r"^- ", found, re.MULTILINE)) == 2
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
    assert "the probe asked again" not in text
    probed = compose(run_of(probe_run(0.5), photos=False)).markdown
    assert "results were judged" in probed
    assert "the probe asked again" in probed
    assert "several fits" not in probed


def test_without_a_jpeg_file_none_is_counted() -> None:
    files = pl.DataFrame(photo_rows(), infer_schema_length=None).filter(format="PNG")
    text = compose(replace(run_of(Made()), photos=files)).markdown
    assert "No readable JPEG file is among the photos." in text
    assert "of the 0" not in text
