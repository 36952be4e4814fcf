"""What a reader is told before relying on a probe."""

from types import SimpleNamespace
from typing import Any

import pytest

from latentprint.experiments.probes.outcome import health_notes


def fitted(value: float, normalise: str = "l2", **other: Any) -> Any:
    tuning = SimpleNamespace(edge=False, setting="C = 1", normalise=normalise)
    score = SimpleNamespace(value=value, constant=False)
    return SimpleNamespace(**{"score": score, "tuning": tuning, "converged": True} | other)


@pytest.mark.parametrize(("gap", "told"), [(2.0, False), (2.1, True), (-9.0, False)])
def test_another_normalisation_is_told_where_it_reads_more(gap: float, told: bool) -> None:
    notes = health_notes(fitted(50.0), 100, 10, fitted(50.0 + gap, "standardise"))
    assert bool(notes) == told
    assert not told or notes[0].startswith("with standardised features the probe reads more (52.1")


def test_few_photos_and_fits_that_did_not_end_are_told() -> None:
    assert health_notes(fitted(50.0), 10, 10, None) == []
    notes = health_notes(fitted(50.0, converged=False), 9, 10, None)
    assert notes == ["solver not converged", "fewer training photos (9) than dimensions (10)"]
