"""Debian's Chromium, driven by Playwright: started when asked for, ended where it is silent."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory

import psutil
import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

LIMIT = 90.0
"""Seconds for all that one test does in the browser; the slowest needs fifteen of a quiet core."""

_GRACE = 5.0
# The one without windows first: in the other, a script that awaited frames has never returned.
_PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")


class Chromium:
    """A browser that answers, or is ended.

    Playwright waits for ever for an answer to a key, a mouse move or an evaluated script. No call
    can outlast its browser, though: when the processes are ended, it raises ``TargetClosedError``.
    """

    def __init__(self) -> None:
        self._playwright: sync_api.Playwright | None = None
        self._driver: psutil.Process | None = None
        self._browser: sync_api.Browser | None = None
        self._lost = False
        self._temporary: TemporaryDirectory[str] | None = None

    @contextmanager
    def answering(self, limit: float = LIMIT) -> Iterator[sync_api.Browser]:
        """The browser, a new one where the last was lost; it is ended after so many seconds."""
        with self._watched(limit):
            if not self._is_sound():
                self._stop()
                self._start()
            yield self._browser

    def close(self) -> None:
        """End the browser and its driver, whether they answer or not."""
        with self._watched(LIMIT):
            self._stop()

    def processes(self) -> list[psutil.Process]:
        """What was started and still runs, the driver last."""
        if self._driver is None:
            return []
        with suppress(psutil.NoSuchProcess):
            return [*self._driver.children(recursive=True), self._driver]
        return []

    def _is_sound(self) -> bool:
        """Whether it runs, and the last to use it came to an end and closed their pages."""
        there = self._browser is not None and self._browser.is_connected()
        return there and not self._lost and not self._browser.contexts

    @contextmanager
    def _watched(self, limit: float) -> Iterator[None]:
        done = threading.Event()
        watch = threading.Thread(target=self._end_when_late, args=(done, limit), daemon=True)
        watch.start()
        try:
            yield
        finally:
            done.set()
            watch.join()

    def _end_when_late(self, done: threading.Event, limit: float) -> None:
        if done.wait(limit):
            return
        sys.stderr.write(f"Chromium was ended: it was not done after {limit:g} s.\n")
        self._lost = True
        # The driver is told by the end of its browser, and removes its temporary files.
        _kill(self.processes()[:-1])
        if not done.wait(_GRACE):
            _kill(self.processes())

    def _start(self) -> None:
        program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
        if program is None:
            pytest.skip("no chromium was found on the path")
        self._temporary = TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        before = set(psutil.Process().children())
        self._playwright = sync_api.sync_playwright().start()
        (self._driver,) = set(psutil.Process().children()) - before
        self._browser = self._playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox"],
            env={**os.environ, "TMPDIR": self._temporary.name},
        )

    def _stop(self) -> None:
        left = self.processes()
        if self._browser is not None and left:
            with suppress(sync_api.Error):
                self._browser.close()
        if self._playwright is not None:
            self._playwright.stop()
        _kill(left)
        if self._temporary is not None:
            self._temporary.cleanup()
        self._playwright = self._driver = self._browser = self._temporary = None
        self._lost = False


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
