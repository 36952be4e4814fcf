"""Whatever was measured: no part of an article claims what its rows do not, or another denies."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from statistics import fmean

import pytest
from bs4 import BeautifulSoup

from latentprint.report.complete_table import complete_table
from latentprint.report.figures.panel import hover
from latentprint.report.inputs import Row, Run, grouped
from latentprint.report.report import Source, compose
from latentprint.report.section import is_answered
from latentprint.report.sections import SECTIONS
from latentprint.report.sections.pairs_figure import first_recalls
from latentprint.report.telling import points_told
from latentprint.results import Result
from latentprint.words import (
    CONTROL,
    Direction,
    Experiment,
    Harm,
    InfluenceSetup,
    Learned,
    PairGallery,
    RobustnessMeasure,
    SimilarityMeasure,
    Verdict,
)
from tests.report.made_runs import (
    Made,
    correlation_run,
    everything,
    influence_run,
    layers_run,
    many,
    pairs_run,
    probe_run,
    robustness_run,
    run_of,
    similarity_run,
)

TRACES = (0.0, 0.2, 0.5, 2.0)
DIFFERENCES = {InfluenceSetup.INFLUENCE, PairGallery.DIFFERENCE, SimilarityMeasure.DIFFERENCE}
GONE = re.compile(r"\b(floor|ceiling|not readable)\b|\(reversed\)", re.IGNORECASE)


def reversed_effects(made: Made) -> Made:
    """The same with every difference the other way round."""

    def turned(row: Result) -> Result:
        if row.setup not in DIFFERENCES:
            return row
        return replace(row, value=-row.value, low=-row.high, high=-row.low)

    return replace(made, rows=[turned(row) for row in made.rows])


def turned_round(trace: float) -> Made:
    """Every experiment, its differences the other way round."""
    return reversed_effects(everything(trace))


def bare(trace: float) -> Made:
    """Every experiment without controls."""
    made = probe_run(trace, controls=False)
    for part in (influence_run, similarity_run, robustness_run, pairs_run):
        made = made + part(trace)
    return made


RUNS: dict[str, Callable[[], Made]] = {
    **{f"trace {trace}": partial(everything, trace) for trace in TRACES},
    **{
        f"seed {seed}, trace {trace}": partial(everything, trace, seed=seed)
        for trace in (0.0, 0.2)
        for seed in (1, 2)
    },
    **{f"no controls, trace {trace}": partial(bare, trace) for trace in TRACES},
    **{f"reversed, trace {trace}": partial(turned_round, trace) for trace in TRACES},
    "two encoders": lambda: many(2) + layers_run("net") + probe_run(0.5),
    "five encoders": lambda: many(5) + correlation_run(0.6),
    "five reversed": lambda: reversed_effects(many(5)) + correlation_run(0.0),
    "nothing": Made,
}


@cache
def run_named(name: str) -> Run:
    return run_of(RUNS[name](), photos=False)


@cache
def article(name: str) -> Source:
    return compose(run_named(name))


def sentences(name: str, part: str) -> str:
    """The findings, headings or advice of all sections that the run answers, as one text."""
    run = run_named(name)
    answered = [section for section in SECTIONS if is_answered(section, run)]
    if part == "advice":
        return " ".join(each for section in SECTIONS for each in section.advice(run))
    if part == "headings":
        return " ".join(section.heading(run) for section in answered)
    return " ".join(each.sentence for section in answered for each in section.findings(run))


def any_row(run: Run, experiment: str, **wanted: str) -> bool:
    """Whether a row of an encoder has such words."""
    rows = run.of(experiment)
    return any(all(row[name] == word for name, word in wanted.items()) for row in rows)


def first_differences(run: Run) -> list[Row]:
    found = first_recalls(run.of(Experiment.NEAR_DUPLICATE))
    return [each[PairGallery.DIFFERENCE] for each in found]


def shared(run: Run, verdict: str) -> bool:
    nuisance = RobustnessMeasure.NUISANCE_PURITY
    return any_row(run, Experiment.ROBUSTNESS, setup=nuisance, verdict=verdict)


KNN, ALIKE = Experiment.KNN_INFLUENCE, Experiment.SIMILARITY

HEADINGS: dict[str, Callable[[Run], bool]] = {
    "Embeddings carry ": lambda run: any(
        row["verdict"] == Verdict.CARRIED for row in (*run.probes, *run.labels)
    ),
    "No processing is shown to be carried": lambda run: (
        bool(run.probes) and not any(row["verdict"] == Verdict.CARRIED for row in run.probes)
    ),
    "No label of photos is shown to be carried": lambda run: (
        bool(run.labels) and not any(row["verdict"] == Verdict.CARRIED for row in run.labels)
    ),
    "Embeddings move in a consistent direction with": lambda run: any(
        row["verdict"] == Verdict.CARRIED for row in run.paired
    ),
    "No processing is shown to move embeddings": lambda run: (
        bool(run.paired) and not any(row["verdict"] == Verdict.CARRIED for row in run.paired)
    ),
    "Nearest neighbours follow": lambda run: any_row(run, KNN, verdict=Verdict.CHANGE),
    "No processing is shown to change nearest neighbours": lambda run: (
        bool(run.neighbours) and not any_row(run, KNN, verdict=Verdict.CHANGE)
    ),
    "Traces of the device distract retrieval": lambda run: any(
        row["harm"] == Harm.RETRIEVAL for row in first_differences(run)
    ),
    "Traces of the device are not shown to distract retrieval": lambda run: (
        bool(first_differences(run))
        and not any(row["harm"] == Harm.RETRIEVAL for row in first_differences(run))
    ),
    "are more alike": lambda run: any_row(run, ALIKE, direction=Direction.EXPECTED),
    "are less alike": lambda run: any_row(run, ALIKE, direction=Direction.REVERSED),
    "not shown to make photos more alike": lambda run: (
        bool(run.of(ALIKE)) and not any_row(run, ALIKE, verdict=Verdict.ALIKE)
    ),
    "Neighbours share camera make beyond their classes": lambda run: shared(
        run, Verdict.FOLLOWS_NUISANCE
    ),
    "Neighbours are not shown to share camera make": lambda run: (
        bool(run.of(Experiment.ROBUSTNESS)) and not shared(run, Verdict.FOLLOWS_NUISANCE)
    ),
    "goes together with the class": lambda run: bool(
        run.correlation and run.correlation["notable"]
    ),
    "accuracies rose": lambda run: any(
        max(group, key=lambda row: float(row["n_train"]))["rising"]
        for group in grouped(run.of(Experiment.LEARNING_CURVE), "attribute", "setup", "encoder")
    ),
}
"""What a heading says if and only if rows say it."""

CLAIMS: dict[str, Callable[[Run], bool]] = {
    r"attract each other": lambda run: any_row(run, KNN, direction=Direction.EXPECTED),
    r"repel each other": lambda run: any_row(run, KNN, direction=Direction.REVERSED),
    r"(?<!shown to make photos )more alike": lambda run: any_row(
        run, ALIKE, direction=Direction.EXPECTED
    ),
    r"less alike": lambda run: any_row(run, ALIKE, direction=Direction.REVERSED),
    r"[Tt]he reverse": lambda run: any(
        row["direction"] == Direction.REVERSED for row in first_differences(run)
    ),
    r"Neighbours share camera make more often than their classes explain": lambda run: shared(
        run, Verdict.FOLLOWS_NUISANCE
    ),
    r"Carried by (the embedding: |all|[1-9])|: carried after [1-9]": (
        lambda run: any(
            row["verdict"] == Verdict.CARRIED for row in (*run.every_probe, *run.layers)
        )
    ),
    r"Added by training(, above| with (all|[1-9]))": lambda run: any(
        row["learned"] == Learned.ADDED for row in run.every_probe
    ),
    r"Below guessing": lambda run: any(
        row["verdict"] == Verdict.BELOW_CHANCE for row in run.every_probe
    ),
    r"Undecided": lambda run: any(
        Verdict.UNDECIDED in (row["verdict"], row["learned"]) for row in run.every_probe
    ),
}
"""What no sentence says unless a row says it."""

ADVICE: dict[str, Callable[[Run], bool]] = {
    "Process all photos of an index alike": HEADINGS["Nearest neighbours follow"],
    "Judge retrieval on queries": lambda run: any_row(
        run, Experiment.NEAR_DUPLICATE, harm=Harm.RETRIEVAL
    ),
    "on one side of every split": lambda run: any(
        row["verdict"] == Verdict.CARRIED for row in run.labels
    ),
    "is no proof that there is none": lambda run: (
        bool(run.probes) and not any(row["verdict"] == Verdict.CARRIED for row in run.probes)
    ),
    "Balance classes over columns": lambda run: bool(
        run.correlation and run.correlation["notable"]
    ),
}
"""What is advised if and only if rows call for it."""


def test_the_runs_hold_every_verdict_and_direction() -> None:
    rows = [row for name in RUNS for row in run_named(name).rows]
    verdicts = {row["verdict"] for row in rows}
    # Others are in the tests of sections, whose rows are changed on purpose.
    assert verdicts >= {
        Verdict.CARRIED, Verdict.NOT_SHOWN, Verdict.CHANGE, Verdict.NO_CHANGE, Verdict.DISTRACTION,
        Verdict.NO_DISTRACTION, Verdict.ALIKE, Verdict.NOT_ALIKE, Verdict.FOLLOWS_NUISANCE,
        Verdict.NO_NUISANCE,
    }  # fmt: skip
    assert {row["direction"] for row in rows} == {*Direction, ""}
    assert {row["harm"] for row in rows} == {*Harm, ""}
    assert {row["learned"] for row in rows} == {*Learned, ""}


@pytest.mark.parametrize("name", RUNS)
def test_headings_say_what_rows_say(name: str) -> None:
    run, said = run_named(name), sentences(name, "headings")
    for words, is_so in HEADINGS.items():
        assert (words in said) == is_so(run), words
    page = BeautifulSoup(_plain(article(name).markdown), "html.parser").get_text()
    for section in SECTIONS:
        if is_answered(section, run):
            assert "".join(section.heading(run).split()) in "".join(page.split())


@pytest.mark.parametrize("name", RUNS)
def test_nothing_is_claimed_without_a_row(name: str) -> None:
    run = run_named(name)
    for part in ("headings", "findings"):
        said = sentences(name, part)
        for words, is_so in CLAIMS.items():
            counted_none = re.sub(r"[^.]*\bnone of [^.]*\.", "", said)
            if re.search(words, counted_none):
                assert is_so(run), (part, words)


@pytest.mark.parametrize("name", RUNS)
def test_every_figure_of_a_sentence_is_in_the_rows_of_its_section(name: str) -> None:
    run = run_named(name)
    for section in SECTIONS:
        if not is_answered(section, run):
            continue
        rows = [row for row in run.every_row if row["experiment"] in section.experiments]
        if section.key == "curves":
            rows += run.every_probe
        known = {text for row in rows for text in figures_in(row)} | recorded_in(run)
        known |= {f"{number:,}" for number in range(len(rows) + 1)} | CONSTANTS
        known |= means_of(rows)
        for family in {row["family"] for row in rows}:
            known |= means_of([row for row in rows if row["family"] == family])
        for finding in section.findings(run):
            told = re.sub(r"[“”][^”]*”|recall@\d+|JPEG\d+_\d+", "", finding.sentence)
            for encoder in sorted({row["encoder"] for row in rows}, key=len, reverse=True):
                told = told.replace(encoder, "")
            for found in re.findall(r"(?<![\w.])[−+]?\d[\d,.]*(?<![,.])", told):
                assert found.lstrip("+−") in known, (section.key, found, finding.sentence)


CONSTANTS = {"95", "99", "100", "10", "0.5", "0.01", "0.001", "35"}
"""Numbers of the sentences themselves: levels, margins, and a name of a label."""


def figures_in(row: Row) -> set[str]:
    """Every number of a row as it may be written."""
    found = set()
    numbers = [value for value in row.values() if isinstance(value, (int, float))]
    for beside in ("twin", "smallest_effect"):
        if row[beside] is not None:
            numbers += [row["value"] - row[beside], (row["chance"] or 0.0) + row[beside]]
    for value in numbers:
        found |= {
            f"{abs(scaled):,.{digits}f}" for scaled in (value, value / 100) for digits in range(5)
        }
        found |= {f"{abs(value):.2g}", f"{abs(value):g}"}
    return found


def means_of(rows: list[Row]) -> set[str]:
    """The means of a family, which counted sentences tell."""
    found = set()
    for group in grouped(rows, "attribute", "setup", "condition", "k", "query_device"):
        found.add(f"{abs(fmean(row['value'] for row in group)):.1f}")
        found.add(str(len(group)))
    return found


def recorded_in(run: Run) -> set[str]:
    """What a run tells beside its rows: of correlation, of movements relative to distances."""
    columns = run.correlation["columns"] if run.correlation else []
    found = {f"{each[name]:.2f}" for each in columns for name in ("v", "chance")}
    found |= {str(each["n"]) for each in columns} | {str(len(columns))}
    found |= {f"{row['n_test'] * row['k']:,}" for row in run.of(Experiment.ROBUSTNESS)}
    for group in grouped(run.of(Experiment.VARIANCE), "encoder", "attribute"):
        by = {row["setup"]: row["value"] for row in group}
        shift, distance = (by.get(each, 0.0) for each in ("shift", "distance"))
        found |= {f"{100 * shift / distance:.2f}"} if distance else set()
    return found


ONE = [name for name in RUNS if "five" not in name and name not in ("two encoders", "nothing")]


@pytest.mark.parametrize("name", ONE)
def test_every_finding_that_is_shown_is_told_with_its_figures(name: str) -> None:
    run = run_named(name)
    told = sentences(name, "findings")
    first = [
        row for each in first_recalls(run.of(Experiment.NEAR_DUPLICATE)) for row in each.values()
    ]
    for row in run.rows:
        shown = row["verdict"] == Verdict.CARRIED or (row["direction"] and row["verdict"])
        if not shown or (row["experiment"] == Experiment.NEAR_DUPLICATE and row not in first):
            continue
        if row["direction"]:
            assert points_told(row) in told, row
            assert not re.search(r"[^\d.]0\.0 points", points_told(row))
        else:
            value = f"{row['value']:.1f}% right"
            interval = f"{row['low']:.1f}% to {row['high']:.1f}%"
            assert value in told, row
            assert interval in told, row
    for row in run.of(Experiment.ROBUSTNESS):
        if row["setup"] == RobustnessMeasure.NUISANCE_PURITY and row["verdict"] in (
            Verdict.FOLLOWS_NUISANCE, Verdict.AVOIDS_NUISANCE
        ):  # fmt: skip
            assert f"{row['value']:.1f}% of {row['n_test'] * row['k']:,} pairs of a photo" in told


def test_an_effect_that_is_shown_is_never_written_as_nothing() -> None:
    for value in (0.04, 0.004, -0.04, 0.3):
        rows = [
            replace(row, value=value, low=value - abs(value) / 2, high=value + abs(value) / 2,
                    p=1e-9) if row.setup in DIFFERENCES else row
            for row in similarity_run(0.5).rows + influence_run(0.5).rows
        ]  # fmt: skip
        run = run_of(Made(rows), photos=False)
        for section in SECTIONS:
            for finding in section.findings(run):
                assert not re.search(r"(?<![\d.])0\.0+ (points|to)", finding.sentence), finding


@pytest.mark.parametrize("name", RUNS)
def test_advice_follows_what_was_found(name: str) -> None:
    run, said = run_named(name), sentences(name, "advice")
    for words, is_so in ADVICE.items():
        assert (words in said) == is_so(run), words


@pytest.mark.parametrize("name", RUNS)
def test_tables_and_labels_have_the_words_of_the_rows(name: str) -> None:
    run, files = run_named(name), article(name).files
    complete = complete_table(run.table.to_dicts())
    places = [complete.head.index(each) for each in ("Verdict", "Training", "Direction", "Harm")]
    words = [("verdict", "learned", "direction", "harm")] * len(complete.rows)
    for line, row, names in zip(complete.rows, run.table.to_dicts(), words, strict=True):
        assert [line[at] for at in places] == [row[each] or "–" for each in names]
        assert line[0] == row["encoder"]
    for key, rows in (
        ("processing", run.probes), ("paired", run.paired), ("labels", run.labels),
        ("robustness", run.of(Experiment.ROBUSTNESS)), ("similarity", run.of(ALIKE)),
    ):  # fmt: skip
        if rows:
            soup = BeautifulSoup(files[f"figures/{key}.html"], "html.parser")
            assert verdicts_told(soup) == [row["verdict"] or "–" for row in rows], key


def verdicts_told(soup: BeautifulSoup) -> list[str]:
    """The column of verdicts of the first table that has one."""
    for table in soup.select("details.numbers table"):
        head = [each.get_text(strip=True) for each in table.select("thead th")]
        if "Verdict" in head:
            at = head.index("Verdict")
            lines = table.select("tbody tr")
            return [line.find_all(["th", "td"])[at].get_text(strip=True) for line in lines]
    return []


@pytest.mark.parametrize("name", RUNS)
def test_bars_say_the_verdict_of_their_row(name: str) -> None:
    run = run_named(name)
    for key, rows in (("processing", run.probes), ("labels", run.labels)):
        if not rows:
            continue
        section = next(each for each in SECTIONS if each.key == key)
        (figure,) = section.figures(run, False)
        labels = [
            label
            for panel in figure.panels
            for trace in panel.data
            if trace["type"] == "bar"
            for label in trace["hovertext"]
        ]
        assert len(labels) == len(rows)
        for row in rows:
            figures = f"{row['value']:.1f}% ({row['low']:.1f} to {row['high']:.1f})"
            told = hover(row["encoder"], figures, f"{row['n_test']} test photos", row["verdict"])
            assert any(label.startswith(told) for label in labels), told


@pytest.mark.parametrize("name", RUNS)
def test_words_of_former_versions_are_gone(name: str) -> None:
    source = article(name)
    for text in (source.markdown, *source.files.values()):
        assert not GONE.search(text), GONE.search(text)


@pytest.mark.parametrize("name", RUNS)
def test_controls_are_never_told_as_findings(name: str) -> None:
    run = run_named(name)
    controls = run.table.filter(run.table["family"] == CONTROL)
    for column in ("verdict", "learned", "direction", "harm"):
        assert set(controls[column]) <= {""}
    for part in ("headings", "findings"):
        assert ", untrained" not in sentences(name, part)


def _plain(markdown: str) -> str:
    """The text without the marks and escapes of Markdown."""
    return re.sub(r"\\([^\w\s])", r"\1", markdown).replace("*", "")
