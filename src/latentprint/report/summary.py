"""The plain-language summary of every encoder."""

from __future__ import annotations

from dataclasses import dataclass

from latentprint.report.comparison_prose import (
    DIFFERENCE,
    NUISANCE_PURITY,
    Setups,
    pairs_sentence,
    robustness_sentence,
    similarity_sentence,
    stability_sentence,
)
from latentprint.report.inputs import Row, Run, rows_by_setup
from latentprint.report.pairs_figure import recalls
from latentprint.report.prose import influence_sentence, probe_sentence
from latentprint.report.wording import capital, checks, listed, quoted_name

_LEADS = {
    "read": "A linear probe reads {} from its embeddings.",
    "not above the floor": (
        "For {}, {probe} is above guessing, but not shown to be above what untrained controls "
        "reach."
    ),
    "undecided": "{} {} undecided.",
    "not readable": "{} {} not readable with this many photos.",
    "below chance": "For {}, the probe is below guessing, which calls for a check of the data.",
}

_WHOLE = "Trained with every training photo under every class: {}"
"""What stands before the verdicts of the assignment ``all``, which is not the published one."""


@dataclass(frozen=True)
class Finding:
    """One sentence of the summary.

    Attributes:
        verdict: As in the result table; empty for what has none.
        sentence: What was measured, with its interval.
        notes: Health checks that failed.
    """

    verdict: str
    sentence: str
    notes: str


@dataclass(frozen=True)
class EncoderSummary:
    """What was found about one encoder.

    Attributes:
        encoder: Its name.
        leads: Sentences that gather the verdicts, one paragraph for each kind of probe.
        parts: The findings behind them, by heading.
        neighbours: The findings on neighbours.
        comparisons: Those of the other experiments, by heading.
    """

    encoder: str
    leads: list[str]
    parts: list[tuple[str, list[Finding]]]
    neighbours: list[Finding]
    comparisons: list[tuple[str, list[Finding]]]


def summarise(run: Run) -> list[EncoderSummary]:
    """Summarise every encoder of the user."""
    return [
        _summary(
            encoder,
            *(
                [row for row in rows if row["encoder"] == encoder]
                for rows in (run.probes, run.labels, run.paired, run.neighbours)
            ),
            comparisons=_comparisons(run, encoder),
        )
        for encoder in dict.fromkeys(row["encoder"] for row in run.rows)
    ]


def _summary(
    encoder: str,
    probes: list[Row],
    labels: list[Row],
    paired: list[Row],
    neighbours: list[Row],
    *,
    comparisons: list[tuple[str, list[Finding]]],
) -> EncoderSummary:
    parts = {
        "Processing that can be read from one photo's embedding": probes,
        "How photos were taken, and your own labels": labels,
        "Whether processing moves embeddings in a consistent direction (paired probe)": paired,
    }
    published = [row for row in probes if not row["setup"]]
    whole = lead_sentence([row for row in probes if row["setup"]])
    leads = [
        lead_sentence(published),
        _WHOLE.format(whole) if whole else "",
        lead_sentence(labels),
        paired_lead(paired),
    ]
    influences = [row for row in neighbours if row["setup"] == "influence"]
    return EncoderSummary(
        encoder=encoder,
        leads=[each for each in leads if each],
        parts=[(heading, _findings(rows)) for heading, rows in parts.items() if rows],
        neighbours=_findings(influences),
        comparisons=comparisons,
    )


def _comparisons(run: Run, encoder: str) -> list[tuple[str, list[Finding]]]:
    """What was found by comparing photos with each other."""

    def by_attribute(experiment: str, *columns: str) -> list[Setups]:
        rows = [row for row in run.of(experiment) if row["encoder"] == encoder]
        return list(rows_by_setup(rows, "attribute", *columns).values())

    pairs = [row for row in run.of("near_duplicate") if row["encoder"] == encoder]
    parts = {
        "What makes photos alike": [
            Finding("", similarity_sentence(rows), "") for rows in by_attribute("similarity")
        ],
        "Whether a photo stays itself when it is encoded again": [
            Finding("", stability_sentence(rows), "") for rows in by_attribute("stability")
        ],
        "Whether traces of the device distract retrieval": [
            Finding(_verdict(rows, DIFFERENCE), pairs_sentence(rows), "")
            for rows in recalls(pairs).values()
        ],
        "What nearest neighbours share": [
            Finding(_verdict(rows, NUISANCE_PURITY), robustness_sentence(rows), "")
            for rows in by_attribute("robustness", "k")
        ],
    }
    told = {heading: [each for each in found if each.sentence] for heading, found in parts.items()}
    return [(heading, found) for heading, found in told.items() if found]


def _verdict(rows: Setups, setup: str) -> str:
    return (rows[setup]["verdict"] or "") if setup in rows else ""


def lead_sentence(probes: list[Row]) -> str:
    """Gather the verdicts of one encoder's probes of one kind."""
    sentences: list[str] = []
    for verdict, template in _LEADS.items():
        names = _names(probes, verdict)
        if names:
            verb = "are" if len(names) > 1 else "is"
            probe = "it" if sentences else "a linear probe"
            sentences.append(capital(template.format(listed(names), verb, probe=probe)))
    return " ".join(sentences)


def paired_lead(paired: list[Row]) -> str:
    """Gather what the paired probes of one encoder show."""
    names = _names(paired, "read")
    if not names:
        return ""
    verb = "move" if len(names) > 1 else "moves"
    return (
        f"The paired probe, the sensitive measure for small sets, shows that {listed(names)} "
        f"{verb} its embeddings in a consistent direction."
    )


def _names(rows: list[Row], verdict: str) -> list[str]:
    return [quoted_name(row) for row in rows if row["verdict"] == verdict]


def _findings(rows: list[Row]) -> list[Finding]:
    return [
        Finding(
            verdict=row["verdict"] or "no verdict",
            sentence=(
                influence_sentence(row)
                if row["experiment"] == "knn_influence"
                else probe_sentence(row)
            ),
            notes="; ".join(checks(row)),
        )
        for row in rows
    ]
