"""Read several run folders and join them, so that nothing of one passes for another's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from latentprint.files import as_path
from latentprint.report.inputs import Row, Run, read_run
from latentprint.report.pictures import photos_folder
from latentprint.report.wording import listed, quoted_name
from latentprint.results import MEASUREMENT, results_of, results_table
from latentprint.verdicts import judged
from latentprint.words import CONTROL, UNTRAINED

_DIGITS = 8
_LISTED = 3


def folders_of(runs: Any) -> list[Path]:
    """The run folders that were given from Python: a single one, or several.

    Raises:
        UsageError: One of them is no path.
    """
    several = isinstance(runs, Iterable) and not isinstance(runs, str)
    return [as_path(each) for each in (runs if several else [runs])]


def read_runs(folders: Sequence[Path], photos: Any = None) -> Run:
    """Read run folders and join them.

    Args:
        folders: The folders.
        photos: The folder of the photos that may be shown; by default those of runs that this user
            had made, where they were.

    Raises:
        UsageError: There is no such folder of photos.
        LatentprintError: A run folder holds no result table.
    """
    run = join_runs([read_run(folder) for folder in folders])
    return replace(run, photos_folder=photos_folder(photos))


def join_runs(runs: Sequence[Run]) -> Run:
    """Join runs into one, with the rows of all.

    Encoders of one name that have different weights, and sets of photos of one name that lie in
    different folders, get names of their own. Where two runs hold the same measurement, that of
    the run named last is kept. Verdicts are found anew, since they allow for the number of
    all of them.
    """
    if len(runs) == 1:
        return runs[0]
    runs = _with_own_names(runs)
    parts = _told_apart_by_weights(_told_apart_by_folder(runs))
    table, repeated = _last_of_each([part.table for part in parts], [part.name for part in parts])
    return Run(
        table=results_table(judged(results_of(table))),
        photos=None,
        settings={},
        details=_last_records([part.details for part in parts]),
        joined=tuple(parts),
        remarks=tuple(repeated),
    )


def _with_own_names(runs: Sequence[Run]) -> list[Run]:
    """Runs whose folders have the same name are numbered."""
    names = Counter(run.name for run in runs)
    seen: Counter[str] = Counter()
    found = []
    for run in runs:
        seen[run.name] += 1
        name = f"{run.name} ({seen[run.name]})" if names[run.name] > 1 else run.name
        found.append(replace(run, name=name))
    return found


def _told_apart_by_folder(runs: Sequence[Run]) -> list[Run]:
    """Sets of photos of one name in different folders get the name of their run as well."""
    roots: dict[str, set[Path]] = {}
    for run in runs:
        if run.root:
            for dataset in run.datasets:
                roots.setdefault(dataset, set()).add(run.root.resolve())
    several = {dataset for dataset, folders in roots.items() if len(folders) > 1}

    def name_in(run: Run) -> Callable[[str], str]:
        return lambda dataset: f"{dataset} ({run.name})" if dataset in several else dataset

    return [_renamed(run, name_in(run), "dataset") for run in runs]


def _told_apart_by_weights(runs: Sequence[Run]) -> list[Run]:
    """Encoders of one name with different weights get the digest of the weights as well."""
    digests: dict[str, set[str]] = {}
    for run in runs:
        for name, digest in _weights(run).items():
            digests.setdefault(name, set()).add(digest)
    several = {name for name, found in digests.items() if len(found) > 1}

    def name_in(run: Run) -> Callable[[str], str]:
        weights = _weights(run)

        def renamed(encoder: str) -> str:
            for name in several & weights.keys():
                # The blocks and the untrained control of a network begin with its name.
                if encoder == name or encoder.startswith((f"{name}, block ", name + UNTRAINED)):
                    return f"{name}, weights {weights[name][:_DIGITS]}{encoder[len(name) :]}"
            return encoder

        return renamed

    return [_renamed(run, name_in(run), "encoder", "network") for run in runs]


def _weights(run: Run) -> dict[str, str]:
    """Digests of weights by the name of the encoder, controls left out."""
    return {
        each["name"]: str(each["identity"]["weights"])
        for each in run.settings.get("encoders", [])
        if each.get("family") != CONTROL
        and each.get("name")
        and (each.get("identity") or {}).get("weights")
    }


def _renamed(run: Run, name: Callable[[str], str], *columns: str) -> Run:
    """The run with other names of its encoders or its set of photos, wherever they stand."""
    there = [column for column in columns if column in run.table.columns]
    table = run.table.with_columns(
        pl.col(column).replace({each: name(each) for each in run.table[column].unique() if each})
        for column in there
    )
    settings = dict(run.settings)
    if "dataset" in columns and "dataset" in settings:
        settings["dataset"] = name(settings["dataset"])
    if "encoder" in columns and "encoders" in settings:
        settings["encoders"] = [
            {**each, "name": name(each.get("name", ""))} for each in settings["encoders"]
        ]

    def changed(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {**each, **{key: name(each[key]) for key in columns if each.get(key)}}
            for each in records
        ]

    return replace(
        run,
        table=table,
        settings=settings,
        details=changed(run.details),
    )


def _last_of_each(
    tables: Sequence[pl.DataFrame], names: Sequence[str]
) -> tuple[pl.DataFrame, list[str]]:
    """All rows, of each measurement those of the last run that has it; what was repeated."""
    rows = pl.concat(
        table.with_columns(_run=pl.lit(at, pl.Int64)) for at, table in enumerate(tables)
    ).with_columns(_last=pl.col("_run").max().over(MEASUREMENT))
    older = rows.filter(
        (pl.col("_run") < pl.col("_last")) & (pl.col("family") != CONTROL)
    ).to_dicts()
    kept = rows.filter(pl.col("_run") == pl.col("_last")).drop("_run", "_last")
    return kept, list(_repeated(older, names))


def _repeated(rows: Iterable[Row], names: Sequence[str]) -> Iterable[str]:
    """Sentences about measurements that several runs hold."""
    found: dict[tuple[int, int], dict[str, None]] = {}
    for row in rows:
        about = f"{quoted_name(row)} by {row['encoder']}"
        found.setdefault((row["_run"], row["_last"]), {})[about] = None
    for (older, last), abouts in found.items():
        shown = list(abouts)[:_LISTED]
        more = len(abouts) - len(shown)
        shown += [f"{more:,} more"] if more else []
        yield (
            f"Measured in more than one run: {listed(shown)}. The figures are those of "
            f"“{names[last]}”, the run named last; those of “{names[older]}” are left out."
        )


def _last_records(parts: Sequence[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """All records; of what several runs recorded, those of the last run."""
    last: dict[tuple[Any, ...], int] = {}
    for at, records in enumerate(parts):
        for each in records:
            last[_about(each)] = at
    return [
        each for at, records in enumerate(parts) for each in records if last[_about(each)] == at
    ]


def _about(record: dict[str, Any]) -> tuple[Any, ...]:
    names = ("dataset", "encoder", "experiment", "attribute", "setup")
    return tuple(record.get(name) for name in names)
