"""Did an eraser help? Before and after, on photos that it never saw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from latentprint.report.inputs import Row, Run, grouped
from latentprint.report.section import Chapter, Finding, Section, one_figure
from latentprint.report.sections.erasure_figure import erasure_figure, is_full
from latentprint.report.telling import about, percent_interval, points_told
from latentprint.report.wording import (
    capital,
    listed,
    number,
    percent,
    quoted_name,
    span,
    starting_name,
)
from latentprint.words import (
    CLASS_MARGIN,
    HARMS,
    LEAST_FALL,
    LEAST_OVERLAP,
    RANDOM_DIRECTIONS,
    ErasureMeasure,
    Experiment,
    Seen,
    Stage,
    Verdict,
)

_SAID = {
    Verdict.ERASED: "erased",
    Verdict.REDUCED: "reduced, not erased",
    Verdict.NO_CHANGE: "no change shown",
    Verdict.HARMFUL: "the eraser does harm",
    Verdict.NOTHING: "nothing to erase: neighbours were not shown to follow it before",
}

_CONDITIONS = {
    Seen.SEEN: "",
    Seen.PARTLY: ", some of whose classes were not in the fit",
    Seen.UNSEEN: ", which was not in the fit",
}


@dataclass(frozen=True)
class Measured:
    """The rows of one measure of one attribute, at every stage.

    Attributes:
        rows: The rows by stage.
    """

    rows: dict[str, Row]

    @property
    def before(self) -> Row:
        """The figure before."""
        return self.rows[Stage.BEFORE]

    @property
    def after(self) -> Row:
        """The figure after."""
        return self.rows[Stage.AFTER]

    @property
    def change(self) -> Row:
        """The change."""
        return self.rows[Stage.CHANGE]


def erasure_rows(run: Run) -> list[Row]:
    """The rows of the eraser itself, in all its directions."""
    rows = run.of(Experiment.ERASURE)
    return [row for row in rows if row["eraser"] != RANDOM_DIRECTIONS and is_full(row, rows)]


def measured_of(rows: Iterable[Row], *measures: str) -> list[Measured]:
    """What was measured at every stage, of some measures."""
    kept = [row for row in rows if row["setup"] in measures]
    columns = ("dataset", "encoder", "eraser", "attribute", "setup", "condition")
    found = [Measured({row["stage"]: row for row in group}) for group in grouped(kept, *columns)]
    return [each for each in found if set(each.rows) == set(Stage)]


def harm_sentence(harm: Measured, rows: Iterable[Row]) -> str:
    """What became of the harm of one attribute, and what probes still read.

    Args:
        harm: How far neighbours follow it.
        rows: All rows of the eraser.
    """
    change = harm.change
    name = f"{starting_name(change)}{_CONDITIONS.get(change['condition'], '')}"
    what = "influence" if change["setup"] == ErasureMeasure.INFLUENCE else "nuisance purity"
    own = [row for row in rows if row["attribute"] == change["attribute"]]
    return (
        f"{name}: {_SAID.get(change['verdict'], 'not judged')}. kNN {what} "
        f"{number(harm.before['value'])} before and {number(harm.after['value'])} after, change "
        f"{points_told(change)}, k = {change['k']}{_drawn(change)}.{_read(own)}{_class_kept(own)}"
    )


def _drawn(row: Row) -> str:
    """That photos came without classes, so that these were drawn."""
    return f", {row['notes']}" if row["notes"] else ""


def _read(rows: list[Row]) -> str:
    """What the sharpest probes that were measured read before and after."""
    found = {each.change["setup"]: each for each in measured_of(rows, *_PROBES)}
    told = [found[name] for name in _PROBES if name in found]
    paired = [each for each in told if each.change["setup"].endswith("paired")]
    parts = [
        f"{_probe_name(each.after)} reads "
        f"{percent(each.after['value'])} ({percent_interval(each.after)}) after "
        f"{percent(each.before['value'])}"
        for each in paired or told
    ]
    if not parts:
        return ""
    chance = (paired or told)[0].after["chance"]
    return f" On these photos {listed(parts)}; chance {percent(chance)}."


def _probe_name(row: Row) -> str:
    name, _, paired = str(row["setup"]).partition(", ")
    if paired:
        return f"a paired {name}"
    return f"{'an' if name.startswith('RBF') else 'a'} {name}"


_PROBES = (
    ErasureMeasure.LINEAR,
    ErasureMeasure.RBF,
    ErasureMeasure.LINEAR_PAIRED,
    ErasureMeasure.RBF_PAIRED,
)


def _class_kept(rows: list[Row]) -> str:
    for each in measured_of(rows, ErasureMeasure.CLASS):
        said = {
            Verdict.KEPT: "kept",
            Verdict.LOST: "lost",
        }.get(each.change["verdict"], "not shown to be kept")
        return (
            f" Class kNN is {said} (margin {CLASS_MARGIN:g} points): "
            f"{percent(each.before['value'])} before, change {points_told(each.change)}."
        )
    return ""


def _kept(run: Run, row: Row) -> Finding:
    said = {Verdict.KEPT: "kept", Verdict.LOST: "lost"}.get(row["verdict"], "not shown to be kept")
    return Finding(
        about(run, row),
        f"Of the {row['k']} nearest neighbours before, {percent(row['value'])} (95% interval "
        f"{percent_interval(row)}) are among those after: neighbours are {said} (at least "
        f"{LEAST_OVERLAP:g}% by the whole interval).",
    )


def _control(run: Run, change: Row) -> Finding:
    helped = change["verdict"] in (Verdict.ERASED, Verdict.REDUCED)
    said = "help, which they must not: do not trust this proof" if helped else "do not help"
    return Finding(
        about(run, change),
        f"As many random directions {said}: {quoted_name(change)}, change of the influence "
        f"{points_told(change)}.",
    )


def cautions(run: Run) -> list[str]:
    """What a user of the eraser has to know, as far as it was measured."""
    rows = erasure_rows(run)
    if not rows:
        return []
    found = [text for detail in run.details_of(Experiment.ERASURE) for text in detail["cautions"]]
    leaks = [
        each
        for each in measured_of(rows, ErasureMeasure.RBF, ErasureMeasure.RBF_PAIRED)
        if each.after["low"] > each.after["chance"]
    ]
    if leaks:
        read = listed(
            f"{_probe_name(each.after)} still reads {quoted_name(each.after)} at "
            f"{percent(each.after['value'])} ({percent_interval(each.after)}; chance "
            f"{percent(each.after['chance'])})"
            for each in leaks
        )
        found.append(f"Linear is not all: after erasure {read}.")
    shifts = [row for row in rows if row["setup"] == ErasureMeasure.SHIFT]
    if shifts:
        told = listed(
            f"{percent(row['value'])} of {quoted_name(row)} ({_seen(row)}; "
            f"{span(row['low'], row['high'])})"
            for row in shifts
        )
        found.append(
            "Of what classes move all photos by alike, the eraser leaves, on photos that it never "
            f"saw, {told}: fit it on your own photos, and on every step of your pipeline."
        )
    if not any(row["condition"] == Seen.UNSEEN for row in rows):
        found.append(
            "Processing that was not in the fit was not measured here: nothing is said of it. "
            "`latentprint erase test ERASER OTHERS` measures it."
        )
    thresholds = [row for row in rows if row["setup"] == ErasureMeasure.THRESHOLD]
    found.append(
        "Set thresholds of similarity anew after erasure"
        + (f": {_anew(thresholds)}." if thresholds else ".")
    )
    mixed = [row for row in rows if row["setup"] == ErasureMeasure.MIXED]
    if mixed:
        row = mixed[0]
        found.append(
            f"Erase the whole index and every query: with half of the photos erased, "
            f"{percent(row['value'])} ({percent_interval(row)}) of neighbours are of the photo's "
            f"own half, where {percent(row['chance'])} would be by chance."
        )
    selves = measured_of(rows, ErasureMeasure.SELF)
    if selves:
        least = min(selves, key=lambda each: float(each.after["value"]))
        found.append(
            "What moves each photo in its own way stays: a copy keeps a cosine similarity of "
            f"{number(least.after['value'] / 100, 3)} to its photo after erasure, "
            f"{number(least.before['value'] / 100, 3)} before ({quoted_name(least.after)})."
        )
    found.append("What forensics would read in these embeddings is erased with the rest.")
    return found


def _seen(row: Row) -> str:
    return "in the fit" if row["condition"] == Seen.SEEN else str(row["condition"])


def _anew(rows: list[Row]) -> str:
    return listed(
        f"{number(row['value'] / 100, 3)} makes as many false matches as {row['threshold']:g} did "
        f"({quoted_name(row)})"
        for row in rows
    )


def _findings(run: Run) -> list[Finding]:
    rows = erasure_rows(run)
    found = [
        Finding(about(run, each.change), harm_sentence(each, rows))
        for each in measured_of(rows, *HARMS)
    ]
    found += [_kept(run, row) for row in rows if row["setup"] == ErasureMeasure.OVERLAP]
    found += [
        _control(run, row)
        for row in run.of(Experiment.ERASURE)
        if row["eraser"] == RANDOM_DIRECTIONS
        and row["setup"] in HARMS
        and row["stage"] == Stage.CHANGE
    ]
    return [*found, *(Finding("", text) for text in cautions(run))]


def _heading(run: Run) -> str:
    changes = [each.change for each in measured_of(erasure_rows(run), *HARMS)]
    by_verdict: dict[str, list[str]] = {}
    for row in changes:
        by_verdict.setdefault(row["verdict"], []).append(quoted_name(row))
    said = [
        _HEADINGS.get(verdict, _NOT_JUDGED).format(listed(dict.fromkeys(names)))
        for verdict, names in by_verdict.items()
    ]
    return capital("; ".join(said)) if said else "Erasing traces"


_HEADINGS: dict[str, str] = {
    Verdict.ERASED: "traces of {} are erased",
    Verdict.REDUCED: "traces of {} are reduced, not erased",
    Verdict.NO_CHANGE: "traces of {} are not shown to change",
    Verdict.HARMFUL: "the eraser does harm where {} is concerned",
    Verdict.NOTHING: "of {} there was nothing to erase",
}
_NOT_JUDGED = "the erasure of {} was not judged"


def _introduction(run: Run) -> str:
    detail: dict[str, Any] = next(iter(run.details_of(Experiment.ERASURE)), {})
    fitted, held = detail.get("fitted_photos"), detail.get("held_out")
    return (
        f"An eraser of {detail['rank']} of {detail['dimension']} directions, fitted on {fitted} "
        f"photos; everything here is of {held} others, by probes trained after erasure."
        if fitted and held
        else "Everything here is of photos that the eraser never saw, by probes trained after "
        "erasure."
    )


ERASURE = Section(
    key="erasure",
    chapter=Chapter.HARM,
    heading=_heading,
    name="erasure of traces",
    experiments=(Experiment.ERASURE,),
    command="latentprint erase test ERASER {store} --out {new}",
    page="erase",
    introduction=_introduction,
    findings=_findings,
    figures=one_figure(erasure_figure),
    procedure="Photos that the eraser never saw, in five folds of whole groups; kernel ridge "
    "probes are tuned and trained there.",
    glossary=(
        (
            "Erased",
            "the whole interval of the change of harm is below zero, at least "
            f"{100 * LEAST_FALL:g}% of the harm is gone, and class kNN and neighbours are kept. "
            "Reduced: below zero, but not all of that is shown. Harmful: neighbours follow the "
            "trace more than before, or class kNN is lost.",
        ),
        (
            "Class kNN kept",
            f"the whole interval of its change is above −{CLASS_MARGIN:g} points; lost, wholly "
            "below.",
        ),
    ),
)

SECTIONS = (ERASURE,)
