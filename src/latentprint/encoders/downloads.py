"""Checkpoints that a release offers at a URL: fetched once, whole and checked."""

from __future__ import annotations

import hashlib
import http.client
import logging
import os
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit

from latentprint.encoders.network import (
    READ_TIMEOUT,
    WeightsMissingError,
    brief,
    source_answers,
    unreachable,
)
from latentprint.errors import LatentprintError

log = logging.getLogger(__name__)

ATTEMPTS = 3
PAUSE = 1.0
"""Seconds before the second attempt; twice that before the third."""

SLOWEST, SLOW_AFTER = 1024, 60.0
"""Bytes a second below which a download is given up, once it has run for this many seconds."""

_CHUNK = 1 << 20
_PASSING = {408, 429, 500, 502, 503, 504}
_NETWORK_ERRORS = (http.client.HTTPException, ConnectionError, TimeoutError, urllib.error.URLError)


def download(url: str, what: str, sha256: str | None = None) -> Path:
    """Fetch a checkpoint, or find it in the cache of ``torch.hub``.

    The file appears under its name only when it is whole and its digest is right. A connection
    that breaks is taken up where it broke, three times at most. Proxies are those of the
    environment; with ``HF_HUB_OFFLINE`` the cache alone is looked at.

    Args:
        url: Where it is.
        what: The encoder it is for, as errors name it.
        sha256: The SHA-256 digest of the file, in hexadecimal, or its first digits.

    Returns:
        The file, in ``TORCH_HOME/hub/checkpoints``.

    Raises:
        LatentprintError: If it is neither in the cache nor to be fetched
            (``WeightsMissingError``), or its digest is wrong, or it cannot be written.
    """
    import torch
    from huggingface_hub import constants

    file = Path(torch.hub.get_dir()) / "checkpoints" / unquote(urlsplit(url).path).split("/")[-1]
    if file.is_file():
        _check(file, file, what, sha256)
        return file
    offline = constants.HF_HUB_OFFLINE
    if offline or not source_answers(url):
        raise WeightsMissingError(f"{what} ({url})", unreachable(url, offline=offline))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # A name of its own: two processes may fetch the same file at once.
        descriptor, partial = tempfile.mkstemp(".partial", f"{file.name}.", file.parent)
        try:
            with os.fdopen(descriptor, "w+b") as opened:
                _fetch(url, what, opened)
            _check(Path(partial), file, what, sha256, url)
            Path(partial).replace(file)
        finally:
            Path(partial).unlink(missing_ok=True)
    except OSError as error:
        raise LatentprintError(
            f"The weights of {what} cannot be written to {file.parent}: "
            f"{error.strerror or error}; set TORCH_HOME to another folder."
        ) from error
    return file


def _fetch(url: str, what: str, opened: IO[bytes]) -> None:
    """Fill a file from a URL.

    Raises:
        LatentprintError: If it is not there, or the connection broke too often.
    """
    log.warning("Downloading %s", url)
    validator: str | None = None
    for attempt in range(ATTEMPTS):
        try:
            with _open(url, opened.tell(), validator) as answer:
                if answer.status != http.client.PARTIAL_CONTENT:
                    opened.seek(0)
                    opened.truncate()
                # What was received is only continued if the server can tell that it is the same.
                validator = answer.headers.get("ETag")
                _receive(answer, opened)
            return
        except _NETWORK_ERRORS as error:
            final = isinstance(error, HTTPError) and error.code not in _PASSING
            if final or attempt == ATTEMPTS - 1:
                raise LatentprintError(
                    f"The weights of {what} could not be fetched from {url}: {brief(error)}; try "
                    "again later, or name a local file with --weights FILE."
                ) from error
            if validator is None:
                opened.seek(0)
        time.sleep(PAUSE * 2**attempt)


def _open(url: str, start: int, validator: str | None) -> Any:
    headers = {"User-Agent": "latentprint"}
    if start and validator:
        headers |= {"Range": f"bytes={start}-", "If-Range": validator}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - http(s)
    return urllib.request.build_opener().open(request, timeout=READ_TIMEOUT)


def _receive(answer: http.client.HTTPResponse, opened: IO[bytes]) -> None:
    begun, received = time.monotonic(), 0
    while chunk := answer.read1(_CHUNK):
        opened.write(chunk)
        received += len(chunk)
        seconds = time.monotonic() - begun
        if seconds > SLOW_AFTER and received < SLOWEST * seconds:
            raise TimeoutError(f"only {received} bytes in {seconds:.0f} s")
    if answer.length:
        raise http.client.IncompleteRead(b"", answer.length)


def _check(found: Path, file: Path, what: str, sha256: str | None, url: str = "") -> None:
    """Compare a file's digest with the one that was published.

    Raises:
        LatentprintError: If they differ.
    """
    if sha256 is None:
        return
    with found.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    if not digest.startswith(sha256.lower()):
        where = f"What {url} holds for {what}" if url else f"{file}, the weights of {what},"
        todo = "name a sound file with --weights FILE" if url else "delete that file"
        raise LatentprintError(
            f"{where} has the SHA-256 digest {digest[:16]}…, not the published {sha256[:16]}…: "
            f"{todo}."
        )
