"""What was fitted on a store, kept beside its vectors, and never used for another state of it."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from latentprint.embeddings.collection import PHOTOS
from latentprint.embeddings.shard import digest_of_vectors
from latentprint.embeddings.sharded import DamagedFile, read_header
from latentprint.embeddings.store import Store
from latentprint.errors import LatentprintError
from latentprint.files import writing_file

logger = logging.getLogger(__name__)

FOLDER = "inspection"
"""The folder of an encoder's store that fits are kept in; it can be deleted at any time."""

_PACKAGES = ("embeddings", "erasure", "experiments", "inspection", "neighbours", "solvers")
_NOTE = "latentprint"


@dataclass(frozen=True)
class Fit:
    """Numbers that were fitted, and words about them.

    Attributes:
        arrays: float64 or float32, by name.
        about: JSON values.
    """

    arrays: dict[str, np.ndarray]
    about: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class KeptFits:
    """The fits of one store.

    Attributes:
        store: The store.
        state: A digest of all that fits depend on; see ``state_of``.
        on_step: Called with what is fitted, before it is.
    """

    store: Store
    state: str
    on_step: Callable[[str], None] = lambda _: None

    @classmethod
    def of(cls, store: Store, on_step: Callable[[str], None] = lambda _: None) -> KeptFits:
        """The fits of a store as it is now."""
        return cls(store, state_of(store), on_step)

    def get(
        self, name: str, what: str, settings: Mapping[str, Any], make: Callable[[], Fit]
    ) -> Fit:
        """What was kept, or what is fitted now and kept.

        A file of another state of the store, of other settings, or that is damaged is not used, but
        written over.

        Args:
            name: What its file is called.
            what: What it is, in words.
            settings: All that it depends on beside the store, as JSON values.
            make: Fits it.
        """
        told = json.dumps([name, settings], sort_keys=True)
        file = self.store.folder / FOLDER / f"{name}-{_digest(told.encode())[:12]}.safetensors"
        key = _digest(f"{self.state}:{told}".encode())
        found = _read(file, key)
        if found is not None:
            return found
        self.on_step(f"{what}: found once, and kept in {file.parent}")
        made = make()
        try:
            _write(file, key, made)
        except LatentprintError as error:
            logger.warning("What was fitted is not kept for the next time: %s", error)
        return made


def state_of(store: Store) -> str:
    """A digest of the state of a store, of its photos and of the code.

    Each shard of format 3 has a seal with digests of its vectors and rows; of older ones sizes and
    times of the last change of all files count.

    Raises:
        DamagedFile: A shard is not as it was written.
    """
    told: list[Any] = [_code(), store.manifest]
    for shard in store.done:
        if store.identity is None:
            for file in (shard.tensors, shard.rows):
                stat = file.stat()
                told.append([file.name, stat.st_size, stat.st_mtime_ns])
        else:
            told.append(shard.check_sizes(store.identity)[0].metadata)
    table = store.folder.parent / PHOTOS
    told.append(_digest(table.read_bytes()))
    return _digest(json.dumps(told, sort_keys=True).encode())


@cache
def _code() -> str:
    """A digest of the code that fits, which changes between versions, and from commit to commit."""
    here = Path(__file__).parents[1]
    files = [file for name in _PACKAGES for file in sorted((here / name).rglob("*.py"))]
    told = [version("latentprint"), *(_digest(file.read_bytes()) for file in files)]
    return _digest("".join(told).encode())


def _read(file: Path, key: str) -> Fit | None:
    try:
        header = read_header(file)
        note = json.loads(header.metadata[_NOTE])
        if note["key"] != key:
            return None
        arrays = {name: np.array(header.mapped(name)) for name in header.tensors}
        sound = note["digest"] == digest_of_vectors(arrays)
        return Fit(arrays, note["about"]) if sound else None
    except (DamagedFile, KeyError, ValueError, TypeError):
        return None


def _write(file: Path, key: str, fit: Fit) -> None:
    from safetensors.numpy import save

    arrays = {name: np.ascontiguousarray(each) for name, each in fit.arrays.items()}
    note = {"key": key, "digest": digest_of_vectors(arrays), "about": fit.about}
    content = save(arrays, metadata={_NOTE: json.dumps(note)})
    with writing_file(file, contested=True) as partial:
        partial.write_bytes(content)


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
