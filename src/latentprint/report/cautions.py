"""What weakens the figures of a run, said before anyone relies on them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from latentprint.report.inputs import Run
from latentprint.report.photos_section import JpegQuality, jpeg_quality
from latentprint.report.sections import SECTIONS
from latentprint.report.wording import capital, checks, count, listed, quoted_name
from latentprint.results import LeftOut

FEW = 1000
"""Test photos below which a caution is given."""

_WARNINGS = 6
"""Different health warnings that are listed; each stands beside its result as well."""

_LISTED = 6
"""Measurements that were left out for one reason that are named; more are counted."""

_NAMED = 4
"""Encoders that a caution names; more are counted."""

_NUMBER = re.compile(r"\d[\d,.]*(?:e-?\d+)?(?<![.,])")
_BRACKETS = re.compile(r" \([^()]*…[^()]*\)")


def cautions(run: Run) -> list[str]:
    """Every caution that applies to the run."""
    return [
        *run.remarks,
        *_few_photos(run),
        *_of_parts(run.parts),
        *_left_out(run),
        *_no_twin(run),
        *_health(run),
    ]


def _of_parts(parts: Sequence[Run]) -> list[str]:
    """Cautions about the photos of each run; with several runs it is said of which."""
    found: dict[str, list[str]] = {}
    for part in parts:
        recorded = part.settings.get("photos") or {}
        quality = jpeg_quality(part.photos) if part.photos is not None else None
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
        f"Few test photos: {least}{fewest:,}. Intervals are wide and small effects cannot be seen; "
        f"{FEW:,} or more test photos make the verdicts firmer."
    ]


def _compressed(quality: JpegQuality | None) -> list[str]:
    if quality is None or quality.below == 0:
        return []
    return [
        f"Already compressed sources: {quality.below:,} of {count(quality.known, 'JPEG file')} "
        f"with a known quality ({quality.share:.0%}) were saved below quality 95. Their first "
        "compression stays in every class, which weakens the measurement of JPEG compression."
    ]


def _split(recorded: dict[str, Any]) -> list[str]:
    found = []
    if straddling := recorded.get("straddling_groups"):
        found.append(
            f"Groups of photos (near-duplicates, or those of one photographer) on both sides of "
            f"the split: {count(straddling, 'group')}. "
            "The test photos are not fully independent of the training photos."
        )
    if duplicates := recorded.get("duplicates"):
        found.append(
            f"{count(duplicates, 'photo is a near-duplicate', 'photos are near-duplicates')} of "
            "another: there are fewer independent photos than files."
        )
    if recorded.get("split_made"):
        found.append(
            "No split into training and test photos was given, so one was drawn at random. Photos "
            "of the same photographer may be in both parts."
        )
    return found


def _files(recorded: dict[str, Any]) -> list[str]:
    found = []
    if broken := recorded.get("broken"):
        found.append(
            f"{count(broken, 'photo')} could not be read and {'is' if broken == 1 else 'are'} left "
            "out; the list is under “Photos” below."
        )
    if wrong := recorded.get("mislabelled"):
        found.append(
            f"{count(wrong, 'file has', 'files have')} another format than the name says; the list "
            "is under “Photos” below."
        )
    return found


def _left_out(run: Run) -> list[str]:
    """What was asked for and not measured; the same reason is given once."""
    reasons: dict[str, list[str]] = {}
    for each in run.left_out:
        reasons.setdefault(each.reason, []).append(_named(each))
    return [
        f"{'; '.join([capital(whats[0]), *whats[1:_LISTED], *_further(whats)])} "
        f"{'was' if len(whats) == 1 else 'were'} left out: {reason}"
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


def _no_twin(run: Run) -> list[str]:
    bare = list(dict.fromkeys(row["encoder"] for row in run.every_probe if row["twin"] is None))
    if not bare:
        return []
    names = listed(bare) if len(bare) <= _NAMED else count(len(bare), "encoder")
    return [
        f"No untrained twin was measured for {names}: whether training put a trace there is not "
        "known, since part of what a probe reads can come from the architecture alone."
    ]


def _health(run: Run) -> list[str]:
    """Health checks that failed, each kind once, with what it concerns."""
    kinds: dict[str, dict[str, list[str]]] = {}
    for row in [*run.every_probe, *run.neighbours]:
        for check in checks(row):
            names = kinds.setdefault(_NUMBER.sub("…", check), {}).setdefault(check, [])
            names.append(quoted_name(row))
    listing = []
    for kind, found in kinds.items():
        # A check that failed with several numbers is told without them.
        check = next(iter(found)) if len(found) == 1 else _BRACKETS.sub("", kind)
        concerned = dict.fromkeys(name for each in found.values() for name in each)
        listing.append(f"Health warning: {check} ({listed(concerned)}).")
    if len(listing) > _WARNINGS:
        more = len(listing) - _WARNINGS
        listing = listing[:_WARNINGS]
        listing.append(
            f"{count(more, 'further health warning stands', 'further health warnings stand')} "
            "beside the results below."
        )
    return listing
