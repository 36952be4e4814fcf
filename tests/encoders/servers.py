"""Local servers that behave as badly as real ones do."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONTENT = bytes(range(256)) * 2000

Answer = Callable[[BaseHTTPRequestHandler, int], None]


@contextmanager
def serve(answer: Answer) -> Iterator[tuple[str, list[tuple[str, dict[str, str]]]]]:
    """Serve GET and POST with ``answer(handler, number of the request)``; HEAD is always answered.

    Gives the address and the requests with an answer that came: path and headers.
    """
    seen: list[tuple[str, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(405)
            self.end_headers()

        def do_GET(self) -> None:
            seen.append((self.path, dict(self.headers)))
            answer(self, len(seen))

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def whole(handler: BaseHTTPRequestHandler, _: int = 1) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(CONTENT)))
    handler.end_headers()
    handler.wfile.write(CONTENT)


def slowly(handler: BaseHTTPRequestHandler, _: int) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(CONTENT)))
    handler.end_headers()
    for start in range(0, len(CONTENT), 100_000):
        time.sleep(0.05)
        handler.wfile.write(CONTENT[start : start + 100_000])


def cut_off(times: int, *, etag: bool) -> Answer:
    """Break the connection after 300,000 bytes, for so many requests; then behave."""

    def answer(handler: BaseHTTPRequestHandler, request: int) -> None:
        range_ = handler.headers.get("Range", "bytes=0-") if etag else "bytes=0-"
        start = int(range_.removeprefix("bytes=").rstrip("-"))
        part = CONTENT[start:]
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Length", str(len(part)))
        if etag:
            handler.send_header("ETag", '"one"')
        handler.end_headers()
        handler.wfile.write(part[: 300_000 if request <= times else None])

    return answer


def status(code: int) -> Answer:
    return lambda handler, _: handler.send_error(code)


def never(_handler: BaseHTTPRequestHandler, _: int) -> None:
    time.sleep(3)


@contextmanager
def silent() -> Iterator[str]:
    """A host that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def black_hole() -> Iterator[str]:
    """A host to which connections are never made: its queue is full and nobody takes from it."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = []
        for _ in range(3):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(server.getsockname())
            waiting.append(client)
        time.sleep(0.05)
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        for client in waiting:
            client.close()
