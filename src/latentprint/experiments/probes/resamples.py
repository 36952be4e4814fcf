"""The resamples of a probe, kept so that another run can be compared photo by photo."""

from __future__ import annotations

import hashlib
import json

import polars as pl

from latentprint.experiments.probes.outcome import ProbeOutcome

RESAMPLES = "resamples"
"""Name of the table."""


def resamples_of(outcome: ProbeOutcome) -> dict[str, pl.DataFrame]:
    """The accuracy in every resample, and a digest of what two of them must share.

    Two rows of one digest are of the same resamples of the same test photos. There is no table
    where all groups have the same accuracy, as its resamples are then no draws of photos.

    Returns:
        By its name a table of one row: ``experiment, attribute, setup, of, values``.
    """
    result, score = outcome.result, outcome.score
    if score.spread == 0.0:
        return {}
    shared = [*map(str, outcome.protocol), score.units, *outcome.test_ids]
    digest = hashlib.blake2b(json.dumps(shared).encode(), digest_size=16).hexdigest()
    row = {
        "experiment": [str(result.experiment)],
        "attribute": [result.attribute],
        "setup": [str(result.setup)],
        "of": [digest],
        "values": [score.samples.tolist()],
    }
    return {RESAMPLES: pl.DataFrame(row)}
