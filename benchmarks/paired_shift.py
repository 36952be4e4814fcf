"""What the paired-shift discriminant finds in subsets of real photos, beside the probe.

Subsets are drawn by group from a folder of embeddings that ``latentprint embed PHOTOS --control``
wrote with the attributes jpeg and sharpening. Printed for each: the share of subsets with p at most
0.05, the median p, the mean accuracy and the CPU seconds of one test. With ``--probe``, also the
share whose probe, every photo under every class, has its whole interval a margin above chance.

    python benchmarks/paired_shift.py latentprint-store --repeats 20 --probe
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from latentprint.embeddings import StoredEmbeddings, open_collection
from latentprint.embeddings.selection import SelectedEmbeddings
from latentprint.experiments import ProbeOptions, probe_processing
from latentprint.experiments.probes.items import Items, permuted_classes, processed_items
from latentprint.experiments.probes.paired_shift import ShiftOptions, paired_shift
from latentprint.experiments.source import ROW
from latentprint.processing import ATTRIBUTES, Attribute
from latentprint.words import MARGIN

JPEG, SHARPENING = ATTRIBUTES["jpeg"], ATTRIBUTES["sharpening"]
SUBSAMPLING = replace(JPEG, classes=("JPEG95_420", "JPEG95_444"))


def subset(source: StoredEmbeddings, n: int, seed: int) -> SelectedEmbeddings:
    """Photos of as many random groups as make n photos, three in four of them for training."""
    photos = source.photos
    groups = np.random.default_rng(seed).permutation(photos["group"].unique().sort().to_numpy())
    order = {group: at for at, group in enumerate(groups)}
    place = np.array([order[each] for each in photos["group"]])
    rows = np.argsort(place, kind="stable")[:n]
    split = ["val" if at % 4 == 0 else "train" for at in range(n)]
    chosen = photos[rows].with_columns(split=pl.Series(split))
    return SelectedEmbeddings(replace(source, split_made=True), chosen, rows)


def items(source: StoredEmbeddings, attribute: Attribute, n: int, seed: int) -> Items:
    """Every photo of a subset under every class."""
    part = subset(source, n, seed)
    photos = part.photos.with_row_index(ROW)
    return processed_items(part, attribute.classes, photos, paired=False, memory_mb=4096)


def permuted(source: StoredEmbeddings, attribute: Attribute, n: int, seed: int) -> Items:
    """The same with classes that mean nothing."""
    return permuted_classes(items(source, attribute, n, seed), seed)


def is_read(source: StoredEmbeddings, attribute: Attribute, n: int, seed: int) -> bool:
    """Whether the whole interval of a subset's probe is a margin above chance."""
    how = ProbeOptions(controls=False, curve=False)
    result = probe_processing(subset(source, n, seed), attribute, how).result
    return bool(result.low > (result.chance or 0.0) + MARGIN)


def report(
    name: str,
    made: Callable[[int], Items],
    repeats: int,
    probed: Callable[[int], bool] | None = None,
) -> None:
    """Print one line of the table."""
    spent, found = [], []
    for seed in range(repeats):
        each = made(seed)
        start = time.process_time()
        found.append(paired_shift(each, ShiftOptions(seed=seed)))
        spent.append(time.process_time() - start)
    p = np.array([each.p for each in found])
    accuracy = np.mean([each.accuracy for each in found])
    probe = (
        ""
        if probed is None
        else f"  probe {100 * np.mean(list(map(probed, range(repeats)))):3.0f} %"
    )
    print(
        f"{name:<42} p <= .05 {100 * (p <= 0.05).mean():5.1f} %  median p {np.median(p):.3f}  "
        f"accuracy {accuracy:4.1f} (chance {found[0].chance:.1f})  {np.mean(spent):4.2f} s{probe}",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("store", type=Path)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--probe", action="store_true")
    options = parser.parse_args()
    sources = open_collection(options.store)
    encoder = next(each for each in sources if each.family != "control")
    untrained = next(each for each in sources if "untrained" in each.encoder)
    everything = len(encoder.photos)
    for title, source, attribute, n, share in (
        ("JPEG", encoder, JPEG, 120, 1.0),
        ("JPEG 95, 4:2:0 against 4:4:4", encoder, SUBSAMPLING, 120, 1.0),
        ("sharpening", encoder, SHARPENING, 60, 1.0),
        ("JPEG, untrained network", untrained, JPEG, 240, 0.6),
        ("JPEG", encoder, JPEG, everything, 0.05),
        ("sharpening", encoder, SHARPENING, everything, 0.05),
        ("JPEG, untrained network", untrained, JPEG, everything, 0.05),
    ):
        report(
            f"{title}, {n} photos",
            partial(items, source, attribute, n),
            max(1, round(share * options.repeats)),
            partial(is_read, source, attribute, n) if options.probe and n < everything else None,
        )
    report(
        "JPEG, permuted classes, 60 photos",
        partial(permuted, encoder, JPEG, 60),
        3 * options.repeats,
    )


if __name__ == "__main__":
    main()
