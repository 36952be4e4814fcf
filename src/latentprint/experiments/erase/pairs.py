"""Near-duplicate retrieval across devices, before and after erasure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from latentprint.experiments.erase.staged import CROSSED, About, Paired, staged_rows, widened
from latentprint.experiments.erase.views import Stages
from latentprint.experiments.pairs.options import PairsOptions
from latentprint.experiments.pairs.pairs import near_duplicates
from latentprint.results import Result
from latentprint.words import ErasureMeasure, PairGallery

_KEYS = ("gallery", "query", "query_device", "target_device")


def pair_rows(
    stages: Stages, processing: str, options: PairsOptions, *, seed: int = 0
) -> list[Result]:
    """recall@1 and margin of every gallery, before and after, query by query.

    Args:
        stages: Before and after.
        processing: Processing class whose embeddings are compared.
        options: Columns of subject and device.
        seed: Seeds the resamples of subjects.

    Raises:
        UsageError: There is no such column.
        LatentprintError: No two subjects share two types of device, or a vector is zero.
    """
    # The tests of a single stage are not used: the change is resampled by subject.
    sample = options.sample if stages.sample is None else stages.sample
    cheap = replace(options, permutations=1, bootstrap=1, ks=(1,), sample=sample)
    outcomes = [
        near_duplicates(source, processing, cheap) for source in (stages.before, stages.after)
    ]
    asked = outcomes[0].asked
    share, note = (asked.share, asked.note) if asked else (1.0, "")
    one, other = (each.queries.select(*_KEYS, "subject", "rank", "margin") for each in outcomes)
    joined = one.join(other, on=[*_KEYS, "subject"], suffix="_after").sort(_KEYS)
    rows: list[Result] = []
    for gallery in (PairGallery.QUERY, PairGallery.TARGET):
        part = joined.filter(pl.col("gallery") == str(gallery))
        about = About("pairs", gallery, {"k": 1, "notes": note})
        found = {
            ErasureMeasure.RECALL: [
                100.0 * (part[name] == 1).to_numpy() for name in ("rank", "rank_after")
            ],
            ErasureMeasure.MARGIN: [
                100.0 * part[name].to_numpy() for name in ("margin", "margin_after")
            ],
        }
        for measure, (before, after) in found.items():
            wide = widened(CROSSED, share)
            groups = [str(each) for each in part["subject"].to_list()]
            values = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
            paired = Paired(
                measure, *values, groups, share=measure == ErasureMeasure.RECALL, widening=wide
            )
            rows += staged_rows(stages, about, paired, seed=seed)
    return rows
