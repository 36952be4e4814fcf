"""What can be said of probes: what they recover, how, and from which photos.

This module is imported to print help, so it imports no library.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latentprint.errors import UsageError, unknown_name
from latentprint.experiments.asking import Draw, Inquiry, taken_from
from latentprint.experiments.bins import parse_bins
from latentprint.experiments.probes.protocol import STUDY, Protocol
from latentprint.experiments.source import usable_device
from latentprint.options import option
from latentprint.several import several
from latentprint.solver_options import C_GRID, Normalisation, Solver

if TYPE_CHECKING:
    from latentprint.solvers import SolverOptions

Assignment = Literal["one", "all"]
"""``one`` (published): each training photo under one class; ``all``: under every class."""


@dataclass(frozen=True)
class ProbeOptions:
    """How probes are run.

    Attributes:
        seed: Seeds everything that is random.
        fits: Final fits (published: 10).
        assignment: Show each training photo under one drawn class (published), or under all
            classes; by default under all where there are fewer than 5,000 training photos.
        draw: How a training photo gets its one class: by its id, or as published by its row.
        paired: Also the paired probe of every processing attribute, each photo's mean over the
            classes subtracted: the sensitive measure for small sets.
        solver: ``lbfgs``, to the optimum, or ``sgd``, the study's protocol.
        normalise: What is done to embeddings first; published: l2.
        C_grid: Values of C for ``lbfgs``.
        trials: Trials of learning rate and weight decay for ``sgd``.
        bootstrap: Resamples behind the intervals.
        discriminant: Also the paired-shift discriminant of every processing attribute, whose exact
            test decides whether it is carried.
        controls: Also with shuffled labels, other feature normalisation and file facts alone.
        curve: Also with fewer training photos.
        device: Where fits run: auto, cpu, cuda or mps.
        memory_mb: Memory for embeddings and fits; larger sets are read from disk as they are
            needed.
    """

    seed: int = option(0)
    fits: int = option(10, least=1, most=999)
    assignment: Assignment | None = option(None)
    draw: Draw = option("photo")
    paired: bool = option(True)
    solver: Solver = option("lbfgs")
    normalise: Normalisation = option("l2")
    C_grid: tuple[float, ...] = C_GRID
    trials: int = 30
    bootstrap: int = 1000
    discriminant: bool = option(True)
    controls: bool = option(True)
    curve: bool = option(True)
    device: str = option("cpu")
    memory_mb: int = option(4096, least=1)

    def __post_init__(self) -> None:
        if not 1 <= self.fits <= 999 or min(self.bootstrap, self.trials, self.memory_mb) < 1:
            raise UsageError(
                "A probe needs 1 to 999 fits, and at least one trial, one bootstrap resample and"
                " one megabyte of memory."
            )
        if not self.C_grid or min(self.C_grid) <= 0:
            raise UsageError("A probe needs positive values of C.")
        if self.assignment not in (None, "one", "all"):
            raise unknown_name("assignment", str(self.assignment), ("one", "all"))

    @property
    def vectors_mb(self) -> int:
        """Memory for embeddings that are read once: one half, the other is for fits."""
        return max(1, self.memory_mb // 2)

    @property
    def solving(self) -> SolverOptions:
        """How classifiers are tuned and fitted; the study's own protocol weighs no classes."""
        from latentprint.solvers import SolverOptions

        study = self.solver == "sgd" and self.draw == "published"
        return SolverOptions(
            solver=self.solver,
            C_grid=self.C_grid,
            trials=self.trials,
            seed=self.seed,
            normalise=self.normalise,
            class_weight="none" if study else "balanced",
            device=usable_device(self.device),
            memory_mb=max(1, self.memory_mb - self.vectors_mb),
        )


@dataclass(frozen=True)
class Guards:
    """Which photos may take part in the probe of a label.

    Attributes:
        group: Photos with one value of it stay on one side of every split: photographer, scene,
            source; by default the manifest's group, else near-duplicates.
        cap: Most photos of one group and month that take part; by default all.
        min_count: Photos that a class of a label needs.
        balance: Downsample classes to the rarest.
        bins: How values become classes: values, values:K, quantiles:K, stops, edges:A,B or
            published; by default text as it is, numbers in 4 quantiles.
        processing: Processing class whose embeddings labels are read from; by default none,
            unprocessed.
    """

    group: str | None = option(None, metavar="COLUMN")
    cap: int | None = option(None, least=1)
    min_count: int = option(10, least=2)
    balance: bool = option(True)
    bins: dict[str, str] = option({}, metavar="LABEL=RULE", parse=parse_bins)
    processing: str | None = option(None, metavar="CLASS")


@dataclass(frozen=True)
class ProbeQuestions:
    """What is recovered from embeddings, and how.

    Attributes:
        names: What to recover: a processing attribute (jpeg, sharpening, resizing, interpolation,
            jpeg:CLASS,CLASS, FILE.toml) or a label of the photos: make, model, smartphone,
            exposure_time, aperture, iso, focal_length, flash, year… or any other column
            (column:NAME where the name is taken); by default the published attributes whose
            classes were embedded.
        split_file: A split of the study (JSON) to use for its label.
        protocol: Run probes as the study did, with nothing beside the figure: each training photo
            under one class, drawn as published, 10 fits of stochastic gradient descent.
        options: How probes are run.
        guards: Which photos take part in the probes of labels.
    """

    names: tuple[str, ...] = option((), "--attribute", "-a", metavar="NAME")
    split_file: Path | None = option(None, metavar="FILE")
    protocol: Protocol | None = option(None, presets={"study": STUDY})
    options: ProbeOptions = field(default_factory=ProbeOptions)
    guards: Guards = field(default_factory=Guards)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", several(self.names))
        if self.protocol is not None:
            object.__setattr__(self, "options", replace(self.options, **STUDY))

    @property
    def seed(self) -> int:
        """Seeds everything that is random."""
        return self.options.seed


INQUIRY = Inquiry(
    ProbeQuestions,
    taken_from("probes.steps", "stored_probe_steps"),
    "Every accuracy comes with chance, a 95 % interval, controls and what limits it.",
    (
        "probe store -a jpeg",
        "probe store -a make -a aperture --bins aperture=stops --group photographer",
        "probe --study-embeddings FlickrExif --split-file split_data_target_attribute=Make.json "
        "--protocol study",
    ),
    masked=True,
)
