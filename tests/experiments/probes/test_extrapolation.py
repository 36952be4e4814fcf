"""Extending a learning curve to ten times the photos keeps its word on curves of known ends."""

from collections.abc import Callable

import numpy as np
import pytest

from latentprint.experiments.probes.extrapolation import Extrapolation, extrapolate
from latentprint.experiments.probes.paired_shift import ShiftOptions, paired_shift
from tests.experiments.probes.test_paired_shift import items_of, made

SIZES = (50, 100, 200, 400)
CHANCE = 100 / 3
Law = Callable[[float], float]


def power_law(end: float, loss: float, exponent: float) -> Law:
    return lambda n: end - loss * n**-exponent


def measured(law: Law, error: float, seed: int) -> tuple[list[float], np.ndarray]:
    """A curve with errors that sizes share in part, as they share test photos."""
    rng = np.random.default_rng(seed)
    factor = error * np.linalg.cholesky(0.5 + 0.5 * np.eye(4))
    values = [law(n) for n in SIZES] + factor @ rng.normal(size=4)
    return values.tolist(), values[:, None] + factor @ rng.normal(size=(4, 500))


def ended(law: Law, error: float = 1.0, seed: int = 0) -> Extrapolation:
    found = extrapolate(SIZES, *measured(law, error, seed), CHANCE)
    assert found is not None
    return found


def test_intervals_hold_the_ends_of_power_laws() -> None:
    laws = [
        power_law(60, 60, 0.3),
        power_law(57, 120, 0.5),
        power_law(80, 300, 0.6),
        power_law(95, 400, 0.7),
        power_law(50, 0, 1.0),
    ]
    held = [
        [each.low <= law(4000) <= each.high for each in (ended(law, seed=at) for at in range(40))]
        for law in laws
    ]
    assert np.mean(held) >= 0.93
    assert np.mean(held, axis=1).min() >= 0.8


def test_a_flat_curve_stays_and_a_rising_one_goes_on() -> None:
    flat, rising = ended(power_law(50, 0, 1.0), 0.5), ended(power_law(70, 150, 0.4), 0.5)
    assert flat.value == pytest.approx(50, abs=2)
    assert flat.high < 57
    assert rising.value > power_law(70, 150, 0.4)(400) + 3
    for each in (flat, rising):
        assert each.low < each.value < each.high


def test_smaller_errors_give_a_narrower_interval() -> None:
    law = power_law(70, 150, 0.4)
    narrow, wide = ended(law, 0.3), ended(law, 3.0)
    assert narrow.high - narrow.low < 0.7 * (wide.high - wide.low)


def test_nothing_goes_above_all_or_below_chance() -> None:
    found = ended(lambda n: 99.5, 0.1)
    assert 98 < found.low < found.high <= 100
    found = ended(lambda n: CHANCE + 3, 1.0)
    assert found.low > CHANCE


def test_what_a_curve_does_not_allow_is_left_out() -> None:
    values, samples = measured(power_law(60, 60, 0.3), 1.0, 0)
    assert extrapolate(SIZES[2:], values[2:], samples[2:], CHANCE) is None
    assert extrapolate(SIZES[1:], values[1:], samples[1:], CHANCE) is not None
    assert extrapolate(SIZES, *measured(lambda n: CHANCE + 1, 1.0, 0), CHANCE) is None


def test_a_curve_measured_on_made_up_photos_holds_what_ten_times_as_many_read() -> None:
    held = []
    for seed in range(5):
        vectors = made(1600, 3, 24, trace=0.15, seed=seed)
        sizes = (20, 40, 80, 160)
        accuracies = [
            paired_shift(items_of(vectors[:n]), ShiftOptions(permutations=1)).accuracy
            for n in (*sizes, 1600)
        ]
        errors = np.random.default_rng(seed).normal(size=(4, 300))
        samples = np.sqrt(2000 / np.array(sizes))[:, None] * errors
        found = extrapolate(
            sizes, accuracies[:4], np.array(accuracies[:4])[:, None] + samples, CHANCE
        )
        held.append(found is None or found.low <= accuracies[4] <= found.high)
    assert np.mean(held) >= 0.8
