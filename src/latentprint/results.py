"""One tidy table for every figure that is measured."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import polars as pl

from latentprint.errors import LatentprintError
from latentprint.files import write_json, write_table


@dataclass(frozen=True)
class Result:
    """One measured figure: a row of the result table. Its words are those of ``words``.

    Attributes:
        encoder: Name of the encoder.
        family: CVL, SUP, SSL, control (untrained networks and pixel statistics) or yours.
        experiment: ``words.Experiment``; named as in the published figures where these have it.
        dataset: Name of the set of photos.
        attribute: The processing attribute (``jpeg``…) or label (``make``, ``scanner``…); for
            ``near_duplicate`` what is measured (``recall@1``, ``margin``…).
        setup: ``words.ProbeSetup`` for probes, ``InfluenceSetup`` for kNN, ``PairGallery`` for
            ``near_duplicate``; else what is measured (``RobustnessMeasure``, ``SimilarityMeasure``,
            ``StabilityMeasure``, ``VarianceMeasure``, ``ErasureMeasure``).
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
        condition: ``RobustnessCondition``: which labels chance shuffles; ``erasure``: ``Seen``,
            or for pairs ``PairGallery``.
        query_device: ``near_duplicate``: type of device of the queries; empty for the mean over all
            directions.
        target_device: The same of the targets.
        reference: ``stability``: the class from which photos move; empty for every pair of classes.
        threshold: ``stability``, ``erasure``: the cosine similarity below which a copy counts as
            another photo.
        stage: ``words.Stage``: before or after erasure, or the change; else empty.
        eraser: What was erased by; empty where nothing was erased.
        rank: Number of directions that were erased.
        sd: Standard deviation over the fits, in percentage points, where there are several.
        seeds: Number of fits that ``value`` averages; 1 where nothing is random.
        k: Number of neighbours, or of the first ranks of a recall; None for probes.
        classes: Number of classes of a probe.
        micro: Share of all predictions that are right, in percent; differs from ``value`` where
            the test set is not balanced.
        twin: value minus the same figure of the untrained network, photos paired, in points.
        twin_low: Lower end of its 95 % interval.
        twin_high: Upper end of its 95 % interval.
        colour: The same figure by 18 colour statistics, in percent.
        colour_difference: value minus ``colour``, photos paired, in points.
        colour_difference_low: Lower end of its 95 % interval.
        colour_difference_high: Upper end of its 95 % interval.
        dct: The same figure by DCT energies at native size, in percent: what the pixels hold.
        dct_difference: value minus ``dct``, photos paired, in points.
        dct_difference_low: Lower end of its 95 % interval.
        dct_difference_high: Upper end of its 95 % interval.
        permuted: The same figure after each photo's (or group's) labels were shuffled: what the
            procedure reads where there is nothing to read.
        selectivity: value minus permuted, in percentage points.
        container: The same label read from pixel size and file facts alone.
        discriminant: Accuracy of the paired-shift discriminant on single photos, in percent.
        discriminant_p: Its exact p, by permuting class names within photos.
        rising: Whether accuracy still grows with the last doubling of training photos.
        ten_times: Accuracy that the learning curve suggests for ten times the training photos.
        ten_times_low: Lower end of its 95 % interval.
        ten_times_high: Upper end of its 95 % interval.
        smallest_effect: Points above chance that this set of photos shows in four of five cases.
        p: p of the row's own test: one-sided that an accuracy is at most chance; two-sided else.
        q: The p that decides (``discriminant_p`` where there is one, else ``p``) after
            Benjamini-Hochberg over all verdicts of the run.
        converged: Whether every fit reached its optimum; None for solvers that cannot tell.
        fit: Solver, feature normalisation and regularisation.
        verdict: ``words.Verdict``; empty for controls and where there is nothing to judge.
        learned: ``words.Learned``; empty where the untrained network was not measured.
        direction: ``words.Direction`` of an effect that was shown; else empty.
        harm: ``words.Harm`` for ``knn_influence`` and ``near_duplicate``; else empty.
        tiny: Whether an effect that was shown is below the smallest effect of interest.
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
    condition: str = ""
    query_device: str = ""
    target_device: str = ""
    reference: str = ""
    threshold: float | None = None
    stage: str = ""
    eraser: str = ""
    rank: int | None = None
    sd: float | None = None
    seeds: int = 1
    k: int | None = None
    classes: int | None = None
    micro: float | None = None
    twin: float | None = None
    twin_low: float | None = None
    twin_high: float | None = None
    colour: float | None = None
    colour_difference: float | None = None
    colour_difference_low: float | None = None
    colour_difference_high: float | None = None
    dct: float | None = None
    dct_difference: float | None = None
    dct_difference_low: float | None = None
    dct_difference_high: float | None = None
    permuted: float | None = None
    selectivity: float | None = None
    container: float | None = None
    discriminant: float | None = None
    discriminant_p: float | None = None
    rising: bool | None = None
    ten_times: float | None = None
    ten_times_low: float | None = None
    ten_times_high: float | None = None
    smallest_effect: float | None = None
    p: float | None = None
    q: float | None = None
    converged: bool | None = None
    fit: str = ""
    verdict: str = ""
    learned: str = ""
    direction: str = ""
    harm: str = ""
    tiny: bool | None = None
    notes: str = ""


MEASUREMENT = (
    "encoder", "experiment", "dataset", "attribute", "setup", "condition", "query_device",
    "target_device", "reference", "threshold", "stage", "eraser", "rank", "k",
)  # fmt: skip
"""The columns that tell one measurement from another. The number of training photos is left out,
so that two learning curves of different runs never become one."""


@dataclass(frozen=True)
class LeftOut:
    """Something that was asked for and not measured.

    Attributes:
        reason: Why, as a sentence.
        experiment: ``words.Experiment``; empty for an encoder that could not be used at all.
        attribute: What it would have been about.
        encoder: Name or specification of the encoder.
    """

    reason: str
    experiment: str = ""
    attribute: str = ""
    encoder: str = ""


_POLARS = {"float": pl.Float64(), "int": pl.Int64(), "bool": pl.Boolean(), "str": pl.String()}


def schema_of(kind: type[Any]) -> dict[str, pl.DataType]:
    """The columns of a table of rows of this dataclass, with their types."""
    return {each.name: _POLARS[str(each.type).partition(" ")[0]] for each in fields(kind)}


def table_of(rows: Iterable[Any], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Dataclasses as a table; words become plain text."""
    plain = [
        {name: str(value) if isinstance(value, str) else value for name, value in row.items()}
        for row in map(asdict, rows)
    ]
    return pl.DataFrame(plain, schema=schema)


SCHEMA = schema_of(Result)
"""The columns of the result table with their types."""


def results_table(results: Iterable[Result]) -> pl.DataFrame:
    """Collect results in the one table that the report and every output format read."""
    table = table_of(results, SCHEMA)
    network = pl.when(pl.col("network") == "").then(pl.col("encoder")).otherwise("network")
    return table.with_columns(network.alias("network"))


def results_of(table: pl.DataFrame) -> list[Result]:
    """The rows of a result table."""
    return [Result(**row) for row in table.to_dicts()]


def setup_of(row: Any) -> str:
    """What was measured, and under which conditions, of a result or a comparison of two."""
    devices = f"query {row.query_device}, target {row.target_device}" if row.query_device else ""
    return ", ".join(
        filter(
            None,
            (
                row.setup,
                row.condition,
                devices,
                f"k = {row.k}" if row.k is not None and "@" not in row.attribute else "",
                f"from {row.reference}" if row.reference else "",
                f"{row.threshold:g}" if row.threshold is not None else "",
                row.stage,
                row.eraser,
                f"rank {row.rank}" if row.rank is not None else "",
            ),
        )
    )


def write_results(table: pl.DataFrame, folder: Path) -> None:
    """Write results.parquet, results.csv and results.json into a folder, each whole or not at all.

    Raises:
        LatentprintError: A file cannot be written.
    """
    write_table(folder / "results.parquet", table)
    write_table(folder / "results.csv", table)
    write_json(folder / "results.json", table.to_dicts())


def write_details(details: Sequence[dict[str, Any]], folder: Path) -> None:
    """Write details.json, what stands behind the figures, into a folder.

    Raises:
        LatentprintError: The file cannot be written.
    """
    write_json(folder / "details.json", list(details))


def read_results(folder: Path) -> pl.DataFrame:
    """Read the result table of a run folder.

    Raises:
        LatentprintError: There is none, or another version of latentprint wrote it.
    """
    path = folder / "results.parquet"
    if folder.is_file():
        raise LatentprintError(f"{folder} is a file: name the folder of a run, as `--out` had it.")
    if not folder.exists():
        raise LatentprintError(
            f"There is no folder {folder}: name the folder of a run, as `--out` had it."
        )
    if not path.exists():
        raise LatentprintError(
            f"{folder} holds no results.parquet: name the folder of a run, as `--out` had it."
        )
    table = pl.read_parquet(path)
    if dict(table.schema) != SCHEMA:
        version = recorded(folder, "latentprint") or "of an unknown version"
        raise LatentprintError(
            f"The results in {folder} were written by latentprint {version}, whose"
            " columns have another meaning: measure again with this version (embeddings that are"
            " there are used again)."
        )
    return table


def recorded(folder: Path, setting: str) -> str | None:
    """What a run folder's ``settings.json`` says of a setting; None where it says nothing."""
    try:
        settings = json.loads((folder / "settings.json").read_text("utf-8"))
        return str(settings[setting]) or None
    except (OSError, ValueError, KeyError, TypeError):
        return None
