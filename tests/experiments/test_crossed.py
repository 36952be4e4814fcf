"""The spread of figures of pairs."""

import numpy as np
import pytest

from latentprint.experiments.crossed import PairEffects, Spread


def test_neighbours_cannot_make_up_for_what_queries_alone_vary_by() -> None:
    own = np.array([1.0, -1.0, 1.0, -1.0])
    rows = np.arange(4)
    alone = np.sqrt((own @ own) * 4 / 3)
    assert Spread.of(PairEffects(own, -0.5 * own, 0.0), rows, rows).error == pytest.approx(alone)
    assert Spread.of(PairEffects(own, 0.5 * own, 0.0), rows, rows).error == pytest.approx(
        1.5 * alone
    )
