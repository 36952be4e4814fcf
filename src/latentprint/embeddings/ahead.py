"""An iterator that runs in a thread of its own, some items before they are asked for."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator
from contextlib import suppress
from typing import TypeVar

Item = TypeVar("Item")

_LOOK = 0.1
"""Seconds between two looks whether nobody waits for more."""


class _End:
    """Comes after the last item, with the error that ended them if one did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def ahead(source: Generator[Item], count: int) -> Generator[Item]:
    """Give the items of a generator, which makes the next ones meanwhile.

    Args:
        source: The generator; it runs in one thread, and is closed there.
        count: How many items wait at most.

    Yields:
        The items, in their order. An error of the generator is raised where it would be.
    """
    items: queue.Queue[Item | _End] = queue.Queue(count)
    ended = threading.Event()

    def put(item: Item | _End) -> None:
        while not ended.is_set():
            with suppress(queue.Full):
                items.put(item, timeout=_LOOK)
                return

    def work() -> None:
        end = _End()
        try:
            for each in source:
                put(each)
                if ended.is_set():
                    break
            source.close()
        except BaseException as error:
            end = _End(error)
        put(end)

    thread = threading.Thread(target=work, name="ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := items.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        ended.set()
        thread.join()
