"""Are photos alike by what they show, or by how they were made? Distributions of similarity."""

from __future__ import annotations

from collections.abc import Sequence

from latentprint.report.inputs import Row, Run
from latentprint.report.records import records_of
from latentprint.report.section import Chapter, Finding, Section, one_figure
from latentprint.report.sections.similarity_figure import similarity_figure
from latentprint.report.telling import (
    Setups,
    any_shown,
    by_encoder,
    claimed,
    ends,
    of_all,
    points_interval,
    points_told,
    told,
)
from latentprint.report.wording import count, percent, points, quoted_name, starting_name
from latentprint.words import (
    SMALLEST_EFFECT,
    Direction,
    Experiment,
    SimilarityMeasure,
    Verdict,
)

_AUCS = {SimilarityMeasure.AGAINST, SimilarityMeasure.WITH, SimilarityMeasure.DIFFERENCE}

_MORE = {Direction.EXPECTED: "more", Direction.REVERSED: "less"}


def similarity_sentence(rows: Setups) -> str:
    """What the AUCs of one encoder say; empty where there are none."""
    if not set(rows) >= _AUCS:
        return ""
    against, together = rows[SimilarityMeasure.AGAINST], rows[SimilarityMeasure.WITH]
    change = rows[SimilarityMeasure.DIFFERENCE]
    aucs = f"from {percent(together['value'])} to {percent(against['value'])}"
    if not change["verdict"]:
        return (
            f"{starting_name(change)}, of {count(change['n_test'], 'query', 'queries')}: "
            f"{points(change['value'])} points of AUC ({aucs}). One query, or queries of one "
            "group, tell nothing of others: there is no interval and no verdict."
        )
    return (
        f"{_claim(change)}: {points_told(change)} of AUC, of "
        f"{count(change['n_test'], 'query', 'queries')} ({aucs})."
    )


def _claim(change: Row) -> str:
    name = starting_name(change)
    if change["verdict"] != Verdict.ALIKE:
        return f"{name} is not shown to make photos more alike"
    tiny = f" by less than {SMALLEST_EFFECT:g} points," if change["tiny"] else ""
    return (
        f"Photos with the same {quoted_name(change)} are{tiny} {_MORE[change['direction']]} alike"
    )


def similarities_sentence(changes: Sequence[Row]) -> str:
    """With how many encoders the same metadata make photos more alike.

    Args:
        changes: Differences of the AUC of one attribute on one set of photos.
    """
    more = [each for each in changes if each["direction"] == Direction.EXPECTED]
    less = [each for each in changes if each["direction"] == Direction.REVERSED]
    name = quoted_name(changes[0])
    fewer = f", and less alike with {count(len(less), 'encoder')}" if less else ""
    return (
        f"Photos with the same {name} are shown to be more alike with "
        f"{of_all(len(more), len(changes))}{fewer}."
        f" Difference of the AUCs in points: {ends(changes, points, points_interval)}."
    )


def _changes(found: Sequence[Setups]) -> list[Row]:
    measure = SimilarityMeasure.DIFFERENCE
    return [each[measure] for each in found if measure in each]


def _findings(run: Run) -> list[Finding]:
    def many(found: list[Setups]) -> str:
        changes = _changes(found)
        return similarities_sentence(changes) if changes else ""

    found = by_encoder(run.of(Experiment.SIMILARITY))
    return told(run, found, ("attribute",), similarity_sentence, many)


def _is_alike(row: Row) -> bool:
    return bool(row["verdict"] == Verdict.ALIKE)


def _judged(run: Run) -> list[Row]:
    return _changes(by_encoder(run.of(Experiment.SIMILARITY)))


def _heading(run: Run) -> str:
    rows = _judged(run)
    otherwise = "The same metadata are not shown to make photos more alike"
    if not any(row["verdict"] for row in rows):
        return "Distributions of similarity of single queries"
    told = [
        claimed(found, rows, f"photos with the same {{}} are {more} alike", "")
        for direction, more in _MORE.items()
        if (found := [row for row in rows if row["direction"] == direction])
    ]
    return "; ".join(told) or otherwise


SIMILARITY = Section(
    key="similarity",
    chapter=Chapter.HARM,
    heading=_heading,
    name="distributions of similarity",
    experiments=(Experiment.SIMILARITY,),
    command="latentprint similarity {vectors} --out {new}",
    page="similarity",
    is_listed=True,
    findings=_findings,
    shown=lambda run: any_shown(_judged(run), _is_alike),
    figures=one_figure(similarity_figure),
    procedure="Cosine similarities of query photos to all other photos.",
    glossary=(
        (
            "AUC of similarity",
            "of all pairs of a photo of another class and a photo of the query's class, the share "
            "where the first is more similar to the query. Were the class all that matters, it "
            "would be near zero, whatever else the photos share.",
        ),
    ),
    is_answered=lambda run: bool(
        run.of(Experiment.SIMILARITY) or records_of(run, Experiment.SIMILARITY)
    ),
)

SECTIONS = (SIMILARITY,)
