"""Can labels be read from embeddings? Processing labels, the paired probe, acquisition labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from latentprint.report.figures.figure import Figure
from latentprint.report.inputs import Row, Run, grouped
from latentprint.report.section import Chapter, Finding, Section
from latentprint.report.sections.probe_figure import probe_figure
from latentprint.report.telling import (
    FEW,
    about,
    any_shown,
    checked,
    claimed,
    counted,
    ends,
    family_means,
    of_all,
    percent_interval,
    who,
)
from latentprint.report.wording import (
    checks,
    classes,
    count,
    listed,
    p_told,
    percent,
    points,
    quoted_name,
    setup_name,
    significant,
    span,
    starting_name,
)
from latentprint.words import (
    EXACT_FALSE_DISCOVERIES,
    MARGIN,
    Experiment,
    Learned,
    ProbeSetup,
    Verdict,
)

_UNBALANCED = 1.0
"""Points between the mean over classes and the share of all predictions that are told."""

_NAMED = 3

_LEADS = {
    Verdict.CARRIED: "Carried by the embedding",
    Verdict.UNDECIDED: "Undecided",
    Verdict.NOT_SHOWN: "Not shown to be carried",
    Verdict.BELOW_CHANCE: "Below guessing, so that something is odd in photos or splits",
    "": "Read",
}

_PAIRED_LEADS = {
    Verdict.CARRIED: "Shown to move embeddings in a consistent direction",
    Verdict.UNDECIDED: "Undecided whether it moves embeddings in a consistent direction",
    Verdict.NOT_SHOWN: "Not shown to move embeddings in a consistent direction",
    Verdict.BELOW_CHANCE: _LEADS[Verdict.BELOW_CHANCE],
    "": _LEADS[""],
}

_LEARNED_LEADS = {
    Learned.ADDED: "Added by training, above the untrained network",
    Learned.NO_MORE: "No more than the untrained network",
    Learned.UNDECIDED: "Undecided whether training added, above the untrained network",
}

_KINDS = {
    ProbeSetup.PUBLISHED: "",
    ProbeSetup.ALL: "",
    ProbeSetup.PAIRED: "Paired probe",
    ProbeSetup.PAIRED_ALL: "Paired probe",
    ProbeSetup.WITHIN_CLASS: "Within classes",
}


def probes_told(rows: Sequence[Row]) -> list[str]:
    """What the probes of one encoder and set-up found, a sentence for each verdict.

    Args:
        rows: Probes of one encoder with one set-up on one set of photos.
    """
    leads = _PAIRED_LEADS if ProbeSetup(rows[0]["setup"]).paired else _LEADS
    told = []
    for verdict, lead in leads.items():
        found = [row for row in rows if row["verdict"] == verdict]
        if not found:
            continue
        kind = _KINDS[ProbeSetup(rows[0]["setup"])]
        begin = f"{kind}: {lead[0].lower()}{lead[1:]}" if kind else lead
        alike = len({row["n_test"] for row in found}) == 1
        items = [
            _item(row, first=not at, photos=not (at and alike)) for at, row in enumerate(found)
        ]
        parts = [f"{begin}: {'; '.join(items)}."]
        if verdict == Verdict.CARRIED:
            parts += [*_learned_told(found), *_containers_told(found)]
        told.append(" ".join(parts))
    return told


def _item(row: Row, *, first: bool, photos: bool) -> str:
    """A probe with all that its figure is to be held against."""
    interval = span(row["low"], row["high"], unit="%")
    facts = [
        f"95% interval {interval}" if first else interval,
        f"guessing {percent(row['chance'])}" if row["chance"] else "",
        count(row["n_test"], "test photo") if photos else "",
        _all_answers(row),
        _why(row),
    ]
    return f"{quoted_name(row)}, {percent(row['value'])} right ({'; '.join(filter(None, facts))})"


def _all_answers(row: Row) -> str:
    if row["micro"] is None or abs(row["micro"] - row["value"]) < _UNBALANCED:
        return ""
    return f"classes weigh alike, {percent(row['micro'])} of all answers are right"


def _why(row: Row) -> str:
    """Why the verdict is not what the interval might be taken for."""
    reasons = {
        Verdict.CARRIED: _why_carried,
        Verdict.UNDECIDED: _why_undecided,
    }
    return reasons[row["verdict"]](row) if row["verdict"] in reasons else ""


def _why_carried(row: Row) -> str:
    """The exact test, which decides where each photo exists under every class."""
    if row["discriminant_p"] is None or row["low"] > (row["chance"] or 0.0):
        return ""
    return f"the exact test, which sees weaker traces, decides: {p_told(row['discriminant_p'])}"


def _why_undecided(row: Row) -> str:
    chance, q = row["chance"] or 0.0, significant(row["q"])
    if row["discriminant_p"] is not None:
        if row["q"] is not None and row["q"] > EXACT_FALSE_DISCOVERIES and row["low"] > chance:
            return f"the exact test, which decides, does not exclude chance, q = {q}"
        if row["rising"]:
            return f"accuracy still grows with photos, q = {q}"
        return f"the exact test comes near to a claim, q = {q}"
    if row["low"] > chance + MARGIN:
        return f"among so many verdicts such a figure can come about by chance, q = {q}"
    if row["low"] > chance:
        return "above guessing by less than the point that a claim needs"
    if row["rising"]:
        return "accuracy still grows with photos"
    return f"though a test against guessing gives q = {q}"


def _learned_told(rows: Sequence[Row]) -> list[str]:
    """Whether training put labels there: compared with the untrained network, and that alone."""
    told = []
    for learned, lead in _LEARNED_LEADS.items():
        found = [row for row in rows if row["learned"] == learned]
        items = [
            f"{quoted_name(row)} {points(row['twin'])} points "
            f"({points(row['twin_low'])} to {points(row['twin_high'])})"
            for row in found
        ]
        if items:
            told.append(f"{lead}: {'; '.join(items)}.")
    return told


def _containers_told(rows: Sequence[Row]) -> list[str]:
    """Whether the encoder is shown to tell more of labels than the file does."""
    known = [row for row in rows if row["container"] is not None]
    more = [row for row in known if row["low"] > row["container"]]
    rest = [row for row in known if row not in more]
    told = []
    for found, said in ((more, "More than file facts alone"), (rest, "Not shown to be more than")):
        items = [f"{quoted_name(row)}, file {percent(row['container'])}" for row in found]
        if items:
            of_files = "" if found is more else " file facts alone"
            told.append(f"{said}{of_files}: {'; '.join(items)}.")
    return told


def probes_sentence(rows: Sequence[Row]) -> str:
    """Of how many encoders a label is carried, the range, family means, and the others.

    Args:
        rows: Probes of one label with one set-up on one set of photos, an encoder each.
    """
    carried = [each for each in rows if each["verdict"] == Verdict.CARRIED]
    paired = ProbeSetup(rows[0]["setup"]).paired
    begin = "Shown to move embeddings in a consistent direction with" if paired else "Carried by"
    accuracy = "Accuracy of the paired probe" if paired else "Accuracy"
    return " ".join(
        filter(
            None,
            [
                f"{begin} {of_all(len(carried), len(rows))}.",
                f"{accuracy} {ends(rows, percent, percent_interval)}.",
                family_means(rows),
                _learned_counted(rows),
                who(rows, Verdict.UNDECIDED, "Undecided"),
                who(rows, Verdict.NOT_SHOWN, "Not shown with these photos"),
                who(
                    rows,
                    Verdict.BELOW_CHANCE,
                    "Below guessing, which calls for a check of the data",
                ),
            ],
        )
    )


def probes_about(row: Row) -> str:
    """What a probe is asked, for the beginning of a line: the label, its classes and guessing."""
    among = f"{classes(row)} classes" if classes(row) else ""
    guess = f"guessing {percent(row['chance'])}" if row["chance"] else ""
    photos = count(row["n_test"], "test photo")
    name = starting_name(row)
    if _KINDS[ProbeSetup(row["setup"])]:
        name = f"{name}, {setup_name(row['setup'])}"
    return f"{name} ({'; '.join(filter(None, (among, guess, photos)))})"


def _learned_counted(rows: Sequence[Row]) -> str:
    known = [row for row in rows if row["learned"]]
    if not known:
        return ""
    added = [row for row in known if row["learned"] == Learned.ADDED]
    return f"Added by training with {of_all(len(added), len(known))} that have an untrained twin."


def _findings(rows_of: Callable[[Run], list[Row]]) -> Callable[[Run], list[Finding]]:
    def findings(run: Run) -> list[Finding]:
        rows = rows_of(run)
        if len({row["encoder"] for row in rows}) > FEW:
            return [
                replace(
                    counted(run, group, probes_about(group[0]), probes_sentence(group)),
                    notes=checked(group),
                )
                for group in grouped(rows, "dataset", "attribute", "setup")
            ]
        return [
            finding
            for group in grouped(rows, "dataset", "encoder", "setup")
            for finding in _few(run, group)
        ]

    return findings


def _few(run: Run, rows: list[Row]) -> list[Finding]:
    """The findings of one encoder; health checks that failed stand after the last."""
    told = probes_told(rows)
    failed: dict[str, list[str]] = {}
    for row in rows:
        for check in checks(row):
            failed.setdefault(check, []).append(quoted_name(row))
    listing = "; ".join(f"{check} ({listed(names)})" for check, names in failed.items())
    notes = [""] * (len(told) - 1) + [listing]
    return [Finding(about(run, rows[0]), *each) for each in zip(told, notes, strict=True)]


def _is_carried(row: Row) -> bool:
    return bool(row["verdict"] == Verdict.CARRIED)


def _heading(
    rows_of: Callable[[Run], list[Row]], claim: str, otherwise: str
) -> Callable[[Run], str]:
    def heading(run: Run) -> str:
        rows = rows_of(run)
        return claimed(list(filter(_is_carried, rows)), rows, claim, otherwise)

    return heading


def _shown(rows_of: Callable[[Run], list[Row]]) -> Callable[[Run], bool | None]:
    return lambda run: any_shown(rows_of(run), _is_carried)


def _labels_advice(run: Run) -> list[str]:
    carried = filter(_is_carried, run.traced_labels)
    names = list(dict.fromkeys(quoted_name(row) for row in carried))
    if not names:
        return []
    more = [count(len(names) - _NAMED, "further label")] if len(names) > _NAMED else []
    return [
        "Keep photos by one camera and photographer on one side of every split "
        f"({listed([*names[:_NAMED], *more])})."
    ]


def _processing_advice(run: Run) -> list[str]:
    if not run.probes or any(row["verdict"] == Verdict.CARRIED for row in run.probes):
        return []
    return ["Measure more photos: that no processing is shown is no proof that there is none."]


def _figure(key: str, rows_of: Callable[[Run], list[Row]]) -> Callable[[Run, bool], list[Figure]]:
    def figures(run: Run, _pictures: bool) -> list[Figure]:
        rows = rows_of(run)
        return [probe_figure(key, rows)] if rows else []

    return figures


def _single(run: Run) -> list[Row]:
    return run.probes


def _paired(run: Run) -> list[Row]:
    return run.paired


def _labels(run: Run) -> list[Row]:
    return run.labels


PROCESSING = Section(
    key="processing",
    chapter=Chapter.TRACES,
    heading=_heading(_single, "embeddings carry {}", "No processing is shown to be carried"),
    name="probes of processing labels",
    experiments=(Experiment.PROCESSING_PROBE,),
    command="latentprint audit {photos} --out {new}",
    page="probes",
    is_listed=True,
    introduction=lambda _: (
        "A *linear probe* is asked what was done to a photo that it has not seen, from its "
        "embedding alone."
    ),
    shown=_shown(_single),
    findings=_findings(_single),
    figures=_figure("processing", _single),
    advice=_processing_advice,
    procedure="Softmax regression on embeddings of unit length; test photos stand under every "
    "class. An exact test exchanges the names of the classes within photos.",
    is_answered=lambda run: bool(run.probes),
    glossary=(
        (
            "Accuracy",
            "the mean over the classes, so that frequent ones do not count for more.",
        ),
        (
            "Carried",
            "the exact test says so or, where there is none, the whole interval lies more than a "
            "point above guessing; in both cases allowing for all verdicts of the run by q.",
        ),
        (
            "Undecided",
            "the interval is above guessing, or accuracy still grows with the number of training "
            "photos, or q is too high.",
        ),
        (
            "Not shown",
            "traces may be there all the same: a nonlinear probe or more photos could find them.",
        ),
        (
            "Added by training",
            "the whole interval of the difference to the same network with random weights, photo "
            "by photo, is above a point; no more than untrained: below it.",
        ),
        (
            "Colour statistics, DCT energies",
            "what the same probe reads from statistics of pixels. Context: they decide nothing.",
        ),
        (
            "Exact test",
            "if processing left no trace, the versions of a photo could exchange their names. Its "
            "p is the share of such exchanges that look as striking; its own rule is right as "
            "often as the discriminant says.",
        ),
        (
            "At ten times",
            "the learning curve drawn out to ten times the training photos.",
        ),
        (
            "Smallest effect",
            "how many points above chance an accuracy must lie for such a set of photos to show it "
            "in four of five cases.",
        ),
        (
            "Shuffled labels, and selectivity",
            "the same after labels were shuffled, which should come out near chance; selectivity "
            "is accuracy minus this figure.",
        ),
        (
            "All classes",
            "every training photo was shown to the probe under every class, not under one that was "
            "drawn for it: no match for published figures.",
        ),
    ),
)

PAIRED = Section(
    key="paired",
    chapter=Chapter.TRACES,
    heading=_heading(
        _paired,
        "embeddings move in a consistent direction with {}",
        "No processing is shown to move embeddings in a consistent direction",
    ),
    name="",
    experiments=(Experiment.PROCESSING_PROBE,),
    command="latentprint probe {store} --out {new}",
    page="probes",
    shown=_shown(_paired),
    findings=_findings(_paired),
    figures=_figure("paired", _paired),
    is_answered=lambda run: bool(run.paired),
)

ACQUISITION = Section(
    key="labels",
    chapter=Chapter.TRACES,
    heading=_heading(_labels, "embeddings carry {}", "No label of photos is shown to be carried"),
    name="probes of acquisition labels",
    experiments=(Experiment.ACQUISITION_PROBE,),
    command="latentprint audit {photos} -a make -a aperture -a iso --out {new}",
    page="probes",
    is_listed=True,
    shown=_shown(lambda run: run.traced_labels),
    findings=_findings(_labels),
    figures=_figure("labels", _labels),
    advice=_labels_advice,
    procedure="The same; photos of one group stay on one side of the split.",
    glossary=(
        (
            "File facts alone",
            "the same label read from picture size, size in bytes, format and compression: an "
            "encoder that reads no more may know no more than these.",
        ),
        (
            "Within classes",
            "the label is told apart among photos of one semantic class, so that what classes and "
            "labels have in common does not count.",
        ),
    ),
)

SECTIONS = (PROCESSING, PAIRED, ACQUISITION)
