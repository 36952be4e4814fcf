"""The first screen of a report: verdicts and what to do, without scrolling."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from bs4 import BeautifulSoup

from latentprint.jobs.source_options import Sources
from latentprint.report import write_report
from latentprint.report.inputs import Row, Run
from latentprint.report.places import filled
from latentprint.report.text import text_of
from latentprint.report.verdict_card import (
    MOST,
    _strip,
    card_columns,
    card_html,
    card_lines,
    what_to_do,
)
from latentprint.report.wording import percent, points, span
from latentprint.words import (
    PROBES,
    SEMANTIC,
    Direction,
    Experiment,
    Harm,
    ProbeSetup,
    Verdict,
)
from tests.browser import opened, overflowing, resize, sync_api, violations_in_both_schemes
from tests.report.made_runs import (
    HOSTILE,
    everything,
    influence_run,
    many,
    pairs_run,
    probe_run,
    robustness_run,
    run_of,
    similarity_run,
    write_made,
)


def rows_of(html: str) -> list[list[str]]:
    soup = BeautifulSoup(html, "html.parser")
    return [
        [" ".join(cell.get_text(" ").split()) for cell in row.select("th, td")]
        for row in soup.select("tr")
    ]


def test_every_cell_has_a_word_a_value_and_an_interval() -> None:
    run = run_of(everything(0.5))
    head, carried, harm = rows_of(card_html(run))
    probe: Row = run.probes[0]
    influence = next(row for row in run.neighbours if row["setup"] == "influence")
    place = head.index("Sharpening")
    assert carried[0] == "Carries traces?"
    assert carried[place].startswith(f"{probe['verdict']} {percent(probe['value'])}")
    assert span(probe["low"], probe["high"]) in carried[place]
    assert f"chance {percent(probe['chance'])}" in carried[place]
    assert harm[0] == "Do they harm?"
    assert points(influence["value"]) in harm[place]
    assert f"{points(influence['low'])} to {points(influence['high'])}" in harm[place]


def test_the_card_fits_into_a_terminal() -> None:
    run = run_of(everything(0.5))
    lines = card_lines(run)
    assert len(lines) <= MOST + 2
    (sharpening,) = (each for each in lines if each.startswith("Sharpening: "))
    probe: Row = run.probes[0]
    assert f"traces {probe['verdict']} ({percent(probe['value'])}" in sharpening
    influence = next(row for row in run.neighbours if row["setup"] == "influence")
    assert f"harm changes neighbours ({points(influence['value'])}" in sharpening
    assert lines[-1] == f"What to do: {what_to_do(run).sentence}"
    unharmed = run_of(probe_run(0.5))
    command = "latentprint influence STORE --out RUN"
    assert card_lines(unharmed)[-1] == f"What to do: {what_to_do(unharmed).sentence} {command}"


def test_what_nobody_measured_is_said() -> None:
    _, _, harm = rows_of(card_html(run_of(probe_run(0.5))))
    assert set(harm[1:]) == {"not measured"}
    _, carried, _ = rows_of(card_html(run_of(pairs_run(0.5))))
    assert carried[1:] == ["not measured"]


def test_the_strip_holds_all_published_encoders_and_says_where_this_one_is() -> None:
    run = run_of(probe_run(0.5))
    column = card_columns(run)[0]
    strip = column.carried.strip
    assert strip is not None
    assert 30 < len(strip.ticks) <= 47
    assert (min([*strip.ticks, *strip.marks]), max([*strip.ticks, *strip.marks])) == (0, 100)
    assert "of 47 published encoders reach less" in strip.spoken


def test_of_several_encoders_the_highest_is_set_among_the_published_ones() -> None:
    row = influence_run(0.5).rows[0]
    rows = [{**asdict(row), "value": value} for value in (10.0, 30.0)]
    strip = _strip(rows, [5.0, 20.0, 40.0])
    assert strip is not None
    assert "2 of 3 published encoders reach less than the highest" in strip.spoken


def test_several_encoders_are_counted() -> None:
    run = run_of(many(5, (probe_run,)))
    column = card_columns(run)[0]
    probes = [row for row in run.probes if not row["setup"]]
    shown = sum(row["verdict"] == Verdict.CARRIED for row in probes)
    assert column.carried.word == f"carried: {shown} of 5"
    values = [row["value"] for row in probes]
    assert column.carried.value == f"{percent(min(values))} to {percent(max(values))}"


@pytest.mark.parametrize(
    ("trace", "begin", "command"),
    [
        (1.0, "Measure whether the traces do harm (sharpening", "latentprint influence"),
        (0.0, "", ""),
    ],
)
def test_what_to_do_follows_the_verdicts(trace: float, begin: str, command: str) -> None:
    todo = what_to_do(run_of(probe_run(trace)))
    assert todo.sentence.startswith(begin)
    assert todo.command.startswith(command)
    assert ("harm (" in todo.sentence) == (trace > 0)


def test_harm_that_was_shown_comes_first() -> None:
    run = run_of(everything(1.0))
    influence = next(row for row in run.neighbours if row["setup"] == "influence")
    assert influence["verdict"] == Verdict.CHANGE
    assert what_to_do(run).sentence.startswith("Process all photos alike")


def test_what_comes_from_a_run_is_escaped() -> None:
    html = card_html(run_of(influence_run(0.5, HOSTILE, "yours")))
    assert "<script" not in html


def test_no_card_where_there_is_nothing_to_say() -> None:
    run = run_of(probe_run(0.5))
    assert card_html(run_of([])) == ""
    assert len(card_columns(run)) <= MOST


def test_the_first_screen_answers(browser: sync_api.Browser, tmp_path: Path) -> None:
    page_file = write_report(write_made(everything(0.5), tmp_path / "run"))
    with opened(browser, page_file.as_uri()) as (page, _):
        for width, height in ((1280, 800), (390, 844)):
            resize(page, width, height)
            for part in (".verdicts table", ".todo"):
                box = page.locator(part).bounding_box()
                assert box is not None
                assert box["y"] + box["height"] <= height
            assert overflowing(page) == []
            assert violations_in_both_schemes(page, ".verdicts") == []


def changed(run: Run, experiment: str, **values: object) -> Run:
    """A run with other values in the rows of an experiment, as a verdict would bring them."""
    of_it = pl.col("experiment") == experiment
    table = run.table.with_columns(
        pl.when(of_it).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    )
    return replace(run, table=table)


def test_verdicts_of_several_encoders_are_not_taken_for_others() -> None:
    run = run_of(many(5, (probe_run,)))
    undecided = changed(run, Experiment.PROCESSING_PROBE, verdict=Verdict.UNDECIDED)
    assert card_columns(undecided)[0].carried.word == "undecided: 5 of 5"
    first = pl.col("encoder") == run.probes[0]["encoder"]
    mixed = replace(
        undecided,
        table=undecided.table.with_columns(
            verdict=pl.when(first).then(pl.lit(str(Verdict.BELOW_CHANCE))).otherwise("verdict")
        ),
    )
    assert card_columns(mixed)[0].carried.word == "below chance: 1, undecided: 4 of 5"


def test_only_single_figures_are_told_to_have_intervals() -> None:
    assert "With 95% intervals." in card_html(run_of(probe_run(0.5)))
    several = card_html(run_of(many(5, (probe_run,))))
    assert "With 95% intervals." not in several
    assert "from the lowest to the highest" in several


def test_the_reverse_of_distraction_is_no_harm() -> None:
    run = run_of(pairs_run(1.0))
    reversed_ = changed(
        run,
        Experiment.NEAR_DUPLICATE,
        value=-9.0,
        verdict=Verdict.DISTRACTION,
        direction=Direction.REVERSED,
        harm=Harm.NOT_SHOWN,
    )
    (column,) = card_columns(reversed_)
    assert (column.harm.word, column.harm.shown) == ("the reverse is shown", False)
    assert what_to_do(reversed_).sentence.startswith("Nothing calls for a change: no harm was")


def test_figures_of_another_protocol_are_not_set_among_published_ones() -> None:
    run = changed(run_of(probe_run(0.5)), Experiment.PROCESSING_PROBE, setup=ProbeSetup.ALL)
    assert card_columns(run)[0].carried.strip is None


def test_what_to_do_does_not_contradict_the_cells_and_the_other_sections() -> None:
    alike = changed(run_of(similarity_run(2.0)), Experiment.SIMILARITY, verdict=Verdict.ALIKE)
    assert card_columns(alike)[0].harm.word == "changes similarity"
    assert "how similar photos are depends on that" in what_to_do(alike).sentence
    shared = changed(
        run_of(probe_run(0.0) + robustness_run(2.0)),
        Experiment.ROBUSTNESS,
        verdict=Verdict.FOLLOWS_NUISANCE,
    )
    assert "more often than their classes explain" in what_to_do(shared).sentence


def test_what_to_do_where_probes_are_below_chance_or_were_not_judged() -> None:
    run = run_of(probe_run(0.0))
    below = run
    for experiment in PROBES:
        below = changed(below, experiment, verdict=Verdict.BELOW_CHANCE)
        run = changed(run, experiment, verdict="")
    assert what_to_do(below).sentence.startswith("Check the photos and their splits")
    assert what_to_do(run).sentence == ""


def test_what_to_do_says_nothing_of_what_was_not_measured() -> None:
    run = run_of(probe_run(0.0))
    for experiment in PROBES:
        run = changed(run, experiment, verdict=Verdict.NOT_SHOWN)
    assert "no trace was shown" in what_to_do(run).sentence
    harm = run_of(influence_run(0.0))
    assert "no harm was shown" in what_to_do(harm).sentence


def test_harm_of_a_label_is_measured_without_processing() -> None:
    run = run_of(probe_run(0.0))
    run = changed(run, Experiment.PROCESSING_PROBE, verdict=Verdict.NOT_SHOWN)
    run = changed(run, Experiment.ACQUISITION_PROBE, verdict=Verdict.CARRIED)
    told = filled(what_to_do(run).command, run)
    assert told == "latentprint robustness STORE --nuisance make --out RUN"


def test_commands_name_vectors_of_ones_own_and_a_new_folder_beside_the_present_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run").mkdir()
    monkeypatch.chdir(tmp_path / "run")
    words = Sources(("a b.npy", "b=c.npy"), metadata=Path("t.csv"), id_column="id").words
    run = replace(run_of(probe_run(0.0)), settings={"vectors": words}, folder=Path())
    told = filled("latentprint robustness {vectors} --out {new}", run)
    named = "'a b.npy' b=c.npy --metadata t.csv --id-column id"
    assert told == f"latentprint robustness {named} --out {tmp_path / 'run-more'}"
    # What processing does cannot be asked of them.
    assert filled("latentprint influence {store}", run) == "latentprint influence STORE"
    assert Sources(np.ones((2, 2))).words == []


def test_the_semantic_class_is_no_trace() -> None:
    run = run_of(probe_run(0.0))
    run = changed(run, Experiment.PROCESSING_PROBE, verdict=Verdict.NOT_SHOWN)
    read = {"verdict": Verdict.CARRIED, "attribute": SEMANTIC}
    run = changed(run, Experiment.ACQUISITION_PROBE, **read)
    assert SEMANTIC not in [each.title for each in card_columns(run)]
    assert what_to_do(run).sentence.startswith("Nothing calls for a change")
    text = text_of(run)
    assert text["chapters"][0]["title"].endswith("are not shown to be recovered")
    assert not any("one side of every split" in each for each in text["chapters"][2]["advice"])


def test_undecided_probes_tell_of_their_own_photos() -> None:
    run = run_of(probe_run(0.0))
    run = changed(run, Experiment.PROCESSING_PROBE, verdict=Verdict.UNDECIDED, n_test=7)
    run = changed(run, Experiment.ACQUISITION_PROBE, verdict=Verdict.NOT_SHOWN)
    assert what_to_do(run).sentence == "Measure more photos: 7 test photos do not decide."
    run = changed(run, Experiment.PROCESSING_PROBE, n_test=1)
    assert what_to_do(run).sentence == "Measure more photos: 1 test photo does not decide."


def test_an_effect_that_is_shown_is_not_written_as_none() -> None:
    tiny = {"verdict": Verdict.CHANGE, "value": 0.04, "low": 0.02, "high": 0.06, "tiny": True}
    run = changed(run_of(influence_run(0.0)), Experiment.KNN_INFLUENCE, **tiny)
    (cell, *_) = [each.harm for each in card_columns(run)]
    assert (cell.word, cell.value) == ("changes neighbours (tiny)", "+0.04")
    assert cell.detail == "+0.02 to +0.06"


def test_an_interval_that_the_word_seems_to_contradict_is_explained_on_every_screen() -> None:
    exact = changed(run_of(probe_run(0.5)), Experiment.PROCESSING_PROBE, low=33.4)
    found = {"low": 1.0, "high": 9.0, "q": 0.02}
    reached = changed(run_of(influence_run(0.0)), Experiment.KNN_INFLUENCE, **found)
    for run, said in ((exact, "by the exact test"), (reached, "leaves out 0, but q = 0.02")):
        explained = BeautifulSoup(card_html(run), "html.parser").select(".detail:not(.how)")
        assert any(said in each.get_text() for each in explained)
    plain = card_html(run_of(probe_run(0.5)))
    assert "by the exact test" not in plain
