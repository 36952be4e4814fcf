"""Without the model hub, or with one that is ill: one clear sentence, soon."""

import hashlib
import logging
import socket
import time

import pytest
import torch
from huggingface_hub import constants

from latentprint.encoders import downloads, load_encoder, network
from latentprint.encoders.libraries import download, downloading
from latentprint.encoders.network import WeightsMissingError
from latentprint.errors import LatentprintError

from .servers import (
    CONTENT,
    black_hole,
    cut_off,
    never,
    serve,
    silent,
    slowly,
    status,
    whole,
)

DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def impatient(monkeypatch, tmp_path):
    """Short timeouts, and caches that hold nothing."""
    monkeypatch.setattr(network, "_silent_since", {})
    monkeypatch.setattr(network, "CONNECT_TIMEOUT", 0.5)
    monkeypatch.setattr(downloads, "READ_TIMEOUT", 0.5)
    monkeypatch.setattr(downloads, "PAUSE", 0.01)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "torch"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def refusing(monkeypatch):
    """A hub that refuses connections."""
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")


def left_behind(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("spec", ["timm:resnet18.a1_in1k", "open_clip:ViT-B-32/openai"])
def test_one_sentence_within_bounds(refusing, spec, caplog, tmp_path):
    begin = time.perf_counter()
    with pytest.raises(WeightsMissingError) as caught:
        load_encoder(spec, device="cpu")
    assert time.perf_counter() - begin < 20
    for part in (spec, str(tmp_path / "hub"), "127.0.0.1:9", "HF_HOME", "--weights FILE"):
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not caplog.records
    assert not constants.HF_HUB_OFFLINE
    assert logging.root.manager.disable == logging.NOTSET
    assert socket.getdefaulttimeout() is None


@pytest.mark.parametrize("trouble", [silent, black_hole])
def test_a_hub_that_never_answers_is_waited_for_once(monkeypatch, trouble):
    with trouble() as address:
        monkeypatch.setattr(constants, "ENDPOINT", address)
        begin = time.perf_counter()
        for _ in range(20):
            with (
                pytest.raises(WeightsMissingError, match="some/repository"),
                downloading("an encoder", "some/repository"),
            ):
                raise FileNotFoundError
        assert 0.4 < time.perf_counter() - begin < 5


def test_timeouts_of_many_addresses_and_name_servers_are_bounded_together():
    begin = time.perf_counter()
    assert not network.host_answers("http://slow.invalid", lambda: time.sleep(3))
    assert time.perf_counter() - begin < 2.5


def test_a_hub_that_answers_again_is_asked_again(monkeypatch):
    monkeypatch.setattr(network, "SILENCE_REMEMBERED", 0.2)

    def fail():
        raise OSError

    assert not network.host_answers("http://moody.invalid/a", fail)
    assert not network.host_answers("http://moody.invalid/b", lambda: None)
    time.sleep(0.2)
    assert network.host_answers("http://moody.invalid/b", lambda: None)


def test_what_is_in_the_cache_still_loads(refusing):
    with downloading("something cached"):
        assert constants.HF_HUB_OFFLINE
        assert socket.getdefaulttimeout() == 1


def test_a_failure_of_a_hub_that_answers_is_told_as_it_is(monkeypatch):
    with serve(status(404)) as (address, _):
        monkeypatch.setattr(constants, "ENDPOINT", address)
        with downloading("something"):
            assert not constants.HF_HUB_OFFLINE
            assert socket.getdefaulttimeout() == 10
        with (
            pytest.raises(LatentprintError, match="could not be loaded: RuntimeError: corrupt"),
            downloading("something"),
        ):
            raise RuntimeError("corrupt")


def test_an_error_that_is_clear_already_stays_as_it_is(refusing):
    with pytest.raises(LatentprintError, match=r"^Three keys are missing\.$"), downloading("x"):
        raise LatentprintError("Three keys are missing.")


def test_a_network_that_the_user_switched_off_is_not_asked(monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with serve(whole) as (address, seen):
        with pytest.raises(WeightsMissingError, match=r"HF_HUB_OFFLINE.*TORCH_HOME"):
            download(f"{address}/a.pth", "an encoder")
        assert not seen


def test_a_download_is_kept_and_not_repeated(tmp_path):
    with serve(whole) as (address, seen):
        for _ in range(2):
            file = download(f"{address}/folder/a%20b.pth?x=1", "an encoder", DIGEST[:16])
            assert file == tmp_path / "torch" / "checkpoints" / "a b.pth"
            assert file.read_bytes() == CONTENT
        assert len(seen) == 1
    assert left_behind(tmp_path) == ["a b.pth"]


def test_a_slow_server_is_waited_for(tmp_path):
    with serve(slowly) as (address, _):
        assert download(f"{address}/a.pth", "an encoder").read_bytes() == CONTENT


def test_a_trickle_is_not_waited_for(monkeypatch, tmp_path):
    monkeypatch.setattr(downloads, "SLOW_AFTER", 0.1)
    monkeypatch.setattr(downloads, "SLOWEST", 10_000_000)
    with (
        serve(slowly) as (address, seen),
        pytest.raises(LatentprintError, match=r"only \d+ bytes in"),
    ):
        download(f"{address}/a.pth", "an encoder")
    assert len(seen) == downloads.ATTEMPTS
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("etag", [True, False])
def test_a_broken_connection_is_taken_up_or_begun_again(tmp_path, etag):
    with serve(cut_off(2, etag=etag)) as (address, seen):
        # Two breaks: with a validator the second request starts where the first one ended.
        times = 1 if etag else 2
        assert download(f"{address}/a.pth", "an encoder", DIGEST).read_bytes() == CONTENT
        assert len(seen) == times + 1
    assert [headers.get("Range") for _, headers in seen] == (
        [None, "bytes=300000-"] if etag else [None, None, None]
    )


def test_a_file_that_stays_truncated_is_never_used(tmp_path):
    with serve(cut_off(99, etag=False)) as (address, seen):
        with pytest.raises(LatentprintError, match=r"IncompleteRead.*--weights FILE") as caught:
            download(f"{address}/a.pth", "an encoder")
        assert len(seen) == downloads.ATTEMPTS
    assert f"{address}/a.pth" in str(caught.value)
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize(("code", "requests"), [(404, 1), (403, 1), (503, downloads.ATTEMPTS)])
def test_an_error_of_the_server_is_told(tmp_path, code, requests):
    with serve(status(code)) as (address, seen):
        with pytest.raises(LatentprintError, match=str(code)):
            download(f"{address}/a.pth", "an encoder")
        assert len(seen) == requests
    assert left_behind(tmp_path) == []


def test_a_server_that_falls_silent_is_given_up(tmp_path):
    begin = time.perf_counter()
    with serve(never) as (address, seen):
        with pytest.raises(LatentprintError, match="could not be fetched"):
            download(f"{address}/a.pth", "an encoder")
        assert len(seen) == downloads.ATTEMPTS
    assert time.perf_counter() - begin < 6


@pytest.mark.parametrize("trouble", [silent, black_hole])
def test_a_host_that_never_answers_is_given_up_soon(tmp_path, trouble):
    begin = time.perf_counter()
    with trouble() as address:
        for name in ("a.pth", "b.pth"):
            with pytest.raises(WeightsMissingError) as caught:
                download(f"{address}/{name}", "an encoder")
            for part in (f"{address}/{name}", str(tmp_path / "torch"), "TORCH_HOME", "--weights"):
                assert part in str(caught.value)
    assert time.perf_counter() - begin < 3


def test_a_wrong_digest_is_refused_and_nothing_kept(tmp_path):
    with (
        serve(whole) as (address, _),
        pytest.raises(LatentprintError, match=f"{DIGEST[:16]}.*not the published 0123"),
    ):
        download(f"{address}/a.pth", "an encoder", "0123" * 16)
    assert left_behind(tmp_path) == []


def test_a_wrong_file_in_the_cache_is_named(tmp_path):
    file = tmp_path / "torch" / "checkpoints" / "a.pth"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"half of it")
    with pytest.raises(LatentprintError, match="delete that file") as caught:
        download("http://127.0.0.1:9/a.pth", "an encoder", DIGEST)
    assert str(file) in str(caught.value)
    assert file.read_bytes() == b"half of it"


def test_the_environment_s_proxy_is_used(monkeypatch):
    with serve(whole) as (address, seen):
        monkeypatch.setenv("http_proxy", address)
        monkeypatch.setenv("no_proxy", "")
        file = download("http://weights.invalid/a.pth", "an encoder", DIGEST)
        assert file.read_bytes() == CONTENT
        assert seen[0][0] == "http://weights.invalid/a.pth"


def test_a_cache_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "torch").write_text("a file where a folder should be")
    with serve(whole) as (address, _), pytest.raises(LatentprintError, match="TORCH_HOME"):
        download(f"{address}/a.pth", "an encoder")
