"""Runs for the report, measured by the real experiments on tiny made-up embeddings.

No row is written by hand: what a report is tested with is what the experiments and the verdicts
say of embeddings whose traces are known.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

from latentprint.experiments import (
    Guards,
    PairsOptions,
    ProbeOptions,
    correlate,
    decompose_variance,
    influence,
    near_duplicates,
    probe_label,
    probe_processing,
)
from latentprint.experiments.neighbors.robustness import robustness
from latentprint.experiments.neighbors.robustness_options import RobustnessOptions
from latentprint.experiments.probes.outcome import Controls, ProbeOutcome, compare_with_controls
from latentprint.experiments.similarity.gallery import galleries
from latentprint.experiments.similarity.options import QueryOptions
from latentprint.experiments.similarity.similarity import similarity
from latentprint.experiments.similarity.stability import stability
from latentprint.jobs.run_folder import run_signature
from latentprint.processing import ATTRIBUTES
from latentprint.published import published
from latentprint.report.figures.figure import Figure
from latentprint.report.inputs import Run
from latentprint.report.sections import SECTIONS
from latentprint.results import (
    LeftOut,
    Result,
    results_table,
    write_details,
    write_results,
)
from latentprint.verdicts import judged
from latentprint.words import COLOUR_STATISTICS, CONTROL, DCT_ENERGIES, UNTRAINED
from tests.experiments.fakes import FakeSource, fake_source

HOSTILE = 'Mine <script>alert(1)</script> "]]> %{x} & <b>0123456789012345678901234567890123456789'
HOSTILE_LABEL = 'scanned by <script>alert(2)</script> "]]>'
HOSTILE_FILE = 'holiday/<script>alert(1)</script>"]]>-' + "very_long_name_" * 12 + ".jpg"
DATASET = "holiday photos"
ATTRIBUTE = "sharpening"

NET = "net"
PHOTOS = 24
"""Different photos that the paths name."""

SUBJECTS = 30
"""Subjects of the pairs."""

DEVICES = ("camera", f"phone {HOSTILE_LABEL}")
PROCESSING, PAIRED = "processing", "paired"

CONTROLS = {"twin": 0.0, "colour": 0.2, "dct": 0.5}
"""How strong the trace is in each control."""

_OPTIONS = ProbeOptions(fits=2, bootstrap=100, C_grid=(100.0,), assignment="one")
_BARE = replace(_OPTIONS, controls=False, curve=False)
_QUERIES = QueryOptions(sample=40)


@dataclass
class Made:
    """Rows and records of a run, before they are judged and written."""

    rows: list[Result] = field(default_factory=list)
    details: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    correlation: dict[str, Any] | None = None

    def __add__(self, other: Made) -> Made:
        return Made(
            [*self.rows, *other.rows],
            [*self.details, *other.details],
            [*self.left_out, *other.left_out],
            self.correlation or other.correlation,
        )


@dataclass
class Block(FakeSource):
    """A block of a network, whose name stands before the number of the block."""

    @property
    def network(self) -> str:
        name, _, rest = self.encoder.partition(", block ")
        return name + (UNTRAINED if rest.endswith(UNTRAINED) else "")


@cache
def source(trace: float, seed: int = 0) -> FakeSource:
    """Embeddings of 60 training and 40 test photos in four classes, with paths and devices."""
    made = fake_source(60, 40, attribute=ATTRIBUTE, trace=trace, dimensions=12, seed=seed)
    n = len(made.photos)
    device = np.random.default_rng(5).integers(2, size=n)
    photos = made.photos.with_columns(
        path=pl.Series([f"{i % PHOTOS}.jpg" for i in range(n)]),
        make=pl.Series([f"make {each}" for each in device]),
        **{HOSTILE_LABEL: pl.Series([("<b>anna</b>", '"]]>')[each] for each in device])},
    )
    shift = trace * np.random.default_rng(7).normal(size=12)
    none = made.by_class["JPEG95_444"] + np.outer(device - 0.5, shift).astype(np.float32)
    return replace(
        made,
        photos=photos,
        by_class={**made.by_class, "none": none},
        encoder=NET,
        family="SUP",
        dataset=DATASET,
    )


@cache
def _probed(about: str, trace: float, seed: int, options: ProbeOptions) -> ProbeOutcome:
    """A processing probe, the paired probe, or the probe of a label."""
    mine = source(trace, seed)
    if about in (PROCESSING, PAIRED):
        return probe_processing(mine, ATTRIBUTES[ATTRIBUTE], options, paired=about == PAIRED)
    return probe_label(mine, about, options, Guards(min_count=5))


@cache
def _variance(trace: float, seed: int) -> list[Result]:
    return decompose_variance(source(trace, seed), ATTRIBUTES[ATTRIBUTE])


def probe_run(
    trace: float, name: str = NET, family: str = "SUP", *, seed: int = 0, controls: bool = True
) -> Made:
    """Processing probes, paired and single, labels, curves and variance, with their controls."""
    made = Made()
    for about in (PROCESSING, PAIRED, "make", HOSTILE_LABEL):
        curve = about in (PROCESSING, "make")
        found = _probed(about, trace, seed, replace(_OPTIONS, curve=curve, controls=curve))
        beside = {key: _probed(about, strength, seed, _BARE) for key, strength in CONTROLS.items()}
        outcome = compare_with_controls(found, Controls(**beside)) if controls else found
        made.rows += [outcome.result, *outcome.curve]
        if controls:
            made.rows += [_as_control(each.result, key) for key, each in beside.items()]
        made.details.append(
            {
                "encoder": outcome.result.encoder,
                "experiment": outcome.result.experiment,
                "attribute": outcome.result.attribute,
                "setup": outcome.result.setup,
                "classes": list(outcome.classes),
                "per_class": outcome.score.per_class.tolist(),
                "confusion": outcome.score.confusion.tolist(),
                "accuracies": outcome.score.accuracies.tolist(),
                "tuning": [],
            }
        )
    made.rows += _variance(trace, seed)
    return renamed(made, name, family)


def _as_control(row: Result, kind: str) -> Result:
    """The row of a control: an untrained network, or statistics of the pixels."""
    name = {"colour": COLOUR_STATISTICS, "dct": DCT_ENERGIES}.get(kind, NET + UNTRAINED)
    return replace(row, encoder=name, network=name, family=CONTROL)


@cache
def _block(trace: float, name: str, family: str, number: int) -> Result:
    drawn = vars(source(trace)) | {"encoder": name, "family": family, "layer": number}
    return probe_processing(Block(**drawn), ATTRIBUTES[ATTRIBUTE], _BARE).result


def layers_run(name: str = NET, family: str = "SUP") -> Made:
    """Probes of three blocks of a network and of the same network untrained.

    The middle block carries the trace best; ``probe_run`` has the final embedding.
    """
    rows = []
    for number, trace in enumerate((0.2, 2.0, 1.0), 1):
        rows += [
            _block(trace, f"{NET}, block {number}", "SUP", number),
            _block(0.0, f"{NET}, block {number}{UNTRAINED}", CONTROL, number),
        ]
    return renamed(Made(rows), name, family)


@cache
def _influence(trace: float, seed: int) -> Made:
    mine = source(trace, seed)
    found = influence(mine, ATTRIBUTES[ATTRIBUTE], ks=(1, 10), bootstrap=100)
    shown = galleries(mine, ATTRIBUTES[ATTRIBUTE], _QUERIES, count=2)
    return Made(list(found.results), [*found.details(), *shown])


def influence_run(trace: float, name: str = NET, family: str = "SUP", *, seed: int = 0) -> Made:
    """kNN influence at two numbers of neighbours, and galleries."""
    return renamed(_influence(trace, seed), name, family)


@cache
def _similarity(trace: float, seed: int) -> Made:
    mine, attribute = source(trace, seed), ATTRIBUTES[ATTRIBUTE]
    alike = similarity(mine, attribute, _QUERIES)
    moved = stability(mine, attribute, _QUERIES, reference="JPEG95_444", threshold=0.95)
    return Made([*alike.results, *moved.results], [alike.detail, moved.detail])


def similarity_run(trace: float, name: str = NET, family: str = "SUP", *, seed: int = 0) -> Made:
    """Distributions of similarity and stability, from a reference and with a threshold."""
    return renamed(_similarity(trace, seed), name, family)


@cache
def _robustness(trace: float, seed: int) -> Made:
    found = robustness(source(trace, seed), "make", options=RobustnessOptions(permutations=999))
    return Made(list(found.results))


def robustness_run(trace: float, name: str = NET, family: str = "SUP", *, seed: int = 0) -> Made:
    """What neighbours share, without any processing."""
    return renamed(_robustness(trace, seed), name, family)


@cache
def _pairs(trace: float, seed: int) -> Made:
    rng, subjects = np.random.default_rng(seed), SUBJECTS
    content = rng.normal(size=(subjects, 12))
    shift = rng.normal(size=12)
    sides = [
        content + 0.6 * rng.normal(size=content.shape) + trace * sign * shift for sign in (1, -1)
    ]
    vectors = np.concatenate(sides).astype(np.float32)
    photos = pl.DataFrame(
        {
            "id": [f"pair{i:03}" for i in range(2 * subjects)],
            "path": [f"{i % PHOTOS}.jpg" for i in range(2 * subjects)],
            "label": pl.Series([None] * 2 * subjects, dtype=pl.String),
            "split": ["val"] * 2 * subjects,
            "group": [f"pair{i:03}" for i in range(2 * subjects)],
            "subject": [f"subject {i % subjects}" for i in range(2 * subjects)],
            "device_type": [each for each in DEVICES for _ in range(subjects)],
        }
    )
    mine = FakeSource(photos, {"none": vectors}, NET, "SUP", DATASET)
    found = near_duplicates(mine, "none", PairsOptions(ks=(1, 5), bootstrap=100))
    return Made(list(found.results), found.shown)


def pairs_run(trace: float, name: str = NET, family: str = "SUP", *, seed: int = 0) -> Made:
    """Near-duplicates by two types of device, which a trace pulls apart."""
    return renamed(_pairs(trace, seed), name, family)


@cache
def correlation_run(strength: float) -> Made:
    """How far a column goes with the class, from none (0) to wholly (1)."""
    rng = np.random.default_rng(0)
    n = 300
    label = rng.integers(3, size=n)
    kept = rng.random(n) < strength
    scanner = np.where(kept, label, rng.integers(3, size=n))
    photos = pl.DataFrame(
        {
            "id": [f"{i:03}" for i in range(n)],
            "label": [f"class {i}" for i in label],
            "split": ["train"] * n,
            "group": [f"{i:03}" for i in range(n)],
            "scanner": [f"scanner {i}" for i in scanner],
            HOSTILE_LABEL: [f"<i>{i}</i>" for i in rng.integers(4, size=n)],
        }
    )
    return Made(correlation=correlate(photos, permutations=100).to_dict())


def everything(trace: float, name: str = NET, family: str = "SUP", *, seed: int = 0) -> Made:
    """Every experiment on one encoder."""
    made = Made()
    for part in (probe_run, influence_run, similarity_run, robustness_run, pairs_run):
        made = made + part(trace, name, family, seed=seed)
    return made


def renamed(made: Made, name: str, family: str) -> Made:
    """The rows of the encoder, its blocks and its untrained twin under another name."""

    def mine(encoder: str) -> str:
        return name + encoder.removeprefix(NET) if encoder.startswith(NET) else encoder

    rows = [
        replace(
            row,
            encoder=mine(row.encoder),
            network=mine(row.network),
            family=CONTROL if row.family == CONTROL else family,
        )
        for row in made.rows
    ]
    details = [{**each, "encoder": mine(each["encoder"])} for each in made.details]
    return replace(made, rows=rows, details=details, left_out=list(made.left_out))


def many(number: int, parts: Iterable[Callable[[float], Made]] = (everything,)) -> Made:
    """So many encoders: five that were measured, under the names of the published ones."""
    names = published().select("encoder", "family").unique(maintain_order=True).rows()
    measured = [[part(trace) for part in parts] for trace in (0.0, 0.2, 0.5, 1.0, 2.0)[:number]]
    made = Made()
    for at, (name, family) in enumerate([*names[: number - 1], (HOSTILE, "yours")][:number]):
        for part in measured[at % len(measured)]:
            made = made + renamed(part, name, family)
    # The controls of five encoders are the same rows.
    return replace(made, rows=list(dict.fromkeys(made.rows)))


def run_of(made: Made | list[Result], *, root: Path | None = None, photos: bool = True) -> Run:
    """What was measured, judged, as it is read from the folder of a run.

    Args:
        made: What was measured, or its rows alone.
        root: The folder that the paths of photos start from, where that is recorded.
        photos: Whether the files of the run are recorded.
    """
    made = made if isinstance(made, Made) else Made(made)
    files = pl.DataFrame(photo_rows(), infer_schema_length=None) if photos else None
    return Run(
        table=results_table(judged(made.rows)),
        photos=files,
        settings={"dataset": DATASET, **(signed_root(root, made) if root else {})},
        details=[{"dataset": DATASET, **each} for each in made.details],
        correlation=made.correlation,
    )


def signed_root(root: Path, made: Made) -> dict[str, Any]:
    """What settings say of where photos lie, as the user's own run has it."""
    return {"root": str(root), "signature": run_signature(root, made.details)}


def on_dataset(made: Made, dataset: str) -> Made:
    """The same on another set of photos."""
    rows = [replace(row, dataset=dataset) for row in made.rows]
    details = [{**each, "dataset": dataset} for each in made.details]
    return replace(made, rows=rows, details=details)


def figures_of(run: Run, *, pictures: bool = True) -> dict[str, Figure]:
    """Every figure of a run by its key."""
    found = [each for section in SECTIONS for each in section.figures(run, pictures)]
    return {each.key: each for each in found}


def write_photos(folder: Path, number: int = PHOTOS) -> Path:
    """Photos of plain colours."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for each in range(number):
        colour = tuple(int(value) for value in rng.integers(0, 255, 3))
        Image.new("RGB", (90, 60), colour).save(folder / f"{each}.jpg")
    return folder


def photo_rows(number: int = 400) -> list[dict[str, Any]]:
    """The list of files of a run: JPEG files of several qualities, and some trouble."""
    rows: list[dict[str, Any]] = [
        {
            "id": f"{index:04}.jpg",
            "path": f"{index:04}.jpg",
            "status": "ok",
            "reason": None,
            "format": "JPEG" if index % 9 else "PNG",
            "width": 500,
            "height": 375,
            "jpeg_quality": None if index % 9 == 0 else 100 - (index * index) % 37,
            "jpeg_subsampling": None if index % 9 == 0 else ("4:2:0", "4:4:4", "4:2:2")[index % 3],
            "split": "train",
            "label": "cat",
        }
        for index in range(number)
    ]
    rows.append(
        {
            "id": HOSTILE_FILE,
            "path": HOSTILE_FILE,
            "status": "broken",
            "reason": "truncated <b>file</b>",
        }
    )
    rows.append({"path": "notes.txt", "status": "ignored"})
    return rows


def write_made(
    made: Made,
    folder: Path,
    *,
    photos: bool = True,
    settings: dict[str, Any] | None = None,
    files: Sequence[dict[str, Any]] | None = None,
) -> Path:
    """Judge what was measured and write a run folder, as a job does."""
    write_results(results_table(judged(made.rows)), folder)
    write_details(made.details, folder)
    if made.correlation is not None:
        (folder / "correlation.json").write_text(json.dumps(made.correlation), "utf-8")
    root = write_photos(folder / "originals")
    if photos:
        listed = photo_rows() if files is None else list(files)
        pl.DataFrame(listed, infer_schema_length=None).write_csv(folder / "photos.csv")
    names = list(dict.fromkeys(row.encoder for row in made.rows if row.family != CONTROL))
    recorded = {
        "latentprint": "0.2.0",
        "command": "latentprint audit 'holiday <photos>' --encoder lite0",
        "date": "2026-11-24T04:28:00+00:00",
        "seed": 0,
        "dataset": DATASET,
        **signed_root(root, made),
        "encoders": [
            {
                "name": name,
                "family": "SUP",
                "spec": "timm:efficientnet_lite0",
                "dimension": 1280,
                "preprocess": {"resize": 224, "crop": 224, "mean": [0.485, 0.456, 0.406]},
                "identity": {"weights": "9f8e" * 16},
            }
            for name in names
        ],
        "versions": {"python": "3.13.1", "torch": "2.9.0", "pillow": "12.0.0"},
        "photos": {"ok": 400, "broken": 1, "ignored": 1, "train": 90, "val": 40, "classes": 4,
                   "split_made": True, "straddling_groups": 2, "duplicates": 3},
        "left_out": [asdict(each) for each in made.left_out],
        "seconds": 42.0,
        "device": "cpu",
        **(settings or {}),
    }  # fmt: skip
    text = json.dumps(recorded, ensure_ascii=False)
    (folder / "settings.json").write_text(text, encoding="utf-8")
    return folder
