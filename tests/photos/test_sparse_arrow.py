"""Arrow files at addresses list the photos of a local file, and are hardly fetched for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from latentprint.errors import LatentprintError
from latentprint.photos import addresses, decode, open_photos
from tests.encoders.servers import serve

from .packing import jpeg

pa = pytest.importorskip("pyarrow")

PADDED = 600_000
"""Bytes of a picture, so that batches of 20 are 12 MB."""


class Site:
    """A folder on a server that sends parts, and counts what it sent; it may fail after some."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.sent, self.answers = folder, 0, 10**6

    def __call__(self, handler: BaseHTTPRequestHandler, _: int) -> None:
        self.answers -= 1
        if self.answers < 0:
            handler.send_error(503)
            return
        data = (self.folder / handler.path.lstrip("/")).read_bytes()
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", handler.headers["Range"])
        assert found
        part = data[int(found[1]) : int(found[2]) + 1]
        if not part:
            handler.send_error(416)
            return
        self.sent += len(part)
        handler.send_response(206)
        handler.send_header("Content-Length", str(len(part)))
        last = int(found[1]) + len(part) - 1
        handler.send_header("Content-Range", f"bytes {found[1]}-{last}/{len(data)}")
        handler.end_headers()
        handler.wfile.write(part)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Site, str]]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    made = Site(tmp_path)
    with serve(made) as (address, _):
        yield made, address


def table(count: int, width: int = PADDED) -> Any:
    """Pictures with all that may stand beside them, some of it missing; each is padded."""
    padding = np.random.default_rng(0).bytes(width)
    cells = pa.array(
        [
            None if at == 3 else {"path": f"{at}.jpg", "bytes": jpeg(at) + padding}
            for at in range(count)
        ],
        pa.struct([("path", pa.string()), ("bytes", pa.large_binary())]),
    )
    return pa.table(
        {
            "vector": pa.array([[float(at)] * 3 for at in range(count)]),
            "side": pa.array(["x", None] * (count // 2)).dictionary_encode(),
            "image": cells,
            "number": pa.array([None if at == 5 else at for at in range(count)]),
            "nothing": pa.nulls(count),
            "caption": pa.array([f"{at} " * 20_000 for at in range(count)]).dictionary_encode(),
        }
    )


def write(file: Path, rows: Any, kind: str, size: int, **options: Any) -> Path:
    new = pa.ipc.new_stream if kind == "stream" else pa.ipc.new_file
    with new(str(file), rows.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(rows, max_chunksize=size)
    return file


@pytest.mark.parametrize("kind", ["stream", "file"])
def test_it_lists_what_a_local_file_lists_and_fetches_few_bytes(
    tmp_path: Path, site: tuple[Site, str], kind: str
) -> None:
    server, address = site
    file = write(tmp_path / "train.arrow", table(40), kind, 20)
    local, found = open_photos(file), open_photos(f"{address}/train.arrow")
    assert found.table.drop("path").equals(local.table.drop("path"))
    assert found.notes == local.notes
    assert server.sent < file.stat().st_size / 3
    paths = [f"{address}/{each}" for each in local.table["path"]]
    assert found.table["path"].to_list() == paths
    for at in (0, 1, 39):
        one, other = (each.file(each.table["path"][at]) for each in (local, found))
        assert decode(one).content == decode(other).content
    # A small one, whose batches are read whole, and one without rows.
    for rows, size in ((table(6, 10), 4), (table(0), 1)):
        small = write(tmp_path / "small.arrow", rows, kind, size)
        if not rows.num_rows:
            with pytest.raises(LatentprintError, match="lists no photos"):
                open_photos(f"{address}/small.arrow")
            continue
        listed = open_photos(f"{address}/small.arrow").table
        assert listed.drop("path").equals(open_photos(small).table.drop("path"))


def test_what_is_no_such_file_is_told_in_a_sentence(tmp_path: Path, site: tuple[Site, str]) -> None:
    _, address = site
    whole = write(tmp_path / "whole.arrow", table(6), "stream", 3).read_bytes()
    (tmp_path / "cut.arrow").write_bytes(whole[: len(whole) * 2 // 3])
    (tmp_path / "other.arrow").write_bytes(b"<!doctype html><title>Sign in</title>")
    (tmp_path / "empty.arrow").write_bytes(b"")
    write(tmp_path / "packed.arrow", table(6), "file", 3, compression="zstd")
    write(tmp_path / "small.arrow", table(6, 10), "stream", 3, compression="zstd")
    grown = [table(4, 10).set_column(1, "side", pa.array(sides).dictionary_encode())
             for sides in (["x", "y"] * 2, ["x", "y", "z", "z"])]  # fmt: skip
    deltas = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
    with pa.ipc.new_stream(tmp_path / "grown.arrow", grown[0].schema, options=deltas) as writer:
        for each in grown:
            writer.write_table(each)
    assert open_photos(tmp_path / "grown.arrow").table["side"].to_list()[4:] == list("xyzz")
    pl.DataFrame({"a": [1]}).write_ipc(tmp_path / "plain.arrow", compression="uncompressed")
    for name, reason in (
        ("cut", "damaged"), ("other", "Not an Arrow file"), ("empty", "it is empty"),
        ("packed", "without compression"), ("small", "are compressed"),
        ("plain", "no column of pictures"), ("grown", "delta dictionaries.*at once"),
    ):  # fmt: skip
        with pytest.raises(LatentprintError, match=rf"{name}\.arrow cannot be read.*({reason})"):
            open_photos(f"{address}/{name}.arrow")


@pytest.mark.parametrize("kind", ["stream", "file"])
def test_a_server_that_fails_makes_no_damaged_file(
    tmp_path: Path, site: tuple[Site, str], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "PAUSES", ())
    server, address = site
    write(tmp_path / "train.arrow", table(8), kind, 2)
    for answers in range(5):
        server.answers = answers
        with pytest.raises(LatentprintError, match=r": HTTP 503$"):
            open_photos(f"{address}/train.arrow")
