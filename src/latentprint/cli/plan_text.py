"""What ``--dry-run`` prints: what would be done, and how long it would take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from latentprint.cli.output import left_out_lines
from latentprint.cli.terminal import print_json, say
from latentprint.report.wording import count

if TYPE_CHECKING:
    from latentprint.jobs.plan import Plan, PlannedStore
    from latentprint.jobs.rehearsal import Estimate

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_BYTES = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


def print_plan(plan: Plan, *, as_json: bool) -> None:
    """Print a plan for people, or as one JSON value."""
    if as_json:
        stores = [{**asdict(each), "folder": str(each.folder)} for each in plan.stores]
        print_json({**asdict(plan), "stores": stores})
    else:
        say(*_lines(plan))


def _lines(plan: Plan) -> Iterator[str]:
    yield f"{plan.dataset}: {count(plan.photos, 'photo')}, {plan.ignored:,} other files ignored"
    yield from plan.notes
    if plan.share is not None:
        yield f"Share {plan.share} of the shards that are missing:"
    for (folder, classes), stores in _by_folder(plan.stores).items():
        yield f"{folder}, {count(len(classes), 'class', 'classes')}: {', '.join(classes)}"
        for store in stores:
            yield from _store_lines(store)
    if plan.steps:
        yield f"{count(len(plan.steps), 'measurement')} would run:"
        yield from (f"  {each}" for each in plan.steps)
    yield from left_out_lines(plan.left_out)
    added = sum(each.vector_bytes for each in plan.stores)
    there = sum(each.stored_bytes for each in plan.stores)
    yield f"On disk: {_size(there)} now, {_size(added)} of vectors more."
    yield _time_line(plan)
    yield "Nothing was written."


def _by_folder(
    stores: Sequence[PlannedStore],
) -> dict[tuple[Path, tuple[str, ...]], list[PlannedStore]]:
    found: dict[tuple[Path, tuple[str, ...]], list[PlannedStore]] = {}
    for each in stores:
        found.setdefault((each.folder.parent, each.classes), []).append(each)
    return found


def _store_lines(store: PlannedStore) -> Iterator[str]:
    yield (
        f"  {store.encoder}: {store.stored:,} stored, {store.missing:,} to embed "
        f"({count(store.images, 'image')})"
    )
    if store.broken:
        yield f"    {store.broken:,} of the stored ones are broken, and not read again"
    if store.touched:
        yield (
            f"    {store.touched:,} of the stored ones have files of another size or time: these "
            "are compared, and embedded anew where their pixels have changed"
        )


def _time_line(plan: Plan) -> str:
    if not any(each.missing for each in plan.stores):
        return "Embedding: nothing to do."
    if plan.estimate is None:
        return "Embedding: no estimate, since none of the few photos that were tried can be read."
    return f"Embedding: {duration(plan.estimate.seconds)}, {_basis(plan.estimate)}."


def _basis(estimate: Estimate) -> str:
    return (
        f"an estimate from {count(estimate.photos, 'photo')} on this machine ({estimate.device}), "
        "without loading encoders and without measurements"
    )


def duration(seconds: float) -> str:
    """A time in the unit that suits it, such as "about 12 minutes"."""
    for unit, length in _UNITS:
        if seconds >= 2 * length:
            return f"about {seconds / length:,.0f} {unit}s"
    return "about a second"


def _size(size: int) -> str:
    for unit, length in _BYTES:
        if size >= length:
            return f"{size / length:,.1f} {unit}"
    return f"{size} bytes"
