"""Compare two runs, or two sets of embeddings, and keep the answer."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from polars.exceptions import PolarsError

from latentprint.comparison.judging import Compared, Side, compare_rows, comparison_table
from latentprint.comparison.pairing import paired_names
from latentprint.comparison.vectors import VectorsCompared, compare_vectors
from latentprint.embeddings.store import differences
from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.probes.resamples import RESAMPLES
from latentprint.experiments.source import UNPROCESSED, Opened, without_controls
from latentprint.files import as_path, make_folder, write_json, write_table
from latentprint.jobs.measure import Measured
from latentprint.jobs.shown import Shown
from latentprint.jobs.source_options import Sources
from latentprint.jobs.sources import open_sources
from latentprint.report.found import Found, Told, write_markdown_page
from latentprint.results import LeftOut, results_of

if TYPE_CHECKING:
    from latentprint.report.inputs import Run

_SETTINGS = ("latentprint", "seed", "dataset", "versions", "extraction", "photos")
"""What of the settings of runs is compared, beside the encoders."""


@dataclass(frozen=True, repr=False)
class ComparedRuns(Found):
    """Two runs side by side.

    Attributes:
        names: What they are called.
        rows: What both measured, judged together.
        left_out: What was not compared, and why.
        settings: What of their settings differs: its name, and both values (None is absent).
        page: The page that was written; None without ``out``.
    """

    names: tuple[str, str]
    rows: tuple[Compared, ...]
    left_out: tuple[LeftOut, ...]
    settings: tuple[tuple[str, Any, Any], ...]
    page: Path | None = None

    @property
    def table(self) -> pl.DataFrame:
        """One row for every measurement in both: the attributes of ``Compared``."""
        return comparison_table(self.rows)

    def report(self, path: Path | str) -> Path:
        """Write it as one HTML page that works offline.

        Args:
            path: The file to write.

        Returns:
            The file that was written, whole or not at all.

        Raises:
            LatentprintError: The page cannot be written.
        """
        from latentprint.comparison.page import markdown_of

        out = as_path(path)
        markdown = markdown_of(self.names, self.rows, self.left_out, self.settings)
        write_markdown_page(markdown, out)
        return out

    def _told(self) -> Told:
        from latentprint.comparison.telling import HEADINGS, cells_of, counted, setting_lines

        headline = f"{self.names[0]} and {self.names[1]}: {counted(self.rows)}"
        return Told(headline, setting_lines(self.settings), HEADINGS, [*map(cells_of, self.rows)])


@dataclass(frozen=True, repr=False)
class ComparedStores(Found):
    """Two sets of embeddings side by side.

    Attributes:
        names: What they are called.
        encoders: What was compared of each pair of encoders.
        settings: What differs in how they were made: its name, and both values (None is absent).
        page: The page that was written; None without ``out``.
    """

    names: tuple[str, str]
    encoders: tuple[VectorsCompared, ...]
    settings: tuple[tuple[str, Any, Any], ...]
    page: Path | None = None

    @property
    def table(self) -> pl.DataFrame:
        """One row for every figure: ``first, second, processing, photos, measure, value, low,
        high, chance``; figures of single photos are in the ``table`` of each of ``encoders``.
        """  # noqa: D205
        about = ("first", "second", "processing", "photos")
        return pl.DataFrame(
            [
                {**{name: getattr(each, name) for name in about}, **asdict(figure)}
                for each in self.encoders
                for figure in each.figures
            ]
        )

    def _told(self) -> Told:
        from latentprint.comparison.telling import told_stores

        return told_stores(self.names, self.encoders, self.settings)


def compare(
    first: Any,
    second: Any,
    *,
    encoders: tuple[str, str] | None = None,
    processing: str | None = None,
    out: Path | str | None = None,
    seed: int = 0,
) -> ComparedRuns | ComparedStores:
    """Compare two runs measurement by measurement, or two sets of embeddings without labels.

    As ``latentprint compare``. Of runs all differences are judged together; of embeddings it is
    1 - cos, common neighbours, and what a turn of one leaves of the other.

    Args:
        first: A run: its folder, or what ``audit``, ``probe`` and the other experiments returned;
            or embeddings: what ``embed`` wrote or returned, or vectors of your own, as
            experiments take them.
        second: Another of the same kind, or the same, to compare two encoders of it.
        encoders: An encoder of the first and one of the second; by default those of one name, or,
            where each has a single one, these.
        processing: Of embeddings, the processing class; by default ``none``, or the first that both
            hold.
        out: Folder for the comparison.
        seed: Seeds what is random.

    Raises:
        UsageError: One is a run and the other is not, there is no such encoder or class, or it is
            not clear which are to be compared.
        LatentprintError: One cannot be read, they have nothing in common, or ``out`` cannot be
            written to.
    """
    first, second = _taken(first), _taken(second)
    if are_runs(first, second):
        if processing is not None:
            raise UsageError("--processing is for embeddings: runs have it in their rows.")
        return compare_runs(first, second, encoders=encoders, out=out)
    return compare_stores(
        first, second, encoders=encoders, processing=processing, out=out, seed=seed
    )


def compare_runs(
    first: Path | Shown,
    second: Path | Shown,
    *,
    encoders: tuple[str, str] | None = None,
    out: Path | str | None = None,
) -> ComparedRuns:
    """Compare the results of two runs, measurement by measurement.

    Args:
        first: A run folder, or a result that is in memory.
        second: Another, or the same, to compare two encoders of it.
        encoders: An encoder of the first and one of the second; by default those of one name, or,
            where each run has a single one, these.
        out: Folder for comparison.csv, comparison.json and comparison.html.

    Raises:
        UsageError: There is no such encoder, or it is not clear which are to be compared.
        LatentprintError: A run cannot be read, they have nothing in common, or ``out`` cannot be
            written to.
    """
    given = first, second
    runs = [_run(each) for each in given]
    names = _names(*given)
    sides = [
        Side(
            name,
            results_of(run.table),
            _resamples(each),
            float((run.settings.get("extraction") or {}).get("mask") or 0.0),
        )
        for name, run, each in zip(names, runs, given, strict=True)
    ]
    rows, left_out = compare_rows(sides[0], sides[1], encoders)
    pairs = dict.fromkeys((row.first_encoder, row.second_encoder) for row in rows)
    settings = tuple(_differing(runs[0].settings, runs[1].settings, list(pairs)))
    found = ComparedRuns(names, tuple(rows), tuple(left_out), settings)
    return found if out is None else replace(found, page=_write(as_path(out), found))


def compare_stores(
    first: Any,
    second: Any,
    *,
    encoders: tuple[str, str] | None = None,
    processing: str | None = None,
    out: Path | str | None = None,
    seed: int = 0,
) -> ComparedStores:
    """Compare two sets of embeddings of the same photos, without labels.

    Args:
        first: What ``embed`` wrote, or vectors of your own; or embeddings that are open.
        second: Another, or the same, to compare two encoders of it.
        encoders: An encoder of the first and one of the second; by default those of one name, or,
            where each has a single one, these.
        processing: The processing class; by default ``none``, or the first that both hold.
        out: Folder for comparison.html, comparison.json and comparison.parquet, one row for every
            photo.
        seed: Seeds what is random.

    Raises:
        UsageError: There is no such encoder or class, or it is not clear which are to be compared.
        LatentprintError: Embeddings cannot be read, too few photos are in both, or ``out`` cannot
            be written to.
    """
    sides = [without_controls(open_sources(Sources(each))) for each in (first, second)]
    names = _names(first, second)
    compared, settings = [], []
    mine, theirs = ({each.source.encoder: each for each in side} for side in sides)
    for first_name, second_name in paired_names(names, [*mine], [*theirs], encoders).items():
        one, other = mine[first_name], theirs[second_name]
        name = _processing(one, other, processing)
        compared.append(compare_vectors(one.source, other.source, name, seed=seed))
        settings += [
            (f"{one.source.encoder}: {each}", *values)
            for each, *values in differences(_made(one), _made(other))
        ]
    found = ComparedStores(names, tuple(compared), tuple(settings))
    if out is not None:
        out = as_path(out)
        make_folder(out)
        table = pl.concat(
            [
                each.table.select(
                    pl.lit(each.first).alias("first"), pl.lit(each.second).alias("second"), pl.all()
                )
                for each in compared
            ],
            how="diagonal",
        )
        write_table(out / "comparison.parquet", table)
        write_json(out / "comparison.json", stores_as_json(found))
        found = replace(found, page=found.report(out / "comparison.html"))
    return found


def runs_as_json(found: ComparedRuns) -> dict[str, Any]:
    """A comparison of runs as JSON values."""
    return {
        "first": found.names[0],
        "second": found.names[1],
        "rows": [asdict(row) for row in found.rows],
        "left_out": [asdict(each) for each in found.left_out],
        "settings": _settings_as_json(found.settings),
    }


def stores_as_json(found: ComparedStores) -> dict[str, Any]:
    """A comparison of embeddings as JSON values, without those of single photos."""
    encoders = [
        {
            **{key: getattr(each, key) for key in ("first", "second", "processing", "photos")},
            **{key: getattr(each, key) for key in ("only_first", "only_second")},
            "dimensions": list(each.dimensions),
            "figures": [asdict(figure) for figure in each.figures],
        }
        for each in found.encoders
    ]
    return {
        "first": found.names[0],
        "second": found.names[1],
        "encoders": encoders,
        "settings": _settings_as_json(found.settings),
    }


def are_runs(first: Any, second: Any) -> bool:
    """Whether two paths or objects are runs with results, or else embeddings.

    Raises:
        UsageError: One is a run and the other is not.
    """
    given = first, second
    runs = [_is_run(each) for each in given]
    if runs[0] != runs[1]:
        for each in given:
            if isinstance(each, Path) and not each.exists():
                raise UsageError(f"There is no folder or file {each}.")
        names = [
            str(each) if isinstance(each, Path) else name
            for each, name in zip(given, _names(*given), strict=True)
        ]
        run, other = names if runs[0] else reversed(names)
        raise UsageError(
            f"{run} is a run and {other} holds no results: name two runs, or two sets of embeddings"
            " (those of an audit are in the folder `embeddings` of its run)."
        )
    return runs[0]


def _taken(given: Any) -> Any:
    """The folder of what lies in one, and what is in memory as it is.

    Raises:
        UsageError: It is nothing.
    """
    if isinstance(given, Shown):
        return given.run.folder or given
    return as_path(given) if given is None or isinstance(given, str | os.PathLike) else given


def _is_run(given: Any) -> bool:
    if isinstance(given, Path):
        return (given / "results.parquet").exists()
    return isinstance(given, Shown)


def _run(given: Path | Shown) -> Run:
    from latentprint.report.inputs import read_run

    return read_run(given) if isinstance(given, Path) else given.run


def _resamples(given: Path | Shown) -> pl.DataFrame | None:
    """The resamples that a run folder keeps, or what was measured in memory holds."""
    if not isinstance(given, Path):
        return given.tables.get(RESAMPLES) if isinstance(given, Measured) else None
    path = given / f"{RESAMPLES}.parquet"
    if not path.exists():
        return None
    try:
        found = pl.read_parquet(path)
    except (PolarsError, OSError) as error:
        raise LatentprintError(
            f"{path} is damaged: run the job again that wrote it, or remove the file."
        ) from error
    columns = ("encoder", "experiment", "attribute", "setup", "of", "values")
    if not set(columns) <= set(found.columns) or found.schema["values"] != pl.List(pl.Float64):
        raise LatentprintError(f"{path} is not of a run: remove the file.")
    return found


def _write(out: Path, found: ComparedRuns) -> Path:
    make_folder(out)
    write_table(out / "comparison.csv", comparison_table(found.rows))
    write_json(out / "comparison.json", runs_as_json(found))
    return found.report(out / "comparison.html")


def _settings_as_json(settings: Sequence[tuple[str, Any, Any]]) -> list[dict[str, Any]]:
    return [{"name": name, "first": one, "second": other} for name, one, other in settings]


def _names(first: Any, second: Any) -> tuple[str, str]:
    """Short names, told apart by the whole path where folders are named alike."""
    names = [
        each.resolve().name if isinstance(each, Path) else f"{place} (in memory)"
        for place, each in (("first", first), ("second", second))
    ]
    return (names[0], names[1]) if names[0] != names[1] else (str(first), str(second))


def _differing(
    first: dict[str, Any], second: dict[str, Any], pairs: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, Any, Any]]:
    for key in _SETTINGS:
        yield from differences(first.get(key), second.get(key), key)
    records = [
        {each.get("name"): each for each in settings.get("encoders", [])}
        for settings in (first, second)
    ]
    for one, other in pairs:
        yield from differences(records[0].get(one), records[1].get(other), f"encoder {one}")


def _processing(one: Opened, other: Opened, asked: str | None) -> str:
    both = [name for name in one.classes if name in other.classes]
    if asked is not None:
        if asked not in both:
            raise UsageError(
                f"The class {asked!r} is not in both; these are: {', '.join(both) or 'none'}."
            )
        return asked
    if not both:
        raise LatentprintError(
            f"{one.source.encoder} and {other.source.encoder} were embedded under no common class: "
            "embed both with -a none."
        )
    return UNPROCESSED if UNPROCESSED in both else both[0]


def _made(opened: Opened) -> dict[str, Any]:
    return {"encoder": opened.encoder, "extraction": opened.extraction}
