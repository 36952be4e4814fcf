"""From photos, a store or vectors to an eraser in a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from latentprint.embeddings import Extraction, Progress
from latentprint.erasure.eraser import LinearEraser
from latentprint.files import make_folder
from latentprint.jobs.embedding import embed
from latentprint.jobs.erase_fit import EraseOptions, Fitted, fit_eraser, keep_eraser
from latentprint.jobs.erase_rows import EraseSources, open_rows
from latentprint.jobs.loading import Loading
from latentprint.photos import open_photos
from latentprint.processing import ATTRIBUTES, NONE


@dataclass(frozen=True)
class Embedding:
    """How photos are embedded, where an eraser is fitted on photos.

    Attributes:
        loading: Device, precision, weights.
        extraction: How photos are read.
        layout: How a folder is read.
        allow_broken: Go on when more than 10 % of the photos are broken.
    """

    loading: Loading = Loading(control=False)  # noqa: RUF009 - frozen
    extraction: Extraction = Extraction()  # noqa: RUF009 - frozen
    layout: str = "auto"
    allow_broken: bool = False


@dataclass(frozen=True)
class Erased:
    """A new eraser.

    Attributes:
        folder: Where it was written.
        eraser: What was written.
        fitted: The eraser of the half, and which photos it never saw.
    """

    folder: Path
    eraser: LinearEraser
    fitted: Fitted


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
    make_folder(out)
    if asked.are_photos:
        asked = _embedded(asked, options.seed, out, embedding, on_progress)
    fitted = fit_eraser(open_rows(asked, seed=options.seed), options)
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
        open_photos(asked.paths[0], layout=how.layout),
        out / "embeddings",
        encoders=[asked.encoder] if asked.encoder else [],
        attributes=named,
        extra_classes=[NONE.name],
        loading=how.loading,
        extraction=how.extraction,
        seed=seed,
        allow_broken=how.allow_broken,
        on_progress=on_progress,
    )
    return replace(asked, paths=(out / "embeddings",), encoder=None)
