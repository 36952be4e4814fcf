"""What weakens the figures of a run, said before anyone relies on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from latentprint.report.inputs import Run
from latentprint.report.photos_section import JpegQuality, jpeg_quality
from latentprint.report.section import is_answered
from latentprint.report.sections import SECTIONS
from latentprint.report.wording import count, listed
from latentprint.results import LeftOut

FEW = 1000
"""Test photos below which a caution is given."""

_LISTED = 6
"""Measurements that were left out for one reason that are named; more are counted."""


def cautions(run: Run) -> list[str]:
    """Every caution that applies to the run."""
    return [
        *run.remarks,
        *_few_photos(run),
        *_of_parts(run.parts),
        *_left_out(run),
    ]


def _of_parts(parts: Sequence[Run]) -> list[str]:
    """Cautions about the photos of each run; with several runs it is said of which."""
    found: dict[str, list[str]] = {}
    for part in parts:
        recorded = part.settings.get("photos") or {}
        compresses = any(row["attribute"] == "jpeg" for row in part.rows)
        quality = jpeg_quality(part.photos) if compresses and part.photos is not None else None
        for caution in (*_compressed(quality), *_split(recorded), *_files(recorded)):
            found.setdefault(caution, []).append(part.name)
    if len(parts) == 1:
        return list(found)
    return [f"{listed(names)}: {caution}" for caution, names in found.items()]


def _few_photos(run: Run) -> list[str]:
    judged = [*run.every_probe, *run.neighbours]
    fewest = min((row["n_test"] for row in judged), default=FEW)
    if fewest >= FEW:
        return []
    least = "as few as " if len({row["n_test"] for row in judged}) > 1 else ""
    return [
        f"Few test photos, {least}{fewest:,}: small effects cannot be seen; {FEW:,} or more make "
        "verdicts firmer."
    ]


def _compressed(quality: JpegQuality | None) -> list[str]:
    if quality is None or quality.below == 0:
        return []
    return [
        f"Already compressed sources: {quality.below:,} of {count(quality.known, 'JPEG file')} "
        f"({quality.share:.0%}) were saved below quality 95, which weakens what is measured "
        "of JPEG compression."
    ]


def _split(recorded: dict[str, Any]) -> list[str]:
    found = []
    if straddling := recorded.get("straddling_groups"):
        found.append(
            f"Groups of photos (near-duplicates, or of one photographer) on both sides of the "
            f"split: {count(straddling, 'group')}. Test photos are not fully independent."
        )
    if duplicates := recorded.get("duplicates"):
        found.append(
            f"{count(duplicates, 'photo is a near-duplicate', 'photos are near-duplicates')} of "
            "another."
        )
    if recorded.get("split_made"):
        found.append(
            "The split into training and test photos was drawn at random: photos of one "
            "photographer may be in both."
        )
    return found


def _files(recorded: dict[str, Any]) -> list[str]:
    found = []
    if wrong := recorded.get("mislabelled"):
        found.append(
            f"{count(wrong, 'file has', 'files have')} another format than the name says: see "
            "“Photos”."
        )
    return found


def _left_out(run: Run) -> list[str]:
    """What was asked for and not measured; the same reason is given once."""
    # What nobody measured at all is told by itself.
    untold = {name for each in SECTIONS if each.is_listed and not is_answered(each, run)
              for name in each.experiments}  # fmt: skip
    reasons: dict[str, list[str]] = {}
    for each in run.left_out:
        if each.experiment in untold:
            continue
        reasons.setdefault(each.reason, []).append(_named(each))
    return [
        f"Left out: {'; '.join([*whats[:_LISTED], *_further(whats)])}: {reason}"
        for reason, whats in reasons.items()
    ]


def _named(left_out: LeftOut) -> str:
    """What was left out, in words."""
    if not left_out.experiment:
        return f"encoder {left_out.encoder}"
    what = next(
        each.name for each in SECTIONS if each.name and left_out.experiment in each.experiments
    )
    about = f" of {left_out.attribute}" if left_out.attribute else ""
    return f"{what}{about}, {left_out.encoder}" if left_out.encoder else f"{what}{about}"


def _further(whats: list[str]) -> list[str]:
    more = len(whats) - _LISTED
    return [f"{more:,} more"] if more > 0 else []
