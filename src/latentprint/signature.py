"""Signatures, by which runs and stores of one's own are told from those of somebody else.

A run folder and a store say where photos lie. Those that this user had made may be believed; others
may name any file of the disk. What is written is therefore signed (HMAC with SHA-256, RFC 2104)
with a key that lies in the user's own folder and goes nowhere else.

This module is imported to write every run, so it imports no library.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

_BYTES = 32


def signature_of(texts: Iterable[str]) -> str:
    """The signature of some texts, 64 hexadecimal characters, for the user who runs this."""
    told = hmac.new(_key(_place()), digestmod="sha256")
    for each in texts:
        data = each.encode("utf-8", "surrogatepass")
        told.update(len(data).to_bytes(8, "big"))
        told.update(data)
    return told.hexdigest()


def is_own(signature: Any, texts: Iterable[str]) -> bool:
    """Whether a signature is one of this user for these texts, whatever a file has in its place."""
    return isinstance(signature, str) and hmac.compare_digest(
        signature.encode("utf-8", "surrogatepass"), signature_of(texts).encode()
    )


def _place() -> Path | None:
    """The file of the key: below ``XDG_STATE_HOME``, else below the home folder."""
    named = os.environ.get("XDG_STATE_HOME")
    try:
        state = Path(named) if named else Path.home() / ".local" / "state"
    except RuntimeError:
        return None
    return state / "latentprint" / "key"


@cache
def _key(place: Path | None) -> bytes:
    """The key, made at its first use; where it cannot be kept, one for this process."""
    fresh = secrets.token_bytes(_BYTES)
    if place is None:
        return fresh
    with suppress(OSError):
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = place.with_name(f".key.{secrets.token_hex(4)}")
        if not place.exists():
            _write(beside, fresh, place)
        kept = place.read_bytes()
        if len(kept) == _BYTES:
            return kept
    return fresh


def _write(beside: Path, key: bytes, place: Path) -> None:
    """Put the key in its place, whole, unless another process was faster."""
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key)
        try:
            os.link(beside, place)
        except FileExistsError:
            pass
        except OSError:  # this file system knows no second names
            beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
