"""Stores that this user had made: what they say of where photos lie may be believed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from latentprint.embeddings.collection import DATASET, PHOTOS
from latentprint.files import write_text
from latentprint.signature import is_own, signature_of

SIGNATURE = "signature"
"""The file beside the stores of a set of photos that says who made them."""


def sign_store(folder: Path) -> None:
    """Sign what a folder of stores says of its photos, with the key of this user.

    Raises:
        LatentprintError: It cannot be written to.
    """
    write_text(folder / SIGNATURE, signature_of(_signed(folder)) + "\n")


def is_own_store(folder: Path) -> bool:
    """Whether a folder of stores says of its photos what this user had it say."""
    try:
        signature = (folder / SIGNATURE).read_text(encoding="utf-8").strip()
        return is_own(signature, _signed(folder))
    except (OSError, ValueError):
        return False


def _signed(folder: Path) -> list[str]:
    """Digests of the list of photos and of where it starts from."""
    found = []
    for name in (DATASET, PHOTOS):
        with (folder / name).open("rb") as file:
            found.append(hashlib.file_digest(file, "sha256").hexdigest())
    return found
