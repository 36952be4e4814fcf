"""What the published encoders reached, as a range beside which a run stands."""

from __future__ import annotations

from statistics import fmean

from latentprint.published import published
from latentprint.report.comparison_prose import QUERY_GALLERY, TARGET_GALLERY, first_recalls
from latentprint.report.context import published_context
from latentprint.report.inputs import Row, Run
from latentprint.report.wording import name_of, percent, points, span


def probes_context(rows: list[Row]) -> str:
    """The published accuracies for the labels that were probed with the published protocol."""
    attributes = list(dict.fromkeys(row["attribute"] for row in rows if not row["setup"]))
    if not attributes:
        return ""
    table = published_context(rows[0]["experiment"], attributes)
    told = []
    for attribute in attributes:
        found = table.filter(table["attribute"] == attribute).to_dicts()
        if found:
            values = [row["value"] for row in found]
            told.append(
                f"{name_of(found[0])} in {span(min(values), max(values), unit='%')} of cases "
                f"(guessing {percent(found[0]['chance'])})"
            )
    if not told:
        return ""
    first = table.to_dicts()[0]
    amount = table["encoder"].n_unique()
    return f"probes of the {amount} published encoders read, on {first['dataset']}, " + (
        f"{'; '.join(told)}."
    )


def pairs_context(run: Run) -> str:
    """What the published encoders lose on PairCams, where the run has recall@1."""
    measured = first_recalls(run.of("near_duplicate"))
    if not any(row["attribute"] == "recall@1" for each in measured for row in each.values()):
        return ""
    table = published().filter(published()["experiment"] == "near_duplicate")
    wide = table.pivot("setup", index=["encoder", "family"], values="value").to_dicts()
    losses = [row[TARGET_GALLERY] - row[QUERY_GALLERY] for row in wide]
    return (
        f"on the 730 subjects of PairCams, the {len(losses)} published encoders lose "
        f"{points(min(losses))} to {points(max(losses))} points of recall@1, "
        f"{points(fmean(losses))} on average."
    )
