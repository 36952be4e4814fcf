"""The options that several commands share, each described once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

PhotosArgument = Annotated[
    Path,
    typer.Argument(
        metavar="PHOTOS",
        help="A folder of photos (class folders and train/val folders are recognised), or a CSV or "
        "Parquet manifest with the columns path, and if you like id, split, label.",
    ),
]
StoreArgument = Annotated[
    Path,
    typer.Argument(metavar="STORE", help="What `latentprint embed` or `audit` wrote with --out."),
]
OutOption = Annotated[Path, typer.Option("--out", "-o", help="Folder for everything written.")]
RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="The folder that an audit wrote with --out.")
]
EncoderOption = Annotated[
    list[str] | None,
    typer.Option(
        "--encoder",
        "-e",
        metavar="SPEC",
        help="Encoder to audit; repeat it for several. `latentprint encoders` lists the forms. "
        "Default: the embedded EfficientNet-Lite0.",
    ),
]
AttributeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--attribute",
        "-a",
        metavar="NAME",
        help="jpeg, sharpening, resizing or interpolation; repeat it for several. Default: all.",
    ),
]
LayoutOption = Annotated[
    str,
    typer.Option(
        help="How to read a folder: auto, folder (no labels), classes (class/...), splits "
        "(train/class/... and val/class/...)."
    ),
]
LabelOption = Annotated[
    str | None,
    typer.Option("--label", metavar="COLUMN", help="Manifest column that is the semantic label."),
]
NameOption = Annotated[
    str | None, typer.Option("--name", help="Name of the set of photos, for tables and reports.")
]
SeedOption = Annotated[int, typer.Option(help="Seeds everything that is random.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
PrecisionOption = Annotated[
    Literal["float32", "bfloat16", "float16"],
    typer.Option(help="Number format of the encoder's forward pass."),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(min=0, help="Processes that read photos; 0 reads in the main one."),
]
BatchOption = Annotated[
    int, typer.Option("--batch-size", min=1, help="Images in one batch of the encoder.")
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
AllowBrokenOption = Annotated[
    bool,
    typer.Option("--allow-broken", help="Go on when more than 10 % of the photos are broken."),
]
ControlOption = Annotated[
    bool,
    typer.Option(
        "--control/--no-control",
        help="Also embed with the untrained network, the floor that a trace must exceed.",
    ),
]
NeighboursOption = Annotated[
    list[int] | None,
    typer.Option("-k", "--neighbours", min=1, help="Number of neighbours; repeat it. Default: 10."),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON on standard output.")
]
