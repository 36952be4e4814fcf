"""An eraser from fit to proof, on made-up versions of photos."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from latentprint.erasure.artefact import load_eraser, save_eraser
from latentprint.erasure.leace import LeaceOptions
from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.erase.steps import FITTED, OTHERS, ProofOptions
from latentprint.jobs.erase_fit import EraseOptions, Fitted, fit_eraser, keep_eraser
from latentprint.jobs.erase_rows import EraseRows
from latentprint.jobs.erase_sides import SIDES
from latentprint.jobs.erase_test import NO_HELP, Proof, erase_test, prove, prove_fitted
from latentprint.jobs.source_options import Sources
from latentprint.results import Result
from latentprint.words import ErasureMeasure, Seen, Stage, Verdict
from tests.experiments.fakes import FakeSource, fake_source

JPEG = ("JPEG75_420", "JPEG75_444", "JPEG95_444")
SEEN = ("JPEG95_444", "SHARPEN_2", "SHARPEN_4")


def source(trace: float) -> FakeSource:
    """Photos whose sharpened versions lie along one direction, and further ones along others."""
    made = fake_source(100, 100, trace=trace, dimensions=48, seed=3)
    rng = np.random.default_rng(8)
    more = {
        name: made.by_class["JPEG95_444"] + (trace * rng.normal(size=48)).astype(np.float32)
        for name in ("JPEG75_420", "JPEG75_444")
    }
    return replace(made, by_class={**made.by_class, **more})


def fitted_on(made: FakeSource) -> Fitted:
    rows = EraseRows(
        {name: made.by_class[name] for name in SEEN},
        np.arange(len(made.photos)),
        made.photos,
        None,
        unit=True,
        stored=True,
        name=made.encoder,
    )
    return fit_eraser(rows, EraseOptions(LeaceOptions()))


def harm(rows: list[Result], attribute: str, eraser: str = "LEACE on pairs") -> Result:
    (found,) = (
        row
        for row in rows
        if row.setup == ErasureMeasure.INFLUENCE
        and (row.attribute, row.eraser, row.stage) == (attribute, eraser, Stage.CHANGE)
    )
    return found


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fitted_on(source(1.0))


def test_the_held_out_half_shows_help_and_random_directions_none(fitted: Fitted) -> None:
    proof = prove_fitted(fitted, ProofOptions(k=5))
    rows = proof.measured.results
    change = harm(rows, "sharpening")
    assert change.verdict in (Verdict.ERASED, Verdict.REDUCED)
    assert change.n_test == len(fitted.held_out) < 110
    assert change.condition == Seen.SEEN
    assert harm(rows, "sharpening", "random directions").verdict == Verdict.NO_CHANGE
    assert proof.exit_code == 0
    # What helps with one attribute and harms with another is no help.
    judged = [row for row in proof.measured.results if row.attribute in proof.verdicts]
    harmful = [replace(row, attribute="other", verdict=Verdict.HARMFUL) for row in judged]
    both = replace(proof.measured, results=[*proof.measured.results, *harmful])
    assert set(Proof(both).verdicts) > set(proof.verdicts)
    assert Proof(both).exit_code == NO_HELP
    # What was not there to be measured is said.
    (left,) = (each for each in proof.measured.left_out if each.attribute == OTHERS)
    assert "erase test" in left.reason
    means = [row for row in rows if row.setup == ErasureMeasure.MEANS]
    assert means[0].value < 1e-3
    assert means[0].attribute == FITTED


def test_where_there_is_no_trace_there_is_nothing_to_erase() -> None:
    proof = prove_fitted(fitted_on(source(0.0)), ProofOptions(k=5))
    assert proof.verdicts == {"sharpening": Verdict.NOTHING}
    assert proof.exit_code == NO_HELP


def test_classes_that_were_not_in_the_fit_are_measured_together(fitted: Fitted) -> None:
    made = source(1.0)
    classes = (*SEEN, "JPEG75_420", "JPEG75_444")
    saw = fitted.sides.filter(pl.col("side") == "fit")["id"]
    proof = prove(made, classes, fitted.eraser, saw, ProofOptions(k=5))
    found = harm(proof.measured.results, OTHERS)
    assert found.condition == Seen.UNSEEN
    assert found.value > harm(proof.measured.results, "sharpening").value / 3
    asked = ProofOptions(("jpeg:JPEG75_420,JPEG95_444",), k=5)
    rows = prove(made, classes, fitted.eraser, saw, asked).measured.results
    assert harm(rows, asked.attributes[0]).condition == Seen.PARTLY


def test_an_eraser_that_saw_every_photo_proves_nothing(fitted: Fitted) -> None:
    made = source(1.0)
    with pytest.raises(LatentprintError, match="fitted on all of these photos"):
        prove(made, SEEN, fitted.eraser, made.photos["id"], ProofOptions())
    with pytest.raises(UsageError, match="attribute"):
        prove(made, SEEN, fitted.eraser, made.photos["id"][:100], ProofOptions(("jpg",)))


def test_vectors_in_a_file_are_tested_by_a_nuisance(fitted: Fitted, tmp_path: Path) -> None:
    made = source(1.0)
    device = np.random.default_rng(0).integers(2, size=200)
    rows = made.by_class["JPEG95_444"] + np.outer(device, 2.0 * fitted.eraser.write[0])
    np.save(tmp_path / "vectors.npy", rows.astype(np.float32))
    table = made.photos.select("label").with_columns(device=pl.Series([f"d{x}" for x in device]))
    table.write_csv(tmp_path / "table.csv")
    keep_eraser(fitted, EraseOptions(), tmp_path / "eraser")
    given = Sources(tmp_path / "vectors.npy", metadata=tmp_path / "table.csv")
    asked = ProofOptions(nuisances=("device",), k=5)
    with pytest.raises(UsageError, match="species"):
        erase_test(tmp_path / "eraser", given, asked, label="species")
    proof = erase_test(tmp_path / "eraser", given, asked, out=tmp_path / "run")
    setups = {row.setup for row in proof.measured.results}
    assert {ErasureMeasure.NUISANCE, ErasureMeasure.LINEAR, ErasureMeasure.INDEX} <= setups
    assert (tmp_path / "run" / "report.html").exists()


def test_a_proof_asks_a_sample_of_neighbours(fitted: Fitted) -> None:
    proof = prove_fitted(fitted, ProofOptions(k=5, attributes=("sharpening",), sample=40))
    said = f"40 of {len(fitted.held_out)} photos asked"
    sampled = {row.setup for row in proof.measured.results if said in row.notes}
    assert {ErasureMeasure.INFLUENCE, ErasureMeasure.OVERLAP, ErasureMeasure.MIXED} <= sampled
    for row in proof.measured.results:
        assert (row.n_test == 40) == (said in row.notes)


def test_photos_that_an_eraser_saw_are_left_out_and_have_to_be_known(
    fitted: Fitted, tmp_path: Path
) -> None:
    folder = tmp_path / "eraser"
    keep_eraser(fitted, EraseOptions(refit_all=True), folder)
    np.save(tmp_path / "vectors.npy", np.eye(48, dtype=np.float32))
    assert load_eraser(folder).about["refit_all"]
    (folder / SIDES).unlink()
    with pytest.raises(LatentprintError, match="does not record which photos"):
        erase_test(folder, Sources(tmp_path / "vectors.npy"), ProofOptions())
    save_eraser(fitted.eraser, folder)
