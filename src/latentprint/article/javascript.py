"""The JavaScript libraries of others, Plotly and MathJax, that an installation brings along.

`hatch_build.py` takes them from their own packages when latentprint is built or installed.
"""

from __future__ import annotations

from pathlib import Path

from latentprint.errors import LatentprintError

_FOLDER = Path(__file__).with_suffix("")


def library(name: str) -> str:
    """The text of a script of a library.

    Args:
        name: Its file, such as "plotly.min.js" or "mathjax/core.js".

    Raises:
        LatentprintError: The file is not there, as in sources that were not installed.
    """
    file = _FOLDER / name
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LatentprintError(
            f"{file} is missing, which an installation of latentprint brings along; install it"
            " again (in a clone: pip install --editable .)."
        ) from None
