"""The worst failures of near-duplicate retrieval as pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from latentprint.report.thumbnails import Thumbnail
from latentprint.report.wording import number, shortened

EACH = 6
"""Failures of an encoder that are shown; pairs.json holds more."""

SHOWN = 18
"""Failures that the page has room for."""

ROLES = {"query": "Query", "target": "Target", "distractor": "Found instead"}


@dataclass(frozen=True)
class Part:
    """One photo of a failure.

    Attributes:
        role: Query, target or the distractor that was found instead.
        thumbnail: The picture; None where pictures are not wanted.
        id: Id of the photo.
        device: Type of device.
        similarity: Cosine similarity to the query, as text; empty for the query.
        spoken: All of it in words.
    """

    role: str
    thumbnail: Thumbnail | None
    id: str
    device: str
    similarity: str
    spoken: str


@dataclass(frozen=True)
class Failure:
    """A query whose target was not the first."""

    encoder: str
    gallery: str
    rank: str
    parts: list[Part]


def chosen_failures(failures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The failures that the page has room for, the same number of every encoder."""
    seen: Counter[str] = Counter()
    kept: list[dict[str, Any]] = []
    for each in failures:
        seen[each["encoder"]] += 1
        if seen[each["encoder"]] <= EACH and len(kept) < SHOWN:
            kept.append(each)
    return kept


def failure_paths(failures: list[dict[str, Any]]) -> Iterator[str]:
    """Paths of all photos of some failures."""
    for each in failures:
        yield from (_path(each, role) for role in ROLES)


def failure(record: dict[str, Any], pictures: Mapping[str, Thumbnail]) -> Failure:
    """A failure for the page.

    Args:
        record: As ``PairsOutcome.failures`` has it.
        pictures: Thumbnails by path; empty where pictures are not wanted.
    """
    return Failure(
        encoder=record["encoder"],
        gallery=record["gallery"],
        rank=f"the target comes at rank {record['rank']:,} of {record['photos']:,}",
        parts=[_part(record, role, pictures) for role in ROLES],
    )


def _part(record: dict[str, Any], role: str, pictures: Mapping[str, Thumbnail]) -> Part:
    similarity = record.get(f"{role}_similarity")
    device = str(record.get(f"{role}_device") or "")
    return Part(
        role=ROLES[role],
        thumbnail=pictures.get(_path(record, role)),
        id=shortened(record[role], 48),
        device=shortened(device, 40),
        similarity="" if similarity is None else number(similarity, 3),
        spoken=f"{ROLES[role]}: photo {record[role]}, {device}",
    )


def _path(record: dict[str, Any], role: str) -> str:
    return str(record.get(f"{role}_path") or record[role])
