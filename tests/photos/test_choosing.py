"""Some photos of a set, by a condition on their columns and by a draw."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from latentprint.errors import LatentprintError, UsageError
from latentprint.photos import Photos, open_photos
from latentprint.photos.choosing import choose_photos

TABLE = pl.DataFrame(
    {
        "path": [f"{at:02}.jpg" for at in range(40)],
        "make": [("Canon", "Nikon")[at % 2] for at in range(40)],
        "iso": [str(100 * at) for at in range(40)],
    }
)


@pytest.fixture
def photos() -> Photos:
    return open_photos(TABLE)


def test_a_condition_is_on_the_columns_of_the_manifest(
    caplog: pytest.LogCaptureFixture,
) -> None:
    condition = "make = 'Canon' AND iso >= 1000"
    found = open_photos(TABLE, where=condition)
    assert found.table["id"].to_list() == [f"{at:02}.jpg" for at in range(10, 40, 2)]
    said = "Only photos that fulfil \"make = 'Canon' AND iso >= 1000\" are used: 15 of 40."
    assert found.notes == (said,)
    assert said in caplog.messages


def test_words_for_nothing_leave_numbers_numbers(photos: Photos) -> None:
    isos = ["NA", "#DIV/0!", *["800"] * (len(photos) - 2)]
    table = photos.table.with_columns(iso=pl.Series(isos))
    found = choose_photos(replace(photos, table=table), "iso > 400")
    assert len(found) == len(photos) - 2


def test_conditions_that_cannot_be(photos: Photos) -> None:
    for condition in ("aperture > 2", "iso >", "iso > 'x' AND"):
        with pytest.raises(UsageError, match="Known columns: id, path, split, label, make, iso"):
            choose_photos(photos, condition)
    with pytest.raises(LatentprintError, match="No photo fulfils the condition 'iso < 0'"):
        choose_photos(photos, "iso < 0")
    with pytest.raises(UsageError, match="at least 1, not 0"):
        choose_photos(photos, sample=0)


def test_a_draw_depends_on_seed_and_ids_alone(photos: Photos) -> None:
    few = choose_photos(photos, sample=7)
    assert few.notes == ("7 of 40 photos, drawn with seed 0, are used.",)
    turned = replace(photos, table=photos.table.reverse())
    assert choose_photos(turned, sample=7).table.equals(few.table.reverse())
    assert few.table["id"].is_sorted()
    more = choose_photos(photos, sample=20).table
    assert few.table["id"].is_in(more["id"].implode()).all()
    assert not choose_photos(photos, sample=7, seed=1).table.equals(few.table)
    assert choose_photos(photos, sample=40) == photos


def test_a_draw_is_of_those_that_fulfil_the_condition(photos: Photos) -> None:
    found = choose_photos(photos, "make = 'Nikon'", 5)
    assert set(found.table["make"]) == {"Nikon"}
    assert found.notes[1] == "5 of 20 photos, drawn with seed 0, are used."
