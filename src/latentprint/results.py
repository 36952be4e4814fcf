"""One tidy table for every figure that is measured."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import polars as pl


@dataclass(frozen=True)
class Result:
    """One measured figure: a row of the result table.

    Attributes:
        encoder: Name of the encoder.
        family: CVL, SUP, SSL, control (an untrained network) or yours.
        experiment: ``processing_probe`` or ``knn_influence``, named as in the published figures.
        dataset: Name of the set of photos.
        attribute: ``jpeg``, ``sharpening``, ``resizing`` or ``interpolation``.
        setup: kNN set-up (``all-same``, ``pos-same``, …, and ``influence`` = pos-same minus
            neg-same); empty for probes.
        chance: Accuracy of guessing, in percent; None where there is none (``influence``).
        value: Accuracy in percent (percentage points for ``influence``).
        low: Lower end of the 95 % interval.
        high: Upper end of the 95 % interval.
        n_test: Number of test photos.
        n_train: Number of training photos.
        sd: Standard deviation over the seeds, in percentage points, where there are several.
        seeds: Number of random assignments that ``value`` averages; 1 where nothing is random.
        k: Number of neighbours; None for probes.
        floor: The same figure of the untrained network; None where it was not measured.
        excess_low: Lower end of the 95 % interval of value minus floor, photos paired.
        excess_high: Upper end of the same.
        verdict: For probes ``read``, ``not readable``, ``not above the floor`` or ``below chance``;
            for ``influence`` ``traces change neighbours`` or ``no change shown``.
        notes: Health warnings, separated by "; ".
    """

    encoder: str
    family: str
    experiment: str
    dataset: str
    attribute: str
    setup: str
    chance: float | None
    value: float
    low: float
    high: float
    n_test: int
    n_train: int
    sd: float | None = None
    seeds: int = 1
    k: int | None = None
    floor: float | None = None
    excess_low: float | None = None
    excess_high: float | None = None
    verdict: str = ""
    notes: str = ""


_TYPES: dict[str, pl.DataType] = {
    **{name: pl.Float64() for name in ("chance", "value", "low", "high", "sd")},
    **{name: pl.Float64() for name in ("floor", "excess_low", "excess_high")},
    **{name: pl.Int64() for name in ("n_test", "n_train", "seeds", "k")},
}
SCHEMA: dict[str, pl.DataType] = {
    field.name: _TYPES.get(field.name, pl.String()) for field in fields(Result)
}


def results_table(results: Iterable[Result]) -> pl.DataFrame:
    """Collect results in the one table that the report and every output format read."""
    return pl.DataFrame([asdict(result) for result in results], schema=SCHEMA)


def write_results(table: pl.DataFrame, folder: Path) -> None:
    """Write results.parquet, results.csv and results.json into a folder, each atomically."""
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in ("parquet", "csv", "json"):
        partial = folder / f".results.{suffix}.partial"
        if suffix == "parquet":
            table.write_parquet(partial)
        elif suffix == "csv":
            table.write_csv(partial)
        else:
            partial.write_text(json.dumps(table.to_dicts(), indent=1, ensure_ascii=False) + "\n")
        partial.replace(folder / f"results.{suffix}")


def read_results(folder: Path) -> pl.DataFrame:
    """Read the result table of a run folder."""
    from latentprint.errors import LatentprintError

    path = folder / "results.parquet"
    if not path.exists():
        raise LatentprintError(
            f"{folder} holds no results.parquet: name the folder of a run, as `--out` had it."
        )
    return pl.read_parquet(path)
