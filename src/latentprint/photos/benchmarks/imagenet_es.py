"""ImageNet-ES: ImageNet photos shown on a screen and shot in a testbed under known settings.

The published layout (Baek et al., CVPR 2024), with ``es-val`` and ``es-test`` alike::

    es-train/tin_no_resize_sample_removed/<wnid>/<file>     photos as they were, not shot again
    es-val/param_control/<light>/param_<n>/<wnid>/<file>    settings from a grid
    es-val/auto_exposure/<light>/param_<n>/<wnid>/<file>    settings that the camera chose
    es-val/sampled_tin_no_resize/<wnid>/<file>              the photos that were shot

Lights are ``l1`` (on) and ``l5`` (off). Setting n of a grid counts ISO fastest, then exposure
time, then aperture.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import polars as pl

from latentprint.errors import LatentprintError
from latentprint.photos.benchmarks.common import list_files, photos_of, some
from latentprint.photos.photos import Photos

_PARTS = {"es-train": "train", "es-val": "val", "es-test": "val"}
# ISO, exposure time in seconds and f-number of the two grids, as published with the data set.
_GRIDS = {
    "es-val": (
        ("200", "800", "3200", "12800"),
        ("0.4", "0.05", "0.00625", "0.0008"),
        ("5", "8", "13", "20"),
    ),
    "es-test": (("250", "2000", "16000"), ("0.25", "0.016667", "0.001"), ("5", "9", "16")),
}
_SHOT = (
    r"^(es-val|es-test)/(param_control|auto_exposure)/(l\d+)/param_(\d+)"
    r"/(n\d{8})/(?:.+/)?([^/]+)\.\w+$"
)
_SHOWN = r"^(es-train|es-val|es-test)/(?:\w*tin_no_resize\w*)/(n\d{8})/(?:.+/)?([^/]+)\.\w+$"


def is_imagenet_es(root: Path) -> bool:
    """Whether the folder holds a part of ImageNet-ES with photos that were shot."""
    return any((root / part / "param_control").is_dir() for part in _GRIDS)


def read_imagenet_es(root: Path, *, follow_links: bool = True) -> Photos:
    """List the photos of ImageNet-ES, or of one of its parts.

    Columns, all text: ``part`` (es-train, es-val, es-test), ``control`` (param_control,
    auto_exposure, or reference for photos that were not shot), ``light`` (l1 or l5), ``setting``
    (the number in the folder's name), ``iso``, ``exposure_time`` (s) and ``aperture`` (f-number),
    null where the camera chose them or nothing was shot, and ``group``, the photo that was shown:
    all shots of it belong together. Labels are WordNet ids. es-train is "train", the others are
    "val"; without es-train there is no split, so that one can be made.

    Args:
        root: The folder with the parts, or a part.
        follow_links: Whether links that lead out of it are followed.

    Raises:
        LatentprintError: No photo lies in this layout, or a setting is not of its grid.
    """
    found = list_files(root, root, follow_links=follow_links)
    prefix = f"{root.name}/" if root.name in _PARTS else ""
    paths = found.table.select("id", "path", below=pl.lit(prefix) + pl.col("path"))
    table = _parsed(paths)
    if not table["part"].is_not_null().any():
        raise LatentprintError(
            f"There is no ImageNet-ES in {root}: expected are photos such as "
            "es-val/param_control/l1/param_1/n01440764/….JPEG."
        )
    stray = table.filter(pl.col("part").is_null())["path"]
    ignored = [*found.ignored.rows(), *((each, "not in ImageNet-ES's layout") for each in stray)]
    table = table.drop_nulls("part").join(
        _grids(), on=["part", "control", "setting"], how="left", maintain_order="left"
    )
    _require_known_settings(table, root)
    sides = pl.col("part").replace_strict(_PARTS)
    given = table["part"].n_unique() > 1 and bool((table["part"] == "es-train").any())
    table = table.with_columns(split=sides if given else pl.lit(None, pl.String))
    return photos_of(found.root, "ImageNet-ES", table.drop("below"), ignored)


def _parsed(paths: pl.DataFrame) -> pl.DataFrame:
    """What the paths say: part, control, light, setting, label and group; null if nothing."""
    shot = pl.col("below").str.extract_groups(_SHOT).struct
    shown = pl.col("below").str.extract_groups(_SHOWN).struct
    reference = pl.when(shown.field("1").is_not_null()).then(pl.lit("reference"))
    return paths.with_columns(
        part=pl.coalesce(shot.field("1"), shown.field("1")),
        control=pl.coalesce(shot.field("2"), reference),
        light=shot.field("3"),
        setting=shot.field("4"),
        label=pl.coalesce(shot.field("5"), shown.field("2")),
        group=pl.coalesce(shot.field("6"), shown.field("3")),
    )


def _grids() -> pl.DataFrame:
    """One row for every setting of the two grids."""
    rows = [
        (part, "param_control", str(number), iso, exposure, aperture)
        for part, (isos, exposures, apertures) in _GRIDS.items()
        for number, (aperture, exposure, iso) in enumerate(
            itertools.product(apertures, exposures, isos), 1
        )
    ]
    names = ("part", "control", "setting", "iso", "exposure_time", "aperture")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def _require_known_settings(table: pl.DataFrame, root: Path) -> None:
    controlled = pl.col("control") == "param_control"
    unknown = table.filter(controlled & pl.col("iso").is_null())
    if unknown.height:
        raise LatentprintError(
            f"{root} has settings that are not in the published grids (64 in es-val, 27 in "
            f"es-test): {some(unknown['path'])}."
        )
