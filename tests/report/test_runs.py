"""Several run folders as one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from latentprint.errors import LatentprintError
from latentprint.report.runs import read_runs
from latentprint.results import Result, results_table, write_results
from tests.report.conftest import FIRST, curve_rows, label_row, neighbour_rows, probe_row

WEIGHTS = ("1a2b3c4d" * 4, "9f8e7d6c" * 4)


def write(folder: Path, rows: list[Result], **settings: Any) -> Path:
    write_results(results_table(rows), folder)
    recorded = {"dataset": "holiday photos", **settings}
    (folder / "settings.json").write_text(json.dumps(recorded), encoding="utf-8")
    return folder


def encoder(weights: str, name: str = FIRST) -> dict[str, Any]:
    return {"name": name, "family": "SUP", "identity": {"weights": weights}}


def test_rows_of_several_runs_stand_beside_each_other(tmp_path: Path) -> None:
    probes = write(tmp_path / "probes", [probe_row(FIRST, "jpeg")])
    neighbours = write(tmp_path / "neighbours", neighbour_rows(FIRST, "jpeg"))
    run = read_runs([probes, neighbours])
    assert {row["experiment"] for row in run.rows} == {"processing_probe", "knn_influence"}
    assert run.remarks == ()
    assert [part.name for part in run.parts] == ["probes", "neighbours"]


def test_of_a_repeated_measurement_the_run_named_last_counts(tmp_path: Path) -> None:
    older = write(tmp_path / "older", [probe_row(FIRST, "jpeg"), probe_row(FIRST, "resizing")])
    newer = write(tmp_path / "newer", [probe_row(FIRST, "jpeg", value=44.0)])
    run = read_runs([older, newer])
    found = {row["attribute"]: row["value"] for row in run.rows}
    assert found == {"jpeg": 44.0, "resizing": 68.9}
    (remark,) = run.remarks
    assert "JPEG compression" in remark
    assert "“newer”, the run named last" in remark
    assert "resizing" not in remark.lower()
    back = {row["attribute"]: row["value"] for row in read_runs([newer, older]).rows}
    assert back["jpeg"] == 31.4


def test_learning_curves_of_two_runs_do_not_become_one(tmp_path: Path) -> None:
    curve = curve_rows(probe_row(FIRST, "jpeg"))
    older = write(tmp_path / "older", [replace(row, n_train=row.n_train + 1) for row in curve])
    newer = write(tmp_path / "newer", curve[1:])
    sizes = [row["n_train"] for row in read_runs([older, newer]).rows]
    assert sorted(sizes) == [175, 350, 700]


def test_one_name_with_two_weights_becomes_two_encoders(tmp_path: Path) -> None:
    control = probe_row(FIRST, "jpeg", encoder=f"{FIRST}, untrained", family="control")
    folders = [
        write(tmp_path / name, [probe_row(FIRST, "jpeg"), control], encoders=[encoder(weights)])
        for name, weights in zip("ab", WEIGHTS, strict=True)
    ]
    run = read_runs(folders)
    names = [f"{FIRST}, weights {weights[:8]}" for weights in WEIGHTS]
    assert [row["encoder"] for row in run.rows] == names
    assert run.remarks == ()
    controls = run.table.filter(run.table["family"] == "control")["encoder"].to_list()
    assert controls == [f"{name}, untrained" for name in names]
    assert [part.settings["encoders"][0]["name"] for part in run.parts] == names
    floors = [row["floor_of"] for row in run.rows]
    assert floors == [f"{name}, untrained" for name in names]


def test_the_same_weights_keep_their_name(tmp_path: Path) -> None:
    folders = [
        write(tmp_path / name, [probe_row(FIRST, attribute)], encoders=[encoder(WEIGHTS[0])])
        for name, attribute in (("a", "jpeg"), ("b", "resizing"))
    ]
    assert {row["encoder"] for row in read_runs(folders).rows} == {FIRST}


def test_sets_of_photos_of_one_name_in_two_folders_are_told_apart(tmp_path: Path) -> None:
    folders = [
        write(tmp_path / name, [probe_row(FIRST, "jpeg")], root=f"/photos/{name}") for name in "ab"
    ]
    run = read_runs(folders)
    assert [row["dataset"] for row in run.rows] == ["holiday photos (a)", "holiday photos (b)"]
    assert run.root_of("holiday photos (b)") == Path("/photos/b")
    assert run.remarks == ()


def test_folders_of_one_name_are_numbered(tmp_path: Path) -> None:
    folders = [write(tmp_path / name / "run", [probe_row(FIRST, "jpeg")]) for name in "ab"]
    (remark,) = read_runs(folders).remarks
    assert "“run (2)”, the run named last" in remark


def test_false_discovery_rates_are_those_of_all_probes(tmp_path: Path) -> None:
    # Alone, p = 0.03 stays below 0.05; among twenty probes it does not, and the verdict falls.
    alone = label_row(FIRST, "make", p=0.03, q=0.03)
    noise = [
        label_row(FIRST, "make", attribute=f"noise {each}", p=0.6, q=0.6, verdict="not readable")
        for each in range(19)
    ]
    folders = [write(tmp_path / "a", [alone]), write(tmp_path / "b", noise)]
    (row,) = [each for each in read_runs(folders).rows if each["attribute"] == "make"]
    assert row["q"] == pytest.approx(0.6)
    assert row["verdict"] == "undecided"


def test_a_verdict_that_many_probes_took_away_can_come_back(tmp_path: Path) -> None:
    fallen = label_row(FIRST, "make", p=0.03, q=0.06, verdict="undecided",
                       excess_low=4.0, excess_high=9.0)  # fmt: skip
    strong = [
        label_row(FIRST, "make", attribute=f"strong {each}", p=1e-6, q=1e-6) for each in range(9)
    ]
    folders = [write(tmp_path / "a", [fallen]), write(tmp_path / "b", strong)]
    (row,) = [each for each in read_runs(folders).rows if each["attribute"] == "make"]
    assert row["q"] == pytest.approx(0.03)
    assert row["verdict"] == "read"


def test_details_follow_their_rows(tmp_path: Path) -> None:
    older, newer = (write(tmp_path / name, [probe_row(FIRST, "jpeg")]) for name in ("old", "new"))
    for folder, amount in ((older, 3), (newer, 2)):
        about = {"encoder": FIRST, "experiment": "neighbour_gallery", "attribute": "jpeg"}
        details = [{**about, "from": folder.name, "n": each} for each in range(amount)]
        (folder / "details.json").write_text(json.dumps(details), encoding="utf-8")
    found = read_runs([older, newer]).details
    assert [(each["from"], each["n"]) for each in found] == [("new", 0), ("new", 1)]
    assert {each["dataset"] for each in found} == {"holiday photos"}


def test_the_name_of_a_folder_without_results_is_told(tmp_path: Path) -> None:
    good = write(tmp_path / "good", [probe_row(FIRST, "jpeg")])
    (tmp_path / "empty").mkdir()
    with pytest.raises(LatentprintError, match=r"empty holds no results\.parquet"):
        read_runs([good, tmp_path / "empty"])
