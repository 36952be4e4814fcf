"""The published figures of the study that the experiments follow, as a table."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from latentprint.results import SCHEMA
from latentprint.words import Experiment, PairGallery

SOURCE = Path(__file__).parent / "data" / "published.csv"
"""Ramos et al., ICCV 2025, arXiv 2508.10637: see the README beside the file."""

CURVES = SOURCE.with_name("similarity.csv")
"""The curves of the study's figure of similarity."""

KEYS: dict[str, str] = {
    "JPEG": "jpeg",
    "Sharpening": "sharpening",
    "Resizing": "resizing",
    "Interpolation": "interpolation",
    "Make": "make",
    "Model (all)": "model",
    "Model (smart)": "smartphone_model",
    "Model (smart vs non-smart)": "smartphone",
    "Exposure": "exposure_time",
    "Aperture": "aperture",
    "ISO Speed": "iso",
    "Focal Length": "focal_length",
    "recall@1": "recall@1",
}
"""The key of every attribute that the figures name."""

SPLIT_KEYS: dict[str, str] = {
    **KEYS,
    "Model": "model",
    "Smartphone Model": "smartphone_model",
    "Is Smartphone": "smartphone",
    "Flash": "flash",
    "Year": "year",
}
"""The key of every attribute that a split file of the study names: not always as the figures do."""

EXPERIMENTS = tuple(
    each.value
    for each in (
        Experiment.PROCESSING_PROBE,
        Experiment.ACQUISITION_PROBE,
        Experiment.KNN_INFLUENCE,
        Experiment.NEAR_DUPLICATE,
    )
)
"""The experiments of the figures, in their order."""

PAIR_SETUPS = {"different": PairGallery.QUERY.value, "same": PairGallery.TARGET.value}
"""Our names of the galleries of near-duplicate pairs: the published words have misled readers."""


def published() -> pl.DataFrame:
    """Read the published figures of 47 encoders, with the columns of the result table they have.

    Values are in percent, recall@1 of ``near_duplicate`` included. ``setup`` is empty for probes,
    as in the result table.
    """
    table = pl.read_csv(SOURCE, infer_schema=False)
    pairs = pl.col("experiment") == "near_duplicate"
    translated = pl.when(pairs).then(pl.col("setup").replace(PAIR_SETUPS))
    return (
        table.with_columns(
            pl.col("attribute").replace_strict(KEYS),
            translated.otherwise(pl.col("setup").fill_null("")).alias("setup"),
        )
        .cast({name: SCHEMA[name] for name in table.columns})
        .with_columns(value=pl.when(pairs).then(100.0 * pl.col("value")).otherwise("value"))
    )


def published_curves() -> dict[str, tuple[list[float], list[float]]]:
    """Read the published distributions of cosine similarity, one ImageNet photo against all others.

    Returns:
        For each curve, named as ``words.SimilarityMeasure`` has it, the edges of its bins [B + 1]
        and the share of its pairs in every bin [B].
    """
    found = {}
    for (curve,), rows in pl.read_csv(CURVES).group_by("curve", maintain_order=True):
        # The first and the last row are the ends of the curve, rounded.
        middles, shares = (rows[name].to_list()[1:-1] for name in ("x", "y"))
        width = (middles[-1] - middles[0]) / (len(middles) - 1)
        start = middles[0] - width / 2
        found[str(curve)] = ([start + width * each for each in range(len(shares) + 1)], shares)
    return found
