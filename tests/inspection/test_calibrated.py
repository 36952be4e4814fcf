"""Calibrated probes: never trained on what they read, and right as often as they say."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from latentprint.errors import LatentprintError
from latentprint.inspection.calibrated import (
    FOLDS,
    LARGEST_P,
    UNTOLD,
    WORDS,
    CalibratedProbe,
    Word,
    fit_calibrated,
    granted,
    said,
)
from latentprint.inspection.examples import Examples, of_labels, of_versions
from tests.inspection.made_up import made_vectors

NAMES = ("one", "two", "three")


def examples(photos: int, trace: float, seed: int) -> tuple[Examples, np.ndarray]:
    """Examples of some photos, and versions of as many new ones under the same classes."""
    vectors = made_vectors(2 * photos, len(NAMES), trace=trace, seed=seed)
    versions = dict(zip(NAMES, vectors[:, :photos], strict=True))
    groups = [f"group {at:04d}" for at in range(photos)]
    return of_versions("made up", versions, np.arange(photos), groups), vectors[:, photos:]


def unit(vector: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.asarray(vector, dtype=np.float64) / np.linalg.norm(vector)
    return found


def test_words_are_right_as_often_as_they_say() -> None:
    """Of new photos of made-up sets, with weak and strong traces."""
    told: dict[str, list[bool]] = {word: [] for word, _ in WORDS}
    for seed in range(4):
        for trace in (0.4, 1.0):
            asked, new = examples(100, trace, seed)
            probe = fit_calibrated(asked, seed=seed)
            for label, name in enumerate(NAMES):
                for number, vector in enumerate(new[label, :60]):
                    reading = probe.read(unit(vector), probe.fold(None, f"{seed} {number}"))
                    if reading.told:
                        told[reading.word].append(reading.best == name)
    for word, least in WORDS:
        n = len(told[word])
        assert n > 80, word
        # Three standard errors below what it says would be a lie.
        assert np.mean(told[word]) > least - 3 * np.sqrt(least * (1 - least) / n), word


def test_probabilities_are_those_of_new_photos() -> None:
    """In bins of probability the share of right answers is the mean probability."""
    top, right = [], []
    for seed in range(6):
        asked, new = examples(150, 0.5, seed)
        probe = fit_calibrated(asked, seed=seed)
        for label in range(len(NAMES)):
            for number, vector in enumerate(new[label]):
                found = probe.read(unit(vector), number % FOLDS).probabilities
                top.append(max(found))
                right.append(int(np.argmax(found)) == label)
    edges = np.quantile(top, [0.0, 0.25, 0.5, 0.75, 1.0])
    for low, high in pairwise(edges):
        chosen = [at for at, each in enumerate(top) if low <= each <= high]
        apart = np.mean([top[at] for at in chosen]) - np.mean([right[at] for at in chosen])
        assert abs(apart) < 0.06


def test_nothing_is_told_where_there_is_no_trace() -> None:
    shown = 0
    for seed in range(30):
        probe = fit_calibrated(examples(60, 0.0, seed)[0], seed=seed)
        shown += probe.shown
        if not probe.shown:
            assert probe.read(unit(np.ones(16)), 0).word == UNTOLD
    # One in a hundred is expected.
    assert shown <= 2
    assert fit_calibrated(examples(60, 1.0, 0)[0]).p <= LARGEST_P


def test_a_photo_of_the_store_is_read_by_a_probe_that_never_saw_it() -> None:
    """Vectors that nobody else is near: who was trained on them would know them."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(2, 100, 300)).astype(np.float32)  # no trace, but enough room
    versions = dict(zip("ab", vectors, strict=True))
    groups = [f"group {at // 2}" for at in range(100)]
    probe = fit_calibrated(of_versions("x", versions, np.arange(100), groups))
    own, others = [], []
    for photo in range(100):
        fold = probe.fold(groups[photo], "")
        assert fold == probe.fold_of[groups[photo]]
        for each, right in ((fold, own), ((fold + 1) % FOLDS, others)):
            logits = unit(vectors[0, photo]) @ probe.weights[each] + probe.intercepts[each]
            right.append(int(np.argmax(logits)) == 0)
    assert np.mean(others) > 0.85  # it was trained on them
    assert 0.3 < np.mean(own) < 0.7


def test_a_new_photo_is_dealt_to_a_fold_by_its_pixels() -> None:
    probe = fit_calibrated(examples(60, 1.0, 0)[0])
    folds = [probe.fold(None, f"photo {at}") for at in range(500)]
    assert folds == [probe.fold("no group", f"photo {at}") for at in range(500)]
    assert min(np.bincount(folds, minlength=FOLDS)) > 60


def test_it_reads_as_the_fits_do_and_heat_keeps_the_order() -> None:
    asked, new = examples(60, 1.0, 0)
    probe = fit_calibrated(asked)
    vector = unit(new[1, 0])
    reading = probe.read(vector, 2)
    logits = vector @ probe.weights[2] + probe.intercepts[2]
    assert np.allclose(reading.probabilities, softmax(logits / probe.temperatures[2]))
    assert reading.classes[int(np.argmax(logits))] == reading.best
    assert sum(reading.probabilities) == pytest.approx(1.0)
    assert reading.chance == pytest.approx(1 / 3)


def test_the_heat_of_a_fold_is_that_of_photos_of_the_others() -> None:
    asked, _ = examples(60, 0.6, 0)
    probe = fit_calibrated(asked)
    fold = np.array([probe.fold_of[str(each)] for each in asked.groups])
    rows = asked.features.read().astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    logits = np.einsum("md,mdp->mp", rows, probe.weights[fold]) + probe.intercepts[fold]
    heats = np.geomspace(0.005, 1.0, 3000)
    for each in range(FOLDS):
        others = np.flatnonzero(fold != each)
        told = log_softmax(logits[others] / heats[:, None, None], axis=2)
        best = heats[told[:, np.arange(len(others)), asked.labels[others]].mean(axis=1).argmax()]
        assert probe.temperatures[each] == pytest.approx(best, rel=0.01)


def test_words_that_were_wrong_too_often_are_not_said() -> None:
    sure = np.full(100, 0.99)
    assert granted(sure, np.arange(100) < 97) == (Word("almost certainly", 100, 97),)
    assert granted(sure, np.arange(100) < 80) == (Word("probably", 100, 80),)
    assert granted(sure, np.arange(100) < 60) == (Word("more likely than not", 100, 60),)
    assert granted(sure, np.arange(100) < 40) == ()
    assert granted(sure[:19], np.ones(19, dtype=bool)) == ()  # too few
    words = (Word("probably", 50, 40),)
    assert said(0.99, words) == words[0]
    assert said(0.74, words) is None


def test_labels_are_read_where_they_are_there() -> None:
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1, -1], 60)
    vectors = rng.normal(size=(180, 8)).astype(np.float32)
    vectors[:60, 0] += 3.0
    groups = [f"group {at}" for at in range(180)]
    asked = of_labels("make", ("A", "B"), vectors, codes, groups)
    assert len(asked.labels) == 120
    assert asked.groups[:2] == ["group 0", "group 1"]
    probe = fit_calibrated(asked)
    assert probe.shown
    assert probe.accuracy > 0.85
    assert probe.low < probe.accuracy < probe.high
    shuffled = of_labels("make", ("A", "B"), rng.normal(size=(180, 8)), codes, groups)
    assert not fit_calibrated(shuffled).shown


def test_too_few_photos_are_refused() -> None:
    versions = dict(zip(NAMES, made_vectors(9, 3, trace=1.0), strict=True))
    groups = [f"group {at}" for at in range(9)]
    with pytest.raises(LatentprintError, match="9 groups of photos are too few"):
        fit_calibrated(of_versions("x", versions, np.arange(9), groups))


def test_the_order_of_photos_does_not_matter() -> None:
    vectors = made_vectors(60, 3, trace=0.6)
    groups = [f"group {at:03d}" for at in range(60)]
    probes: list[CalibratedProbe] = []
    for order in (np.arange(60), np.random.default_rng(1).permutation(60)):
        versions = {name: each[order] for name, each in zip(NAMES, vectors, strict=True)}
        named = [groups[at] for at in order]
        probes.append(fit_calibrated(of_versions("x", versions, np.arange(60), named)))
    assert probes[0].fold_of == probes[1].fold_of
    assert probes[0].accuracy == pytest.approx(probes[1].accuracy, abs=0.02)
    assert np.allclose(probes[0].weights, probes[1].weights, atol=1e-2)
