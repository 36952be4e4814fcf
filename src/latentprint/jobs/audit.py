"""The main job: photos in, result table and report out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from latentprint.embeddings import (
    Extraction,
    Progress,
    Store,
    device_of,
    extract,
    refuse_other_photos,
    stored,
    write_photos,
)
from latentprint.embeddings.extract import is_maskable
from latentprint.embeddings.store import folder_name
from latentprint.encoders import Precision, load_encoder, untrained_spec
from latentprint.encoders.encoder import Encoder
from latentprint.encoders.pixel_statistics import PIXEL_CONTROLS
from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments import Guards, ProbeOptions
from latentprint.jobs.measure import Measured, Questions, find_questions, influence_all, probe_all
from latentprint.jobs.run_folder import count_photos, run_settings, write_photos_csv, write_run
from latentprint.photos import LABELS, Photos, open_photos
from latentprint.processing import ATTRIBUTES, NONE, Processing, classes_of, find_attributes
from latentprint.results import results_table

BROKEN_LIMIT = 0.10
"""Share of broken photos above which a job fails unless that is allowed."""

ACQUISITION_MASK = 0.9
"""Share of the crop that is masked for probes of labels, as in the published figures."""


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
        control: Load controls as well: the untrained network of every encoder that has one, and
            the two controls without a network, ``pixels:colour`` and ``pixels:dct``.
    """

    device: str = "auto"
    precision: Precision = "float32"
    control: bool = True


def load_encoders(
    encoders: Sequence[str | Encoder], loading: Loading, *, seed: int = 0, mask: float = 0.0
) -> dict[str, Encoder]:
    """Load encoders, each followed by its untrained control, and at the end the pixel controls.

    Args:
        encoders: Specifications, or objects that are encoders already (these have no untrained
            control).
        loading: How to load them.
        seed: Seeds the weights of the controls.
        mask: Share of the crop that will be masked. Of the pixel controls, ``pixels:dct`` is left
            out under a mask: it reads the whole photo, which no mask of the crop can cover.

    Returns:
        The encoders by specification, or by name where they came as objects.
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
    if loading.control:
        controls = {spec: load_encoder(spec) for spec in PIXEL_CONTROLS if spec not in loaded}
        loaded |= {spec: each for spec, each in controls.items() if not mask or is_maskable(each)}
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
        attributes: Processing attributes, or ``none`` for the unprocessed photos.
        extra_classes: Names of further processing classes, such as ``none``.
        loading: Device, precision, and whether to add controls.
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
    named = [name for name in attributes if name != NONE.name]
    extra = [*extra_classes, *([NONE.name] if len(named) < len(attributes) else [])]
    classes = classes_of(find_attributes(named), extra=extra, seed=seed)
    photos = photos if isinstance(photos, Photos) else open_photos(photos)
    loaded = load_encoders(encoders, loading, seed=seed, mask=extraction.mask)
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
    questions: Sequence[str] = tuple(ATTRIBUTES),
    ks: Sequence[int] = (10,),
    loading: Loading = Loading(),
    extraction: Extraction = Extraction(),  # noqa: B008 - frozen
    options: ProbeOptions | None = None,
    guards: Guards | None = None,
    allow_broken: bool = False,
    command: str = "",
    title: str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_step: Callable[[str], None] = lambda _: None,
) -> Audit:
    """Measure which labels encoders reveal, and whether that changes neighbours.

    Processing attributes are measured on whole photos; labels (make, aperture, a column of the
    manifest) on photos whose middle is masked, so that little of what they show is left.

    Args:
        photos: Photos, or the folder or manifest they are in.
        out: The run folder; an earlier run in it is used again where it fits.
        encoders: Specifications (``latentprint encoders`` lists the forms) or encoder objects.
        questions: Processing attributes and labels.
        ks: Numbers of neighbours for kNN influence.
        loading: Device, precision, and whether to add controls.
        extraction: How to embed; its mask is that for labels, 90 % where it is 0.
        options: How probes are run; their seed seeds everything random.
        guards: Which photos take part in the probes of labels.
        allow_broken: Go on when more than 10 % of the photos are broken.
        command: The command line, for the record.
        title: Title of the report.
        on_progress: Called after every photo.
        on_step: Called with a short description of each experiment.

    Raises:
        LatentprintError: See ``embed``. ``photos.csv`` is written even then.
    """
    begun = time.monotonic()
    out, options = Path(out), options or ProbeOptions()
    seed = options.seed
    photos = photos if isinstance(photos, Photos) else open_photos(photos)
    asked = find_questions(questions, [*photos.table.columns, *LABELS])
    loaded = load_encoders(encoders, loading, seed=seed)
    measured, used = Measured(), None
    for folder, how, part in _parts(asked, extraction):
        embedded = {
            name: each for name, each in loaded.items() if not how.mask or is_maskable(each)
        }
        if not embedded:
            raise UsageError("Labels are read under a mask, which none of the encoders can take.")
        classes = classes_of(part.attributes, seed=seed) if part.attributes else (NONE,)
        try:
            stores = _embed(photos, out / folder, embedded, classes, how, allow_broken, on_progress)
        finally:
            listed = write_photos_csv(
                photos, out, out / folder / folder_name(next(iter(embedded.values())).name)
            )
        sources = [stored(store, photos.table, photos.name, seed=seed) for store in stores]
        measured.add(probe_all(sources, part, options=options, guards=guards, on_step=on_step))
        if part.attributes:
            measured.add(influence_all(sources, part.attributes, ks=ks, seed=seed, on_step=on_step))
        used = used or (stores, sources, embedded)
    if used is None:
        raise UsageError("There is nothing to measure: name an attribute or a label with -a.")
    stores, sources, embedded = used
    settings = {
        **run_settings(command, photos.name, seed, photos.root.absolute()),
        "encoders": [
            {"spec": spec, **store.manifest["encoder"]}
            for spec, store in zip(embedded, stores, strict=True)
        ],
        "extraction": stores[0].manifest["settings"],
        "photos": count_photos(listed, sources[0].photos, sources[0].split_made),
        "left_out": measured.left_out,
        "seconds": round(time.monotonic() - begun, 1),
        "device": device_of(loaded.values()),
    }
    report = write_run(out, measured, settings, title=title)
    table = results_table(measured.results)
    return Audit(out, table, listed, measured.left_out, report)


def _parts(asked: Questions, extraction: Extraction) -> Iterator[tuple[str, Extraction, Questions]]:
    """The extractions that an audit needs: folder, how to embed, what to ask of it."""
    if asked.attributes:
        yield "embeddings", replace(extraction, mask=0.0), Questions(asked.attributes)
    if asked.labels:
        mask = extraction.mask or ACQUISITION_MASK
        yield "embeddings-masked", replace(extraction, mask=mask), Questions(labels=asked.labels)


def _examples(broken: pl.DataFrame) -> str:
    rows = broken.head(3).select("id", "reason").rows()
    return "; ".join(f"{name}: {reason}" for name, reason in rows) + "."
