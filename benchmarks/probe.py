"""Time a whole probe: tuning, then ten final fits with fresh draws of classes.

    python benchmarks/probe.py --photos 50000 --dimensions 512 --classes 6

Four ways on the same made-up embeddings, in which each photo has one version for every class:

- ``lbfgs``: a path over 12 values of C in [1e-5, 1e6], to the optimum;
- ``sgd``: the study's protocol, all 30 trials on the same minibatches;
- the study's protocol in plain torch, one trial after another. Some trials and one final fit are
  timed and the time of all is extrapolated;
- scikit-learn's L-BFGS along the same path. One final fit is timed and the time of ten
  extrapolated.

What bounds it: ``products`` is the time inside matrix products (and the one decomposition of the
features' scatter) within the run above it, which no arrangement around them can go below. The rest
of ``lbfgs`` is mostly reading and normalising the rows of ten fits, which are used for only a
handful of iterations each. ``sgd`` does 100 passes whatever happens: its products alone exceed all
of ``lbfgs``, and those of final fits, six columns wide, run at half the speed of the stacked ones.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch.utils._python_dispatch import TorchDispatchMode

from latentprint.solvers import Features, SGDSetting, Solver, Tuning, final_fits, hold_out, tune
from latentprint.solvers.sgd import rate_share
from latentprint.solvers.tuning import C_GRID, sgd_trials

FITS, TRIALS = 10, 30


class Data:
    """Training and test photos, each in one version for every class, and the draws of classes."""

    def __init__(self, options: argparse.Namespace) -> None:
        rng = np.random.default_rng(0)
        n, d, k = options.photos + options.test, options.dimensions, options.classes
        axes = np.linalg.qr(rng.normal(size=(d, d)))[0].astype(np.float32)
        content = rng.standard_normal((n, d), dtype=np.float32) * np.arange(1, d + 1) ** -0.3
        content = content.astype(np.float32) @ axes + rng.standard_normal(d, dtype=np.float32)
        strength = 1.0 + 0.3 * rng.standard_normal((n, 1), dtype=np.float32)
        shifts = options.shift * rng.standard_normal((k, d), dtype=np.float32)
        versions = [content + strength * shift for shift in shifts]
        self.train = tuple(each[: options.photos] for each in versions)
        self.test = tuple(each[options.photos :] for each in versions)
        self.draws = rng.integers(k, size=(FITS + 1, options.photos))
        self.held = hold_out(map(str, range(options.photos)), self.draws[-1], 0)
        self.hold = (np.flatnonzero(~self.held), np.flatnonzero(self.held))

    def features(self, draw: int) -> Features:
        """Each training photo under the class of a draw."""
        return Features(self.train, self.draws[draw], np.arange(len(self.train[0])))

    def accuracy(self, predict: Callable[[np.ndarray], np.ndarray]) -> float:
        """Of a classifier on the test photos under every class, in percent."""
        right = [(predict(each) == at).mean() for at, each in enumerate(self.test)]
        return 100.0 * float(np.mean(right))


class Products(TorchDispatchMode):
    """Adds up the seconds that torch spends in matrix products and eigenvectors."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Time one operation."""
        start = time.perf_counter()
        result = func(*args, **(kwargs or {}))
        if func.overloadpacket._qualified_op_name.split("::")[1] in (
            "mm",
            "addmm",
            "bmm",
            "_linalg_eigh",
        ):
            self.seconds += time.perf_counter() - start
        return result


class Cost(NamedTuple):
    """Seconds on the clock, and of all processors together."""

    wall: float
    cpu: float

    def __mul__(self, times: float) -> Cost:  # type: ignore[override]
        """The cost of doing it so many times."""
        return Cost(self.wall * times, self.cpu * times)

    def plus(self, other: Cost) -> Cost:
        """The cost of both."""
        return Cost(self.wall + other.wall, self.cpu + other.cpu)


def cost(work: Callable[[], Any]) -> tuple[Cost, Any]:
    """What some work costs, and its result."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu), result


def show(name: str, spent: Cost, more: str) -> None:
    """Print one line."""
    print(f"{name:14} {spent.wall:9.2f} s {spent.cpu:9.2f} CPU s   {more}", flush=True)


def ours(data: Data, solver: Solver, repeats: int) -> tuple[Cost, Tuning]:
    """Time and print a whole probe by this package."""

    def work() -> tuple[Tuning, list[Any]]:
        found = tune(
            data.features(FITS), data.draws[-1], (), len(data.train),
            solver=solver, trials=TRIALS, holds=[data.hold], memory_mb=4096,
        )  # fmt: skip
        rows = [data.features(fit) for fit in range(FITS)]
        return found, final_fits(rows, data.draws[:-1], len(data.train), found, memory_mb=4096)

    costs = []
    for _ in range(repeats):
        spent, (tuning, fits) = cost(work)
        costs.append(spent)
    with Products() as products:
        work()
    median = Cost(*(statistics.median(each) for each in zip(*costs, strict=True)))
    accuracy = np.mean([data.accuracy(lambda X, f=fit: f.predict(X)[0]) for fit in fits])
    show(solver, median, f"accuracy {accuracy:.2f} %, {tuning.setting}")
    print(f"{'  products':14} {products.seconds:9.2f} s")
    return median, tuning


def plain_sgd(
    X: torch.Tensor, labels: torch.Tensor, setting: SGDSetting, classes: int
) -> torch.nn.Linear:
    """The study's protocol as one writes it down."""
    model = torch.nn.Linear(X.shape[1], classes)
    optimiser = torch.optim.SGD(
        model.parameters(), setting.learning_rate, 0.9, weight_decay=setting.weight_decay
    )
    for epoch in range(100):
        optimiser.param_groups[0]["lr"] = setting.learning_rate * rate_share(epoch, 100)
        for batch in torch.randperm(len(X)).split(1024):
            loss = torch.nn.functional.cross_entropy(model(X[batch]), labels[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return model


def plain(data: Data, tuning: Tuning, timed: int) -> Cost:
    """Time some trials and one final fit of the plain protocol, and extrapolate."""
    classes = len(data.train)

    def fit(draw: int, kept: np.ndarray, settings: Sequence[Any]) -> torch.nn.Linear:
        X = torch.nn.functional.normalize(torch.from_numpy(data.features(draw).take(kept).read()))
        labels = torch.from_numpy(data.draws[draw][kept])
        return [plain_sgd(X, labels, each, classes) for each in settings][-1]

    trials, _ = cost(lambda: fit(FITS, ~data.held, sgd_trials(TRIALS, 0)[:timed]))
    final, model = cost(lambda: fit(0, data.held | True, [tuning.setting]))

    def predict(X: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return model(torch.nn.functional.normalize(torch.from_numpy(X))).argmax(1).numpy()

    total = (trials * (TRIALS / timed)).plus(final * FITS)
    show("plain SGD", total, f"accuracy {data.accuracy(predict):.2f} %")
    show("  timed", trials.plus(final), f"{timed} trials and a final fit")
    return total


def scikit_learn(data: Data, tuning: Tuning) -> Cost:
    """Time scikit-learn along the path and for one final fit, and extrapolate the others."""

    def fit(draw: int, kept: np.ndarray, C: float) -> LogisticRegression:
        X = _units(data.features(draw).take(kept).read())
        return LogisticRegression(C=C, max_iter=1000).fit(X, data.draws[draw][kept])

    path, _ = cost(lambda: [fit(FITS, ~data.held, C) for C in C_GRID])
    final, model = cost(lambda: fit(0, data.held | True, tuning.setting.C))
    total = path.plus(final * FITS)
    show(
        "scikit-learn", total, f"accuracy {data.accuracy(lambda X: model.predict(_units(X))):.2f} %"
    )
    show("  timed", path.plus(final), f"the path of {len(C_GRID)} and a final fit")
    return total


def _units(X: np.ndarray) -> np.ndarray:
    units: np.ndarray = X / np.linalg.norm(X, axis=1, keepdims=True)
    return units


def main() -> None:
    """Print two lines for each way, then the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    sizes = {"photos": 50000, "test": 5000, "dimensions": 512, "classes": 6}
    for name, default in {**sizes, "repeats": 3, "plain-trials": 3}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--shift", type=float, default=0.015)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    data = Data(options)
    lbfgs, tuned = ours(data, "lbfgs", options.repeats)
    sgd, trials = ours(data, "sgd", 1)
    slow = plain(data, trials, options.plain_trials)
    other = scikit_learn(data, tuned)
    for what, them, us in (
        ("lbfgs against plain SGD", slow, lbfgs),
        ("lbfgs against scikit-learn", other, lbfgs),
        ("sgd against plain SGD", slow, sgd),
    ):
        print(f"{what:28} {them.wall / us.wall:6.1f} times, {them.cpu / us.cpu:6.1f} by CPU time")


if __name__ == "__main__":
    main()
