"""The first screen of a report: does it carry traces, do they harm, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from latentprint.report.context import published_context, published_influence
from latentprint.report.figures.fragment import fragment
from latentprint.report.inputs import Row, Run, is_paired
from latentprint.report.sections.pairs_figure import first_recalls, published_recalls
from latentprint.report.telling import unclaimed
from latentprint.report.wording import (
    count,
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
    Experiment,
    Harm,
    InfluenceSetup,
    PairGallery,
    PairMeasure,
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
        how: How it was measured, and why it is no claim where the interval might be taken for one.
        strip: Where it lies among the published encoders; None where nothing was published.
    """

    word: str
    shown: bool = False
    value: str = ""
    unit: str = ""
    detail: str = ""
    how: str = ""
    strip: Strip | None = None


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
        command: The command that does it; empty where none does.
    """

    sentence: str
    command: str = ""


_UNMEASURED = Cell("not measured")


def card_html(run: Run) -> str:
    """The card; empty where neither traces nor harm were measured."""
    columns = card_columns(run)
    if not columns:
        return ""
    return str(
        fragment(
            "verdicts.html.j2",
            columns=columns[:MOST],
            more=len(columns) - MOST,
            todo=what_to_do(run),
            compared=any(each.carried.strip or each.harm.strip for each in columns[:MOST]),
        )
    )


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
    probes, harms = _probes(run), [*_harms(run), *_recalls(run)]
    carried = [row for row in probes if row["verdict"] == Verdict.CARRIED]
    changing = _names(row for row in harms if row["verdict"] == Verdict.CHANGE)
    if changing:
        return ToDo(
            "Process all photos alike before they are embedded, since which photos are nearest "
            f"depends on their processing ({changing})."
        )
    if any(row["harm"] == Harm.RETRIEVAL for row in harms):
        return ToDo(
            "Judge retrieval on queries and targets by different devices, since traces of the "
            "device distract it."
        )
    if carried and not harms:
        return ToDo(
            f"Measure whether the traces do harm ({_names(carried)}).",
            "latentprint influence STORE --out RUN",
        )
    if carried:
        return ToDo(
            f"Check that classes do not go together with {_names(carried)} in your data, since the "
            "traces are there, although no harm was shown.",
            "latentprint correlation PHOTOS",
        )
    if any(row["verdict"] == Verdict.UNDECIDED for row in probes):
        most = max(row["n_test"] for row in probes)
        return ToDo(f"Measure more photos: {count(most, 'test photo')} do not decide.")
    if probes or harms:
        return ToDo(
            "Nothing calls for a change: no trace and no harm was shown with these photos, which "
            "is no proof that there is none."
        )
    return ToDo("")


def _names(rows: Iterable[Row]) -> str:
    names = list(dict.fromkeys(quoted_name(row) for row in rows))
    return listed(names) if names else ""


def _probes(run: Run) -> list[Row]:
    """A set-up of every attribute: the first that reads single photos, else the paired one."""
    every = run.every_probe
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


def _by_attribute(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["attribute"], []).append(row)
    return found


def _carried(rows: list[Row]) -> Cell:
    first = rows[0]
    published = published_context(first["experiment"], [first["attribute"]])["value"]
    how = setup_name(first["setup"]) if first["setup"] else ""
    strip = None if is_paired(first) else _strip(rows, published.to_list())
    if len(rows) > 1:
        return _counted(rows, percent, f"chance {percent(first['chance'])}", how, strip)
    interval = span(first["low"], first["high"])
    return Cell(
        first["verdict"] or "not judged",
        first["verdict"] in _SHOWN,
        percent(first["value"]),
        detail=f"{interval}; chance {percent(first['chance'])}",
        how=how,
        strip=strip,
    )


def _harm(rows: list[Row]) -> Cell:
    first = rows[0]
    published: list[float] = []
    how = "difference of AUCs"
    if first["experiment"] == Experiment.KNN_INFLUENCE:
        how = f"kNN accuracy, k = {first['k']}"
        context = published_influence(first["attribute"], first["k"])
        published = context["influence"].to_list() if context.height else []
    elif first["experiment"] == Experiment.NEAR_DUPLICATE:
        how = str(first["attribute"])
        recalls = published_recalls()
        if first["attribute"] == PairMeasure.RECALL.at(1):
            published = (recalls[PairGallery.TARGET] - recalls[PairGallery.QUERY]).to_list()
    strip = _strip(rows, published)
    if len(rows) > 1:
        return replace(_counted(rows, points, "", how, strip), unit="points")
    word = _WORDS.get(first["verdict"], first["verdict"] or "not judged")
    return Cell(
        f"{word} (tiny)" if first["tiny"] else word,
        first["verdict"] in _SHOWN,
        points(first["value"]),
        unit="points",
        detail=f"{points(first['low'])} to {points(first['high'])}",
        how=how + unclaimed(first),
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
    shown = [row for row in rows if row["verdict"] in _SHOWN]
    word = "not shown"
    if shown:
        word = str(_WORDS.get(shown[0]["verdict"], shown[0]["verdict"]))
    values = [float(row["value"]) for row in rows]
    return Cell(
        f"{word}: {len(shown) or len(rows)} of {len(rows)}",
        bool(shown),
        f"{write(min(values))} to {write(max(values))}",
        detail=detail,
        how=how,
        strip=strip,
    )


def _strip(rows: list[Row], published: list[float]) -> Strip | None:
    if not published:
        return None
    values = [float(row["value"]) for row in rows]
    low, high = min([*values, *published]), max([*values, *published])

    def at(value: float) -> float:
        return round(100 * (value - low) / ((high - low) or 1.0))

    below = sum(each < max(values) for each in published)
    spoken = (
        f"{name_of(rows[0])}: {below} of {len(published)} published encoders reach less, on other "
        "photos"
    )
    ticks, marks = (list(dict.fromkeys(map(at, each))) for each in (published, values))
    return Strip(ticks, marks, spoken)
