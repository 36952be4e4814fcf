"""What all tests share: one thread each, real photographs, a browser, and no silent skip."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

# Tests run side by side, one on each core: threads would only stand in each other's way.
for _variable in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "POLARS_MAX"):
    os.environ.setdefault(f"{_variable}_THREADS", "1")

# Nothing that is imported can be collected.
gc.disable()

SLOW_LIMIT = 400
"""Seconds for a test that is marked as slow."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.timeout(SLOW_LIMIT))
        if "browser" in getattr(item, "fixturenames", ()):
            # A browser that was lost says nothing about the page.
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun="TargetClosedError"))


_MANY = 300
"""Modules imported since, of which garbage collections are worth to be freed again."""

_frozen = 0


def _freeze() -> None:
    global _frozen  # noqa: PLW0603
    gc.freeze()
    _frozen = len(sys.modules)


def pytest_collection_finish() -> None:
    """Leave modules and tests out of garbage collections, which took a quarter of the time."""
    _freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def pytest_runtest_logfinish() -> None:
    """Leave out what tests have imported, too."""
    if len(sys.modules) > _frozen + _MANY:
        # What is garbage would stay for ever.
        gc.collect()
        _freeze()


def pytest_unconfigure() -> None:
    # What is frozen is not taken apart at the end, of which libraries complain.
    gc.unfreeze()


def _refuse_to_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """In CI a test that is skipped has failed; one that is expected to fail has not."""
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"In CI nothing may be skipped: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_to_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_to_skip(report)
    return report


@pytest.fixture(scope="session", autouse=True)
def _state(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the key of tests out of the user's own folder."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real photographs beside the checkout."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the real photographs are not there: {folder}")
    return folder


@pytest.fixture(params=["torch", "numpy"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What computes: torch, whatever the size, or NumPy as where torch is not installed."""
    from latentprint import arrays
    from latentprint.solvers import rows

    monkeypatch.setattr(arrays, "has_torch", lambda: request.param == "torch")
    if request.param == "torch":
        monkeypatch.setattr(rows, "_SMALL", 0)
    return str(request.param)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Chromium without a window, a new one for each module."""
    from tests.chromium import Chromium

    started = Chromium()
    yield started
    started.close()


@pytest.fixture
def browser(chromium: Any) -> Iterator[Any]:
    """A browser that answers: all that a test does in it has a limit."""
    with chromium.answering() as browser:
        yield browser
