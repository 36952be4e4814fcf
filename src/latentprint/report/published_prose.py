"""What the published encoders reached, as a range beside which a run stands."""

from __future__ import annotations

from latentprint.report.context import published_context
from latentprint.report.inputs import Row
from latentprint.report.wording import name_of, percent, span


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
