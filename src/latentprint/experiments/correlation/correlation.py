"""Do the classes of a data set go together with how its photos were taken and stored?

Traces do harm where metadata and class go together: an encoder that sees the camera then seems to
see the class. This is asked of the labels alone; no pixel is decoded, no encoder is needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.experiments.correlation.association import permute, tabulate, v_matrix
from latentprint.experiments.correlation.correlation_columns import usable_columns
from latentprint.experiments.probes.labels import Labelled, check_rule, label_photos
from latentprint.files import require_table_suffix, write_json, write_table
from latentprint.photos import as_photos
from latentprint.photos.exif_files import exif_table
from latentprint.several import several
from latentprint.words import FALSE_DISCOVERIES

if TYPE_CHECKING:
    from latentprint.photos import Photos

NOTABLE = 0.1
"""A smaller Cramér's V is called weak."""


@dataclass(frozen=True)
class ColumnCorrelation:
    """How far a column goes together with the classes.

    Attributes:
        column: Name of the column.
        rule: How its values became levels; see ``label_photos``.
        n: Photos that have both.
        classes: Classes among them.
        levels: Levels of the column among them.
        v: Bias-corrected Cramér's V, 0 (independent) to 1.
        chance: Cramér's V that 95 % of the permutations stay below.
        p: Share of permutations that go together as much.
        q: The same after Benjamini-Hochberg over all columns.
    """

    column: str
    rule: str
    n: int
    classes: int
    levels: int
    v: float
    chance: float
    p: float
    q: float


@dataclass(frozen=True)
class Correlation:
    """How far the columns of a data set go together with its classes, and with each other.

    Attributes:
        label: Name of the column with the classes.
        photos: Photos that have a class.
        groups: Number of groups that permutations kept together; None where there were none.
        columns: One for every column, the largest V first.
        left_out: Columns that cannot tell anything, with the reason.
        names: The columns of the matrix, the label first.
        matrix: Cramér's V of every two of them, float64 [M, M]; NaN where no photos have both.
    """

    label: str
    photos: int
    groups: int | None
    columns: tuple[ColumnCorrelation, ...]
    left_out: dict[str, str]
    names: tuple[str, ...]
    matrix: np.ndarray

    @property
    def notable(self) -> list[ColumnCorrelation]:
        """The columns that go together with the label so far that traces can do harm."""
        return [each for each in self._linked if each.v >= NOTABLE]

    @property
    def _linked(self) -> list[ColumnCorrelation]:
        return [each for each in self.columns if each.q <= FALSE_DISCOVERIES and each.v > 0]

    @property
    def sentence(self) -> str:
        """What was found, in plain words."""
        linked, notable = self._linked, self.notable
        if not self.columns:
            return f"No column can tell whether it goes together with {self.label!r}."
        if not linked:
            several = len(self.columns) > 1
            none = f"None of {len(self.columns)} columns is" if several else "The one column is not"
            return (
                f"{none} shown to go together with {self.label!r}. "
                f"With {self.photos} photos that is no proof that none does."
            )
        first = linked[0]
        most = (
            f"most of all {first.column} (Cramér's V {first.v:.2f} of 0 to 1 over {first.n:,} "
            f"photos, by chance up to {first.chance:.2f})"
        )
        if not notable:
            return f"{self._some(linked)} together with {self.label!r}, but weakly, {most}."
        return (
            f"Warning: {self._some(notable)} together with "
            f"{self.label!r}, {most}. There an encoder's traces can do harm: what looks like the "
            "class may be the camera or the file. Balance the classes over these columns, or judge "
            "on photos where they differ."
        )

    def _some(self, found: Sequence[ColumnCorrelation]) -> str:
        """How many of the columns go."""
        goes = "goes" if len(found) == 1 else "go"
        columns = "column" if len(self.columns) == 1 else "columns"
        return f"{len(found)} of {len(self.columns)} {columns} {goes}"

    def table(self) -> pl.DataFrame:
        """One row for every column, the largest V first."""
        return pl.DataFrame([asdict(each) for each in self.columns], schema=_SCHEMA)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values; what is not known in the matrix is None."""
        matrix = [[None if math.isnan(v) else v for v in row] for row in self.matrix.tolist()]
        return {
            "label": self.label,
            "photos": self.photos,
            "groups": self.groups,
            "columns": [asdict(each) for each in self.columns],
            "left_out": self.left_out,
            "matrix": {"names": list(self.names), "v": matrix},
            "notable": [each.column for each in self.notable],
            "weak": [each.column for each in self._linked if each not in self.notable],
            "sentence": self.sentence,
        }


_SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("column", "rule"), pl.String),
    **dict.fromkeys(("n", "classes", "levels"), pl.Int64),
    **dict.fromkeys(("v", "chance", "p", "q"), pl.Float64),
}


def correlate(
    photos: Any,
    label: str = "label",
    *,
    columns: Sequence[str] | None = None,
    group: str | None = None,
    bins: Mapping[str, str] | None = None,
    permutations: int = 1000,
    seed: int = 0,
) -> Correlation:
    """Measure how far the columns of a table of photos go together with their classes.

    Bias-corrected Cramér's V with a permutation test. Photos without a value are left out of that
    column; of more than 1,000 values the rarest count as one. Columns with one value, with hardly
    another, with hardly two photos of the same value, or that fewer than 10 photos have, are left
    out. The order of rows and columns changes nothing.

    Args:
        photos: One row for every photo, with a column ``id``; or what ``open_photos`` opens, of
            which EXIF and file facts are read.
        label: Column with the classes.
        columns: Only these columns; by default all.
        group: Column of photos that are not independent, such as a photographer's, which are
            permuted as one; by default ``group`` where there is one.
        bins: Rule of binning by column; see ``label_photos``. Classes are taken as they are.
        permutations: Number of permutations; p is at least 1 / (permutations + 1).
        seed: Seeds the permutations.

    Raises:
        UsageError: There is no such column or rule.
        LatentprintError: There are no two classes, or as many as photos.
    """
    if not isinstance(photos, pl.DataFrame):
        photos, _ = photo_columns(as_photos(photos))
    if "id" not in photos.columns:
        raise UsageError("The table of photos has no column 'id'.")
    columns = None if columns is None else several(columns)
    if permutations < 1:
        raise UsageError("At least one permutation is needed.")
    bins = dict(bins or {})
    check_columns(photos, (label, *(columns or ()), *([group] if group else [])), bins)
    classes, photos = _classes(photos.sort("id"), label, bins.pop(label, "values"))
    group = group or ("group" if "group" in photos.columns else None)
    groups = None if group is None else _groups(photos, group)
    asked = [each for each in columns or photos.columns if each != label]
    levels, left_out = usable_columns(photos, asked, classes, label, group, bins)
    codes = {name: each.codes for name, each in sorted(levels.items())}
    chances = permute(classes.codes, codes, groups, permutations=permutations, seed=seed)
    from scipy.stats import false_discovery_control

    adjusted = false_discovery_control([chance.p for chance in chances.values()]).tolist()
    rates = dict(zip(chances, adjusted, strict=True))
    found = []
    for name, chance in chances.items():
        known = codes[name] >= 0
        table = tabulate(classes.codes[known], codes[name][known])
        counts = (table.n, table.rows, table.columns, float(table.v))
        row = ColumnCorrelation(name, levels[name].rule, *counts, chance.v, chance.p, rates[name])
        found.append(row)
    return Correlation(
        label=label,
        photos=len(photos),
        groups=None if groups is None else int(groups.max()) + 1,
        columns=tuple(sorted(found, key=lambda each: (-each.v, each.p, each.column))),
        left_out=left_out,
        names=(label, *codes),
        matrix=v_matrix([classes.codes, *codes.values()]),
    )


def check_columns(
    photos: pl.DataFrame,
    names: Sequence[str],
    bins: Mapping[str, str],
    further: Sequence[str] = (),
) -> None:
    """Refuse columns and rules that do not exist, and a label without classes.

    Args:
        photos: What is known of the photos already.
        names: The columns that are asked for, the label first.
        bins: Rule of binning by column.
        further: Columns that their files will give.

    Raises:
        UsageError: There is no such column or rule, or the rule needs numbers.
        LatentprintError: There are no two classes, or as many as photos.
    """
    known = list(dict.fromkeys((*photos.columns, *further)))
    for name in (*names, *bins):
        if name not in known:
            raise unknown_name("column", name, known)
    for name, rule in bins.items():
        check_rule(name, rule)
        if name in photos.columns:
            label_photos(photos, name, rule)
    label = names[0]
    if label in photos.columns:
        _classes(photos, label, bins.get(label, "values"))


def photo_columns(
    photos: Photos,
    *,
    read_files: bool = True,
    workers: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[pl.DataFrame, dict[str, str]]:
    """Collect what is known of photos without decoding them: their table, EXIF and file facts.

    A column of the table takes the place of what files say under the same name.

    Args:
        photos: The photos.
        read_files: Read the headers of their files, where these are known.
        workers: Processes that read; see ``exif_table``.
        on_progress: Called with the number of photos that are done and of all.

    Returns:
        One row for every photo, and what could not be read with the reason.
    """
    if not read_files or photos.table["path"].is_null().all():
        return photos.table, {}
    facts = exif_table(photos, workers=workers, on_progress=on_progress)
    broken = facts.filter(pl.col("status") == "broken")
    said = {}
    if broken.height:
        reason = f"{broken['id'][0]}: {broken['reason'][0]}"
        said["EXIF and file facts"] = f"{broken.height} of {facts.height} files: {reason}"
    new = [name for name in facts.columns if name not in photos.table.columns]
    return photos.table.hstack(facts.select(new)), said


def write_correlation(correlation: Correlation, file: Path) -> None:
    """Write the columns to a .csv or .parquet file, or everything to a .json file, atomically.

    Raises:
        UsageError: The suffix is none of these.
        LatentprintError: The file cannot be written.
    """
    require_table_suffix(file)
    if file.suffix.lower() != ".json":
        write_table(file, correlation.table())
        return
    write_json(file, correlation.to_dict())


def _classes(photos: pl.DataFrame, label: str, rule: str) -> tuple[Labelled, pl.DataFrame]:
    """The classes, and the photos that have one."""
    labelled = label_photos(photos, label, rule)
    known = labelled.codes >= 0
    photos = photos.filter(known)
    labelled = replace(labelled, codes=labelled.codes[known])
    different = len(np.unique(labelled.codes))
    if different < 2:
        raise LatentprintError(
            f"Classes in the column {label!r}: {different}, and two are needed: put the photos of"
            " each class into a folder of its own, or name another column with --label."
        )
    if 2 * different > len(photos):
        raise LatentprintError(
            f"The column {label!r} holds {different} classes for {len(photos)} photos, most of them"
            " for one alone: name a column with larger classes with --label."
        )
    return labelled, photos


def _groups(photos: pl.DataFrame, group: str) -> np.ndarray | None:
    """Number of every photo's group; None where each photo is its own."""
    own = pl.concat_str(pl.lit("\0"), "id")
    names = photos.select(pl.coalesce(pl.col(group).cast(pl.String), own)).to_series()
    codes = names.rank("dense").to_numpy().astype(np.int64) - 1
    return None if codes.max() + 1 == len(codes) else codes
