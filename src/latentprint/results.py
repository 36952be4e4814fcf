"""One tidy table for every figure that is measured."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import polars as pl


@dataclass(frozen=True)
class Result:
    """One measured figure: a row of the result table.

    Attributes:
        encoder: Name of the encoder.
        family: CVL, SUP, SSL, control (untrained networks and pixel statistics) or yours.
        experiment: ``processing_probe``, ``acquisition_probe``, ``knn_influence`` or
            ``near_duplicate``, named as in the published figures; ``learning_curve`` (a probe with
            fewer training photos), ``variance`` (shares of the variance of embeddings, and cosine
            distances), ``robustness``, ``similarity`` or ``stability``.
        dataset: Name of the set of photos.
        attribute: The processing attribute (``jpeg``…) or label (``make``, ``scanner``…).
        setup: For probes empty (published protocol), ``all`` (every training photo under every
            class), ``paired`` (each photo's mean subtracted) or ``paired all``; for kNN the set-up
            (``all-same``, ``pos-same``, …, and ``influence`` = pos-same minus neg-same); for
            ``near_duplicate`` whose device type the distractors share; else what is measured.
        chance: Accuracy of guessing, in percent; None where there is none (``influence``).
        value: Accuracy in percent, the mean over the classes (percentage points for
            ``influence``; percent of the variance; 100 times a cosine or cosine distance; a rank).
        low: Lower end of the 95 % interval.
        high: Upper end of the 95 % interval.
        n_test: Number of test photos.
        n_train: Number of training photos.
        network: Name of the network that the encoder is a block of; the encoder's own name where
            it is no block.
        layer: Number of the block, from 1; None for a network's final embedding.
        sd: Standard deviation over the fits, in percentage points, where there are several.
        seeds: Number of fits that ``value`` averages; 1 where nothing is random.
        k: Number of neighbours, or of the first ranks of a recall; None for probes.
        classes: Number of classes of a probe.
        micro: Share of all predictions that are right, in percent; differs from ``value`` where
            the test set is not balanced.
        floor: The highest of the same figure by controls that never learned from photos: the
            untrained network and colour statistics; None where none was measured.
        floor_of: The control that gave the floor.
        excess_low: Lower end of the 95 % interval of value minus floor, photos paired.
        excess_high: Upper end of the same.
        ceiling: The same figure by DCT energies at native size: what the pixels hold.
        permuted: The same figure after each photo's (or group's) labels were shuffled: what the
            procedure reads where there is nothing to read.
        selectivity: value minus permuted, in percentage points.
        container: The same label read from pixel size and file facts alone.
        smallest_effect: Points above chance that this set of photos shows in four of five cases.
        p: One-sided p of an accuracy of at most chance; for ``near_duplicate`` McNemar's,
            two-sided; for ``robustness`` that of a permutation.
        q: The same after Benjamini-Hochberg over all probes of the run.
        converged: Whether every fit reached its optimum; None for solvers that cannot tell.
        fit: Solver, feature normalisation and regularisation.
        verdict: For probes ``read``, ``undecided``, ``not readable``, ``not above the floor`` or
            ``below chance``; for ``influence`` ``traces change neighbours`` or ``no change shown``;
            for ``near_duplicate`` ``traces distract retrieval`` or ``no distraction shown`` (for
            the margin ``traces narrow the margin`` or ``no narrowing shown``), these two with
            `` (reversed)`` behind it where the effect is the other way round; for ``robustness``
            ``above chance``, ``below chance`` or ``no difference from chance``.
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
    network: str = ""
    layer: int | None = None
    sd: float | None = None
    seeds: int = 1
    k: int | None = None
    classes: int | None = None
    micro: float | None = None
    floor: float | None = None
    floor_of: str = ""
    excess_low: float | None = None
    excess_high: float | None = None
    ceiling: float | None = None
    permuted: float | None = None
    selectivity: float | None = None
    container: float | None = None
    smallest_effect: float | None = None
    p: float | None = None
    q: float | None = None
    converged: bool | None = None
    fit: str = ""
    verdict: str = ""
    notes: str = ""


_NUMBERS = (
    "chance", "value", "low", "high", "sd", "micro", "floor", "excess_low", "excess_high",
    "ceiling", "permuted", "selectivity", "container", "smallest_effect", "p", "q",
)  # fmt: skip
_TYPES: dict[str, pl.DataType] = {
    **{name: pl.Float64() for name in _NUMBERS},
    **{name: pl.Int64() for name in ("n_test", "n_train", "layer", "seeds", "k", "classes")},
    "converged": pl.Boolean(),
}
SCHEMA: dict[str, pl.DataType] = {
    field.name: _TYPES.get(field.name, pl.String()) for field in fields(Result)
}


def results_table(results: Iterable[Result]) -> pl.DataFrame:
    """Collect results in the one table that the report and every output format read."""
    return _complete(pl.DataFrame([asdict(result) for result in results], schema=SCHEMA))


def _complete(table: pl.DataFrame) -> pl.DataFrame:
    """Give every row its network, and a table of before there were layers both columns."""
    missing = {name: SCHEMA[name] for name in ("network", "layer") if name not in table.columns}
    table = table.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in missing.items())
    own = pl.col("network").is_null() | (pl.col("network") == "")
    network = pl.when(own).then(pl.col("encoder")).otherwise(pl.col("network"))
    return table.with_columns(network.alias("network"))


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


def write_details(details: list[dict[str, Any]], folder: Path) -> None:
    """Write details.json, what stands behind the probes, into a folder, atomically."""
    partial = folder / ".details.json.partial"
    partial.write_text(json.dumps(details, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(folder / "details.json")


def read_details(folder: Path) -> list[dict[str, Any]]:
    """Read details.json of a run folder; empty where the run has none."""
    path = folder / "details.json"
    found: list[dict[str, Any]] = json.loads(path.read_text("utf-8")) if path.exists() else []
    return found


def read_results(folder: Path) -> pl.DataFrame:
    """Read the result table of a run folder."""
    from latentprint.errors import LatentprintError

    path = folder / "results.parquet"
    if not path.exists():
        raise LatentprintError(
            f"{folder} holds no results.parquet: name the folder of a run, as `--out` had it."
        )
    return _complete(pl.read_parquet(path))
