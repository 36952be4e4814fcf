"""The options that several commands share, each described once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from latentprint.experiments.asking import SAMPLE_HELP, USUAL_SAMPLE

PhotosArgument = Annotated[
    str,
    typer.Argument(
        metavar="PHOTOS",
        help="A folder of photos (class folders and train/val folders are recognised), or a CSV or "
        "Parquet manifest with the columns path, and if you like id, split, label; also .tar or "
        ".zip archives, or Parquet or Arrow files that hold the photos themselves; on a disk or "
        "at an address of s3://, gs:// or (files) https://.",
    ),
]
RunsArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="RUN...",
        help="Folders that audit, probe, influence, pairs, similarity or robustness wrote with "
        "--out; several are joined as for a report.",
    ),
]
PublishedOption = Annotated[
    bool,
    typer.Option("--published", help="The published figures of all 47 encoders, without a run."),
]
RunOutOption = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="Also write results and report into this folder."),
]
OutOption = Annotated[Path, typer.Option("--out", "-o", help="Folder for everything written.")]
EncoderOption = Annotated[
    list[str] | None,
    typer.Option(
        "--encoder",
        "-e",
        metavar="SPEC",
        help="Encoder to audit; repeat it for several. `latentprint encoders` lists the forms; "
        "names and patterns of the published encoders (clip-vit-b-16-wit, 'dinov2-*', published) "
        "do too. NAME=SPEC gives a name of your own, SPEC@FILE weights of a local file. Default: "
        "the embedded EfficientNet-Lite0.",
    ),
]
AttributeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--attribute",
        "-a",
        metavar="NAME",
        help="jpeg, sharpening, resizing or interpolation; some classes, as in "
        "jpeg:JPEG75_420,JPEG95_444; a .toml file that composes classes of operations; none for "
        "unprocessed photos; repeat it "
        "for several. Default: these four.",
    ),
]
QuestionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--attribute",
        "-a",
        metavar="NAME",
        help="What to recover: a processing attribute (jpeg, sharpening, resizing, interpolation, "
        "jpeg:CLASS,CLASS, FILE.toml) or a label of the photos: make, model, smartphone, "
        "exposure_time, aperture, iso, focal_length, flash, year… or any column of the manifest "
        "(column:NAME where the name is taken). Repeat it for several.",
    ),
]
GroupOption = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="Photos with one value of it stay on one side of every split: photographer, scene, "
        "source. Default: the manifest's group, else near-duplicates.",
    ),
]
CapOption = Annotated[
    int | None,
    typer.Option(min=1, help="Most photos of one group and month that take part."),
]
MinCountOption = Annotated[
    int, typer.Option("--min-count", min=2, help="Photos that a class of a label needs.")
]
BalanceOption = Annotated[
    bool, typer.Option("--balance/--no-balance", help="Downsample classes to the rarest.")
]
BinsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--bins",
        metavar="LABEL=RULE",
        help="How values become classes: values, values:K, quantiles:K, stops, edges:A,B or "
        "published; repeat it. Default: text as it is, numbers in 4 quantiles.",
    ),
]
LayoutOption = Annotated[
    str,
    typer.Option(
        help="How to read a folder: auto, folder (no labels), classes (class/...), splits "
        "(train/class/... and val/class/...), or a published data set: imagenet (folders, Kaggle's "
        "or the tar files), inaturalist (2018), flickr_exif, paircams, imagenet_es. auto knows all "
        "but paircams by their marks."
    ),
]
FollowLinksOption = Annotated[
    bool,
    typer.Option(
        "--follow-links",
        help="Follow links that lead out of the folder; by default they are counted and left, but "
        "for those of a published data set that --layout names.",
    ),
]
LabelOption = Annotated[
    str | None,
    typer.Option("--label", metavar="COLUMN", help="Manifest column that is the semantic label."),
]
NameOption = Annotated[
    str | None, typer.Option("--name", help="Name of the set of photos, for tables and reports.")
]
SampleOption = Annotated[
    int | None,
    typer.Option(
        min=0,
        metavar="N",
        help=f"{SAMPLE_HELP} {USUAL_SAMPLE}",
    ),
]
WhereOption = Annotated[
    str | None,
    typer.Option(
        metavar="CONDITION",
        help="Only photos that fulfil it, in the language of SQL, such as \"label = 'cat' AND "
        "site = 'north'\".",
    ),
]
SamplePhotosOption = Annotated[
    int | None,
    typer.Option(
        "--sample-photos",
        min=1,
        metavar="N",
        help="Most photos that are used, drawn by seed and id.",
    ),
]
SeedOption = Annotated[int, typer.Option(help="Seeds everything that is random.")]
MemoryOption = Annotated[
    int,
    typer.Option(
        min=1,
        help="Memory for vectors and what is measured of them; the result does not depend on it.",
    ),
]
EraserOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Erase vectors before they are kept, with what `latentprint erase fit` made of this "
        "encoder.",
    ),
]
StoreEraserOption = Annotated[
    Path | None,
    typer.Option(
        "--eraser",
        metavar="FOLDER",
        help="What `latentprint erase fit` made of this encoder. Default: one is fitted on "
        "half of the store's photos.",
    ),
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
PrecisionOption = Annotated[
    Literal["float32", "bfloat16", "float16"],
    typer.Option(help="Number format of the encoder's forward pass."),
]
FamilyOption = Annotated[
    str | None,
    typer.Option(
        metavar="CVL|SUP|SSL",
        help="Only published encoders of this family; without -e, all of them.",
    ),
]
MarginOption = Annotated[
    Literal["published", "model"],
    typer.Option(
        help="published: photos are resized so that the whole shorter side is seen, as in the "
        "study; model: they are cropped as the encoder's own preprocessing does.",
    ),
]
LayersOption = Annotated[
    str | None,
    typer.Option(
        metavar="all|3,7,11",
        help="Also embed with blocks of the network: all, or numbers and ranges (3,7 or 1-4), "
        "counted from 1.",
    ),
]
WeightsOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="A local file of weights to load, for exactly one encoder."),
]
TrustCodeOption = Annotated[
    bool,
    typer.Option(
        "--trust-code",
        help="Run the code of a torch.hub repository on GitHub (torch:OWNER/REPO:ENTRY) on this "
        "machine, with your rights.",
    ),
]
CompileOption = Annotated[
    bool,
    typer.Option(
        "--compile/--no-compile",
        help="Compile networks with torch.compile: slower to start, faster on many photos.",
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(min=0, help="Processes that read photos; 0 reads in the main one."),
]
BatchOption = Annotated[
    int, typer.Option("--batch-size", min=1, help="Images in one batch of the encoder.")
]
BatchOrAutoOption = Annotated[
    str,
    typer.Option(
        "--batch-size",
        metavar="N|auto",
        help="Images in one batch of the encoder; auto finds the fastest when a store is begun, "
        "which keeps it.",
    ),
]
WindowOption = Annotated[
    str | None,
    typer.Option(
        metavar="LOW:HIGH",
        help="For pictures of more than 8 bits: the values that become black and white; by default "
        "one scale is found for all pictures of a kind, and said.",
    ),
]
BitsOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=32,
        help="Bits that the values of deep pictures use of the 16 or 32 that hold them; by default "
        "found from the set.",
    ),
]
OrientOption = Annotated[
    bool, typer.Option("--orient/--no-orient", help="Apply the EXIF orientation.")
]
MegapixelsOption = Annotated[
    float,
    typer.Option("--max-megapixels", min=0.001, help="Larger photos are reported as broken."),
]
MaskOption = Annotated[
    float,
    typer.Option(min=0.0, max=0.999, help="Cover this share of the crop with a central mask."),
]
LabelMaskOption = Annotated[
    float,
    typer.Option(
        min=0.001, max=0.999, help="Share of the crop that is masked where labels are probed."
    ),
]
AllowBrokenOption = Annotated[
    bool,
    typer.Option("--allow-broken", help="Go on when more than 10 % of the photos are broken."),
]
SkipMissingOption = Annotated[
    bool,
    typer.Option(
        "--skip-missing",
        help="Count photos that cannot be found or read as broken. Default: leave out what was to "
        "be stored with them, finish the rest and exit with 1.",
    ),
]
SharesOption = Annotated[
    str | None,
    typer.Option(
        "--shards",
        metavar="I/N",
        help="Make only the I-th of N shares of the shards, while other processes make the others; "
        "who makes the last one finishes the embeddings.",
    ),
]
EngineOption = Annotated[
    Literal["local", "ray"],
    typer.Option(
        help="Who makes the shards: this process, or actors of the Ray cluster of RAY_ADDRESS, "
        "without one of Ray on this machine (extra `ray`)."
    ),
]
ActorsOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Actors of Ray; by default one for each GPU, or without any for each two cores.",
    ),
]
GpusOption = Annotated[
    float | None,
    typer.Option(
        "--gpus-per-actor",
        min=0.0,
        help="GPUs of each actor, such as 1 or 0.5; by default 1 where the cluster has any.",
    ),
]
RetryBrokenOption = Annotated[
    bool,
    typer.Option(
        "--retry-broken",
        help="Read photos again that an earlier run found broken, and embed those that were "
        "mended.",
    ),
]
ControlOption = Annotated[
    bool,
    typer.Option(
        "--control/--no-control",
        help="Also embed with controls: the untrained network, which tells whether training put a "
        "trace there, and colour statistics and DCT energies, for context.",
    ),
]
NeighboursOption = Annotated[
    list[int] | None,
    typer.Option("-k", "--neighbours", min=1, help="Number of neighbours; repeat it. Default: 10."),
]
DryRunOption = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Write nothing: print what would be embedded and measured, what is there already, and "
        "an estimate of the time from a few photos.",
    ),
]
ShownPhotosOption = Annotated[
    Path | None,
    typer.Option(
        "--photos",
        metavar="FOLDER",
        help="Where the photos lie that are shown, if they were moved, or somebody else made this, "
        "or another machine: nothing outside the folder is read. Default: where they were, of what "
        "you made yourself on this machine.",
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON on standard output.")
]
