"""What the proof of an eraser measures, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from latentprint.errors import LatentprintError
from latentprint.experiments.asking import Answer, Step
from latentprint.experiments.erase.copies import copy_rows
from latentprint.experiments.erase.harm import harm_rows
from latentprint.experiments.erase.left import guarantee_rows, shift_rows, variance_row
from latentprint.experiments.erase.neighbours import overlap_rows
from latentprint.experiments.erase.nuisance import nuisance_rows
from latentprint.experiments.erase.pairs import pair_rows
from latentprint.experiments.erase.probes import label_probe_rows, probe_rows
from latentprint.experiments.erase.ranks import rank_rows
from latentprint.experiments.erase.views import Stages, ViewedEmbeddings
from latentprint.experiments.pairs.options import PairsOptions
from latentprint.experiments.source import UNPROCESSED
from latentprint.options import option
from latentprint.processing import ATTRIBUTES, Attribute, find_attributes
from latentprint.results import Result
from latentprint.several import several
from latentprint.words import Experiment

FITTED, OTHERS = "classes of the fit", "other classes"
"""Names of all classes that the eraser saw, and of all that it did not see."""

_LIGHTEST = "JPEG95_444"
_DEVICES = ("device_type", "camera_type")


@dataclass(frozen=True)
class ProofOptions:
    """How an eraser is proven.

    Attributes:
        attributes: Processing attributes, of several all classes of the fit together as well; none
            for the published ones whose classes are there, and all other classes together.
        nuisances: Columns that neighbours should not share, such as make.
        threshold: A cosine similarity below which a copy counts as another photo.
        k: Number of neighbours.
        sample: Most photos whose neighbours are asked, chosen by seed and id; 0 for all; by default
            all of up to 50,000 photos, else 2,000.
        seed: Seeds everything that is random.
        memory_mb: Memory for vectors and similarities.
    """

    attributes: tuple[str, ...] = option((), "--attribute", "-a")
    nuisances: tuple[str, ...] = option((), "--nuisance")
    threshold: float | None = option(0.95)
    k: int = option(10, "-k", "--neighbours", least=1)
    sample: int | None = option(None, least=0)
    seed: int = option(0)
    memory_mb: int = option(4096, least=1)

    def __post_init__(self) -> None:
        for name in ("attributes", "nuisances"):
            object.__setattr__(self, name, several(getattr(self, name)))


def proof_steps(
    stages: Stages, fitted: ViewedEmbeddings | None, options: ProofOptions
) -> Iterator[Step]:
    """Everything that is measured before and after erasure, on photos the eraser never saw.

    Args:
        stages: Before and after.
        fitted: The photos that the eraser was fitted on, where these are there too.
        options: What is asked, and how.

    Raises:
        UsageError: An attribute is not known.
    """
    seed, memory_mb, k = options.seed, options.memory_mb, options.k
    made = partial(_step, stages.before.encoder)
    processing = processing_of(stages.classes)
    attributes = asked(stages, options.attributes)
    yield made(processing, "neighbours kept,", lambda: [
        *overlap_rows(stages, processing, k=k, seed=seed, memory_mb=memory_mb),
        variance_row(stages, processing),
    ])  # fmt: skip
    for each in attributes:
        yield made(each.name, "neighbours that follow", partial(
            harm_rows, stages, each, k=k, seed=seed, memory_mb=memory_mb
        ))  # fmt: skip
        yield made(each.name, "probes of", partial(
            probe_rows, stages, each, seed=seed, memory_mb=memory_mb
        ))  # fmt: skip
        yield made(each.name, "copies under", partial(
            copy_rows, stages, each, options.threshold, seed=seed, memory_mb=memory_mb
        ))  # fmt: skip
        yield made(each.name, "shift of", partial(shift_rows, stages, each))
    for each in _summaries(attributes):
        random = stages.at_random(seed)
        yield made(each.name, "random directions, control,", partial(
            harm_rows, random, each, k=k, seed=seed, memory_mb=memory_mb
        ))  # fmt: skip
        yield made(each.name, "fewer directions,", partial(
            rank_rows, stages, each, processing, k=k, seed=seed, memory_mb=memory_mb
        ))  # fmt: skip
    for name in options.nuisances:
        yield made(name, "neighbours that share", partial(
            nuisance_rows, stages, name, processing, k=k, seed=seed, memory_mb=memory_mb
        ))  # fmt: skip
        yield made(name, "probes of", partial(
            label_probe_rows, stages, name, processing, seed=seed, memory_mb=memory_mb
        ))  # fmt: skip
    columns = stages.photos.columns
    pairs = PairsOptions(memory_mb=memory_mb)
    if pairs.subject in columns and set(columns) & set(_DEVICES):
        yield made("pairs", "", partial(pair_rows, stages, processing, pairs, seed=seed))
    there = [name for name in stages.seen if name in stages.classes]
    if fitted is not None and len(there) == len(stages.seen) > 1:
        yield made(FITTED, "guarantee for", partial(guarantee_rows, stages, fitted, there))
    if not options.attributes and len(stages.classes) > 1 and len(_unseen(stages)) < 2:
        yield made(OTHERS, "neighbours that follow", _refuse_others)


def processing_of(classes: tuple[str, ...]) -> str:
    """The class whose neighbours are compared: unprocessed, or else as little as there is."""
    return next((each for each in (UNPROCESSED, _LIGHTEST) if each in classes), classes[0])


def asked(stages: Stages, names: tuple[str, ...]) -> list[Attribute]:
    """The attributes that are measured: of several, all classes of the fit together as well."""
    there = set(stages.classes)
    found = [each for each in ATTRIBUTES.values() if set(each.classes) <= there]
    if names:
        found = list(find_attributes(names))
    if len(names) == 1:
        return found
    seen = [name for name in stages.classes if name in stages.seen and name != UNPROCESSED]
    if len(seen) > 1 and all(set(each.classes) != set(seen) for each in found):
        found.append(Attribute(FITTED, tuple(seen)))
    unseen = [] if names else _unseen(stages)
    if len(unseen) > 1 and all(set(each.classes) != set(unseen) for each in found):
        found.append(Attribute(OTHERS, tuple(unseen)))
    return found


def _unseen(stages: Stages) -> list[str]:
    return [name for name in stages.classes if name not in stages.seen and name != UNPROCESSED]


def _summaries(attributes: list[Attribute]) -> list[Attribute]:
    """Those whose curve and control are measured: all classes together where that was asked."""
    whole = [each for each in attributes if each.name in (FITTED, OTHERS)]
    return whole or attributes[:1]


def _refuse_others() -> list[Result]:
    raise LatentprintError(
        "Processing that the eraser did not see was not measured: the store holds fewer than two "
        "classes that were not in the fit. Embed photos under others, `latentprint embed PHOTOS -a "
        "FILE.toml --out OTHERS`, then `latentprint erase test ERASER OTHERS`."
    )


def _step(encoder: str, attribute: str, name: str, rows: Callable[[], list[Result]]) -> Step:
    return Step(Experiment.ERASURE, attribute, encoder, lambda: Answer(rows()), name or "erasure")
