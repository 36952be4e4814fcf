"""From photos, a store or vectors to an eraser in a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from latentprint.embeddings import Extraction, Progress
from latentprint.erasure.eraser import LinearEraser
from latentprint.files import make_folder
from latentprint.jobs.embedding import embed
from latentprint.jobs.erase_fit import EraseOptions, Fitted, fit_eraser, keep_eraser
from latentprint.jobs.erase_rows import EraseSources, open_rows
from latentprint.jobs.erase_test import Proof
from latentprint.jobs.loading import Loading
from latentprint.jobs.shown import Shown
from latentprint.options import option
from latentprint.photos import open_photos
from latentprint.processing import ATTRIBUTES, NONE
from latentprint.results import results_table

if TYPE_CHECKING:
    from latentprint.report.inputs import Run


@dataclass(frozen=True)
class Embedding:
    """How photos are embedded, where an eraser is fitted on photos.

    Attributes:
        layout: How a folder of photos is read; see ``open_photos``.
        device: Where photos are embedded: auto, cpu, cuda or mps.
        weights: A local file of weights for the encoder.
        workers: Processes that read photos; 0 reads in the main one.
        batch_size: Images in one batch of the encoder.
        allow_broken: Go on when more than 10 % of the photos are broken.
        trust_code: Run the code of a repository that the encoder names.
    """

    layout: str = option("auto")
    device: str = option("auto")
    weights: Path | None = option(None)
    workers: int | None = option(None, least=0)
    batch_size: int = option(64, least=1)
    allow_broken: bool = option(False)
    trust_code: bool = option(False)


@dataclass(frozen=True, repr=False)
class Erased(Shown):
    """A new eraser.

    Attributes:
        folder: Where it was written.
        eraser: What was written.
        fitted: The eraser of the half, and which photos it never saw.
        proof: What was measured of it on these; None where that was not asked.
    """

    folder: Path
    eraser: LinearEraser
    fitted: Fitted
    proof: Proof | None = None

    @property
    def run(self) -> Run:
        """What the report is made from, in memory; without rows where nothing was proven."""
        from latentprint.report.inputs import run_of

        return run_of(results_table([]), {}, []) if self.proof is None else self.proof.run

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdict on every attribute; empty where nothing was proven."""
        return {} if self.proof is None else self.proof.verdicts

    @property
    def _sentence(self) -> str:
        about = self.eraser.about
        return (
            f"{self.eraser.rank} of {self.eraser.dimension} directions erased, "
            f"{about['variance_removed']:.1%} of the variance, fitted on {about['photos']} photos "
            f"and {len(about['classes'])} classes."
        )

    def __repr__(self) -> str:
        return f"<Erased: {self._sentence.removesuffix('.')}; in {self.folder}>"


def erase_fit(
    asked: EraseSources,
    options: EraseOptions,
    out: Path,
    *,
    embedding: Embedding = Embedding(),
    on_progress: Callable[[Progress], None] | None = None,
) -> Erased:
    """Fit an eraser on half of the photos and keep it.

    Args:
        asked: What to fit on; photos are embedded first, under ``out/embeddings``.
        options: How, and on which photos.
        out: Folder for the eraser.
        embedding: How photos are embedded.
        on_progress: Called after every photo that is embedded.

    Raises:
        UsageError: A name or an option is wrong.
        LatentprintError: The data do not allow an eraser, or ``out`` cannot be written to.
    """
    if asked.are_photos:
        make_folder(out)
        asked = _embedded(asked, options.seed, out, embedding, on_progress)
    rows = open_rows(asked, seed=options.seed)
    make_folder(out)
    fitted = fit_eraser(rows, options)
    return Erased(out, keep_eraser(fitted, options, out), fitted)


def _embedded(
    asked: EraseSources,
    seed: int,
    out: Path,
    how: Embedding,
    on_progress: Callable[[Progress], None] | None,
) -> EraseSources:
    """The same with photos embedded: labels are those of unprocessed ones."""
    named = (NONE.name,) if asked.nuisance else asked.attributes or tuple(ATTRIBUTES)
    embed(
        open_photos(asked.first, layout=how.layout),
        out / "embeddings",
        encoders=[asked.encoder] if asked.encoder else [],
        attributes=named,
        extra_classes=[NONE.name],
        loading=Loading(
            device=how.device, weights=how.weights, control=False, trust_code=how.trust_code
        ),
        extraction=Extraction(batch_size=how.batch_size, workers=how.workers),
        seed=seed,
        allow_broken=how.allow_broken,
        on_progress=on_progress,
    )
    return replace(asked, paths=out / "embeddings", encoder=None)
