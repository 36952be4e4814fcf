"""How numbers are written, at their edges."""

import pytest

from latentprint.report.telling import unclaimed
from latentprint.report.wording import count, number, p_told, points, significant


def test_zero_has_no_sign() -> None:
    assert [number(each) for each in (-0.04, -0.0, 0.04, -0.06, None)] == [
        "0.0", "0.0", "0.0", "−0.1", "–",
    ]  # fmt: skip
    assert [points(each) for each in (-0.04, 0.04, 0.06)] == ["0.0", "0.0", "+0.1"]
    assert points(0.04, 2) == "+0.04"


def test_small_shares_are_bounded() -> None:
    assert [significant(each) for each in (0.0009, 0.001, None)] == ["<0.001", "0.001", "–"]
    assert (p_told(0.0), p_told(0.25)) == ("p < 0.001", "p = 0.25")


def test_one_thing_is_one() -> None:
    assert [count(each, "photo") for each in (0, 1, 2000)] == [
        "0 photos",
        "1 photo",
        "2,000 photos",
    ]
    assert count(2, "query", "queries") == "2 queries"


@pytest.mark.parametrize(
    ("low", "high", "chance", "q", "said"),
    [
        (-1.0, 1.0, None, 0.5, ""),
        (1.0, 2.0, None, 0.5, ", which leaves out 0, but q = 0.5; a claim needs 0.01"),
        (-2.0, -1.0, None, 0.02, ", which leaves out 0, but q = 0.02; a claim needs 0.01"),
        (1.0, 2.0, None, 0.01, ""),
        (20.0, 40.0, 25.0, 0.5, ""),
        (26.0, 40.0, 25.0, 0.5, ", which leaves out chance, but q = 0.5; a claim needs 0.01"),
        (1.0, 2.0, None, None, ""),
    ],
)
def test_why_an_interval_is_no_claim(
    low: float, high: float, chance: float | None, q: float | None, said: str
) -> None:
    assert unclaimed({"low": low, "high": high, "chance": chance, "q": q}) == said
