"""Pieces of HTML from the templates of this folder; what comes from data is escaped."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup


def fragment(template: str, **values: Any) -> Markup:
    """Render a template.

    Args:
        template: Name of its file.
        values: What it shows.
    """
    text = _environment().get_template(template).render(**values)
    return Markup(text)  # noqa: S704 - templates escape what they are given


class _Flush(Extension):
    """Templates without their indentation, which a page would repeat for every photo."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The source of a template as it is compiled."""
        return re.sub(r"^[ \t]+", "", source, flags=re.MULTILINE)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        extensions=[_Flush],
    )
