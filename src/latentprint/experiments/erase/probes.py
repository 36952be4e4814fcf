"""What probes read before and after erasure, each tuned and trained on what it is to read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from latentprint.experiments.erase.kernel_probe import LINEAR, RBF, few_photos, read_by
from latentprint.experiments.erase.nuisance import with_common
from latentprint.experiments.erase.staged import About, Paired, seen_of, staged_rows
from latentprint.experiments.erase.views import Stages, ViewedEmbeddings
from latentprint.experiments.probes.items import Items, labelled_items, processed_items
from latentprint.experiments.probes.labels import label_photos
from latentprint.experiments.source import ROW
from latentprint.results import Result
from latentprint.words import ErasureMeasure

if TYPE_CHECKING:
    from latentprint.processing import Attribute

_PROBES = {
    False: ((ErasureMeasure.LINEAR, LINEAR), (ErasureMeasure.RBF, RBF)),
    True: ((ErasureMeasure.LINEAR_PAIRED, LINEAR), (ErasureMeasure.RBF_PAIRED, RBF)),
}


def probe_rows(
    stages: Stages, attribute: Attribute, *, seed: int = 0, memory_mb: int = 4096
) -> list[Result]:
    """Linear and RBF probes of a processing, plain and paired, before and after.

    Args:
        stages: Before and after.
        attribute: The processing.
        seed: Seeds folds and resamples.
        memory_mb: Memory for embeddings.

    Raises:
        LatentprintError: There are too few photos, or a vector is zero or not finite.
    """
    about = About(attribute.name, seen_of(attribute.classes, stages.seen))
    rows: list[Result] = []
    for paired in _PROBES:

        def items(source: ViewedEmbeddings, paired: bool = paired) -> Items:
            photos = source.photos.with_row_index(ROW)
            photos = few_photos(photos, len(attribute.classes), seed)
            return processed_items(
                source, attribute.classes, photos, paired=paired, memory_mb=memory_mb // 2
            )

        rows += _staged(stages, about, items, paired=paired, seed=seed)
    return rows


def label_probe_rows(
    stages: Stages, label: str, processing: str, *, seed: int = 0, memory_mb: int = 4096
) -> list[Result]:
    """Linear and RBF probes of a label of the photos, such as the make of the camera.

    Args:
        stages: Before and after.
        label: Column of the label.
        processing: Processing class whose embeddings are read.
        seed: Seeds folds and resamples.
        memory_mb: Memory for embeddings.

    Raises:
        UsageError: There is no such column.
        LatentprintError: There are too few photos of a class.
    """
    labelled = label_photos(with_common(stages, label).photos, label, "values")
    kept = labelled.codes >= 0
    common = np.unique(labelled.codes[kept])
    names = [labelled.classes[at] for at in common]

    def items(source: ViewedEmbeddings) -> Items:
        photos = few_photos(source.photos.with_row_index(ROW).filter(kept), 1, seed)
        codes = np.searchsorted(common, labelled.codes[photos[ROW].to_numpy()])
        return labelled_items(source, processing, photos, codes, names, memory_mb=memory_mb // 2)

    about = About(label, stages.knows(label))
    return _staged(stages, about, items, paired=False, seed=seed)


def _staged(
    stages: Stages,
    about: About,
    items: Callable[[ViewedEmbeddings], Items],
    *,
    paired: bool,
    seed: int,
) -> list[Result]:
    before, after = items(stages.before), items(stages.after)
    probes = _PROBES[paired]
    kernels = [kernel for _, kernel in probes]
    read = [read_by(each, kernels, unit=not paired, seed=seed) for each in (before, after)]
    rows: list[Result] = []
    for (measure, _), one, other in zip(probes, *read, strict=True):
        columns = {
            "chance": 100.0 / len(before.classes),
            "classes": len(before.classes),
            "n_train": len(one.photos) * 4 // 5,
            "fit": f"before: {one.setting}; after: {other.setting}",
        }
        told = About(about.attribute, about.condition, columns)
        groups = [before.groups[at] for at in one.photos]
        figures = Paired(measure, one.right, other.right, groups)
        rows += staged_rows(stages, told, figures, seed=seed)
    return rows
