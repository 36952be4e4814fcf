"""Which items a probe tunes on, fits and tests: the whole procedure as data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentprint.errors import LatentprintError
from latentprint.experiments.probes.guards import balance, grouped_folds, shuffle_order
from latentprint.experiments.probes.items import Items
from latentprint.solvers import Hold, hold_out

FOLDS = 5
"""Folds of a cross-validation."""

HALVINGS = (5, 10)
"""Fewest and most pairs of halves of the training photos behind an interval."""

_HALVED = 8000
"""Items that the most pairs of halves may hold: larger sets take longer, and tell more by one."""

FEW_PHOTOS = 5000
"""With more training photos, which ones they are makes no difference worth measuring."""

_MANY = 10_000
_ENOUGH = 1000
"""Measurements that choose a setting well enough: further fifths would only take time."""


@dataclass(frozen=True)
class Plan:
    """Which items are tuned on, fitted and tested.

    Attributes:
        holds: Items to fit and items to measure on while hyperparameters are chosen.
        train: Items of every final fit.
        test: Items that each final fit is tested on.
        halves: How many of the last repeats were trained on half of the photos, one pair of halves
            after the other: they tell only how far the accuracy depends on the photos.
        fit_of: Which repeat each fit belongs to; folds of one cross-validation are one repeat.
    """

    holds: tuple[Hold, ...]
    train: tuple[np.ndarray, ...]
    test: tuple[np.ndarray, ...]
    halves: int = 0
    fit_of: tuple[int, ...] = ()

    @property
    def repeats(self) -> tuple[int, ...]:
        """The repeat of every fit."""
        return self.fit_of or tuple(range(len(self.train)))

    @property
    def counted(self) -> int:
        """Repeats that count, halves left out."""
        return max(self.repeats) + 1 - self.halves

    def tested_photos(self, items: Items) -> np.ndarray:
        """The photos that any fit is tested on, rising, int64 [n_test]."""
        found: np.ndarray = np.unique(np.concatenate([items.photo[each] for each in self.test]))
        return found

    def training_photos(self, items: Items) -> int:
        """Photos that a fit is trained on, on average over the fits (halves left out)."""
        pairs = zip(self.train, self.repeats, strict=True)
        fits = [each for each, repeat in pairs if repeat < self.counted]
        return round(sum(len(np.unique(items.photo[each])) for each in fits) / len(fits))

    def first(self, fits: int) -> Plan:
        """Only the first fits, but whole repeats and no halves, for figures that need no more."""
        folds = sum(repeat == 0 for repeat in self.repeats)
        repeats = min(max(1, fits // folds), self.counted)
        kept = [at for at, repeat in enumerate(self.repeats) if repeat < repeats]
        return replace(
            self,
            train=tuple(self.train[at] for at in kept),
            test=tuple(self.test[at] for at in kept),
            fit_of=tuple(self.repeats[at] for at in kept),
            halves=0,
        )

    def thinned(self, items: Items, share: float, seed: int) -> Plan:
        """Train with a share of the groups only; smaller shares are parts of larger ones."""
        fitted = np.unique(np.concatenate([items.photo[each] for each in self.train]))
        names = sorted({items.groups[at] for at in fitted})
        kept = set(_first_groups(names, share, seed))
        inside = np.array([group in kept for group in items.groups])

        def thin(index: np.ndarray) -> np.ndarray:
            kept: np.ndarray = index[inside[items.photo[index]]]
            return kept

        holds = tuple((thin(fitted), thin(measured)) for fitted, measured in self.holds)
        return replace(self, holds=holds, train=tuple(map(thin, self.train)))


def _first_groups(names: Sequence[str], share: float, seed: int) -> list[str]:
    order = shuffle_order(names, seed, "learning curve")
    return [names[at] for at in order[: round(share * len(names))]]


def published_plan(
    items: Items,
    train: np.ndarray,
    test: np.ndarray,
    draws: Sequence[np.ndarray],
    *,
    seed: int | None,
) -> Plan:
    """One class for each training photo, every class for each test photo.

    The last draw is tuned on; each other one is a final fit (ICCV 2025 study, section 3). The
    photos that are held out for tuning are shown under every class, as the test photos are: among
    a few hundred photos one drawn class each tells values of C apart no better than chance.

    Args:
        items: Every photo under every class; item ``i * P + p`` is photo i under class p.
        train: The training photos, int64 [n_train].
        test: The test photos, int64 [n_test].
        draws: A class for every training photo, int64 [n_train] each.
        seed: Seeds the choice of the photos that are held out; None to hold them out under their
            drawn class, as the study does.
    """
    n_classes = len(items.classes)
    tested = (test[:, None] * n_classes + np.arange(n_classes)).ravel()
    *fitted, tuning = (train * n_classes + draw for draw in draws)
    if seed is None:
        held = hold_out(items.groups_of(tuning), items.labels[tuning], 0)
        holds: tuple[Hold, ...] = ((tuning[~held], tuning[held]),)
    else:
        holds = tuple(
            (kept, (items.photo[measured, None] * n_classes + np.arange(n_classes)).ravel())
            for kept, measured in tuning_holds(items, tuning, seed, versions=n_classes)
        )
    halves = []
    if seed is not None and len(train) <= FEW_PHOTOS:
        halves = _halves(items, fitted, seed)
    fits = (*fitted, *halves)
    return Plan(holds, fits, (tested,) * len(fits), halves=len(halves))


def tuning_holds(
    items: Items, index: np.ndarray, seed: int, *, versions: int = 1
) -> tuple[Hold, ...]:
    """Ways to hold a fifth of some items out, whole groups at a time.

    Where there are few, several fifths in turn: one alone would choose by chance.

    Args:
        items: All items.
        index: Items to fit and to hold out, int64 [m].
        seed: Seeds the choice.
        versions: How often each item that is held out will be measured.
    """
    groups, labels = items.groups_of(index), items.labels[index]
    if len(index) > _MANY:
        held = hold_out(groups, labels, seed)
        return ((index[~held], index[held]),)
    # A fold that takes a whole class away leaves nothing to fit it with.
    usable = [
        (kept, measured)
        for kept, measured in _cut(items, index, seed)
        if len(measured) and _is_complete(items, kept)
    ]
    before = np.cumsum([0, *(len(measured) * versions for _, measured in usable)])
    return tuple(each for each, so_far in zip(usable, before, strict=False) if so_far < _ENOUGH)


def split_plan(
    items: Items,
    train: np.ndarray,
    test: np.ndarray,
    *,
    seed: int,
    validation: np.ndarray | None = None,
) -> Plan:
    """One split: a fit on all training items, and pairs of fits on halves of them.

    Args:
        items: All items.
        train: Items to fit, int64 [m].
        test: Items to test, int64 [m].
        seed: Seeds the halves.
        validation: Items to choose hyperparameters on; the final fits have them, too.
    """
    whole = train if validation is None else np.concatenate([train, validation])
    holds = tuning_holds(items, whole, seed) if validation is None else ((train, validation),)
    halves = _halves(items, [whole], seed) if len(whole) <= FEW_PHOTOS * len(items.classes) else []
    fits = (whole, *halves)
    return Plan(holds, fits, (test,) * len(fits), halves=len(halves))


def _halves(items: Items, fitted: Sequence[np.ndarray], seed: int) -> list[np.ndarray]:
    """Halves of what is fitted that share no group, pair by pair; of each fit in turn."""
    found: list[np.ndarray] = []
    for halving in range(_halvings(items)):
        pair = _halve(items, fitted[halving % len(fitted)], seed, halving)
        if all(_is_complete(items, half) for half in pair):
            found.extend(pair)
    return found


def _halvings(items: Items) -> int:
    fewest, most = HALVINGS
    return min(most, max(fewest, _HALVED // len(items.labels)))


def _halve(
    items: Items, index: np.ndarray, seed: int, halving: int
) -> tuple[np.ndarray, np.ndarray]:
    """Two halves of some items that share no group, with as many items of every class."""
    # Another stream than that of the folds.
    side = grouped_folds(items.labels[index], items.groups_of(index), 2, -1 - seed * 1000 - halving)
    return index[side == 0], index[side == 1]


def fold_plan(
    items: Items,
    *,
    repeats: int,
    seed: int,
    choose: Callable[[np.ndarray, int], np.ndarray] = lambda index, _: index,
) -> Plan:
    """Repeated cross-validation: every item is tested once in every repeat, folds by group.

    The hyperparameters are chosen on the training part of the first fold. Pairs of halves of the
    items are cross-validated, too: a cross-validation fits and tests the same photos, so that its
    own predictions cannot tell how far it depends on them.

    Args:
        items: All items.
        repeats: Number of repeats, each with fresh folds.
        seed: Seeds the folds.
        choose: Which of some items take part, such as a balanced sample, given the repeat.

    Raises:
        LatentprintError: There are too few groups for the folds.
    """
    if len(set(items.groups)) < FOLDS:
        raise LatentprintError(
            f"A cross-validation needs photos of at least {FOLDS} groups, and there are "
            f"{len(set(items.groups))}: add photos, or give smaller groups."
        )
    everything = np.arange(len(items.labels))
    cut = [
        _cut(items, choose(everything, repeat), seed * 1000 + repeat) for repeat in range(repeats)
    ]
    for halving in range(_halvings(items)):
        pair = []
        for side, half in enumerate(_halve(items, everything, seed, halving)):
            number = repeats + 2 * halving + side
            parts = _cut(items, choose(half, number), seed * 1000 + number)
            # The only photos of a class in a half leave the fold that tests them nothing to fit.
            pair.append([each for each in parts if _is_complete(items, each[0])])
        if all(pair):
            cut.extend(pair)
    return Plan(
        tuning_holds(items, cut[0][0][0], seed),
        tuple(fitted for parts in cut for fitted, _ in parts),
        tuple(tested for parts in cut for _, tested in parts),
        len(cut) - repeats,
        tuple(repeat for repeat, parts in enumerate(cut) for _ in parts),
    )


def _cut(items: Items, index: np.ndarray, seed: int) -> list[Hold]:
    """Items to fit and to test for every fold."""
    fold = grouped_folds(items.labels[index], items.groups_of(index), FOLDS, seed)
    return [(index[fold != each], index[fold == each]) for each in range(FOLDS)]


def _is_complete(items: Items, index: np.ndarray) -> bool:
    """Whether there are two items of every class, as a fit needs."""
    counts = np.bincount(items.labels[index], minlength=len(items.classes))
    return bool(counts.min() > 1)


def balanced(items: Items, index: np.ndarray, seed: int) -> np.ndarray:
    """As many of some items as the rarest class has, of every class (one item a photo)."""
    ids = [items.ids[at] for at in items.photo[index]]
    found: np.ndarray = index[balance(items.labels[index], ids, seed)]
    return found
