"""Were the files compressed before? What the input files are."""

from __future__ import annotations

from latentprint.report.figures.figure import Figure, numbered
from latentprint.report.inputs import Run
from latentprint.report.photos_section import TESTED, jpeg_quality
from latentprint.report.section import Chapter, Finding, Section
from latentprint.report.sections.quality_figure import quality_figure
from latentprint.report.wording import count


def _findings(run: Run) -> list[Finding]:
    """How many of the JPEG files were saved below the highest quality that is tested."""
    several = len(run.parts) > 1
    found = []
    for part in _parts_with_files(run):
        quality = jpeg_quality(part.photos) if part.photos is not None else None
        if quality is None:
            continue
        told = f"None of the {quality.files:,} readable JPEG files has a known quality."
        if not quality.files:
            told = "No readable JPEG file is among the photos."
        elif quality.known:
            told = (
                f"{quality.below:,} of {quality.known:,} with a known quality, of "
                f"{count(quality.files, 'readable JPEG file')}."
            )
        found.append(Finding(", ".join(part.datasets) if several else "", told))
    return found


def _parts_with_files(run: Run) -> list[Run]:
    """The runs that list their files; of several on the same photos the last."""
    last = {tuple(part.datasets): part for part in run.parts if part.photos is not None}
    return list(last.values())


def _figures(run: Run, _pictures: bool) -> list[Figure]:
    return numbered(quality_figure(part) for part in _parts_with_files(run))


def _heading(run: Run) -> str:
    found = [
        jpeg_quality(part.photos) for part in _parts_with_files(run) if part.photos is not None
    ]
    known, below = (sum(getattr(each, name) for each in found) for name in ("known", "below"))
    if not known:
        return "No JPEG file has a known quality"
    return f"{below / known:.0%} of the JPEG files were saved below quality {TESTED}"


FILES = Section(
    key="files",
    chapter=Chapter.RISK,
    heading=_heading,
    name="",
    experiments=(),
    command="latentprint audit {photos} --out {new}",
    page="metadata",
    findings=_findings,
    figures=_figures,
    is_answered=lambda run: bool(_parts_with_files(run)),
)

SECTIONS = (FILES,)
