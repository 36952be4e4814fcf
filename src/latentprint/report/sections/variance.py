"""How far does processing move embeddings: shares of their variance."""

from __future__ import annotations

from latentprint.report.inputs import Row, Run
from latentprint.report.section import Chapter, Finding, Section
from latentprint.report.telling import Setups, by_encoder, ends, told
from latentprint.report.wording import capital, count, number, quoted_name, span, starting_name
from latentprint.words import Experiment, VarianceMeasure

_PROCESSING = VarianceMeasure.PROCESSING


def variance_sentence(measures: dict[str, Row]) -> str:
    """How far processing moves embeddings, from the variance rows of an encoder and attribute.

    Args:
        measures: The rows by their set-up.
    """
    name = starting_name(next(iter(measures.values())))
    found = []
    if share := measures.get(VarianceMeasure.PROCESSING):
        found.append(
            f"accounts for {_small(share['value'])} of the variance of the embeddings "
            f"(95% interval {_interval(share)}; {count(share['n_test'], 'photo')})"
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
    return told(run, found, ("attribute",), variance_sentence, _many)


def _many(found: list[Setups]) -> str:
    shares = [each[_PROCESSING] for each in found if _PROCESSING in each]
    if not shares:
        return ""
    return f"{starting_name(shares[0])}, share of the variance: {ends(shares, _small, _interval)}."


def _small(share: float | None) -> str:
    return f"{number(share, 2)}%"


def _interval(row: Row) -> str:
    return span(row["low"], row["high"], unit="%", digits=2)


def _heading(run: Run) -> str:
    shares = [row for row in run.of(Experiment.VARIANCE) if row["setup"] == _PROCESSING]
    values = [row["value"] for row in shares]
    if not values:
        return "Shares of the variance of embeddings"
    who = (
        capital(quoted_name(shares[0]))
        if len({r["attribute"] for r in shares}) == 1
        else "Processing"
    )
    low, high = _small(min(values)), _small(max(values))
    return f"{who} accounts for {low if low == high else f'{low} to {high}'} of the variance"


VARIANCE = Section(
    key="variance",
    chapter=Chapter.HARM,
    heading=_heading,
    name="shares of the variance",
    experiments=(Experiment.VARIANCE,),
    command="latentprint probe {store} --out {new}",
    page="probes",
    findings=_findings,
    procedure="Two-way analysis of variance of unit embeddings, photos by processing classes.",
)

SECTIONS = (VARIANCE,)
