"""Fit an eraser on photos of one half, and record which photos it never saw."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from latentprint.erasure.artefact import save_eraser
from latentprint.erasure.eraser import LinearEraser
from latentprint.erasure.leace import LeaceOptions, fit_leace
from latentprint.erasure.moments import Moments
from latentprint.erasure.signal import LEAST_SHARE, Signal, signal_of
from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.correlation.association import tabulate
from latentprint.files import write_table
from latentprint.jobs.erase_rows import EraseRows
from latentprint.jobs.erase_sides import SIDES
from latentprint.options import option
from latentprint.photos import assign_splits

_TESTED_AT_MOST = 10_000
_MANY = 4
_CORRELATED = 0.1


@dataclass(frozen=True)
class EraseOptions:
    """How an eraser is fitted, and on which photos.

    Attributes:
        leace: The metric, and directions beyond those of the classes.
        photos: Most photos to fit on; None for all of the half.
        holdout: Share of groups of photos that the eraser does not see.
        seed: Seeds the two halves and the permutations.
        refit_all: After the halves were recorded, fit on all photos.
        double: Keep the numbers in float64.
        keep: A column of labels that should stay readable.
    """

    leace: LeaceOptions = LeaceOptions()  # noqa: RUF009 - frozen
    photos: int | None = option(None, least=2)
    holdout: float = option(0.5)
    seed: int = option(0)
    refit_all: bool = option(False)
    double: bool = option(False, "--float64")
    keep: str | None = option(None)

    def __post_init__(self) -> None:
        if not 0 < self.holdout < 1:
            raise UsageError(f"--holdout lies between 0 and 1, not {self.holdout}.")
        if self.photos is not None and self.photos < 2:
            raise UsageError("--photos needs two photos or more.")


@dataclass(frozen=True)
class Fitted:
    """An eraser and what it was fitted on.

    Attributes:
        eraser: The eraser, fitted on one half.
        rows: The vectors.
        sides: ``id`` and ``side`` of every photo: ``fit``, ``held out`` or ``unused``.
        cautions: What a user has to know, as sentences.
    """

    eraser: LinearEraser
    rows: EraseRows
    sides: pl.DataFrame
    cautions: list[str] = field(default_factory=list)

    @property
    def held_out(self) -> np.ndarray:
        """The photos that the eraser never saw, by number int64 [n]."""
        return photos_of(self.sides, "held out")


def fit_eraser(rows: EraseRows, options: EraseOptions) -> Fitted:
    """Fit an eraser on half of the photos.

    Args:
        rows: The vectors.
        options: How.

    Raises:
        UsageError: An option does not go with the rows.
        LatentprintError: No signal of the labels is shown, or the data do not allow a fit.
    """
    sides = split_sides(rows, options)
    index = photos_of(sides, "fit")
    if not len(index) or not len(photos_of(sides, "held out")):
        raise LatentprintError(
            f"Photos: {len(rows.photos)}, which cannot be parted into some to fit on and some to"
            " test on."
        )
    signal = None if rows.paired else _require_signal(rows, index, options.seed)
    moments = rows.moments(index)
    eraser = fit_leace(moments, options.leace)
    removed, grown = variance_change(eraser, moments)
    if len(moments.classes) - 1 >= moments.dimension / _MANY:
        raise LatentprintError(
            f"{len(moments.classes)} classes take {eraser.rank} of {moments.dimension} dimensions "
            f"and {removed:.0%} of the variance: nothing useful would be left. Join classes, or "
            "use vectors of more dimensions."
        )
    cautions = _cautions(rows, index, signal, options.keep)
    if grown > 1:
        cautions.append(
            f"The variance of erased vectors is {grown:.2f} times that of the vectors before: "
            "try --metric plain, or more photos."
        )
    about = {
        **_about(rows, moments, options, signal),
        "rank": eraser.rank,
        "variance_removed": removed,
        "cautions": cautions,
    }
    kept = replace(eraser if options.double else eraser.rounded(), about=about)
    return Fitted(kept, rows, sides, cautions)


def refit_on_all(fitted: Fitted, options: EraseOptions) -> LinearEraser:
    """The eraser of all photos; what was proven of the halves is not of this one."""
    rows = fitted.rows
    moments = rows.moments(np.arange(len(rows.photos)))
    eraser = fit_leace(moments, options.leace)
    about = {**fitted.eraser.about, "photos": moments.photos, "rows": moments.rows}
    about |= {"refit_all": True, "variance_removed": variance_change(eraser, moments)[0]}
    return replace(eraser if options.double else eraser.rounded(), about=about)


def keep_eraser(fitted: Fitted, options: EraseOptions, folder: Path) -> LinearEraser:
    """Write the eraser and the sides of photos into a folder.

    Returns:
        What was written: the eraser of the half, or of all photos where that was asked for.

    Raises:
        LatentprintError: The folder cannot be written to.
    """
    eraser = refit_on_all(fitted, options) if options.refit_all else fitted.eraser
    save_eraser(eraser, folder)
    write_table(folder / SIDES, fitted.sides)
    return eraser


def split_sides(rows: EraseRows, options: EraseOptions) -> pl.DataFrame:
    """Part photos by group into those to fit on and those held out.

    The order of rows does not matter, and classes of labels are parted alike.

    Returns:
        ``id`` and ``side`` of every photo, in order.
    """
    photos = rows.photos.select("id", "label", "group")
    if rows.labels is not None:
        photos = photos.with_columns(label=pl.Series(rows.labels, dtype=pl.String))
    photos = photos.with_columns(split=pl.lit(None, pl.String))
    split = assign_splits(photos, seed=options.seed, val_share=options.holdout)["split"]
    sides = photos.select("id", side=pl.when(split == "val").then(pl.lit("held out")))
    sides = sides.with_columns(pl.col("side").fill_null("fit"))
    if options.photos is None:
        return sides
    fit = sides.filter(pl.col("side") == "fit")["id"].to_list()
    chosen = set(sorted(fit, key=lambda each: _key(options.seed, each))[: options.photos])
    unused = (pl.col("side") == "fit") & ~pl.col("id").is_in(chosen)
    return sides.with_columns(side=pl.when(unused).then(pl.lit("unused")).otherwise("side"))


def photos_of(sides: pl.DataFrame, side: str) -> np.ndarray:
    """The photos of a side, by number int64 [n]."""
    found: np.ndarray = (sides["side"] == side).arg_true().to_numpy().astype(np.int64)
    return found


def variance_change(eraser: LinearEraser, moments: Moments) -> tuple[float, float]:
    """How much of the variance of rows is removed, and their variance after erasure.

    Both as shares of the variance before; an oblique projection removes more than is missing after.
    """
    whole = moments.content + moments.within
    before = float(np.trace(whole))
    read, write = eraser.read, eraser.write
    removed = float(np.einsum("kd,de,ke->", read, whole, read))
    crossed = float(np.einsum("kd,de,ke->", read, whole, write))
    return removed / before, 1 + (removed - 2 * crossed) / before


def _require_signal(rows: EraseRows, index: np.ndarray, seed: int) -> Signal:
    """The signal of labels among photos.

    Raises:
        LatentprintError: None is shown.
    """
    ids = rows.photos["id"].to_list()
    tested = sorted(index.tolist(), key=lambda row: _key(seed, ids[row]))[:_TESTED_AT_MOST]
    part = np.array(tested, dtype=np.int64)
    vectors = np.concatenate([each for each, _, _ in rows.chunks(part)])
    labels = np.asarray(rows.labels)[part]
    groups = rows.photos["group"].to_numpy()[part].astype(str)
    if (labels == labels[0]).all():
        raise LatentprintError(
            f"Photos to fit on: {len(part)}, all of which have {str(labels[0])!r} as"
            f" {rows.nuisance[0]!r}. There is nothing to erase."
        )
    signal = signal_of(vectors, labels, groups, seed=seed)
    if not signal.shown:
        raise LatentprintError(
            f"Nothing to erase is shown: {signal.photos} photos of {signal.classes} classes of "
            f"{rows.nuisance[0]!r} lie as far apart as under shuffled labels (p {signal.p:.2g}, "
            f"share of signal {signal.share:.2f}). Show the same photos under every class and fit "
            "on these with --pairs, or on a store of processed photos."
        )
    return signal


def _cautions(
    rows: EraseRows, index: np.ndarray, signal: Signal | None, keep: str | None
) -> list[str]:
    if signal is None:
        return []
    said = [
        f"Without pairs, what photos show is erased where it goes with {rows.nuisance[0]!r}: the "
        "same photos in every class would do better."
    ]
    if signal.share < LEAST_SHARE:
        said.append(
            f"The share of signal is {signal.share:.2f}: centring each class at its own mean would "
            "write the class into the vectors, which this eraser does not do."
        )
    name = keep or "label"
    shown = rows.photos[name].cast(pl.String) if name in rows.photos.columns else None
    if keep is not None and shown is None:
        raise UsageError(f"--keep {keep}: there is no such column.")
    if shown is not None and shown[index].n_unique() > 1:
        known = index[shown[index].is_not_null().to_numpy()]
        v = _association(np.asarray(rows.labels)[known], shown[known].to_numpy())
        if v > _CORRELATED:
            said.append(
                f"{rows.nuisance[0]!r} goes with {name!r} (Cramér's V {v:.2f}), so that part of "
                "what tells these classes apart is erased."
            )
    return said


def _association(one: np.ndarray, other: np.ndarray) -> float:
    codes = [np.unique(each.astype(str), return_inverse=True)[1] for each in (one, other)]
    return float(tabulate(codes[0], codes[1]).v) if len(one) > 1 else 0.0


def _about(
    rows: EraseRows, moments: Moments, options: EraseOptions, signal: Signal | None
) -> dict[str, Any]:
    return {
        "method": "LEACE",
        "design": "pairs" if rows.paired else "labels",
        "nuisance": list(rows.nuisance),
        "classes": list(moments.classes),
        "metric": options.leace.metric,
        "extra": options.leace.extra,
        "photos": moments.photos,
        "rows": moments.rows,
        "unit_rows": rows.unit,
        "name": rows.name,
        "encoder": rows.encoder,
        "seed": options.seed,
        "holdout": options.holdout,
        "refit_all": False,
        "signal": None if signal is None else asdict(signal),
        "versions": {name: version(name) for name in ("latentprint", "numpy", "scipy")},
    }


def _key(seed: int, photo: str) -> str:
    return hashlib.blake2b(f"{seed}:{photo}".encode(), digest_size=16).hexdigest()
