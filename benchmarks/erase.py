"""Time the eraser against concept-erasure, and set it beside other ways to remove a nuisance.

``speed`` times both packages in one process, in turns, on the same made-up rows, checks that they
find the same map, and erases a million rows. ``compare`` fits every method on half of the photos of
a store and reads on the other half what is left: the processing, by a linear probe trained after
erasure; of neighbours, by the share of the ten nearest that stay, and by how many of them share a
photo's processing beyond chance. Methods with a * need the class of every vector.

    python benchmarks/erase.py speed                    # about 1 min on one core
    python benchmarks/erase.py compare STORE            # about 2 min on one core
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from latentprint.erasure.eraser import LinearEraser
from latentprint.erasure.leace import LeaceOptions, fit_leace, oblique_projection, shrunk
from latentprint.erasure.moments import Moments

_ROWS_AT_ONCE = 2048


def made_up(rows: int, dimensions: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Correlated unit rows far from zero with a trace of each class, float32, and their classes."""
    rng = np.random.default_rng(0)
    scales = np.geomspace(1.0, 0.05, dimensions)
    found = 0.5 + rng.standard_normal((rows, dimensions)) * scales
    found[:, :64] += found[:, 64:128]
    labels = np.arange(rows) % classes
    found += 0.2 * rng.standard_normal((classes, dimensions))[labels]
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found.astype(np.float32), labels


def seconds(run: Callable[[], Any]) -> tuple[float, Any]:
    """CPU time of a call, and what it gives."""
    begun = time.process_time()
    found = run()
    return time.process_time() - begun, found


def speed(options: argparse.Namespace) -> dict[str, Any]:
    """Fit and apply, in turns, as medians and their ratios."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from concept_erasure import LeaceFitter
    rows, labels = made_up(options.rows, options.dimensions, options.classes)
    tensor, onehot = torch.from_numpy(rows), torch.eye(options.classes)[labels]

    def our_moments(kind: type) -> Moments:
        found = Moments(paired=False)
        found.add(rows.astype(kind), labels)
        return found

    def their_moments(kind: torch.dtype) -> Any:
        how = {"dtype": kind, "svd_tol": 1e-9, "constrain_cov_trace": False}
        fitter = LeaceFitter(options.dimensions, options.classes, **how)
        for start in range(0, len(tensor), _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            fitter.update(tensor[part], onehot[part])
        return fitter

    times: dict[str, list[float]] = {}

    def timed(name: str, run: Callable[[], Any]) -> Any:
        spent, found = seconds(run)
        times.setdefault(name, []).append(spent)
        return found

    for _ in range(options.repeats):
        moments = timed("moments, ours", lambda: our_moments(np.float32))
        single = timed("moments, theirs, float32", lambda: their_moments(torch.float32))
        double = timed("moments, theirs, float64", lambda: their_moments(torch.float64))
        timed("fit, ours", lambda moments=moments: fit_leace(moments))
        theirs = timed("fit, theirs, float32", lambda single=single: single.eraser)
        timed("fit, theirs, float64", lambda double=double: double.eraser)
    medians = {name: statistics.median(each) for name, each in times.items()}
    # The same metric as theirs, without the shrinkage that ours does by default.
    exact = LeaceFitter(
        options.dimensions, options.classes, dtype=torch.float64, svd_tol=1e-9, shrinkage=False,
        constrain_cov_trace=False,
    ).update(tensor.double(), onehot.double())  # fmt: skip
    read, write = oblique_projection(moments.cross, moments.content)
    ours = LinearEraser(read, write, read @ moments.mean).transform(rows.astype(np.float64))
    apart = np.abs(ours - exact.eraser(tensor.double()).numpy()).max()
    eraser = fit_leace(moments).rounded()
    return {
        "rows": options.rows,
        "dimensions": options.dimensions,
        "classes": options.classes,
        "seconds": medians,
        "ratio": {
            f"{part}, {kind}": medians[f"{part}, theirs, {kind}"] / medians[f"{part}, ours"]
            for part in ("moments", "fit")
            for kind in ("float32", "float64")
        },
        "largest difference of the two maps": float(apart),
        "a million rows": _a_million(rows, eraser, theirs),
    }


def _a_million(rows: np.ndarray, eraser: LinearEraser, theirs: Any) -> dict[str, float]:
    """Seconds for a million rows, of which a fifth are erased, block by block."""
    block = rows[:_ROWS_AT_ONCE]
    times = -(-1_000_000 // len(block))
    matrix = eraser.dense()[0].astype(np.float32)
    tensor = torch.from_numpy(block)
    ways: dict[str, Callable[[], Any]] = {
        f"ours, rank {eraser.rank}": lambda: eraser.transform(block),
        f"theirs, rank {eraser.rank}": lambda: theirs(tensor),
        "dense matrix": lambda: block @ matrix.T,
        "unit length": lambda: block / np.linalg.norm(block, axis=1, keepdims=True),
    }
    found = {}
    for name, way in ways.items():
        few = max(1, times // 5)
        begun = time.process_time()
        for _ in range(few):
            way()
        found[name] = (time.process_time() - begun) * times / few
    return found


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """Every method, fitted on half of the photos of a store and read on the other half."""
    from latentprint.jobs.erase_fit import EraseOptions, photos_of, split_sides
    from latentprint.jobs.erase_rows import EraseSources, open_rows

    asked = EraseSources((options.store,), tuple(options.attribute or ()), options.encoder)
    rows = open_rows(asked, seed=options.seed)
    sides = split_sides(rows, EraseOptions(seed=options.seed))
    fit, held = (_stack(rows, photos_of(sides, side)) for side in ("fit", "held out"))
    shows = np.unique(rows.photos["label"].fill_null("").to_numpy(), return_inverse=True)[1]
    halves = Halves(fit, held, shows[photos_of(sides, "fit")])
    found = {}
    for name, method in METHODS.items():
        if options.only and not any(each in name for each in options.only):
            continue
        spent, erased = seconds(lambda method=method: method(halves))
        figures = _judged(held, erased, options.seed)
        found[name] = {**figures, "fit and apply, CPU s": spent}
        shown = "  ".join(f"{what} {each:7.2f}" for what, each in found[name].items())
        sys.stderr.write(f"{name:32s} {shown}\n")
    return {"store": str(options.store), "classes": list(rows.versions), "methods": found}


def _stack(rows: Any, index: np.ndarray) -> np.ndarray:
    """Unit rows under every class, float64 [V, n, D]."""
    ids = rows.photos["id"].to_numpy()
    return np.stack([rows._read(name, index, ids) for name in rows.versions])


@dataclass(frozen=True)
class Halves:
    """The photos to fit on and those held out, [V, n, D] each, and what the former show [n]."""

    fit: np.ndarray
    held: np.ndarray
    shows: np.ndarray


Method = Callable[[Halves], np.ndarray]
"""Fits on one half and gives the other erased, [V, n, D]."""


def nothing(halves: Halves) -> np.ndarray:
    """The vectors as they are."""
    return halves.held


def leace(paired: bool, **how: Any) -> Method:
    """LEACE as this package fits it, on every version of all photos, or on one of each."""

    def run(halves: Halves) -> np.ndarray:
        eraser = fit_leace(_moments(halves.fit, paired), LeaceOptions(**how))
        erased: np.ndarray = eraser.transform(_flat(halves.held))
        return erased.reshape(halves.held.shape)

    return run


def nuisance_projection(rank: int) -> Method:
    """NAP: the directions in which versions of a photo vary most (Solomonoff 2005)."""

    def run(halves: Halves) -> np.ndarray:
        within = _flat(halves.fit - halves.fit.mean(axis=0))
        return _projected(halves, np.linalg.eigh(within.T @ within)[1][:, -rank:])

    return run


def principal(rank: int) -> Method:
    """Without the first principal components of all rows."""

    def run(halves: Halves) -> np.ndarray:
        centred = _flat(halves.fit) - _flat(halves.fit).mean(axis=0)
        return _projected(halves, np.linalg.eigh(centred.T @ centred)[1][:, -rank:])

    return run


def iterated(rounds: int) -> Method:
    """INLP: project out the directions of a probe, again and again (Ravfogel et al. 2020)."""

    def run(halves: Halves) -> np.ndarray:
        fit = halves.fit
        classes = np.repeat(np.arange(len(fit)), fit.shape[1])
        taken = np.zeros((fit.shape[2], 0))
        for _ in range(rounds):
            left = _flat(fit) - _flat(fit) @ taken @ taken.T
            read = _probe(left - left.mean(axis=0), classes)[:-1]
            taken = np.linalg.qr(np.hstack([taken, read[:, 1:] - read[:, :1]]))[0]
        return _projected(halves, taken)

    return run


def adversarial(rate: float, steps: int = 400) -> Method:
    """A full linear map that a probe plays against: cosines of a batch are to stay as they are.

    A plain form of the map of arXiv 2608.05424, whose code is not public: figures are not theirs.
    """

    def run(halves: Halves) -> np.ndarray:
        torch.manual_seed(0)
        rows = torch.from_numpy(_flat(halves.fit)).float()
        classes = torch.arange(len(halves.fit)).repeat_interleave(halves.fit.shape[1])
        size = rows.shape[1]
        matrix = torch.eye(size, requires_grad=True)
        probe = torch.nn.Linear(size, len(halves.fit))
        slow = torch.optim.SGD([matrix], lr=rate)
        fast = torch.optim.Adam(probe.parameters(), lr=1e-2)
        for _ in range(steps):
            batch = torch.randint(len(rows), (256,))
            unit = torch.nn.functional.normalize(rows[batch] @ matrix.T, dim=1)
            for _ in range(3):
                fast.zero_grad()
                torch.nn.functional.cross_entropy(probe(unit.detach()), classes[batch]).backward()
                fast.step()
            slow.zero_grad()
            kept = ((unit @ unit.T - rows[batch] @ rows[batch].T) ** 2).mean()
            (kept - torch.nn.functional.cross_entropy(probe(unit), classes[batch])).backward()
            slow.step()
        return halves.held @ matrix.detach().double().numpy().T

    return run


def keeping_labels(halves: Halves) -> np.ndarray:
    """SPLINCE: LEACE that leaves the covariance with what photos show (arXiv 2506.10703)."""
    fit, shows = halves.fit, halves.shows
    moments = _moments(fit, paired=True)
    factor = np.linalg.cholesky(shrunk(moments.content, moments.photos))
    photos = fit.mean(axis=0)
    means = [photos[shows == each].mean(axis=0) for each in np.unique(shows)]
    keep = np.linalg.solve(factor, (np.array(means) - photos.mean(axis=0)).T)
    away = np.linalg.solve(factor, moments.cross.T)
    keep, away = _basis(keep), _basis(away)
    # Zero on what is taken, the identity on what is kept and on what is orthogonal to both.
    both = _basis(np.hstack([away, keep]))
    dual = np.linalg.pinv(np.hstack([away, keep]))[: away.shape[1]]
    read = np.linalg.solve(factor.T, (dual @ both @ both.T).T).T
    write = (factor @ away).T
    mean = _flat(fit).mean(axis=0)
    return halves.held - (halves.held - mean) @ read.T @ write


def centring(halves: Halves) -> np.ndarray:
    """Subtract the mean of the class; it has to be known of a query."""
    fit = halves.fit
    return halves.held - fit.mean(axis=1, keepdims=True) + fit.mean(axis=(0, 1))


def combat(halves: Halves) -> np.ndarray:
    """ComBat: means and variances of classes, shrunk towards each other (Johnson et al. 2007)."""
    fit, erased = halves.fit, np.empty_like(halves.held)
    grand, spread = fit.mean(axis=(0, 1)), fit.std(axis=1).mean(axis=0) + 1e-8
    for at, own in enumerate(fit):
        standard = (own - grand) / spread
        n, mean, variance = len(own), standard.mean(axis=0), standard.var(axis=0) + 1e-8
        prior_mean, prior_spread = mean.mean(), mean.var()
        average, scatter = variance.mean(), variance.var()
        shape = (2 * scatter + average**2) / scatter
        scale = (average * scatter + average**3) / scatter
        gamma, delta = mean.copy(), variance.copy()
        for _ in range(30):
            gamma = (n * prior_spread * mean + delta * prior_mean) / (n * prior_spread + delta)
            squares = ((standard - gamma) ** 2).sum(axis=0)
            delta = (scale + squares / 2) / (n / 2 + shape - 1)
        standard = (halves.held[at] - grand) / spread
        erased[at] = (standard - gamma) / np.sqrt(delta) * spread + grand
    return erased


def coral(halves: Halves) -> np.ndarray:
    """CORAL: give every class the covariance of all (Sun, Feng and Saenko 2016)."""
    fit, erased = halves.fit, np.empty_like(halves.held)
    colour = np.linalg.cholesky(shrunk(np.cov(_flat(fit).T), fit.shape[1]))
    for at, own in enumerate(fit):
        white = np.linalg.inv(np.linalg.cholesky(shrunk(np.cov(own.T), len(own))))
        change = (colour @ white).T
        erased[at] = (halves.held[at] - own.mean(axis=0)) @ change + fit.mean(axis=(0, 1))
    return erased


METHODS: dict[str, Method] = {
    "nothing": nothing,
    "paired LEACE": leace(paired=True),
    "paired LEACE, plain": leace(paired=True, metric="plain"),
    "paired LEACE + 8": leace(paired=True, extra=8),
    "LEACE, one version a photo": leace(paired=False),
    "NAP-8": nuisance_projection(8),
    "PCA-8": principal(8),
    "SPLINCE on pairs": keeping_labels,
    "INLP-5": iterated(5),
    "adversarial map, rate 1": adversarial(1.0),
    "adversarial map, rate 0.001": adversarial(1e-3),
    "centring *": centring,
    "ComBat *": combat,
    "CORAL *": coral,
}


def _moments(fit: np.ndarray, paired: bool) -> Moments:
    classes, photos = np.indices(fit.shape[:2])
    found = Moments(paired=paired)
    if paired:
        found.add(_flat(fit), classes.ravel(), photos.ravel())
        return found
    drawn = np.random.default_rng(0).integers(len(fit), size=fit.shape[1])
    found.add(fit[drawn, np.arange(fit.shape[1])], drawn)
    return found


def _flat(stack: np.ndarray) -> np.ndarray:
    return stack.reshape(-1, stack.shape[-1])


def _basis(columns: np.ndarray) -> np.ndarray:
    left, values, _ = np.linalg.svd(columns, full_matrices=False)
    return left[:, values > 1e-9 * values[0]]


def _projected(halves: Halves, taken: np.ndarray) -> np.ndarray:
    mean = _flat(halves.fit).mean(axis=0)
    return halves.held - (halves.held - mean) @ taken @ taken.T


def _probe(rows: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Ridge regression of the classes, shrunk as is best for rows left out, float64 [D + 1, V]."""
    onehot = np.eye(int(classes.max()) + 1)[classes]
    mean, share = rows.mean(axis=0), onehot.mean(axis=0)
    centred = rows - mean
    values, vectors = np.linalg.eigh(centred.T @ centred)
    turned, wanted = centred @ vectors, vectors.T @ (centred.T @ (onehot - share))
    best, found = np.inf, np.zeros(0)
    for ridge in np.trace(centred.T @ centred) * np.geomspace(1e-7, 1, 15):
        weights = 1 / (np.clip(values, 0, None) + ridge)
        leverage = (turned**2 * weights).sum(axis=1) + 1 / len(rows)
        fitted = turned @ (weights[:, None] * wanted) + share
        error = float((((onehot - fitted) / (1 - leverage)[:, None]) ** 2).mean())
        if error < best:
            read = vectors @ (weights[:, None] * wanted)
            best, found = error, np.vstack([read, share - mean @ read])
    return found


def _unit(stack: np.ndarray) -> np.ndarray:
    return stack / np.linalg.norm(stack, axis=-1, keepdims=True)


def _judged(before: np.ndarray, erased: np.ndarray, seed: int) -> dict[str, float]:
    """What is left on photos that no method saw: half of them train the probe, half test it."""
    erased = _unit(erased)
    half = np.random.default_rng(seed).permutation(erased.shape[1]) < erased.shape[1] // 2
    figures = {}
    for name, stack in (("probe", erased), ("paired", erased - erased.mean(axis=0))):
        train, test = stack[:, half], stack[:, ~half]
        read = _probe(_flat(train), np.repeat(np.arange(len(train)), train.shape[1]))
        said = (_flat(test) @ read[:-1] + read[-1]).argmax(axis=1)
        truth = np.repeat(np.arange(len(test)), test.shape[1])
        figures[name] = 100 * float((said == truth).mean())
    near = [_nearest(each[-1]) for each in (_unit(before), erased)]
    kept = [len(set(one) & set(other)) / len(one) for one, other in zip(*near, strict=True)]
    figures["overlap"] = 100 * float(np.mean(kept))
    figures["same processing"] = _alike(erased, seed)
    return figures


def _alike(stack: np.ndarray, seed: int, draws: int = 10) -> float:
    """Points by which the ten nearest share a photo's processing beyond chance."""
    rng = np.random.default_rng(seed)
    classes, photos, _ = stack.shape
    found = []
    for _ in range(draws):
        drawn = rng.permutation(np.arange(photos) % classes)
        near = _nearest(stack[drawn, np.arange(photos)])
        others = (np.bincount(drawn, minlength=classes)[drawn] - 1) / (photos - 1)
        found.append((drawn[near] == drawn[:, None]).mean() - others.mean())
    return 100 * float(np.mean(found))


def _nearest(rows: np.ndarray, k: int = 10) -> np.ndarray:
    similar = rows @ rows.T
    np.fill_diagonal(similar, -np.inf)
    return np.argsort(-similar, axis=1)[:, :k]


def main() -> None:
    """Run one part and print its figures as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parsers = parser.add_subparsers(dest="part", required=True)
    fast = parsers.add_parser("speed")
    fast.add_argument("--rows", type=int, default=20_000)
    fast.add_argument("--dimensions", type=int, default=1280)
    fast.add_argument("--classes", type=int, default=10)
    fast.add_argument("--repeats", type=int, default=5)
    beside = parsers.add_parser("compare")
    beside.add_argument("store", type=Path)
    beside.add_argument("--attribute", "-a", action="append")
    beside.add_argument("--encoder", "-e")
    beside.add_argument("--only", action="append", help="methods whose name holds this; repeat it")
    beside.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found = speed(options) if options.part == "speed" else compare(options)
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
