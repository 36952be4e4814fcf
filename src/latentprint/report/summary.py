"""The line below the title: of which encoders, and on which photos."""

from __future__ import annotations

from latentprint.report.inputs import Run
from latentprint.report.wording import listed

_ENCODERS = 6
"""Encoders that the first sentence names; more are counted."""


def scope(run: Run) -> str:
    """What was measured, of which encoders, on which photos."""
    encoders = encoders_of(run)
    if not encoders:
        return "The results hold no encoder."
    families = ", ".join(f"{amount} {name}" for name, amount in _families(run).items())
    if len(encoders) == 1:
        who = f"the frozen visual encoder {encoders[0]}"
    elif len(encoders) <= _ENCODERS:
        who = f"the {len(encoders)} frozen visual encoders {listed(encoders)}"
    else:
        who = f"{len(encoders):,} frozen visual encoders ({families})"
    return (
        f"Processing and acquisition traces in the embeddings of {who}, measured on "
        f"{listed(run.datasets)}."
    )


def encoders_of(run: Run) -> list[str]:
    """The user's encoders; the blocks of a network count as the network."""
    return list(dict.fromkeys(row["network"] or row["encoder"] for row in run.every_row))


def _families(run: Run) -> dict[str, int]:
    """Number of encoders of each family."""
    families = {row["network"] or row["encoder"]: row["family"] for row in run.every_row}
    counted: dict[str, int] = {}
    for family in families.values():
        counted[family] = counted.get(family, 0) + 1
    return counted
