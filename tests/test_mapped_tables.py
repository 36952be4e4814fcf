"""What is counted range by range is what is counted at once."""

from __future__ import annotations

import polars as pl
import pytest

from latentprint import mapped_tables


@pytest.mark.parametrize(
    "values",
    [[], [None], [None, None, "a"], ["a", None, "b"], ["a", "a", None, None, "b", None, "a"]],
)
def test_different_texts_are_counted_and_nothing_is_one_of_them(
    values: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapped_tables, "ROWS", 2)
    texts = pl.Series(values, dtype=pl.String)
    assert mapped_tables.distinct(texts) == texts.n_unique()
