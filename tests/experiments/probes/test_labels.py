"""Columns become classes by rules that a reader can check by hand."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.probes.labels import keep_classes, label_photos


def classes_of(values: list, rule: str | None, column: str = "x") -> list[str | None]:
    found = label_photos(pl.DataFrame({column: values}, strict=False), column, rule)
    return [None if code < 0 else found.classes[code] for code in found.codes]


def test_text_is_taken_as_it_is() -> None:
    found = label_photos(pl.DataFrame({"x": ["b", " a ", None, "", "b"]}), "x")
    assert found.classes == ("a", "b")
    assert found.codes.tolist() == [1, 0, -1, -1, 1]
    assert found.notes == ("values of x without the spaces around them: 1",)
    assert classes_of([True, False, None], None) == ["True", "False", None]


def test_few_numbers_are_classes_in_rising_order() -> None:
    found = label_photos(pl.DataFrame({"x": ["10", "9.5", "9", ""]}), "x")
    assert found.classes == ("9", "9.5", "10")
    assert found.codes.tolist() == [2, 1, 0, -1]
    assert classes_of([2.0, 2.8, None, 2.0], None) == ["2", "2.8", None, "2"]


def test_many_numbers_are_cut_into_quarters() -> None:
    found = label_photos(pl.DataFrame({"x": np.random.default_rng(0).permutation(100) + 0.5}), "x")
    assert found.rule == "quantiles:4"
    assert np.bincount(found.codes).tolist() == [25, 25, 25, 25]


@pytest.mark.parametrize(
    "names",
    [
        [f"{number:03}" for number in range(30)],
        [f"1.{number}0" for number in range(30)],
        [f"{number}e2" for number in range(1, 31)],
        ["2024-01-05", *map(str, range(30))],
    ],
)
def test_codes_and_dates_are_names_and_no_quantities(names: list[str]) -> None:
    assert classes_of(names, None) == names


@pytest.mark.parametrize("column", ["label", "model", "station"])
def test_names_that_are_numbers_are_no_quantities(column: str) -> None:
    for values in (list(range(40)), [f"{each}" for each in range(40)]):
        found = label_photos(pl.DataFrame({column: values}), column)
        assert (found.rule, len(found.classes), found.notes) == ("values", 40, ())
    assert label_photos(pl.DataFrame({"label": values}), "label", "quantiles:4").classes


def test_bins_are_told_and_named_with_all_digits() -> None:
    days = [str(20240101 + day) for day in range(24)]
    found = label_photos(pl.DataFrame({"day": days}), "day")
    assert found.classes[:2] == ("below 20240107", "20240107 to 20240113")
    assert found.notes == ("values of day binned by quantiles:4 into 4 classes",)


texts = st.text(st.characters(codec="utf-8"), max_size=4)
digits = st.text("0123456789.e-+", max_size=9)
numbers = st.one_of(st.integers(), st.floats(allow_nan=False)).map(str)


@given(st.lists(st.one_of(texts, digits, numbers, st.none()), max_size=40))
def test_two_different_texts_are_one_class_only_where_that_is_told(
    values: list[str | None],
) -> None:
    found = label_photos(pl.DataFrame({"x": values}, schema={"x": pl.String}), "x")
    if any("binned" in note or "left out" in note for note in found.notes):
        return
    names = [value.strip() if value else None for value in values]
    for name, code in zip(names, found.codes, strict=True):
        assert (found.classes[code] if code >= 0 else None) == (name or None)


def test_quantiles_of_many_equal_values_make_fewer_classes() -> None:
    assert set(classes_of([1] * 30 + [2, 3], "quantiles:4")) == {"below 2", "2 and more"} or set(
        classes_of([1] * 30 + [2, 3], "quantiles:4")
    ) == {"all"}
    assert classes_of([5, 5, 5], "quantiles:3") == ["all"] * 3


def test_most_frequent_values() -> None:
    values = ["a"] * 3 + ["b"] * 2 + ["c"]
    assert classes_of(values, "values:2") == ["a"] * 3 + ["b"] * 2 + [None]
    many = [f"model {i % 100:03}" for i in range(150)]
    assert len(label_photos(pl.DataFrame({"model": many}), "model", "published").classes) == 88


def test_stops() -> None:
    assert classes_of([1 / 60, 1 / 64, 1 / 120, 0], "stops", "exposure_time") == [
        "about 0.0156", "about 0.0156", "about 0.00781", None,
    ]  # fmt: skip
    apertures = classes_of([2.0, 2.1, 2.8, 4.0], "stops", "aperture")
    assert apertures == ["about 2", "about 2", "about 2.83", "about 4"]


def test_edges_belong_to_the_class_above() -> None:
    assert classes_of([1, 2, 3, None], "edges:2,3") == ["below 2", "2 to 3", "3 and more", None]


def test_what_is_not_a_finite_number_has_no_class() -> None:
    assert classes_of([1.0, float("nan"), float("inf"), 3.0], "edges:2") == [
        "below 2", None, None, "2 and more",
    ]  # fmt: skip


def test_words_for_no_number_are_no_class_among_numbers() -> None:
    found = label_photos(pl.DataFrame({"x": ["1.8", "nan", "2.8", "NaN", ""]}), "x", "values")
    assert found.classes == ("1.8", "2.8")
    assert found.notes == ("values of x that are no finite numbers left out: 2",)
    assert classes_of(["nan", "inf", "nan"], "values") == ["nan", "inf", "nan"]


def test_words_for_nothing_are_missing_among_numbers_and_told_among_texts() -> None:
    numbers = [*(str(each) for each in range(100, 140)), "NA", "null", "-", "None"]
    found = label_photos(pl.DataFrame({"x": numbers}), "x")
    assert (found.rule, found.codes.tolist()[-4:]) == ("quantiles:4", [-1] * 4)
    assert "values of x that are no finite numbers left out: 4" in found.notes
    texts = label_photos(pl.DataFrame({"x": ["A", "NA", "B", "NA", "nan"]}), "x")
    assert texts.classes == ("A", "B", "NA", "nan")
    assert texts.notes == (
        "'NA' (2 photos), 'nan' (1 photos) taken for a class of x: "
        "leave its cells empty if it is none",
    )
    assert label_photos(pl.DataFrame({"x": ["NA", None]}), "x").classes == ("NA",)


def test_what_cannot_be_put_into_an_order_is_told() -> None:
    texts = [*map(str, range(30)), "NaN", "inf"]
    found = label_photos(pl.DataFrame({"x": texts}), "x")
    assert "values of x that are no finite numbers left out: 2" in found.notes
    assert found.codes.tolist()[-2:] == [-1, -1]
    found = label_photos(pl.DataFrame({"x": [1.0, 2.0, float("inf"), float("nan")]}), "x")
    assert found.notes == ("infinite values of x left out: 1",)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("quantile:3", "Did you mean 'quantiles:K'"),
        ("quantiles:1", "number of classes"),
        ("edges:3,2", "rising numbers"),
        ("published", "no classes of 'x'"),
    ],
)
def test_a_wrong_rule(rule: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        classes_of([1, 2, 3], rule)


def test_text_has_no_quantiles_and_columns_are_named() -> None:
    with pytest.raises(UsageError, match="holds text"):
        classes_of(["a", "1"], "quantiles:2")
    with pytest.raises(UsageError, match="Did you mean 'make'"):
        label_photos(pl.DataFrame({"make": ["a"]}), "maker")
    with pytest.raises(UsageError, match="no plain values"):
        label_photos(pl.DataFrame({"x": [[1], [2]]}), "x")


def test_rare_classes_are_dropped() -> None:
    labelled = label_photos(pl.DataFrame({"x": ["a"] * 3 + ["b"] * 2 + ["c"] * 3 + [None]}), "x")
    kept = keep_classes(labelled, 3)
    assert kept.classes == ("a", "c")
    assert kept.codes.tolist() == [0, 0, 0, -1, -1, 1, 1, 1, -1]
    with pytest.raises(LatentprintError, match="fewer than two classes of at least 4"):
        keep_classes(labelled, 4)
