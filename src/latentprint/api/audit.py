"""Photos in, result table and report out, as a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latentprint.api.embed import ON_PROGRESS, PHOTOS, Choice, Embedding
from latentprint.api.keywords import declared, options_of
from latentprint.embeddings import Progress
from latentprint.experiments.probes.options import Guards, ProbeOptions
from latentprint.experiments.probes.protocol import STUDY, STUDY_EMBEDDING, Protocol
from latentprint.experiments.sampling import sample_option
from latentprint.jobs import audit as job
from latentprint.jobs.audit import ACQUISITION_MASK, Audit
from latentprint.jobs.measure import OnStep
from latentprint.options import option
from latentprint.processing import ATTRIBUTES

_LEFT = ("processing",)
"""Labels are read from photos that are masked, and embedded unprocessed alone."""


@dataclass(frozen=True)
class Asked:
    """What is measured.

    Attributes:
        questions: Processing attributes, files that compose them, and labels of the photos.
        ks: Numbers of neighbours.
        queries: Most test photos whose neighbours are asked; see ``InfluenceOptions``.
        title: Title of the report.
        protocol: Embed and probe as the study did, with nothing beside the figures.
        control: Also embed with controls: the untrained network, which tells whether training put
            a trace there, and colour statistics and DCT energies, for context.
        mask: Share of the crop that is masked where labels are probed.
        memory_mb: Memory for vectors and what is measured of them; the result does not depend on
            it.
    """

    questions: tuple[str, ...] = option(tuple(ATTRIBUTES), "--attribute", "-a")
    ks: tuple[int, ...] = option((10,), "-k", "--neighbours", least=1)
    queries: int | None = sample_option(None, "--sample")
    title: str | None = option(None)
    protocol: Protocol | None = option(None, presets={"study": STUDY_EMBEDDING})
    control: bool = option(True)
    mask: float = option(ACQUISITION_MASK, least=0.001, most=0.999)
    memory_mb: int = option(4096, least=1)


@declared(
    "Measure which labels encoders reveal, and whether that changes neighbours; write a report.\n\n"
    "Processing attributes are measured on whole photos; labels (make, aperture, a column of the\n"
    "manifest) on photos whose middle is masked, so that little of what they show is left. Of\n"
    "several encoders, those that cannot be loaded or fail are told and left out.\n\n"
    "As ``latentprint audit``.",
    "The rows, judged together, every file with its status, and the page.",
    Choice,
    Embedding,
    Asked,
    Guards,
    without=_LEFT,
    photos=PHOTOS,
    out="The run folder; an earlier run in it is used again where it fits.",
    on_progress=ON_PROGRESS,
    on_step="Called with a short description of each experiment.",
)
def audit(
    photos: Any,
    out: Path | str = "latentprint-run",
    *,
    on_progress: Callable[[Progress], None] | None = None,
    on_step: OnStep = lambda _: None,
    **options: Any,
) -> Audit:
    """Measure which labels encoders reveal, and whether that changes neighbours."""
    choice, how, asked, guards = options_of(
        "audit", options, Choice, Embedding, Asked, Guards, without=_LEFT
    )
    cluster, study = how.cluster, asked.protocol is not None
    return job.audit(
        choice.open(photos),
        out,
        encoders=how.encoders,
        questions=asked.questions,
        ks=asked.ks,
        sample=asked.queries,
        loading=how.loading(control=asked.control and not study),
        extraction=how.extraction(mask=asked.mask),
        options=ProbeOptions(
            seed=choice.seed, memory_mb=asked.memory_mb, **(STUDY if study else {})
        ),
        guards=guards,
        allow_broken=how.allow_broken,
        title=asked.title,
        cluster=cluster,
        on_progress=on_progress,
        on_step=on_step,
    )
