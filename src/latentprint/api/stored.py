"""The experiments on stored embeddings, each a function."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from latentprint.api.keywords import declared, options_of
from latentprint.experiments import STORED
from latentprint.jobs.measure import Measured, OnStep
from latentprint.jobs.source_options import Sources
from latentprint.jobs.stored import measure_stored


class Entry(Protocol):
    """A function that measures stored embeddings; its options are those of the command."""

    def __call__(
        self,
        store: Any = None,
        *,
        out: Path | str | None = None,
        on_step: OnStep = lambda _: None,
        **options: Any,
    ) -> Measured:
        """Measure; see the docstring of each function."""
        ...


def _entry(name: str) -> Entry:
    """The function of an experiment."""
    (registered,) = (each for each in STORED if each.name == name)
    inquiry = registered.inquiry()

    summary = f"{registered.summary}\n\n{inquiry.help}\n\nAs ``latentprint {name}``."

    def entry(
        store: Any = None,
        *,
        out: Path | str | None = None,
        on_step: OnStep = lambda _: None,
        **options: Any,
    ) -> Measured:
        sources, asked = options_of(name, {"store": store, **options}, Sources, inquiry.options)
        measured = measure_stored(name, sources, asked, out=out, on_step=on_step)
        measured.refuse_nothing()
        return measured

    # A call that Python refuses is told of by this name.
    entry.__name__ = entry.__qualname__ = name
    return declared(
        summary,
        "The rows, judged together, and what was left out because the data do not allow it.",
        inquiry.options,
        Sources,
        store="What ``latentprint embed`` or ``audit`` wrote; or vectors of your own [N, D]: a "
        "path, a NumPy array, a torch tensor or a data frame of polars or pandas; several of the "
        "same photos in a list, or in a dictionary by their names, are one encoder each; or "
        "embeddings that are open, one or a list.",
        out="Folder for results.{csv,parquet,json}, details.json, settings.json and report.html.",
        on_step="Called with a short description of each step.",
    )(entry)


probe = _entry("probe")
influence = _entry("influence")
robustness = _entry("robustness")
pairs = _entry("pairs")
similarity = _entry("similarity")
