"""What can be said of near-duplicate pairs.

This module is imported to print help, so it imports no library.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from latentprint.errors import UsageError
from latentprint.experiments.asking import Inquiry, taken_from
from latentprint.experiments.sampling import most_asked, sample_option
from latentprint.options import option
from latentprint.several import several


@dataclass(frozen=True)
class PairsOptions:
    """How near-duplicate retrieval is measured.

    Attributes:
        subject: Column that says what a photo shows.
        device: Column with the type of device; by default ``device_type`` or ``camera_type``.
        drop_incomplete: Leave incomplete photos and subjects out instead of refusing them.
        ks: The k of recall@k.
        sample: Most photos that are queries, those of whole subjects, chosen by seed and name; 0
            for all; by default all of up to 50,000 photos, else 2,000.
        seed: Seeds everything that is random.
        permutations: Number of random exchanges of devices behind p and intervals. With few
            subjects, of whose exchanges there are no more, each is taken once; of a sample at most
            999.
        bootstrap: Resamples of subjects behind the intervals of median ranks.
        memory_mb: Memory for vectors and similarities; the result does not depend on it.
    """

    subject: str = option("subject", metavar="COLUMN")
    device: str | None = option(None, "--device-type", metavar="COLUMN")
    drop_incomplete: bool = option(False)
    ks: tuple[int, ...] = option((1, 5, 10), "-k", least=1)
    sample: int | None = sample_option()
    seed: int = option(0)
    permutations: int = option(9999, least=1)
    bootstrap: int = option(1000, least=1)
    memory_mb: int = option(1024, least=1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ks", several(self.ks))
        if not self.ks or min(*self.ks, self.permutations, self.bootstrap, self.memory_mb) < 1:
            raise UsageError("k, permutations, bootstrap and memory must each be at least 1.")
        most_asked(self.sample, 1)


@dataclass(frozen=True)
class PairsQuestions:
    """Which embeddings are compared, and how.

    Attributes:
        processing: Processing class whose embeddings are compared; by default none, unprocessed,
            else the first there is.
        retrieval: How retrieval is measured.
    """

    processing: str | None = option(None, metavar="CLASS")
    retrieval: PairsOptions = field(default_factory=PairsOptions)

    @property
    def seed(self) -> int:
        """Seeds everything that is random."""
        return self.retrieval.seed


INQUIRY = Inquiry(
    PairsQuestions,
    taken_from("pairs.steps", "pairs_steps"),
    "The same subjects, photographed with two types of device or more. Each photo looks for the "
    "one of its subject by another type, once among photos by its own type of device, once among "
    "photos by the type of the one it looks for. An encoder without traces does equally well in "
    "both. With --out, pairs.parquet holds every query.",
    (
        "pairs store",
        "pairs vectors.parquet --subject scene --device-type camera",
        "pairs --study-embeddings PairCams --model CLIP",
    ),
)
