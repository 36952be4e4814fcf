"""What weakens the figures of a run, said before anyone relies on them."""

from __future__ import annotations

from typing import Any

from latentprint.report.inputs import Run
from latentprint.report.photos_section import JpegQuality, jpeg_quality
from latentprint.report.wording import capital, checks, count, listed, quoted_name

FEW = 1000
"""Test photos below which a caution is given."""

_WARNINGS = 6
"""Different health warnings that are listed; each stands beside its result as well."""

_NAMES = {"knn_influence": "kNN influence", "processing_probe": "Processing probe"}


def cautions(run: Run) -> list[str]:
    """Every caution that applies to the run."""
    recorded = run.settings.get("photos", {})
    quality = jpeg_quality(run.photos) if run.photos is not None else None
    return [
        *_few_photos(run),
        *_compressed(quality),
        *_split(recorded),
        *_files(recorded),
        *_left_out(run.left_out),
        *_no_floor(run),
        *_health(run),
    ]


def _few_photos(run: Run) -> list[str]:
    judged = [*run.every_probe, *run.neighbours]
    fewest = min((row["n_test"] for row in judged), default=FEW)
    if fewest >= FEW:
        return []
    return [
        f"Few test photos: {fewest:,}. Intervals are wide and small effects cannot be seen; "
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
            f"Near-duplicates on both sides of the split: {count(straddling, 'group')}. "
            "The test photos are not fully independent of the training photos."
        )
    if duplicates := recorded.get("duplicates"):
        found.append(
            f"{count(duplicates, 'photo is a duplicate', 'photos are duplicates')} of another: "
            "there are fewer independent photos than files."
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
            "out; the list is below."
        )
    if wrong := recorded.get("mislabelled"):
        found.append(
            f"{count(wrong, 'file has', 'files have')} another format than the name says; the list "
            "is below."
        )
    return found


def _left_out(left_out: dict[str, str]) -> list[str]:
    """What was not measured; the same reason is given once."""
    reasons: dict[str, list[str]] = {}
    for what, reason in left_out.items():
        name, space, rest = what.partition(" ")
        reasons.setdefault(reason, []).append(f"{_NAMES.get(name, name)}{space}{rest}")
    return [
        f"{'; '.join([_start(whats[0]), *whats[1:]])} "
        f"{'was' if len(whats) == 1 else 'were'} left out: {reason}"
        for reason, whats in reasons.items()
    ]


def _no_floor(run: Run) -> list[str]:
    bare = dict.fromkeys(row["encoder"] for row in run.every_probe if row["floor"] is None)
    return [
        f"No floor was measured for {name} (the same network untrained, or colour statistics): "
        "part of what a probe reads can come from the pixels and the architecture alone."
        for name in bare
    ]


def _health(run: Run) -> list[str]:
    """Health checks that failed, each once, with what it concerns."""
    found: dict[str, dict[str, None]] = {}
    for row in [*run.every_probe, *run.neighbours]:
        for check in checks(row):
            found.setdefault(check, {})[quoted_name(row)] = None
    listing = [f"Health warning: {check} ({listed(names)})." for check, names in found.items()]
    if len(listing) > _WARNINGS:
        more = len(listing) - _WARNINGS
        listing = listing[:_WARNINGS]
        listing.append(
            f"{count(more, 'further health warning stands', 'further health warnings stand')} "
            "beside the results below."
        )
    return listing


def _start(what: str) -> str:
    return what if what.startswith("kNN") else capital(what)
