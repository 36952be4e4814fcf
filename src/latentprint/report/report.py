"""Write the report of one or several runs: an article in Markdown, and its page."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from latentprint.article.document import parse_article
from latentprint.article.markdown import escape_markdown
from latentprint.article.page import render_page, write_page
from latentprint.errors import UsageError
from latentprint.files import as_path, make_folder, require_place
from latentprint.report.inputs import Run
from latentprint.report.runs import folders_of, read_runs
from latentprint.report.source_folder import write_source
from latentprint.report.summary import encoders_of, scope
from latentprint.report.text import REFERENCES, figures_of, text_of
from latentprint.report.wording import listed

ARTICLE = "article.md"
"""Name of the article in its folder."""

_HEADING = re.compile(r"^(##|###) (.+)$", re.MULTILINE)
_ESCAPED = re.compile(r"\\([^\w\s])")


@dataclass(frozen=True)
class Source:
    """An article before it becomes a page.

    Attributes:
        markdown: The text, with front matter.
        files: The files beside it, by path: figures and references.
    """

    markdown: str
    files: dict[str, str]


@dataclass(frozen=True)
class Masthead:
    """What stands above the text.

    Attributes:
        title: Title; names encoders and photos by default.
        authors: Names of the authors.
        affiliation: Where they work.
        date: As YYYY-MM-DD; the date of the last run by default.
    """

    title: str | None = None
    authors: tuple[str, ...] = ()
    affiliation: str | None = None
    date: str | None = None


def write_report(
    runs: Path | str | Sequence[Path | str],
    out: Path | str | None = None,
    *,
    title: str | None = None,
    authors: Sequence[str] = (),
    affiliation: str | None = None,
    date: str | None = None,
    pictures: bool = True,
    photos: Path | str | None = None,
) -> Path:
    """Write the report of one or several runs as one HTML page that works offline.

    Args:
        runs: Run folders: each with results.parquet and, where there are, details.json,
            photos.csv, settings.json, pairs.json and correlation.json.
        out: The file to write. By default report.html in the run folder; needed for several runs.
        title: Title of the page; names encoders and photos by default.
        authors: Names of its authors.
        affiliation: Where they work.
        date: As YYYY-MM-DD; the date of the last run by default.
        pictures: Whether small copies of photos are put in, where it shows single ones.
        photos: The folder of the photos, where they were moved, or where somebody else made the
            runs, or another machine: no other photo is read then. By default photos are read where
            runs say, if these were made by this user on this machine.

    Returns:
        The file that was written, whole or not at all.

    Raises:
        LatentprintError: A folder holds no result table, or the page cannot be written.
        UsageError: There are several runs and no ``out``, or no such folder of photos.
    """
    folders = _folders(runs)
    if out is None:
        if len(folders) > 1:
            raise UsageError("Name the file for the report of several runs: --out FILE.")
        out = folders[0] / "report.html"
    masthead = Masthead(title, tuple(authors), affiliation, date)
    return write_run_report(read_runs(folders, photos), out, masthead, pictures=pictures)


def write_run_report(
    run: Run, out: Path | str, masthead: Masthead = Masthead(), *, pictures: bool = True
) -> Path:
    """Write the report of a run, which may never have been in a folder.

    Args:
        run: What was measured.
        out: The file to write.
        masthead: Title, authors and date.
        pictures: Whether small copies of photos are put in, where it shows single ones.

    Returns:
        The file that was written, whole or not at all.

    Raises:
        LatentprintError: The page cannot be written.
    """
    out = as_path(out)
    require_place(out)
    source = compose(run, masthead, pictures=pictures)
    document = parse_article(source.markdown, folder=None, files=source.files, name=ARTICLE)
    write_page(render_page(document), out)
    return out


def write_markdown(
    runs: Path | str | Sequence[Path | str],
    folder: Path | str,
    *,
    title: str | None = None,
    authors: Sequence[str] = (),
    affiliation: str | None = None,
    date: str | None = None,
    pictures: bool = True,
    photos: Path | str | None = None,
    force: bool = False,
) -> Path:
    """Write the report of one or several runs as an article to edit.

    ``article.md`` holds the text, ``figures/`` the figures, ``references.bib`` the references;
    ``latentprint article article.md`` makes the page of ``write_report`` from them.

    Args:
        runs: See ``write_report``.
        folder: The folder to write into.
        title: See ``write_report``.
        authors: See ``write_report``.
        affiliation: See ``write_report``.
        date: See ``write_report``.
        pictures: See ``write_report``.
        photos: See ``write_report``.
        force: Whether files that were edited since they were written are written over.

    Returns:
        The article.

    Raises:
        LatentprintError: A folder holds no result table, a file was edited since it was written,
            or the files cannot be written.
    """
    masthead = Masthead(title, tuple(authors), affiliation, date)
    folders, folder = _folders(runs), as_path(folder)
    found = read_runs(folders, photos)
    make_folder(folder)
    source = compose(found, masthead, pictures=pictures)
    write_source({**source.files, ARTICLE: source.markdown}, folder, force=force)
    return folder / ARTICLE


def compose(run: Run, masthead: Masthead = Masthead(), *, pictures: bool = True) -> Source:
    """Make the article of a run, or of several that were joined.

    Args:
        run: What was measured.
        masthead: Title, authors and date.
        pictures: Whether small copies of photos are put in, where it shows single ones.
    """
    text = text_of(run, pictures=pictures)
    body = _tidy(_environment().get_template("article.md.j2").render(text))
    files = {each.path: each.html() for each in figures_of(text)}
    if text["card"]:
        files[text["card_path"]] = text["card"]
    files[REFERENCES.name] = REFERENCES.read_text("utf-8")
    return Source(f"---\n{_front(run, masthead, body)}---\n\n{body}", files)


def _folders(runs: Path | str | Sequence[Path | str]) -> list[Path]:
    folders = folders_of(runs)
    if not folders:
        raise UsageError("Name at least one run folder.")
    return folders


def _front(run: Run, masthead: Masthead, body: str) -> str:
    """The front matter, as YAML."""
    dates = [str(part.settings["date"])[:10] for part in run.parts if part.settings.get("date")]
    date = masthead.date or max(dates, default=None)
    affiliation = {"affiliations": {"name": masthead.affiliation}} if masthead.affiliation else {}
    front: dict[str, Any] = {
        "title": masthead.title or _title(run),
        "description": scope(run),
        **({"date": date} if date else {}),
        **(
            {"authors": [{"name": name, **affiliation} for name in masthead.authors]}
            if masthead.authors
            else {}
        ),
        "bibliography": REFERENCES.name,
        "toc": _contents(body),
    }
    return yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=100)


def _title(run: Run) -> str:
    encoders = encoders_of(run)
    processed = [*run.probes, *run.paired, *run.neighbours]
    photos = listed(run.datasets or ["these photos"])
    if not encoders:
        return f"No encoder was asked about {photos}"
    about = "the processing of " if processed and not run.labels else ""
    who = "the encoder knows" if len(encoders) == 1 else f"{len(encoders)} encoders know"
    return f"What {who} about {about}{photos}"


def _contents(body: str) -> list[dict[str, Any]]:
    """The headings as the front matter has them."""
    contents: list[dict[str, Any]] = []
    for level, heading in _HEADING.findall(body):
        name = html.unescape(_ESCAPED.sub(r"\1", heading))
        if level == "##":
            contents.append({"name": name})
        else:
            contents[-1].setdefault("subsections", []).append({"name": name})
    return contents


def _tidy(text: str) -> str:
    """No spaces at the ends of lines, and one empty line where the template left several."""
    text = re.sub(r"[ \t]+\n", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _code(text: str) -> str:
    """A command inside a line, whatever stands in it."""
    return f"<code>{escape_markdown(text)}</code>"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        # Markdown, not HTML: what comes from data goes through the filter ``md``.
        autoescape=False,  # noqa: S701
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["md"] = lambda text: escape_markdown(str(text))
    environment.filters["code"] = _code
    return environment
