"""What a report is made from: the files of a run folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import NoDataError, PolarsError

from latentprint.errors import LatentprintError
from latentprint.photos.tones import Tones
from latentprint.report.pictures import Photo, Pictures, signed
from latentprint.results import LeftOut, read_results
from latentprint.signature import is_own
from latentprint.spreadsheets import restored
from latentprint.words import CONTROL, SEMANTIC, Experiment, ProbeSetup

_NUMBERS = ("width", "height", "jpeg_quality")
_TEXTS = ("id", "path", "status", "reason", "format", "jpeg_subsampling", "split", "label")

Row = dict[str, Any]
"""One row of the result table, by column."""


@dataclass(frozen=True)
class Run:
    """The files of a run folder, or of several that were joined (see ``runs.join_runs``).

    Attributes:
        table: The result table, the only source of measured figures.
        photos: Every file with its status; None where the run did not record them, and of joined
            runs, whose parts have them.
        settings: How the run was made; empty where that was not recorded.
        details: What stands behind the figures (confusion matrices, curves, galleries…), each
            with its ``experiment`` and ``dataset``; empty where not recorded.
        correlation: How far classes and columns go together; None where that was not asked, and
            of joined runs, whose parts have it.
        name: Name of the folder.
        folder: The folder, as it was given; None where the run was not read from one.
        joined: The runs that were joined; empty for a single run.
        remarks: What joining had to settle, one sentence each.
        photos_folder: A folder that the user names now, in which photos are shown.
    """

    table: pl.DataFrame
    photos: pl.DataFrame | None
    settings: dict[str, Any]
    details: list[dict[str, Any]] = field(default_factory=list)
    correlation: dict[str, Any] | None = None
    name: str = ""
    folder: Path | None = None
    joined: tuple[Run, ...] = ()
    remarks: tuple[str, ...] = ()
    photos_folder: Path | None = None

    @property
    def parts(self) -> tuple[Run, ...]:
        """The runs that were joined; the run itself where it is a single one."""
        return self.joined or (self,)

    @cached_property
    def every_row(self) -> list[Row]:
        """The rows of the user's encoders and of their blocks, without the controls."""
        return self.table.filter(pl.col("family") != CONTROL).to_dicts()

    @cached_property
    def rows(self) -> list[Row]:
        """The rows of final embeddings of the user's encoders, without the controls."""
        return [row for row in self.every_row if row["layer"] is None]

    @property
    def layers(self) -> list[Row]:
        """The rows of intermediate layers of the user's encoders, without the controls."""
        return [row for row in self.every_row if row["layer"] is not None]

    @property
    def probes(self) -> list[Row]:
        """The probes of processing that see one photo at a time, whatever the assignment."""
        return [row for row in self.of(Experiment.PROCESSING_PROBE) if not is_paired(row)]

    @property
    def paired(self) -> list[Row]:
        """The paired probes of processing."""
        return [row for row in self.of(Experiment.PROCESSING_PROBE) if is_paired(row)]

    @property
    def labels(self) -> list[Row]:
        """The probes of acquisition labels and of the user's own."""
        return self.of(Experiment.ACQUISITION_PROBE)

    @property
    def traced_labels(self) -> list[Row]:
        """Those of labels that are traces: not of the semantic class, which is meant to be told."""
        return [row for row in self.labels if row["attribute"] != SEMANTIC]

    @property
    def every_probe(self) -> list[Row]:
        """All of them."""
        return [*self.probes, *self.paired, *self.labels]

    @property
    def neighbours(self) -> list[Row]:
        """The kNN rows of the user's encoders, influence included."""
        return self.of(Experiment.KNN_INFLUENCE)

    def of(self, experiment: str) -> list[Row]:
        """The rows of an experiment on the user's encoders."""
        return [row for row in self.rows if row["experiment"] == experiment]

    def details_of(self, experiment: str) -> list[dict[str, Any]]:
        """What stands behind the figures of an experiment."""
        return [each for each in self.details if each.get("experiment") == experiment]

    @property
    def left_out(self) -> list[LeftOut]:
        """What was asked for and not measured."""
        return [
            LeftOut(**each) for part in self.parts for each in part.settings.get("left_out", [])
        ]

    @property
    def datasets(self) -> list[str]:
        """Names of the sets of photos."""
        if self.joined:
            return list(dict.fromkeys(name for part in self.joined for name in part.datasets))
        named = [self.settings["dataset"]] if self.settings.get("dataset") else []
        return [str(each) for each in dict.fromkeys([*named, *self.table["dataset"].to_list()])]

    @property
    def root(self) -> Path | None:
        """The folder that the paths of photos start from; None where that is not recorded."""
        root = self.settings.get("root")
        return Path(root) if root else None

    @property
    def tones(self) -> dict[Path, Tones]:
        """How deep pictures were scaled, by the folder that the paths of photos start from."""
        return {
            part.root: Tones.recorded(part.settings.get("extraction", {}).get("tones", []))
            for part in self.parts
            if part.root
        }

    @cached_property
    def pictures(self) -> Pictures:
        """Which photos may be shown."""
        own: set[Photo] = set()
        for part in self.parts if self.photos_folder is None else ():
            if part.root:
                told = signed(str(part.settings["root"]), part.details)
                if is_own(part.settings.get("signature"), told):
                    own |= {(part.root, path) for path in told[1:]}
        return Pictures(frozenset(own), self.photos_folder)

    def root_of(self, dataset: str) -> Path | None:
        """The folder that the paths of a set of photos start from; None where not recorded."""
        roots = (part.root for part in self.parts if part.root and dataset in part.datasets)
        return next(roots, None)


def rows_by_setup(rows: Iterable[Row], *columns: str) -> dict[tuple[Any, ...], dict[str, Row]]:
    """Rows by some columns, then by set-up, in the order in which they come."""
    found: dict[tuple[Any, ...], dict[str, Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in columns), {})[row["setup"]] = row
    return found


def grouped(rows: Iterable[Row], *columns: str) -> list[list[Row]]:
    """Rows that agree in some columns together, in the order in which they come."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in columns), []).append(row)
    return list(groups.values())


def is_published(row: Row) -> bool:
    """Whether the row is a published figure, which has neither interval nor number of photos."""
    return row["n_test"] is None


def is_paired(row: Row) -> bool:
    """Whether the row is of the paired probe."""
    return ProbeSetup(row["setup"]).paired


def read_run(folder: Path) -> Run:
    """Read the run folder.

    Raises:
        LatentprintError: The folder holds no result table, or a file in it is damaged.
    """
    table = _read_table(folder)
    settings, correlation = (
        _read_json(folder / f"{name}.json", {}) for name in ("settings", "correlation")
    )
    details: list[dict[str, Any]] = _read_json(folder / "details.json", [])
    return replace(
        run_of(table, settings, details, correlation or None),
        photos=_read_photos(folder / "photos.csv"),
        name=folder.resolve().name,
        folder=folder,
    )


def run_of(
    table: pl.DataFrame,
    settings: dict[str, Any],
    details: list[dict[str, Any]],
    correlation: dict[str, Any] | None = None,
) -> Run:
    """A run that is in memory.

    Args:
        table: The result table.
        settings: How it was measured, as ``settings.json`` has it.
        details: What stands behind the figures.
        correlation: How far classes and columns go together.
    """
    dataset = settings.get("dataset") or next(iter(table["dataset"].to_list()), "")
    named = [{"dataset": dataset, **each} for each in details]
    return Run(table, None, settings, named, correlation)


def _read_table(folder: Path) -> pl.DataFrame:
    try:
        return read_results(folder)
    except (PolarsError, OSError) as error:
        raise LatentprintError(
            f"{folder / 'results.parquet'} is damaged: run the job again that wrote it."
        ) from error


def _read_json(path: Path, default: Any) -> Any:
    """What a JSON file holds; the default where there is no such file."""
    if not path.exists():
        return default
    try:
        found = json.loads(path.read_text("utf-8"))
    except (ValueError, OSError) as error:
        raise LatentprintError(
            f"{path} is damaged: run the job again that wrote it, or remove the file."
        ) from error
    if not isinstance(found, type(default)):
        raise LatentprintError(f"{path} is not of a run: remove the file.")
    return found


def _read_photos(path: Path) -> pl.DataFrame | None:
    if not path.exists():
        return None
    try:
        # Names are anything at all, such as "0012" or "null": no type may be guessed from them.
        table = restored(pl.read_csv(path, infer_schema=False))
    except NoDataError:
        return None
    missing = [name for name in (*_TEXTS, *_NUMBERS) if name not in table.columns]
    return table.with_columns(pl.lit(None, pl.String).alias(name) for name in missing).with_columns(
        pl.col(_NUMBERS).cast(pl.Float64, strict=False)
    )
