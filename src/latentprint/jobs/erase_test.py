"""Prove an eraser on photos that it never saw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from latentprint.erasure.artefact import load_eraser
from latentprint.erasure.eraser import LinearEraser
from latentprint.errors import LatentprintError, unknown_name
from latentprint.experiments.erase.steps import ProofOptions, proof_steps
from latentprint.experiments.erase.views import Stages, ViewedEmbeddings, ViewedRows
from latentprint.experiments.source import EmbeddingSource, Opened, without_controls
from latentprint.files import make_folder
from latentprint.jobs.erase_sides import photos_it_saw
from latentprint.jobs.erased_encoder import refuse_other_encoder
from latentprint.jobs.measure import Measured, OnStep, measure
from latentprint.jobs.run_folder import settings_of, write_run
from latentprint.jobs.shown import Shown
from latentprint.jobs.source_options import Sources
from latentprint.jobs.sources import open_sources
from latentprint.words import HARMS, RANDOM_DIRECTIONS, Experiment, Stage, Verdict

if TYPE_CHECKING:
    from latentprint.jobs.erase_fit import Fitted
    from latentprint.report.inputs import Run
    from latentprint.results import LeftOut
    from latentprint.solvers import VectorArray

NO_HELP = 3
"""Exit code of an eraser that is not shown to help, or does harm."""


@dataclass(frozen=True, repr=False)
class Proof(Shown):
    """What was measured of an eraser.

    Attributes:
        measured: The rows, judged together.
        notes: What was left out of the photos, as sentences.
    """

    measured: Measured
    notes: tuple[str, ...] = ()

    @property
    def run(self) -> Run:
        """What the report is made from, in memory."""
        return self.measured.run

    @property
    def left_out(self) -> list[LeftOut]:
        """What was not measured, with the reason."""
        return self.measured.left_out

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdict on every attribute."""
        return {
            row.attribute: str(row.verdict)
            for row in self.measured.results
            if row.experiment == Experiment.ERASURE
            and row.setup in HARMS
            and row.stage == Stage.CHANGE
            and row.eraser != RANDOM_DIRECTIONS
        }

    @property
    def exit_code(self) -> int:
        """0 where help is shown and no harm; else 3."""
        found = set(self.verdicts.values())
        helped = found & {Verdict.ERASED, Verdict.REDUCED}
        return 0 if helped and Verdict.HARMFUL not in found else NO_HELP


def erase_test(
    folder: Path,
    sources: Sources,
    options: ProofOptions,
    *,
    label: str | None = None,
    out: Path | None = None,
    command: str = "",
    on_step: OnStep = lambda _: None,
) -> Proof:
    """Measure embeddings before and after erasure.

    Photos that the eraser was fitted on are left out, by their ids.

    Args:
        folder: The eraser's folder.
        sources: A store with vectors of the eraser's encoder, or a file of vectors.
        options: What is asked, and how.
        label: Column of semantic classes, in place of ``label``.
        out: Folder for results and report.
        command: The command line, for the record.
        on_step: Called with a short description of each step.

    Raises:
        UsageError: A name or an option is wrong.
        LatentprintError: There is no eraser, vectors do not fit it, or no photos are left.
    """
    eraser = load_eraser(folder)
    opened = _of_encoder(open_sources(sources, seed=options.seed), eraser)
    if out is not None:
        make_folder(out)
    source = opened.source
    if label is not None:
        source = _with_classes(source, label)
    saw = photos_it_saw(folder, eraser)
    proof = prove(source, opened.classes, eraser, saw, options, on_step=on_step)
    proof.measured.settings = settings_of([opened], proof.measured, command, options.seed)
    if out is not None and proof.measured.results:
        write_run(out, proof.measured)
    return proof


def prove_fitted(
    fitted: Fitted,
    options: ProofOptions,
    *,
    out: Path | None = None,
    command: str = "",
    on_step: OnStep = lambda _: None,
) -> Proof:
    """The same of an eraser that was just fitted, on the photos that were held out.

    Args:
        fitted: The eraser, and which photos it never saw.
        options: What is asked, and how; by default with the label that it is to erase.
        out: Folder for results and report, such as that of the eraser.
        command: The command line, for the record.
        on_step: Called with a short description of each step.
    """
    rows = fitted.rows
    source = _Versions(
        rows.versions, rows.at, _with_splits(rows.photos), rows.name, rows.encoder.get("family", "")
    )
    if not rows.paired and not options.nuisances:
        options = replace(options, nuisances=rows.nuisance)
    saw = fitted.sides.filter(pl.col("side") == "fit")["id"]
    proof = prove(source, tuple(rows.versions), fitted.eraser, saw, options, on_step=on_step)
    opened = Opened(source, tuple(rows.versions), encoder=rows.encoder)
    proof.measured.settings = settings_of([opened], proof.measured, command, options.seed)
    if out is not None and proof.measured.results:
        write_run(out, proof.measured)
    return proof


def prove(
    source: EmbeddingSource,
    classes: tuple[str, ...],
    eraser: LinearEraser,
    saw: pl.Series,
    options: ProofOptions,
    *,
    on_step: OnStep = lambda _: None,
) -> Proof:
    """Measure photos that an eraser never saw before and after erasure.

    Args:
        source: Embeddings of its encoder.
        classes: The processing classes that are there.
        eraser: The eraser.
        saw: Ids of the photos that it was fitted on.
        options: What is asked, and how.
        on_step: Called with a short description of each step.

    Raises:
        UsageError: An attribute is not known.
        LatentprintError: The eraser saw all photos, or vectors have another length.
    """
    eraser.refuse_length(int(source.vectors(classes[0]).shape[1]))
    seen = source.photos["id"].is_in(saw.implode()).to_numpy()
    if seen.all():
        raise LatentprintError(
            "The eraser was fitted on all of these photos, so that they prove nothing: test it on "
            "others."
        )
    about = eraser.about
    stages = Stages(
        ViewedEmbeddings.of(source, ~seen),
        eraser,
        f"{about.get('method', 'eraser')} on {about.get('design', 'vectors')}",
        tuple(about.get("classes", ())),
        classes,
        options.sample,
    )
    fitted = ViewedEmbeddings.of(source, seen) if seen.any() else None
    measured = measure(proof_steps(stages, fitted, options), on_step=on_step)
    notes = (
        (f"{int(seen.sum())} photos that the eraser was fitted on are left out.",)
        if seen.any()
        else ()
    )
    measured.details.append(_detail(stages, notes))
    return Proof(measured, notes)


def _detail(stages: Stages, notes: tuple[str, ...]) -> dict[str, object]:
    about = stages.eraser.about
    return {
        "experiment": Experiment.ERASURE.value,
        "encoder": stages.before.encoder,
        "eraser": stages.name,
        "rank": stages.eraser.rank,
        "dimension": stages.eraser.dimension,
        "design": about.get("design", ""),
        "fitted_photos": about.get("photos"),
        "classes": list(stages.seen),
        "held_out": len(stages.photos),
        "cautions": [*about.get("cautions", []), *notes],
    }


def _of_encoder(opened: list[Opened], eraser: LinearEraser) -> Opened:
    """The embeddings of the eraser's encoder.

    Raises:
        LatentprintError: They are of another.
    """
    usable = without_controls(opened) or opened
    name = str((eraser.about.get("encoder") or {}).get("name"))
    chosen = next((each for each in usable if each.source.encoder == name), usable[0])
    # Vectors of one's own record no encoder that could be compared.
    fitted = eraser.about.get("encoder") or {}
    if "identity" in chosen.encoder and "identity" in fitted:
        refuse_other_encoder(eraser, chosen.encoder)
    return chosen


def _with_classes(source: EmbeddingSource, column: str) -> EmbeddingSource:
    """The embeddings with a column as their semantic classes.

    Raises:
        UsageError: There is no such column.
    """
    if column not in source.photos.columns:
        raise unknown_name("column", column, source.photos.columns)
    view = ViewedEmbeddings.of(source, np.ones(len(source.photos), dtype=bool))
    return view.labelled(label=view.photos[column].cast(pl.String))


def _with_splits(photos: pl.DataFrame) -> pl.DataFrame:
    return photos if "split" in photos.columns else photos.with_columns(split=pl.lit("val"))


@dataclass(frozen=True)
class _Versions:
    """Versions of photos as an eraser is fitted on them: an ``EmbeddingSource``."""

    versions: dict[str, VectorArray]
    at: np.ndarray
    photos: pl.DataFrame
    encoder: str
    family: str
    dataset: str = ""
    layer: int | None = None
    split_made: bool = True

    @property
    def network(self) -> str:
        """The name of the encoder."""
        return self.encoder

    def vectors(self, processing: str) -> VectorArray:
        """The vectors of one version, floats [N, D]."""
        return ViewedRows(self.versions[processing], self.at, self.photos["id"])
