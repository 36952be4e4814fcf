"""A canary, then and now: which stage changed, how far vectors moved, and whether that passes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from math import sqrt
from typing import Any

import numpy as np
import polars as pl

from latentprint.canary.drift import (
    ARITHMETIC,
    NEIGHBOURS,
    OTHER_MODEL,
    Drift,
    Size,
    as_far_as,
    cosine_distances,
    length_changes,
    neighbours_kept,
)
from latentprint.canary.folder import Canary
from latentprint.canary.stages import Stages
from latentprint.embeddings.store import differences, in_short
from latentprint.embeddings.vector_files import some
from latentprint.errors import UsageError
from latentprint.report.found import Found, Told

_WORST = 5


@dataclass(frozen=True)
class Tolerances:
    """What passes.

    Attributes:
        max_drift: Largest 1 - cos of a photo.
        min_overlap: Least share of the 10 nearest neighbours that are kept, 0 to 1.
    """

    max_drift: float = ARITHMETIC
    min_overlap: float = 0.99

    def __post_init__(self) -> None:
        """Refuse what is no tolerance.

        Raises:
            UsageError: A number is out of range.
        """
        if not 0 <= self.max_drift <= 2:
            raise UsageError(f"--max-drift is 1 - cos, from 0 to 2, not {self.max_drift:g}.")
        if not 0 <= self.min_overlap <= 1:
            raise UsageError(f"--min-overlap is a share, from 0 to 1, not {self.min_overlap:g}.")

    @property
    def max_length(self) -> float:
        """Largest relative change of a vector's length.

        An error of a share e of the length turns a vector by 1 - cos = e² / 2 where it stands
        across, and changes its length by e where it lies along: both are the same error.
        """
        return sqrt(2 * self.max_drift)


@dataclass(frozen=True)
class Stage:
    """One stage of the photos.

    Attributes:
        name: Bytes, decoded pixels, model input or vectors.
        same: Photos that are as they were.
        total: Photos that were compared.
        note: How far the others are off; empty where there are none.
    """

    name: str
    same: int
    total: int
    note: str = ""


@dataclass(frozen=True)
class Setting:
    """Something that was recorded and is another now; None where it is absent."""

    name: str
    then: Any
    now: Any


@dataclass(frozen=True, repr=False)
class CanaryCheck(Found):
    """What a check of a canary found.

    Attributes:
        encoder: Name of the encoder that was checked.
        photos: Number of photos.
        verdict: The rung of the ladder.
        sentence: The verdict with its figures.
        failures: Why the check does not pass, a sentence each; empty where it passes.
        stages: What changed at every stage.
        distance: 1 - cos of the photos; None where vectors have another number of dimensions.
        overlap: Share of the 10 nearest neighbours that are kept, 0 to 1.
        length: Largest relative change of a vector's length; None as for ``distance``.
        levels: Largest difference of model inputs, of 255; None where they cannot be compared.
        same_as: The known change whose vectors these are; empty where it is none.
        nearest_other: Least 1 - cos between two photos of the canary, for comparison.
        settings: What else is not as it was: versions, device, encoder.
        worst: Files of the photos that moved farthest, with 1 - cos.
    """

    encoder: str
    photos: int
    verdict: Drift
    sentence: str
    failures: tuple[str, ...]
    stages: tuple[Stage, ...]
    distance: Size | None
    overlap: float
    length: float | None
    levels: float | None
    same_as: str
    nearest_other: float
    settings: tuple[Setting, ...]
    worst: tuple[tuple[str, float], ...] = field(default=())

    @property
    def passed(self) -> bool:
        """Whether drift and overlap are within what was allowed."""
        return not self.failures

    @property
    def table(self) -> pl.DataFrame:
        """One row for every stage: ``name``, ``same`` of ``total`` photos, ``note``."""
        return pl.DataFrame([asdict(each) for each in self.stages])

    def _told(self) -> Told:
        end = "passed" if self.passed else "drifted"
        changed = [
            f"{each.name}: {in_short(each.then)}, now {in_short(each.now)}"
            for each in self.settings
        ]
        rows = [(each.name, f"{each.same} of {each.total}", each.note) for each in self.stages]
        return Told(
            f"{self.encoder}, {self.photos} photos: {self.verdict}, {end}",
            [self.sentence, *self.failures, *changed],
            ("Stage", "As it was", "Note"),
            rows,
        )


def compare(
    canary: Canary, now: Stages, record: dict[str, Any], tolerances: Tolerances
) -> CanaryCheck:
    """Compare a canary with what its photos are today.

    Args:
        canary: What was kept.
        now: The same photos today; where only vectors are known, the other stages are empty.
        record: What is recorded today as ``encoder``, ``device``, ``reading`` and ``versions``.
        tolerances: What passes.
    """
    moves = _Moves(canary, now)
    verdict = _verdict(moves, record)
    failures = tuple(_failures(moves, tolerances))
    return CanaryCheck(
        encoder=str(record["encoder"]["name"]),
        photos=len(canary.photos),
        verdict=verdict,
        sentence=_sentence(verdict, moves),
        failures=failures,
        stages=tuple(_stages(moves)),
        distance=moves.size,
        overlap=moves.overlap,
        length=None if moves.lengths is None else float(moves.lengths.max()),
        levels=moves.levels,
        same_as=moves.same_as,
        nearest_other=canary.nearest_other,
        settings=tuple(Setting(*each) for each in differences(canary.recorded, record)),
        worst=tuple(moves.worst()),
    )


class _Moves:
    """All that differs between then and now, photo by photo."""

    def __init__(self, canary: Canary, now: Stages) -> None:
        then = canary.stages
        self.canary, self.now = canary, now
        self.files = [photo.file for photo in canary.photos]
        self.bytes = _equal(then.digests, now.digests)
        self.pixels = _equal(then.contents, now.contents)
        self.shapes = then.inputs.shape[1:], now.inputs.shape[1:]
        self.inputs, self.levels = _compared(then.inputs, now.inputs)
        self.overlap = neighbours_kept(then.vectors, now.vectors, self.files)
        self.vectors = np.zeros(len(self.files), dtype=bool)
        self.distances: np.ndarray | None = None
        self.lengths: np.ndarray | None = None
        if then.vectors.shape == now.vectors.shape:
            self.vectors = (then.vectors == now.vectors).all(axis=1)
            self.distances = cosine_distances(then.vectors, now.vectors, self.files)
            self.lengths = length_changes(then.vectors, now.vectors)

    @property
    def size(self) -> Size | None:
        """How far vectors moved over all photos."""
        if self.distances is None:
            return None
        mean, median = float(self.distances.mean()), float(np.median(self.distances))
        return Size(mean, median, float(self.distances.max()), self.overlap)

    @cached_property
    def same_as(self) -> str:
        """The known change that gives these very vectors, up to arithmetic."""
        if self.distances is None or self.distances.max() <= ARITHMETIC:
            return ""
        for name, vectors in self.canary.stages.changed.items():
            apart = cosine_distances(vectors, self.now.vectors, self.files)
            if apart.max() <= ARITHMETIC:
                return name
        return ""

    @property
    def encoder_moved(self) -> bool:
        """Whether a photo whose model input is as it was has another vector."""
        if self.distances is None or not self.inputs.any():
            return False
        return bool(self.distances[self.inputs].max() > ARITHMETIC)

    def worst(self) -> Iterator[tuple[str, float]]:
        """The photos that moved farthest."""
        if self.distances is None:
            return
        for at in np.argsort(-self.distances, kind="stable")[:_WORST]:
            if self.distances[at] > 0:
                yield self.files[at], float(self.distances[at])


def _equal(then: tuple[str, ...], now: tuple[str, ...]) -> np.ndarray:
    """Which digests are as they were, bool [N]; none where today's are not known."""
    return np.array([a == b for a, b in zip(then, now, strict=bool(now))], dtype=bool)


def _compared(then: np.ndarray, now: np.ndarray) -> tuple[np.ndarray, float | None]:
    """Which model inputs are as they were, and the largest difference, if shapes are the same."""
    if then.shape != now.shape:
        return np.zeros(len(now), dtype=bool), None
    apart = np.abs(then.astype(np.float64) - now).reshape(len(then), -1).max(axis=1)
    return apart == 0, float(apart.max())


def _verdict(moves: _Moves, record: dict[str, Any]) -> Drift:
    if moves.distances is None or moves.lengths is None:
        return Drift.OTHER
    if moves.vectors.all():
        return Drift.IDENTICAL
    if moves.distances.max() <= ARITHMETIC:
        steady = moves.lengths.max() <= Tolerances(ARITHMETIC).max_length
        return Drift.ARITHMETIC if steady else Drift.LENGTH
    far = bool(np.median(moves.distances) > OTHER_MODEL) and not moves.same_as
    renamed = moves.canary.recorded["encoder"]["identity"] != record["encoder"]["identity"]
    if far and (moves.encoder_moved or renamed or not len(moves.inputs)):
        return Drift.OTHER
    if moves.encoder_moved:
        return Drift.ENCODER
    if not len(moves.inputs):
        return Drift.VECTORS
    return Drift.INPUT if moves.pixels.all() else Drift.PIXELS


def _sentence(verdict: Drift, moves: _Moves) -> str:
    size, lengths = moves.size, moves.lengths
    if size is None or lengths is None:
        then, now = (each.vectors.shape[1] for each in (moves.canary.stages, moves.now))
        return f"This is another model: its vectors have {now} dimensions, and had {then}."
    if verdict == Drift.IDENTICAL:
        return "Every vector is as it was, to the last bit."
    if verdict == Drift.ARITHMETIC:
        return f"Vectors differ by arithmetic alone: 1 - cos is at most {size.largest:.1e}."
    if verdict == Drift.LENGTH:
        return (
            "Vectors point where they did, and their lengths changed by up to "
            f"{100 * lengths.max():.2g} %: what uses dot products or distances changes."
        )
    far = as_far_as(size.mean, moves.canary.changes)
    known = f"these are the vectors of {moves.same_as}" if moves.same_as else far
    return (
        f"{_what_changed(verdict, moves)}: 1 - cos is {size.mean:.1e} on average and "
        f"{size.largest:.1e} at most, {known}."
    )


def _what_changed(verdict: Drift, moves: _Moves) -> str:
    total = len(moves.files)
    match verdict:
        case Drift.PIXELS:
            return f"The decoded pixels of {int((~moves.pixels).sum())} of {total} photos changed"
        case Drift.INPUT:
            return f"The same pixels give another model input ({_input_note(moves)})"
        case Drift.ENCODER:
            return "The same model input gives other vectors"
        case Drift.OTHER:
            return "This is another model"
    return "The vectors changed"


def _stages(moves: _Moves) -> Iterator[Stage]:
    for name, same in (("bytes", moves.bytes), ("decoded pixels", moves.pixels)):
        if len(same):
            yield Stage(name, int(same.sum()), len(same), _named(moves, same))
    if len(moves.inputs):
        note = "" if moves.inputs.all() else _input_note(moves)
        yield Stage("model input", int(moves.inputs.sum()), len(moves.inputs), note)
    note = ""
    if (size := moves.size) is not None and size.largest > 0:
        note = f"1 - cos: median {size.median:.1e}, largest {size.largest:.1e}"
    yield Stage("vectors", int(moves.vectors.sum()), len(moves.vectors), note)


def _named(moves: _Moves, same: np.ndarray) -> str:
    """The files that are not as they were, a few of them."""
    return some([moves.files[at] for at in np.flatnonzero(~same)])


def _input_note(moves: _Moves) -> str:
    if moves.levels is None:
        then, now = ("x".join(map(str, shape)) or "nothing" for shape in moves.shapes)
        return f"{now} values, before {then}"
    if moves.now.inputs.dtype == np.uint8:
        return f"by up to {moves.levels:.0f} of 255 levels"
    return f"by up to {moves.levels:.3g}"


def _failures(moves: _Moves, tolerances: Tolerances) -> Iterator[str]:
    size, lengths = moves.size, moves.lengths
    if size is None or lengths is None:
        yield "The vectors have another number of dimensions."
    else:
        if size.largest > tolerances.max_drift:
            yield (
                f"1 - cos is up to {size.largest:.1e}; {tolerances.max_drift:g} is allowed "
                "(--max-drift)."
            )
        if lengths.max() > tolerances.max_length:
            yield (
                f"Lengths changed by up to {100 * lengths.max():.2g} %; "
                f"{100 * tolerances.max_length:.2g} % is what --max-drift allows."
            )
    if moves.overlap < tolerances.min_overlap:
        yield (
            f"{100 * moves.overlap:.1f} % of the {NEIGHBOURS} nearest neighbours are kept; "
            f"{100 * tolerances.min_overlap:g} % is the least (--min-overlap)."
        )
