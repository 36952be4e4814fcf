"""Photos in, embeddings kept, as a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from latentprint.api.keywords import declared, options_of
from latentprint.embeddings import Extraction, Progress, Share, StoredEmbeddings, stored
from latentprint.encoders import Encoder, Margin, Precision
from latentprint.erasure.artefact import load_eraser
from latentprint.erasure.eraser import LinearEraser
from latentprint.errors import UsageError
from latentprint.jobs import embedding as job
from latentprint.jobs.cluster import Cluster
from latentprint.jobs.loading import Loading, parse_layers
from latentprint.options import option
from latentprint.photos import Photos, open_photos
from latentprint.photos.tones import Tones, parse_window
from latentprint.processing import ATTRIBUTES
from latentprint.several import several

PHOTOS = (
    "A folder of photos, or a CSV or Parquet manifest with the column ``path``; a ``.tar`` or "
    "``.zip`` archive, or a Parquet or Arrow file that holds them; the list as a data frame of "
    "polars or pandas; or what ``open_photos`` opened."
)
ON_PROGRESS = "Called after every photo."


@dataclass(frozen=True)
class Choice:
    """Which photos are used.

    Attributes:
        layout: How a folder is read; see ``open_photos``.
        follow_links: Follow links that lead out of the folder.
        label: Column of the manifest that is the semantic label.
        name: Name of the set of photos, for tables and reports.
        where: Only photos that fulfil this condition, in the language of SQL.
        sample: Most photos that are used, drawn by seed and id.
        seed: Seeds everything that is random.
    """

    layout: str = option("auto")
    follow_links: bool = option(False)
    label: str | None = option(None)
    name: str | None = option(None)
    where: str | None = option(None)
    sample: int | None = option(None, "--sample-photos", least=1)
    seed: int = option(0)

    def open(self, photos: Any) -> Photos:
        """List the photos.

        Raises:
            UsageError: They are listed already, and are to be listed otherwise.
            LatentprintError: See ``open_photos``.
        """
        if isinstance(photos, Photos):
            if self != Choice(seed=self.seed):
                raise UsageError(
                    "These photos are open already: tell open_photos their layout, label, name, "
                    "condition and sample."
                )
            return photos
        return open_photos(
            photos,
            layout=self.layout,
            label_column=self.label,
            name=self.name,
            follow_links=self.follow_links,
            where=self.where,
            sample=self.sample,
            seed=self.seed,
        )


@dataclass(frozen=True)
class Embedding:
    """With which encoders photos are embedded, and how.

    Attributes:
        encoders: Specifications (``latentprint encoders`` lists the forms), names and globs of the
            published encoders, or encoder objects; none for the default encoder.
        family: Only published encoders of this family: CVL, SUP or SSL.
        allow_broken: Go on when more than 10 % of the photos are broken.
        skip_missing: Count photos that cannot be found or read as broken.
        retry_broken: Read photos again that an earlier run found broken.
        device: Where encoders run: auto, cpu, cuda or mps.
        precision: Number format of the forward pass: float32, bfloat16 or float16.
        margin: ``published`` sees the photo's whole shorter side, ``model`` crops as the encoder's
            own preprocessing does.
        layers: Blocks to embed with beside the final embedding, counted from 1: numbers, ``all``,
            or as the command line writes them.
        weights: A local file of weights, for exactly one encoder.
        compile: Compile networks with ``torch.compile``.
        trust_code: Run the code of a torch.hub repository on this machine.
        workers: Processes that read photos; 0 reads in this one, by default as many as suit.
        batch_size: Images in one batch of the encoder; ``auto`` finds the fastest when a store is
            begun, which keeps it.
        orient: Apply the EXIF orientation.
        window: Of pictures of more than 8 bits, the values that become black and white: two
            numbers; by default found from the set.
        bits: Bits that the values of deep pictures use; by default found from the set.
        max_megapixels: Larger photos are reported as broken.
        eraser: Erase vectors before they are kept: the folder of an eraser, or the eraser.
        engine: Who makes the shards: this process (``local``), or actors of a Ray cluster
            (``ray``).
        actors: Actors of Ray; by default one for each GPU, or without any for each two cores.
        gpus_per_actor: GPUs of each actor; by default 1 where the cluster has any.
    """

    encoders: tuple[str | Encoder, ...] = option((), "--encoder", "-e")
    family: str | None = option(None)
    allow_broken: bool = option(False)
    skip_missing: bool = option(False)
    retry_broken: bool = option(False)
    device: str = option("auto")
    precision: Precision = option("float32")
    margin: Margin = option("published")
    layers: int | tuple[int, ...] | str | None = option(None)
    weights: Path | None = option(None)
    compile: bool = option(False)
    trust_code: bool = option(False)
    workers: int | None = option(None, least=0)
    batch_size: int | str = option(64)
    orient: bool = option(True)
    window: tuple[float, float] | str | None = option(None)
    bits: int | None = option(None, least=1, most=32)
    max_megapixels: float = option(100.0, least=0.001)
    eraser: LinearEraser | Path | str | None = option(None)
    engine: Literal["local", "ray"] = option("local")
    actors: int | None = option(None, least=1)
    gpus_per_actor: float | None = option(None, least=0.0)

    @property
    def cluster(self) -> Cluster | None:
        """Where shards are made; None for this process.

        Raises:
            UsageError: Ray is not installed, or it is not asked for and its options are.
        """
        return Cluster.of(self.engine, self.actors, self.gpus_per_actor)

    def loading(self, *, control: bool) -> Loading:
        """How encoders are loaded, with or without controls."""
        layers = self.layers if isinstance(self.layers, str) else _written(self.layers)
        given = self.eraser
        return Loading(
            device=self.device,
            precision=self.precision,
            control=control,
            margin=self.margin,
            weights=self.weights,
            layers=parse_layers(layers),
            compile=self.compile,
            family=self.family,
            eraser=load_eraser(given) if isinstance(given, str | Path) else given,
            trust_code=self.trust_code,
        )

    def extraction(self, *, mask: float) -> Extraction:
        """How photos are read and embedded, with a share of the crop masked."""
        window = parse_window(self.window) if isinstance(self.window, str) else self.window
        return Extraction(
            workers=self.workers,
            orient=self.orient,
            max_pixels=int(self.max_megapixels * 1e6),
            mask=mask,
            tones=Tones(window=window, bits=self.bits),
            skip_missing=self.skip_missing,
            retry_broken=self.retry_broken,
        ).with_batches(str(self.batch_size))


@dataclass(frozen=True)
class Kept:
    """What is embedded beside the photos as they are asked for.

    Attributes:
        attributes: Processing attributes, files that compose them, or ``none`` for unprocessed
            photos.
        extra_classes: Names of further processing classes, such as ``none``.
        control: Also embed with controls: the untrained network, colour statistics and DCT
            energies.
        mask: Share of the crop that is covered with a central mask.
        shards: Make only a share of the shards, such as ``2/3``, while other processes make the
            others.
    """

    attributes: tuple[str, ...] = option(tuple(ATTRIBUTES), "--attribute", "-a")
    extra_classes: tuple[str, ...] = option((), "--processing")
    control: bool = option(False)
    mask: float = option(0.0, least=0.0, most=0.999)
    shards: str | None = option(None)


@declared(
    "Embed photos under every processing class and keep the embeddings in a folder.\n\n"
    "A run that was killed goes on where it was; finished embeddings are used again, new photos,\n"
    "classes and encoders are added, and what has changed or is damaged is made anew.\n\n"
    "As ``latentprint embed``.",
    "The embeddings of each encoder, as ``open_collection`` opens them.",
    Choice,
    Embedding,
    Kept,
    photos=PHOTOS,
    out="Folder for the embeddings.",
    on_progress=ON_PROGRESS,
)
def embed(
    photos: Any,
    out: Path | str = "latentprint-store",
    *,
    on_progress: Callable[[Progress], None] | None = None,
    **options: Any,
) -> list[StoredEmbeddings]:
    """Embed photos under every processing class and keep the embeddings in a folder."""
    choice, how, kept = options_of("embed", options, Choice, Embedding, Kept)
    cluster = how.cluster
    listed = choice.open(photos)
    made = job.embed(
        listed,
        out,
        encoders=how.encoders,
        attributes=kept.attributes,
        extra_classes=kept.extra_classes,
        loading=how.loading(control=kept.control),
        extraction=replace(how.extraction(mask=kept.mask), share=Share.parse(kept.shards)),
        cluster=cluster,
        seed=choice.seed,
        allow_broken=how.allow_broken,
        on_progress=on_progress,
    )
    return stored(made, listed.table, listed.name, seed=choice.seed, root=listed.root)


def _written(layers: int | tuple[int, ...] | None) -> str | None:
    """Numbers of blocks as the command line has them; None for no block."""
    return ",".join(map(str, several(layers))) or None
