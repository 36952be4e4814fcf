"""How findings are told: the same words on a terminal and on a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from latentprint.inspection.affected import Level, Mean
from latentprint.inspection.calibrated import WORDS, Reading
from latentprint.inspection.findings import (
    Affected,
    Inspected,
    Inspection,
    Moved,
    Neighbour,
    Pair,
)
from latentprint.inspection.neighbours import NEIGHBOURS
from latentprint.inspection.parts import (
    ALIKE_CONTENT,
    ALIKE_MADE,
    CONTENT,
    COSINE,
    ERASED,
    FALSE_CLAIMS,
    MADE,
    MIXED,
)
from latentprint.photos.exif_labels import LABELS
from latentprint.processing import NONE
from latentprint.report.found import Told
from latentprint.report.wording import listed
from latentprint.stats import binomial_interval

CAUTION = (
    "One probability is not forensics. It is calibrated for photos like those of this store that "
    "are of one of the classes that are listed, each as often as the others; of a photo with "
    "another history it says which of these it looks like, and nothing else."
)
"""What stands below every reading."""

BECAUSE = "there because of traces"

PART_NAMES = {
    COSINE: "cosine similarity",
    CONTENT: "of it what they show",
    MADE: "of it how they were made",
    MIXED: "of it both mixed",
    ERASED: "cosine similarity erased",
}
"""What the parts of a cosine are called."""

_FILE = ("format", "width", "height", "bytes", "jpeg_quality", "jpeg_ijg", "jpeg_subsampling")
_ABOUT = ("has_exif", "exif_problems")


def file_line(photo: Inspected) -> str:
    """The file in one line: format, size and JPEG settings."""
    facts = photo.facts
    said = [str(facts.get("format", "unknown format"))]
    if "width" in facts and "height" in facts:
        said.append(f"{facts['width']} x {facts['height']} px")
    if "jpeg_quality" in facts:
        near = "" if facts.get("jpeg_ijg") else "about "
        chroma = f", {facts['jpeg_subsampling']}" if "jpeg_subsampling" in facts else ""
        said.append(f"JPEG quality {near}{facts['jpeg_quality']}{chroma}")
    if "bytes" in facts:
        said.append(f"{facts['bytes']:,} bytes")
    return ", ".join(said)


def exif_lines(photo: Inspected) -> list[tuple[str, str]]:
    """What the EXIF says: the name of each label, and its value with its unit."""
    found = []
    for name, value in photo.facts.items():
        if name in _FILE or name in _ABOUT:
            continue
        unit = LABELS[name].unit if name in LABELS else ""
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        if isinstance(value, bool):
            shown = "yes" if value else "no"
        found.append((name.replace("_", " "), f"{shown} {unit}".strip()))
    return found


def class_name(name: str) -> str:
    """A class as it is told: that of unprocessed photos has a name that says little."""
    return f"{name} (not processed)" if name == NONE.name else name


def word_of(reading: Reading) -> str:
    """What is said, in a few words."""
    return f"{reading.word}: {class_name(reading.best)}" if reading.told else reading.word


def reason_of(reading: Reading) -> str:
    """What the words rest on, in a sentence."""
    top = f"{100 * max(reading.probabilities):.0f} %"
    if reading.told:
        share = reading.right / reading.answers
        # Versions of one photo are no independent answers.
        low, high = binomial_interval(share, min(reading.answers, reading.photos))
        return (
            f"Its probability is {top}; of photos held out “{reading.word}” was said "
            f"{reading.answers:,} times and was right in {100 * share:.0f} % "
            f"({100 * low:.0f} to {100 * high:.0f})."
        )
    if not reading.shown:
        return (
            "On photos held out the probe is not shown to be better than shuffled labels "
            f"(p {reading.p:.2g})."
        )
    first = f"The most probable is {class_name(reading.best)} with {top}"
    if max(reading.probabilities) < WORDS[-1][1]:
        return f"{first}, less than one half."
    return f"{first}, and answers as sure as that were not right often enough on photos held out."


def accuracy_of(reading: Reading) -> str:
    """How good the probe is, beside chance."""
    return (
        f"Right on photos held out: {100 * reading.accuracy:.1f} % "
        f"({100 * reading.low:.1f} to {100 * reading.high:.1f}; chance {100 * reading.chance:.1f} "
        f"%, {reading.photos:,} photos)."
    )


def farthest_line(moved: Moved) -> str:
    """What moves a photo farthest."""
    return (
        f"It moves farthest as {moved.processing}: cosine {moved.similarity:.3f}, farther than "
        f"{100 - moved.percentile:.0f} % of the store's photos."
    )


def tags_of(neighbour: Neighbour) -> list[str]:
    """The tags of a neighbour."""
    found = (
        []
        if neighbour.same_class is None
        else ["same class" if neighbour.same_class else "another class"]
    )
    found += [f"same trace: {name}" for name in neighbour.same_traces]
    if neighbour.because_of_traces:
        found.append(BECAUSE)
    elif neighbour.before is None:
        found.append("comes when erased")
    return found


def traces_line(photo: Inspected) -> str:
    """How usual in the store is what the file says of how it was made."""
    if not photo.traces:
        return "The file does not say how it was made, so that no neighbour shares it."
    said = [f"{name} ({100 * share:.1f} %)" for name, share in photo.traces.items()]
    return f"Share of the store's photos with the same trace in their file: {listed(said)}."


LEVELS = (
    ("leave when photos are erased", "erased", "random"),
    ("stay in fewer than half of a photo's other versions", "reencoded", None),
    (f"both: {BECAUSE}", "traces", "random_traces"),
)
"""How neighbours change: in words, and the figures of a level for the eraser and at random."""


def mean_of(mean: Mean) -> str:
    """A mean with its interval."""
    return f"{mean.value:.2f} ({mean.low:.2f} to {mean.high:.2f})"


def level_line(level: Level) -> str:
    """How many neighbours leave on average."""
    text = (
        f"Of the {NEIGHBOURS} neighbours of this store's photos, {mean_of(level.erased)} leave on "
        f"average when photos are erased, {level.random.value:.2f} under as many random "
        f"directions; {mean_of(level.reencoded)} stay in fewer than half of a photo's other "
        f"versions; {mean_of(level.traces)} do both, which is told as {BECAUSE}, "
        f"{level.random_traces.value:.2f} under random directions ({level.photos:,} photos)."
    )
    return f"{text} {doubt}" if (doubt := doubt_of(level)) else text


def unseen_line(level: Level) -> str:
    """The same of photos that the eraser never saw."""
    return (
        f"Of the {level.photos:,} photos that the eraser never saw, {mean_of(level.erased)} leave "
        f"when erased and {mean_of(level.traces)} both ways."
    )


def doubt_of(level: Level) -> str:
    """Why the tag says little in a store; empty where it does not."""
    told, random = level.traces.value, level.random_traces.value
    if told > 0 and 3 * random >= told:
        return (
            f"{100 * min(1.0, random / told):.0f} in 100 of these would be told so under random "
            "directions as well: they were hardly nearer than the next photos, and here the tag "
            "is weak evidence."
        )
    return ""


def pair_lines(pair: Pair) -> list[str]:
    """What two photos are alike by, and how often such a verdict is wrong."""
    if pair.reason:
        return [f"{pair.verdict}: {pair.reason}"]
    rates = {each.name: each.rates for each in pair.parts if each.rates is not None}
    lines = [f"{pair.verdict}."]
    for name, word, so in (
        (ERASED, ALIKE_CONTENT, "of the same photo under two kinds of processing"),
        (MADE, ALIKE_MADE, "of different photos processed alike"),
    ):
        if name in rates:
            rate = rates[name]
            lines.append(
                f"“{word}” is said of {100 * rate.false:.1f} % of pairs of different photos "
                f"processed differently ({100 * rate.low:.1f} to {100 * rate.high:.1f}; "
                f"{100 * FALSE_CLAIMS:.0f} % were aimed at), and of "
                f"{100 * rate.found:.1f} % {so}; measured on {pair.photos} photos that neither the "
                "eraser nor the choice of limits saw."
            )
            if 2 * rate.found < 1:
                lines.append("Where this is not said of two photos, they may be so all the same.")
    return lines


def eraser_line(eraser: Mapping[str, Any]) -> str:
    """What was erased."""
    return f"{eraser['told']} It takes {eraser['rank']} directions away." if eraser else ""


def told_inspection(found: Inspection) -> Told:
    """What is shown of an inspection where there is no room for its page."""
    names = " and ".join(photo.name for photo in found.photos)
    said = [f"{each.about}: {word_of(each)}" for each in found.photos[0].readings]
    first = [found.pair.verdict] if found.pair is not None else said
    headline = f"{names}: {'; '.join(first)}" if first else f"{names}, with {found.encoder}"
    sentences = [] if found.pair is None else pair_lines(found.pair)[1:]
    rows = [
        (names, "pair", PART_NAMES[each.name], f"{each.value:.3f}", "")
        for each in (() if found.pair is None else found.pair.parts)
    ]
    for photo in found.photos:
        rows += [
            (photo.name, "probe", each.about, f"{max(each.probabilities):.2f}",
             f"{word_of(each)}. {reason_of(each)}")
            for each in photo.readings
        ]  # fmt: skip
        rows += [
            (photo.name, "neighbour", each.id, f"{each.similarity:.3f}", ", ".join(tags_of(each)))
            for each in photo.neighbours
            if each.similarity is not None
        ]
    head = ("Photo", "Part", "About", "Value", "Said")
    return Told(headline, [*sentences, CAUTION], head, rows)


def told_affected(found: Affected) -> Told:
    """What is shown of all photos of a store where there is no room for their page."""
    shown = ("id", "left", "left_erased", "left_reencoded", "because_of_traces")
    headline = (
        f"{len(found.table):,} photos of {found.store.name}, {found.encoder}: on average "
        f"{found.level.erased.value:.2f} of {NEIGHBOURS} neighbours leave when erased"
    )
    rows = [tuple(map(str, row)) for row in found.table.select(shown).iter_rows()]
    head = ("Photo", "Leave", "Erased", "Encoded again", "Both")
    return Told(headline, [level_line(found.level), *found.notes], head, rows)
