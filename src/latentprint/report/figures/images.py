"""Drawings as files for papers: SVG, PDF and PNG, by a Chromium that playwright drives."""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib.util import find_spec
from typing import Any

from latentprint.article.plots import plotly_script
from latentprint.errors import LatentprintError, brief
from latentprint.report.figures.drawing import Drawing

FORMATS = ("svg", "pdf", "png")
"""The kinds of files."""

SCALE = 300 / 96
"""Pixels of a PNG for every one of the drawing: 300 dots an inch."""

_PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
_NOTHING = (
    "{kind} files are drawn by playwright and a Chromium, and {missing} is not here: "
    "`pip install 'latentprint[images]'`, then `playwright install chromium`."
)
_SHEET = (
    "<style>@page {{ size: {0}px {1}px; margin: 0 }} body {{ margin: 0 }} svg {{ display: block }}"
    "</style>{2}"
)


def images_of(drawings: Sequence[Drawing], kinds: Sequence[str]) -> dict[str, list[bytes]]:
    """Draw files.

    Args:
        drawings: What they show.
        kinds: Some of ``FORMATS``.

    Returns:
        For every kind a file of each drawing.

    Raises:
        LatentprintError: There is nothing that can draw them, or it failed.
    """
    if not (drawings and kinds):
        return {kind: [] for kind in kinds}
    told = " and ".join(kind.upper() for kind in kinds)
    if find_spec("playwright") is None:
        raise LatentprintError(_NOTHING.format(kind=told, missing="playwright"))
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None) or _own_chromium()
    if program is None:
        raise LatentprintError(_NOTHING.format(kind=told, missing="a Chromium"))
    from playwright.sync_api import Error

    try:
        with _page(program) as page:
            return {kind: [_drawn(page, each, kind) for each in drawings] for kind in kinds}
    except Error as error:
        raise LatentprintError(f"The {told} files could not be drawn: {brief(error)}.") from error


def _own_chromium() -> str | None:
    """The one that `playwright install chromium` fetched."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.isfile(path) else None  # noqa: PTH113 - a text, as it was given


@contextmanager
def _page(program: str) -> Iterator[Any]:
    """A page with Plotly's script, and nothing else."""
    from playwright.sync_api import sync_playwright

    # Chromium refuses its sandbox to the superuser, who owns a container as a rule.
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"] if as_root else []
        )
        try:
            page = browser.new_page()
            page.add_script_tag(content=str(plotly_script()))
            yield page
        finally:
            browser.close()


def _drawn(page: Any, drawing: Drawing, kind: str) -> bytes:
    width, height = drawing.size
    size = {"width": width, "height": height, "scale": SCALE if kind == "png" else 1}
    options = {"format": "png" if kind == "png" else "svg", **size}
    address: str = page.evaluate(
        "([figure, options]) => Plotly.toImage(figure, {...options, imageDataOnly: true})",
        [asdict(drawing), options],
    )
    if kind == "png":
        return base64.b64decode(address)
    if kind == "svg":
        return address.encode()
    sheet = page.context.browser.new_page()
    sheet.set_content(_SHEET.format(width, height, address))
    pdf: bytes = sheet.pdf(width=f"{width}px", height=f"{height}px", print_background=True)
    sheet.close()
    return pdf
