"""Whether the user's own data are at risk, and what to do: said from what was measured."""

from __future__ import annotations

from latentprint.report.comparison_prose import FIRST
from latentprint.report.findings import Finding
from latentprint.report.inputs import Row, Run
from latentprint.report.photos_section import TESTED, jpeg_quality
from latentprint.report.wording import (
    changes_neighbours,
    count,
    listed,
    number,
    points,
    quoted_name,
    span,
)

_NAMED = 3


def correlation_findings(run: Run) -> list[Finding]:
    """How far classes and columns go together, in the words of each run."""
    several = len(run.parts) > 1
    return [
        Finding(_dataset(part) if several else "", str(part.correlation["sentence"]))
        for part in run.parts
        if part.correlation
    ]


def file_findings(run: Run) -> list[Finding]:
    """How many of the JPEG files were saved below the highest quality that is tested."""
    several = len(run.parts) > 1
    found = []
    for part in parts_with_files(run):
        quality = jpeg_quality(part.photos) if part.photos is not None else None
        if quality is None:
            continue
        told = f"None of the {quality.files:,} readable JPEG files has a known quality."
        if quality.known:
            told = (
                f"{quality.known:,} of {quality.files:,} readable JPEG files have a known quality; "
                f"{quality.below:,} of them ({quality.share:.0%}) were saved below {TESTED}, the "
                "highest quality that the experiments use."
            )
        found.append(Finding(_dataset(part) if several else "", told))
    return found


def parts_with_files(run: Run) -> list[Run]:
    """The runs that list their files; of several on the same photos the last."""
    last = {_dataset(part): part for part in run.parts if part.photos is not None}
    return list(last.values())


def advice(run: Run) -> list[str]:
    """What to do, as far as the measurements call for it."""
    return [
        *_about_correlation(run),
        *_about_neighbours(run),
        *_about_retrieval(run),
        *_about_stability(run),
        *_about_labels(run),
        *_about_processing(run),
    ]


def _about_correlation(run: Run) -> list[str]:
    known = [part for part in run.parts if part.correlation]
    if any(str(part.correlation["sentence"]).startswith("Warning") for part in known
           if part.correlation):  # fmt: skip
        return [
            "Classes and columns go together in your data. Balance them, or split training and "
            "test photos by those columns, before you trust an accuracy: an encoder that sees the "
            "camera or the file seems to see the class."
        ]
    if not known:
        return [
            "Find out whether processing or camera go together with the classes of your data: "
            "where they do not, traces that can be read need do no harm."
        ]
    return []


def _about_neighbours(run: Run) -> list[str]:
    shown = [row for row in run.neighbours if changes_neighbours(row)]
    if not shown:
        return []
    names = list(dict.fromkeys(quoted_name(row) for row in shown))
    verb = "changes" if len(names) == 1 else "change"
    text = (
        "Process all photos of an index alike before they are embedded, since "
        f"{listed(names)} {verb} which photos are nearest; then measure again."
    )
    influences = [row for row in run.neighbours if row["setup"] == "influence"]
    encoders = {row["encoder"] for row in influences}
    if len(encoders) > 1:
        text += f" Where you can choose, {_least(influences)}"
    return [text]


def _least(influences: list[Row]) -> str:
    """The encoder whose largest influence is the smallest."""
    largest: dict[str, Row] = {}
    for row in influences:
        known = largest.setdefault(row["encoder"], row)
        if abs(row["value"]) > abs(known["value"]):
            largest[row["encoder"]] = row
    row = min(largest.values(), key=lambda each: abs(each["value"]))
    return (
        f"the smallest influence is that of {row['encoder']} ({points(row['value'])} points at "
        f"most, 95% interval {points(row['low'])} to {points(row['high'])}, "
        f"{quoted_name(row)}); the intervals say whether others are worse."
    )


def _about_retrieval(run: Run) -> list[str]:
    if not _with_verdict(run.of("near_duplicate"), "traces distract retrieval"):
        return []
    return [
        "Photos by the same type of device crowd out the true match. Judge retrieval on queries "
        "and targets by different devices, not on a mixture."
    ]


def _about_stability(run: Run) -> list[str]:
    rows = [row for row in run.of("stability") if row["setup"] == FIRST]
    if not rows:
        return []
    low = min(rows, key=lambda row: float(row["value"]))
    return [
        f"A threshold for duplicates has to be below {number(low['value'] / 100, 3)} to keep 99 of "
        f"100 re-encoded copies ({quoted_name(low)}, {low['encoder']}; 95% interval "
        f"{_cosines(low)}), and above the similarity of other photos."
    ]


def _cosines(row: Row) -> str:
    return span(row["low"] / 100, row["high"] / 100, digits=3)


def _about_labels(run: Run) -> list[str]:
    shown = _with_verdict(run.labels, "read")
    if not shown:
        return []
    names = list(dict.fromkeys(quoted_name(row) for row in shown))
    more = [count(len(names) - _NAMED, "further label")] if len(names) > _NAMED else []
    return [
        f"Keep photos by one camera and one photographer on one side of every split: "
        f"{listed([*names[:_NAMED], *more])} can be read from embeddings."
    ]


def _about_processing(run: Run) -> list[str]:
    if not run.probes or _with_verdict(run.probes, "read"):
        return []
    return [
        "That no processing label was read does not show that there are no traces: these photos "
        "may be too few, or compressed too much before."
    ]


def _with_verdict(rows: list[Row], verdict: str) -> list[Row]:
    return [row for row in rows if row["verdict"] == verdict]


def _dataset(part: Run) -> str:
    return ", ".join(part.datasets)
