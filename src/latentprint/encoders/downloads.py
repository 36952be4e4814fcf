"""Checkpoints that a release offers at a URL: fetched once, whole and checked."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from urllib.parse import unquote, urlsplit

from latentprint.encoders.hubs import WeightsMissingError, source_answers, unreachable
from latentprint.errors import LatentprintError
from latentprint.files import writing_file
from latentprint.http import BadAddress, Client, GaveUp, Manners

log = logging.getLogger(__name__)

READ_TIMEOUT = 10.0
"""Seconds without a byte after which a connection counts as dead."""

MANNERS = Manners(pause=0, tries=3, first_wait=1, longest_wait=60, read_timeout=READ_TIMEOUT)

_ELSEWHERE = "set TORCH_HOME to another folder"


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
    # Two processes may fetch the same file at once.
    with writing_file(file, instead=_ELSEWHERE, contested=True) as partial:
        _fetch(url, what, partial)
        _check(partial, file, what, sha256, url)
    return file


def _fetch(url: str, what: str, file: Path) -> None:
    """Fill a file from a URL.

    Raises:
        LatentprintError: If it is not there, or the connection broke too often.
    """
    log.warning("Downloading %s", url)
    with Client(urlsplit(url).netloc, MANNERS) as client, file.open("wb") as opened:
        try:
            client.receive(url, opened)
        except (GaveUp, BadAddress) as error:
            raise LatentprintError(
                f"The weights of {what} could not be fetched from {url}: {error}; try again later, "
                "or name a local file with --weights FILE."
            ) from error


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
