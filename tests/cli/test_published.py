"""``latentprint published``, as a user calls it."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Command


def test_figures_for_people(latentprint: Command) -> None:
    done = latentprint("published", "-e", "clip-vit-b-16-wit", "--experiment", "near_duplicate")
    caption, head, row = done.out.splitlines()
    assert caption == "Recall@1 of near-duplicates in percent (PairCams; published figures)."
    assert head.split("  ")[0] == "Encoder"
    assert row.split() == ["CLIP", "(ViT-B/16,", "WIT)", "88.4", "99.3"]


def test_figures_for_papers(latentprint: Command) -> None:
    pairs = ("published", "--experiment", "near_duplicate")
    assert latentprint(*pairs, "--latex").out.count(" \\\\\n") == 48
    assert latentprint(*pairs, "--markdown").out.count("\n| ") == 49


def test_figures_for_machines_are_not_rounded(latentprint: Command) -> None:
    found = json.loads(latentprint("published", "--json").out)
    assert len(found) == 2726
    assert found[0]["value"] == pytest.approx(64.8345)


def test_a_wrong_encoder_is_answered_with_the_nearest(latentprint: Command) -> None:
    done = latentprint("published", "-e", "clip-vit-b16")
    assert done.code == 2
    assert "Nearest: clip-vit-b-16-wit" in done.err


def test_two_forms_are_refused(latentprint: Command) -> None:
    done = latentprint("published", "--latex", "--json")
    assert done.code == 2
    assert "one form at most" in done.err
