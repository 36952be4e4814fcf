"""Every published figure of the study as tables: an encoder a row, a figure of it a column."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from latentprint.encoders.catalogue import find_published
from latentprint.errors import unknown_name
from latentprint.published import EXPERIMENTS, published
from latentprint.report.context import INFLUENCE_SETS
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Row, grouped
from latentprint.report.wording import name_of, number, title_of
from latentprint.words import PROBES, Experiment

_ABOUT = {
    Experiment.PROCESSING_PROBE: "Accuracy of probes for processing labels in percent",
    Experiment.ACQUISITION_PROBE: "Accuracy of probes for acquisition labels in percent",
    Experiment.KNN_INFLUENCE: "kNN accuracy in percent",
    Experiment.NEAR_DUPLICATE: "Recall@1 of near-duplicates in percent",
}


def published_figures(
    encoders: Sequence[str] = (), experiments: Sequence[str] = ()
) -> pl.DataFrame:
    """The figures of the study, of all of its encoders and experiments or of some.

    Args:
        encoders: Names, aliases, specifications or globs of published encoders; by default all 47.
        experiments: Of ``processing_probe, acquisition_probe, knn_influence, near_duplicate``; by
            default all.

    Returns:
        One row for every figure, as :func:`latentprint.published.published` has them, encoders in
        the study's order.

    Raises:
        UsageError: An encoder is not one of the study, or an experiment is not known.
    """
    for name in experiments:
        if name not in EXPERIMENTS:
            raise unknown_name("published experiment", name, EXPERIMENTS)
    names = [each.name for each in find_published(encoders)]
    return published().filter(
        pl.col("encoder").is_in(names),
        pl.col("experiment").is_in(list(experiments or EXPERIMENTS)),
    )


def published_tables(figures: pl.DataFrame) -> list[Table]:
    """Lay figures out: probes with a column for each attribute, others for each set-up.

    Args:
        figures: Rows of :func:`published_figures`.

    Returns:
        One table for each experiment and set of photos, of kNN for each attribute too, in the
        order of the study.
    """
    rows = figures.to_dicts()
    return [
        _table(found)
        for experiment in EXPERIMENTS
        for of_dataset in grouped(
            (row for row in rows if row["experiment"] == experiment), "dataset"
        )
        for found in ([of_dataset] if experiment in PROBES else grouped(of_dataset, "attribute"))
    ]


def _table(rows: list[Row]) -> Table:
    first = rows[0]
    probes = first["experiment"] in PROBES
    column = title_of if probes else lambda row: row["setup"]
    columns = {column(row): row for row in rows}
    cells = {(row["encoder"], column(row)): number(row["value"]) for row in rows}
    lines = [
        (name, *(cells[name, each] for each in columns))
        for name in dict.fromkeys(row["encoder"] for row in rows)
    ]
    if probes:
        lines.append(("Chance", *(number(row["chance"]) for row in columns.values())))
    return Table(_caption(first), ("Encoder", *columns), lines)


def _caption(row: Row) -> str:
    parts = [row["dataset"]]
    if row["experiment"] == Experiment.KNN_INFLUENCE:
        ks = {dataset: k for k, dataset in INFLUENCE_SETS.items()}
        parts += [name_of({**row, "experiment": Experiment.PROCESSING_PROBE})]
        parts += [f"k = {ks[row['dataset']]}"]
    return f"{_ABOUT[row['experiment']]} ({', '.join(parts)}; published figures)."
