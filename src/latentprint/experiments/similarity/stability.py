"""How far does processing move an embedding, against the distance to the nearest other photo?

What deduplication and an index of embeddings need: a photo that was encoded again must stay nearer
to itself than any other photo is, and within the user's own threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from latentprint.errors import UsageError
from latentprint.experiments.probes.items import open_vectors
from latentprint.experiments.sampling import Asked
from latentprint.experiments.similarity.cosines import exact_cosines
from latentprint.experiments.similarity.options import QueryOptions
from latentprint.experiments.similarity.queries import choose_queries, left_out_with, sorted_photos
from latentprint.experiments.similarity.stability_measures import MeasuredMoves, MovedGroups, Moves
from latentprint.experiments.source import EmbeddingSource, origin
from latentprint.neighbours.grid import unit_rows
from latentprint.neighbours.nearest import Keyed, nearest_in_order
from latentprint.results import Result
from latentprint.words import Experiment, StabilityMeasure

if TYPE_CHECKING:
    import polars as pl

    from latentprint.processing import Attribute
    from latentprint.solvers import VectorArray

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
    check_threshold(threshold)
    photos = sorted_photos(source.photos)
    apart = left_out_with(photos, options)
    if len(np.unique(apart)) < 2:
        raise UsageError("A nearest other photo needs at least two photos, or groups of photos.")
    every = np.ones(len(photos), dtype=bool)
    chosen = choose_queries(photos, replace(options, query=None), every, "photos")
    asked = chosen.rows
    versions = tuple(dict.fromkeys([*attribute.classes, *([reference] if reference else [])]))
    if len(versions) < 2:
        raise UsageError(f"{attribute.name} has one class, which no other can be compared with.")
    # One half for vectors, the other for similarities.
    parts = open_vectors(source, versions, photos, max(1, options.memory_mb // 2))
    moves = _moves(parts, versions, asked, apart)
    groups = np.unique(photos["group"].to_numpy().astype(str), return_inverse=True)[1]
    alike = 0 if options.exclude_group else int(photos["group"].is_duplicated().sum())
    table = _Table(source, attribute, chosen, groups, threshold, _note(alike))
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
        "overtaken": _overtaken(moves, photos, asked),
    }
    return StabilityOutcome(results, detail)


def check_threshold(threshold: float | None) -> None:
    """Refuse a threshold that no cosine similarity can reach.

    Raises:
        UsageError: It is one.
    """
    if threshold is not None and not -1.0 <= threshold <= 1.0:
        raise UsageError(f"A cosine similarity lies between -1 and 1, not at {threshold:g}.")


def _note(alike: int) -> str:
    if not alike:
        return ""
    return (
        f"{alike} photos have others of their group, whatever makes one, among those that may be"
        " nearest: see --exclude-group"
    )


def _from(moves: Moves, reference: str) -> list[int]:
    return [at for at, (one, _) in enumerate(moves.pairs) if one == reference]


def _moves(
    parts: Sequence[VectorArray],
    versions: Sequence[str],
    asked: np.ndarray,
    groups: np.ndarray,
) -> Moves:
    """All moves of the photos asked for."""
    p = len(versions)
    pairs = [(one, other) for one in range(p) for other in range(p) if one != other]
    selves, others, leads = np.empty((3, len(asked), len(pairs)))
    rows = np.empty((len(asked), len(pairs)), dtype=np.int64)
    for start in range(0, len(asked), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        some = asked[chunk]

        vectors = [unit_rows(part[some]) for part in parts]
        # Of photos with the key of the query none is a neighbour: its group's, or itself.
        found = [
            nearest_in_order(
                Keyed(own, groups[some], groups[some]), Keyed(part, groups, groups), 2
            )[1]
            for own, part in zip(vectors, parts, strict=True)
        ]
        for at, (one, other) in enumerate(pairs):
            selves[chunk, at] = exact_cosines(vectors[one], vectors[other])
            first, second = found[one].similarities.T
            others[chunk, at] = first
            leads[chunk, at] = np.where(np.isfinite(second), first - second, 0.0)
            rows[chunk, at] = found[one].rows[:, 0]
    names = tuple((versions[one], versions[other]) for one, other in pairs)
    return Moves(selves, others, leads, rows, names)


@dataclass(frozen=True)
class _Table:
    """Makes rows of the result table."""

    source: EmbeddingSource
    attribute: Attribute
    chosen: Asked
    groups: np.ndarray
    threshold: float | None
    alike: str

    def rows(self, moves: Moves, reference: str = "") -> list[Result]:
        """Everything that is measured over some pairs of classes."""
        return [
            Result(
                **origin(self.source),
                experiment=Experiment.STABILITY,
                attribute=self.attribute.name,
                setup=each.measure,
                reference=reference,
                threshold=self.threshold if each.measure == StabilityMeasure.BELOW else None,
                chance=None,
                value=each.value,
                low=each.low,
                high=each.high,
                n_test=len(self.chosen.rows),
                n_train=len(self.groups),
                classes=len(self.attribute.classes),
                notes=self._notes(each),
            )
            for each in MovedGroups(moves, self.chosen.rows, self.groups).measured(self.threshold)
        ]

    def _notes(self, measured: MeasuredMoves) -> str:
        own = self.alike if measured.measure == StabilityMeasure.FARTHER else measured.notes
        return "; ".join(filter(None, (self.chosen.note, own)))

    def pair(self, moves: Moves) -> dict[str, Any]:
        """Everything that is measured over one pair of classes, as JSON values."""
        (pair,) = moves.pairs
        moved = MovedGroups(moves, self.chosen.rows, self.groups)
        return {
            "processing": pair[0],
            "re_encoded_as": pair[1],
            **{
                each.measure: {"value": each.value, "low": each.low, "high": each.high}
                for each in moved.measured(self.threshold)
            },
        }


def _overtaken(moves: Moves, photos: pl.DataFrame, asked: np.ndarray) -> list[dict[str, Any]]:
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
            "nearest_other": ids[int(moves.rows[at, worst[at]])],
            "similarity": float(moves.others[at, worst[at]]),
        }
        for at in order
    ]
