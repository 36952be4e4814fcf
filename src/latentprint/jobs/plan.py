"""What embedding or an audit would do, found out without writing anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import polars as pl

from latentprint.embeddings import Extraction
from latentprint.embeddings.extract import is_maskable, manifest_of, refuse_unmaskable
from latentprint.embeddings.growth import lacking
from latentprint.embeddings.growth import plan as plan_shards
from latentprint.embeddings.shares import Chunk
from latentprint.embeddings.shares import Plan as ShardPlan
from latentprint.embeddings.store import Stock, folder_name, foresee
from latentprint.embeddings.worker import BROKEN, stamp
from latentprint.encoders.encoder import Encoder
from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.asking import Step
from latentprint.experiments.correlation.correlation import photo_columns
from latentprint.experiments.source import Opened
from latentprint.jobs.cluster import Cluster
from latentprint.jobs.embedding import Part, check_extraction, part_of
from latentprint.jobs.encoder_groups import EncoderGroups
from latentprint.jobs.loading import Loading
from latentprint.jobs.measure import OnStep
from latentprint.jobs.members import Member
from latentprint.jobs.rehearsal import Estimate, Lack, rehearse
from latentprint.mapped_tables import positions
from latentprint.photos import Photos, as_photos, assign_splits, decide_tones
from latentprint.processing import ATTRIBUTES
from latentprint.results import LeftOut

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray


@dataclass(frozen=True)
class PlannedStore:
    """What the store of one encoder holds of what is asked for, and what it would get.

    Attributes:
        encoder: Name of the encoder.
        folder: The folder of its store.
        classes: The processing classes that are asked for.
        stored: Photos that it holds under all of them, broken ones among them.
        missing: Photos that it lacks under one of them at least: these would be embedded; of a
            share of the shards those that it makes.
        images: Embeddings that it lacks, one for every such photo and class.
        vector_bytes: Bytes that their vectors will take.
        stored_bytes: Bytes that its folder takes now.
        broken: Photos that were found broken, and will not be read again.
        touched: Stored photos whose files have another size or time than they had: they are read
            again, and embedded anew where their pixels have changed.
    """

    encoder: str
    folder: Path
    classes: tuple[str, ...]
    stored: int
    missing: int
    images: int
    vector_bytes: int
    stored_bytes: int
    broken: int
    touched: int


@dataclass(frozen=True)
class Plan:
    """What would be done. Nothing was written.

    Attributes:
        photos: Photos that were found.
        ignored: Files beside them that are no photos, or are left out.
        dataset: Name of the set of photos.
        notes: What had to be settled to find the photos, as sentences.
        stores: One for every encoder and kind of photos (whole, or masked in the middle).
        estimate: How long embedding would take; None where nothing is missing or none of the few
            photos that were tried could be read.
        steps: The experiments that would run.
        left_out: What would be left out, with the reason, as far as it can be told before there are
            vectors.
        share: Which share of the shards is planned, such as ``2/3``; None for all.
    """

    photos: int
    ignored: int
    dataset: str
    notes: tuple[str, ...]
    stores: tuple[PlannedStore, ...]
    estimate: Estimate | None
    steps: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    share: str | None = None


Asked = Callable[[Part, Sequence[Opened]], Iterator[Step]]
"""The experiments on the embeddings of one part."""


def plan_parts(
    photos: Photos,
    parts: Sequence[Part],
    groups: EncoderGroups,
    *,
    asked: Asked = lambda _part, _opened: iter(()),
    on_step: OnStep = lambda _: None,
) -> Plan:
    """Find out what the stores of some parts lack, and how long it would take to make.

    Encoders are loaded as the run itself loads them. Experiments are asked of embeddings that are
    not there: those that refuse their photos and labels before they read a vector are left out.

    Args:
        photos: The photos.
        parts: The extractions.
        groups: The encoders.
        asked: The experiments.
        on_step: Called with a short description of what is done.

    Raises:
        UsageError: None of the encoders can take a mask where one is asked for.
        LatentprintError: A store holds embeddings of something else, or no encoder can be used.
    """
    parts = [_settled(photos, part) for part in parts]
    stores, estimates = list[PlannedStore](), list[Estimate]()
    opened: list[list[Opened]] = [[] for _ in parts]
    tables = [_labelled(photos, part, groups.seed) for part in parts]
    masks = [part.extraction.mask for part in parts]
    for members in groups.load(mask=min(masks)):
        for part, table, sources in zip(parts, tables, opened, strict=True):
            masked = part.extraction.mask > 0
            using = [each for each in members if not masked or is_maskable(each)]
            if not part.questions.labels:
                # Only an audit asks other things of encoders that take no mask.
                refuse_unmaskable(members if masked else [])
            stocks = [_foreseen(part, each) for each in using]
            wholes = [_lacking(photos, part, each) for each in stocks]
            lacks = [
                Lack(each, lack)
                for each, lack in zip(using, _of_share(part, stocks, wholes), strict=True)
            ]
            for each, stock, whole in zip(lacks, stocks, wholes, strict=True):
                store = _planned(photos, part, each, stock, whole)
                stores.append(store)
                source = Foreseen.of(each.encoder, photos.name, table)
                sources.append(Opened(source, store.classes, masked=masked))
            if any(each.lacks.any() for each in lacks):
                on_step(f"trying a few photos with {', '.join(each.name for each in using)}")
            if found := rehearse(photos, part, lacks):
                estimates.append(found)
    if not all(opened):
        raise UsageError("Labels are read under a mask, which none of the encoders can take.")
    steps = [
        step for part, sources in zip(parts, opened, strict=True) for step in asked(part, sources)
    ]
    running, left_out = foreseen(steps)
    share = parts[0].extraction.share
    return Plan(
        len(photos),
        photos.ignored.height,
        photos.name,
        tuple(photos.notes),
        tuple(stores),
        Estimate.together(estimates),
        tuple(map(str, running)),
        (*groups.left_out(), *left_out),
        None if share is None else str(share),
    )


def plan_embed(
    photos: Any,
    out: Path | str,
    *,
    encoders: Sequence[str | Encoder] = (),
    attributes: Sequence[str] = tuple(ATTRIBUTES),
    extra_classes: Sequence[str] = (),
    loading: Loading = Loading(control=False),  # noqa: B008 - frozen
    extraction: Extraction = Extraction(),  # noqa: B008 - frozen
    seed: int = 0,
    cluster: Cluster | None = None,
    on_step: OnStep = lambda _: None,
) -> Plan:
    """Find out what ``embed`` would do, without writing anything.

    Args:
        photos: See ``embed``, as for all others.
        out: Folder for the stores.
        encoders: The encoders.
        attributes: Processing attributes.
        extra_classes: Further processing classes.
        loading: Which encoders, and how.
        extraction: How to embed.
        seed: Seeds everything that is random.
        cluster: Where the shards would be made: what it cannot make is refused.
        on_step: Called with a short description of what is done.

    Raises:
        UsageError: Options do not go together.
        LatentprintError: See ``plan_parts``.
    """
    check_extraction(extraction, loading, cluster)
    photos = as_photos(photos)
    part = part_of(out, attributes, extra_classes, extraction, seed)
    groups = EncoderGroups.of(encoders, loading, seed=seed)
    return plan_parts(photos, [part], groups, on_step=on_step)


def _settled(photos: Photos, part: Part) -> Part:
    """The part with what its extraction leaves open decided for the whole set."""
    how = part.extraction
    tones = decide_tones(photos, how.tones, max_pixels=how.max_pixels)
    return replace(part, extraction=replace(how, tones=tones))


def _foreseen(part: Part, encoder: Member) -> Stock:
    """What is there of the store of an encoder.

    Raises:
        LatentprintError: It holds embeddings of something else.
    """
    folder = part.folder / folder_name(encoder.name)
    tones = part.extraction.tones
    stated = tones.window is not None or tones.bits is not None
    manifest = manifest_of(encoder, part.classes, part.extraction)
    return foresee(folder, manifest, tones_stated=stated)


def _lacking(photos: Photos, part: Part, stock: Stock) -> np.ndarray:
    """What a store lacks, bool [photos, classes]."""
    return lacking(stock.store, photos.table["id"], [each.name for each in part.classes])


def _of_share(
    part: Part, stocks: Sequence[Stock], lacks: Sequence[np.ndarray]
) -> Sequence[np.ndarray]:
    """What the share that is asked for would make of all that stores lack."""
    share = part.extraction.share
    if share is None or not stocks:
        return lacks
    # Who began keeps to the plan, as long as it is for these photos.
    begun = ShardPlan.read(stocks[0].store.folder)
    chunks = () if begun is None else begun.chunks
    if not _are_of(chunks, lacks):
        chunks = tuple(plan_shards(stocks, lacks, np.zeros(len(lacks[0]), bool), part.extraction))
    asked = [np.zeros_like(each) for each in lacks]
    for chunk in ShardPlan("", share.count, chunks).share(share):
        for made in chunk.parts:
            asked[made.store][np.ix_(chunk.rows, made.classes)] = True
    return [lack & each for lack, each in zip(lacks, asked, strict=True)]


def _are_of(chunks: Sequence[Chunk], lacks: Sequence[np.ndarray]) -> bool:
    """Whether shards hold all that stores lack, and of each shard all is lacking or nothing."""
    left = [each.copy() for each in lacks]
    for chunk in chunks:
        for made in chunk.parts:
            if made.store >= len(left) or chunk.rows[-1] >= len(left[made.store]):
                return False
            cells = np.ix_(chunk.rows, made.classes)
            if len(np.unique(left[made.store][cells])) > 1:
                return False
            left[made.store][cells] = False
    return not any(each.any() for each in left)


def _planned(
    photos: Photos, part: Part, lack: Lack, stock: Stock, whole: np.ndarray
) -> PlannedStore:
    """What the store of an encoder, of all that it lacks, holds and would get."""
    encoder, lacks, store = lack.encoder, lack.lacks, stock.store
    names = tuple(each.name for each in part.classes)
    facts = store.asked(photos.table["id"], names).facts(["id", "status", "bytes", "modified"])
    broken = facts.filter(pl.col("status") == BROKEN)["id"]
    if part.extraction.retry_broken:
        broken = broken.clear()
    return PlannedStore(
        encoder=encoder.name,
        folder=store.folder,
        classes=names,
        stored=int((~whole.any(axis=1)).sum()),
        missing=int(lacks.any(axis=1).sum()),
        images=int(lacks.sum()),
        vector_bytes=4 * encoder.dimension * int(lacks.sum()),
        stored_bytes=sum(each.stat().st_size for each in store.folder.glob("*") if each.is_file()),
        broken=len(broken),
        touched=_touched(photos, facts),
    )


def _touched(photos: Photos, facts: pl.DataFrame) -> int:
    """How many stored photos have files of another size or time than they had."""
    paths = photos.at(positions(facts["id"], photos.table["id"]))
    known = facts.select("bytes", "modified").iter_rows()
    return sum(
        stamp(photos.file(path)) != said for (_, path), said in zip(paths, known, strict=True)
    )


class _VectorsNeeded(Exception):  # noqa: N818 - no error
    """An experiment takes its photos and asks for vectors."""


@dataclass(frozen=True)
class Foreseen:
    """Embeddings that are not there yet: an ``EmbeddingSource`` without vectors."""

    encoder: str
    family: str
    network: str
    layer: int | None
    dataset: str
    photos: pl.DataFrame
    split_made: bool

    @classmethod
    def of(cls, encoder: Member, dataset: str, photos: pl.DataFrame) -> Foreseen:
        """Those that an encoder will make.

        Args:
            encoder: The encoder.
            dataset: Name of the set of photos.
            photos: The photos with their labels, as far as these are known.
        """
        identity = encoder.identity()
        network, made = str(identity.get("network", encoder.name)), bool(photos[_MADE].all())
        of = (encoder.name, encoder.family, network, identity.get("block"), dataset)
        return cls(*of, photos.drop(_MADE), made)

    def vectors(self, processing: str) -> VectorArray:
        """Nothing."""
        raise _VectorsNeeded(processing)


_MADE = "\0split made"
"""Column that says whether the split was made here: a name that no column of a table has."""


def _labelled(photos: Photos, part: Part, seed: int) -> pl.DataFrame:
    """The photos with what is known of them; the headers of files are read where labels need it."""
    table = photos.table
    if set(part.questions.labels) - set(table.columns):
        table, _ = photo_columns(photos)
        if "status" in table.columns:
            table = table.filter(pl.col("status") != BROKEN).drop("status", "reason")
    group = pl.col("group").cast(pl.String) if "group" in table.columns else pl.lit(None, pl.String)
    table = table.drop("path").with_columns(group=pl.coalesce(group, "id"))
    made = bool(table["split"].is_null().all())
    return assign_splits(table, seed=seed).with_columns(pl.lit(made).alias(_MADE))


def foreseen(steps: Sequence[Step]) -> tuple[list[Step], list[LeftOut]]:
    """Tell the steps that ask for vectors from those that refuse before they do.

    Args:
        steps: Steps on sources of the kind ``Foreseen``.

    Returns:
        The steps that would run, and the others with the reason.

    Raises:
        UsageError: An option or a name is wrong.
    """
    running, left_out = [], []
    for step in steps:
        try:
            _ask(step)
        except _VectorsNeeded:
            running.append(step)
        except UsageError:
            raise
        except LatentprintError as error:
            left_out.append(LeftOut(str(error), step.experiment, step.attribute, step.encoder))
    return running, left_out


def _ask(step: Step) -> NoReturn:
    step.ask()
    raise AssertionError(f"{step} measured something without vectors")
