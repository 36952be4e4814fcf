"""``latentprint influence``: do traces change nearest neighbours?"""

from __future__ import annotations

from latentprint.cli import options
from latentprint.cli.app import app


@app.command(epilog="Example: `latentprint influence store -a jpeg -k 1 -k 10`")
def influence(
    store: options.StoreArgument,
    attribute: options.AttributeOption = None,
    k: options.NeighboursOption = None,
    seed: options.SeedOption = 0,
    as_json: options.JsonOption = False,
) -> None:
    """Measure whether processing traces change nearest neighbours in stored embeddings."""
    from latentprint.cli.output import fail_if_empty, print_results
    from latentprint.cli.progress import step
    from latentprint.embeddings import open_collection
    from latentprint.measure import influence_all
    from latentprint.processing import ATTRIBUTES, find_attributes
    from latentprint.results import results_table

    attributes = find_attributes(attribute or list(ATTRIBUTES))
    sources = open_collection(store, seed=seed)
    measured = influence_all(sources, attributes, ks=k or [10], seed=seed, on_step=step)
    fail_if_empty(measured.results, measured.left_out)
    print_results(results_table(measured.results), measured.left_out, as_json=as_json)
