"""What files tell of a label, without being asked for it."""

import numpy as np
import polars as pl

from latentprint.experiments.probes.container import container_items
from latentprint.experiments.probes.items import Items
from latentprint.solvers import Features


def test_a_fact_of_the_file_is_not_its_own_feature() -> None:
    names = tuple(map(str, range(4)))
    items = Items(
        Features.of(np.ones((4, 2), dtype=np.float32)),
        np.array([0, 1, 0, 1]),
        np.arange(4),
        names,
        names,
        ("a", "b"),
    )
    photos = pl.DataFrame(
        {"file_width": [40] * 4, "file_height": [30] * 4, "file_bytes": [100, 900, 100, 900]}
    )
    # Width, height, bytes, aspect, bytes a pixel, and one pixel size.
    for label, features in (("make", 6), ("bytes", 5), ("width", 5)):
        found = container_items(items, photos, leave_out=label)
        assert found is not None
        assert found.features.shape == (4, features)
