"""Results on standard output, as tables for people or JSON for machines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentprint.cli import terminal
from latentprint.cli.terminal import is_quiet, print_json, say, tell
from latentprint.results import setup_of
from latentprint.words import NO_INTERVAL, PROBES, Experiment, Seen

if TYPE_CHECKING:
    from rich.console import Console

    from latentprint.cli.terminal import Align
    from latentprint.report.figures.table import Table as PaperTable
    from latentprint.results import LeftOut, Result


def print_lines(lines: Iterable[object], *written: object) -> None:
    """Print results in lines, and behind them what was written; with ``--quiet`` that alone.

    Args:
        lines: The results.
        *written: Lines that name files and folders; none where nothing was written.
    """
    said = [] if written and is_quiet() else lines
    say(*said, *written)


def print_columns(rows: Sequence[Iterable[object]]) -> None:
    """Print rows of equally many cells, each column as wide as its widest cell."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say("  ".join(cells).rstrip())


def print_tables(tables: Sequence[PaperTable]) -> None:
    """Print tables for people, each below its caption."""
    for number, table in enumerate(tables):
        say(*[""] * bool(number), table.caption)
        print_columns([table.head, *table.rows])


def print_results(
    results: Sequence[Result],
    left_out: Sequence[LeftOut],
    details: Sequence[dict[str, Any]] = (),
    *,
    as_json: bool,
    **paths: str,
) -> None:
    """Print measured figures, what was left out and why, and where files were written.

    Args:
        results: Rows of the result table.
        left_out: What was not measured.
        details: What stands behind the rows, for machines; galleries for people too.
        as_json: Print one JSON value.
        **paths: Files that were written, by what they are.

    Raises:
        LatentprintError: Nothing was measured.
    """
    _refuse_nothing(results, left_out)
    if as_json:
        print_json(
            {
                "results": _rows(results),
                "details": list(details),
                "left_out": [asdict(each) for each in left_out],
                **paths,
            }
        )
        return

    if paths and is_quiet():
        print_lines((), *(f"{what}: {path}" for what, path in paths.items()))
        return

    from latentprint.cli.gallery_text import gallery_lines
    from latentprint.experiments.sampling import samples_of

    console = terminal.console(width=200)
    plain = [row for row in results if row.experiment != Experiment.ERASURE]
    for layout in _layouts(plain):
        _print_rows(console, layout, [row for row in plain if layout.holds(row)])
    if len(plain) < len(results):
        _print_erasure(console, [row for row in results if row.experiment == Experiment.ERASURE])
    for line in samples_of(results):
        console.print(terminal.text(line), soft_wrap=True)
    for detail in details:
        if detail["experiment"] == Experiment.NEIGHBOUR_GALLERY:
            for line in gallery_lines(detail):
                console.print(terminal.text(line), soft_wrap=True)
    for sentence in _sentences(results, details):
        console.print(terminal.text(sentence), soft_wrap=True)
    for line in left_out_lines(left_out):
        console.print(terminal.text(line), soft_wrap=True)
    if "report" in paths:
        console.print()
        for line in _card(Path(paths["report"]).parent):
            console.print(terminal.text(line), soft_wrap=True)
    for what, path in paths.items():
        console.print(terminal.text(f"{what}: {path}"), soft_wrap=True)


def _refuse_nothing(results: Sequence[Result], left_out: Sequence[LeftOut]) -> None:
    """End a run that measured nothing; every reason is told, the first in the last line.

    Raises:
        LatentprintError: It did.
    """
    from latentprint.jobs.measure import Measured

    if results:
        return
    tell(*left_out_lines(left_out))
    Measured(left_out=list(left_out)).refuse_nothing()


def left_out_lines(left_out: Iterable[LeftOut]) -> list[str]:
    """One line for each reason, with all that was left out for it."""
    by_reason: dict[str, list[str]] = {}
    for each in left_out:
        about = (each.experiment.replace("_", " "), each.attribute, each.encoder)
        by_reason.setdefault(each.reason, []).append(", ".join(filter(None, about)))
    return [
        f"Left out: {'; '.join(filter(None, dict.fromkeys(names)))}: {reason}"
        for reason, names in by_reason.items()
    ]


def _card(folder: Path) -> list[str]:
    """The verdicts of a run that was written, and what to do, in a few lines."""
    from latentprint.report.inputs import read_run
    from latentprint.report.verdict_card import card_lines

    return card_lines(read_run(folder))


@dataclass(frozen=True)
class _Layout:
    """How rows of some experiments are shown.

    Attributes:
        title: What the numbers are.
        experiments: Whose rows these are.
        texts: Heading and text of every column of words.
        numbers: Heading and text of every column of numbers.
        judged: Whether rows have verdicts.
    """

    title: str
    experiments: tuple[str, ...]
    texts: Mapping[str, Callable[[Result], str]]
    numbers: Mapping[str, Callable[[Result], str]]
    judged: bool = True

    def holds(self, row: Result) -> bool:
        """Whether a row is shown in it."""
        return row.experiment in self.experiments


def _layouts(results: Sequence[Result]) -> list[_Layout]:
    """A table for every kind of experiment, in the order in which they were measured."""
    known = {name: layout for layout in _LAYOUTS for name in layout.experiments}
    found: dict[str, _Layout] = {}
    for name in dict.fromkeys(row.experiment for row in results):
        plain = _Layout(name.replace("_", " "), (name,), _ABOUT, _FIGURES)
        layout = known.get(name, plain)
        found[layout.title] = layout
    return list(found.values())


def _print_rows(console: Console, layout: _Layout, rows: Sequence[Result]) -> None:
    texts = {**layout.texts, **layout.numbers} | ({"verdict": _said} if layout.judged else {})
    columns: dict[str, Align] = {
        heading: "right" if heading in layout.numbers else "left" for heading in texts
    }
    cells = [[text(row) for text in texts.values()] for row in rows]
    terminal.print_table(console, layout.title, columns, cells)


_ERASURE = ("About", "Measure", "Verdict", "Before", "After", "Change", "Interval", "Chance")
"""The columns of the report's table of erasers that a terminal has room for."""


def _print_erasure(console: Console, results: Sequence[Result]) -> None:
    """One row for every measure before and after, in all directions of the eraser."""
    from latentprint.report.sections.erasure_figure import erasure_table, is_full

    rows = _rows(results)
    found = erasure_table([row for row in rows if is_full(row, rows)])
    # Of several columns of intervals the last one is that of the change.
    places = [max(at for at, name in enumerate(found.head) if name == each) for each in _ERASURE]
    columns: dict[str, Align] = {
        name.lower(): "right" if at + 1 in found.numbers else "left"
        for at, name in zip(places, _ERASURE, strict=True)
    }
    eraser, condition = found.head.index("Eraser"), found.head.index("Condition")
    first = found.rows[0][eraser]
    told = []
    for row in found.rows:
        cells = [row[at] for at in places]
        more = [row[condition]] if row[condition] not in ("–", Seen.SEEN) else []
        more += [row[eraser]] if row[eraser] != first else []
        told.append([", ".join([cells[0], *more]), *cells[1:]])
    terminal.print_table(console, found.caption, columns, told)


def _said(row: Result) -> str:
    """The verdict, and what qualifies it."""
    more = [row.direction] if row.direction == "reversed" else []
    more += ["tiny"] if row.tiny else []
    return f"{row.verdict} ({', '.join(more)})" if more else row.verdict


def _sentences(results: Sequence[Result], details: Sequence[dict[str, Any]]) -> list[str]:
    """What a report says of the rows, and failed health checks."""
    from latentprint.report.inputs import Run
    from latentprint.report.sections import SECTIONS
    from latentprint.results import results_table

    run = Run(results_table(results), None, {}, list(details))
    found = []
    for section in SECTIONS:
        for finding in section.findings(run):
            about = f"{finding.about}: " if finding.about else ""
            check = f" Check: {finding.notes}." if finding.notes else ""
            found.append(f"{about}{finding.sentence}{check}")
    return found


def _rows(results: Sequence[Result]) -> list[dict[str, Any]]:
    from latentprint.results import results_table

    return results_table(results).to_dicts()


def _number(value: float | None, digits: int = 1) -> str:
    # Adding zero turns minus zero into zero.
    return "" if value is None else f"{round(value, digits) + 0.0:.{digits}f}"


def _of(name: str, digits: int = 1) -> Callable[[Result], str]:
    return lambda row: _number(getattr(row, name), digits)


def _digits(row: Result, least: int) -> int:
    """Digits of a figure: one that is not zero is never written as 0.0."""
    from latentprint.report.wording import digits_of

    names = ("value", "low", "high", "direction")
    return max(least, digits_of({name: getattr(row, name) for name in names}))


def _value(digits: int = 1) -> Callable[[Result], str]:
    return lambda row: _number(row.value, _digits(row, digits))


def _span(digits: int = 1) -> Callable[[Result], str]:
    def text(row: Result) -> str:
        if NO_INTERVAL in row.notes:
            return ""
        low, high = (_number(end, _digits(row, digits)) for end in (row.low, row.high))
        return f"{low} to {high}"

    return text


def _rate(row: Result) -> str:
    """A rate of false discoveries; small ones rest on the tail of a normal curve."""
    if row.q is None:
        return ""
    return "< 0.001" if row.q < 0.001 else f"{row.q:.2g}"


_ABOUT: dict[str, Callable[[Result], str]] = {
    "encoder": lambda row: row.encoder,
    "attribute": lambda row: row.attribute,
    "set-up": setup_of,
}
_FIGURES: dict[str, Callable[[Result], str]] = {
    "value": _value(),
    "95 % interval": _span(),
    "chance": _of("chance"),
    "n": lambda row: str(row.n_test),
    "q": _rate,
}
_FINE: dict[str, Callable[[Result], str]] = {
    "value": _value(2),
    "95 % interval": _span(2),
    "n": lambda row: str(row.n_test),
}
_LAYOUTS = (
    _Layout(
        "Probes: accuracy in percent",
        tuple(PROBES),
        _ABOUT,
        {
            "value": _value(),
            "95 % interval": _span(),
            "chance": _of("chance"),
            "above untrained": _of("twin"),
            "colour": _of("colour"),
            "dct": _of("dct"),
            "shuffled": _of("permuted"),
            "file": _of("container"),
            "n": lambda row: str(row.n_test),
            "q": _rate,
            "learned": lambda row: row.learned,
        },
    ),
    _Layout(
        "Learning curves: accuracy in percent by number of training photos",
        (Experiment.LEARNING_CURVE,),
        _ABOUT,
        {
            "training photos": lambda row: str(row.n_train),
            "value": _value(),
            "95 % interval": _span(),
        },
        judged=False,
    ),
    _Layout(
        "Variance of embeddings: shares in percent; cosine distances times 100",
        (Experiment.VARIANCE,),
        _ABOUT,
        _FINE,
        judged=False,
    ),
    _Layout(
        "kNN accuracy in percent; influence in points",
        (Experiment.KNN_INFLUENCE,),
        _ABOUT,
        _FIGURES,
    ),
    _Layout(
        "Neighbours: robustness index and purity in percent",
        (Experiment.ROBUSTNESS,),
        _ABOUT,
        _FIGURES,
    ),
    _Layout(
        "Near-duplicate pairs: recall in percent, ranks, margin times 100",
        (Experiment.NEAR_DUPLICATE,),
        _ABOUT,
        _FIGURES,
    ),
    _Layout(
        "Cosine similarities times 100; AUCs in percent",
        (Experiment.SIMILARITY,),
        _ABOUT,
        _FINE | {"q": _rate},
    ),
    _Layout(
        "Stability: cosine similarities times 100; shares of photos in percent",
        (Experiment.STABILITY,),
        _ABOUT,
        _FINE,
        judged=False,
    ),
)
