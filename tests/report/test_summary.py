from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from latentprint.report.inputs import read_run
from latentprint.report.summary import (
    encoders_of,
    harm_findings,
    lead_sentence,
    paired_lead,
    scope,
    trace_findings,
)
from latentprint.results import results_table, write_results
from tests.report.conftest import FIRST, PAIRED, SECOND, Maker, paired_row, probe_row
from tests.report.many_encoders import write_many


def test_lead_gathers_verdicts() -> None:
    keys = ("jpeg", "sharpening", "resizing", "interpolation")
    assert lead_sentence([asdict(probe_row(FIRST, key)) for key in keys]) == (
        "A linear probe reads JPEG compression and resizing from its embeddings. For sharpening, "
        "it is above guessing, but not shown to be above what untrained controls reach. "
        "Interpolation kernel is not readable with these photos."
    )
    two = [asdict(probe_row(FIRST, key, verdict="not readable")) for key in keys[:2]]
    assert (
        lead_sentence(two) == "JPEG compression and sharpening are not readable with these photos."
    )
    assert lead_sentence([]) == ""


def test_lead_says_what_is_above_guessing_when_nothing_is_read() -> None:
    text = lead_sentence([asdict(probe_row(FIRST, "sharpening"))])
    assert text.startswith("For sharpening, a linear probe is above guessing")


def test_the_lead_of_paired_probes_names_them() -> None:
    text = paired_lead([asdict(paired_row(FIRST, key)) for key in PAIRED])
    assert text.startswith("The paired probe, the sensitive measure for small sets, shows that")
    assert "JPEG" not in text


def test_each_of_few_encoders_has_a_sentence(make_run: Maker) -> None:
    found = trace_findings(read_run(make_run()))
    assert [each.about for each in found] == [FIRST, SECOND]
    assert found[0].sentence.startswith("A linear probe reads JPEG compression and resizing")
    assert "The paired probe" in found[0].sentence


def test_the_assignment_of_all_classes_is_never_mixed_up(tmp_path: Path) -> None:
    rows = [probe_row(FIRST, "jpeg", verdict="not readable"), probe_row(FIRST, "jpeg", setup="all")]
    write_results(results_table(rows), tmp_path)
    (found,) = trace_findings(read_run(tmp_path))
    assert found.sentence == (
        "JPEG compression is not readable with these photos. Trained with every training photo "
        "under every class: A linear probe reads JPEG compression from its embeddings."
    )


def test_the_strongest_harm_is_told_once_for_each_experiment(make_run: Maker) -> None:
    found = [each.sentence for each in harm_findings(read_run(make_run()))]
    assert len(found) == 5
    for sentence, words in zip(
        found,
        ("influence +9.1 points", "recall@1", "more often than by chance", "AUC", "0.31% of cases"),
        strict=True,
    ):
        assert words in sentence


def test_what_is_not_shown_is_not_claimed(tmp_path: Path) -> None:
    from tests.report.conftest import neighbour_rows

    write_results(results_table(neighbour_rows(FIRST, "resizing")), tmp_path)
    (found,) = harm_findings(read_run(tmp_path))
    assert found.sentence.startswith("Processing is not shown to change nearest neighbours")
    assert "95% interval −0.8 to +2.3" in found.sentence


def test_many_encoders_are_counted(tmp_path: Path) -> None:
    run = read_run(write_many(tmp_path))
    assert "of 47 frozen visual encoders (24 CVL, 11 SUP, 12 SSL), on made-up photos." in scope(run)
    found = trace_findings(run)
    assert len(found) == 3
    assert "of 47 encoders (up to" in found[0].sentence
    assert sum(len(each.sentence) for each in found) < 2_000


def test_blocks_are_no_encoders(tmp_path: Path) -> None:
    row = probe_row(FIRST, "jpeg")
    block = replace(row, encoder=f"{FIRST}, block 7", network=FIRST, layer=7)
    write_results(results_table([row, block]), tmp_path)
    run = read_run(tmp_path)
    assert encoders_of(run) == [FIRST]
    assert len(run.probes) == 1
    assert len(run.layers) == 1
