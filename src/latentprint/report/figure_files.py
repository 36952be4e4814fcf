"""Every figure of a run as a file of its own, for posts and papers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from latentprint.article.page import has_plots
from latentprint.article.plots import plotly_script
from latentprint.errors import UsageError, unknown_name
from latentprint.files import as_path, write_bytes, write_text
from latentprint.report.complete_table import complete_figure
from latentprint.report.figures.drawing import drawing_of
from latentprint.report.figures.figure import Figure
from latentprint.report.figures.frame import PLOTLY, frame_page
from latentprint.report.figures.images import FORMATS, images_of
from latentprint.report.inputs import Run
from latentprint.report.places import filled
from latentprint.report.published_run import published_run
from latentprint.report.runs import folders_of, read_runs
from latentprint.report.section import is_answered
from latentprint.report.sections import SECTIONS

NAMES = {
    "similarity": "sim_dist",
    "processing": "acc_processing_prediction",
    "labels": "acquisition_plots_ninety",
    "recall": "ndidscatter",
}
"""The names of the study's post, by the key of the figure; others are named by their key."""

HTML = "html"
"""The format of pages."""

_QUESTIONS = {"recall": "pairs"}
"""The section of a figure that is not named like it."""

_NAME = re.compile(r"[\w.-]*\w")


@dataclass(frozen=True)
class Drawn:
    """Figures that were written.

    Attributes:
        files: One for each figure and format, in the order of the report.
        left_out: What was not drawn and why, one sentence each: what the study's post embeds and
            nobody measured, and figures that are no drawings.
    """

    files: tuple[Path, ...]
    left_out: tuple[str, ...]


def write_figures(
    runs: Path | str | Sequence[Path | str],
    out: Path | str,
    *,
    published: bool = False,
    only: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    inline: bool = False,
    pictures: bool = True,
    photos: Path | str | None = None,
    formats: Sequence[str] = (HTML,),
    width: float = 170.0,
) -> Drawn:
    """Write every figure of one or several runs as a file of its own.

    As ``html`` it is a page that fits the frame it is shown in; ``svg``, ``pdf`` and ``png`` are
    drawings for papers, in the light colours.

    Args:
        runs: Run folders, as for ``write_report``; none with ``published``.
        out: The folder to write into.
        published: Whether the published figures of 47 encoders are drawn in place of runs.
        only: Keys of the figures to write, such as ``processing``; by default all.
        names: Names of files without suffix, by the key of the figure; ``NAMES`` where not given.
        inline: Whether every page holds Plotly's script; else one file beside them does.
        pictures: Whether small copies of photos are put in, where a figure shows single ones.
        photos: The folder of these photos; see ``write_report``.
        formats: ``html``, ``svg``, ``pdf`` and ``png``; the last three need playwright with a
            Chromium.
        width: Millimetres of a drawing.

    Raises:
        LatentprintError: A folder holds no result table, nothing here can draw, or a file cannot
            be written.
        UsageError: There is neither a run nor ``published``, or both, or photos of ``published``;
            or a key or a format is not known.
    """
    for kind in formats:
        if kind not in (HTML, *FORMATS):
            raise unknown_name("format", kind, (HTML, *FORMATS))
    out = as_path(out)
    run = _run(runs, published, photos)
    figures = _chosen(figures_of(run, pictures=pictures), only)
    files = _files(figures, names or {})
    drawn = {name: figure for name, figure in files.items() if figure.panels}
    written: list[Path] = []
    if HTML in formats:
        written += _write_pages(files, out, inline)
    kinds = [each for each in FORMATS if each in formats]
    drawings = [drawing_of(figure, width) for figure in drawn.values()] if kinds else []
    for kind, contents in images_of(drawings, kinds).items():
        for name, content in zip(drawn, contents, strict=True):
            written.append(out / f"{name}.{kind}")
            write_bytes(written[-1], content)
    keys = {figure.key for figure in figures}
    wanted = [key for key in NAMES if not only or key in only]
    left_out = [_missing(key, run) for key in wanted if key not in keys]
    if set(formats) - {HTML} and len(drawn) < len(files):
        names_of = ", ".join(name for name in files if name not in drawn)
        left_out.append(f"Not drawn, since they are pictures or tables: {names_of}.")
    return Drawn(tuple(written), tuple(left_out))


def _write_pages(files: Mapping[str, Figure], out: Path, inline: bool) -> list[Path]:
    pages = {name: frame_page(figure, inline=inline) for name, figure in files.items()}
    for name, page in pages.items():
        write_text(out / f"{name}.html", page)
    if not inline and any(map(has_plots, pages.values())):
        write_text(out / PLOTLY, str(plotly_script()))
    return [out / f"{name}.html" for name in files]


def figures_of(run: Run, *, pictures: bool = True) -> list[Figure]:
    """The figures of a run, in the order of its report.

    Args:
        run: What was measured, or the published figures.
        pictures: Whether small copies of photos are put in.
    """
    answered = (section for section in SECTIONS if is_answered(section, run))
    figures = [figure for section in answered for figure in section.figures(run, pictures)]
    return [_filled(figure) for figure in [*figures, complete_figure(run)]]


def _run(runs: Path | str | Sequence[Path | str], published: bool, photos: Any) -> Run:
    folders = folders_of(runs)
    if published and folders:
        raise UsageError(
            "Name either runs or --published: figures of runs show the published encoders beside "
            "yours."
        )
    if published and photos is not None:
        raise UsageError("--photos is for runs: no published figure shows a photo.")
    if not published and not folders:
        raise UsageError("Name at least one run folder, or --published for the published figures.")
    return published_run() if published else read_runs(folders, photos)


def _chosen(figures: list[Figure], only: Sequence[str]) -> list[Figure]:
    known = [figure.key for figure in figures]
    for key in only:
        if key not in known:
            raise unknown_name("figure", key, known)
    return [figure for figure in figures if not only or figure.key in only]


def _files(figures: Iterable[Figure], names: Mapping[str, str]) -> dict[str, Figure]:
    """Figures by the names of their files."""
    by_key = {figure.key: figure for figure in figures}
    for key, name in names.items():
        if key not in by_key:
            raise unknown_name("figure", key, by_key)
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} cannot name a file: use letters, digits, _, - and . without a folder."
            )
    found: dict[str, Figure] = {}
    for key, figure in by_key.items():
        name = names.get(key) or NAMES.get(key, key)
        if name in found:
            raise UsageError(f"Two figures would be named {name}: {found[name].key} and {key}.")
        found[name] = figure
    return found


def _filled(figure: Figure) -> Figure:
    """The figure without columns of its tables in which nothing stands."""
    return replace(figure, tables=[(heading, each.filled()) for heading, each in figure.tables])


def _missing(key: str, run: Run) -> str:
    section = next(each for each in SECTIONS if each.key == _QUESTIONS.get(key, key))
    command = filled(section.command, run, section.key)
    return f"{NAMES[key]} is not drawn for want of {section.name}. This measures it: {command}"
