"""What a run leaves behind: results, details, settings, the list of photos and the report."""

from __future__ import annotations

import logging
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from latentprint.embeddings import photos_table
from latentprint.embeddings.store import take_stock
from latentprint.files import write_json, write_table, writing
from latentprint.jobs.own_store import is_own_store
from latentprint.photos import Photos, straddling_groups
from latentprint.results import recorded, results_table, write_details, write_results
from latentprint.signature import signature_of

logger = logging.getLogger(__name__)

if TYPE_CHECKING:
    from latentprint.embeddings import StoredEmbeddings
    from latentprint.experiments.source import Opened
    from latentprint.jobs.measure import Measured


def write_run(out: Path, measured: Measured, *, title: str | None = None) -> Path:
    """Write results.{csv,parquet,json}, details.json, settings.json, tables and report.html.

    What the folder held of another command is replaced, which is told.

    Args:
        out: The run folder.
        measured: What was measured, with its settings; see ``run_settings``.
        title: Title of the report.

    Returns:
        The report.
    """
    from latentprint.report import write_report

    with writing(out):
        before = recorded(out, "command")
        if before not in (None, measured.settings.get("command")):
            logger.warning("%s held results of `%s`, which are replaced.", out, before)
        write_results(results_table(measured.results), out)
        write_details(measured.details, out)
        write_json(out / "settings.json", measured.settings)
        for name, table in measured.tables.items():
            write_table(out / f"{name}.parquet", table)
        return write_report(out, title=title)


def run_settings(command: str, dataset: str, seed: int, root: Path | None = None) -> dict[str, Any]:
    """What every run records of itself.

    Args:
        command: The command line.
        dataset: Name of the set of photos.
        seed: The seed.
        root: Folder that relative paths of photos start from.
    """
    return {
        "latentprint": version("latentprint"),
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": seed,
        "dataset": dataset,
        "root": None if root is None else str(root),
        "versions": versions(),
    }


def run_signature(root: Path | None, details: Sequence[Any]) -> str | None:
    """By what a report knows that this user had a run made, and may show the photos that it names.

    Args:
        root: Folder that relative paths of photos start from.
        details: What stands behind the figures.

    Returns:
        The signature; None where no photo is named, or it is not recorded where they lie.
    """
    from latentprint.report.pictures import signed

    told = [] if root is None else signed(str(root), details)
    return signature_of(told) if len(told) > 1 else None


def settings_of(
    opened: Sequence[Opened], measured: Measured, command: str, seed: int
) -> dict[str, Any]:
    """What a run on stored embeddings records of itself.

    Args:
        opened: The embeddings, all of the same photos.
        measured: What was measured.
        command: The command line.
        seed: The seed.
    """
    first = opened[0]
    signature = run_signature(first.root, measured.details)
    own = signature and all(map(is_own_store, {each.folder for each in opened if each.folder}))
    return {
        **run_settings(command, first.source.dataset, seed, first.root),
        "signature": signature if own else None,
        # Once each, where embeddings of whole and of masked photos are asked.
        "encoders": list(
            {each.encoder["name"]: each.encoder for each in opened if each.encoder}.values()
        ),
        "extraction": first.extraction,
        "photos": {"split_made": first.source.split_made},
        "notes": list(dict.fromkeys(note for each in opened for note in each.notes)),
        "left_out": [asdict(each) for each in measured.left_out],
    }


def write_photos_csv(photos: Photos, out: Path, store: Path) -> pl.DataFrame:
    """Write photos.csv, every file with its status, from a store that may be incomplete.

    Returns:
        The same table; empty where there is no store yet.
    """
    if not (store / "manifest.json").exists():
        return pl.DataFrame()
    listed = photos_table(photos, take_stock(store).store)
    write_table(out / "photos.csv", listed)
    return listed


def count_photos(listed: pl.DataFrame, used: StoredEmbeddings) -> dict[str, Any]:
    """Numbers of photos for the record.

    Args:
        listed: Every file with its status.
        used: The photos that were embedded.
    """
    status = dict(listed["status"].value_counts().rows())
    photos = used.photos
    return {
        **{name: int(status.get(name, 0)) for name in ("ok", "mislabelled", "broken", "ignored")},
        **{name: int((photos["split"] == name).sum()) for name in ("train", "val")},
        "classes": photos["label"].drop_nulls().n_unique(),
        "split_made": used.split_made,
        "straddling_groups": len(straddling_groups(photos)),
        # Not from the groups, which may be those of photographers.
        "duplicates": used.copies,
    }


def versions() -> dict[str, str]:
    """The versions of what decides about figures: Python, the machine's system, libraries."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in ("torch", "timm", "open_clip_torch", "onnxruntime", "pillow", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
