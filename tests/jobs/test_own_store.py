"""A store is one's own until anything that says where its photos lie is changed."""

import json
from pathlib import Path

import pytest

from latentprint.embeddings import write_photos
from latentprint.jobs.own_store import is_own_store, sign_store
from latentprint.photos import open_photos
from tests.embeddings.killing import make_photos, run


@pytest.mark.parametrize("changed", [None, "root", "list", "signature", "user"])
def test_a_store_is_ones_own_until_somebody_changes_it(
    changed: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos, out = open_photos(make_photos(tmp_path / "photos")), tmp_path / "out"
    run(photos, out)
    write_photos(out, photos)
    assert not is_own_store(out)
    sign_store(out)
    assert is_own_store(out)
    if changed == "root":
        file = out / "dataset.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"root": "/etc"}))
    elif changed == "list":
        file = out / "photos.parquet"
        file.write_bytes(file.read_bytes() + b" ")
    elif changed == "signature":
        (out / "signature").write_text("0" * 64)
    elif changed == "user":
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
    assert is_own_store(out) is (changed is None)
