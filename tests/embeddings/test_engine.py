"""Worker processes that end without a word."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from types import SimpleNamespace
from typing import Any

import pytest

from latentprint.embeddings import engine


class Process:
    """Stands for a process of a pool."""

    def __init__(self, *, alive: bool) -> None:
        self.alive = alive

    def is_alive(self) -> bool:
        return self.alive

    def kill(self) -> None:
        self.alive = False


def pool_of(*processes: Process) -> Any:
    return SimpleNamespace(_processes=dict(enumerate(processes)))


@pytest.fixture(autouse=True)
def _short_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_SILENCE", 0.02)


def test_a_pool_that_did_not_notice_a_death_is_broken_and_ended() -> None:
    sound = Process(alive=True)
    with pytest.raises(BrokenProcessPool):
        engine._outcome(pool_of(Process(alive=False), sound), Future())
    assert not sound.alive


def test_a_slow_photo_is_waited_for() -> None:
    slow: Future[Any] = Future()
    threading.Timer(0.3, slow.set_result, ["read"]).start()
    assert engine._outcome(pool_of(Process(alive=True)), slow) == "read"


def test_a_photo_that_ran_out_of_time_itself_is_no_silence() -> None:
    late: Future[Any] = Future()
    late.set_exception(TimeoutError("of the file"))
    with pytest.raises(TimeoutError, match="of the file"):
        engine._outcome(pool_of(Process(alive=False)), late)
