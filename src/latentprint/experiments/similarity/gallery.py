"""Galleries of nearest neighbours: what a person sees when traces decide who is near."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.experiments.assignment import draw_by_photo
from latentprint.experiments.probes.guards import shuffle_order
from latentprint.experiments.probes.items import open_vectors
from latentprint.experiments.similarity.options import Choice, QueryOptions
from latentprint.experiments.similarity.queries import Compared, choose_queries, labelled
from latentprint.neighbours.grid import unit_rows
from latentprint.neighbours.nearest import Keyed, Neighbours, nearest_in_order
from latentprint.words import Experiment, InfluenceSetup

if TYPE_CHECKING:
    from latentprint.experiments.source import EmbeddingSource
    from latentprint.processing import Attribute
    from latentprint.solvers import VectorArray

SETUPS = (InfluenceSetup.ALL_SAME, InfluenceSetup.POS_SAME, InfluenceSetup.NEG_SAME)
"""The set-ups that a gallery shows: photos of the query's class (positives) and of other classes
(negatives) processed like the query or otherwise; see ``setups``."""

_CHUNK = 64


@dataclass(frozen=True)
class NeighbourPhoto:
    """One neighbour of a query.

    Attributes:
        rank: From 1, the most similar.
        id: Id of the photo.
        path: Where the photo is; its id where that is not known.
        label: Semantic label.
        right: Whether it is that of the query.
        processing: Processing class in this set-up.
        similarity: Cosine similarity to the query.
    """

    rank: int
    id: str
    path: str
    label: str
    right: bool
    processing: str
    similarity: float


def galleries(
    source: EmbeddingSource,
    attribute: Attribute,
    options: QueryOptions | None = None,
    *,
    count: int = 3,
    choice: Choice = "telling",
    k: int = 10,
) -> list[dict[str, Any]]:
    """Find the nearest training photos of some query photos in three set-ups.

    Of the processing of the query and the other processing, a telling gallery takes the pair that
    loses most right neighbours. Such galleries illustrate; they are no measure. Equal similarities
    are ordered by id.

    Args:
        source: Embeddings of labelled photos under every class of the attribute.
        attribute: The processing that is varied.
        options: The query, or the number of test photos among which queries are chosen; its
            ``processing`` is that of the query.
        count: Number of galleries where no query is named.
        choice: How queries are chosen, and the pair of classes.
        k: Number of neighbours.

    Returns:
        For every query, as JSON values: ``query`` (``id``, ``path``, ``label``, ``processing``),
        ``other_processing``, ``chosen`` (in words), and ``setups``, each with its ``setup``,
        ``right`` (how many) and ``neighbours`` (see ``NeighbourPhoto``).

    Raises:
        UsageError: An option is out of range, or a name is unknown.
        LatentprintError: There are no labels, no training photos, or a vector is zero or not
            finite.
    """
    options = options or QueryOptions()
    for name, number in (("number of galleries", count), ("number of neighbours", k)):
        if number < 1:
            raise UsageError(f"The {name} must be at least 1, not {number}.")
    if len(attribute.classes) < 2:
        raise UsageError(f"{attribute.name} has one class: galleries need another one beside it.")
    search = _Search.of(source, attribute, options, k)
    if choice == "random":
        chosen = search.random(count, attribute.name, options.seed)
    elif choice == "telling":
        chosen = search.telling(count)
    else:
        raise unknown_name("choice of galleries", choice, ("telling", "random"))
    how = _in_words(choice, options, len(search.queries))
    return [
        {
            "experiment": Experiment.NEIGHBOUR_GALLERY,
            "encoder": source.encoder,
            "attribute": attribute.name,
            "k": k,
            "chosen": how,
            **search.gallery(at, p, q),
        }
        for at, p, q in chosen
    ]


def _in_words(choice: Choice, options: QueryOptions, among: int) -> str:
    pair = {
        "telling": "the two classes that cost most right neighbours",
        "random": "two classes drawn at random",
    }[choice]
    if options.query is not None:
        return f"query as asked for, {pair}"
    query = {"telling": "most right neighbours lost", "random": "drawn at random"}[choice]
    return f"query: {query} among {among} test photos; {pair}"


@dataclass(frozen=True)
class _Search:
    """Query photos and the training photos that are their gallery.

    Attributes:
        compared: All labelled photos [n].
        queries: Rows of the query photos, int64 [m].
        train: Rows of the training photos, int64 [N].
        query_parts: Vectors of the query photos under every class [P] of [m, D].
        train_parts: Vectors of the training photos under every class [P] of [N, D].
        classes: Names of the processing classes [P].
        pairs: The pairs (processing of the query, other processing) to look at.
        k: Number of neighbours.
    """

    compared: Compared
    queries: np.ndarray
    train: np.ndarray
    query_parts: tuple[VectorArray, ...]
    train_parts: tuple[VectorArray, ...]
    classes: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]
    k: int

    @classmethod
    def of(
        cls, source: EmbeddingSource, attribute: Attribute, options: QueryOptions, k: int
    ) -> _Search:
        """Choose the photos and open their vectors."""
        classes = attribute.classes
        if options.processing is not None and options.processing not in classes:
            raise unknown_name(f"class of {attribute.name}", options.processing, classes)
        compared = labelled(source.photos, options)
        photos, semantic = compared.photos, compared.semantic
        split = photos["split"].to_numpy()
        train = np.flatnonzero(split == "train")
        known = np.isin(semantic, semantic[train])
        queries = choose_queries(photos, options, (split == "val") & known).rows
        _check_positives(compared, train, queries)
        # As in influence: half for training photos, the rest for the few queries and similarities.
        query_parts, train_parts = (
            open_vectors(source, classes, photos[rows], max(1, options.memory_mb // share))
            for rows, share in ((queries, 8), (train, 2))
        )
        p = range(len(classes))
        asked = [each for each in p if options.processing in (None, classes[each])]
        pairs = tuple((one, other) for one in asked for other in p if one != other)
        return cls(compared, queries, train, query_parts, train_parts, classes, pairs, k)

    def telling(self, count: int) -> list[tuple[int, int, int]]:
        """The queries that lose most, each with its pair of classes: (place, p, q)."""
        places = np.arange(len(self.queries))
        losses = np.concatenate(
            [self._losses(places[start : start + _CHUNK]) for start in places[::_CHUNK]]
        )
        order = np.argsort(-losses.max(axis=1), kind="stable")[:count]
        return [(int(at), *self.pairs[int(losses[at].argmax())]) for at in order]

    def random(self, count: int, attribute: str, seed: int) -> list[tuple[int, int, int]]:
        """Queries by chance, each with a pair of classes: (place, p, q)."""
        ids = self.compared.photos["id"].gather(self.queries).to_list()
        drawn = draw_by_photo(seed, f"gallery of {attribute}", ids, len(self.pairs))
        order = shuffle_order(ids, seed, "galleries")[:count]
        return [(int(at), *self.pairs[int(drawn[at])]) for at in order]

    def gallery(self, at: int, p: int, q: int) -> dict[str, Any]:
        """The neighbours of one query in every set-up, as JSON values."""
        own, other = self._signs(np.array([at]), p, p), self._signs(np.array([at]), p, q)
        lists = _setups(own, other)
        processing = {
            InfluenceSetup.ALL_SAME: (p, p),
            InfluenceSetup.POS_SAME: (p, q),
            InfluenceSetup.NEG_SAME: (q, p),
        }
        shown = []
        for setup in SETUPS:
            neighbours = self._neighbours(lists[setup], at, processing[setup])
            right = sum(each.right for each in neighbours)
            photos = [asdict(each) for each in neighbours]
            shown.append({"setup": setup, "right": right, "neighbours": photos})
        query = {**self._photo(int(self.queries[at])), "processing": self.classes[p]}
        return {"query": query, "other_processing": self.classes[q], "setups": shown}

    def _losses(self, places: np.ndarray) -> np.ndarray:
        """How many right neighbours neg-same has less than pos-same, int64 [t, pairs]."""
        own = {p: self._signs(places, p, p) for p in {p for p, _ in self.pairs}}
        losses = []
        for p, q in self.pairs:
            lists = _setups(own[p], self._signs(places, p, q))
            right = [self._right(lists[setup], places).sum(axis=1) for setup in SETUPS[1:]]
            losses.append(right[0] - right[1])
        return np.stack(losses, axis=1)

    def _signs(self, places: np.ndarray, p: int, q: int) -> tuple[Neighbours, Neighbours]:
        """The nearest positives and negatives under q of queries under p, [t, k] each."""
        semantic, groups = self.compared.semantic, self.compared.groups
        rows, train = self.queries[places], self.train
        queries = Keyed(unit_rows(self.query_parts[p][places]), semantic[rows], groups[rows])
        gallery = Keyed(self.train_parts[q], semantic[train], groups[train])
        return nearest_in_order(queries, gallery, self.k)

    def _right(self, found: Neighbours, places: np.ndarray) -> np.ndarray:
        semantic = self.compared.semantic
        same = semantic[self.train[found.rows]] == semantic[self.queries[places], None]
        right: np.ndarray = same & (found.similarities > -np.inf)
        return right

    def _neighbours(
        self, found: Neighbours, at: int, processing: tuple[int, int]
    ) -> list[NeighbourPhoto]:
        """The neighbours of one query; positives and negatives have a processing each."""
        right = self._right(found, np.array([at]))[0]
        return [
            NeighbourPhoto(
                rank=rank + 1,
                right=bool(right[rank]),
                processing=self.classes[processing[0 if right[rank] else 1]],
                similarity=float(found.similarities[0, rank]),
                **self._photo(int(self.train[found.rows[0, rank]])),
            )
            for rank in np.flatnonzero(found.similarities[0] > -np.inf).tolist()
        ]

    def _photo(self, row: int) -> dict[str, str]:
        photos = self.compared.photos
        name = photos["id"][row]
        path = photos["path"][row] if "path" in photos.columns else None
        label = self.compared.names[int(self.compared.semantic[row])]
        return {"id": name, "path": path or name, "label": label}


def _setups(
    own: tuple[Neighbours, Neighbours], other: tuple[Neighbours, Neighbours]
) -> dict[str, Neighbours]:
    """Neighbours in every set-up from those under the query's class and under the other one."""
    return {
        InfluenceSetup.ALL_SAME: own[0].merged(own[1]),
        InfluenceSetup.POS_SAME: own[0].merged(other[1]),
        InfluenceSetup.NEG_SAME: other[0].merged(own[1]),
    }


def _check_positives(compared: Compared, train: np.ndarray, queries: np.ndarray) -> None:
    """Refuse a query without any photo of its class in the gallery.

    Raises:
        LatentprintError: There is one, or there are no training photos of another class.
    """
    if len(np.unique(compared.semantic[train])) < 2:
        raise LatentprintError(
            "Galleries need training photos of at least two classes: make the split again, or add"
            " photos."
        )
    for row in queries:
        others = compared.groups[train] != compared.groups[row]
        if not (others & (compared.semantic[train] == compared.semantic[row])).any():
            name = compared.names[int(compared.semantic[row])]
            raise LatentprintError(
                f"There is no training photo of the class {name!r} beside the query"
                f" {compared.photos['id'][int(row)]!r}: name another query."
            )
