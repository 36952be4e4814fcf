"""Do acquisition traces distract retrieval? (near-duplicate pairs).

The same subjects were photographed with two types of device. A query is one photo of a subject, the
target another, and retrieval goes wrong where a photo of something else is more similar. The two
galleries differ in nothing but the type of device of these distractors (ICCV 2025 study, arXiv
2508.10637).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from latentprint.experiments.pairs.design import PairDesign, PairDirection, ask_some, design_pairs
from latentprint.experiments.pairs.options import PairsOptions
from latentprint.experiments.pairs.retrieval import Retrieved, retrieve
from latentprint.experiments.pairs.rows import Draws, pair_rows
from latentprint.experiments.pairs.shown import shown_pairs
from latentprint.experiments.probes.items import left_beside, open_vectors
from latentprint.experiments.sampling import Asked
from latentprint.experiments.source import UNPROCESSED, require_source
from latentprint.words import PairGallery

if TYPE_CHECKING:
    from latentprint.experiments.source import EmbeddingSource
    from latentprint.results import Result

_MOST_FAILURES = 12
_SAMPLED_EXCHANGES = 999


@dataclass(frozen=True)
class PairsOutcome:
    """The figures of near-duplicate retrieval, and what they were computed from.

    Attributes:
        encoder: Name of the encoder.
        results: Rows of the result table.
        queries: One row for every query and gallery: ``gallery`` (a set-up of ``results``); the
            ids ``query``, ``target`` (the most similar one) and ``distractor`` (the most similar
            one), for each also ``…_path`` where known and ``…_device``; ``subject`` and
            ``distractor_subject``; ``rank`` of the target; ``photos`` in the gallery, the target
            among them; ``target_similarity``, ``distractor_similarity`` (cosines) and ``margin``,
            their difference.
        asked: The photos that were queries, where those of some subjects alone were; else None.
    """

    encoder: str
    results: list[Result]
    queries: pl.DataFrame
    asked: Asked | None = None

    @property
    def failures(self) -> list[dict[str, Any]]:
        """The rows of ``queries`` where a distractor won by the most, at most 12, worst first."""
        lost = self.queries.filter(pl.col("rank") > 1)
        worst = lost.sort("margin", "query", "target_device", "gallery").head(_MOST_FAILURES)
        return [{"encoder": self.encoder, **row} for row in worst.to_dicts()]

    @property
    def shown(self) -> list[dict[str, Any]]:
        """The pairs of every direction that tell most; see ``shown_pairs``."""
        return shown_pairs(self.encoder, self.queries)


def near_duplicates(
    source: EmbeddingSource, processing: str = UNPROCESSED, options: PairsOptions | None = None
) -> PairsOutcome:
    """Measure whether the type of device decides which photos are retrieved.

    Every ordered pair of types of device (query, target) that at least two subjects share is a
    direction. Each photo of these subjects by the first type is a query; its target is whichever
    photo of its subject by the second is the most similar, and there are two galleries beside it:
    the photos of all other of these subjects by the query's type, or those by the target's. Where
    a subject has more photos by one type than by the other, the first by id distract, so that both
    galleries are of one size. A subject never distracts from itself. A distractor as similar as
    the target comes before it.

    Rows: ``recall@k`` in percent; ``median_rank`` of the target; ``margin``, 100 times the mean of
    the target's cosine minus that of the best distractor; each for both galleries and as
    ``difference``; and ``rank_shift``, the mean number of places that the target falls, as
    ``difference`` only. A difference is positive where distractors that share the query's device
    do more harm. Rows without devices are means over the directions, each counted once. A k beyond
    the gallery is capped at its size.

    ``p`` is two-sided and comes from exchanging all photos of two devices within random subjects
    (see ``exchange``). Intervals are of other subjects as queries and as distractors (see
    ``uncertainty``): the jackknife over subjects, corrected by the exchanges, for means, with the
    exact binomial of as many independent queries for recalls (Korn and Graubard, Survey
    Methodology 1998); the bootstrap over subjects for median ranks. Where all queries have the same
    recall, the interval is the exact binomial of the subjects.

    Args:
        source: Embeddings of the photos, with the columns that ``options`` names.
        processing: The processing class whose embeddings are compared.
        options: How to measure.

    Raises:
        UsageError: There is no such column.
        LatentprintError: Photos or subjects are incomplete, no two subjects share two types of
            device, or a vector is zero or not finite.
    """
    require_source(source)
    options = options or PairsOptions()
    design = ask_some(design_of(source.photos, options), options.sample, options.seed)
    # Vectors are kept where they take one half at the most; similarities have what is left.
    (vectors,) = open_vectors(source, [processing], design.photos, max(1, options.memory_mb // 2))
    left = left_beside([vectors], options.memory_mb)
    found = [retrieve(vectors, design.subjects, each, left) for each in design.directions]
    if processing != UNPROCESSED:
        design = replace(design, notes=(*design.notes, f"embeddings under {processing}"))
    exchanges = options.permutations
    if design.asked is not None:
        exchanges = min(exchanges, _SAMPLED_EXCHANGES)
    draws = Draws(exchanges, options.bootstrap, options.seed, left)
    rows = pair_rows(source, design, found, vectors, options.ks, draws)
    queries = [
        _queries(design, direction, gallery, each)
        for direction, pair in zip(design.directions, found, strict=True)
        for gallery, each in zip((PairGallery.QUERY, PairGallery.TARGET), pair, strict=True)
    ]
    return PairsOutcome(source.encoder, rows, pl.concat(queries), design.asked)


def design_of(photos: pl.DataFrame, options: PairsOptions) -> PairDesign:
    """The roles of photos as the options have them; see ``design_pairs``."""
    return design_pairs(
        photos,
        subject=options.subject,
        device=options.device,
        drop_incomplete=options.drop_incomplete,
    )


def _queries(
    design: PairDesign, direction: PairDirection, gallery: str, found: Retrieved
) -> pl.DataFrame:
    photos = design.photos
    roles = {"query": direction.queries, "target": found.target, "distractor": found.distractor}
    columns: dict[str, Any] = {"gallery": [gallery] * len(found.rank)}
    for role, rows in roles.items():
        columns[role] = photos["id"].gather(rows)
        if "path" in photos.columns:
            columns[f"{role}_path"] = photos["path"].gather(rows)
        columns[f"{role}_device"] = photos["device_type"].gather(rows)
    columns |= {
        "subject": photos["subject"].gather(direction.queries),
        "distractor_subject": photos["subject"].gather(found.distractor),
        "rank": found.rank,
        "photos": found.size,
        "target_similarity": found.target_similarity,
        "distractor_similarity": found.distractor_similarity,
        "margin": found.margin,
    }
    return pl.DataFrame(columns)
