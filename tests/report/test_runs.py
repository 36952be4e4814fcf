"""Several run folders as one."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from latentprint.errors import LatentprintError
from latentprint.report import write_report
from latentprint.report.runs import read_runs
from latentprint.results import Result, results_table, write_results
from latentprint.verdicts import judged
from latentprint.words import (
    CONTROL,
    FALSE_DISCOVERIES,
    UNTRAINED,
    Experiment,
    ProbeSetup,
    Verdict,
)
from tests.report.made_runs import NET, influence_run, probe_run

WEIGHTS = ("1a2b3c4d" * 4, "9f8e7d6c" * 4)


@cache
def probe(trace: float = 0.5) -> Result:
    """The processing probe of an encoder, as it was measured."""
    return next(row for row in probe_run(trace).rows if row.setup == ProbeSetup.PUBLISHED)


def write(folder: Path, rows: list[Result], **settings: Any) -> Path:
    write_results(results_table(judged(rows)), folder)
    recorded = {"dataset": rows[0].dataset, **settings}
    (folder / "settings.json").write_text(json.dumps(recorded), encoding="utf-8")
    return folder


def encoder(weights: str, name: str = NET) -> dict[str, Any]:
    return {"name": name, "family": "SUP", "identity": {"weights": weights}}


def about(name: str, **changes: Any) -> Result:
    """The probe under another attribute."""
    return replace(probe(), attribute=name, **changes)


def test_rows_of_several_runs_stand_beside_each_other(tmp_path: Path) -> None:
    probes = write(tmp_path / "probes", [probe()])
    neighbours = write(tmp_path / "neighbours", influence_run(0.5).rows)
    run = read_runs([probes, neighbours])
    found = {row["experiment"] for row in run.rows}
    assert found == {Experiment.PROCESSING_PROBE, Experiment.KNN_INFLUENCE}
    assert run.remarks == ()
    assert [part.name for part in run.parts] == ["probes", "neighbours"]


def test_of_a_repeated_measurement_the_run_named_last_counts(tmp_path: Path) -> None:
    older = write(tmp_path / "older", [probe(0.2), about("resizing")])
    newer = write(tmp_path / "newer", [probe(1.0)])
    run = read_runs([older, newer])
    found = {row["attribute"]: row["value"] for row in run.rows}
    assert found == {"sharpening": probe(1.0).value, "resizing": probe().value}
    (remark,) = run.remarks
    assert f"sharpening by {NET}" in remark
    assert "“newer”, the run named last" in remark
    assert "resizing" not in remark.lower()
    back = {row["attribute"]: row["value"] for row in read_runs([newer, older]).rows}
    assert back["sharpening"] == probe(0.2).value


def test_learning_curves_of_two_runs_do_not_become_one(tmp_path: Path) -> None:
    curve = [
        row
        for row in probe_run(0.5).rows
        if row.experiment == Experiment.LEARNING_CURVE and row.attribute == "sharpening"
    ]
    older = write(tmp_path / "older", [replace(row, n_train=row.n_train + 1) for row in curve])
    newer = write(tmp_path / "newer", curve[1:])
    sizes = [row["n_train"] for row in read_runs([older, newer]).rows]
    assert sorted(sizes) == [row.n_train for row in curve[1:]]


def test_one_name_with_two_weights_becomes_two_encoders(tmp_path: Path) -> None:
    twin = next(row for row in probe_run(0.5).rows if row.encoder == NET + UNTRAINED)
    rows = [probe(), twin]
    folders = [
        write(tmp_path / name, rows, encoders=[encoder(weights)])
        for name, weights in zip("ab", WEIGHTS, strict=True)
    ]
    run = read_runs(folders)
    names = [f"{NET}, weights {weights[:8]}" for weights in WEIGHTS]
    assert [row["encoder"] for row in run.rows] == names
    assert [row["network"] for row in run.rows] == names
    assert run.remarks == ()
    controls = run.table.filter(run.table["family"] == CONTROL)["encoder"].to_list()
    assert controls == [name + UNTRAINED for name in names]
    assert [part.settings["encoders"][0]["name"] for part in run.parts] == names


def test_the_same_weights_keep_their_name(tmp_path: Path) -> None:
    folders = [
        write(tmp_path / name, [about(attribute)], encoders=[encoder(WEIGHTS[0])])
        for name, attribute in (("a", "jpeg"), ("b", "resizing"))
    ]
    assert {row["encoder"] for row in read_runs(folders).rows} == {NET}


def test_sets_of_photos_of_one_name_in_two_folders_are_told_apart(tmp_path: Path) -> None:
    folders = [write(tmp_path / name, [probe()], root=f"/photos/{name}") for name in "ab"]
    run = read_runs(folders)
    assert [row["dataset"] for row in run.rows] == ["holiday photos (a)", "holiday photos (b)"]
    assert run.root_of("holiday photos (b)") == Path("/photos/b")
    assert run.remarks == ()


def test_folders_of_one_name_are_numbered(tmp_path: Path) -> None:
    folders = [write(tmp_path / name / "run", [probe()]) for name in "ab"]
    (remark,) = read_runs(folders).remarks
    assert "“run (2)”, the run named last" in remark


def without_exact_test(p: float, name: str) -> Result:
    """A probe that its interval and p decide, whose interval is clear of guessing."""
    return about(name, p=p, discriminant=None, discriminant_p=None, rising=None)


def test_a_verdict_falls_among_the_verdicts_of_another_run(tmp_path: Path) -> None:
    weak = without_exact_test(0.6 * FALSE_DISCOVERIES, "jpeg")
    noise = [without_exact_test(0.6, f"noise {each}") for each in range(19)]
    alone = write(tmp_path / "a", [weak])
    assert read_runs([alone]).rows[0]["verdict"] == Verdict.CARRIED
    joined = read_runs([alone, write(tmp_path / "b", noise)])
    (row,) = [each for each in joined.rows if each["attribute"] == "jpeg"]
    assert row["q"] == pytest.approx(20 * weak.p if weak.p else None)
    assert row["verdict"] == Verdict.UNDECIDED


def test_a_verdict_that_many_probes_took_away_can_come_back(tmp_path: Path) -> None:
    weak = without_exact_test(0.6 * FALSE_DISCOVERIES, "jpeg")
    noise = without_exact_test(0.9, "noise")
    strong = [without_exact_test(1e-6, f"strong {each}") for each in range(9)]
    fallen = write(tmp_path / "a", [weak, noise])
    (row, _) = read_runs([fallen]).rows
    assert row["verdict"] == Verdict.UNDECIDED
    joined = read_runs([fallen, write(tmp_path / "b", strong)])
    (row,) = [each for each in joined.rows if each["attribute"] == "jpeg"]
    assert row["verdict"] == Verdict.CARRIED


def test_details_follow_their_rows(tmp_path: Path) -> None:
    older, newer = (write(tmp_path / name, [probe()]) for name in ("old", "new"))
    for folder, amount in ((older, 3), (newer, 2)):
        described = {"encoder": NET, "experiment": "neighbour_gallery", "attribute": "jpeg"}
        details = [{**described, "from": folder.name, "n": each} for each in range(amount)]
        (folder / "details.json").write_text(json.dumps(details), encoding="utf-8")
    found = read_runs([older, newer]).details
    assert [(each["from"], each["n"]) for each in found] == [("new", 0), ("new", 1)]
    assert {each["dataset"] for each in found} == {probe().dataset}


def test_the_name_of_a_folder_without_results_is_told(tmp_path: Path) -> None:
    good = write(tmp_path / "good", [probe()])
    (tmp_path / "empty").mkdir()
    with pytest.raises(LatentprintError, match=r"empty holds no results\.parquet"):
        read_runs([good, tmp_path / "empty"])


@pytest.mark.parametrize("recorded", [True, False])
def test_a_run_of_an_older_version_is_refused_in_a_sentence(tmp_path: Path, recorded: bool) -> None:
    folder = write(tmp_path / "old", [probe()])
    table = pl.read_parquet(folder / "results.parquet").drop("twin", "learned", "network")
    older = table.with_columns(floor=pl.lit(35.0), excess_low=pl.lit(1.0), floor_of=pl.lit("x"))
    older.write_parquet(folder / "results.parquet")
    if recorded:
        (folder / "settings.json").write_text('{"latentprint": "0.1.0"}', encoding="utf-8")
    else:
        (folder / "settings.json").unlink()
    with pytest.raises(LatentprintError) as refused:
        write_report(folder)
    said = str(refused.value)
    assert f"latentprint {'0.1.0' if recorded else 'of an unknown version'}," in said
    assert "measure again" in said
    assert said.count(". ") == 0
    assert "\n" not in said
    assert not (folder / "report.html").exists()
