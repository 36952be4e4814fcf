"""Pieces of HTML from the templates of this folder; what comes from data is escaped."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup


def fragment(template: str, **values: Any) -> Markup:
    """Render a template.

    Args:
        template: Name of its file.
        values: What it shows.
    """
    text = _environment().get_template(template).render(**values)
    return Markup(text)  # noqa: S704 - templates escape what they are given


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
