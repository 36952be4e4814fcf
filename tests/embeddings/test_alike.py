"""Photos that look alike share a group, but for sets that look alike by nature."""

import numpy as np
import polars as pl

from latentprint.embeddings.alike import alike


def sizes(photos: int, scans: int) -> list[int]:
    """Sizes of the groups of photos of which some differ in pixels alone, largest first."""
    hashes = [each.bytes(32).hex() for each in map(np.random.default_rng, range(photos))]
    hashes[:scans] = hashes[:1] * scans
    facts = pl.DataFrame({"content": [f"{at:03}" for at in range(photos)], "appearance": hashes})
    return sorted(alike(facts).value_counts()["count"].to_list(), reverse=True)


def test_some_that_look_alike_are_one_group_and_many_of_a_set_are_not() -> None:
    assert sizes(40, 20)[:2] == [20, 1]
    assert sizes(40, 21)[:2] == [1, 1]
    # A twentieth of a larger set.
    assert sizes(600, 30)[:2] == [30, 1]
    assert sizes(600, 31)[:2] == [1, 1]
