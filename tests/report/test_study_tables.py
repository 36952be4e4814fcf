"""Every published figure is in one cell of one table, and only what was asked for."""

from __future__ import annotations

from collections import Counter

import pytest

from latentprint.errors import UsageError
from latentprint.published import published
from latentprint.report import published_figures, published_tables


def test_every_figure_stands_in_one_cell() -> None:
    tables = published_tables(published_figures())
    cells = Counter(
        cell for table in tables for row in table.rows if row[0] != "Chance" for cell in row[1:]
    )
    assert cells == Counter(f"{value + 0.0:.1f}" for value in published()["value"])
    assert cells.total() == 2726
    assert len({table.caption for table in tables}) == len(tables) == 12


def test_a_figure_stands_under_its_encoder_and_set_up() -> None:
    tables = published_tables(published_figures(["clip-vit-l-14-336-wit"]))
    found = {
        (table.caption.partition(" (")[2], name): cell
        for table in tables
        for name, cell in zip(table.head[1:], table.rows[0][1:], strict=True)
    }
    assert found["ImageNet; published figures).", "JPEG compression"] == "81.4"
    assert found["PairCams; published figures).", "distractors share the query's device"] == "84.7"
    assert (
        found["iNaturalist 2018, resizing, k = 1; published figures).", "pos-same"]
        != (found["iNaturalist 2018, resizing, k = 1; published figures).", "neg-same"])
    )
    assert tables[0].rows[-1] == ("Chance", "16.7", "33.3", "33.3", "25.0")


def test_encoders_and_experiments_are_chosen() -> None:
    rows = published_figures(["dinov2-*"], ["near_duplicate"])
    assert set(rows["experiment"]) == {"near_duplicate"}
    assert all(name.startswith("DINOv2") for name in rows["encoder"])
    assert rows.height == 2 * rows["encoder"].n_unique() > 2


@pytest.mark.parametrize(
    ("encoders", "experiments", "hint"),
    [
        (["clip-vit-b16"], [], "Nearest: clip-vit-b-16-wit"),
        ([], ["knn_influences"], "Did you mean 'knn_influence'"),
    ],
)
def test_what_is_not_published_is_answered_with_what_is_near(
    encoders: list[str], experiments: list[str], hint: str
) -> None:
    with pytest.raises(UsageError, match=hint):
        published_figures(encoders, experiments)
