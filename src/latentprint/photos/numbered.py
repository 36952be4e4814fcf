"""Folders that number the parts of a download, which are no classes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

_PART = re.compile(r"\d{4,}")
_BESIDE = re.compile(r"\d{4,}(\.tar|\.parquet|_stats\.json)")
_FACTS = (".json", ".txt", ".cls")


def numbered_parts(paths: Sequence[str], ignored: Sequence[str]) -> str:
    """Whether photos lie in folders as img2dataset and WebDataset number them, as a sentence.

    They do where every photo is in a folder whose name is a number of four digits or more, and
    most photos have a file of facts beside them or the folders an archive or a table.

    Args:
        paths: The photos' paths.
        ignored: The paths of other files.

    Returns:
        What a reader should know; empty if they do not.
    """
    folders = {PurePosixPath(path).parent for path in paths}
    if not folders or not all(_PART.fullmatch(folder.name) for folder in folders):
        return ""
    stems = {path.rpartition(".")[0] for path in ignored if path.endswith(_FACTS)}
    described = sum(path.rpartition(".")[0] in stems for path in paths)
    beside = any(_BESIDE.fullmatch(PurePosixPath(path).name) for path in ignored)
    if 2 * described < len(paths) and not beside:
        return ""
    sentence = (
        "The folders number the parts of a download (img2dataset, WebDataset): no labels are made "
        "of their names"
    )
    if described:
        sentence += f", and what the files beside {described} photos say of them is not read"
    return f"{sentence}."
