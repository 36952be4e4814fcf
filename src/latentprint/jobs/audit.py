"""The main job: photos in, result table and report out."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import polars as pl

from latentprint.embeddings import (
    Extraction,
    Progress,
    Store,
    device_of,
    extract,
    open_store,
    photos_table,
    refuse_other_photos,
    stored,
    write_photos,
)
from latentprint.embeddings.store import folder_name, writing
from latentprint.encoders import Precision, load_encoder, untrained_spec
from latentprint.encoders.encoder import Encoder
from latentprint.errors import LatentprintError
from latentprint.measure import measure_all
from latentprint.photos import Photos, open_photos, straddling_groups
from latentprint.processing import ATTRIBUTES, Processing, classes_of, find_attributes
from latentprint.report import write_report
from latentprint.results import results_table, write_results

BROKEN_LIMIT = 0.10
"""Share of broken photos above which a job fails unless that is allowed."""


@dataclass(frozen=True)
class Audit:
    """What an audit leaves behind.

    Attributes:
        folder: The run folder: results.{parquet,csv,json}, report.html, photos.csv, embeddings/.
        table: The result table.
        photos: Every file with its status and reason.
        left_out: What was not measured, with the reason.
        report: The HTML file.
    """

    folder: Path
    table: pl.DataFrame
    photos: pl.DataFrame
    left_out: dict[str, str]
    report: Path


@dataclass(frozen=True)
class Loading:
    """How encoders are loaded.

    Attributes:
        device: auto, cpu, cuda or mps.
        precision: float32, bfloat16 or float16.
        control: Load the untrained network of every encoder as well, where it has one.
    """

    device: str = "auto"
    precision: Precision = "float32"
    control: bool = True


def load_encoders(
    encoders: Sequence[str | Encoder], loading: Loading, *, seed: int = 0
) -> dict[str, Encoder]:
    """Load encoders, each followed by its untrained control, by specification.

    Args:
        encoders: Specifications, or objects that are encoders already (these have no control).
        loading: How to load them.
        seed: Seeds the weights of the controls.
    """
    loaded: dict[str, Encoder] = {}
    for encoder in encoders:
        if not isinstance(encoder, str):
            loaded[encoder.name] = encoder
            continue
        control = untrained_spec(encoder) if loading.control else None
        for spec in (encoder, *([control] if control else [])):
            loaded[spec] = load_encoder(
                spec, device=loading.device, precision=loading.precision, seed=seed
            )
    return loaded


def embed(
    photos: Photos | Path | str,
    out: Path | str,
    *,
    encoders: Sequence[str | Encoder] = ("default",),
    attributes: Sequence[str] = tuple(ATTRIBUTES),
    extra_classes: Sequence[str] = (),
    loading: Loading = Loading(control=False),
    extraction: Extraction = Extraction(),  # noqa: B008 - frozen
    seed: int = 0,
    allow_broken: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
) -> list[Store]:
    """Embed photos under the classes of some attributes and judge how many were broken.

    Args:
        photos: Photos, or the folder or manifest they are in.
        out: Folder for the stores; finished embeddings in it are used again.
        encoders: Specifications (``latentprint encoders`` lists the forms) or encoder objects.
        attributes: Names of processing attributes.
        extra_classes: Names of further processing classes, such as ``none``.
        loading: Device, precision, and whether to add untrained controls.
        extraction: How to embed.
        seed: Seeds the rescale factors and the weights of the controls.
        allow_broken: Go on when more than 10 % of the photos are broken.
        on_progress: Called after every photo.

    Returns:
        One complete store for each encoder.

    Raises:
        LatentprintError: More than 10 % of the photos are broken and that is not allowed, none is
            readable, or see ``extract``. What was computed is kept.
    """
    classes = classes_of(find_attributes(attributes), extra=extra_classes, seed=seed)
    photos = photos if isinstance(photos, Photos) else open_photos(photos)
    loaded = load_encoders(encoders, loading, seed=seed)
    return _embed(photos, Path(out), loaded, classes, extraction, allow_broken, on_progress)


def _embed(
    photos: Photos,
    out: Path,
    encoders: dict[str, Encoder],
    classes: Sequence[Processing],
    extraction: Extraction,
    allow_broken: bool,
    on_progress: Callable[[Progress], None] | None,
) -> list[Store]:
    refuse_other_photos(out, photos)
    stores = extract(
        photos,
        list(encoders.values()),
        classes,
        out,
        extraction=extraction,
        on_progress=on_progress,
    )
    write_photos(out, photos)
    facts = stores[0].facts()
    broken = facts.filter(pl.col("status") == "broken")
    if broken.height == facts.height:
        raise LatentprintError(
            f"None of the {facts.height} photos can be read: {_examples(broken)}"
        )
    if broken.height > BROKEN_LIMIT * facts.height and not allow_broken:
        raise LatentprintError(
            f"{broken.height} of {facts.height} photos are broken, more than "
            f"{BROKEN_LIMIT:.0%}: {_examples(broken)} The embeddings of the others are kept; mend "
            "or remove the broken files, or run again with --allow-broken."
        )
    return stores


def audit(
    photos: Photos | Path | str,
    out: Path | str,
    *,
    encoders: Sequence[str | Encoder] = ("default",),
    attributes: Sequence[str] = tuple(ATTRIBUTES),
    ks: Sequence[int] = (10,),
    loading: Loading = Loading(),
    extraction: Extraction = Extraction(),  # noqa: B008 - frozen
    seed: int = 0,
    allow_broken: bool = False,
    command: str = "",
    title: str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_step: Callable[[str], None] = lambda _: None,
) -> Audit:
    """Measure which processing labels encoders reveal, and whether that changes neighbours.

    Args:
        photos: Photos, or the folder or manifest they are in.
        out: The run folder; an earlier run in it is used again where it fits.
        encoders: Specifications (``latentprint encoders`` lists the forms) or encoder objects.
        attributes: Names of processing attributes.
        ks: Numbers of neighbours for kNN influence.
        loading: Device, precision, and whether to add untrained controls.
        extraction: How to embed.
        seed: Seeds everything random.
        allow_broken: Go on when more than 10 % of the photos are broken.
        command: The command line, for the record.
        title: Title of the report.
        on_progress: Called after every photo.
        on_step: Called with a short description of each experiment.

    Raises:
        LatentprintError: See ``embed``. ``photos.csv`` is written even then.
    """
    begun = time.monotonic()
    out = Path(out)
    wanted = find_attributes(attributes)
    photos = photos if isinstance(photos, Photos) else open_photos(photos)
    loaded = load_encoders(encoders, loading, seed=seed)
    classes = classes_of(wanted, seed=seed)
    try:
        stores = _embed(
            photos, out / "embeddings", loaded, classes, extraction, allow_broken, on_progress
        )
    finally:
        listed = _write_photos_csv(photos, out, next(iter(loaded.values())))
    sources = [stored(store, photos.table, photos.name, seed=seed) for store in stores]
    measured = measure_all(sources, wanted, ks=ks, seed=seed, on_step=on_step)
    table = results_table(measured.results)
    settings = {
        "latentprint": version("latentprint"),
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": seed,
        "dataset": photos.name,
        "encoders": [
            {"spec": spec, **store.manifest["encoder"]}
            for spec, store in zip(loaded, stores, strict=True)
        ],
        "versions": _versions(),
        "extraction": stores[0].manifest["settings"],
        "photos": _counts(listed, sources[0].photos, photos),
        "left_out": measured.left_out,
        "seconds": round(time.monotonic() - begun, 1),
        "device": device_of(loaded.values()),
    }
    with writing(out):
        write_results(table, out)
        (out / "settings.json").write_text(
            json.dumps(settings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        report = write_report(out, title=title)
    return Audit(out, table, listed, measured.left_out, report)


def _examples(broken: pl.DataFrame) -> str:
    rows = broken.head(3).select("id", "reason").rows()
    return "; ".join(f"{name}: {reason}" for name, reason in rows) + "."


def _write_photos_csv(photos: Photos, out: Path, encoder: Encoder) -> pl.DataFrame:
    folder = out / "embeddings" / folder_name(encoder.name)
    if not (folder / "manifest.json").exists():
        return pl.DataFrame()
    listed = photos_table(photos, open_store(folder))
    with writing(out):
        partial = out / ".photos.partial"
        listed.write_csv(partial)
        partial.replace(out / "photos.csv")
    return listed


def _counts(listed: pl.DataFrame, used: pl.DataFrame, photos: Photos) -> dict[str, Any]:
    status = dict(listed["status"].value_counts().rows())
    return {
        **{name: int(status.get(name, 0)) for name in ("ok", "mislabelled", "broken", "ignored")},
        **{name: int((used["split"] == name).sum()) for name in ("train", "val")},
        "classes": used["label"].n_unique() - int(used["label"].null_count() > 0),
        "split_made": bool(photos.table["split"].is_null().all()),
        "straddling_groups": len(straddling_groups(used)),
        "duplicates": used.height - used["group"].n_unique(),
    }


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in ("torch", "timm", "open_clip_torch", "onnxruntime", "pillow", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
