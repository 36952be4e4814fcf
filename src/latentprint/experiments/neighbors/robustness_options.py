"""What can be said of robustness.

This module is imported to print help, so it imports no library.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from latentprint.errors import UsageError
from latentprint.experiments.asking import Inquiry, taken_from
from latentprint.experiments.bins import parse_bins
from latentprint.experiments.sampling import most_asked, sample_option
from latentprint.experiments.source import UNPROCESSED
from latentprint.options import option
from latentprint.several import several


@dataclass(frozen=True)
class RobustnessOptions:
    """How neighbours are judged.

    Attributes:
        ks: Numbers of neighbours.
        processing: Processing class whose embeddings are compared.
        exclude: Photos with one value of it are never neighbours of each other: photographer,
            scene, group.
        group: Photos with one value of it count as one.
        bins: How values of the nuisance become classes: values, values:K, quantiles:K, stops,
            edges:A,B or published; by default text as it is, numbers in 4 quantiles.
        permutations: Number of shuffles behind chance and p; fewer, at least 999, where there are
            so many photos that shuffling would take long.
        sample: Most photos whose neighbours are judged, chosen by seed and id; 0 for all; by
            default all of up to 50,000 photos, else 2,000.
        approximate: Find neighbours with an approximate index (extra ``faiss``), of all photos
            unless a sample is named. What it misses is measured on 1,000 photos that are searched
            exactly, told, and added to intervals.
        seed: Seeds everything that is random.
        memory_mb: Memory for vectors and similarities; the result does not depend on it.
        device: Where products run: auto, cpu, cuda or mps; the result does not depend on it.
    """

    ks: tuple[int, ...] = option((10,), "-k", "--neighbours", least=1)
    processing: str = option(UNPROCESSED, metavar="CLASS")
    exclude: str | None = option(None, metavar="COLUMN")
    group: str = option("group", metavar="COLUMN")
    bins: tuple[tuple[str, str], ...] = option(
        (), metavar="LABEL=RULE", parse=lambda rules: tuple(parse_bins(rules).items())
    )
    permutations: int = option(4999, least=1)
    sample: int | None = sample_option()
    approximate: bool = option(False)
    seed: int = option(0)
    memory_mb: int = option(4096, least=1)
    device: str = option("cpu")

    def __post_init__(self) -> None:
        object.__setattr__(self, "ks", several(self.ks))
        object.__setattr__(self, "bins", tuple(dict(self.bins).items()))
        if not self.ks or min(*self.ks, self.permutations, self.memory_mb) < 1:
            raise UsageError("k, permutations and memory must each be at least 1.")
        most_asked(self.sample, 1)


@dataclass(frozen=True)
class RobustnessQuestions:
    """What neighbours should and should not share.

    Attributes:
        nuisances: Column of what neighbours should not share: make, codec…
        label: Column of what they should share.
        judging: How neighbours are judged.
    """

    nuisances: tuple[str, ...] = option((), "--nuisance", metavar="COLUMN")
    label: str = option("label", metavar="COLUMN")
    judging: RobustnessOptions = field(default_factory=RobustnessOptions)

    def __post_init__(self) -> None:
        object.__setattr__(self, "nuisances", several(self.nuisances))

    @property
    def seed(self) -> int:
        """Seeds everything that is random."""
        return self.judging.seed


INQUIRY = Inquiry(
    RobustnessQuestions,
    taken_from("neighbors.robustness_steps", "robustness_steps"),
    "The robustness index is the share of same-class neighbours among those that share the class "
    "or the nuisance but not both; purity is the share of neighbours with the photo's own value.",
    (
        "robustness store --nuisance make --exclude photographer",
        "robustness vectors.npy --metadata photos.csv --label class --nuisance make",
    ),
)
