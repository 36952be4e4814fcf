"""What was learnt, line by line on disk, so that nothing is asked twice."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from latentprint.errors import LatentprintError
from latentprint.files import writing_file


class Journal:
    """A file of JSON lines ``[kind, key, value]`` that only grows; for one process at a time.

    Values stay on disk: memory holds only where they are. A line that a killed process left
    unfinished is removed when the file is opened again.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        self._open()

    def _open(self) -> None:
        self._lines: dict[tuple[str, str], int] = {}
        self._stream = self.file.open("a+b")
        try:
            _lock(self._stream.fileno(), self.file)
            self._index()
        except BaseException:
            self._stream.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, kind: str, key: str) -> Any:
        """The value last put under this kind and key, or None."""
        offset = self._lines.get((kind, key))
        if offset is None:
            return None
        self._stream.seek(offset)
        return json.loads(self._stream.readline())[2]

    def put(self, kind: str, key: str, value: Any) -> None:
        """Keep a value; it is on the disk when this returns."""
        line = json.dumps([kind, key, value], ensure_ascii=False) + "\n"
        self._stream.seek(0, os.SEEK_END)
        offset = self._stream.tell()
        self._stream.write(line.encode("utf-8", "replace"))
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._lines[kind, key] = offset

    def items(self, kind: str) -> Iterator[tuple[str, Any]]:
        """Keys and values of a kind, in the order in which the keys came first."""
        for each, key in list(self._lines):
            if each == kind:
                yield key, self.get(kind, key)

    def rewrite(self, change: Callable[[str, str, Any], Any]) -> None:
        """Put every value through a function, atomically; what becomes None is forgotten."""
        with writing_file(self.file) as partial, partial.open("wb") as stream:
            for kind, key in list(self._lines):
                value = change(kind, key, self.get(kind, key))
                if value is not None:
                    line = json.dumps([kind, key, value], ensure_ascii=False) + "\n"
                    stream.write(line.encode("utf-8", "replace"))
        self.close()
        self._open()

    def _index(self) -> None:
        self._stream.seek(0)
        offset = 0
        for number, line in enumerate(self._stream, start=1):
            if not line.endswith(b"\n"):
                break
            try:
                kind, key, _ = json.loads(line)
                self._lines[str(kind), str(key)] = offset
            except (ValueError, TypeError):
                raise LatentprintError(
                    f"Line {number} of {self.file} is damaged: put back a copy of that file, or "
                    "choose another --out."
                ) from None
            offset += len(line)
        self._stream.truncate(offset)


def _lock(descriptor: int, file: Path) -> None:
    """Keep a second process out, where the system can (not on Windows)."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise LatentprintError(
            f"Another latentprint is writing to {file.parent}: let it finish, or stop it first."
        ) from None
