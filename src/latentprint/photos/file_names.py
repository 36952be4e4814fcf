"""What the name of a file or folder tells: whether it may be a photo, or hold some."""

from __future__ import annotations

import os
from pathlib import PurePosixPath

from latentprint.photos.formats import extra_of, install, suffixes
from latentprint.photos.photos import NO_SUFFIX, OTHER_SUFFIX

# What Synology and QNAP put beside photos, and where they and Windows keep what was deleted.
_OF_SYSTEMS = {"@eadir", "#recycle", "@recycle", "$recycle.bin"}


def reason_to_pass(folder: str) -> str:
    """Why what lies in a folder of this name is no photo of a set; empty if it may be."""
    if folder.startswith("."):
        return "hidden folder"
    return "a folder of thumbnails or of deleted files" if folder.lower() in _OF_SYSTEMS else ""


def reason_to_ignore(path: str) -> str:
    """Why a file is not a photo; empty if it looks like one."""
    name = path.rpartition("/")[2]
    if name.startswith("."):
        return "hidden file"
    suffix = PurePosixPath(name).suffix
    if suffix[1:].lower() not in suffixes():
        if extra := extra_of(suffix[1:].lower()):
            return f"{suffix.lower()} needs an extra: {install(extra)}"
        return f"{OTHER_SUFFIX}: {printable(suffix)}" if suffix else NO_SUFFIX
    if printable(path) != path:
        return "the file name is not valid UTF-8; rename the file"
    return ""


def printable(path: str) -> str:
    r"""The path with bytes that are not UTF-8 written as ``\xff``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
