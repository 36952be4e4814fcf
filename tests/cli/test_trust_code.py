"""Whoever names code of others on GitHub is asked first, by every command that would run it."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from .conftest import Command

SPEC = "torch:owner/repo:entry"


@pytest.mark.parametrize(
    "arguments",
    [
        ("audit", "photos", "-e", SPEC, "--out", "run"),
        ("embed", "photos", "-e", SPEC, "--out", "store"),
        ("embed", "photos", "-e", SPEC, "-e", "default", "-a", "none", "--out", "store"),
        ("canary", "make", "photos", "-e", SPEC, "--out", "canary"),
        ("erase", "fit", "photos", "-e", SPEC, "--out", "eraser"),
        ("encoders", "show", SPEC),
        ("encoders", "bench", SPEC),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_code_of_others_runs_with_consent_alone(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    latentprint: Command,
    arguments: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    for at, place in enumerate(("a", "b")):
        (tmp_path / "photos" / place).mkdir(parents=True)
        for number in range(26):
            shade = (number * 9, at * 200, 200)
            Image.new("RGB", (32, 32), shade).save(tmp_path / "photos" / place / f"{number}.png")
    asked: list[object] = []
    monkeypatch.setattr(torch.hub, "load", lambda **given: asked.append(given) or "text")
    refused = latentprint(*arguments)
    assert asked == []
    assert refused.code in (1, 2)
    assert "--trust-code" in refused.err
    latentprint(*arguments, "--trust-code")
    assert asked
