"""The plan of what a store gets, on disk, so that several processes make different shards of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from latentprint.errors import UsageError
from latentprint.files import write_text, writing

PLAN = "plan.json"

_NAMED = 8


@dataclass(frozen=True)
class Share:
    """A part of the shards of a plan: every ``count``-th of them.

    Attributes:
        number: Which, from 1.
        count: How many there are.
    """

    number: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise UsageError(f"There is no share {self}: of n shares they are 1/n to n/n.")

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @classmethod
    def parse(cls, text: str | None) -> Share | None:
        """Read a share as a user writes it, such as ``"2/3"``; None for None.

        Raises:
            UsageError: It is written otherwise.
        """
        if text is None:
            return None
        found = re.fullmatch(r"(\d+)/(\d+)", text.strip())
        if found is None:
            raise UsageError(f"--shards {text!r} is no share: write 2/3 for the second of three.")
        return cls(int(found[1]), int(found[2]))


@dataclass(frozen=True)
class Part:
    """What one store gets from some photos.

    Attributes:
        store: Which of the stores, counted from 0.
        classes: Which of the classes that are asked for, counted from 0, ascending.
        number: Number of the shard.
    """

    store: int
    classes: tuple[int, ...]
    number: int


@dataclass(frozen=True)
class Chunk:
    """Photos that are read together, and end in one shard of each store that lacks them.

    Attributes:
        rows: Their rows in the table of photos, ascending.
        parts: What each store gets from them.
    """

    rows: Sequence[int]
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Plan:
    """All that is to be made, in an order that stays while several make it.

    The file of a plan lies in the folder of every store that it is for, until all is made.

    Attributes:
        asked: A digest of the photos, encoders, classes and settings that are asked for.
        shares: In how many shares it is made; 1 where one process hands out the work.
        chunks: What is made.
        store: Which of its stores it was read from.
    """

    asked: str
    shares: int
    chunks: tuple[Chunk, ...]
    store: int = 0

    @classmethod
    def read(cls, folder: Path) -> Plan | None:
        """The plan for a store; None if there is none, or no readable one."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            stated = json.loads((folder / PLAN).read_text(encoding="utf-8"))
            chunks = tuple(
                Chunk(_rows(ranges), tuple(Part(at, tuple(names), to) for at, names, to in parts))
                for ranges, parts in stated["chunks"]
            )
            return cls(str(stated["asked"]), int(stated["shares"]), chunks, int(stated["store"]))
        return None

    def write(self, folders: Sequence[Path]) -> None:
        """Write it for every store, the first last: who finds it there finds it everywhere."""
        chunks = [
            [_ranges(each.rows), [[part.store, part.classes, part.number] for part in each.parts]]
            for each in self.chunks
        ]
        for at, folder in reversed(list(enumerate(folders))):
            about = {"asked": self.asked, "shares": self.shares, "store": at, "chunks": chunks}
            write_text(folder / PLAN, json.dumps(about) + "\n")

    def numbers(self, store: int) -> set[int]:
        """The numbers of the shards that a store gets."""
        return {part.number for each in self.chunks for part in each.parts if part.store == store}

    def share(self, share: Share | None) -> list[Chunk]:
        """The chunks of a share; all for None."""
        return list(self.chunks if share is None else self.chunks[share.number - 1 :: share.count])


def count_photos(chunks: Sequence[Chunk]) -> int:
    """How many different photos some chunks are made of."""
    seen = np.zeros(1 + max((chunk.rows[-1] for chunk in chunks), default=0), bool)
    for chunk in chunks:
        seen[np.asarray(chunk.rows)] = True
    return int(seen.sum())


def compact(rows: np.ndarray) -> Sequence[int]:
    """Ascending rows in little memory: a range where they are unbroken."""
    first, last = int(rows[0]), int(rows[-1])
    unbroken = range(first, last + 1)
    return unbroken if len(unbroken) == len(rows) else tuple(rows.tolist())


def without_share(command: str) -> str:
    """A command line that makes all, of one that makes a share."""
    return re.sub(r" --shards[ =]\S+", "", command)


def remove_plan(folders: Iterable[Path]) -> None:
    """Remove the plan for some stores, if there is one."""
    for folder in folders:
        with writing(folder):
            (folder / PLAN).unlink(missing_ok=True)


def planned(folder: Path) -> set[int]:
    """The numbers of the shards that a plan lets a store get; none where there is no plan."""
    plan = Plan.read(folder)
    return set() if plan is None else plan.numbers(plan.store)


def unmade(folder: Path, there: Iterable[int]) -> str | None:
    """Say which shards of a store are planned and not made, and how they are.

    Args:
        folder: The folder of a store.
        there: Numbers of the shards that are there.

    Returns:
        The sentence, or None where nothing is planned.
    """
    plan = Plan.read(folder)
    if plan is None:
        return None
    made, lacks = set(there), [0] * plan.shares
    for position, chunk in enumerate(plan.chunks):
        lacks[position % plan.shares] += any(
            part.store == plan.store and part.number not in made for part in chunk.parts
        )
    return said(folder, lacks, len(plan.numbers(plan.store)))


def said(folder: Path, lacks: Sequence[int], planned: int) -> str:
    """The sentence for a store of which some shares lack shards.

    Args:
        folder: The folder of the store.
        lacks: How many shards of each share are not made.
        planned: How many shards are planned.
    """
    again = "run the same `latentprint embed` again"
    if not any(lacks):
        return f"{folder} is incomplete: all {planned} shards are made, but not listed: {again}."
    shares = [
        f"--shards {at + 1}/{len(lacks)} ({count})" for at, count in enumerate(lacks) if count
    ]
    named = ", ".join([*shares[:_NAMED], *(["…"] if len(shares) > _NAMED else [])])
    way = f" with {named}, or without --shards for all" if len(lacks) > 1 else ""
    return f"{folder} is incomplete: {sum(lacks)} of {planned} shards are missing: {again}{way}."


def _ranges(rows: Sequence[int]) -> list[list[int]]:
    """Ascending numbers as first and last of each unbroken range."""
    values = np.asarray(rows, np.int64)
    ends = [0, *(np.flatnonzero(np.diff(values) > 1) + 1).tolist(), len(values)]
    return [[int(values[start]), int(values[end - 1])] for start, end in pairwise(ends)]


def _rows(ranges: Sequence[tuple[int, int]]) -> Sequence[int]:
    return compact(np.concatenate([np.arange(first, last + 1) for first, last in ranges]))
