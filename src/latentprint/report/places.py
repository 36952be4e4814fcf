"""Where a run lies: commands that a report names are filled in with the real paths."""

from __future__ import annotations

import shlex
from pathlib import Path

from latentprint.report.inputs import Run


def filled(command: str, run: Run, key: str = "more") -> str:
    """A command with the paths of a run, or the usual words where they are not recorded.

    Args:
        command: With ``{photos}``, the photos that were measured, ``{store}``, their embeddings,
            ``{vectors}``, these or a user's own vectors with the table about them, ``{run}``, the
            run folder, and ``{new}``, a new one beside it.
        run: The run; of several that were joined the last one that has what is asked for.
        key: What the name of the new folder ends with.
    """
    parts = run.parts[::-1]
    root = next((part.root for part in parts if part.root), None)
    store = next((found for part in parts if (found := _store(part))), None)
    words: list[list[str]] = [part.settings.get("vectors", []) for part in parts]
    vectors = next(filter(None, words), [])
    folder = next((part.folder for part in parts if part.folder), None)
    return command.format(
        photos=_quoted(root, "PHOTOS"),
        store=_quoted(store, "STORE"),
        vectors=_quoted(store, shlex.join(vectors) or "STORE"),
        run=_quoted(folder, "RUN"),
        new=_quoted(folder and _beside(folder, key), "RUN"),
    )


def _beside(folder: Path, key: str) -> Path:
    """A new folder next to another one, which may be given as "." and then has no name."""
    named = folder if folder.name.strip(".") else folder.resolve()
    return named.parent / f"{named.name}-{key}"


def _store(run: Run) -> Path | None:
    """The folder of embeddings: that of an audit is the run itself."""
    if run.folder and (run.folder / "embeddings").is_dir():
        return run.folder
    store = run.settings.get("store")
    return Path(store) if store else None


def _quoted(path: Path | None, otherwise: str) -> str:
    return shlex.quote(str(path)) if path else otherwise
