"""Which photos are wanted: the question that a set of photos answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from latentprint.errors import UsageError, unknown_name
from latentprint.photos.flickr.licences import LICENCES

SIZES = {"original": "o", "1024": "l", "800": "c", "640": "z"}
"""What can be downloaded, by its longer side in pixels, and the letter that Flickr gives it."""


@dataclass(frozen=True)
class Wanted:
    """Which photos are wanted. The same value asks for the same photos.

    Attributes:
        first: First day on which a photo may have been taken.
        last: Last day on which a photo may have been taken.
        text: Words in title, description or tags; empty for any.
        tags: Tags of which a photo bears at least one; empty for any.
        licences: Names of licences, of ``LICENCES``.
        max_photos: Number of photos to keep, spread evenly over the months; None for all.
        per_user_month: Most photos of one photographer taken in one month.
        size: What to download, of ``SIZES``. Only "original" has the camera's own pixels: Flickr
            resized and compressed the others once more.
        min_side: Least shorter side of the downloaded picture, in pixels.
        seed: Another seed chooses other photos.
    """

    first: date
    last: date
    text: str = ""
    tags: tuple[str, ...] = ()
    licences: tuple[str, ...] = tuple(LICENCES)
    max_photos: int | None = None
    per_user_month: int = 5
    size: str = "original"
    min_side: int = 512
    seed: int = 0

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise UsageError(f"The first day, {self.first}, lies after the last, {self.last}.")
        if self.size not in SIZES:
            raise unknown_name("size", self.size, SIZES)
        for name in self.licences:
            if name not in LICENCES:
                raise unknown_name("licence", name, LICENCES)
        if not self.licences:
            raise UsageError(f"Name at least one licence of {', '.join(LICENCES)}.")
        limits = (self.max_photos if self.max_photos is not None else 1, self.per_user_month)
        if min(limits) < 1 or self.min_side < 1:
            raise UsageError("Numbers of photos and pixels must be at least 1.")

    def as_json(self) -> dict[str, Any]:
        """The wish as plain JSON values, equal for equal wishes."""
        dates = {"first": self.first.isoformat(), "last": self.last.isoformat()}
        lists = {"tags": sorted(set(self.tags)), "licences": sorted(set(self.licences))}
        return asdict(self) | dates | lists
