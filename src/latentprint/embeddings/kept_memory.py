"""Large buffers that the C library keeps for the next batch instead of giving them back."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

# Options of mallopt(3), with the numbers of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4
_DEFAULT_MMAP_MAX = 65536
_DYNAMIC_LIMIT = 32 << 20
_NEVER = 2**31 - 1


@contextmanager
def kept_memory(device: str) -> Iterator[None]:
    """Let the C library keep freed memory while networks run on the CPU inside the block.

    By default glibc maps every buffer beyond 32 MB anew and returns it when it is freed; the
    system then clears the same pages for each layer of each batch; benchmarks/extract.py shows
    how much of the CPU time that is. The peak of memory stays about the same, as one batch needs
    what the last one did; it is given back at the end. No figure depends on it.

    Args:
        device: Where the networks run; elsewhere than on the CPU, and without glibc, nothing is
            done.
    """
    if device != "cpu" or platform.libc_ver()[0] != "glibc":
        yield
        return
    library = ctypes.CDLL(None)
    library.mallopt(_MMAP_MAX, 0)
    library.mallopt(_TRIM_THRESHOLD, _NEVER)
    try:
        yield
    finally:
        # Whoever sets a threshold ends its adjustment: these are the limits it would have reached.
        library.mallopt(_MMAP_MAX, _DEFAULT_MMAP_MAX)
        library.mallopt(_MMAP_THRESHOLD, _DYNAMIC_LIMIT)
        library.mallopt(_TRIM_THRESHOLD, 2 * _DYNAMIC_LIMIT)
        library.malloc_trim(0)
