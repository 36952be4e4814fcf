"""The page of the documentation that says how often intervals hold, kept part by part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks.coverage.held import Count

from latentprint.files import write_text

HEAD = (
    "| what | made-up set | sets | interval holds the truth % | false claims % | power % |\n"
    "| --- | --- | ---: | ---: | ---: | ---: |"
)

_SUMMARY_HEAD = (
    "| part | sets of each | intervals | hold the truth %, least / median / most | verdicts without"
    " anything to find | false claims %, mean / most | measured on |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | --- |"
)

_TEXT = """# How often intervals hold

<!-- Written by python -m benchmarks.coverage. -->

Each part is measured by itself, and its table replaced, by

```sh
python -m benchmarks.coverage PART --sets SETS --out docs/coverage.md
```

Many sets of embeddings are drawn from one made-up population. The *truth* is the mean figure of
all sets, or that of an endless set where size does not matter. A 95 % interval should hold it in 95
of 100 sets. A *claim* is a verdict that something was found, each row judged as the only one of its
run; under `verdicts`, all tests of a run are judged together, under `compare` all rows of two
runs. A claim is *false* where there is nothing to find; where there is something, the share of
claims is the *power*. Behind ± stands the standard error of a share of so many sets (two hits and
two misses added, so that 0 % has one too).
"""


def replace_part(path: Path, parts: Iterable[str], part: str, sets: int, rows: list[str]) -> None:
    """Write the table of one part, and leave those of the others as the page has them.

    Args:
        path: The page.
        parts: All parts in the order of their tables.
        part: The one that was measured.
        sets: Sets of each population.
        rows: Rows of its table.
    """
    found = _sections(path.read_text("utf-8") if path.exists() else "")
    told = f"{sets} sets of each, measured on {datetime.now(UTC):%Y-%m-%d}."
    found[part] = "\n".join(["", told, "", HEAD, *rows, ""])
    kept = {each: found[each] for each in parts if each in found}
    tables = (f"## {each}\n{body}" for each, body in kept.items())
    write_text(path, "\n".join([_TEXT, _summary(kept), *tables]))


def _summary(tables: Mapping[str, str]) -> str:
    """One row for each part, which the page of the method shows too."""
    rows = []
    for part, body in tables.items():
        lines = [each.split("|") for each in body.splitlines() if re.match(r"\|.*\d \|", each)]
        sets, held, false = ([_first_number(each[at]) for each in lines] for at in (3, 4, 5))
        there = [each for each in held if each is not None]
        claims = [each for each in false if each is not None]
        cells = (
            part,
            f"{max(filter(None, sets), default=0):.0f}",
            str(len(there)),
            f"{min(there):.1f} / {median(there):.1f} / {max(there):.1f}" if there else "–",
            str(len(claims)),
            f"{sum(claims) / len(claims):.1f} / {max(claims):.1f}" if claims else "–",
            "".join(re.findall(r"measured on (.*)\.$", body, flags=re.MULTILINE)),
        )
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(["<!-- summary -->", "", _SUMMARY_HEAD, *rows, "", "<!-- /summary -->", ""])


def _first_number(cell: str) -> float | None:
    """What stands before ± in a cell; None for a dash."""
    number = cell.split("±", maxsplit=1)[0].strip()
    return float(number) if number != "–" else None


def _sections(text: str) -> dict[str, str]:
    """What a page says under each heading."""
    _, *found = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)
    bodies = (f"{body.rstrip()}\n" for body in found[1::2])
    return dict(zip(found[::2], bodies, strict=True))


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
