"""What a report says of probes, from rows of the probes themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from latentprint.report.inputs import Run
from latentprint.report.sections.probes import (
    ACQUISITION,
    PAIRED,
    PROCESSING,
    probes_told,
)
from latentprint.results import Result, results_table
from latentprint.verdicts import judged
from latentprint.words import CONTROL, MARGIN, Experiment, Learned, ProbeSetup, Verdict
from tests.report.made_runs import Made, many, probe_run, run_of


def processing_row(trace: float = 0.5, **changes: Any) -> dict[str, Any]:
    """The processing probe of made-up embeddings, judged after some measured columns changed."""
    found = next(
        row
        for row in probe_run(trace).rows
        if row.experiment == Experiment.PROCESSING_PROBE
        and row.setup == ProbeSetup.PUBLISHED
        and row.family != CONTROL
    )
    (row,) = results_table(judged([replace(found, **changes)])).to_dicts()
    return row


def every_row() -> Iterator[dict[str, Any]]:
    """Rows on both sides of every rule: verdicts, training, exact test, curve and controls."""
    chance = 100 / 3
    spans = [(chance - 9, chance - 4), (chance - 3, chance + 4), (chance + 0.5, chance + 6)]
    spans += [(chance + 5, chance + 12)]
    twins = [(None, None, None), (8.0, 5.0, 11.0), (0.2, -0.5, 0.8), (1.5, -1.0, 4.0)]
    for low, high in spans:
        value = (low + high) / 2
        for twin, twin_low, twin_high in twins:
            for exact in (None, 0.0005, 0.03, 0.6):
                for rising in (True, False, None):
                    yield processing_row(
                        value=value, low=low, high=high, twin=twin, twin_low=twin_low,
                        twin_high=twin_high, discriminant_p=exact, rising=rising,
                        discriminant=None if exact is None else value,
                        p=0.9999 if high < chance else 0.0001 if low > chance else 0.4,
                    )  # fmt: skip


LEADS = {
    Verdict.CARRIED: "Carried by the embedding: sharpening",
    Verdict.NOT_SHOWN: "Not shown to be carried: sharpening",
    Verdict.UNDECIDED: "Undecided: sharpening",
    Verdict.BELOW_CHANCE: "Below guessing, so that something is odd in photos or splits: ",
}
TRAINING = {
    Learned.ADDED: "Added by training",
    Learned.NO_MORE: "No more than the untrained network",
    Learned.UNDECIDED: "Undecided whether training added",
}


def told(row: dict[str, Any]) -> str:
    return " ".join(probes_told([row]))


def test_a_sentence_claims_what_its_verdict_says_and_nothing_else() -> None:
    seen = set()
    for row in every_row():
        seen.add((row["verdict"], row["learned"]))
        for verdict, words in LEADS.items():
            assert (words in told(row)) == (row["verdict"] == verdict)
        carried = row["verdict"] == Verdict.CARRIED
        for learned, words in TRAINING.items():
            assert (words in told(row)) == (carried and row["learned"] == learned)
        figures = f"{row['value']:.1f}% right (95% interval {row['low']:.1f}% to {row['high']:.1f}%"
        assert figures in told(row)
        assert "guessing 33.3%; 40 test photos" in told(row)
    assert {verdict for verdict, _ in seen} == {
        Verdict.CARRIED, Verdict.UNDECIDED, Verdict.NOT_SHOWN, Verdict.BELOW_CHANCE
    }  # fmt: skip
    assert {learned for _, learned in seen} == {*Learned, ""}


def test_heading_and_advice_follow_the_verdict() -> None:
    for row in every_row():
        run = Run(table=results_table([Result(**row)]), photos=None, settings={})
        carried = row["verdict"] == Verdict.CARRIED
        claim, otherwise = "Embeddings carry sharpening", "No processing is shown to be carried"
        assert PROCESSING.heading(run) == (claim if carried else otherwise)
        assert PROCESSING.shown(run) is carried
        assert bool(PROCESSING.advice(run)) == (not carried)


def test_every_label_that_is_carried_is_named_in_the_heading() -> None:
    rows = [
        replace(row, attribute=name, p=p)
        for name, p in (("jpeg", 1e-9), ("resizing", 0.9), ("interpolation", 1e-9))
        for row in probe_run(2.0).rows
        if row.experiment == Experiment.PROCESSING_PROBE and row.setup == ProbeSetup.PUBLISHED
    ]
    run = run_of([replace(row, discriminant_p=None, rising=None) for row in rows])
    verdicts = {row["attribute"]: row["verdict"] for row in run.probes}
    assert verdicts["jpeg"] == verdicts["interpolation"] == Verdict.CARRIED != verdicts["resizing"]
    assert PROCESSING.heading(run) == "Embeddings carry JPEG compression and interpolation kernel"
    carried, other = (each.sentence for each in PROCESSING.findings(run))
    assert carried.count("test photos") == 1
    assert "JPEG compression, " in carried
    assert "; interpolation kernel, " in carried
    assert other.startswith("Undecided: resizing, ")


def test_an_undecided_probe_says_why() -> None:
    for row in every_row():
        if row["verdict"] != Verdict.UNDECIDED:
            continue
        reasons = (
            "the exact test, which decides, does not exclude chance",
            "comes near to a claim",
            "accuracy still grows",
            "by less than the point that a claim needs",
            "such a figure can come about by chance",
        )
        assert sum(reason in told(row) for reason in reasons) == 1, told(row)
        if "still grows" in told(row):
            assert row["rising"]


def test_pixel_statistics_decide_nothing() -> None:
    low = processing_row(colour=20.0, dct=30.0)
    high = processing_row(colour=99.0, dct=99.5)
    assert (low["verdict"], low["learned"]) == (high["verdict"], high["learned"])
    assert told(low) == told(high)


def test_the_margin_of_training_is_a_point() -> None:
    above = processing_row(twin=4.0, twin_low=MARGIN + 0.01, twin_high=7.0)
    below = processing_row(twin=4.0, twin_low=MARGIN - 0.01, twin_high=7.0)
    assert above["learned"] == Learned.ADDED
    assert below["learned"] == Learned.UNDECIDED
    assert "Added by training" not in told(below)


def test_the_paired_probe_claims_a_direction_and_no_reading() -> None:
    run = run_of(probe_run(2.0).rows)
    (finding,) = PAIRED.findings(run)
    words = "Paired probe: shown to move embeddings in a consistent direction: sharpening"
    assert finding.sentence.startswith(words)
    assert "arried" not in finding.sentence
    assert PAIRED.heading(run) == "Embeddings move in a consistent direction with sharpening"
    quiet = run_of(probe_run(0.0).rows)
    assert PAIRED.heading(quiet).startswith("No processing is shown")


def test_labels_are_held_against_the_file_alone() -> None:
    rows = [row for row in probe_run(2.0).rows if row.attribute == "make"]
    found = [
        ACQUISITION.findings(run_of([replace(row, container=alone) for row in rows]))[0].sentence
        for alone in (100.0, None, 1.0)
    ]
    assert "Not shown to be more than file facts alone: camera make, file 100.0%" in found[0]
    assert "file" not in found[1]
    assert "More than file facts alone: camera make, file 1.0%" in found[2]


@pytest.mark.parametrize("number", [3, 7])
def test_many_encoders_are_counted(number: int) -> None:
    run = run_of(many(number, (probe_run,)).rows)
    rows = run.probes
    carried = sum(row["verdict"] == Verdict.CARRIED for row in rows)
    assert 0 < carried < number
    (finding,) = PROCESSING.findings(run)
    assert f"Carried by {carried} of {number} encoders." in finding.sentence
    heading = f"Embeddings carry sharpening in {carried} of {number} measurements"
    assert PROCESSING.heading(run) == heading
    lowest = min(rows, key=lambda row: row["value"])
    assert f"{lowest['value']:.1f}%" in finding.sentence


def test_controls_have_no_verdict_and_no_sentence() -> None:
    run = run_of(probe_run(0.5).rows)
    controls = run.table.filter(run.table["family"] == CONTROL)
    assert len(controls) == 12
    assert set(controls["verdict"]) == {""}
    assert set(controls["learned"]) == {""}
    told = " ".join(each.sentence for each in PROCESSING.findings(run))
    assert "colour statistics is" not in told


def test_nothing_measured_makes_no_finding() -> None:
    run = run_of(Made().rows)
    for section in (PROCESSING, PAIRED, ACQUISITION):
        assert section.findings(run) == []
        assert section.shown(run) is None


def within_classes(rows: list[Result]) -> list[Result]:
    """The same probes with others beside them, within classes, that show nothing."""
    return [
        *rows,
        *(
            replace(row, setup=ProbeSetup.WITHIN_CLASS, low=1.0, value=50.0, p=0.6, rising=None)
            for row in rows
        ),
    ]


@pytest.mark.parametrize("number", [1, 3])
def test_set_ups_of_one_label_are_told_apart(number: int) -> None:
    made = many(number, (probe_run,)) if number > 1 else probe_run(2.0)
    rows = [
        row
        for row in made.rows
        if row.attribute == "make" and row.experiment == Experiment.ACQUISITION_PROBE
    ]
    told = [
        each.about + each.sentence for each in ACQUISITION.findings(run_of(within_classes(rows)))
    ]
    assert sum("ithin classes" in each for each in told) == 1 < len(told)
    assert not any("ithin classes" in each.sentence for each in ACQUISITION.findings(run_of(rows)))


def test_a_claim_whose_interval_reaches_down_to_guessing_says_what_decides() -> None:
    seen = set()
    for row in every_row():
        claimed = row["verdict"] == Verdict.CARRIED and row["low"] <= row["chance"]
        seen.add(claimed)
        assert ("the exact test, which sees weaker traces, decides" in told(row)) == claimed
    assert seen == {True, False}
