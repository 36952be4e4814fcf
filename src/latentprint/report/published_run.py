"""The published figures as a run, so that they are drawn as every measured one is."""

from __future__ import annotations

import polars as pl

from latentprint.published import published, published_curves
from latentprint.report.context import INFLUENCE_SETS
from latentprint.report.inputs import Run
from latentprint.report.records import Record
from latentprint.results import SCHEMA
from latentprint.words import Experiment, InfluenceSetup

_ENCODER = "an encoder of the study"
"""The figure of similarity does not name it."""


def published_run() -> Run:
    """All 47 published encoders, and the curves of similarity of one photo.

    Its rows have neither intervals nor numbers of photos, and no verdicts.
    """
    table = published()
    neighbours = {dataset: k for k, dataset in INFLUENCE_SETS.items()}
    table = pl.concat([table, _influence(table)]).with_columns(
        network="encoder",
        k=pl.when(pl.col("experiment") == Experiment.KNN_INFLUENCE).then(
            pl.col("dataset").replace_strict(neighbours, default=None, return_dtype=pl.Int64)
        ),
    )
    texts = [name for name, kind in SCHEMA.items() if kind == pl.String]
    whole = table.select(
        pl.col(name) if name in table.columns else pl.lit(None, kind).alias(name)
        for name, kind in SCHEMA.items()
    ).with_columns(pl.col(texts).fill_null(""))
    return Run(whole, photos=None, settings={}, details=[_similarity()], name="published")


def _influence(table: pl.DataFrame) -> pl.DataFrame:
    """What the set-ups of kNN are measured for: pos-same minus neg-same."""
    setups = table.filter(pl.col("experiment") == Experiment.KNN_INFLUENCE)
    pos, neg = (
        setups.filter(pl.col("setup") == each)
        for each in (InfluenceSetup.POS_SAME, InfluenceSetup.NEG_SAME)
    )
    on = ["encoder", "dataset", "attribute"]
    return pos.join(neg.select(*on, against="value"), on=on, maintain_order="left").select(
        pl.lit(str(InfluenceSetup.INFLUENCE)).alias("setup")
        if name == "setup"
        else (pl.col("value") - pl.col("against") if name == "value" else pl.col(name))
        for name in table.columns
    )


def _similarity() -> Record:
    """The published curves as a run records its own."""
    curves = []
    for name, (edges, shares) in published_curves().items():
        width = edges[1] - edges[0]
        middles = [edge + width / 2 for edge in edges[:-1]]
        mean = sum(x * y for x, y in zip(middles, shares, strict=True)) / sum(shares)
        curves.append(
            {
                "setup": name,
                "pairs": None,
                "mean": mean,
                "bin_edges": edges,
                "density": [each / width for each in shares],
            }
        )
    return {
        "experiment": Experiment.SIMILARITY,
        "dataset": "ImageNet",
        "encoder": _ENCODER,
        "attribute": "jpeg",
        "curves": curves,
    }
