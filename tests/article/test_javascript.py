"""The libraries of others that pages and formulas need."""

from __future__ import annotations

import pytest

from latentprint.article import javascript
from latentprint.errors import LatentprintError


def test_a_library_is_there_with_its_licence() -> None:
    assert "plotly.js v" in javascript.library("plotly.min.js")[:200]
    assert "MIT" in javascript.library("plotly.LICENSE.txt")
    assert "Apache License" in javascript.library("mathjax/LICENSE")


def test_a_library_that_was_not_installed_is_told() -> None:
    with pytest.raises(LatentprintError, match=r"other\.js is missing.*install it again"):
        javascript.library("other.js")
