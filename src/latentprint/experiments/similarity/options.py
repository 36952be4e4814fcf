"""What can be said of similarity, stability and galleries.

This module is imported to print help, so it imports no library.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from latentprint.errors import UsageError
from latentprint.experiments.asking import Inquiry, taken_from
from latentprint.experiments.bins import parse_bins
from latentprint.experiments.sampling import most_asked, sample_option
from latentprint.options import option
from latentprint.several import several

Choice = Literal["telling", "random"]
"""``telling``: the queries that lose most right neighbours from pos-same to neg-same; ``random``:
any, by seed and id."""


@dataclass(frozen=True)
class QueryOptions:
    """What comparisons of photos share.

    Attributes:
        label: Column that holds the semantic label.
        query: Id of the one query photo; by default the test photos.
        sample: Most query photos, chosen by seed and id; 0 for all; None for all of up to 50,000,
            else 2,000.
        exclude_group: Leave out photos of the query's group too (near-duplicates, photographer),
            not the query photo alone.
        processing: Processing class of the query photos; by default every class of a processing
            attribute, and unprocessed photos for a column.
        seed: Seeds the sample, and galleries that are chosen at random.
        memory_mb: Memory for similarities, and for vectors that are then read once; the results do
            not depend on it.
    """

    label: str = option("label", metavar="COLUMN")
    query: str | None = option(None, metavar="ID")
    sample: int | None = sample_option(1000)
    exclude_group: bool = option(False)
    processing: str | None = option(None, metavar="CLASS")
    seed: int = option(0)
    memory_mb: int = option(1024, least=1)

    def __post_init__(self) -> None:
        if self.memory_mb < 1:
            raise UsageError(f"memory_mb must be at least 1, not {self.memory_mb}.")
        most_asked(self.sample, 1)


@dataclass(frozen=True)
class ComparisonOptions:
    """What is compared, and how.

    Attributes:
        attributes: Processing that is varied: jpeg, sharpening, resizing, interpolation,
            jpeg:CLASS,CLASS or FILE.toml; by default the published ones whose classes were
            embedded, or none where columns are named.
        columns: Column that is the same or different instead, such as make.
        stability: Also how far re-encoding moves a photo, against its nearest other photo.
        reference: Class from which the shift is reported too; by default none, unprocessed, else
            the lightest published class, where it was embedded.
        threshold: Cosine similarity below which your index takes photos for different.
        galleries: Number of neighbour galleries of each attribute.
        choice: Galleries that change most, or any, by seed and id.
        k: Number of neighbours in a gallery.
        bins: How values of columns become classes: values, values:K, quantiles:K, stops,
            edges:A,B or published.
        queries: Which photos are compared.
    """

    attributes: tuple[str, ...] = option((), "--attribute", "-a", metavar="NAME")
    columns: tuple[str, ...] = option((), "--by", metavar="COLUMN")
    stability: bool = option(True)
    reference: str | None = option(None, metavar="CLASS")
    threshold: float | None = option(None)
    galleries: int = option(3, least=0)
    choice: Choice = option("telling", "--choose")
    k: int = option(10, "-k", "--neighbours", least=1)
    bins: dict[str, str] = option({}, metavar="COLUMN=RULE", parse=parse_bins)
    queries: QueryOptions = field(default_factory=QueryOptions)

    def __post_init__(self) -> None:
        for name in ("attributes", "columns"):
            object.__setattr__(self, name, several(getattr(self, name)))

    @property
    def seed(self) -> int:
        """Seeds everything that is random."""
        return self.queries.seed


INQUIRY = Inquiry(
    ComparisonOptions,
    taken_from("similarity.steps", "similarity_steps"),
    "Cosine similarity to photos of the same or another class with the same or other metadata; how "
    "far re-encoding moves a photo; the nearest neighbours of some photos. Semantic labels are "
    "needed for all but the second.",
    (
        "similarity store -a jpeg --threshold 0.95",
        "similarity store --by make --metadata cameras.csv --label species",
        "similarity store -a jpeg --query cat/01.jpg",
    ),
)
