"""How embeddings are made of photos, and what of it a store records.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass, field, replace
from typing import Any

import PIL
from PIL import features

from latentprint.embeddings.shares import Share
from latentprint.errors import UsageError
from latentprint.photos.tones import Tones


@dataclass(frozen=True)
class Extraction:
    """How embeddings are made.

    Attributes:
        batch_size: Images that go through an encoder at once, always as many: the last of a shard
            are repeated to fill it. Float sums depend on it in the last digits, and with it do not
            depend on what else is in a batch; a store keeps the one that it was begun with.
        fastest_batch: Find the size of batches with which the encoders are fastest, or take that
            of a store that is there; ``batch_size`` does not count then.
        shard_size: Photos in a shard; at most this much work is lost when a run is killed. None
            chooses, see ``growth``.
        workers: Processes that read photos; 0 reads in this one, None chooses by the device.
        orient: Apply the EXIF orientation.
        max_pixels: Larger photos are reported as broken.
        mask: Share of the crop to cover with the central mask; see ``is_maskable``.
        tones: How pictures of more than 8 bits are scaled; what it leaves open is decided for the
            whole set before the first is embedded, and recorded.
        skip_missing: Count photos that cannot be found or read as broken, for good.
        retry_broken: Read photos again that an earlier run found broken.
        pauses: Seconds to wait before a photo that cannot be found or read is tried again.
        stop_after: The run stops when so many photos in a row could not be found or read…
        stop_seconds: …for so many seconds: a short outage costs a few shards and not the run.
        share: Make this share of the shards, beside other processes that make the others.
    """

    batch_size: int = 64
    fastest_batch: bool = False
    shard_size: int | None = None
    workers: int | None = None
    orient: bool = True
    max_pixels: int = 100_000_000
    mask: float = 0.0
    tones: Tones = field(default_factory=Tones)
    skip_missing: bool = False
    retry_broken: bool = False
    pauses: tuple[float, ...] = (0.2, 1.0)
    stop_after: int = 50
    stop_seconds: float = 30.0
    share: Share | None = None

    def __post_init__(self) -> None:
        size = 1 if self.shard_size is None else self.shard_size
        if min(self.batch_size, size, self.max_pixels) < 1:
            raise UsageError("Batches, shards and photos need at least one image and one pixel.")
        if not 0 <= self.mask < 1:
            raise UsageError(f"A mask covers a share of the crop from 0 to 1, not {self.mask:g}.")
        if self.workers is not None and self.workers < 0:
            raise UsageError(f"{self.workers} processes cannot read: a number from 0 is needed.")

    def with_batches(self, text: str) -> Extraction:
        """The same with batches as a user writes their size: a number, or ``auto``.

        Raises:
            UsageError: It is written otherwise.
        """
        if text == "auto":
            return replace(self, fastest_batch=True)
        if not text.isdecimal() or int(text) < 1:
            raise UsageError(f"--batch-size {text!r} is no size: write a number from 1, or auto.")
        return replace(self, batch_size=int(text))

    def settings(self) -> dict[str, Any]:
        """What the store's manifest records, the versions of decoder and resizer included."""
        return {
            "batch_size": self.batch_size,
            "orient": self.orient,
            "max_pixels": self.max_pixels,
            "mask": self.mask,
            "pillow": PIL.__version__,
            "libjpeg_turbo": features.version_feature("libjpeg_turbo"),
            "machine": platform.machine(),
            **({"tones": self.tones.as_list()} if self.tones.scales else {}),
        }
