"""Time a whole probe: tuning, then ten final fits with fresh draws of classes, and their tests.

    python benchmarks/probe.py --sizes 1500x256 4000x768 50000x512

Four ways on the same made-up embeddings, in which each photo has one version for every class:

- ``lbfgs``: a path over 12 values of C in [1e-5, 1e6], to the optimum;
- ``sgd``: the study's protocol, all 30 trials on the same minibatches;
- the study's protocol in plain torch, one trial after another. Some trials and one final fit are
  timed and the time of all is extrapolated;
- scikit-learn's L-BFGS along the same path, at its default tolerance, in float32 and float64: the
  faster of the two counts. One final fit is timed and the time of ten extrapolated.

All are timed in turn, several times over, and the ratios are of medians. Where the environment
chooses the kernel of OpenBLAS, scikit-learn runs in a process without that choice: its products
deserve the kernel that the processor would get, which is printed.

What bounds it: ``products`` is the time inside matrix products (and the one decomposition of the
features' scatter) within a run, which no arrangement around them can go below. The rest of
``lbfgs`` is mostly reading and normalising the rows of ten fits, which are used for only a handful
of iterations each. ``sgd`` does 100 passes whatever happens: its products alone exceed all of
``lbfgs``, and those of final fits, six columns wide, run at half the speed of the stacked ones.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import threadpoolctl
import torch
from sklearn.linear_model import LogisticRegression
from torch.utils._python_dispatch import TorchDispatchMode

from latentprint.solvers import (
    C_GRID,
    Features,
    Hold,
    LabelledFeatures,
    SGDSetting,
    Solver,
    SolverOptions,
    Tuning,
    fit_holds,
    hold_out,
    tune,
)
from latentprint.solvers.settings import sgd_trials
from latentprint.solvers.sgd import rate_share

FITS, TRIALS = 10, 30
KERNEL = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


class Size(NamedTuple):
    """How much is fitted."""

    photos: int
    dimensions: int
    classes: int
    shift: float

    @property
    def tested(self) -> int:
        """Photos to test."""
        return self.photos // 10


class Data:
    """Training and test photos, each in one version for every class, and the draws of classes."""

    def __init__(self, size: Size) -> None:
        rng = np.random.default_rng(0)
        n, d, k = size.photos + size.tested, size.dimensions, size.classes
        axes = np.linalg.qr(rng.normal(size=(d, d)))[0].astype(np.float32)
        content = rng.standard_normal((n, d), dtype=np.float32) * np.arange(1, d + 1) ** -0.3
        content = content.astype(np.float32) @ axes + rng.standard_normal(d, dtype=np.float32)
        strength = 1.0 + 0.3 * rng.standard_normal((n, 1), dtype=np.float32)
        shifts = size.shift * rng.standard_normal((k, d), dtype=np.float32)
        versions = [content + strength * shift for shift in shifts]
        self.train = tuple(each[: size.photos] for each in versions)
        self.test = tuple(each[size.photos :] for each in versions)
        self.draws = rng.integers(k, size=(FITS + 1, size.photos))
        self.held = hold_out(map(str, range(size.photos)), self.draws[-1], 0)
        self.hold = (np.flatnonzero(~self.held), np.flatnonzero(self.held))
        # Every photo under every class: item i * K + k is photo i under class k.
        self.labels = np.tile(np.arange(k), n)
        self.items = Features(tuple(versions), self.labels, np.repeat(np.arange(n), k))
        tested = np.arange(size.photos * k, n * k)
        rows = np.arange(size.photos) * k
        self.holds: list[Hold] = [(rows + draw, tested) for draw in self.draws[:-1]]

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

    def times(self, often: float) -> Cost:
        """The cost of doing it so many times."""
        return Cost(self.wall * often, self.cpu * often)

    def plus(self, other: Cost) -> Cost:
        """The cost of both."""
        return Cost(self.wall + other.wall, self.cpu + other.cpu)


def cost(work: Callable[[], Any]) -> tuple[Cost, Any]:
    """What some work costs, and its result."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu), result


def median(costs: Sequence[Cost]) -> Cost:
    """Medians of both."""
    return Cost(*(statistics.median(each) for each in zip(*costs, strict=True)))


def show(name: str, spent: Cost, more: str) -> None:
    """Print one line."""
    print(f"{name:14} {spent.wall:9.3f} s {spent.cpu:9.3f} CPU s   {more}", flush=True)


def ours(data: Data, solver: Solver) -> tuple[Tuning, float]:
    """A whole probe by this package: what was tuned, and the accuracy in percent."""
    options = SolverOptions(solver=solver, trials=TRIALS, memory_mb=4096)
    photos = [str(each) for each in range(len(data.draws[-1]))]
    k, hold = len(data.train), [data.hold]
    tuned = LabelledFeatures(data.features(FITS), data.draws[-1], k)
    found = tune(tuned, photos, options, hold)
    final = fit_holds(
        LabelledFeatures(data.items, data.labels, k),
        data.holds,
        [found.setting],
        options,
        preconditioner=found.preconditioner,
    )
    truth = data.labels[data.holds[0][1]]
    return found, 100.0 * float(np.mean([said[0] == truth for said in final.said]))


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

    total = trials.times(TRIALS / timed).plus(final.times(FITS))
    show("plain SGD", total, f"accuracy {data.accuracy(predict):.2f} %")
    show("  timed", trials.plus(final), f"{timed} trials and a final fit")
    return total


def scikit_learn(data: Data, C: float) -> dict[str, Any]:
    """Time scikit-learn along the path and for one final fit and test, and extrapolate the others.

    Returns:
        Seconds in all and in those that were timed, and the accuracy, in the faster precision.
    """
    found = []
    for precision in (np.float32, np.float64):

        def fit(draw: int, kept: np.ndarray, C: float, as_: Any = precision) -> LogisticRegression:
            X = _units(data.features(draw).take(kept).read()).astype(as_)
            return LogisticRegression(C=C, max_iter=1000).fit(X, data.draws[draw][kept])

        def final(as_: Any = precision) -> float:
            model = fit(0, data.held | True, C)
            return data.accuracy(lambda X: model.predict(_units(X).astype(as_)))

        path, _ = cost(lambda: [fit(FITS, ~data.held, each) for each in C_GRID])
        one, accuracy = cost(final)
        total, timed = path.plus(one.times(FITS)), path.plus(one)
        found.append(
            {
                "precision": np.dtype(precision).name,
                "accuracy": accuracy,
                "total": total,
                "timed": timed,
            }
        )
    return min(found, key=lambda each: each["total"].wall)


def kernel() -> str:
    """The kernels of OpenBLAS that run here, by version."""
    found = {
        f"OpenBLAS {each['version']}, {each['architecture']}, {each['num_threads']} threads"
        for each in threadpoolctl.threadpool_info()
        if each["internal_api"] == "openblas"
    }
    return "; ".join(sorted(found))


class ScikitLearn:
    """scikit-learn on the kernel that the processor deserves, here or in a process of its own."""

    def __init__(self, size: Size, data: Data) -> None:
        self.size, self.data = size, data
        self.elsewhere = any(name in os.environ for name in KERNEL)

    def time(self, C: float) -> dict[str, Any]:
        """What ``scikit_learn`` finds, and the kernel."""
        if not self.elsewhere:
            return {**scikit_learn(self.data, C), "kernel": kernel()}
        env = {name: value for name, value in os.environ.items() if name not in KERNEL}
        command = [sys.executable, __file__, "--baseline", json.dumps([*self.size, C])]
        said = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
        found: dict[str, Any] = json.loads(said)
        return {**found, "total": Cost(*found["total"]), "timed": Cost(*found["timed"])}


def _units(X: np.ndarray) -> np.ndarray:
    units: np.ndarray = X / np.linalg.norm(X, axis=1, keepdims=True)
    return units


def measure(size: Size, repeats: int, plain_trials: int) -> None:
    """Time all ways at one size, in turn, and print the ratios of their medians."""
    print(f"{size.photos:,} photos x {size.dimensions} dimensions, {size.classes} classes")
    data = Data(size)
    baseline = ScikitLearn(size, data)
    times: dict[str, list[Cost]] = {"lbfgs": [], "sgd": [], "plain SGD": [], "scikit-learn": []}
    for _ in range(repeats):
        spent, (tuned, accuracy) = cost(lambda: ours(data, "lbfgs"))
        times["lbfgs"].append(spent)
        other = baseline.time(getattr(tuned.setting, "C", 1.0))
        times["scikit-learn"].append(other["total"])
    with Products() as products:
        ours(data, "lbfgs")
    show("lbfgs", median(times["lbfgs"]), f"accuracy {accuracy:.2f} %, {tuned.setting}")
    print(f"{'  products':14} {products.seconds:9.3f} s")
    told = f"accuracy {other['accuracy']:.2f} %, {other['precision']}, {other['kernel']}"
    show("scikit-learn", median(times["scikit-learn"]), told)
    show("  timed", other["timed"], f"the path of {len(C_GRID)} and a final fit")
    ratios = [("lbfgs against scikit-learn", "scikit-learn", "lbfgs")]
    if plain_trials:
        spent, (trials, accuracy) = cost(lambda: ours(data, "sgd"))
        times["sgd"].append(spent)
        show("sgd", spent, f"accuracy {accuracy:.2f} %, {trials.setting}")
        times["plain SGD"].append(plain(data, trials, plain_trials))
        ratios += [
            ("lbfgs against plain SGD", "plain SGD", "lbfgs"),
            ("sgd against plain SGD", "plain SGD", "sgd"),
        ]
    for what, one, us in ratios:
        them, our = median(times[one]), median(times[us])
        print(f"{what:28} {them.wall / our.wall:6.1f} times, {them.cpu / our.cpu:6.1f} by CPU time")


def main() -> None:
    """Print the times and ratios at every size."""
    parser = argparse.ArgumentParser(description=__doc__)
    sizes = ["1500x256", "4000x768", "50000x512"]
    parser.add_argument("--sizes", nargs="+", default=sizes, help="photos x dimensions")
    parser.add_argument("--classes", type=int, default=6)
    parser.add_argument("--shift", type=float, default=0.015)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--plain-trials", type=int, default=3, help="0 to leave SGD out")
    parser.add_argument("--baseline", help=argparse.SUPPRESS)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.baseline:
        *numbers, C = json.loads(options.baseline)
        size = Size(*numbers)
        print(json.dumps({**scikit_learn(Data(size), C), "kernel": kernel()}))
        return
    for each in options.sizes:
        photos, dimensions = map(int, each.split("x"))
        measure(
            Size(photos, dimensions, options.classes, options.shift),
            options.repeats,
            options.plain_trials,
        )


if __name__ == "__main__":
    main()
