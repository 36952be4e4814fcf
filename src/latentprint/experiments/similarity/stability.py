"""How far does processing move an embedding, against the distance to the nearest other photo?

What deduplication and an index of embeddings need: a photo that was encoded again must stay nearer
to itself than any other photo is, and within the user's own threshold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from latentprint.errors import UsageError
from latentprint.experiments.probes.items import open_vectors
from latentprint.experiments.similarity.cosines import exact_cosines, nearest, units
from latentprint.experiments.similarity.queries import (
    QueryOptions,
    choose_queries,
    left_out_with,
    sorted_photos,
)
from latentprint.experiments.similarity.stability_measures import Measures, Moves, resamples
from latentprint.experiments.source import EmbeddingSource, origin
from latentprint.results import Result
from latentprint.stats import interval
from latentprint.words import Experiment, StabilityMeasure

if TYPE_CHECKING:
    import polars as pl

    from latentprint.processing import Attribute
    from latentprint.solvers import VectorArray

_SHARES = (StabilityMeasure.FARTHER, StabilityMeasure.BELOW)
"""What is a share of photos, in percent; the others are cosine similarities times 100."""

_CHUNK = 256
_SHOWN = 20


@dataclass(frozen=True)
class StabilityOutcome:
    """How far photos move.

    Attributes:
        results: Rows of the result table: over every pair of classes, and from the reference.
        detail: The same for every single pair of classes as JSON values (``pairs``), and the
            photos that another one overtakes by most (``overtaken``).
    """

    results: list[Result]
    detail: dict[str, Any]


def stability(
    source: EmbeddingSource,
    attribute: Attribute,
    options: QueryOptions | None = None,
    *,
    reference: str | None = None,
    threshold: float | None = None,
) -> StabilityOutcome:
    """Compare photos with their re-encoded selves and with their nearest other photos.

    A photo under class p is compared with itself under every other class q, and with the nearest
    other photo under p: in an index of photos that were all processed by p, a copy that was
    processed by q is found again if it is nearer. Semantic labels are not used.

    Args:
        source: Embeddings of the photos under every class of the attribute.
        attribute: The processing.
        options: How many photos are compared with all others; ``label``, ``query`` and
            ``processing`` are not used.
        reference: A class such as ``none`` or ``JPEG95_444`` from which the shift to every class
            is reported as well.
        threshold: A cosine similarity below which a re-encoded photo counts as another one.

    Raises:
        UsageError: The threshold is no cosine similarity, or there is only one photo or class.
        LatentprintError: A class was not embedded, or a vector is zero or not finite.
    """
    options = options or QueryOptions()
    if threshold is not None and not -1.0 <= threshold <= 1.0:
        raise UsageError(f"A cosine similarity lies between -1 and 1, not at {threshold:g}.")
    photos = sorted_photos(source.photos)
    apart = left_out_with(photos, options)
    if len(np.unique(apart)) < 2:
        raise UsageError("A nearest other photo needs at least two photos, or groups of photos.")
    asked = choose_queries(photos, replace(options, query=None), np.ones(len(photos), dtype=bool))
    versions = tuple(dict.fromkeys([*attribute.classes, *([reference] if reference else [])]))
    if len(versions) < 2:
        raise UsageError(f"{attribute.name} has one class, which no other can be compared with.")
    parts = open_vectors(source, versions, photos, options.memory_mb)
    moves, rows = _moves(parts, versions, asked, apart)
    groups = photos["group"].gather(asked).to_list()
    alike = 0 if options.exclude_group else int(photos["group"].is_duplicated().sum())
    table = _Table(source, attribute, len(photos), groups, options, threshold, _note(alike))
    inside = [at for at, pair in enumerate(moves.pairs) if set(pair) <= set(attribute.classes)]
    results = table.rows(moves.only(inside)) if inside else []
    if reference is not None:
        results += table.rows(moves.only(_from(moves, reference)), reference)
    detail = {
        "experiment": Experiment.STABILITY,
        "encoder": source.encoder,
        "attribute": attribute.name,
        "threshold": threshold,
        "reference": reference,
        "photos": len(asked),
        "pairs": [table.pair(moves.only([at])) for at in range(len(moves.pairs))],
        "overtaken": _overtaken(moves, rows, photos, asked),
    }
    return StabilityOutcome(results, detail)


def _note(alike: int) -> str:
    if not alike:
        return ""
    return f"{alike} photos have others of their group in the set: see --exclude-group"


def _from(moves: Moves, reference: str) -> list[int]:
    return [at for at, (one, _) in enumerate(moves.pairs) if one == reference]


def _moves(
    parts: Sequence[VectorArray],
    versions: Sequence[str],
    asked: np.ndarray,
    groups: np.ndarray,
) -> tuple[Moves, np.ndarray]:
    """All moves of the photos asked for, and the rows of their nearest other photos [n, m]."""
    p = len(versions)
    pairs = [(one, other) for one in range(p) for other in range(p) if one != other]
    selves, others = np.empty((2, len(asked), len(pairs)))
    rows = np.empty((len(asked), len(pairs)), dtype=np.int64)
    for start in range(0, len(asked), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        some = asked[chunk]

        def allowed(block: slice) -> np.ndarray:
            found: np.ndarray = groups[some, None] != groups[block]  # noqa: B023 - used at once
            return found[None]

        vectors = [units(part[some]) for part in parts]
        found = [nearest(vectors[at], part, 1, allowed) for at, part in enumerate(parts)]
        for at, (one, other) in enumerate(pairs):
            selves[chunk, at] = exact_cosines(vectors[one], vectors[other])
            others[chunk, at] = found[one].similarities[0, :, 0]
            rows[chunk, at] = found[one].rows[0, :, 0]
    names = tuple((versions[one], versions[other]) for one, other in pairs)
    return Moves(selves, others, names), rows


@dataclass(frozen=True)
class _Table:
    """Makes rows of the result table."""

    source: EmbeddingSource
    attribute: Attribute
    n_photos: int
    groups: Sequence[str]
    options: QueryOptions
    threshold: float | None
    notes: str

    @property
    def setups(self) -> tuple[StabilityMeasure, ...]:
        """What is measured."""
        named = tuple(StabilityMeasure)
        return named if self.threshold is not None else named[:-1]

    def rows(self, moves: Moves, reference: str = "") -> list[Result]:
        """Everything that is measured over some pairs of classes."""
        return [
            Result(
                **origin(self.source),
                experiment=Experiment.STABILITY,
                attribute=self.attribute.name,
                setup=setup,
                reference=reference,
                threshold=self.threshold if setup == StabilityMeasure.BELOW else None,
                chance=None,
                value=value,
                low=low,
                high=high,
                n_test=len(self.groups),
                n_train=self.n_photos,
                classes=len(self.attribute.classes),
                notes=self.notes if setup == StabilityMeasure.FARTHER else "",
            )
            for setup, value, low, high in self._measured(moves)
        ]

    def pair(self, moves: Moves) -> dict[str, Any]:
        """Everything that is measured over one pair of classes, as JSON values."""
        (pair,) = moves.pairs
        return {
            "processing": pair[0],
            "re_encoded_as": pair[1],
            **{
                setup: {"value": value, "low": low, "high": high}
                for setup, value, low, high in self._measured(moves)
            },
        }

    def _measured(self, moves: Moves) -> Iterator[tuple[StabilityMeasure, float, float, float]]:
        measures = Measures.of(moves, self.threshold)
        whole = measures.weighted(np.ones(len(self.groups), dtype=np.int64))
        drawn_photos = resamples(self.groups, self.options.bootstrap, self.options.seed)
        drawn = np.array([measures.weighted(each) for each in drawn_photos])
        for setup, value, samples in zip(self.setups, whole, drawn.T, strict=True):
            low, high = interval(samples)
            if setup in _SHARES and value in (0.0, 100.0):
                low, high = self._unanimous(value)
            yield setup, float(value), low, high

    def _unanimous(self, share: float) -> tuple[float, float]:
        """The exact binomial interval over groups where all photos agree.

        The bootstrap would take that for certainty (Clopper and Pearson, Biometrika 1934).
        """
        unseen = 100.0 * (1.0 - 0.025 ** (1.0 / len(set(self.groups))))
        return (0.0, unseen) if share == 0.0 else (100.0 - unseen, 100.0)


def _overtaken(
    moves: Moves, rows: np.ndarray, photos: pl.DataFrame, asked: np.ndarray
) -> list[dict[str, Any]]:
    """The photos that another one overtakes by most, each once, as JSON values."""
    behind = moves.others - moves.selves
    worst = behind.argmax(axis=1)
    lead = behind.max(axis=1)
    order = [int(at) for at in np.argsort(-lead, kind="stable")[:_SHOWN] if lead[at] > 0]
    ids = photos["id"]
    return [
        {
            "id": ids[int(asked[at])],
            "processing": moves.pairs[worst[at]][0],
            "re_encoded_as": moves.pairs[worst[at]][1],
            "self_similarity": float(moves.selves[at, worst[at]]),
            "nearest_other": ids[int(rows[at, worst[at]])],
            "similarity": float(moves.others[at, worst[at]]),
        }
        for at in order
    ]
