"""What building a wheel adds to the sources: JavaScript of Plotly and of MathJax.

Their Python packages take 83 MB where one is installed, of which pages and formulas read 6. These
6 are put under ``src/latentprint/article/javascript``, from packages that only the build installs,
and reach the wheel from there, as an editable installation does, too.
"""

from __future__ import annotations

import shutil
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

JAVASCRIPT = Path("src/latentprint/article/javascript")
MATHJAX = ("core.js", "adaptors/liteDOM.js", "input/tex-base.js", "input/tex/extensions/*.js")
"""The parts of MathJax that read LaTeX, without those that draw."""


class LibrariesHook(BuildHookInterface[Any]):
    """Puts the libraries where the package reads them."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Copy the files that pages and formulas need, with their licences."""
        plotly, mathjax = _package("plotly"), _package("mathjax") / "static" / "mathjax"
        target = Path(self.root) / JAVASCRIPT
        if target.exists():
            shutil.rmtree(target)
        _copy(plotly / "package_data", ["plotly.min.js"], target)
        _licence("plotly", target / "plotly.LICENSE.txt")
        _copy(mathjax / "es5", MATHJAX, target / "mathjax")
        _copy(mathjax, ["LICENSE"], target / "mathjax")


def _package(name: str) -> Path:
    """The folder of an installed package, found without running its code."""
    found = find_spec(name)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"The build needs the package {name}: see build-system.requires.")
    return Path(found.origin).parent


def _licence(name: str, target: Path) -> None:
    """Copy the licence that an installed distribution brings along."""
    files = distribution(name).files or []
    texts = [Path(str(each.locate())) for each in files if each.name.startswith("LICENSE")]
    if not texts:
        raise FileNotFoundError(f"The distribution {name} holds no licence to put into the wheel.")
    shutil.copyfile(texts[0], target)


def _copy(source: Path, patterns: tuple[str, ...] | list[str], target: Path) -> None:
    for pattern in patterns:
        found = sorted(source.glob(pattern))
        if not found:
            raise FileNotFoundError(f"{source / pattern} is not there: another version is pinned?")
        for file in found:
            to = target / file.relative_to(source)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, to)
