"""Without the model hub: one clear sentence, soon."""

import logging
import time

import pytest
from huggingface_hub import constants

from latentprint.encoders import libraries, load_encoder
from latentprint.encoders.libraries import downloading
from latentprint.errors import LatentprintError


@pytest.fixture
def unreachable(monkeypatch, tmp_path):
    """A hub that refuses connections, and an empty cache."""
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))


@pytest.mark.parametrize("spec", ["timm:resnet18.a1_in1k", "open_clip:ViT-B-32/openai"])
def test_one_sentence_within_bounds(unreachable, spec, caplog):
    begin = time.perf_counter()
    with pytest.raises(LatentprintError, match="HF_HOME") as caught:
        load_encoder(spec, device="cpu")
    assert time.perf_counter() - begin < 20
    assert spec in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not caplog.records
    assert not constants.HF_HUB_OFFLINE
    assert logging.root.manager.disable == logging.NOTSET


def test_what_is_in_the_cache_still_loads(unreachable):
    with downloading("something cached"):
        assert constants.HF_HUB_OFFLINE


def test_a_failure_of_a_hub_that_answers_is_told_as_it_is(monkeypatch):
    monkeypatch.setattr(libraries, "_hub_answers", lambda: True)
    with (
        pytest.raises(LatentprintError, match="could not be loaded: RuntimeError: corrupt"),
        downloading("something"),
    ):
        raise RuntimeError("corrupt")
