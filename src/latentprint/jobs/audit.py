"""The main job: photos in, result table and report out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from latentprint.embeddings import (
    MASKED,
    WHOLE,
    Extraction,
    Progress,
    compare_photos,
    stored,
)
from latentprint.embeddings.extract import is_maskable
from latentprint.embeddings.store import folder_name
from latentprint.encoders.encoder import Encoder
from latentprint.errors import UsageError
from latentprint.experiments.asking import Step
from latentprint.experiments.neighbors.influence_options import InfluenceOptions
from latentprint.experiments.neighbors.influence_steps import influence_of
from latentprint.experiments.probes.options import Guards, ProbeOptions
from latentprint.experiments.probes.steps import (
    Questions,
    check_guards,
    find_questions,
    probe_steps,
)
from latentprint.experiments.source import Opened, usable_device
from latentprint.files import as_path, make_folder
from latentprint.jobs.cluster import Cluster
from latentprint.jobs.embedding import Part, check_extraction, embed_part, tell_broken
from latentprint.jobs.encoder_groups import EncoderGroups
from latentprint.jobs.loading import Loading
from latentprint.jobs.measure import Measured, measure
from latentprint.jobs.plan import Plan, plan_parts
from latentprint.jobs.run_folder import count_photos, run_settings, write_photos_csv, write_run
from latentprint.jobs.shown import Shown
from latentprint.jobs.sources import is_masked
from latentprint.photos import LABELS, Photos, as_photos
from latentprint.processing import ATTRIBUTES, NONE, classes_of
from latentprint.results import LeftOut
from latentprint.several import several

if TYPE_CHECKING:
    from latentprint.report.inputs import Run

ACQUISITION_MASK = 0.9
"""Share of the crop that is masked for probes of labels, as in the published figures."""


@dataclass(frozen=True, repr=False)
class Audit(Shown):
    """What an audit leaves behind.

    Attributes:
        folder: The run folder: results.{parquet,csv,json}, report.html, photos.csv, embeddings/.
        measured: The rows of the result table, and what was not measured.
        photos: Every file with its status and reason.
        page: The HTML file.
    """

    folder: Path
    measured: Measured
    photos: pl.DataFrame
    page: Path

    @property
    def run(self) -> Run:
        """What the report is made from: the run folder."""
        from latentprint.report.inputs import read_run

        return read_run(self.folder)

    @property
    def table(self) -> pl.DataFrame:
        """The result table, one row for every measurement; see the columns of results."""
        return self.measured.table

    @property
    def left_out(self) -> list[LeftOut]:
        """What was not measured, with the reason."""
        return self.measured.left_out


def audit(
    photos: Any,
    out: Path | str,
    *,
    encoders: Sequence[str | Encoder] = (),
    questions: Sequence[str] = tuple(ATTRIBUTES),
    ks: Sequence[int] = (10,),
    sample: int | None = None,
    loading: Loading = Loading(),  # noqa: B008 - frozen
    extraction: Extraction = Extraction(),  # noqa: B008 - frozen
    options: ProbeOptions | None = None,
    guards: Guards | None = None,
    allow_broken: bool = False,
    command: str = "",
    title: str | None = None,
    cluster: Cluster | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_step: Callable[[str], None] = lambda _: None,
) -> Audit:
    """Measure which labels encoders reveal, and whether that changes neighbours.

    Processing attributes are measured on whole photos; labels (make, aperture, a column of the
    manifest) on photos whose middle is masked, so that little of what they show is left. Of
    several encoders, those that cannot be loaded or fail are told and left out.

    Args:
        photos: Photos, or what ``open_photos`` opens: a folder, a manifest, a data frame.
        out: The run folder; an earlier run in it is used again where it fits.
        encoders: Specifications (``latentprint encoders`` lists the forms), names and globs of
            the published encoders, or encoder objects; none for the default encoder.
        questions: Processing attributes and labels.
        ks: Numbers of neighbours for kNN influence.
        sample: Most test photos whose neighbours are asked; see ``InfluenceOptions``.
        loading: Which encoders, device, precision, and whether to add controls.
        extraction: How to embed; its mask is that for labels, 90 % where it is 0.
        options: How probes are run; their seed seeds everything random.
        guards: Which photos take part in the probes of labels.
        allow_broken: Go on when more than 10 % of the photos are broken.
        command: The command line, for the record.
        title: Title of the report.
        cluster: Make the shards on a cluster of Ray; in this process by default.
        on_progress: Called after every photo.
        on_step: Called with a short description of each experiment.

    Raises:
        UsageError: A name or an option is wrong, or options do not go together; see ``embed``.
        LatentprintError: See ``embed``. ``photos.csv`` is written even then.
    """
    begun = time.monotonic()
    out, options = as_path(out), options or ProbeOptions()
    check_extraction(extraction, loading, cluster)
    photos = as_photos(photos)
    neighbours = _neighbours(ks, sample, options)
    asked = _Asked.of(photos, questions, neighbours, options, guards)
    parts = list(asked.parts(out, extraction))
    for part in parts:
        part.command, part.stamps, part.cluster = command, parts[0].stamps, cluster
    groups = EncoderGroups.of(encoders, loading, seed=options.seed)
    make_folder(out)
    device = _embed_parts(photos, out, parts, groups, allow_broken, on_progress)
    tell_broken(parts[0].stores)
    steps = (asked.steps(part, _opened(photos, part, options.seed)) for part in parts)
    measured = measure(chain.from_iterable(steps), on_step=on_step)
    measured.left_out[:0] = groups.left_out()
    first = parts[0]
    listed = write_photos_csv(photos, out, first.stores[0].folder)
    (used,) = stored(first.stores[:1], photos.table, photos.name, seed=options.seed)
    measured.settings = {
        **run_settings(command, photos.name, options.seed, photos.root.absolute()),
        "encoders": [
            {"spec": spec, **store.manifest["encoder"]}
            for spec, store in zip(first.specs, first.stores, strict=True)
        ],
        "extraction": first.stores[0].manifest["settings"],
        "photos": count_photos(listed, used),
        "notes": list(photos.notes),
        "left_out": [asdict(each) for each in measured.left_out],
        "seconds": round(time.monotonic() - begun, 1),
        "device": device,
    }
    page = write_run(out, measured, title=title)
    return Audit(out, measured, listed, page)


def plan_audit(
    photos: Any,
    out: Path | str,
    *,
    encoders: Sequence[str | Encoder] = (),
    questions: Sequence[str] = tuple(ATTRIBUTES),
    ks: Sequence[int] = (10,),
    sample: int | None = None,
    loading: Loading = Loading(),  # noqa: B008 - frozen
    extraction: Extraction = Extraction(),  # noqa: B008 - frozen
    options: ProbeOptions | None = None,
    guards: Guards | None = None,
    cluster: Cluster | None = None,
    on_step: Callable[[str], None] = lambda _: None,
) -> Plan:
    """Find out what ``audit`` would do, without writing anything.

    Args:
        photos: See ``audit``, as for all others.
        out: The run folder.
        encoders: The encoders.
        questions: Processing attributes and labels.
        ks: Numbers of neighbours for kNN influence.
        sample: Most test photos whose neighbours are asked; see ``InfluenceOptions``.
        loading: Which encoders, and how.
        extraction: How to embed.
        options: How probes are run.
        guards: Which photos take part in the probes of labels.
        cluster: Where the shards would be made: what it cannot make is refused.
        on_step: Called with a short description of what is done.

    Raises:
        UsageError: See ``audit``.
        LatentprintError: See ``plan_parts``.
    """
    options, photos = options or ProbeOptions(), as_photos(photos)
    check_extraction(extraction, loading, cluster)
    neighbours = _neighbours(ks, sample, options)
    asked = _Asked.of(photos, questions, neighbours, options, guards)
    parts = list(asked.parts(as_path(out), extraction))
    groups = EncoderGroups.of(encoders, loading, seed=options.seed)
    return plan_parts(photos, parts, groups, asked=asked.steps, on_step=on_step)


@dataclass(frozen=True)
class _Asked:
    """What an audit asks of embeddings."""

    questions: Questions
    options: ProbeOptions
    guards: Guards | None
    neighbours: InfluenceOptions

    @classmethod
    def of(
        cls,
        photos: Photos,
        names: Sequence[str],
        neighbours: InfluenceOptions,
        options: ProbeOptions,
        guards: Guards | None,
    ) -> _Asked:
        """Look up what is asked for.

        Raises:
            UsageError: A name or an option is wrong, or nothing is asked.
        """
        questions = find_questions(names, [*photos.table.columns, *LABELS])
        check_guards(guards or Guards(), questions, photos.table, [*LABELS, "group"])
        usable_device(options.device)
        if not (questions.attributes or questions.labels):
            raise UsageError("There is nothing to measure: name an attribute or a label with -a.")
        return cls(questions, options, guards, neighbours)

    def parts(self, out: Path, extraction: Extraction) -> Iterator[Part]:
        """The extractions that are needed."""
        if attributes := self.questions.attributes:
            how = replace(extraction, mask=0.0)
            classes = tuple(classes_of(attributes, seed=self.options.seed))
            yield Part(out / WHOLE, how, classes, Questions(attributes))
        if labels := self.questions.labels:
            how = replace(extraction, mask=extraction.mask or ACQUISITION_MASK)
            yield Part(out / MASKED, how, (NONE,), Questions(labels=labels))

    def steps(self, part: Part, opened: Sequence[Opened]) -> Iterator[Step]:
        """What is measured on the embeddings of one part."""
        yield from probe_steps(opened, part.questions, self.options, self.guards)
        yield from influence_of(opened, part.questions.attributes, self.neighbours)


def _neighbours(ks: Sequence[int], sample: int | None, options: ProbeOptions) -> InfluenceOptions:
    """How kNN influence is measured, beside probes with these options."""
    return InfluenceOptions(
        ks=several(ks),
        draw=options.draw,
        sample=sample,
        seed=options.seed,
        device=options.device,
        memory_mb=options.memory_mb,
    )


def _embed_parts(
    photos: Photos,
    out: Path,
    parts: Sequence[Part],
    groups: EncoderGroups,
    allow_broken: bool,
    on_progress: Callable[[Progress], None] | None,
) -> str:
    """Embed photos for every part with each group of encoders; returns the device."""
    device = ""
    for part in parts:
        compare_photos(part.folder, photos)
    for members in groups.load():
        device = device or members[0].device
        for part in parts:
            masked = part.extraction.mask > 0
            using = [each for each in members if not masked or is_maskable(each)]
            try:
                embed_part(photos, part, using, groups, allow_broken, on_progress)
            finally:
                # Photos are listed even where the job fails.
                if using:
                    write_photos_csv(photos, out, part.folder / folder_name(using[0].name))
    if not all(part.stores for part in parts):
        raise UsageError("Labels are read under a mask, which none of the encoders can take.")
    return device


def _opened(photos: Photos, part: Part, seed: int) -> list[Opened]:
    """The embeddings of one part, whose photos have their split."""
    sources = stored(part.stores, photos.table, photos.name, seed=seed)
    return [Opened(each, each.store.classes, masked=is_masked(each.store)) for each in sources]
