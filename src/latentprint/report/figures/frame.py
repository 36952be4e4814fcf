"""A figure as a page of its own that fits the frame it is shown in."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from latentprint.article.page import figure_scripts, figure_styles, has_plots
from latentprint.article.plots import plotly_script
from latentprint.report.figures.figure import ROWS, Figure, download_of
from latentprint.report.figures.fragment import fragment

PLOTLY = "plotly.min.js"
"""The file beside the pages that holds Plotly's script."""

_HERE = Path(__file__).parent


def frame_page(figure: Figure, *, inline: bool = False) -> str:
    """Make the page of a figure: its legend, as many panels as fit, and its numbers behind a fold.

    It works offline, and is light or dark as the page around it, or else as the system.

    Args:
        figure: What it shows.
        inline: Whether it holds Plotly's script; else that is in the file ``PLOTLY`` beside it.
    """
    download = download_of(figure.numbers) if figure.numbers else None
    body = fragment("frame.html.j2", figure=figure, rows=ROWS, download=download)
    drawn = has_plots(body)
    scripts = [_file("frame.js"), *figure_scripts(body)]
    return str(
        fragment(
            "frame_page.html.j2",
            title=figure.caption.partition(". ")[0],
            styles=[*figure_styles(body), _file("frame.css")],
            body=body,
            beside="" if inline or not drawn else PLOTLY,
            scripts=[plotly_script(), *scripts] if inline and drawn else scripts,
        )
    )


def _file(name: str) -> Markup:
    return Markup((_HERE / name).read_text("utf-8"))  # noqa: S704 - a file of our own
