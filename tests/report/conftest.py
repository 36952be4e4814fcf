"""Runs for the report: two encoders, one of them with a hostile name and without controls."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from latentprint.report import write_report
from latentprint.results import LeftOut
from latentprint.words import Experiment
from tests.report.made_runs import (
    ATTRIBUTE,
    HOSTILE,
    correlation_run,
    everything,
    influence_run,
    many,
    pairs_run,
    probe_run,
    robustness_run,
    similarity_run,
    write_made,
)

FIRST, SECOND = "net", HOSTILE

Maker = Callable[..., Path]


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of every experiment; tests that change it take a copy from ``make_run``."""
    made = everything(0.5, FIRST) + probe_run(0.0, SECOND, "yours", controls=False)
    for part in (influence_run, similarity_run, robustness_run, pairs_run):
        made = made + part(0.0, SECOND, "yours")
    made = made + correlation_run(0.6)
    return write_made(made, tmp_path_factory.mktemp("made") / "run")


@dataclass(frozen=True)
class Large:
    """A report on many encoders, and the seconds that it took to write."""

    run: Path
    page: Path
    seconds: float


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Large:
    """48 encoders; tests do not change it."""
    run = write_made(many(48) + correlation_run(0.6), tmp_path_factory.mktemp("large") / "run")
    begun = time.perf_counter()
    page = write_report(run)
    return Large(run, page, time.perf_counter() - begun)


@pytest.fixture(scope="session")
def probes_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of probes alone, whose photos have no classes."""
    made = probe_run(0.5, FIRST)
    reason = "kNN influence needs class labels: put the photos of each class into a folder."
    left_out = LeftOut(reason, Experiment.KNN_INFLUENCE, ATTRIBUTE, FIRST)
    made.left_out[:] = [left_out]
    folder = write_made(made, tmp_path_factory.mktemp("made") / "run")
    made.left_out.clear()
    return folder


@pytest.fixture
def make_run(whole_run: Path, probes_run: Path, tmp_path: Path) -> Maker:
    """Copy a run, with or without neighbours and with or without the record of the run."""

    def make(*, neighbours: bool = True, recorded: bool = True) -> Path:
        folder = tmp_path / "run"
        shutil.copytree(whole_run if neighbours else probes_run, folder)
        if not recorded:
            for name in ("settings.json", "details.json", "photos.csv", "correlation.json"):
                (folder / name).unlink(missing_ok=True)
        return folder

    return make
