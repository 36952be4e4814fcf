"""Results as tables for papers: an encoder a row, an attribute a column, in LaTeX or Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.report.context import FAMILIES, PUBLISHED, family_of, published_context
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Row, Run, grouped, is_published
from latentprint.report.published_run import published_run
from latentprint.report.runs import folders_of, read_runs
from latentprint.report.wording import (
    classes,
    digits_of,
    name_of,
    number,
    points,
    setup_name,
    title_of,
    with_intervals,
)
from latentprint.words import (
    PROBES,
    Experiment,
    InfluenceSetup,
    PairGallery,
    PairMeasure,
    RobustnessCondition,
    RobustnessMeasure,
    SimilarityMeasure,
    Verdict,
)

_SHOWN = {
    Verdict.CARRIED: "carried",
    Verdict.CHANGE: "a change is shown",
    Verdict.DISTRACTION: "a difference is shown",
    Verdict.ALIKE: "a difference is shown",
    Verdict.FOLLOWS_NUISANCE: "neighbours follow the nuisance",
    Verdict.FOLLOWS_CLASS: "neighbours follow the class",
}
"""The verdicts that a star stands for."""

_DIFFERENCES = (InfluenceSetup.INFLUENCE, PairGallery.DIFFERENCE, SimilarityMeasure.DIFFERENCE)

_MARK = "*"
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$",
    "#": r"\#", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "−": "$-$", "×": r"$\times$", "–": "--", "<": "$<$", ">": "$>$",
}  # fmt: skip


@dataclass(frozen=True)
class _Kind:
    """A kind of table.

    Attributes:
        key: The key of the section that tells of the same rows.
        about: What the numbers are.
        holds: Which rows are in it.
        parted: The columns of the result table that part one table from the next.
        column: What a row's column is called.
    """

    key: str
    about: str
    holds: Callable[[Row], bool]
    parted: tuple[str, ...] = ()
    column: Callable[[Row], str] = title_of


def _robustness_index(row: Row) -> bool:
    within = row["condition"] == RobustnessCondition.WITHIN_CLASS
    return bool(within and row["setup"] == RobustnessMeasure.INDEX)


_KINDS = (
    _Kind(
        "processing",
        "Accuracy of probes for processing labels in percent",
        lambda row: row["experiment"] == Experiment.PROCESSING_PROBE,
        ("setup",),
    ),
    _Kind(
        "labels",
        "Accuracy of probes for labels of photos in percent, the mean over the classes",
        lambda row: row["experiment"] == Experiment.ACQUISITION_PROBE,
        ("setup",),
    ),
    _Kind(
        "neighbours",
        "Influence on nearest neighbours, pos-same minus neg-same, in points",
        lambda row: row["setup"] == InfluenceSetup.INFLUENCE,
        ("k",),
    ),
    _Kind(
        "pairs",
        "Retrieval of near-duplicates in percent, mean of all directions",
        lambda row: bool(
            row["experiment"] == Experiment.NEAR_DUPLICATE
            and row["attribute"].startswith(PairMeasure.RECALL)
            and not row["query_device"]
        ),
        column=lambda row: f"{row['attribute']}, {row['setup']}",
    ),
    _Kind(
        "similarity",
        "Difference that the same metadata make to the AUC of similarity, in points",
        lambda row: row["setup"] == SimilarityMeasure.DIFFERENCE,
    ),
    _Kind(
        "robustness",
        "Robustness index within classes in percent",
        _robustness_index,
        ("k",),
    ),
)

TABLES = tuple(each.key for each in _KINDS)
"""The kinds of table."""


def result_tables(
    runs: Path | str | Sequence[Path | str],
    *,
    published: bool = False,
    only: Sequence[str] = (),
    latex: bool = False,
) -> str:
    """Write the results of one or several runs as tables for a paper.

    An encoder is a row and an attribute a column, each number with its 95 % interval; chance and
    the means of the published encoders stand beside it, and a star where the verdict says so.

    Args:
        runs: Run folders, as for ``write_report``; none with ``published``.
        published: Whether the published figures of 47 encoders are written in place of runs.
        only: Kinds of table, of ``processing, labels, neighbours, pairs, similarity, robustness``;
            by default all that the runs hold.
        latex: LaTeX, for the package booktabs; else Markdown.

    Raises:
        LatentprintError: A folder holds no result table, or the runs hold no such results.
        UsageError: There is neither a run nor ``published``, or both, or a kind is not known.
    """
    folders = folders_of(runs)
    if published == bool(folders):
        raise UsageError("Name either run folders, or --published for the published figures.")
    for key in only:
        if key not in TABLES:
            raise unknown_name("table", key, TABLES)
    found = tables_of(published_run() if published else read_runs(folders), only)
    if not found:
        what = " or ".join(only or TABLES)
        raise LatentprintError(f"Nothing is there for a table of {what}: measure it first.")
    return written(found, latex=latex)


def written(tables: Sequence[Table], *, latex: bool) -> str:
    """Write tables whose first column names encoders, and whose last rows are their context.

    Args:
        tables: What is written.
        latex: LaTeX, for the package booktabs; else Markdown.
    """
    return "\n".join(_latex(each) if latex else _markdown(each) for each in tables)


def tables_of(run: Run, only: Sequence[str] = ()) -> list[Table]:
    """The tables of a run, one for each kind, set of photos and set-up.

    Args:
        run: What was measured, or the published figures.
        only: Kinds of table; by default all.
    """
    return [
        _table(kind, rows)
        for kind in _KINDS
        if not only or kind.key in only
        for rows in grouped(filter(kind.holds, run.rows), "dataset", *kind.parted)
    ]


def _table(kind: _Kind, rows: list[Row]) -> Table:
    columns = {kind.column(row): row for row in rows}
    encoders = sorted(
        dict.fromkeys((family_of(row), row["encoder"]) for row in rows),
        key=lambda each: list(FAMILIES).index(each[0]),
    )
    cells = {(row["encoder"], kind.column(row)): _cell(row) for row in rows}
    lines = [
        (name, *(cells.get((name, column), "–") for column in columns)) for _, name in encoders
    ]
    chances = [number(row["chance"]) for row in columns.values()]
    if set(chances) != {"–"}:
        lines.append(("Chance", *chances))
    return Table(_caption(kind, rows), ("Encoder", *columns), [*lines, *_published(columns)])


def _cell(row: Row) -> str:
    signed = row["setup"] in _DIFFERENCES
    write = points if signed else number
    mark = _MARK if row["verdict"] in _SHOWN else ""
    if is_published(row):
        return write(row["value"])
    digits = digits_of(row)
    ends = [write(row[end], digits) for end in ("low", "high")]
    return f"{write(row['value'], digits)}{mark} ({' to '.join(ends)})"


def _published(columns: dict[str, Row]) -> Iterable[tuple[str, ...]]:
    """The means of the published families, where measured probes follow the published protocol."""
    first = next(iter(columns.values()))
    if first["experiment"] not in PROBES or first["setup"] or is_published(first):
        return
    attributes = [row["attribute"] for row in columns.values()]
    context = published_context(first["experiment"], attributes).to_dicts()
    for family in PUBLISHED if context else ():
        of_family = [row for row in context if row["family"] == family]
        encoders = len({row["encoder"] for row in of_family})
        means = []
        for name in attributes:
            values = [row["value"] for row in of_family if row["attribute"] == name]
            means.append(number(fmean(values)) if values else "–")
        yield (f"{family}, mean of {encoders} published", *means)


def _caption(kind: _Kind, rows: list[Row]) -> str:
    first = rows[0]
    parts = [first["dataset"] + (", published figures" if is_published(first) else "")]
    if first["experiment"] in PROBES:
        parts += [f"set-up: {setup_name(first['setup'])}"] if first["setup"] else []
    if first["k"] is not None and "k" in kind.parted:
        parts.append(f"k = {first['k']}")
    caption = f"{kind.about}{with_intervals(rows)} ({', '.join(parts)})."
    counts = {name_of(row): classes(row) for row in rows if row["experiment"] in PROBES}
    if counts:
        told = ", ".join(f"{name} {many}" for name, many in counts.items() if many)
        caption += f" Classes: {told}."
    photos = sorted({row["n_test"] for row in rows if row["n_test"]})
    if photos:
        most = f"{photos[0]:,}" + (f" to {photos[-1]:,}" if len(photos) > 1 else "")
        caption += f" Test photos: {most}."
    shown = list(dict.fromkeys(_SHOWN[row["verdict"]] for row in rows if row["verdict"] in _SHOWN))
    return caption + (f" {_MARK} {' or '.join(shown)}." if shown else "")


def _markdown(table: Table) -> str:
    def line(cells: Iterable[str]) -> str:
        escaped = (re.sub(r"([\\|*_`<>\[\]])", r"\\\1", each) for each in cells)
        return f"| {' | '.join(escaped)} |"

    rule = f"| --- |{' ---: |' * (len(table.head) - 1)}"
    rows = map(line, table.rows)
    caption = re.sub(r"([\\*_`<>\[\]])", r"\\\1", table.caption)
    return "\n".join([caption, "", line(table.head), rule, *rows, ""])


def _latex(table: Table) -> str:
    def line(cells: Iterable[str]) -> str:
        return f"{' & '.join(map(_escaped, cells))} \\\\"

    own = [row for row in table.rows if not _is_context(row[0])]
    context = [row for row in table.rows if _is_context(row[0])]
    return "\n".join(
        [
            r"\begin{table}",
            rf"\caption{{{_escaped(table.caption)}}}",
            r"\centering",
            rf"\begin{{tabular}}{{l{'r' * (len(table.head) - 1)}}}",
            r"\toprule",
            line(table.head),
            r"\midrule",
            *map(line, own),
            *([r"\midrule", *map(line, context)] if context else []),
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _is_context(name: str) -> bool:
    return name == "Chance" or name.endswith(" published")


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(each, each) for each in text)
