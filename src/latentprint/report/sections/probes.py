"""Can labels be read from embeddings? Processing labels, the paired probe, acquisition labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from latentprint.report.figures.figure import Figure
from latentprint.report.inputs import Row, Run, grouped
from latentprint.report.published_prose import probes_context
from latentprint.report.section import Chapter, Finding, Section, found_in
from latentprint.report.sections.probe_figure import probe_figure
from latentprint.report.telling import (
    FEW,
    about,
    counted,
    ends,
    family_means,
    of_all,
    percent_interval,
    place,
    who,
)
from latentprint.report.wording import (
    checks,
    classes,
    count,
    listed,
    percent,
    points,
    probe_name,
    quoted_name,
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

_CLAIMS = {
    Verdict.CARRIED: "{} is carried by the embedding",
    Verdict.UNDECIDED: "{} is undecided with this many photos",
    Verdict.NOT_SHOWN: "{} is not shown to be carried, with this many photos",
    Verdict.BELOW_CHANCE: "{} comes out below chance",
}

_PAIRED_CLAIMS = {
    Verdict.CARRIED: "{} moves embeddings in a consistent direction",
    Verdict.UNDECIDED: "whether {} moves embeddings in a consistent direction is undecided",
    Verdict.NOT_SHOWN: (
        "{} is not shown to move embeddings in a consistent direction with this many photos"
    ),
    Verdict.BELOW_CHANCE: "{} comes out below chance",
}

_ENDINGS = {
    Verdict.NOT_SHOWN: "More photos could change this.",
    Verdict.BELOW_CHANCE: (
        "A probe below guessing points to something odd in the photos or their splits; take no "
        "conclusion from it."
    ),
}

_LEADS = {
    Verdict.CARRIED: "Carried by the embedding: {}.",
    Verdict.UNDECIDED: "Undecided with these photos: {}.",
    Verdict.NOT_SHOWN: "Not shown to be carried, with these photos: {}.",
    Verdict.BELOW_CHANCE: "Below guessing, which calls for a check of the data: {}.",
}

_LEARNED_LEADS = {
    Learned.ADDED: "Training added to {}, compared with the same network untrained.",
    Learned.NO_MORE: "Of {} the embedding tells no more than the same network untrained.",
}

_KINDS = {
    ProbeSetup.PUBLISHED: "",
    ProbeSetup.ALL: "",
    ProbeSetup.PAIRED: "Paired probe: ",
    ProbeSetup.PAIRED_ALL: "Paired probe: ",
    ProbeSetup.WITHIN_CLASS: "Within classes: ",
}


def probe_sentence(row: Row) -> str:
    """What a probe found, with all that its figure is to be held against.

    Args:
        row: A row of the result table, of a processing or acquisition probe.
    """
    parts = [
        f"{_claim(row)}: {_measured(row)}.",
        _exact_sentence(row),
        _why_undecided(row),
        learned_sentence(row),
        _pixels_sentence(row),
        _container_sentence(row),
        _ten_times_sentence(row),
        _smallest_sentence(row),
        _ENDINGS.get(row["verdict"], ""),
    ]
    return " ".join(filter(None, parts))


def learned_sentence(row: Row) -> str:
    """Whether training put the label there: compared with the untrained network, and that alone."""
    if row["twin"] is None:
        return "Whether training added to it was not measured: no untrained twin stands beside it."
    reached = (
        f"the same network untrained is right in {percent(row['value'] - row['twin'])}, a "
        f"difference of {points(row['twin'])} points (95% interval {points(row['twin_low'])} to "
        f"{points(row['twin_high'])})"
    )
    return {
        Learned.ADDED: f"Training added to it: {reached}.",
        Learned.NO_MORE: f"It is no more than without training: {reached}.",
    }.get(row["learned"], f"Whether training added to it is undecided: {reached}.")


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
    guess = f"guessing gives {percent(row['chance'])}" if row["chance"] else ""
    trained = "every training photo under every class" if _every_class(row) else ""
    facts = "; ".join(filter(None, (among, guess, trained)))
    return f"{starting_name(row)} ({facts})" if facts else starting_name(row)


def lead_sentence(probes: Sequence[Row]) -> str:
    """Gather the verdicts of one encoder's probes of one kind, and whether training added."""
    sentences = []
    for verdict, template in _LEADS.items():
        found = [row for row in probes if row["verdict"] == verdict]
        if found:
            sentences.append(template.format(listed(_names(found, probes))))
    for learned, template in _LEARNED_LEADS.items():
        found = [
            row for row in probes if row["learned"] == learned and row["verdict"] == Verdict.CARRIED
        ]
        if found:
            sentences.append(template.format(listed(_names(found, probes))))
    return " ".join(sentences)


def _names(found: Sequence[Row], among: Sequence[Row]) -> list[str]:
    """What some probes are about, with their set-ups where the probes among them have several."""
    several = len({row["setup"] for row in among}) > 1
    return [probe_name(row) if several else quoted_name(row) for row in found]


def paired_lead(paired: Sequence[Row]) -> str:
    """Gather what the paired probes of one encoder show."""
    found = [row for row in paired if row["verdict"] == Verdict.CARRIED]
    if not found:
        return ""
    names = _names(found, paired)
    verb = "move" if len(names) > 1 else "moves"
    return (
        f"The paired probe, which compares versions of a photo, shows that {listed(names)} {verb} "
        "embeddings in a consistent direction."
    )


def _findings(rows_of: Callable[[Run], list[Row]]) -> Callable[[Run], list[Finding]]:
    def findings(run: Run) -> list[Finding]:
        found: list[Finding] = []
        for group in grouped(rows_of(run), "dataset", "attribute", "setup"):
            if len(group) > FEW:
                finding = counted(run, group, probes_about(group[0]), probes_sentence(group))
                found.append(Finding(finding.about, finding.sentence, _checked(group)))
            else:
                found += [
                    Finding(about(run, row), probe_sentence(row), "; ".join(checks(row)))
                    for row in group
                ]
        return found

    return findings


def _checked(rows: Sequence[Row]) -> str:
    """Of how many encoders a health check failed."""
    failed = sum(bool(checks(row)) for row in rows)
    return f"{count(failed, 'encoder')} did not pass every check: see the table" if failed else ""


def _headline(
    rows_of: Callable[[Run], list[Row]], lead: Callable[[Sequence[Row]], str], kind: str
) -> Callable[[Run], list[Finding]]:
    """The verdicts, gathered for each of few encoders, counted for many."""

    def headline(run: Run) -> list[Finding]:
        rows = rows_of(run)
        if len({row["encoder"] for row in rows}) > FEW:
            return _headline_counted(run, rows, kind)
        found = [
            Finding(about(run, group[0]), lead(group))
            for group in grouped(rows, "encoder", "dataset")
        ]
        return [each for each in found if each.sentence]

    return headline


def _headline_counted(run: Run, rows: list[Row], kind: str) -> list[Finding]:
    found = []
    for every in grouped(rows, "dataset"):
        said = []
        for group in grouped(every, "attribute", "setup"):
            carried = [row for row in group if row["verdict"] == Verdict.CARRIED]
            added = sum(row["learned"] == Learned.ADDED for row in carried)
            best = max(carried or group, key=lambda row: float(row["value"]))
            guess = f", guessing {percent(best['chance'])}" if best["chance"] else ""
            learned = f", added by training in {added}" if any(r["learned"] for r in group) else ""
            said.append(
                f"{_names([best], every)[0]} with {len(carried)} of {len(group)} encoders (up to "
                f"{percent(best['value'])}{guess}{learned})"
            )
        found.append(Finding(place(run, every[0]), f"{kind}: {'; '.join(said)}."))
    return found


def _learned_counted(rows: Sequence[Row]) -> str:
    known = [row for row in rows if row["learned"]]
    if not known:
        return "No untrained twin was measured beside them."
    added = [row for row in known if row["learned"] == Learned.ADDED]
    return f"Added by training with {of_all(len(added), len(known))} that have an untrained twin."


def _claim(row: Row) -> str:
    setup = ProbeSetup(row["setup"])
    if setup.paired:
        return f"Paired probe: {_PAIRED_CLAIMS.get(row['verdict'], '{}').format(quoted_name(row))}"
    template = _CLAIMS.get(row["verdict"], "{}")
    name = quoted_name(row) if _KINDS[setup] else starting_name(row)
    return f"{_KINDS[setup]}{template.format(name)}"


def _every_class(row: Row) -> bool:
    return ProbeSetup(row["setup"]).every_class


def _measured(row: Row) -> str:
    among = f" among {classes(row)} classes" if classes(row) else ""
    chance = f", where guessing gives {percent(row['chance'])}" if row["chance"] else ""
    trained = ", trained with every training photo under every class,"
    every = ""
    if row["micro"] is not None and abs(row["micro"] - row["value"]) >= _UNBALANCED:
        every = f"; all classes weigh alike, and {percent(row['micro'])} of all answers are right"
    return (
        f"the probe{trained * _every_class(row)} is right in {percent(row['value'])} of cases "
        f"(95% interval {span(row['low'], row['high'], unit='%')}; "
        f"{count(row['n_test'], 'test photo')}){among}{chance}{every}"
    )


def _exact_sentence(row: Row) -> str:
    """The exact test, which decides where each photo exists under every class."""
    if row["discriminant_p"] is None:
        return ""
    decides = ""
    if row["verdict"] == Verdict.CARRIED and row["low"] <= (row["chance"] or 0.0):
        decides = " It decides, since it sees weaker traces than the accuracy, whose interval "
        decides += "reaches down to guessing."
    return (
        "The exact test, which exchanges the names of the classes within each photo, gives "
        f"p = {significant(row['discriminant_p'])}; its own rule is right in "
        f"{percent(row['discriminant'])}.{decides}"
    )


def _why_undecided(row: Row) -> str:
    if row["verdict"] != Verdict.UNDECIDED:
        return ""
    chance, q = row["chance"] or 0.0, significant(row["q"])
    if row["discriminant_p"] is not None:
        if row["q"] is not None and row["q"] > EXACT_FALSE_DISCOVERIES and row["low"] > chance:
            return (
                "Its interval is above guessing, but the exact test, which decides, does not "
                f"exclude chance among the verdicts of the run (q = {q})."
            )
        if row["rising"]:
            return f"Accuracy still grows with training photos (q = {q})."
        return f"The exact test comes near to what a claim needs, and does not reach it (q = {q})."
    if row["low"] > chance + MARGIN:
        return (
            "Its interval is clear of guessing, but among the many verdicts of the run such a "
            f"figure can come about by chance (q = {q})."
        )
    if row["low"] > chance:
        return "Its interval is above guessing, but by less than the point that a claim needs."
    if row["rising"]:
        return (
            "Its interval reaches down to guessing, but accuracy still grows with training photos."
        )
    return f"Its interval reaches down to guessing, though a test against guessing gives q = {q}."


def _pixels_sentence(row: Row) -> str:
    """What statistics of the pixels read, as context."""
    known = [
        f"{name} {verb} {percent(row[column])}"
        for column, name, verb in (
            ("colour", "18 colour statistics of the crop", "reach"),
            ("dct", "DCT energies at native size", "reach"),
        )
        if row[column] is not None
    ]
    return f"For context, {' and '.join(known)}." if known else ""


def _container_sentence(row: Row) -> str:
    """Whether the encoder tells more of a label than the file does."""
    if row["experiment"] != Experiment.ACQUISITION_PROBE:
        return ""
    if row["container"] is None:
        return "Whether the file alone tells as much was not measured."
    alone = f"File facts alone (pixel size, format, compression) reach {percent(row['container'])}"
    if row["value"] <= row["container"]:
        return f"{alone}: the encoder tells no more than the file."
    if row["verdict"] != Verdict.CARRIED:
        return f"{alone}."
    if row["low"] > row["container"]:
        return f"{alone}: the encoder tells more than the file."
    return f"{alone}, inside the interval: the encoder is not shown to tell more than the file."


def _ten_times_sentence(row: Row) -> str:
    if row["ten_times"] is None:
        return ""
    return (
        "At ten times the training photos its learning curve suggests "
        f"{percent(row['ten_times'])} "
        f"({span(row['ten_times_low'], row['ten_times_high'], unit='%')})."
    )


def _smallest_sentence(row: Row) -> str:
    """The smallest effect that the photos could have shown, for whatever was not shown."""
    unseen = row["verdict"] in (Verdict.UNDECIDED, Verdict.NOT_SHOWN, Verdict.BELOW_CHANCE)
    # The exact test sees weaker traces than the accuracy does.
    if not unseen or row["smallest_effect"] is None or row["discriminant_p"] is not None:
        return ""
    least = (row["chance"] or 0.0) + row["smallest_effect"]
    if least >= 100:
        return "These photos are too few to show any effect in four of five cases."
    return (
        f"These photos show an accuracy of {percent(least)} or more in four of five cases; "
        "a weaker trace would go unseen."
    )


def _labels_advice(run: Run) -> list[str]:
    names = list(
        dict.fromkeys(quoted_name(row) for row in run.labels if row["verdict"] == Verdict.CARRIED)
    )
    if not names:
        return []
    more = [count(len(names) - _NAMED, "further label")] if len(names) > _NAMED else []
    return [
        f"Keep photos by one camera and one photographer on one side of every split: "
        f"{listed([*names[:_NAMED], *more])} can be read from embeddings."
    ]


def _processing_advice(run: Run) -> list[str]:
    if not run.probes or any(row["verdict"] == Verdict.CARRIED for row in run.probes):
        return []
    return [
        "That no processing label is shown to be carried does not show that there are no traces: "
        "these photos may be too few, or compressed too much before."
    ]


def _processing_introduction(_: Run) -> str:
    return (
        "Each photo was processed, embedded, and asked what was done to it. Three questions are "
        "kept apart. Is the label *carried* by the embedding, that is, told better than by "
        "guessing? Did *training* put it there, compared with the same network untrained? And, as "
        "context only, what do simple *statistics of the pixels* read?"
    )


def _paired_introduction(_: Run) -> str:
    return (
        "**The paired probe** subtracts from the embeddings of each photo their mean over the "
        "classes first. What the photo shows no longer hides what was done to it. But it needs all "
        "versions of a photo: it tells whether processing moves embeddings in a consistent "
        "direction, *not* whether it can be read off one photo, and is not to be compared with "
        "published figures."
    )


def _labels_introduction(run: Run) -> str:
    text = (
        "The same kind of probe for labels of the photos: how they were taken, and columns of your "
        "own."
    )
    if any(row["container"] is not None for row in run.labels):
        text += (
            " *File facts alone* are picture size, format and compression: an encoder that reads "
            "no more may know no more than these."
        )
    return text


def _figure(key: str, rows_of: Callable[[Run], list[Row]]) -> Callable[[Run, bool], list[Figure]]:
    def figures(run: Run, _pictures: bool) -> list[Figure]:
        rows = rows_of(run)
        return [probe_figure(key, rows)] if rows else []

    return figures


def _found(rows_of: Callable[[Run], list[Row]]) -> Callable[[Run], str]:
    def found(run: Run) -> str:
        verdicts = [row["verdict"] for row in rows_of(run) if row["verdict"]]
        return found_in(verdicts.count(Verdict.CARRIED), len(verdicts), "carried")

    return found


def _processing_protocol(_: Run) -> str:
    return (
        "**Processing probe.** Each test photo stands under every class of the attribute; each "
        "training photo under every class (in the published protocol under one, drawn at random). "
        "Softmax regression on embeddings of unit length; regularisation is tuned on a part of the "
        "training photos; the figure is the mean over the fits that the result table counts. "
        "Beside it a discriminant of mean shifts, whitened by the spread of photos, scores single "
        "photos that it was not fitted to; its p is exact: class names are exchanged within photos."
    )


def _labels_protocol(_: Run) -> str:
    return (
        "**Acquisition probe.** The label of each photo is read from its embedding; photos of one "
        "group stay on one side of the split, and accuracy is the mean over the classes."
    )


def _single(run: Run) -> list[Row]:
    return run.probes


def _paired(run: Run) -> list[Row]:
    return run.paired


def _labels(run: Run) -> list[Row]:
    return run.labels


PROCESSING = Section(
    key="processing",
    chapter=Chapter.TRACES,
    title="Processing labels",
    name="probes of processing labels",
    experiments=(Experiment.PROCESSING_PROBE,),
    command="latentprint audit PHOTOS --out RUN",
    unanswered="Processing labels were",
    introduction=_processing_introduction,
    found=_found(lambda run: run.probes),
    findings=_findings(_single),
    headline=_headline(_single, lead_sentence, "Carried by the embedding"),
    context=lambda run: probes_context(run.probes),
    figures=_figure("processing", _single),
    advice=_processing_advice,
    protocol=_processing_protocol,
    is_answered=lambda run: bool(run.probes),
    glossary=(
        (
            "Accuracy",
            "how often the probe names the right class: the mean over the classes, so that "
            "frequent ones do not count for more. Guessing is right in one of as many cases as "
            "there are classes.",
        ),
        (
            "Carried",
            "the label can be told from the embedding: the exact test says so or, where there is "
            "none, the whole interval lies more than a point above guessing (the point allows for "
            "the choice of the regularisation); in both cases allowing for all verdicts "
            "of the run by q.",
        ),
        (
            "Undecided",
            "not shown, but not to be put aside either: the interval is above guessing, or "
            "accuracy still grows with the number of training photos, or q is too high.",
        ),
        (
            "Not shown",
            "not shown to be above guessing with these photos. Traces may be there all the same: "
            "a nonlinear probe or more photos could find them.",
        ),
        (
            "Below chance",
            "worse than guessing, which a sound measurement is not: check the photos and the "
            "splits.",
        ),
        (
            "Added by training",
            "the figure is more than a point above that of the same network with random weights, "
            "with the whole interval of the difference, photo by photo. *No more than untrained*: "
            "the whole interval is below that point. This is asked of the untrained network alone.",
        ),
        (
            "Colour statistics, DCT energies",
            "what the same probe reads from 18 statistics of the crop, and from the energies of "
            "the frequencies of the photo at its native size. Context: they tell what the pixels "
            "hold, and decide nothing.",
        ),
        (
            "Exact test",
            "if processing left no trace, the versions of a photo could exchange their names. Its "
            "p is the share of such exchanges that look as striking.",
        ),
        (
            "At ten times the photos",
            "the learning curve drawn out to ten times the training photos, with the interval of "
            "that guess. It is not drawn out further.",
        ),
        (
            "Smallest effect",
            "how many points above chance an accuracy must lie for a set of photos like this one "
            "to show it in four of five cases. Weaker traces go unseen: no finding is not a "
            "finding of nothing.",
        ),
        (
            "Shuffled labels, and selectivity",
            "the same procedure after labels were shuffled among the photos (or their groups), so "
            "that there is nothing to read. It should come out near chance; where it does not, the "
            "procedure reads what it should not. Selectivity is accuracy minus this figure.",
        ),
        (
            "All classes",
            "every training photo was shown to the probe under every class; in the published "
            "protocol, under one class that was drawn for it. The probe learns from more, so its "
            "figures are no match for published ones.",
        ),
    ),
)

PAIRED = Section(
    key="paired",
    chapter=Chapter.TRACES,
    title="",
    name="",
    experiments=(Experiment.PROCESSING_PROBE,),
    command="latentprint probe STORE --out RUN",
    unanswered="",
    introduction=_paired_introduction,
    found=_found(lambda run: run.paired),
    findings=_findings(_paired),
    headline=_headline(
        _paired, paired_lead, "Shown to move embeddings in a consistent direction (paired probe)"
    ),
    figures=_figure("paired", _paired),
    is_answered=lambda run: bool(run.paired),
    glossary=(
        (
            "Paired",
            "each photo's mean over the classes is subtracted before the probe. *Carried* then "
            "says that processing moves embeddings in a consistent direction, not that it can be "
            "read off one photo.",
        ),
    ),
)

ACQUISITION = Section(
    key="labels",
    chapter=Chapter.TRACES,
    title="Acquisition labels",
    name="probes of acquisition labels",
    experiments=(Experiment.ACQUISITION_PROBE,),
    command="latentprint audit PHOTOS -a make -a aperture -a iso --out RUN",
    unanswered="Acquisition labels were",
    introduction=_labels_introduction,
    found=_found(lambda run: run.labels),
    findings=_findings(_labels),
    headline=_headline(_labels, lead_sentence, "Labels carried by the embedding"),
    context=lambda run: probes_context(run.labels),
    figures=_figure("labels", _labels),
    advice=_labels_advice,
    protocol=_labels_protocol,
    glossary=(
        (
            "File facts alone",
            "the same label read from picture size, size in bytes, format and compression, without "
            "a look at the pixels. Cameras differ in all of these, and an encoder may know no more "
            "than the picture's shape gives away.",
        ),
        (
            "Within classes",
            "the label is told apart among photos of one semantic class, so that what classes and "
            "labels have in common does not count.",
        ),
    ),
)

SECTIONS = (PROCESSING, PAIRED, ACQUISITION)
