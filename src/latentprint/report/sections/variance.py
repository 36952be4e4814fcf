"""How far does processing move embeddings: shares of their variance."""

from __future__ import annotations

from latentprint.report.inputs import Row, Run
from latentprint.report.section import Chapter, Finding, Section
from latentprint.report.telling import by_encoder, told
from latentprint.report.wording import number, span, starting_name
from latentprint.words import Experiment, VarianceMeasure


def variance_sentence(measures: dict[str, Row]) -> str:
    """How far processing moves embeddings, from the variance rows of an encoder and attribute.

    Args:
        measures: The rows by their set-up.
    """
    name = starting_name(next(iter(measures.values())))
    found = []
    if share := measures.get(VarianceMeasure.PROCESSING):
        found.append(
            f"accounts for {number(share['value'], 2)}% of the variance of the embeddings "
            f"(95% interval {span(share['low'], share['high'], unit='%', digits=2)})"
        )
    shift, distance = measures.get(VarianceMeasure.SHIFT), measures.get(VarianceMeasure.DISTANCE)
    if shift and distance and distance["value"] > 0:
        found.append(
            f"moves a photo by {number(100 * shift['value'] / distance['value'], 2)}% of the mean "
            "distance between different photos"
        )
    return f"{name} {' and '.join(found)}." if found else ""


def _findings(run: Run) -> list[Finding]:
    found = by_encoder(run.of(Experiment.VARIANCE))
    return told(run, found, ("attribute",), variance_sentence, lambda _: "")


def _introduction(_: Run) -> str:
    return (
        "**How far processing moves embeddings**: their variance divides into what all photos move "
        "by alike when they are processed, what the versions of a photo have in common, and the "
        "rest, where photos move, but each in its own way."
    )


VARIANCE = Section(
    key="variance",
    chapter=Chapter.HARM,
    title="",
    name="shares of the variance",
    experiments=(Experiment.VARIANCE,),
    command="latentprint probe STORE --out RUN",
    unanswered="",
    introduction=_introduction,
    findings=_findings,
    glossary=(
        (
            "Shares of the variance",
            "a two-way analysis of variance of unit embeddings over photos and classes. Distances "
            "are cosine distances, times 100: between two versions of a photo, and between "
            "different photos processed alike.",
        ),
    ),
)

SECTIONS = (VARIANCE,)
