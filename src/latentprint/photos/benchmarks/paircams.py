"""PairCams: every subject photographed by two types of device, for near-duplicate retrieval.

Either ``manifest.csv`` with the columns ``subject``, ``device_type`` (or ``camera_type``), a path
(``file``) and, if known, the device's ``model``; or a folder for each type of device with one
photo for each subject, ``<device type>/<subject>.jpg``.
"""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path

import polars as pl

from latentprint.errors import LatentprintError
from latentprint.photos.benchmarks.common import list_files, photos_of, some
from latentprint.photos.manifest import read_manifest
from latentprint.photos.photos import Photos

logger = logging.getLogger(__name__)

_DEVICE_COLUMNS = ("device_type", "camera_type")
_PHONE_AMONG_CAMERAS = "XT1032"


def read_paircams(root: Path, *, follow_links: bool = True) -> Photos:
    """List the photos of PairCams, with the columns ``subject``, ``device_type`` and ``group``.

    ``group`` is the subject. A column ``model`` is kept where the manifest has one. There are no
    labels and no split. A subject that has no photo by one of the two types of device cannot be a
    query; it is kept and named in a warning.

    Args:
        root: The folder, or the manifest.
        follow_links: Whether links that lead out of it are followed.

    Raises:
        LatentprintError: A column is missing or empty, there are not exactly two types of device,
            or a subject has several photos by one of them.
    """
    manifest = root / "manifest.csv" if root.is_dir() else root
    photos = _from_manifest(manifest) if manifest.is_file() else _from_folders(root, follow_links)
    types = photos.table["device_type"].unique().sort().to_list()
    if len(types) != 2:
        raise LatentprintError(
            f"PairCams has two types of device, {root} has {len(types)}: {some(types) or 'none'}."
        )
    _require_one_each(photos.table, types, root)
    _report_misfiled_phone(photos.table)
    return dataclasses.replace(photos, name="PairCams")


def _from_manifest(file: Path) -> Photos:
    photos = read_manifest(file)
    columns = photos.table.columns
    device = next((name for name in _DEVICE_COLUMNS if name in columns), None)
    if device is None or "subject" not in columns:
        lacking = "subject" if device is not None else " or ".join(_DEVICE_COLUMNS)
        raise LatentprintError(f"{file} lacks the column {lacking}; it has {', '.join(columns)}.")
    table = photos.table.rename({device: "device_type"})
    for name in ("subject", "device_type"):
        rows = table[name].str.strip_chars().fill_null("") == ""
        if rows.any():
            raise LatentprintError(
                f"The column {name} of {file} is empty in row {some(rows.arg_true() + 1)} "
                "(counted without the header)."
            )
    return dataclasses.replace(photos, table=table.with_columns(group="subject"))


def _from_folders(root: Path, follow_links: bool) -> Photos:
    found = list_files(root, root, follow_links=follow_links)
    parts = pl.col("path").str.extract_groups(r"^([^/]+)/([^/]+)\.[^./]+$")
    table = found.table.select("id", "path").with_columns(
        subject=parts.struct.field("2"), device_type=parts.struct.field("1")
    )
    stray = table.filter(pl.col("subject").is_null())
    if stray.height or not table.height:
        what = f"not {some(stray['path'])}" if stray.height else "and there is no photo"
        raise LatentprintError(
            f"PairCams is a manifest.csv, or a folder for each of two types of device with photos "
            f"such as phone/subject_0.jpg; {root} has no manifest.csv, {what}."
        )
    table = table.with_columns(group="subject")
    return photos_of(found.root, "PairCams", table, found.ignored.rows())


def _require_one_each(table: pl.DataFrame, types: list[str], root: Path) -> None:
    """Refuse a subject with two photos by one type of device; name those that lack one."""
    counts = table.group_by("subject", "device_type").len()
    several = counts.filter(pl.col("len") > 1).sort("subject")
    if several.height:
        raise LatentprintError(
            f"Each subject of {root} needs one photo by each type of device; of several by one: "
            f"{some(several['subject'].unique(maintain_order=True))}."
        )
    for kind in types:
        having = table.filter(pl.col("device_type") == kind)["subject"].to_list()
        lacking = table.filter(~pl.col("subject").is_in(having))["subject"]
        if len(lacking):
            logger.warning(
                "%d subjects of %s have no photo by %r: %s.",
                len(lacking),
                root,
                kind,
                some(lacking),
            )


def _report_misfiled_phone(table: pl.DataFrame) -> None:
    """The release files a phone among the cameras; that is kept, but said."""
    if "model" not in table.columns:
        return
    model = pl.col("model").str.strip_chars().str.to_uppercase()
    misfiled = table.filter(
        (model == _PHONE_AMONG_CAMERAS)
        & ~pl.col("device_type").str.to_lowercase().str.contains("phone")
    )
    if misfiled.height:
        logger.warning(
            "%d photos were taken with the model %s, a phone of 2013, but are filed as %r.",
            misfiled.height,
            _PHONE_AMONG_CAMERAS,
            misfiled["device_type"][0],
        )
