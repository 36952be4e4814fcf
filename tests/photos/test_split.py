import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentprint.errors import LatentprintError, UsageError
from latentprint.photos import assign_splits, straddling_groups

SCHEMA = dict.fromkeys(("id", "label", "split", "group"), pl.String)
Rows = list[tuple[str, str | None, str | None, str]]


def table(rows: Rows) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def many(count: int = 200) -> pl.DataFrame:
    labels = ("a", "b", None)
    return table([(f"{i:03}", labels[i % 3], None, f"g{i // 6}{i % 3}") for i in range(count)])


def sides(frame: pl.DataFrame, seed: int = 0, val_share: float = 0.3) -> dict[str, str]:
    made = assign_splits(frame, seed=seed, val_share=val_share)
    return dict(made.select("id", "split").rows())


def test_shape_order_and_share() -> None:
    frame = many()
    made = assign_splits(frame, seed=0)
    assert made.columns == frame.columns
    assert made["id"].equals(frame["id"])
    shares = made.group_by("label").agg((pl.col("split") == "val").mean())["split"]
    assert all(0.25 < share < 0.35 for share in shares)


def test_order_of_rows_does_not_matter_and_the_seed_does() -> None:
    frame = many()
    assert sides(frame) == sides(frame.sample(fraction=1, shuffle=True, seed=3)) == sides(frame)
    assert sides(frame) != sides(frame, seed=1)


def test_rows_of_other_labels_do_not_matter() -> None:
    frame = many()
    only = frame.filter(pl.col("label") == "a")
    assert sides(only).items() <= sides(frame).items()


def test_few_groups() -> None:
    two = table([("x", "a", None, "1"), ("y", "a", None, "2")])
    for share in (0.01, 0.3, 0.99):
        assert sorted(sides(two, val_share=share).values()) == ["train", "val"]
    assert sides(table([("x", "a", None, "1")])) == {"x": "train"}
    every_label_once = table([(str(i), f"label {i}", None, str(i)) for i in range(10)])
    assert sorted(sides(every_label_once).values()).count("val") == 3
    assert assign_splits(table([]), seed=0).schema == table([]).schema


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 9)), max_size=40),
    st.integers(0, 2**32),
)
def test_groups_never_straddle(rows: list[tuple[str | None, int]], seed: int) -> None:
    frame = table([(str(i), label, None, str(group)) for i, (label, group) in enumerate(rows)])
    made = assign_splits(frame, seed=seed)
    assert straddling_groups(made) == []
    assert made["split"].null_count() == 0


def test_the_users_split_is_kept() -> None:
    frame = table([("x", "a", "val", "1"), ("y", "a", "train", "1"), ("z", "a", "train", "2")])
    assert assign_splits(frame, seed=0).equals(frame)
    assert straddling_groups(frame) == ["1"]


def test_errors() -> None:
    with pytest.raises(LatentprintError, match="1 of 2 photos have no split"):
        sides(table([("x", "a", "val", "1"), ("y", "a", None, "2")]))
    with pytest.raises(UsageError, match="between 0 and 1"):
        sides(many(), val_share=1.0)
