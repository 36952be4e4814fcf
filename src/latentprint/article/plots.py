"""The scripts of plots: large ones are kept once in a page, however many plots use them.

A plot is a page of its own in a frame, and most bring the same library of some megabytes along.
Where a large script stood, a plot keeps a mark; the page holds the script once, as text, and its
own script `frames.js` puts plots together.
"""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha256

from markupsafe import Markup

from latentprint.article.context import Context
from latentprint.article.html_text import inside
from latentprint.article.javascript import library

LARGE = 20_000
"""Characters from which a script is kept once."""

MARK = "data-shared-script"
"""The attribute of a mark; its value is the key of the script."""

_WITHIN = re.compile(
    r"""<script(?:\s+type\s*=\s*["']?(?:text/javascript|application/javascript)["']?"""
    r"""|\s+charset\s*=\s*["']?[\w-]+["']?)*\s*>(.*?)</script\s*>""",
    re.IGNORECASE | re.DOTALL,
)


def with_shared_scripts(page: str, context: Context) -> str:
    """A plot with marks in place of large scripts.

    Args:
        page: The HTML of the plot, which holds all that it needs.
        context: The state of the rendering, which keeps the scripts.
    """

    def shared(found: re.Match[str]) -> str:
        if len(found[1]) < LARGE:
            return found[0]
        key = sha256(found[1].encode("utf-8", "surrogatepass")).hexdigest()[:16]
        context.shared_scripts[key] = found[1]
        return f'<script {MARK}="{key}"></script>'

    return _WITHIN.sub(shared, page)


@cache
def plotly_script() -> Markup:
    """Plotly's script, as it can stand in a script element or in a file."""
    return Markup(inside(library("plotly.min.js"), "script"))  # noqa: S704
