"""The size of batches with which encoders are fastest on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from latentprint.embeddings.reference import made_up
from latentprint.encoders.encoder import Encoder
from latentprint.errors import LatentprintError

_FIRST, _MOST = 64, 4096
_GAIN = 1.05
"""A batch of twice the size has to be so many times as fast."""

_SECONDS = 0.3


def fastest_batch(
    encoders: Sequence[Encoder], *, clock: Callable[[], float] = time.perf_counter
) -> int:
    """Find the size of batches by trying: halved where memory ends, doubled while that is faster.

    Args:
        encoders: The encoders, which are timed together on made-up pictures.
        clock: Says the time, in seconds.

    Returns:
        A power of two from 1 to 4,096.

    Raises:
        LatentprintError: Not even one picture fits into memory; or an encoder failed.
    """
    size = _FIRST
    while (rate := _rate(encoders, size, clock)) is None:
        if size == 1:
            raise LatentprintError("Not even one picture fits into memory: use another --device.")
        size //= 2
    # What was halved once is known not to fit.
    while size >= _FIRST and size < _MOST:
        doubled = _rate(encoders, 2 * size, clock)
        if doubled is None or doubled < _GAIN * rate:
            break
        size, rate = 2 * size, doubled
    return size


def _rate(encoders: Sequence[Encoder], size: int, clock: Callable[[], float]) -> float | None:
    """Pictures a second through all encoders; None where memory ends."""
    import torch

    try:
        pictures = {each: made_up(each) for each in {each.preprocess for each in encoders}}
        batches = {
            how: batch[torch.arange(size) % len(batch)].contiguous()
            for how, batch in pictures.items()
        }

        def once() -> None:
            for each in encoders:
                each.embed(batches[each.preprocess])

        once()
        begun, times = clock(), 0
        while not times or clock() - begun < _SECONDS:
            once()
            times += 1
        return size * times / (clock() - begun)
    except Exception as error:
        if not _memory_ended(error):
            raise
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return None


def _memory_ended(error: BaseException | None) -> bool:
    """Whether that is why an encoder failed, whoever tells it."""
    import torch

    while error is not None:
        if isinstance(error, MemoryError | torch.OutOfMemoryError):
            return True
        error = error.__cause__
    return False
