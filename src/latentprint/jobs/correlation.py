"""Whether classes go together with how photos were taken, of photos, vectors or a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentprint.experiments.bins import parse_bins
from latentprint.experiments.correlation.correlation import (
    Correlation,
    check_columns,
    correlate,
    photo_columns,
    write_correlation,
)
from latentprint.files import as_path, require_table
from latentprint.jobs.known_photos import open_known
from latentprint.jobs.shown import Shown
from latentprint.options import option
from latentprint.photos.exif_files import SCHEMA
from latentprint.results import results_table
from latentprint.several import several

if TYPE_CHECKING:
    import polars as pl

    from latentprint.report.inputs import Run


@dataclass(frozen=True)
class CorrelationOptions:
    """What is set against the classes, and how.

    Attributes:
        label: Column with the classes.
        columns: Only these columns; by default all.
        group: Photos with one value of this column are not independent (photographer, scene) and
            are permuted as one; by default the manifest's group.
        bins: How values become classes: values, values:K, quantiles:K, stops, edges:A,B or
            published.
        metadata: For vectors: a table about their photos.
        id_column: For vectors: the column by which they find their rows.
        vector_columns: For vectors: what they are in a file that holds other things too.
        files: Read EXIF and file facts, or use the manifest alone.
        permutations: Permutations behind each p.
        layout: How to read a folder; see ``open_photos``.
        follow_links: Follow links that lead out of the folder.
        workers: Processes that read photos; 0 reads in the main one.
        seed: Seeds everything that is random.
    """

    label: str = option("label")
    columns: tuple[str, ...] = option((), "--nuisance")
    group: str | None = option(None)
    bins: dict[str, str] = option({}, parse=parse_bins)
    metadata: Any = option(None)
    id_column: str | None = option(None)
    vector_columns: tuple[str, ...] = option(())
    files: bool = option(True)
    permutations: int = option(1000, least=1)
    layout: str = option("auto")
    follow_links: bool = option(False)
    workers: int | None = option(None, least=0)
    seed: int = option(0)

    def __post_init__(self) -> None:
        for name in ("columns", "vector_columns"):
            object.__setattr__(self, name, several(getattr(self, name)))


@dataclass(frozen=True, repr=False)
class Correlated(Shown):
    """How far columns go together with the classes.

    Attributes:
        found: The figures, with what they say in a sentence, and Cramér's V of every two columns.
        unread: What could not be read of the photos, with the reason.
    """

    found: Correlation
    unread: dict[str, str] = field(default_factory=dict)

    @property
    def run(self) -> Run:
        """What the report is made from, in memory."""
        from latentprint.report.inputs import run_of

        return run_of(results_table([]), {}, [], self.found.to_dict())

    @property
    def table(self) -> pl.DataFrame:
        """One row for every column, the largest V first; see ``ColumnCorrelation``."""
        return self.found.table()

    def __repr__(self) -> str:
        return f"<Correlated: {len(self.found.columns)} columns with {self.found.label!r}>"

    @property
    def _sentence(self) -> str:
        return self.found.sentence


def measure_correlation(
    photos: Any,
    options: CorrelationOptions,
    *,
    out: Path | str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Correlated:
    """Measure how far columns go together with the classes.

    Args:
        photos: A folder, a manifest or a data frame of photos; vectors of one's own; or a table
            without paths, of which only the columns are asked.
        options: What is asked, and how.
        out: A .csv or .parquet file for one row of every column, or a .json file for everything.
        on_progress: Called with the number of photos that were read and of all.

    Raises:
        UsageError: An option, column or rule is not known.
        LatentprintError: A file cannot be read or written, or there are no two classes.
    """
    opened = open_known(
        photos,
        options.metadata,
        id_column=options.id_column,
        vector_columns=options.vector_columns,
        layout=options.layout,
        follow_links=options.follow_links,
    )
    asked = [options.label, *options.columns, *([options.group] if options.group else [])]
    check_columns(opened.table, asked, options.bins, list(SCHEMA) if options.files else [])
    if out is not None:
        out = as_path(out)
        require_table(out)
    table, unread = photo_columns(
        opened, read_files=options.files, workers=options.workers, on_progress=on_progress
    )
    found = correlate(
        table,
        options.label,
        columns=options.columns or None,
        group=options.group,
        bins=options.bins,
        permutations=options.permutations,
        seed=options.seed,
    )
    if out is not None and found.columns:
        write_correlation(found, out)
    return Correlated(found, unread)
