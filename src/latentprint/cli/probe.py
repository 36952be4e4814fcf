"""``latentprint probe``: recover labels from stored embeddings."""

from __future__ import annotations

from latentprint.cli import options
from latentprint.cli.app import app


@app.command(epilog="Example: `latentprint probe store -a jpeg`")
def probe(
    store: options.StoreArgument,
    attribute: options.AttributeOption = None,
    seed: options.SeedOption = 0,
    as_json: options.JsonOption = False,
) -> None:
    """Recover processing labels from stored embeddings with a linear probe."""
    from latentprint.cli.output import fail_if_empty, print_results
    from latentprint.cli.progress import step
    from latentprint.embeddings import open_collection
    from latentprint.measure import probe_all
    from latentprint.processing import ATTRIBUTES, find_attributes
    from latentprint.results import results_table

    attributes = find_attributes(attribute or list(ATTRIBUTES))
    measured = probe_all(open_collection(store, seed=seed), attributes, seed=seed, on_step=step)
    fail_if_empty(measured.results, measured.left_out)
    print_results(results_table(measured.results), measured.left_out, as_json=as_json)
