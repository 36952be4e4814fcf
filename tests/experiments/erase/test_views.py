"""Erased embeddings as any experiment sees them."""

from __future__ import annotations

import numpy as np
import pytest

from latentprint.errors import LatentprintError
from latentprint.experiments.erase.views import ViewedEmbeddings
from tests.experiments.erase.made_up import SHARPENING, eraser, photos, stages, unit


def test_rows_are_erased_after_they_got_unit_length() -> None:
    found = stages(1.0)
    name = SHARPENING.classes[1]
    own = unit(photos(1.0).by_class[name][120:].astype(np.float64))
    map_, offset = eraser(1.0).dense()
    assert np.allclose(found.after.vectors(name)[:], own @ map_.T + offset, atol=1e-6)
    picked = found.after.vectors(name)[np.array([5, 3])]
    assert np.allclose(picked, (own @ map_.T + offset)[[5, 3]], atol=1e-6)


def test_photos_come_by_id_whatever_the_order_of_the_source() -> None:
    source = photos(1.0)
    order = np.random.default_rng(0).permutation(len(source.photos))
    by_class = {name: rows[order] for name, rows in source.by_class.items()}
    mixed = type(source)(source.photos[order], by_class)
    every = np.ones(len(order), dtype=bool)
    one, other = (ViewedEmbeddings.of(each, every) for each in (source, mixed))
    assert one.photos["id"].to_list() == other.photos["id"].to_list()
    name = SHARPENING.classes[0]
    assert np.array_equal(one.vectors(name)[:], other.vectors(name)[:])


def test_fewer_directions_are_projections_and_none_changes_nothing() -> None:
    found = stages(1.0)
    name = SHARPENING.classes[0]
    rows = found.after.vectors(name)[:]
    assert np.allclose(found.first(found.eraser.rank).after.vectors(name)[:], rows)
    one = found.first(1).eraser.transform(rows)
    assert np.allclose(found.first(1).eraser.transform(one), one, atol=1e-5)
    none = found.first(0).after.vectors(name)[:]
    assert np.allclose(none, unit(found.before.vectors(name)[:]), atol=1e-6)


def test_random_directions_are_as_many_and_follow_the_seed() -> None:
    found = stages(1.0)
    one, again, other = (found.at_random(seed).eraser for seed in (0, 0, 1))
    assert one.rank == found.eraser.rank
    assert np.array_equal(one.read, again.read)
    assert not np.allclose(one.read, other.read)
    assert np.allclose(one.read @ one.write.T, np.eye(one.rank), atol=1e-12)


def test_a_vector_without_a_direction_is_named() -> None:
    source = photos(1.0)
    name = SHARPENING.classes[0]
    rows = source.by_class[name].copy()
    rows[130] = 0.0
    broken = type(source)(source.photos, {**source.by_class, name: rows})
    view = ViewedEmbeddings.of(broken, np.arange(240) >= 120)
    after = type(view)(view.whole, view.photos, view.rows, eraser(1.0))
    with pytest.raises(LatentprintError, match="photo00130"):
        after.vectors(name)[:]
