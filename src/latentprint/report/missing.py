"""What was not measured: why, and the command that would measure it."""

from __future__ import annotations

from dataclasses import dataclass

from latentprint.report.inputs import Run

_REASONS = 3
"""Different reasons that are told of a question."""


@dataclass(frozen=True)
class Question:
    """A question that a report answers.

    Attributes:
        experiments: The experiments whose rows answer it.
        left_out: How the names of what was left out begin.
        command: The command that measures it.
    """

    experiments: tuple[str, ...]
    left_out: tuple[str, ...]
    command: str


QUESTIONS: dict[str, Question] = {
    "processing": Question(
        ("processing_probe",), ("probe ", "paired probe "), "latentprint audit PHOTOS --out RUN"
    ),
    "acquisition": Question(
        ("acquisition_probe",),
        ("probe ",),
        "latentprint audit PHOTOS -a make -a aperture -a iso --out RUN",
    ),
    "curves": Question(
        ("learning_curve",), ("probe ", "paired probe "), "latentprint probe STORE --out RUN"
    ),
    "neighbours": Question(
        ("knn_influence",),
        ("knn_influence", "kNN influence of "),
        "latentprint influence STORE --out RUN",
    ),
    "robustness": Question(
        ("robustness",),
        ("robustness against ",),
        "latentprint robustness STORE --nuisance make --out RUN",
    ),
    "pairs": Question(
        ("near_duplicate",), ("near-duplicate pairs",), "latentprint pairs STORE --out RUN"
    ),
    "similarity": Question(("similarity",), (), "latentprint similarity STORE --out RUN"),
    "stability": Question(
        ("stability",), (), "latentprint similarity STORE -a jpeg --threshold 0.95 --out RUN"
    ),
    "correlation": Question((), (), "latentprint correlation PHOTOS --out RUN/correlation.json"),
    "files": Question((), (), "latentprint audit PHOTOS --out RUN"),
}
"""The questions by a short name."""


@dataclass(frozen=True)
class Missing:
    """A question that the runs do not answer, or not for all.

    Attributes:
        reasons: Why, as the runs recorded it; empty where nobody asked.
        command: The command that would answer it.
    """

    reasons: list[str]
    command: str


def missing(run: Run, name: str) -> Missing | None:
    """Why a question has no answer; None where it has one."""
    question = QUESTIONS[name]
    answered = {row["experiment"] for row in run.rows} & set(question.experiments)
    if name == "correlation":
        answered = {"correlation" for part in run.parts if part.correlation}
    if name == "files":
        answered = {"files" for part in run.parts if part.photos is not None}
    if answered:
        return None
    reasons = dict.fromkeys(
        reason
        for what, reason in run.left_out.items()
        if question.left_out and what.startswith(question.left_out) and _concerns(name, what)
    )
    return Missing(list(reasons)[:_REASONS], question.command)


def _concerns(name: str, what: str) -> bool:
    """Whether a probe that was left out is of processing or of a label."""
    if name not in ("processing", "acquisition"):
        return True
    asked = what.removeprefix("paired ").removeprefix("probe ").partition(",")[0]
    attribute = asked.partition(":")[0] in ("jpeg", "sharpening", "resizing", "interpolation")
    return attribute == (name == "processing")
