"""The key by which a user's own runs and stores are known."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from latentprint.signature import is_own, signature_of


def test_the_key_is_made_once_and_kept_by_its_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    signature = signature_of(["a", "b"])
    kept = tmp_path / "state" / "latentprint" / "key"
    assert len(kept.read_bytes()) == 32
    assert kept.stat().st_mode & 0o77 == 0
    assert [each.name for each in kept.parent.iterdir()] == ["key"]
    assert is_own(signature, ["a", "b"])
    for other in (["ab", ""], ["a"], ["b", "a"]):
        assert not is_own(signature, other)
    assert not any(is_own(each, ["a", "b"]) for each in (None, "", "é", 1, [signature]))
    # Where none can be kept, there is one for as long as the process lives.
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert is_own(signature_of(["a"]), ["a"])
    assert not is_own(signature, ["a", "b"])


def test_the_key_is_kept_where_files_have_no_second_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    signature_of(["a"])
    (kept,) = (tmp_path / "latentprint").iterdir()
    assert (kept.name, len(kept.read_bytes())) == ("key", 32)
    assert kept.stat().st_mode & 0o77 == 0
