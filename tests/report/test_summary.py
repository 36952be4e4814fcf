from __future__ import annotations

from dataclasses import asdict

from latentprint.report.inputs import read_run
from latentprint.report.summary import lead_sentence, paired_lead, summarise
from tests.report.conftest import FIRST, PAIRED, SECOND, Maker, paired_row, probe_row


def test_lead_gathers_verdicts() -> None:
    keys = ("jpeg", "sharpening", "resizing", "interpolation")
    assert lead_sentence([asdict(probe_row(FIRST, key)) for key in keys]) == (
        "A linear probe reads JPEG compression and resizing from its embeddings. For sharpening, "
        "it is above guessing, but not shown to be above what untrained controls reach. "
        "Interpolation kernel is not readable with this many photos."
    )
    two = [asdict(probe_row(FIRST, key, verdict="not readable")) for key in keys[:2]]
    assert (
        lead_sentence(two)
        == "JPEG compression and sharpening are not readable with this many photos."
    )
    assert lead_sentence([]) == ""


def test_lead_says_what_is_above_guessing_when_nothing_is_read() -> None:
    text = lead_sentence([asdict(probe_row(FIRST, "sharpening"))])
    assert text.startswith("For sharpening, a linear probe is above guessing")


def test_the_lead_of_paired_probes_names_them() -> None:
    text = paired_lead([asdict(paired_row(FIRST, key)) for key in PAIRED])
    assert text.startswith("The paired probe, the sensitive measure for small sets, shows that")
    assert "JPEG" not in text


def test_setups_are_not_mixed_up_with_the_published_protocol(make_run: Maker) -> None:
    first, second = summarise(read_run(make_run()))
    assert (first.encoder, second.encoder) == (FIRST, SECOND)
    assert first.leads[0].startswith("A linear probe reads JPEG compression and resizing")
    assert first.leads[-1].startswith("The paired probe")
    headings = [heading for heading, _ in first.parts]
    assert len(headings) == 3
    assert "paired probe" in headings[2]


def test_failed_checks_stand_beside_their_finding(make_run: Maker) -> None:
    _, second = summarise(read_run(make_run()))
    below = [each for each in second.parts[0][1] if each.verdict == "below chance"]
    assert [each.notes for each in below] == ["unstable between seeds"]
