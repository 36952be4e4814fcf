"""Which photos are asked, where asking all of a large set would take long.

A sample searches the whole gallery, so that its answers are exact for the photos that are asked,
and its intervals hold that others were not. Photos are drawn by a seeded hash of their ids: neither
the order of files nor memory decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from latentprint.errors import UsageError
from latentprint.experiments.asking import ALL_UP_TO, MOST_ASKED, SAMPLE_HELP, USUAL_SAMPLE
from latentprint.options import option

if TYPE_CHECKING:
    import numpy as np

    from latentprint.results import Result

_ASKED = " asked"

PURPOSE = "queries"
"""What orders of photos or subjects are drawn for, whatever is asked of them."""


def sample_option(default: int | None = None, *flags: str) -> Any:
    """The field of options with the most photos that are asked."""
    text = SAMPLE_HELP if default is not None else f"{SAMPLE_HELP} {USUAL_SAMPLE}"
    return option(default, *flags, least=0, metavar="N", help=text)


@dataclass(frozen=True)
class Asked:
    """Photos that are asked.

    Attributes:
        rows: Which of the photos, rising, int64 [m].
        of: Number of photos that could be asked.
        kind: What these are called.
    """

    rows: np.ndarray
    of: int
    kind: str = "photos"

    @property
    def share(self) -> float:
        """Share of the photos that are asked, 0 to 1."""
        return len(self.rows) / self.of

    @property
    def note(self) -> str:
        """What a row of results says of it; nothing where all are asked."""
        asked = len(self.rows)
        return f"{asked:,} of {self.of:,} {self.kind}{_ASKED}" if asked < self.of else ""


def samples_of(rows: Iterable[Result]) -> list[str]:
    """What rows of results say of samples, each once with what has it."""
    found: dict[str, None] = {}
    for row in rows:
        for note in row.notes.split("; "):
            if note.endswith(_ASKED):
                found[f"{row.experiment.replace('_', ' ')}: {note}, each among all"] = None
    return list(found)


def most_asked(sample: int | None, photos: int) -> int:
    """How many of some photos are asked at the most.

    Args:
        sample: What a user says: 0 for all, None for what is usual.
        photos: Number of photos that take part.

    Raises:
        UsageError: It is negative.
    """
    if sample is None:
        return photos if photos <= ALL_UP_TO else MOST_ASKED
    if sample < 0:
        raise UsageError(f"The photos to ask (--sample) must be at least 0, not {sample}.")
    return sample or photos


def ask(
    ids: Sequence[str],
    sample: int | None,
    seed: int,
    *,
    photos: int | None = None,
    kind: str = "photos",
) -> Asked:
    """Choose the photos that are asked.

    Args:
        ids: Ids of the photos that could be asked [n].
        sample: The most that are asked: 0 for all, None for what is usual.
        seed: Seeds the choice.
        photos: Number of photos that take part, where others do than those that could be asked.
        kind: What those that could be asked are called.

    Raises:
        UsageError: The sample is negative.
    """
    import numpy as np

    from latentprint.experiments.probes.guards import shuffle_order

    most = most_asked(sample, len(ids) if photos is None else photos)
    rows = np.arange(len(ids))
    if most < len(ids):
        rows = np.sort(shuffle_order(ids, seed, PURPOSE)[:most])
    return Asked(rows, len(ids), kind)
