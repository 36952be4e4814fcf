"""Whether classes go together with how photos were taken, as a function."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from latentprint.api.keywords import declared, options_of
from latentprint.errors import LatentprintError
from latentprint.jobs.correlation import Correlated, CorrelationOptions, measure_correlation


@declared(
    "Measure whether classes go together with EXIF, file facts and other columns.\n\n"
    "Bias-corrected Cramér's V with a permutation test (Bergsma, *Journal of the Korean\n"
    "Statistical Society* 42, 2013). No encoder is needed and no pixel is decoded.\n\n"
    "As ``latentprint correlation``.",
    "One row for every column, what could not be read, and what was found in a sentence.",
    CorrelationOptions,
    photos="A folder of photos, a manifest or a data frame; vectors of your own [N, D] (path, "
    "array, tensor); or a table without paths, of which only the columns are asked.",
    out="A .csv or .parquet file for one row of every column, or a .json file for everything.",
)
def correlation(photos: Any, *, out: Path | str | None = None, **options: Any) -> Correlated:
    """Measure whether classes go together with EXIF, file facts and other columns."""
    if "nuisance" not in options and "column" in options:
        options["nuisance"] = options.pop("column")  # its name before
    (asked,) = options_of("correlation", options, CorrelationOptions)
    done = measure_correlation(photos, asked, out=out)
    if not done.found.columns:
        raise LatentprintError(f"Nothing was measured: {done.found.sentence}")
    return done
