"""The whole job on embedded photos, which shows every kind of finding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from latentprint.jobs.audit import Audit, audit
from latentprint.photos import open_photos
from latentprint.photos.demo import write_demo_photos

if TYPE_CHECKING:
    from latentprint.embeddings import Progress


def demo(
    out: Path,
    *,
    command: str = "",
    on_progress: Callable[[Progress], None] | None = None,
    on_step: Callable[[str], None] = lambda _: None,
) -> Audit:
    """Audit the embedded encoder on tiles of embedded photos; nothing is downloaded.

    The attributes are chosen so that traces are carried and not shown, and do harm and none: three
    of the study's, whose harm so few photos cannot show; thumbnails of a quarter of the size, whose
    harm they do; and a label that no picture shows.

    Args:
        out: The run folder; the photos lie in its folder photos.
        command: The command line, for the record.
        on_progress: Called after every photo.
        on_step: Called with a short description of each experiment.

    Raises:
        LatentprintError: scikit-image or scikit-learn is not installed, or the folder cannot be
            written to.
    """
    folder = out / "photos"
    write_demo_photos(folder)
    return audit(
        open_photos(folder / "manifest.csv", name="demo photos"),
        out,
        questions=[
            "jpeg",
            "sharpening",
            "resizing",
            str(folder / "thumbnail.toml"),
            "coin",
        ],
        ks=[5],
        command=command,
        title="Demo: a few photos cut into tiles",
        on_progress=on_progress,
        on_step=on_step,
    )
