"""Runs of any number of encoders for the figures: published figures, shifted a little."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import polars as pl

from latentprint.published import PAIR_SETUPS, published
from latentprint.report.inputs import Run
from latentprint.results import Result, results_table

HOSTILE = 'Mine <script>alert(1)</script> "]]> %{x} & <b>0123456789012345678901234567890123456789'
REFERENCE = "CLIP (RN50, WIT)"
SIZES = ((500, 0.3), (1000, 0.5), (2000, 0.8), (4000, 1.0))
SETUPS = ("all-same", "all-diff", "pos-same", "neg-same", "uniform")
BLOCKS = 6

Values = dict[tuple[str, str, str, str], dict[str, Any]]


def encoders(number: int) -> list[tuple[str, str]]:
    """Names and families: published encoders of every family first, the user's own last."""
    known = published().select("encoder", "family").unique(maintain_order=True).rows()
    spread = [known[0], known[24], known[40], known[20]]
    if number == 1:
        return spread[2:3]
    if number <= 5:
        return [*spread[: number - 1], (HOSTILE, "yours")]
    return [*known[: number - 1], (HOSTILE, "yours")]


def made_up_run(
    number: int = 5, *, datasets: tuple[str, ...] = ("holiday photos",), photos: bool = True
) -> Run:
    """A run of so many encoders with rows of every experiment that has a figure."""
    rows = [
        row
        for dataset in datasets
        for encoder, family in encoders(number)
        for row in _encoder_rows(encoder, family, dataset)
    ]
    rows += [
        row for encoder, family in encoders(min(number, 5)) for row in _blocks(encoder, family)
    ]
    return Run(
        table=results_table(rows),
        photos=_photos() if photos else None,
        settings={"dataset": datasets[0]},
    )


def _values() -> Values:
    wanted = ("ImageNet", "FlickrExif (90% masked)", "PairCams")
    table = published().filter(pl.col("dataset").is_in(wanted))
    found: Values = {}
    for row in table.to_dicts():
        key = (row["encoder"], row["experiment"], row["attribute"], row["setup"])
        found[key] = row
    return found


VALUES = _values()


def _encoder_rows(encoder: str, family: str, dataset: str) -> Iterator[Result]:
    chosen = random.Random(encoder)
    reference = REFERENCE if family == "yours" else encoder
    for (name, experiment, attribute, setup), row in VALUES.items():
        if name != reference:
            continue
        facts = {
            "encoder": encoder, "family": family, "experiment": experiment, "dataset": dataset,
            "attribute": attribute, "chance": row["chance"], "n_test": 1200, "n_train": 4000,
        }  # fmt: skip
        value = max(row["value"] - chosen.uniform(0, 2), 0.5)
        if experiment.endswith("probe"):
            yield from _probes(facts, value, row["chance"])
        elif experiment == "knn_influence":
            yield _result(facts, value, setup=setup, k=10)
            if setup == "uniform":
                yield _influence(facts, reference, attribute)
        elif setup in PAIR_SETUPS.values():
            yield _result({**facts, "n_train": 0}, value, setup=setup, k=1)


def _result(facts: dict[str, Any], value: float, **changes: Any) -> Result:
    return Result(
        **{**facts, "value": value, "low": value - 1.5, "high": min(value + 1.6, 100), **changes}
    )


def _probes(facts: dict[str, Any], value: float, chance: float) -> Iterator[Result]:
    processing = facts["experiment"] == "processing_probe"
    floor = chance + 2
    verdict = "read" if value > floor + 2 else "not above the floor"
    held = {"floor": floor, "floor_of": f"{facts['encoder']}, untrained", "verdict": verdict}
    facts = {**facts, "classes": round(100 / chance)}
    aside = {"ceiling": 95.0} if processing else {"container": floor + 1}
    yield _result(facts, value, setup="", **held, **aside)
    for size, share in SIZES:
        thinner = {**facts, "experiment": "learning_curve", "n_train": size}
        yield _result(thinner, chance + (value - chance) * share, setup="")
    if not processing:
        return
    yield _result(facts, min(value + 10, 98), setup="paired", **held)
    shares = {"processing share": 3.0, "photo share": 90.0, "rest share": 7.0, "shift": 1.2}
    for setup, share in shares.items():
        found = {**facts, "experiment": "variance", "chance": None, "n_train": 0}
        yield _result(found, share, setup=setup)


def _influence(facts: dict[str, Any], reference: str, attribute: str) -> Result:
    ends = [
        VALUES[reference, "knn_influence", attribute, setup]["value"]
        for setup in ("pos-same", "neg-same")
    ]
    return _result(
        {**facts, "chance": None},
        ends[0] - ends[1],
        setup="influence",
        k=10,
        verdict="traces change neighbours",
    )


def _blocks(network: str, family: str) -> Iterator[Result]:
    """Blocks of a network for two attributes, and of the same network untrained."""
    for attribute, classes in (("jpeg", 6), ("resizing", 3)):
        for suffix in ("", ", untrained"):
            facts = {
                "family": "control" if suffix else family, "experiment": "processing_probe",
                "dataset": "holiday photos", "attribute": attribute, "chance": 100 / classes,
                "n_test": 1200, "n_train": 4000, "classes": classes, "setup": "",
                "network": network + suffix,
            }  # fmt: skip
            for block in range(1, BLOCKS + 1):
                gain = 1.0 if suffix else 40.0 - 6 * abs(block - 4)
                name = f"{network}, block {block}{suffix}"
                yield _result({**facts, "encoder": name}, 100 / classes + gain, layer=block)
            if suffix:
                yield _result({**facts, "encoder": network + suffix}, 100 / classes + 1.5)


def _photos() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "status": ["ok"] * 300,
            "format": ["JPEG"] * 300,
            "jpeg_quality": [float(100 - (index * index) % 37) for index in range(300)],
            "jpeg_subsampling": [("4:2:0", "4:4:4", "4:2:2")[index % 3] for index in range(300)],
        }
    )
