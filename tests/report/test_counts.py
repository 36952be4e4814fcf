"""Sentences about many encoders."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from latentprint.report.comparison_prose import first_recalls
from latentprint.report.counts import (
    NAMED,
    influences_about,
    influences_sentence,
    probes_about,
    probes_sentence,
    recalls_sentence,
    similarities_sentence,
)
from tests.report.comparison_rows import pairs_rows, row
from tests.report.conftest import FIRST, neighbour_rows, paired_row, probe_row

FAMILIES = ("CVL", "SUP", "SSL", "SUP")


def probes(*verdicts: str, **changes: Any) -> list[dict[str, Any]]:
    return [
        asdict(
            probe_row(FIRST, "jpeg", encoder=f"encoder {at}", family=FAMILIES[at % 4],
                      value=20.0 + at, low=19.0 + at, high=21.0 + at, verdict=verdict, **changes)
        )
        for at, verdict in enumerate(verdicts)
    ]  # fmt: skip


def test_encoders_that_read_are_counted_and_the_ends_are_named() -> None:
    assert probes_sentence(probes("not readable", "read", "read", "not above the floor")) == (
        "Read from 2 of 4 encoders. Accuracy ranges from 20.0% (95% interval 19.0% to 21.0%) with "
        "encoder 0 to 23.0% (22.0% to 24.0%) with encoder 3. Mean by family: CVL 20.0% (1 "
        "encoder), SUP 22.0% (2 encoders), SSL 22.0% (1 encoder). Their floors reach "
        "19.0%. Above guessing, but not shown to be above the floor: encoder 3. Not "
        "readable with these photos: encoder 0."
    )


def test_the_line_begins_with_what_was_asked() -> None:
    (row,) = probes("read")
    assert probes_about(row) == "JPEG compression (6 classes; guessing gives 16.7%)"
    assert probes_about(row | {"setup": "all"}).endswith("every training photo under every class)")
    assert influences_about(influences(2.0)[0]) == "JPEG compression (k = 10)"


def test_nobody_reads() -> None:
    text = probes_sentence(probes(*["not readable"] * 5, floor=None))
    assert "Read from none of 5 encoders" in text
    assert "No floor was measured beside them." in text
    assert "no trace" not in text


def test_only_some_names_are_written_out() -> None:
    text = probes_sentence(probes(*["undecided"] * (NAMED + 3)))
    assert f"encoder {NAMED - 1} and 3 more." in text
    assert f"encoder {NAMED}," not in text


def test_the_paired_probe_claims_a_direction_only() -> None:
    rows = [asdict(paired_row(FIRST, "resizing", encoder=f"encoder {at}")) for at in range(4)]
    text = probes_sentence(rows)
    assert "Shown to move embeddings in a consistent direction with all 4 encoders" in text
    assert "read" not in text.lower()


def influences(*values: float) -> list[dict[str, Any]]:
    last = neighbour_rows(FIRST, "jpeg")[-1]
    return [
        asdict(
            replace(last, encoder=f"encoder {at}", value=value, low=value - 1, high=value + 1,
                    verdict="no change shown" if abs(value) < 1 else "traces change neighbours")
        )
        for at, value in enumerate(values)
    ]  # fmt: skip


def test_attraction_and_repulsion_are_counted_apart() -> None:
    text = influences_sentence(influences(9.0, 3.0, 0.4, -2.5))
    assert text.startswith(
        "Photos processed alike attract each other with 2 of 4 encoders, and repel each other "
        "with 1 encoder."
    )
    assert "from −2.5 (95% interval −3.5 to −1.5) with encoder 3 to +9.0" in text
    assert text.endswith("No change is shown with these photos: encoder 2.")


def test_recalls() -> None:
    rows = [asdict(each) for at in range(5) for each in pairs_rows(f"encoder {at}")]
    text = recalls_sentence(first_recalls(rows))
    assert text.startswith(
        "Traces of the device distract retrieval with all 5 encoders: recall@1 is"
    )
    assert "88.4% on average" in text


def test_similarities_say_where_nothing_is_shown() -> None:
    changes = [
        asdict(row("similarity", "jpeg", "AUC difference", value, encoder=f"encoder {at}"))
        for at, value in enumerate((4.0, 0.2, 0.1, -5.0))
    ]
    text = similarities_sentence(changes)
    assert "are more alike with 1 of 4 encoders, and less alike with 1 encoder." in text
