"""Words about photos that could not be read."""

from __future__ import annotations

import polars as pl

from latentprint.errors import LatentprintError

STATUS = ("id", "status", "reason")
"""The facts that tell of it."""

_SHOWN = 3


def broken_of(facts: pl.DataFrame) -> pl.DataFrame:
    """The photos that are broken, of which some must not be.

    Args:
        facts: One row for every photo, with ``id``, ``status`` and ``reason``.

    Raises:
        LatentprintError: All of them are.
    """
    broken = facts.filter(pl.col("status") == "broken")
    if broken.height == facts.height:
        raise LatentprintError(f"None of the {facts.height} photos can be read: {examples(broken)}")
    return broken


def examples(broken: pl.DataFrame) -> str:
    """The first few, each with its reason."""
    rows = broken.head(_SHOWN).select("id", "reason").rows()
    return "; ".join(f"{name}: {reason}" for name, reason in rows) + "."
