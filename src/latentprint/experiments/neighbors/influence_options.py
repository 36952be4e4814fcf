"""What can be said of kNN influence.

This module is imported to print help, so it imports no library.
"""

from __future__ import annotations

from dataclasses import dataclass

from latentprint.errors import UsageError
from latentprint.experiments.asking import Draw, Inquiry, taken_from
from latentprint.experiments.sampling import most_asked, sample_option
from latentprint.options import option
from latentprint.several import several


@dataclass(frozen=True)
class InfluenceOptions:
    """How kNN influence is measured.

    Attributes:
        attributes: A processing attribute (jpeg, sharpening, resizing, interpolation), some of its
            classes (jpeg:CLASS,CLASS) or a file that composes one (FILE.toml); by default the
            published ones whose classes were embedded.
        ks: Number of neighbours.
        draw: How the uniform set-up draws the classes of training photos: by their id, or as
            published by their row; by default by id, for files of the study as published.
        sample: Most test photos that are asked, chosen by seed and id; 0 for all; by default all
            where up to 50,000 photos take part, else 2,000.
        seed: Seeds everything that is random.
        device: Where products run: auto, cpu, cuda or mps.
        memory_mb: Memory for vectors and similarities; larger sets are read from disk in parts.
    """

    attributes: tuple[str, ...] = option((), "--attribute", "-a", metavar="NAME")
    ks: tuple[int, ...] = option((10,), "-k", "--neighbours", least=1)
    draw: Draw | None = option(None)
    sample: int | None = sample_option()
    seed: int = option(0)
    device: str = option("cpu")
    memory_mb: int = option(4096, least=1)

    def __post_init__(self) -> None:
        for name in ("attributes", "ks"):
            object.__setattr__(self, name, several(getattr(self, name)))
        if not self.ks or min(*self.ks, self.memory_mb) < 1:
            raise UsageError("k and memory must each be at least 1.")
        most_asked(self.sample, 1)


INQUIRY = Inquiry(
    InfluenceOptions,
    taken_from("neighbors.influence_steps", "influence_steps"),
    "Tied votes go to the class whose name comes first, equal similarities to the photo whose id "
    "(or row, under the published draw) comes first. --json holds every single accuracy.",
    (
        "influence store -a jpeg -k 1 -k 10",
        "influence --study-embeddings ImageNet --model CLIP -a jpeg --json",
    ),
)
