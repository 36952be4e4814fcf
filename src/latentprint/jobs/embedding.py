"""Embed photos with encoders, keep the embeddings, and judge how many photos were broken."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from latentprint.embeddings import (
    Extraction,
    Progress,
    Store,
    compare_photos,
    device_of,
    extract,
    write_photos,
)
from latentprint.embeddings.alike import SEEN, keep_alike
from latentprint.embeddings.extract import Stamps
from latentprint.embeddings.kept_memory import kept_memory
from latentprint.embeddings.lock import turn
from latentprint.embeddings.shares import without_share
from latentprint.embeddings.worker import BROKEN
from latentprint.encoders.encoder import Encoder
from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.probes.steps import Questions
from latentprint.files import as_path, make_folder
from latentprint.jobs.cluster import Cluster, make_on_cluster, require_ray
from latentprint.jobs.encoder_groups import EncoderGroups
from latentprint.jobs.loading import Loading
from latentprint.jobs.members import EmbeddingError, Member
from latentprint.jobs.own_store import sign_store
from latentprint.mapped_tables import by_ranges
from latentprint.photos import Photos, as_photos
from latentprint.photos.broken import STATUS, broken_of, examples
from latentprint.processing import ATTRIBUTES, NONE, Processing, classes_of, find_attributes
from latentprint.several import several

logger = logging.getLogger(__name__)

BROKEN_LIMIT = 0.10
"""Share of broken photos above which a job fails unless that is allowed."""


@dataclass
class Part:
    """One extraction of a job.

    Attributes:
        folder: Where its stores are.
        extraction: How it is done.
        classes: The processing classes.
        questions: What is asked of the embeddings.
        command: The command line, for the record.
        stores: What was embedded so far, one store for each encoder.
        cluster: Where the shards are made; in this process by default.
        specs: The encoders' specifications.
        stamps: The files that were looked at so far; see ``extract``.
    """

    folder: Path
    extraction: Extraction
    classes: tuple[Processing, ...]
    questions: Questions = Questions()  # noqa: RUF009 - frozen
    command: str = ""
    cluster: Cluster | None = None
    stores: list[Store] = field(default_factory=list)
    specs: list[str] = field(default_factory=list)
    stamps: Stamps = field(default_factory=Stamps)


def embed(
    photos: Any,
    out: Path | str,
    *,
    encoders: Sequence[str | Encoder] = (),
    attributes: Sequence[str] = tuple(ATTRIBUTES),
    extra_classes: Sequence[str] = (),
    loading: Loading = Loading(control=False),  # noqa: B008 - frozen
    extraction: Extraction = Extraction(),  # noqa: B008 - frozen
    seed: int = 0,
    allow_broken: bool = False,
    command: str = "",
    cluster: Cluster | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> list[Store]:
    """Embed photos under the classes of some attributes and judge how many were broken.

    Of several encoders, those that cannot be loaded or fail are told and left out.

    Args:
        photos: Photos, or what ``open_photos`` opens: a folder, a manifest, a data frame.
        out: Folder for the stores; finished embeddings in it are used again.
        encoders: Specifications (``latentprint encoders`` lists the forms), names and globs of
            the published encoders, or encoder objects; none for the default encoder.
        attributes: Processing attributes, or ``none`` for the unprocessed photos.
        extra_classes: Names of further processing classes, such as ``none``.
        loading: Which encoders, device, precision, and whether to add controls.
        extraction: How to embed.
        seed: Seeds the rescale factors and the weights of the controls.
        allow_broken: Go on when more than 10 % of the photos are broken.
        command: The command line, for the record.
        cluster: Make the shards on a cluster of Ray; in this process by default.
        on_progress: Called after every photo.

    Returns:
        One store for each encoder, complete unless a share is made and others are not yet.

    Raises:
        UsageError: Ray is asked for and not installed, or asked for a share; or the fastest batch
            is asked for of Ray, or of compiled networks.
        LatentprintError: More than 10 % of the photos are broken and that is not allowed, none is
            readable, no encoder can be used, or see ``extract``. What was computed is kept.
    """
    check_extraction(extraction, loading, cluster)
    photos = as_photos(photos)
    part = part_of(out, attributes, extra_classes, extraction, seed)
    part.command, part.cluster = command, cluster
    groups = EncoderGroups.of(encoders, loading, seed=seed)
    make_folder(part.folder)
    compare_photos(part.folder, photos)
    for members in groups.load(mask=extraction.mask):
        embed_part(photos, part, members, groups, allow_broken, on_progress)
    for each in groups.left_out():
        logger.warning("Left out: encoder %s: %s", each.encoder, each.reason)
    if extraction.share is None:
        tell_broken(part.stores)
    return part.stores


def check_extraction(
    extraction: Extraction, loading: Loading, cluster: Cluster | None = None
) -> None:
    """Refuse what does not go together, before any work.

    Raises:
        UsageError: Ray is asked for and not installed, or asked for a share; or the fastest batch
            is asked for of Ray, or of compiled networks.
    """
    if cluster is not None:
        require_ray()
        if extraction.share is not None:
            raise UsageError("Ray hands out all the shards: leave --shards out, or --engine ray.")
        if extraction.fastest_batch:
            raise UsageError(
                "This machine may not be like the actors': give --batch-size a number."
            )
    if extraction.fastest_batch and loading.compile:
        raise UsageError("A network is compiled for one size of batch: give --batch-size a number.")


def part_of(
    out: Path | str,
    attributes: Sequence[str],
    extra_classes: Sequence[str],
    extraction: Extraction,
    seed: int,
) -> Part:
    """The extraction that ``embed`` is asked for; see there."""
    asked = several(attributes)
    named = [name for name in asked if name != NONE.name]
    extra = [*several(extra_classes), *([NONE.name] if len(named) < len(asked) else [])]
    classes = classes_of(find_attributes(named), extra=extra, seed=seed)
    return Part(as_path(out), extraction, tuple(classes))


def embed_part(
    photos: Photos,
    part: Part,
    members: Sequence[Member],
    groups: EncoderGroups,
    allow_broken: bool,
    on_progress: Callable[[Progress], None] | None,
) -> None:
    """Embed photos with some encoders. One that fails is left out, and the others go on."""
    cluster = part.cluster
    engine = None if cluster is None else partial(make_on_cluster, groups, cluster)
    while using := groups.usable(members):
        try:
            with kept_memory(device_of(using)):
                stores = extract(
                    photos,
                    using,
                    part.classes,
                    part.folder,
                    extraction=part.extraction,
                    stamps=part.stamps,
                    engine=engine,
                    on_progress=on_progress,
                )
            break
        except EmbeddingError as error:
            # Finished shards are used again, so that little of the others' work is repeated.
            groups.fail(error.spec, error)
    else:
        return
    share = part.extraction.share
    if share is None or stores[0].index.shards:
        # Of several processes that find the last share made each may do this.
        with nullcontext() if share is None else turn(part.folder):
            write_photos(part.folder, photos, without_share(part.command))
            sign_store(part.folder)
            keep_alike(_seen(stores[0]), part.folder)
        _refuse_broken(stores[0].facts(STATUS), allow_broken)
    part.stores += stores
    part.specs += [each.spec for each in using]


def _seen(store: Store) -> pl.DataFrame:
    """What near-duplicates are told by, of the photos that can be read."""
    facts = store.facts(["id", "status", *SEEN])
    return by_ranges(facts, lambda part: part.filter(pl.col("status") != BROKEN))


def tell_broken(stores: Sequence[Store]) -> None:
    """Warn of photos that could not be read and were left out."""
    facts = stores[0].facts(STATUS)
    if (broken := broken_of(facts)).height:
        logger.warning(
            "Left out: %d of %d photos, which are broken: %s",
            broken.height, facts.height, examples(broken),
        )  # fmt: skip


def _refuse_broken(facts: pl.DataFrame, allowed: bool) -> None:
    broken = broken_of(facts)
    if broken.height > BROKEN_LIMIT * facts.height and not allowed:
        raise LatentprintError(
            f"{broken.height} of {facts.height} photos are broken, more than "
            f"{BROKEN_LIMIT:.0%}: {examples(broken)} The embeddings of the others are kept; mend "
            "or remove the broken files, or run again with --allow-broken."
        )
