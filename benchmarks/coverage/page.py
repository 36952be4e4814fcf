"""The page of the documentation that says how often intervals hold, kept as rows are measured."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.coverage.held import Count

from latentprint.files import write_text

HEAD = (
    "| what | made-up set | sets | interval holds the truth % | false claims % | power % |\n"
    "| --- | --- | ---: | ---: | ---: | ---: |"
)

_TEXT = """# How often intervals hold

<!-- Written by python -m benchmarks.coverage. -->

Written on {date} by

```sh
{command}
```

Many sets of embeddings are drawn from one made-up population. The *truth* is the mean figure of
all sets, or that of an endless set where size does not matter. A 95 % interval should hold it in 95
of 100 sets. A *claim* is a verdict that something was found, each row judged as the only one of its
run; under `verdicts`, all tests of a run are judged together. A claim is *false* where there is
nothing to find; where there is something, the share of claims is the *power*. Behind ± stands the
standard error of a share of so many sets (two hits and two misses added, so that 0 % has one too).
"""


class Page:
    """A page with one table for each part.

    Args:
        path: Where it is kept; what it holds already is kept.
        command: What it says that it was written by.
        parts: Names of the tables in their order.
    """

    def __init__(self, path: Path, command: str, parts: Iterable[str]) -> None:
        self._path, self._command = path, command
        self._lines: dict[str, dict[str, list[str]]] = {part: {} for part in parts}
        part = ""
        for line in path.read_text("utf-8").splitlines() if path.exists() else []:
            if line.startswith("## "):
                part = line[3:]
            elif line.startswith("| ") and line not in HEAD and part in self._lines:
                self._lines[part].setdefault(_cells(line)[1], []).append(line)

    def has(self, part: str, name: str, sets: int) -> bool:
        """Whether a population was measured on at least so many sets."""
        lines = self._lines[part].get(name, [])
        return bool(lines) and int(_cells(lines[0])[2]) >= sets

    def keep_only(self, part: str, names: Iterable[str]) -> None:
        """Forget populations that are no longer measured, and put the others in this order."""
        lines = self._lines[part]
        self._lines[part] = {name: lines[name] for name in names if name in lines}

    def add(self, part: str, name: str, lines: list[str]) -> None:
        """Add or replace the rows of a population, and write the page."""
        self._lines[part][name] = lines
        text = _TEXT.format(date=f"{datetime.now(UTC):%Y-%m-%d}", command=self._command)
        for title, found in self._lines.items():
            rows = [line for each in found.values() for line in each]
            if rows:
                text += "\n".join(["", f"## {title}", "", HEAD, *rows, ""])
        write_text(self._path, text)


def line(name: str, count: Count) -> str:
    """One row of a table."""
    shares = (_share(each, count.sets) for each in (count.holds, count.false, count.power))
    return "| " + " | ".join([count.figure, name, str(count.sets), *shares]) + " |"


def _share(percent: float | None, sets: int) -> str:
    """A share with its standard error (Agresti and Coull, American Statistician 1998)."""
    if percent is None:
        return "–"
    near = (percent / 100.0 * sets + 2.0) / (sets + 4.0)
    return f"{percent:.1f} ± {100.0 * (near * (1.0 - near) / (sets + 4.0)) ** 0.5:.1f}"


def _cells(line: str) -> list[str]:
    return [each.strip() for each in line.strip("|").split("|")]
