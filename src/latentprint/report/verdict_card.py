"""The first screen of a report: does it carry traces, do they harm, and what to do."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from latentprint.report.context import published_context, published_influence
from latentprint.report.figures.fragment import fragment
from latentprint.report.inputs import Row, Run, is_paired
from latentprint.report.places import filled
from latentprint.report.sections.pairs_figure import first_recalls, published_recalls
from latentprint.report.sections.robustness_figure import judged_rows
from latentprint.report.telling import unclaimed
from latentprint.report.wording import (
    count,
    digits_of,
    listed,
    name_of,
    percent,
    points,
    quoted_name,
    setup_name,
    span,
    title_of,
)
from latentprint.words import (
    MARGIN,
    Experiment,
    Harm,
    InfluenceSetup,
    PairGallery,
    PairMeasure,
    RobustnessMeasure,
    SimilarityMeasure,
    Verdict,
)

PATH = "figures/verdicts.html"
"""The name of its file beside an article."""

MOST = 6
"""Attributes that the first screen has room for."""

_WORDS = {
    Verdict.CHANGE: "changes neighbours",
    Verdict.NO_CHANGE: "not shown",
    Verdict.DISTRACTION: "distracts retrieval",
    Verdict.NO_DISTRACTION: "not shown",
    Verdict.ALIKE: "changes similarity",
    Verdict.NOT_ALIKE: "not shown",
}
"""Verdicts on harm as they fit a cell; those of probes are short by themselves."""

_SHOWN = (Verdict.CARRIED, Verdict.CHANGE, Verdict.DISTRACTION, Verdict.ALIKE)

_REVERSED = "the reverse is shown"
"""What is said where the target's device distracts, which is no trace of the query's device."""


@dataclass(frozen=True)
class Strip:
    """Where a figure lies among the published ones.

    Attributes:
        ticks: The published figures, from 0 to 100 along the strip.
        marks: The measured ones.
        spoken: The same in words.
    """

    ticks: Sequence[float]
    marks: Sequence[float]
    spoken: str

    @property
    def path(self) -> str:
        """The ticks as an SVG path in a box of 100 by 10."""
        return "".join(f"M{each:g} 1v8" for each in self.ticks)


@dataclass(frozen=True)
class Cell:
    """An answer.

    Attributes:
        word: The verdict; of several encoders, how many it is shown for.
        shown: Whether something was shown.
        value: The figure; of several encoders, from the lowest to the highest.
        unit: What the figure is in, where it is no percentage.
        detail: Its interval, and chance.
        how: How it was measured; left out where there is no room.
        caveat: Why the word is not what the interval might be taken for; never left out.
        strip: Where it lies among the published encoders; None where nothing was published.
        several: Whether it is of several encoders or sets of photos, and has no interval.
    """

    word: str
    shown: bool = False
    value: str = ""
    unit: str = ""
    detail: str = ""
    how: str = ""
    caveat: str = ""
    strip: Strip | None = None
    several: bool = False


@dataclass(frozen=True)
class Column:
    """An attribute with its two answers."""

    title: str
    carried: Cell
    harm: Cell


@dataclass(frozen=True)
class ToDo:
    """What to do.

    Attributes:
        sentence: One sentence.
        command: The command that does it, as in ``Section``; empty where none does.
    """

    sentence: str
    command: str = ""


_UNMEASURED = Cell("not measured")


def card_html(run: Run) -> str:
    """The card; empty where neither traces nor harm were measured."""
    columns, todo = card_columns(run), what_to_do(run)
    if not columns:
        return ""
    return str(
        fragment(
            "verdicts.html.j2",
            columns=columns[:MOST],
            more=len(columns) - MOST,
            todo=todo,
            command=filled(todo.command, run),
            legend=_legend(columns[:MOST]),
        )
    )


def card_lines(run: Run) -> list[str]:
    """The card as at most eight lines of text; none where neither traces nor harm were measured."""
    columns = card_columns(run)
    if not columns:
        return []
    lines = [
        f"{each.title}: traces {_in_line(each.carried)}; harm {_in_line(each.harm)}"
        for each in columns[:MOST]
    ]
    if len(columns) > MOST:
        lines.append(f"{len(columns) - MOST} more in the report.")
    todo = what_to_do(run)
    return [*lines, " ".join(["What to do:", todo.sentence, filled(todo.command, run)]).rstrip()]


def _in_line(cell: Cell) -> str:
    value = " ".join(filter(None, (cell.value, cell.unit)))
    told = ", ".join(filter(None, (value, cell.detail, cell.caveat)))
    return f"{cell.word} ({told})" if told else cell.word


def _legend(columns: Sequence[Column]) -> str:
    """What the figures in the cells are."""
    cells = [cell for each in columns for cell in (each.carried, each.harm) if cell.value]
    told = []
    if not all(each.several for each in cells):
        told.append("With 95% intervals.")
    if any(each.several for each in cells):
        told.append("Of several encoders or sets of photos, from the lowest to the highest.")
    if any(each.strip for each in cells):
        told.append(
            "A triangle marks what was measured here among the published encoders, thin lines: "
            "those are of other photos, a range and not a ranking."
        )
    return " ".join(told)


def card_columns(run: Run) -> list[Column]:
    """Every attribute that was measured, in the order of the run."""
    probes = _by_attribute(_probes(run))
    harms = _by_attribute(_harms(run))
    columns = []
    for attribute in dict.fromkeys([*probes, *harms]):
        rows, harmful = probes.get(attribute, []), harms.get(attribute, [])
        columns.append(
            Column(
                title=title_of((rows or harmful)[0]),
                carried=_carried(rows) if rows else _UNMEASURED,
                harm=_harm(harmful) if harmful else _UNMEASURED,
            )
        )
    recalls = _recalls(run)
    if recalls:
        columns.append(Column("Type of device", _UNMEASURED, _harm(recalls)))
    return columns


def what_to_do(run: Run) -> ToDo:
    """One sentence, from what was shown and what was not measured."""
    probes, harms, nuisances = _probes(run), [*_harms(run), *_recalls(run)], _nuisances(run)
    carried = _with(probes, Verdict.CARRIED)
    if changing := _with(harms, Verdict.CHANGE):
        return ToDo(
            "Process all photos alike before they are embedded: which are nearest depends on it "
            f"({_names(changing)})."
        )
    if any(row["harm"] == Harm.RETRIEVAL for row in harms):
        return ToDo(
            "Judge retrieval on queries and targets by different devices, since traces of the "
            "device distract it."
        )
    if alike := _with(harms, Verdict.ALIKE):
        return _check(alike, "how similar photos are depends on that")
    if shared := _with(nuisances, Verdict.FOLLOWS_NUISANCE):
        return _check(shared, "neighbours share that more often than their classes explain")
    followed = {row["attribute"] for row in nuisances}
    if carried and not harms and not any(row["attribute"] in followed for row in carried):
        return ToDo(f"Measure whether the traces do harm ({_names(carried)}).", _harm_of(carried))
    if carried:
        return _check(carried, "the traces are there, although no harm was shown")
    if below := _with(probes, Verdict.BELOW_CHANCE):
        return ToDo(
            "Check the photos and their splits: a sound probe is not worse than guessing "
            f"({_names(below)})."
        )
    if undecided := _with(probes, Verdict.UNDECIDED):
        most = max(row["n_test"] for row in undecided)
        do = "does" if most == 1 else "do"
        return ToDo(f"Measure more photos: {count(most, 'test photo')} {do} not decide.")
    asked = {"trace": probes, "harm": [*harms, *nuisances]}
    unshown = [f"no {each}" for each, rows in asked.items() if any(row["verdict"] for row in rows)]
    if unshown:
        return ToDo(
            f"Nothing calls for a change: {listed(unshown)} was shown with these photos, which "
            "is no proof that there is none."
        )
    return ToDo("")


def _check(rows: list[Row], why: str) -> ToDo:
    return ToDo(
        f"Check that classes do not go together with {_names(rows)} in your data, since {why}.",
        "latentprint correlation {photos}",
    )


def _harm_of(carried: list[Row]) -> str:
    """The command that measures what traces do: processing can be done anew, labels cannot."""
    if any(row["experiment"] == Experiment.PROCESSING_PROBE for row in carried):
        return "latentprint influence {store} --out {new}"
    label = shlex.quote(carried[0]["attribute"])
    label = label.replace("{", "{{").replace("}", "}}")
    return f"latentprint robustness {{vectors}} --nuisance {label} --out {{new}}"


def _with(rows: Iterable[Row], verdict: Verdict) -> list[Row]:
    return [row for row in rows if row["verdict"] == verdict]


def _names(rows: Iterable[Row]) -> str:
    names = list(dict.fromkeys(quoted_name(row) for row in rows))
    return listed(names) if names else ""


def _probes(run: Run) -> list[Row]:
    """A set-up of every attribute: the first that reads single photos, else the paired one."""
    every = [*run.probes, *run.paired, *run.traced_labels]
    single = [row for row in every if not is_paired(row)]
    known = {row["attribute"] for row in single}
    rows = [*single, *(row for row in every if row["attribute"] not in known)]
    first: dict[str, str] = {}
    for row in rows:
        first.setdefault(row["attribute"], row["setup"])
    return [row for row in rows if row["setup"] == first[row["attribute"]]]


def _harms(run: Run) -> list[Row]:
    """Influence on neighbours; of attributes without it, differences of similarity."""
    influences = [row for row in run.neighbours if row["setup"] == InfluenceSetup.INFLUENCE]
    least = {
        row["attribute"]: min(
            each["k"] for each in influences if each["attribute"] == row["attribute"]
        )
        for row in influences
    }
    kept = [row for row in influences if row["k"] == least[row["attribute"]]]
    alike = [
        row
        for row in run.of(Experiment.SIMILARITY)
        if row["setup"] == SimilarityMeasure.DIFFERENCE and row["attribute"] not in least
    ]
    return [*kept, *(row for row in alike if row["verdict"])]


def _recalls(run: Run) -> list[Row]:
    recalls = first_recalls(run.of(Experiment.NEAR_DUPLICATE))
    return [each[PairGallery.DIFFERENCE] for each in recalls if PairGallery.DIFFERENCE in each]


def _nuisances(run: Run) -> list[Row]:
    """How often neighbours share a nuisance, beside what their classes explain."""
    purities = (
        row for row in judged_rows(run) if row["setup"] == RobustnessMeasure.NUISANCE_PURITY
    )
    return list(purities)


def _by_attribute(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["attribute"], []).append(row)
    return found


def _carried(rows: list[Row]) -> Cell:
    first = rows[0]
    published = published_context(first["experiment"], [first["attribute"]])["value"]
    how = setup_name(first["setup"]) if first["setup"] else ""
    # Another protocol gives figures that are no match for published ones.
    strip = None if first["setup"] else _strip(rows, published.to_list())
    if len(rows) > 1:
        chances = dict.fromkeys(percent(row["chance"]) for row in rows)
        return _counted(rows, percent, f"chance {' or '.join(chances)}", how, strip)
    interval = span(first["low"], first["high"])
    return Cell(
        _word(first),
        _is_shown(first),
        percent(first["value"]),
        detail=f"{interval}; chance {percent(first['chance'])}",
        how=how,
        caveat=_by_exact_test(first),
        strip=strip,
    )


def _by_exact_test(row: Row) -> str:
    """What carries a claim that the interval of the accuracy does not."""
    above = row["low"] > row["chance"] + MARGIN
    return "by the exact test" if row["verdict"] == Verdict.CARRIED and not above else ""


def _harm(rows: list[Row]) -> Cell:
    first = rows[0]
    published: list[float] = []
    how = "difference of AUCs"
    if first["experiment"] == Experiment.KNN_INFLUENCE:
        how = f"kNN accuracy, k = {first['k']}"
        context = published_influence(first["attribute"], first["k"])
        published = context["value"].to_list() if context.height else []
    elif first["experiment"] == Experiment.NEAR_DUPLICATE:
        how = str(first["attribute"])
        recalls = published_recalls()
        if first["attribute"] == PairMeasure.RECALL.at(1):
            published = (recalls[PairGallery.TARGET] - recalls[PairGallery.QUERY]).to_list()
    strip = _strip(rows, published)
    if len(rows) > 1:
        return replace(_counted(rows, points, "", how, strip), unit="points")
    word, digits = _word(first), digits_of(first)
    return Cell(
        f"{word} (tiny)" if first["tiny"] else word,
        _is_shown(first),
        points(first["value"], digits),
        unit="points",
        detail=f"{points(first['low'], digits)} to {points(first['high'], digits)}",
        how=how,
        caveat=unclaimed(first).removeprefix(", which "),
        strip=strip,
    )


def _counted(
    rows: list[Row],
    write: Callable[[float | None], str],
    detail: str,
    how: str,
    strip: Strip | None,
) -> Cell:
    """The answer of several encoders, or on several sets of photos."""
    shown = [row for row in rows if _is_shown(row)]
    counts = Counter(_word(row) for row in shown or rows)
    words = ", ".join(f"{word}: {number}" for word, number in counts.items())
    values = [float(row["value"]) for row in rows]
    return Cell(
        f"{words} of {len(rows)}",
        bool(shown),
        f"{write(min(values))} to {write(max(values))}",
        detail=detail,
        how=how,
        strip=strip,
        several=True,
    )


def _is_shown(row: Row) -> bool:
    """Whether a row shows a trace, or harm: devices that distract the other way round are none."""
    distracted = row["verdict"] != Verdict.DISTRACTION or row["harm"] == Harm.RETRIEVAL
    return row["verdict"] in _SHOWN and distracted


def _word(row: Row) -> str:
    """A verdict as it fits a cell."""
    if row["verdict"] in _SHOWN and not _is_shown(row):
        return _REVERSED
    return str(_WORDS.get(row["verdict"], row["verdict"] or "not judged"))


def _strip(rows: list[Row], published: list[float]) -> Strip | None:
    if not published:
        return None
    values = [float(row["value"]) for row in rows]
    low, high = min([*values, *published]), max([*values, *published])

    def at(value: float) -> float:
        return round(100 * (value - low) / ((high - low) or 1.0))

    below = sum(each < max(values) for each in published)
    than = " than the highest" if len(rows) > 1 else ""
    spoken = (
        f"{name_of(rows[0])}: {below} of {len(published)} published encoders reach less{than}, on "
        "other photos"
    )
    ticks, marks = (list(dict.fromkeys(map(at, each))) for each in (published, values))
    return Strip(ticks, marks, spoken)
