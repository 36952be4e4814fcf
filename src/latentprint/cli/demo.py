"""``latentprint demo``: the whole job on embedded photos."""

from __future__ import annotations

from pathlib import Path

from latentprint.cli import options
from latentprint.cli.app import app


@app.command(epilog="Example: `latentprint demo --out demo-run`")
def demo(
    out: options.OutOption = Path("demo-run"),
    as_json: options.JsonOption = False,
) -> None:
    """Audit the embedded encoder on embedded photos: the whole job, offline."""
    from latentprint.cli.output import print_results
    from latentprint.cli.progress import embedding_progress, step
    from latentprint.jobs.audit import audit
    from latentprint.photos import open_photos
    from latentprint.photos.demo import write_demo_photos

    write_demo_photos(out / "photos")
    with embedding_progress() as progress:
        done = audit(
            open_photos(out / "photos" / "manifest.csv", name="demo photos"),
            out,
            ks=[5],
            command="latentprint demo",
            title="Demo: a few photos cut into tiles",
            on_progress=progress,
            on_step=step,
        )
    print_results(
        done.measured.results,
        done.measured.left_out,
        as_json=as_json,
        report=str(done.page),
    )
