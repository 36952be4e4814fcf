"""What a report says of neighbours, retrieval and similarity: harm is never its reverse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from latentprint.report.complete_table import signed
from latentprint.report.inputs import Run
from latentprint.report.section import Section
from latentprint.report.sections.correlation import CORRELATION
from latentprint.report.sections.influence import INFLUENCE
from latentprint.report.sections.neighbour_figure import neighbour_table
from latentprint.report.sections.pairs import PAIRS
from latentprint.report.sections.robustness import ROBUSTNESS
from latentprint.report.sections.similarity import SIMILARITY
from latentprint.report.sections.stability import STABILITY
from latentprint.report.text import text_of
from latentprint.report.wording import significant
from latentprint.results import Result
from latentprint.words import (
    CONTROL,
    NO_INTERVAL,
    SMALLEST_EFFECT,
    InfluenceSetup,
    PairGallery,
    PairMeasure,
    RobustnessMeasure,
    SimilarityMeasure,
    StabilityMeasure,
    Verdict,
)
from tests.report.made_runs import (
    Made,
    correlation_run,
    influence_run,
    many,
    pairs_run,
    robustness_run,
    run_of,
    similarity_run,
)


def with_effect(
    rows: list[Result], setup: str, value: float, *, shown: bool, attribute: str = ""
) -> list[Result]:
    """The rows with another value of the difference that is judged, shown or not."""
    half = abs(value) / 2 if shown else 2 * abs(value)
    return [
        replace(
            row,
            value=value,
            low=value - half,
            high=value + half,
            p=0.0001 if shown else 0.6,
        )
        if row.setup == setup and (not attribute or row.attribute == attribute)
        else row
        for row in rows
    ]


def texts(section: Section, run: Run) -> tuple[str, str, str]:
    """Findings, heading and advice, each as one text."""
    findings = section.findings(run)
    return (
        " ".join(each.sentence for each in findings),
        section.heading(run),
        " ".join(section.advice(run)),
    )


@pytest.mark.parametrize(
    ("section", "rows", "setup"),
    [
        (INFLUENCE, influence_run(0.5).rows, InfluenceSetup.INFLUENCE),
        (PAIRS, pairs_run(0.5).rows, PairGallery.DIFFERENCE),
        (SIMILARITY, similarity_run(0.5).rows, SimilarityMeasure.DIFFERENCE),
    ],
)
def test_an_interval_without_0_that_is_no_claim_says_what_is_missing(
    section: Section, rows: list[Result], setup: str
) -> None:
    def told(p: float, *names: str) -> str:
        differ = {"value": 16.3, "low": 4.7, "high": 29.7, "p": p}
        judged = [
            replace(row, encoder=name, **(differ if row.setup == setup else {}))
            for name in names
            for row in rows
        ]
        return texts(section, run_of(judged))[0]

    for names in (("a",), ("a", "b", "c")):
        assert "+29.7, which leaves out 0, but q = 0.02; a claim needs 0.01" in told(0.02, *names)
        assert "leaves out 0" not in told(0.0001, *names)


@pytest.mark.parametrize("number", [1, 3])
def test_neighbours_whose_interval_leaves_out_chance_say_why_it_is_no_claim(number: int) -> None:
    def told(p: float) -> str:
        rows = [
            replace(row, value=60.0, low=55.0, high=65.0, chance=50.0, p=row.p and p)
            for row in robustness_run(0.0).rows
        ]
        renamed = [replace(row, encoder=f"net {i}") for i in range(number) for row in rows]
        return texts(ROBUSTNESS, run_of(renamed))[0]

    no_claim = "which leaves out chance, but q = 0.02; a claim needs 0.01"
    assert told(0.02).count(f"55.0% to 65.0%, {no_claim}") == 2
    assert "leaves out chance" not in told(0.0001)


def test_the_table_of_influence_says_what_a_verdict_needs() -> None:
    run = run_of(influence_run(0.5).rows)
    table = neighbour_table(run.neighbours)
    at = {name: table.head.index(name) for name in ("p", "q", "Interval")}
    for line, row in zip(table.rows, run.neighbours, strict=True):
        assert line[at["p"]] == significant(row["p"])
        assert line[at["q"]] == significant(row["q"])
        if row["verdict"]:
            assert line[at["Interval"]] == signed(row["low"], row["high"])


@pytest.mark.parametrize("number", [1, 5])
def test_influence_attracts_repels_or_is_not_shown(number: int) -> None:
    rows = many(number, (influence_run,)).rows if number > 1 else influence_run(0.5).rows
    change = InfluenceSetup.INFLUENCE
    attract = texts(INFLUENCE, run_of(with_effect(rows, change, 6.0, shown=True)))
    repel = texts(INFLUENCE, run_of(with_effect(rows, change, -6.0, shown=True)))
    nothing = texts(INFLUENCE, run_of(with_effect(rows, change, 6.0, shown=False)))
    assert "attract each other" in attract[0]
    assert "Nearest neighbours follow sharpening" in attract[1]
    assert "repel each other" not in attract[0]
    assert "repel each other" in repel[0]
    assert "No processing is shown to change" in nothing[1]
    for words in ("attract each other: ", "attract each other with all", "follow"):
        assert words not in nothing[0] + nothing[1]
    assert not nothing[2]
    assert "Process all photos of an index alike" in attract[2]


def test_a_tiny_influence_is_told_as_tiny() -> None:
    change, rows = InfluenceSetup.INFLUENCE, influence_run(0.5).rows
    small, large = SMALLEST_EFFECT - 0.01, SMALLEST_EFFECT + 0.01
    for value, is_tiny in ((small, True), (large, False), (-small, True)):
        found = texts(INFLUENCE, run_of(with_effect(rows, change, value, shown=True)))
        assert ("tiny" in found[0]) == is_tiny


def recall_rows(value: float, *, shown: bool, name: str = "net") -> list[Result]:
    rows = pairs_run(0.5, name).rows
    recall = PairMeasure.RECALL.at(1)
    return with_effect(rows, PairGallery.DIFFERENCE, value, shown=shown, attribute=recall)


def test_a_reversed_difference_of_pairs_is_no_harm() -> None:
    findings, heading, _ = texts(PAIRS, run_of(recall_rows(-8.0, shown=True)))
    assert "the reverse of what traces of the device would do" in findings
    assert "Traces of the device distract retrieval" not in findings + heading
    assert "not shown to distract retrieval; the reverse is" in heading
    harmless = [row for row in recall_rows(-8.0, shown=True) if row.attribute == "recall@1"]
    assert not texts(PAIRS, run_of(harmless))[2]


def test_pairs_distract_or_are_not_shown_to() -> None:
    harmful = texts(PAIRS, run_of(recall_rows(8.0, shown=True)))
    assert "Traces of the device distract retrieval" in harmful[0]
    assert "Traces of the device distract retrieval" in harmful[1]
    assert "Judge retrieval on queries" in harmful[2]
    nothing = [row for row in recall_rows(8.0, shown=False) if row.attribute == "recall@1"]
    told = texts(PAIRS, run_of(nothing))
    assert "not shown to distract retrieval" in told[0]
    assert "not shown to distract retrieval" in told[1]
    assert not told[2]


def test_many_encoders_count_harm_and_its_reverse_apart() -> None:
    rows = [
        *recall_rows(8.0, shown=True, name="a"),
        *recall_rows(9.0, shown=True, name="b"),
        *recall_rows(-30.0, shown=True, name="c"),
        *recall_rows(1.0, shown=False, name="d"),
    ]
    findings, heading, _ = texts(PAIRS, run_of(rows))
    assert "distract retrieval with 2 of 4 encoders" in findings
    assert "The reverse is shown for c." in findings
    assert heading == "Traces of the device distract retrieval in 2 of 4 measurements"


def test_similarity_says_more_less_or_not_shown() -> None:
    rows, change = similarity_run(0.5).rows, SimilarityMeasure.DIFFERENCE
    more = texts(SIMILARITY, run_of(with_effect(rows, change, 5.0, shown=True)))
    less = texts(SIMILARITY, run_of(with_effect(rows, change, -5.0, shown=True)))
    nothing = texts(SIMILARITY, run_of(with_effect(rows, change, 5.0, shown=False)))
    assert "are more alike" in more[0]
    assert more[1] == "Photos with the same sharpening are more alike"
    assert "are less alike" in less[0]
    assert less[1] == "Photos with the same sharpening are less alike"
    assert "more alike" not in less[0] + less[1]
    assert "not shown to make photos more alike" in nothing[0]
    assert "not shown to make photos more alike" in nothing[1]


def test_one_query_has_no_interval() -> None:
    rows = [
        replace(row, n_test=1, p=None, low=row.value, high=row.value, notes=NO_INTERVAL)
        for row in similarity_run(0.5).rows
    ]
    found, *_ = texts(SIMILARITY, run_of(rows))
    assert "of 1 query" in found
    assert "there is no interval and no verdict" in found
    assert "95% interval" not in found
    (row,) = [row for row in rows if row.setup == SimilarityMeasure.DIFFERENCE]
    same = f"{row.value:.2f} to {row.value:.2f}"
    assert same not in str([figure.tables for figure in SIMILARITY.figures(run_of(rows), False)])


def test_a_threshold_is_set_for_the_encoder_whose_copies_move_farthest() -> None:
    rows = similarity_run(0.5).rows
    one, *_ = (row for row in rows if row.setup == StabilityMeasure.FIRST and not row.reference)

    def first(encoder: str, value: float) -> Result:
        return replace(one, encoder=encoder, value=value, low=value - 1.0, high=value + 1.0)

    (told,) = STABILITY.advice(run_of([first("near", 97.0), first("far", 90.0)]))
    assert "below 0.900 (95% interval 0.890 to 0.910)" in told
    assert told.endswith("far).")


def test_stability_says_from_where_and_below_which_threshold() -> None:
    rows = similarity_run(0.5).rows
    (finding,) = STABILITY.findings(run_of(rows))
    assert "re-encoded as another class" in finding.sentence
    assert "Below your threshold of 0.95" in finding.sentence
    (finding,) = STABILITY.findings(run_of([row for row in rows if row.reference]))
    assert "re-encoded from JPEG95_444 to another class" in finding.sentence
    farther = [row for row in rows if row.setup == StabilityMeasure.FARTHER]
    assert len(farther) == 2


def test_robustness_is_judged_within_classes_alone() -> None:
    rows = robustness_run(2.0).rows
    run = run_of(rows)
    shown = [row for row in run.rows if row["verdict"] == Verdict.FOLLOWS_NUISANCE]
    within = {row["setup"] for row in shown if row["condition"] == "within class"}
    assert within == {RobustnessMeasure.INDEX, RobustnessMeasure.NUISANCE_PURITY}
    over_all = [row for row in run.rows if row["condition"] == "all photos" and row["verdict"]]
    assert {row["setup"] for row in over_all} == {RobustnessMeasure.CLASS_PURITY}
    findings, heading, _ = texts(ROBUSTNESS, run)
    assert "Neighbours share camera make more often than their classes explain" in findings
    assert heading == "Neighbours share camera make beyond their classes"
    quiet = texts(ROBUSTNESS, run_of(robustness_run(0.0).rows))
    assert "not shown to share" in quiet[1]


def test_what_was_binned_is_told_once_for_each_nuisance() -> None:
    rows = [
        replace(row, attribute=name, notes=f"values of {name} binned; {row.encoder} alone")
        for name in ("iso", "zoom")
        for row in many(2, (robustness_run,)).rows
    ]
    findings = ROBUSTNESS.findings(run_of(Made(rows)))
    assert findings[-1].notes == "values of iso binned; values of zoom binned"
    assert not any(each.notes for each in findings[:-1])


def test_one_neighbour_is_the_nearest() -> None:
    rows = [replace(row, k=1) for row in robustness_run(2.0).rows]
    (finding, *_) = ROBUSTNESS.findings(run_of(rows))
    assert "pairs of a photo and its nearest neighbour do" in finding.sentence


def test_robustness_is_told_beside_its_controls_and_in_pairs() -> None:
    rows = robustness_run(2.0).rows
    (encoder,) = {row.encoder for row in rows}
    control = [
        replace(row, encoder=name, family=CONTROL, value=value)
        for row in rows
        for name, value in ((f"{encoder}, untrained", 41.5), ("colour statistics", 62.5))
    ]
    run = run_of([*rows, *control])
    (finding,) = ROBUSTNESS.findings(run)
    (row,) = [
        row
        for row in run.rows
        if row["setup"] == RobustnessMeasure.NUISANCE_PURITY and row["condition"] == "within class"
    ]
    pairs = row["n_test"] * row["k"]
    assert f"{row['value']:.1f}% of {pairs:,} pairs of a photo" in finding.sentence
    held = (
        f"against {row['chance']:.1f}% by the class alone, 41.5% with the same network "
        "untrained and 62.5% with colour statistics."
    )
    assert held in finding.sentence
    (figure,) = ROBUSTNESS.figures(run, False)
    marks = {trace["legendgroup"]: trace["x"] for trace in figure.panels[0].data}
    assert marks["twin"] == [41.5]
    assert marks["colour"] == [62.5]
    assert figure.panels[0].layout["shapes"][0]["x0"] == row["chance"]
    assert "untrained" not in ROBUSTNESS.findings(run_of(rows))[0].sentence


@pytest.mark.parametrize(
    ("trace", "heading"),
    [
        (2.0, "Traces can interfere with downstream tasks"),
        (0.0, "Traces are not shown to interfere with downstream tasks"),
    ],
)
def test_what_neighbours_share_counts_for_the_heading_of_the_chapter(
    trace: float, heading: str
) -> None:
    chapters = text_of(run_of(influence_run(0.0) + robustness_run(trace)))["chapters"]
    assert chapters[1]["title"] == heading


def test_no_count_of_none_denies_what_is_only_not_shown() -> None:
    counted = run_of(many(5, (influence_run, similarity_run, robustness_run, pairs_run)))
    for section in (INFLUENCE, SIMILARITY, ROBUSTNESS, PAIRS):
        for finding in section.findings(counted):
            before, among, _ = finding.sentence.partition(" of 5 encoders")
            assert not among or "shown" in before


@pytest.mark.parametrize(("strength", "warned"), [(0.0, False), (0.9, True)])
def test_advice_on_correlation_follows_what_was_found(strength: float, warned: bool) -> None:
    run = replace(run_of([]), correlation=correlation_run(strength).correlation)
    assert bool(CORRELATION.advice(run)) == warned
    (finding,) = CORRELATION.findings(run)
    assert finding.sentence.startswith("Together with the class goes") == warned
    assert CORRELATION.heading(run).startswith("No column") != warned
    assert run.correlation is not None
    for column in run.correlation["columns"]:
        is_told = f"“{column['column']}” (Cramér's V {column['v']:.2f}" in finding.sentence
        assert is_told == (column["column"] in run.correlation["notable"])


def test_a_weak_correlation_is_no_column_that_does_not_go_with_the_class() -> None:
    found = correlation_run(0.9).correlation
    assert found is not None
    weak = {"notable": [], "weak": found["notable"]}
    run = replace(run_of([]), correlation={**found, **weak})
    assert CORRELATION.heading(run) == "Columns go together with the class, but weakly"
    (finding,) = CORRELATION.findings(run)
    assert finding.sentence.startswith("Only weakly together with the class goes, of 2 columns: “")
    assert CORRELATION.advice(run) == []


def test_nothing_measured_makes_no_finding() -> None:
    run = run_of(Made().rows)
    for section in (INFLUENCE, ROBUSTNESS, PAIRS, SIMILARITY, STABILITY):
        assert texts(section, run)[0] == ""
        assert section.shown(run) is None
