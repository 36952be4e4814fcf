from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import latentprint as lp
from latentprint.errors import UsageError
from tests.erasure.made_up import readable, versions


def test_it_fits_transforms_saves_and_is_loaded(tmp_path: Path) -> None:
    made = versions()
    eraser = lp.Eraser(extra=2)
    assert eraser.fit(made.rows, nuisance=made.nuisance, photo=made.photo) is eraser
    erased = eraser.transform(made.rows)
    assert readable(erased, made.nuisance) < 1e-12 * readable(made.rows, made.nuisance)
    same = lp.Eraser(extra=2).fit_transform(made.rows, made.nuisance, photo=made.photo)
    np.testing.assert_array_equal(same, erased)
    loaded = lp.load_eraser(eraser.save(tmp_path))
    np.testing.assert_allclose(loaded.transform(made.rows), erased, atol=1e-5)
    fitted = eraser.eraser_
    by_hand = made.rows - (made.rows @ fitted.read.T - fitted.offset) @ fitted.write
    np.testing.assert_allclose(by_hand, erased, atol=1e-12)


def test_chunks_and_shards_give_the_same_map_as_one_fit() -> None:
    made = versions()
    whole = lp.Eraser().fit(made.rows, nuisance=made.nuisance, photo=made.photo)
    parts = [lp.Eraser(), lp.Eraser()]
    for start in range(0, 240, 40):
        rows = slice(start, start + 40)
        parts[start % 80 == 0].partial_fit(
            made.rows[rows], nuisance=made.nuisance[rows], photo=made.photo[rows]
        )
    merged = lp.Eraser().merge(parts[0]).merge(parts[1]).finish()
    np.testing.assert_allclose(merged.transform(made.rows), whole.transform(made.rows), atol=1e-10)
    whole.fit(made.rows[:80], nuisance=made.nuisance[:80], photo=made.photo[:80])
    assert whole.eraser_.rank == 3


def test_scikit_learn_carries_labels_through_cross_validation() -> None:
    sklearn = pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    from sklearn.base import clone
    from sklearn.linear_model import RidgeClassifier
    from sklearn.model_selection import GroupKFold, cross_val_score
    from sklearn.pipeline import make_pipeline

    made = versions(noise=1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        eraser = clone(lp.Eraser(metric="plain")).set_fit_request(nuisance=True, photo=True)
        probe = make_pipeline(eraser, RidgeClassifier())
        scores = [
            cross_val_score(
                each,
                made.rows,
                made.nuisance,
                cv=GroupKFold(4),
                params={"groups": made.photo, **given},
            ).mean()
            for each, given in (
                (probe, {"nuisance": made.nuisance, "photo": made.photo}),
                (RidgeClassifier(), {}),
            )
        ]
    assert scores[1] > 0.9
    assert scores[0] < 0.5
    eraser = lp.Eraser().set_output(transform="polars")
    frame = eraser.fit(made.rows, nuisance=made.nuisance).transform(made.rows)
    assert frame.columns == [f"x{each}" for each in range(24)]
    assert lp.Eraser(extra=3).get_params() == {"extra": 3, "metric": "content"}


def test_it_needs_no_scikit_learn_and_the_package_does_not_import_it() -> None:
    code = """
import sys
import latentprint
assert "sklearn" not in sys.modules
sys.modules["sklearn"] = sys.modules["sklearn.base"] = None
import numpy as np
eraser = latentprint.Eraser(extra=1)
assert eraser.get_params() == {"extra": 1, "metric": "content"}
eraser.set_params(extra=0)
rows = np.random.default_rng(0).normal(size=(20, 4))
erased = eraser.fit_transform(rows, nuisance=[0, 1] * 10)
assert abs(erased[::2].mean(axis=0) - erased[1::2].mean(axis=0)).max() < 1e-12
try:
    eraser.set_params(rank=3)
except latentprint.UsageError:
    print("fine")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("fine\n", "")


def test_wrong_calls_are_said() -> None:
    made = versions(6)
    with pytest.raises(UsageError, match="fitted on a nuisance"):
        lp.Eraser().fit(made.rows)
    with pytest.raises(UsageError, match="not fitted yet"):
        lp.Eraser().transform(made.rows)
    with pytest.raises(UsageError, match="seen no rows"):
        lp.Eraser().finish()
    with pytest.raises(UsageError, match="other eraser has seen no rows"):
        lp.Eraser().merge(lp.Eraser())
    eraser = lp.Eraser().partial_fit(made.rows, nuisance=made.nuisance, photo=made.photo)
    with pytest.raises(UsageError, match="in all chunks, or in none"):
        eraser.partial_fit(made.rows, nuisance=made.nuisance)
