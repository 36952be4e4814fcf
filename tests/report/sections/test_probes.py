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
    probe_sentence,
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


def test_a_sentence_claims_what_its_verdict_says_and_nothing_else() -> None:
    seen = set()
    for row in every_row():
        told = probe_sentence(row)
        seen.add((row["verdict"], row["learned"]))
        assert ("is carried by the embedding" in told) == (row["verdict"] == Verdict.CARRIED)
        assert ("not shown to be carried" in told) == (row["verdict"] == Verdict.NOT_SHOWN)
        assert ("is undecided with this many" in told) == (row["verdict"] == Verdict.UNDECIDED)
        assert ("comes out below chance" in told) == (row["verdict"] == Verdict.BELOW_CHANCE)
        assert ("Training added to it: " in told) == (row["learned"] == Learned.ADDED)
        assert ("no more than without training" in told) == (row["learned"] == Learned.NO_MORE)
        assert ("was not measured: no untrained twin" in told) == (row["twin"] is None)
    assert {verdict for verdict, _ in seen} == {
        Verdict.CARRIED, Verdict.UNDECIDED, Verdict.NOT_SHOWN, Verdict.BELOW_CHANCE
    }  # fmt: skip
    assert {learned for _, learned in seen} == {*Learned, ""}


def test_the_summary_and_the_advice_follow_the_verdict() -> None:
    for row in every_row():
        run = Run(table=results_table([Result(**row)]), photos=None, settings={})
        (headline,) = PROCESSING.headline(run)
        carried = row["verdict"] == Verdict.CARRIED
        assert headline.sentence.startswith("Carried by") == carried
        told = "Training added to" in headline.sentence
        assert told == (carried and row["learned"] == Learned.ADDED)
        assert bool(PROCESSING.advice(run)) == (not carried)


def test_an_undecided_probe_says_why() -> None:
    for row in every_row():
        if row["verdict"] != Verdict.UNDECIDED:
            continue
        told = probe_sentence(row)
        reasons = (
            "the exact test, which decides, does not exclude chance",
            "comes near to what a claim needs",
            "accuracy still grows",
            "Accuracy still grows",
            "by less than the point that a claim needs",
            "such a figure can come about by chance",
        )
        assert sum(reason in told for reason in reasons) == 1, told
        if "still grows" in told:
            assert row["rising"]


def test_pixel_statistics_are_context_and_decide_nothing() -> None:
    low = processing_row(colour=20.0, dct=30.0)
    high = processing_row(colour=99.0, dct=99.5)
    assert (low["verdict"], low["learned"]) == (high["verdict"], high["learned"])
    told = probe_sentence(high)
    assert "For context, 18 colour statistics of the crop reach 99.0%" in told
    assert "DCT energies at native size reach 99.5%" in told
    assert "floor" not in told


def test_the_margin_of_training_is_a_point() -> None:
    above = processing_row(twin=4.0, twin_low=MARGIN + 0.01, twin_high=7.0)
    below = processing_row(twin=4.0, twin_low=MARGIN - 0.01, twin_high=7.0)
    assert above["learned"] == Learned.ADDED
    assert below["learned"] == Learned.UNDECIDED
    assert "Training added to it:" not in probe_sentence(below)


def test_the_paired_probe_claims_a_direction_and_no_reading() -> None:
    run = run_of(probe_run(2.0).rows)
    (finding,) = PAIRED.findings(run)
    assert "Paired probe: sharpening moves embeddings in a consistent direction" in finding.sentence
    assert "is carried" not in finding.sentence
    (headline,) = PAIRED.headline(run)
    assert "in a consistent direction" in headline.sentence
    assert not PAIRED.headline(run_of(probe_run(0.0).rows))


def test_labels_are_held_against_the_file_alone() -> None:
    rows = [row for row in probe_run(2.0).rows if row.attribute == "make"]
    found = [
        ACQUISITION.findings(run_of([replace(row, container=alone) for row in rows]))[0].sentence
        for alone in (100.0, None, 1.0)
    ]
    assert "the encoder tells no more than the file" in found[0]
    assert "Whether the file alone tells as much was not measured" in found[1]
    assert "the encoder tells more than the file" in found[2]


@pytest.mark.parametrize("number", [3, 7])
def test_many_encoders_are_counted(number: int) -> None:
    run = run_of(many(number, (probe_run,)).rows)
    rows = run.probes
    carried = sum(row["verdict"] == Verdict.CARRIED for row in rows)
    assert 0 < carried < number
    (finding,) = PROCESSING.findings(run)
    assert f"Carried by {carried} of {number} encoders." in finding.sentence
    (headline,) = PROCESSING.headline(run)
    assert f"sharpening with {carried} of {number} encoders" in headline.sentence
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
        assert section.headline(run) == []


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
def test_the_summary_tells_set_ups_of_one_label_apart(number: int) -> None:
    made = many(number, (probe_run,)) if number > 1 else probe_run(2.0)
    rows = [
        row
        for row in made.rows
        if row.attribute == "make" and row.experiment == Experiment.ACQUISITION_PROBE
    ]
    (headline,) = ACQUISITION.headline(run_of(within_classes(rows)))
    assert headline.sentence.count("camera make (within classes)") == 1
    (alone,) = ACQUISITION.headline(run_of(rows))
    assert "within classes" not in alone.sentence


def test_the_highest_figure_of_a_label_is_of_an_encoder_that_carries_it() -> None:
    rows = [
        replace(row, value=99.9, low=1.0, discriminant_p=0.9) if row.encoder == "undecided" else row
        for name in ("a", "b", "undecided")
        for row in probe_run(1.0, name).rows
    ]
    run = run_of(rows)
    carried = [row["value"] for row in run.probes if row["verdict"] == Verdict.CARRIED]
    assert len(carried) == 2
    (headline,) = PROCESSING.headline(run)
    assert f"with 2 of 3 encoders (up to {max(carried):.1f}%" in headline.sentence
    assert "added by training in 2" in headline.sentence


def test_a_claim_whose_interval_reaches_down_to_guessing_says_what_decides() -> None:
    seen = set()
    for row in every_row():
        claimed = row["verdict"] == Verdict.CARRIED and row["low"] <= row["chance"]
        seen.add(claimed)
        assert ("It decides, since it sees weaker traces" in probe_sentence(row)) == claimed
    assert seen == {True, False}
