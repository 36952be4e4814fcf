"""An end to work that a text of a stranger could draw out for ever."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from latentprint.errors import LatentprintError


class _OutOfTimeError(BaseException):
    """No ``except Exception`` on the way may take it for a flaw of the text."""


@contextmanager
def time_limit(seconds: float, what: str) -> Iterator[None]:
    """End the block where it takes too long.

    It works in the main thread of systems with an alarm clock (not Windows); elsewhere the block
    runs without a limit.

    Args:
        seconds: How long it may take.
        what: What it is, for the message.

    Raises:
        LatentprintError: It took longer.
    """
    if not hasattr(signal, "setitimer") or (
        threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise _OutOfTimeError

    before = signal.signal(signal.SIGALRM, ring)
    # It rings again, should a library swallow the first one.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    except _OutOfTimeError:
        raise LatentprintError(
            f"{what} takes more than {seconds:g} seconds, which is the most that it may take."
        ) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
