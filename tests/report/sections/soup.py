"""Figures as a browser would read them."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from urllib.parse import unquote

from bs4 import BeautifulSoup

from latentprint.report.figures.figure import Figure


def made(figure: Figure | None) -> tuple[Figure, BeautifulSoup]:
    """The figure, which has to be there, and its elements."""
    assert figure is not None
    return figure, BeautifulSoup(figure.html(), "html.parser")


def downloaded(soup: BeautifulSoup) -> list[dict[str, str]]:
    """The lines of the file behind the link."""
    link = soup.select_one("a.download")
    assert link is not None
    text = unquote(str(link["href"]).partition(",")[2])
    return list(csv.DictReader(io.StringIO(text)))


def plot_data(soup: BeautifulSoup) -> list[dict[str, Any]]:
    """Data and layout of every plot."""
    return [json.loads(each.string or "") for each in soup.select("script[type]")]
