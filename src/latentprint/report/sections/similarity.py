"""Are photos alike by what they show, or by how they were made? Distributions of similarity."""

from __future__ import annotations

from collections.abc import Sequence

from latentprint.report.inputs import Row, Run, grouped
from latentprint.report.records import records_of
from latentprint.report.section import Chapter, Finding, Section, found_in, one_figure
from latentprint.report.sections.similarity_figure import similarity_figure
from latentprint.report.telling import (
    Setups,
    by_encoder,
    by_whom,
    ends,
    of_all,
    place,
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
    name = quoted_name(change)
    return (
        f"{_claim(change)}: a photo of another class is more similar to the query than one of "
        f"its class in {percent(against['value'])} of comparisons where it alone shares {name} "
        f"with the query, and in {percent(together['value'])} where the other alone does. That is "
        f"{points_told(change)}; 0 where {name} does not matter."
    )


def _claim(change: Row) -> str:
    name = starting_name(change)
    if not change["verdict"]:
        return f"{name}, for one query"
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
        f" The difference of the AUCs {ends(changes, points, points_interval)}; "
        f"0 where {name} does not matter."
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


def _headline(run: Run) -> list[Finding]:
    """The largest difference on each set of photos: of those that were shown, if any was."""
    found = []
    changes = _changes(by_encoder(run.of(Experiment.SIMILARITY)))
    for rows in grouped(changes, "dataset"):
        shown = [row for row in rows if row["verdict"] == Verdict.ALIKE]
        top = max(shown or rows, key=lambda row: abs(row["value"]))
        found.append(Finding(place(run, top), _headline_sentence(top, rows)))
    return found


def _headline_sentence(top: Row, rows: list[Row]) -> str:
    if top["verdict"] != Verdict.ALIKE:
        return "The same metadata are not shown to make photos more alike."
    alike = [row for row in rows if row["attribute"] == top["attribute"]]
    same = sum(row["direction"] == top["direction"] for row in alike)
    some = f" with {of_all(same, len(alike))}" if len(alike) > 1 else ""
    tiny = " (a tiny difference)" if top["tiny"] else ""
    return (
        f"Photos with the same {quoted_name(top)} are {_MORE[top['direction']]} alike{some}: "
        f"the AUC differs by {'up to ' if some else ''}{points_told(top)}{tiny}"
        f"{by_whom(top, rows)}."
    )


def _found(run: Run) -> str:
    changes = _changes(by_encoder(run.of(Experiment.SIMILARITY)))
    verdicts = [row["verdict"] for row in changes if row["verdict"]]
    return found_in(verdicts.count(Verdict.ALIKE), len(verdicts), "changed")


def _introduction(_: Run) -> str:
    return (
        "Query photos were compared with all others: of the same class or another, with the same "
        "metadata (how they were processed or taken) or other. Where the two curves of a class lie "
        "on each other, the metadata play no part."
    )


SIMILARITY = Section(
    key="similarity",
    chapter=Chapter.HARM,
    title="Similarity",
    name="distributions of similarity",
    experiments=(Experiment.SIMILARITY,),
    command="latentprint similarity STORE --out RUN",
    unanswered="Distributions of similarity were",
    introduction=_introduction,
    findings=_findings,
    found=_found,
    headline=_headline,
    figures=one_figure(similarity_figure),
    protocol=lambda _: "**Similarity.** Cosine similarities of query photos to all other photos.",
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
