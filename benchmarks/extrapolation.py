"""How often the accuracy foretold for ten times the photos holds what ten times as many read.

Curves of cross-validated probes of made-up photos, all of whose versions are fitted, against the
same probe with ten times the photos of the same population.

    python benchmarks/extrapolation.py --populations 12 --sets 5
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from latentprint.experiments import ProbeOptions
from latentprint.experiments.probes.extrapolation import FACTOR, extrapolate
from latentprint.experiments.probes.fitting import run_plan
from latentprint.experiments.probes.items import Items
from latentprint.experiments.probes.learning_curve import CURVE_FITS, SHARES
from latentprint.experiments.probes.plans import fold_plan
from latentprint.solvers import Features

OPTIONS = ProbeOptions(assignment="all", bootstrap=300)
Population = Callable[[int, int], Items]


def population(seed: int) -> Population:
    """A way to draw photos: content of falling spectrum, noise, and shifts of some classes."""
    rng = np.random.default_rng(seed)
    k, dimensions = int(rng.choice([2, 3, 6])), int(rng.choice([16, 32, 64]))
    spectrum = np.arange(1, dimensions + 1) ** -rng.uniform(0.2, 0.8)
    shifts = rng.normal(size=(k, dimensions)) * spectrum * rng.uniform(0.1, 0.4)
    noise = rng.uniform(0.05, 0.3)

    def draw(n: int, at: int) -> Items:
        made = np.random.default_rng((seed, n, at))
        content = made.normal(size=(n, 1, dimensions)) * spectrum
        vectors = content + shifts + noise * spectrum * made.normal(size=(n, k, dimensions))
        part, photo = np.tile(np.arange(k), n), np.repeat(np.arange(n), k)
        parts = tuple(vectors[:, each].astype(np.float32) for each in range(k))
        ids = tuple(f"photo {each:05}" for each in range(n))
        names = tuple(f"class {each}" for each in range(k))
        return Items(Features(parts, part, photo), part, photo, ids, ids, names)

    return draw


def main() -> None:
    """Print one line for each population and their mean."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--photos", type=int, default=120)
    parser.add_argument("--populations", type=int, default=12)
    parser.add_argument("--sets", type=int, default=5)
    options = parser.parse_args()
    held: list[bool] = []
    widths: list[float] = []
    for seed in range(options.populations):
        draw = population(seed)
        many = draw(FACTOR * options.photos, 0)
        truth = run_plan(many, fold_plan(many, repeats=1, seed=0), OPTIONS).score.value
        shown = []
        for at in range(options.sets):
            items = draw(options.photos, at)
            plan = fold_plan(items, repeats=3, seed=at)
            plans = [plan.first(CURVE_FITS).thinned(items, share, at) for share in SHARES]
            scores = [run_plan(items, each, OPTIONS).score for each in (*plans, plan)]
            found = extrapolate(
                [each.training_photos(items) for each in (*plans, plan)],
                [each.value for each in scores],
                np.stack([each.samples for each in scores]),
                100.0 / len(items.classes),
            )
            if found is None:
                continue
            held.append(found.low <= truth <= found.high)
            widths.append((found.high - found.low) / 2)
            shown.append(f"{scores[-1].value:.0f} -> {found.value:.0f} ± {widths[-1]:.0f}")
        print(f"{seed:3} with ten times the photos {truth:5.1f}: {', '.join(shown)}", flush=True)
    print(f"{100 * np.mean(held):.0f} % of {len(held)} held, half width {np.mean(widths):.1f}")


if __name__ == "__main__":
    main()
