"""``latentprint demo``: the whole job on embedded photos."""

from __future__ import annotations

from pathlib import Path

from latentprint.cli import options
from latentprint.cli.app import app, examples


@app.command(**examples("demo --out demo-run"))
def demo(
    out: options.OutOption = Path("demo-run"),
    as_json: options.JsonOption = False,
) -> None:
    """Audit the embedded encoder on embedded photos: the whole job, offline."""
    from latentprint.cli.output import print_results
    from latentprint.cli.progress import embedding_progress, step
    from latentprint.jobs.demo import demo as run_demo

    with embedding_progress() as progress:
        done = run_demo(out, command="latentprint demo", on_progress=progress, on_step=step)
    print_results(
        done.measured.results,
        done.measured.left_out,
        as_json=as_json,
        report=str(done.page),
    )
