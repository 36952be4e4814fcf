"""Whatever was measured: no part of an article claims what its rows do not, or another denies."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

import pytest
from bs4 import BeautifulSoup

from latentprint.report.complete_table import complete_table
from latentprint.report.figures.panel import hover
from latentprint.report.inputs import Row, Run
from latentprint.report.report import Source, compose
from latentprint.report.sections import SECTIONS
from latentprint.report.sections.pairs_figure import first_recalls
from latentprint.report.wording import quoted_name
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
    """The findings, headlines or advice of all sections, as one text."""
    run = run_named(name)
    if part == "advice":
        return " ".join(each for section in SECTIONS for each in section.advice(run))
    every = (getattr(section, part)(run) for section in SECTIONS)
    return " ".join(each.sentence for found in every for each in found)


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

HEADLINES: dict[str, Callable[[Run], bool]] = {
    "Processing changes nearest neighbours": lambda run: any_row(run, KNN, verdict=Verdict.CHANGE),
    "is not shown to change nearest neighbours": lambda run: (
        bool(run.neighbours) and not any_row(run, KNN, verdict=Verdict.CHANGE)
    ),
    "Traces of the device distract retrieval": lambda run: any(
        row["harm"] == Harm.RETRIEVAL for row in first_differences(run)
    ),
    "not shown to distract retrieval": lambda run: (
        bool(first_differences(run))
        and not any(row["harm"] == Harm.RETRIEVAL for row in first_differences(run))
    ),
    "not shown to make photos more alike": lambda run: (
        bool(run.of(ALIKE)) and not any_row(run, ALIKE, verdict=Verdict.ALIKE)
    ),
    "Nearest neighbours share camera make more often": lambda run: shared(
        run, Verdict.ABOVE_CHANCE
    ),
    "moves embeddings in a consistent direction": lambda run: (
        len(run.paired) in (1, 2) and any(row["verdict"] == Verdict.CARRIED for row in run.paired)
    ),
}
"""What a summary says if and only if rows say it."""

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
    r"Neighbours share camera make more often than their classes explain\.": lambda run: shared(
        run, Verdict.ABOVE_CHANCE
    ),
    r"is carried by the embedding|[Cc]arried by (the embedding: |all|[1-9])": lambda run: any(
        row["verdict"] == Verdict.CARRIED for row in run.every_probe
    ),
    r"Training added to|[Aa]dded by training (with|in) (all|[1-9])": lambda run: any(
        row["learned"] == Learned.ADDED for row in run.every_probe
    ),
    r"comes out below chance|Below guessing": lambda run: any(
        row["verdict"] == Verdict.BELOW_CHANCE for row in run.every_probe
    ),
    r"is undecided|Undecided": lambda run: any(
        Verdict.UNDECIDED in (row["verdict"], row["learned"]) for row in run.every_probe
    ),
}
"""What no sentence says unless a row says it."""

ADVICE: dict[str, Callable[[Run], bool]] = {
    "Process all photos of an index alike": HEADLINES["Processing changes nearest neighbours"],
    "crowd out the true match": lambda run: any_row(
        run, Experiment.NEAR_DUPLICATE, harm=Harm.RETRIEVAL
    ),
    "on one side of every split": lambda run: any(
        row["verdict"] == Verdict.CARRIED for row in run.labels
    ),
    "does not show that there are no traces": lambda run: (
        bool(run.probes) and not any(row["verdict"] == Verdict.CARRIED for row in run.probes)
    ),
    "Classes and columns go together in your data": lambda run: bool(
        run.correlation and run.correlation["notable"]
    ),
    "Find out whether processing or camera go together": lambda run: not run.correlation,
}
"""What is advised if and only if rows call for it."""


def test_the_runs_hold_every_verdict_and_direction() -> None:
    rows = [row for name in RUNS for row in run_named(name).rows]
    verdicts = {row["verdict"] for row in rows}
    # Others are in the tests of sections, whose rows are changed on purpose.
    assert verdicts >= {
        Verdict.CARRIED, Verdict.NOT_SHOWN, Verdict.CHANGE, Verdict.NO_CHANGE, Verdict.DISTRACTION,
        Verdict.NO_DISTRACTION, Verdict.ALIKE, Verdict.NOT_ALIKE, Verdict.ABOVE_CHANCE,
        Verdict.NO_DIFFERENCE,
    }  # fmt: skip
    assert {row["direction"] for row in rows} == {*Direction, ""}
    assert {row["harm"] for row in rows} == {*Harm, ""}
    assert {row["learned"] for row in rows} == {*Learned, ""}


@pytest.mark.parametrize("name", RUNS)
def test_the_summary_says_what_rows_say(name: str) -> None:
    run, said = run_named(name), sentences(name, "headline")
    for words, is_so in HEADLINES.items():
        assert (words in said) == is_so(run), words
    page = BeautifulSoup(_plain(article(name).markdown), "html.parser").get_text()
    for section in SECTIONS:
        for each in section.headline(run):
            assert "".join(each.sentence.split()) in "".join(page.split())


@pytest.mark.parametrize("name", RUNS)
def test_nothing_is_claimed_without_a_row(name: str) -> None:
    run = run_named(name)
    for part in ("headline", "findings"):
        said = sentences(name, part)
        for words, is_so in CLAIMS.items():
            counted_none = re.sub(r"[^.]*\bnone of [^.]*\.", "", said)
            if re.search(words, counted_none):
                assert is_so(run), (part, words)


@pytest.mark.parametrize("name", RUNS)
def test_findings_and_summary_go_the_same_way(name: str) -> None:
    run = run_named(name)
    found, summary = sentences(name, "findings"), sentences(name, "headline")
    for words in ("attract each other", "repel each other", "are more alike", "are less alike"):
        if words in summary:
            assert words.removeprefix("are ") in found, words
    if len({row["encoder"] for row in run.rows}) == 1:
        carried = [row for row in (*run.probes, *run.labels) if row["verdict"] == Verdict.CARRIED]
        leads = re.findall(r"Carried by the embedding: ([^.]*)\.", summary)
        assert len(leads) == (
            any(row in run.probes for row in carried) + any(row in run.labels for row in carried)
        )
        for row in (*run.probes, *run.labels):
            named = any(quoted_name(row) in lead for lead in leads)
            assert named == (row["verdict"] == Verdict.CARRIED)


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
    for part in ("headline", "findings"):
        assert ", untrained" not in sentences(name, part)


def _plain(markdown: str) -> str:
    """The text without the marks and escapes of Markdown."""
    return re.sub(r"\\([^\w\s])", r"\1", markdown).replace("*", "")
