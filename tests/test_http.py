"""What holds for every request; the faults of Flickr and of weights are tested there."""

import io
import time
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler

import pytest

from latentprint import http
from latentprint.http import BadAddress, Client, GaveUp, Manners, TooLarge, host_answers
from tests.encoders.servers import CONTENT, cut_off, serve, status, whole

HASTY = Manners(pause=0, tries=3, first_wait=0.01, longest_wait=5, read_timeout=0.5)


@pytest.fixture(autouse=True)
def _own_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(http, "_silent_since", {})
    monkeypatch.setattr(http, "CONNECT_TIMEOUT", 0.5)


def busy(wait: str) -> Callable[[BaseHTTPRequestHandler, int], None]:
    """Ask the first time to come again later."""

    def answer(handler: BaseHTTPRequestHandler, request: int) -> None:
        if request > 1:
            return whole(handler)
        handler.send_response(503)
        handler.send_header("Retry-After", wait)
        handler.send_header("Content-Length", "0")
        return handler.end_headers()

    return answer


def test_a_server_that_asks_for_patience_gets_as_much_as_there_is() -> None:
    sleeps: list[float] = []
    with serve(busy("4")) as (address, seen), Client("x", HASTY, sleep=sleeps.append) as client:
        opened = io.BytesIO()
        client.receive(address, opened)
        assert (opened.getvalue(), sleeps, len(seen)) == (CONTENT, [4], client.requests)
    with (
        serve(busy("6")) as (address, seen),
        Client("x", HASTY) as client,
        pytest.raises(GaveUp, match="HTTP 503") as caught,
    ):
        client.receive(address, io.BytesIO())
    assert (caught.value.wait, caught.value.tries, len(seen)) == (6, 1, 1)


def test_what_no_further_try_would_help_is_not_tried_again() -> None:
    with serve(status(404)) as (address, seen), Client("x", HASTY) as client:
        with pytest.raises(GaveUp, match="HTTP 404"):
            client.receive(address, io.BytesIO())
        assert len(seen) == 1
        with pytest.raises(BadAddress, match="address"):
            client.receive("http://[::1", io.BytesIO())


def test_a_file_goes_on_only_where_it_is_known_to_be_the_same() -> None:
    for etag, ranges in ((True, [None, "bytes=300000-"]), (False, [None, None])):
        with serve(cut_off(1, etag=etag)) as (address, seen), Client("x", HASTY) as client:
            opened = io.BytesIO()
            client.receive(address, opened)
            # Without an ETag this server breaks once, and is asked for everything again.
            assert opened.getvalue() == CONTENT
        assert [headers.get("Range") for _, headers in seen] == ranges


def test_a_form_goes_to_its_own_address_alone() -> None:
    def elsewhere(handler: BaseHTTPRequestHandler, request: int) -> None:
        if request > 1:
            return whole(handler)
        handler.send_response(307)
        handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", "0")
        return handler.end_headers()

    with serve(elsewhere) as (address, seen), Client("x", HASTY) as client:
        assert client.exchange("POST", address, 10**6, {"key": "secret"}).status == 307
        assert [path for path, _ in seen] == ["/"]
    with serve(elsewhere) as (address, seen), Client("x", HASTY) as client:
        answer = client.exchange("GET", address, 10**6)
        assert (answer.url, answer.body) == (f"{address}/elsewhere", CONTENT)


def test_an_answer_in_memory_is_bounded_in_size_and_time() -> None:
    with serve(whole) as (address, seen):
        with Client("x", HASTY) as client, pytest.raises(TooLarge, match="above 0 MB"):
            client.exchange("GET", address, 1000)
        ticks = iter(range(0, 10_000, 600))
        slow = Client("x", replace(HASTY, tries=2), clock=lambda: next(ticks), sleep=lambda _: None)
        with slow, pytest.raises(GaveUp, match="time-out"):
            slow.patiently("it", lambda: slow.exchange("GET", address, 10**6))
        assert "latentprint/" in seen[0][1]["User-Agent"]


def test_timeouts_of_many_addresses_and_name_servers_are_bounded_together() -> None:
    begin = time.perf_counter()
    assert not host_answers("http://slow.invalid", lambda: time.sleep(3))
    assert time.perf_counter() - begin < 1.5


def test_a_host_that_answers_again_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "SILENCE_REMEMBERED", 0.2)

    def fail() -> None:
        raise OSError

    assert not host_answers("http://moody.invalid/a", fail)
    assert not host_answers("http://moody.invalid/b", lambda: None)
    time.sleep(0.2)
    assert host_answers("http://moody.invalid/b", lambda: None)
