"""Write the files of an article into a folder, without losing what people edited there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from latentprint.errors import LatentprintError
from latentprint.files import write_text, writing

RECORD = ".latentprint-report.json"
"""Digests of the files as they were written, to tell whether people edited them since."""


def write_source(files: Mapping[str, str], folder: Path, *, force: bool = False) -> None:
    """Write files into a folder, each whole or not at all; what is no longer needed goes.

    Args:
        files: Texts by path.
        folder: The folder; made if need be.
        force: Whether edited files are written over.

    Raises:
        LatentprintError: A file was edited, or is none of ours, or cannot be written.
    """
    with writing(folder):
        known = _read_record(folder)
        if not force:
            _refuse_edited(files, folder, known)
        for name in known.keys() - files.keys():
            (folder / name).unlink(missing_ok=True)
        for name, text in files.items():
            write_text(folder / name, text)
        digests = {name: _digest(text.encode()) for name, text in files.items()}
        write_text(folder / RECORD, json.dumps(digests, indent=1) + "\n")


def _refuse_edited(files: Mapping[str, str], folder: Path, known: Mapping[str, str]) -> None:
    for name in dict.fromkeys([*known, *files]):
        path = folder / name
        if not path.is_file():
            continue
        found = _digest(path.read_bytes())
        same = name in files and found == _digest(files[name].encode())
        if found != known.get(name) and not same:
            raise LatentprintError(
                f"{path} was edited or is not of this command: name another folder, or write over "
                "it with --force."
            )


def _read_record(folder: Path) -> dict[str, str]:
    path = folder / RECORD
    try:
        found = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    except ValueError:
        return {}
    # Only files inside the folder are ours to remove.
    return {
        str(name): str(digest)
        for name, digest in (found.items() if isinstance(found, dict) else ())
        if (folder / str(name)).resolve().is_relative_to(folder.resolve())
    }


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()
