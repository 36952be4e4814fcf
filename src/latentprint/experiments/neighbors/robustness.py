"""Do neighbours share the class or a nuisance such as the camera? Without re-processing photos."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.experiments.neighbors.approximation import Approximation
from latentprint.experiments.neighbors.features import unit_vectors
from latentprint.experiments.neighbors.judging import Judge, NeighbourShare
from latentprint.experiments.neighbors.robustness_options import RobustnessOptions
from latentprint.experiments.probes.labels import Labelled, label_photos
from latentprint.experiments.sampling import ask
from latentprint.experiments.source import (
    ROW,
    EmbeddingSource,
    origin,
    require_source,
    usable_device,
)
from latentprint.neighbours.approximate import ApproximateIndex
from latentprint.neighbours.candidates import Searched
from latentprint.neighbours.nearest import nearest_photos
from latentprint.results import Result
from latentprint.words import Experiment, RobustnessMeasure

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RobustnessOutcome:
    """Rows of the result table for every k, and what they were counted from.

    Attributes:
        results: ``robustness index``, ``class purity`` and ``nuisance purity``; then the first and
            the last of them beside the chance of all photos, without a test.
        photos: By k one row for every photo asked: ``id`` and among its k neighbours the numbers
            ``same_class``, ``same_nuisance``, ``so`` (same class, other nuisance) and ``os``
            (other class, same nuisance).
    """

    results: list[Result]
    photos: dict[int, pl.DataFrame]


def robustness(
    source: EmbeddingSource,
    nuisance: str,
    *,
    label: str = "label",
    options: RobustnessOptions | None = None,
) -> RobustnessOutcome:
    """Judge the k nearest neighbours of every photo by class and by nuisance.

    The robustness index is SO / (SO + OS): of the neighbours that share the class or the nuisance
    but not both, the share of the class (PathoROB, arXiv 2507.17845); counts are summed over
    photos. Purity is the share of neighbours with the photo's own class, or nuisance.

    Chance is the mean after labels were shuffled: those of the nuisance within each class, so that
    what classes alone tell about the nuisance is no finding, and those of the class over all
    photos. Beside index and nuisance purity stands their chance over all photos, without a test:
    where devices go with classes, neighbours of one class share a device without any trace. The
    interval is that of another set of photos (see ``crossed``).
    Neighbours are other photos of any split, by cosine similarity; equal similarities go to the
    photo whose id comes first. Of many photos a sample is asked (see ``sampling``), each among all
    photos; the interval holds that. All in percent.

    Args:
        source: Embeddings of photos with labels.
        nuisance: Column of the nuisance, such as ``make``.
        label: Column of the class.
        options: How neighbours are judged.

    Raises:
        UsageError: A column, rule or device is not known.
        LatentprintError: The labels cannot be compared, there are fewer photos than k, faiss is
            asked for and not installed, or a vector is zero or not finite.
    """
    require_source(source)
    options = options or RobustnessOptions()
    device = usable_device(options.device)
    rows, classes, nuisances = compared_labels(source.photos, label, nuisance, options)
    photos = source.photos[rows]
    keys = _codes(photos, options.exclude) if options.exclude else np.arange(len(photos))
    _check(photos, keys, options)
    half = options.memory_mb / 2
    placed = pl.DataFrame({ROW: rows, "id": photos["id"]})
    (vectors,) = unit_vectors(source, [options.processing], placed, half)
    order = np.argsort(rows)
    searched = Searched.of(vectors, keys, order)
    sample = 0 if options.approximate and options.sample is None else options.sample
    asked = ask(photos["id"].to_list(), sample, options.seed)
    ids = photos["id"].gather(asked.rows)
    groups = _codes(photos, options.group)
    options = replace(options, device=device)
    judge = Judge(classes.codes, nuisances.codes, groups, asked.rows, options)
    approximation = None
    if options.approximate:
        index = ApproximateIndex.of(searched, options.seed)
        approximation = Approximation.of(index, ids.to_list(), judge, half)
        found = approximation.rows
    else:
        found = nearest_photos(
            searched, options.ks, memory_mb=half, device=device, asked=asked.rows
        )
    left_out = len(source.photos) - len(photos)
    notes = [f"photos without both labels left out: {left_out}"] if left_out else []
    table = _Table(
        source,
        (len(asked.rows), len(photos)),
        {
            RobustnessMeasure.INDEX: nuisances,
            RobustnessMeasure.CLASS_PURITY: classes,
            RobustnessMeasure.NUISANCE_PURITY: nuisances,
        },
        (asked.note, *classes.notes, *nuisances.notes, *notes),
    )
    results = []
    for k, rows in found.items():
        shares, note = judge.shares(rows), ""
        if approximation is not None:
            shares, note = approximation.widened(k, shares, judge), approximation.note(k)
        results += [table.row(k, share, note) for share in shares]
    logger.info("%s, %s: %s", source.encoder, nuisance, [row.value for row in results])
    counts = {k: judge.counts(rows).insert_column(0, ids) for k, rows in found.items()}
    return RobustnessOutcome(results, counts)


def compared_labels(
    photos: pl.DataFrame, label: str, nuisance: str, options: RobustnessOptions
) -> tuple[np.ndarray, Labelled, Labelled]:
    """Rows of the photos that have both labels, in the order of their ids, and the labels.

    Raises:
        UsageError: A column is not known, or both are the same.
        LatentprintError: There are not two classes of each.
    """
    if label == nuisance:
        raise UsageError(f"Class and nuisance are both {label!r}: name two columns.")
    for name in filter(None, (options.exclude, options.group)):
        if name not in photos.columns:
            raise unknown_name("column", name, photos.columns)
    by_id = photos["id"].arg_sort().to_numpy().astype(np.int64)
    rules = dict(options.bins)
    for name in rules:
        if name != nuisance:
            raise unknown_name("nuisance with a rule of binning", name, (nuisance,))
    # A class is a name, even where it is written in digits.
    both = [
        label_photos(photos, label, "values"),
        label_photos(photos, nuisance, rules.get(nuisance)),
    ]
    rows = by_id[(both[0].codes[by_id] >= 0) & (both[1].codes[by_id] >= 0)]
    if not len(rows):
        raise LatentprintError(
            f"No photo has both {label!r} and {nuisance!r}: there is nothing to compare."
        )
    labelled = []
    for each in both:
        present, codes = np.unique(each.codes[rows], return_inverse=True)
        if len(present) < 2:
            raise LatentprintError(
                f"Photos with both labels have fewer than two values of {each.name!r}: there is"
                " nothing to compare."
            )
        names = tuple(each.classes[code] for code in present)
        labelled.append(replace(each, classes=names, codes=codes))
    return rows, labelled[0], labelled[1]


def _codes(photos: pl.DataFrame, column: str) -> np.ndarray:
    """A number for every value of a column; photos without one have a number of their own."""
    values = photos[column].cast(pl.String).to_list()
    keys = [
        f"value {value}" if value is not None else f"photo {each}"
        for value, each in zip(values, photos["id"], strict=True)
    ]
    codes: np.ndarray = np.unique(np.asarray(keys), return_inverse=True)[1]
    return codes.astype(np.int64)


def _check(photos: pl.DataFrame, keys: np.ndarray, options: RobustnessOptions) -> None:
    """Refuse a k beyond the photos.

    Raises:
        LatentprintError: There are fewer photos than k.
    """
    largest = np.bincount(keys)[keys]
    worst = int(largest.argmax())
    left = len(keys) - int(largest[worst])
    if max(options.ks) > left:
        raise LatentprintError(
            f"k is {max(options.ks)}, and the photos that may be neighbours of"
            f" {photos['id'][worst]!r} are fewer ({left}): choose a smaller k."
        )


@dataclass(frozen=True)
class _Table:
    """Makes rows of the result table."""

    source: EmbeddingSource
    asked_of: tuple[int, int]
    labels: dict[str, Labelled]
    notes: tuple[str, ...]

    def row(self, k: int, share: NeighbourShare, note: str) -> Result:
        """One measure for one k."""
        return Result(
            **origin(self.source),
            experiment=Experiment.ROBUSTNESS,
            attribute=self.labels[RobustnessMeasure.NUISANCE_PURITY].name,
            setup=share.measure,
            chance=share.chance,
            value=share.value,
            low=share.low,
            high=share.high,
            n_test=self.asked_of[0],
            n_train=self.asked_of[1],
            k=k,
            classes=len(self.labels[share.measure].classes),
            condition=share.condition,
            p=share.p,
            notes="; ".join(filter(None, (*self.notes, note))),
        )
