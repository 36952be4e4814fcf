"""``latentprint erase``: take what processing or a camera left out of embeddings."""

from __future__ import annotations

import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from latentprint.cli import options
from latentprint.cli.app import Group, app, examples
from latentprint.cli.terminal import print_json, say

if TYPE_CHECKING:
    from latentprint.jobs.erase import Erased
    from latentprint.jobs.erase_test import Proof

erase_app = typer.Typer(
    **examples(
        "erase fit store -a jpeg -a resizing --out eraser",
        "erase apply eraser vectors.npy --out erased.npy",
        "erase export eraser --onnx eraser.onnx",
        cls=Group,
    ),
    rich_markup_mode="markdown",
)
"""Commands about erasers register with it."""

app.add_typer(erase_app, name="erase")


@erase_app.callback(no_args_is_help=True)
def erase() -> None:
    """Erase what a linear classifier can read of processing or a camera from embeddings."""


EraserArgument = Annotated[
    Path, typer.Argument(metavar="ERASER", help="Folder that `latentprint erase fit` wrote.")
]
MetadataOption = Annotated[
    Path | None, typer.Option(metavar="TABLE", help="A .csv or .parquet about the photos.")
]
IdColumnOption = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="Column by which vectors find their rows of it."),
]
VectorColumnsOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="What the vectors are in a file that holds other things too; repeat it.",
    ),
]


@erase_app.command(
    **examples(
        "erase fit store -a jpeg -a resizing --out eraser",
        "erase fit photos/ -e clip-vit-b-32-wit --out eraser",
        "erase fit vectors.npy --metadata photos.csv --nuisance make --out eraser",
        "erase fit plain.npy resized.npy --pairs --out eraser",
    )
)
def fit(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="STORE_PHOTOS_OR_VECTORS...",
            help="What `latentprint embed` or `audit` wrote; photos, which are embedded first; a "
            "file of vectors; or with --pairs one file for every version of the photos.",
        ),
    ],
    out: options.OutOption = Path("latentprint-eraser"),
    attribute: Annotated[
        list[str] | None,
        typer.Option(
            "--attribute",
            "-a",
            metavar="NAME",
            help="What to erase of a store or photos: jpeg, sharpening, resizing, interpolation, "
            "jpeg:CLASS,CLASS, FILE.toml; repeat it for every step of your pipeline. Default: all "
            "published ones that are there.",
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            "-e",
            metavar="SPEC",
            help="Encoder for photos; of a store with several, the name of one.",
        ),
    ] = None,
    pairs: Annotated[
        bool,
        typer.Option("--pairs", help="Files are versions of the same photos, in the same order."),
    ] = False,
    nuisance: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Erase this label of photos that are there in one version. Refused where it shows "
            "no more than shuffled labels do.",
        ),
    ] = None,
    keep: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="A label that should stay: it is said where it goes with the nuisance. Default: "
            "the label of the photos.",
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Photos with one value of it stay in one half: photographer, scene.",
        ),
    ] = None,
    metadata: MetadataOption = None,
    id_column: IdColumnOption = None,
    vector_columns: VectorColumnsOption = None,
    where: options.WhereOption = None,
    extra: Annotated[
        int,
        typer.Option(
            min=0, metavar="K", help="Further directions in which versions of a photo differ most."
        ),
    ] = 0,
    photos: Annotated[
        int | None, typer.Option(min=2, metavar="N", help="Most photos to fit on.")
    ] = None,
    holdout: Annotated[
        float, typer.Option(help="Share of the photos that the eraser never sees, to test it on.")
    ] = 0.5,
    metric: Annotated[
        Literal["content", "plain"],
        typer.Option(
            help="content changes least what differs between photos; plain projects at right "
            "angles."
        ),
    ] = "content",
    refit_all: Annotated[
        bool, typer.Option("--refit-all", help="Keep the eraser of all photos, tested or not.")
    ] = False,
    double: Annotated[bool, typer.Option("--float64", help="Keep its numbers in float64.")] = False,
    proof: Annotated[
        bool,
        typer.Option(
            "--test/--no-test",
            help="Prove the eraser on the photos held out, with a report in --out. Exit code 3 "
            "where no help is shown or harm is done.",
        ),
    ] = True,
    seed: options.SeedOption = 0,
    layout: options.LayoutOption = "auto",
    device: options.DeviceOption = "auto",
    weights: options.WeightsOption = None,
    trust_code: options.TrustCodeOption = False,
    workers: options.WorkersOption = None,
    batch_size: options.BatchOption = 64,
    memory_mb: options.MemoryOption = 4096,
    allow_broken: options.AllowBrokenOption = False,
    as_json: options.JsonOption = False,
) -> None:
    """Fit an eraser on half of the photos; the other half is kept to test it on.

    With versions of the same photos what they show cancels, and sixteen photos do more than
    hundreds with ordinary labels. Writes eraser.safetensors, eraser.json and sides.parquet (which
    photos it saw) into --out.
    """
    from latentprint.cli.output import print_lines, print_results
    from latentprint.cli.progress import embedding_progress
    from latentprint.erasure.leace import LeaceOptions
    from latentprint.jobs.erase import Embedding, erase_fit
    from latentprint.jobs.erase_fit import EraseOptions
    from latentprint.jobs.erase_rows import EraseSources

    asked = EraseSources(
        tuple(paths),
        tuple(attribute or ()),
        encoder,
        pairs,
        nuisance,
        group,
        metadata,
        id_column,
        where,
        tuple(vector_columns or ()),
    )
    with embedding_progress() as progress:
        done = erase_fit(
            asked,
            EraseOptions(
                LeaceOptions(metric, extra), photos, holdout, seed, refit_all, double, keep
            ),
            out,
            embedding=Embedding(
                layout, device, weights, workers, batch_size, allow_broken, trust_code
            ),
            on_progress=progress,
        )
    about = done.eraser.about
    found = _proven(done, out, seed, memory_mb) if proof else None
    if as_json:
        told = {"eraser": str(done.folder), **about}
        if found:
            reasons = [asdict(each) for each in found.measured.left_out]
            told |= {"verdicts": found.verdicts, "left_out": reasons}
        print_json(told)
        raise typer.Exit(found.exit_code if found else 0)
    lines = [
        f"{done.eraser.rank} of {done.eraser.dimension} directions erased, "
        f"{about['variance_removed']:.1%} of the variance, fitted on {about['photos']} photos and "
        f"{len(about['classes'])} classes; {len(done.fitted.held_out)} photos held out.",
        # The proof tells them again, beside its figures.
        *([] if found else about["cautions"]),
    ]
    print_lines(lines, f"eraser: {done.folder}")
    if found:
        rows, left_out = found.measured.results, found.measured.left_out
        report = str(out / "report.html")
        print_results(rows, left_out, found.measured.details, as_json=False, report=report)
        raise typer.Exit(found.exit_code)


def _proven(done: Erased, out: Path, seed: int, memory_mb: int) -> Proof:
    """Prove an eraser on the photos that were held out of its fit."""
    from latentprint.cli.progress import step
    from latentprint.experiments.erase.steps import ProofOptions
    from latentprint.jobs.erase_test import prove_fitted

    options = ProofOptions(seed=seed, memory_mb=memory_mb)
    command = shlex.join(["latentprint", *sys.argv[1:]])
    return prove_fitted(done.fitted, options, out=out, command=command, on_step=step)


@erase_app.command(
    **examples(
        "erase apply eraser vectors.npy --out erased.npy",
        "erase apply eraser store --out erased-store",
    )
)
def apply(
    eraser: EraserArgument,
    vectors: Annotated[
        Path,
        typer.Argument(
            metavar="VECTORS", help="A .npy or .parquet file, or what `latentprint embed` wrote."
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The new file of the same kind, or the new folder.")
    ],
    normalise: Annotated[
        bool,
        typer.Option(
            "--normalise",
            help="Give rows of a file unit length before, where the eraser was fitted on such.",
        ),
    ] = False,
    renormalise: Annotated[
        bool,
        typer.Option(
            "--renormalise",
            help="Give rows unit length after; a little of what was erased comes back with it.",
        ),
    ] = False,
    vector_columns: VectorColumnsOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Erase vectors into a new file or store, as a stream: they may be larger than memory.

    Erase the whole index and every query: erased vectors are not comparable with others.
    """
    from latentprint.cli.output import print_lines
    from latentprint.jobs.erase_apply import erase_apply

    done = erase_apply(
        eraser,
        vectors,
        out,
        normalise=normalise,
        renormalise=renormalise,
        vector_columns=vector_columns or (),
    )
    if as_json:
        print_json({"out": str(done.out), "rows": done.rows, "eraser": done.digest})
        return
    print_lines([f"{done.rows} vectors erased.", *done.notes], done.out)


@erase_app.command(
    **examples(
        "erase export eraser --onnx eraser.onnx",
        "erase export eraser --dense eraser.npz",
    )
)
def export(
    eraser: EraserArgument,
    onnx: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write an ONNX graph: float32 vectors [N, D] in and out."
        ),
    ] = None,
    dense: Annotated[
        Path | None,
        typer.Option(metavar="FILE.npz", help="Write A and b of A @ x + b, as for faiss."),
    ] = None,
) -> None:
    """Write an eraser for other programs."""
    from latentprint.jobs.erase_apply import erase_export

    say(*erase_export(eraser, onnx=onnx, dense=dense))


@erase_app.command(
    "test",
    **examples(
        "erase test eraser store --out proof",
        "erase test eraser others -a upload.toml",
        "erase test eraser store --label species --nuisance make --threshold 0.9",
    ),
)
def prove(
    eraser: EraserArgument,
    store: Annotated[
        Path,
        typer.Argument(
            metavar="STORE_OR_VECTORS",
            help="What `latentprint embed` or `audit` wrote, or a file of vectors. Photos that the "
            "eraser was fitted on are left out.",
        ),
    ],
    attribute: Annotated[
        list[str] | None,
        typer.Option(
            "--attribute",
            "-a",
            metavar="NAME",
            help="Processing: jpeg, jpeg:CLASS,CLASS, FILE.toml; repeat it. Default: the published "
            "ones that are there, all classes of the fit together, and all others together.",
        ),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Column with the classes that have to stay apart."),
    ] = None,
    nuisance: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="A label that neighbours should not share; repeat it."),
    ] = None,
    threshold: Annotated[
        float, typer.Option(help="Cosine similarity below which your index misses a copy.")
    ] = 0.95,
    k: Annotated[int, typer.Option("-k", "--neighbours", min=1, help="Number of neighbours.")] = 10,
    sample: options.SampleOption = None,
    metadata: MetadataOption = None,
    id_column: IdColumnOption = None,
    vector_columns: VectorColumnsOption = None,
    where: options.WhereOption = None,
    seed: options.SeedOption = 0,
    memory_mb: options.MemoryOption = 4096,
    out: options.RunOutOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Prove an eraser on photos that it never saw: harm, probes, classes and neighbours.

    Exit code: 0 where help is shown, 3 where none is shown or harm is done.
    """
    from latentprint.cli.output import print_results
    from latentprint.cli.progress import step
    from latentprint.experiments.erase.steps import ProofOptions
    from latentprint.jobs.erase_test import erase_test
    from latentprint.jobs.source_options import Sources

    proof = erase_test(
        eraser,
        Sources(
            store,
            metadata=metadata,
            id_column=id_column,
            vector_columns=tuple(vector_columns or ()),
            where=where,
        ),
        ProofOptions(
            tuple(attribute or ()),
            tuple(nuisance or ()),
            threshold=threshold,
            k=k,
            sample=sample,
            seed=seed,
            memory_mb=memory_mb,
        ),
        label=label,
        out=out,
        command=shlex.join(["latentprint", *sys.argv[1:]]),
        on_step=step,
    )
    measured = proof.measured
    paths = {"report": str(out / "report.html")} if out else {}
    print_results(measured.results, measured.left_out, measured.details, as_json=as_json, **paths)
    raise typer.Exit(proof.exit_code)
