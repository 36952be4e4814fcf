"""A canary on disk: a folder that needs nothing beside it.

Layout::

    canary.json            what was made, of what, with which versions; written last
    photos/000.jpg         the photos, byte for byte
    inputs.safetensors     what the encoder was given, [N, H, W, 3] for crops
    vectors.safetensors    the embeddings, and those after every known change, float32 [N, D]

Nothing in it depends on time or place, so that making it twice gives the same bytes.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from latentprint.canary.choosing import FEWEST_PHOTOS, MOST_PHOTOS
from latentprint.canary.drift import Size
from latentprint.canary.stages import Reading, Stages, file_digest
from latentprint.errors import LatentprintError
from latentprint.files import write_bytes, write_json

FORMAT_VERSION = 1

RECORD = "canary.json"
PHOTOS = "photos"
RECORDED = ("encoder", "device", "reading", "versions")
"""What is compared with today's, beside the photos themselves."""

_INPUTS, _VECTORS = "inputs.safetensors", "vectors.safetensors"
_PLAIN_NAME = re.compile(r"\d{3}(\.[a-z0-9]{1,10})?")


@dataclass(frozen=True)
class CanaryPhoto:
    """A photo of a canary.

    Attributes:
        file: Its name in the folder of photos.
        id: Its id in the set it was chosen from.
        kinds: What kind of file it is.
    """

    file: str
    id: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Canary:
    """Photos kept with what became of them.

    Attributes:
        folder: Where it is.
        photos: The N photos.
        stages: What became of them when the canary was made.
        changes: How far known changes move their vectors.
        nearest_other: Least 1 - cos between two of them.
        recorded: JSON values: ``encoder``, ``device``, ``reading`` and ``versions``.
        choice: JSON values: ``seed``, ``looked_at``, ``available`` and ``lacking``.
    """

    folder: Path
    photos: tuple[CanaryPhoto, ...]
    stages: Stages
    changes: Mapping[str, Size]
    nearest_other: float
    recorded: dict[str, Any]
    choice: dict[str, Any]

    @property
    def files(self) -> list[Path]:
        """The photos on disk."""
        return [self.folder / PHOTOS / photo.file for photo in self.photos]

    @property
    def reading(self) -> Reading:
        """How the photos were read and embedded."""
        return Reading(**self.recorded["reading"])


def write_canary(canary: Canary) -> None:
    """Write all but the photos, which are there already; the record comes last.

    Raises:
        LatentprintError: A file cannot be written.
    """
    from safetensors.numpy import save

    stages, names = canary.stages, list(canary.stages.changed)
    vectors = {"vectors": stages.vectors}
    vectors |= {f"change {at}": stages.changed[name] for at, name in enumerate(names)}
    tensors = {_INPUTS: save({"inputs": stages.inputs}), _VECTORS: save(vectors)}
    for name, content in tensors.items():
        write_bytes(canary.folder / name, content)
    record = {
        "format_version": FORMAT_VERSION,
        **canary.recorded,
        "choice": canary.choice,
        "changes": [{"name": name, **asdict(canary.changes[name])} for name in names],
        "nearest_other": canary.nearest_other,
        "files": {name: file_digest(content) for name, content in tensors.items()},
        "photos": [
            {"file": photo.file, "id": photo.id, "kinds": list(photo.kinds), "bytes": digest,
             "content": content}
            for photo, digest, content in zip(
                canary.photos, stages.digests, stages.contents, strict=True
            )
        ],
    }  # fmt: skip
    write_json(canary.folder / RECORD, record)


def read_canary(folder: Path) -> Canary:
    """Read a canary, and check that it is whole.

    Raises:
        LatentprintError: It is none, was made by a newer latentprint, or is damaged.
    """
    path = folder / RECORD
    try:
        record = _Values(json.loads(path.read_text("utf-8")), "the record")
        if record.whole("format_version") > FORMAT_VERSION:
            raise LatentprintError(f"{folder} was made by a newer latentprint: please upgrade.")
        return _canary(folder, record)
    except FileNotFoundError as error:
        raise LatentprintError(
            f"{folder} holds no {RECORD}: make a canary with `latentprint canary make`."
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        reason = "its values are nested too deeply" if isinstance(error, RecursionError) else error
        raise LatentprintError(f"{path} is not the record of a canary: {reason}.") from error


def _canary(folder: Path, record: _Values) -> Canary:
    listed = record.records("photos")
    if not FEWEST_PHOTOS <= len(listed) <= MOST_PHOTOS:
        raise ValueError(f"it lists {len(listed)} photos")
    photos = tuple(
        CanaryPhoto(each.text("file"), each.text("id"), tuple(map(str, each.listed("kinds"))))
        for each in listed
    )
    for photo in photos:
        # A name with a folder in it would read files outside of the canary.
        if not _PLAIN_NAME.fullmatch(photo.file):
            raise ValueError(f"{photo.file!r} is no name of a photo")
    changes = record.records("changes")
    names = [each.text("name") for each in changes]
    tensors = _tensors(folder, record.record("files"))
    digests, contents = ([each.text(key) for each in listed] for key in ("bytes", "content"))
    return Canary(
        folder,
        photos,
        _stages(tensors, digests, contents, names),
        {name: _size(each) for name, each in zip(names, changes, strict=True)},
        record.number("nearest_other"),
        _recorded(record),
        record.record("choice").values,
    )


def _recorded(record: _Values) -> dict[str, Any]:
    encoder, reading = record.record("encoder"), record.record("reading")
    encoder.text("name"), encoder.record("identity"), encoder.text("precision")
    encoder.text("margin"), record.record("versions")
    if encoder.values.get("spec") is not None:
        encoder.text("spec")
    if reading.whole("batch_size") < 1 or not isinstance(reading.values.get("orient"), bool):
        raise ValueError("its reading is not sound")
    if set(reading.values) != {"batch_size", "orient"}:
        raise ValueError("its reading has other fields")
    return {key: record.values[key] for key in RECORDED if key in record.values}


def _size(change: _Values) -> Size:
    return Size(*(change.number(key) for key in ("mean", "median", "largest", "overlap")))


def _stages(
    tensors: dict[str, np.ndarray],
    digests: Sequence[str],
    contents: Sequence[str],
    names: Sequence[str],
) -> Stages:
    try:
        inputs, vectors = tensors["inputs"], tensors["vectors"]
        changed = {name: tensors[f"change {at}"] for at, name in enumerate(names)}
    except KeyError as error:
        raise ValueError(f"its tensors lack {error}") from error
    for each in (vectors, *changed.values()):
        if each.ndim != 2 or each.shape != vectors.shape or not np.isfinite(each).all():
            raise ValueError("its vectors are no finite matrix [N, D]")
    if len(vectors) != len(digests) or len(inputs) != len(digests):
        raise ValueError(f"it has {len(digests)} photos and {len(vectors)} vectors")
    return Stages(tuple(digests), tuple(contents), inputs, vectors, changed)


def _tensors(folder: Path, digests: _Values) -> dict[str, np.ndarray]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    found: dict[str, np.ndarray] = {}
    for name in (_INPUTS, _VECTORS):
        try:
            content = (folder / name).read_bytes()
        except OSError as error:
            raise ValueError(f"{name} cannot be read ({error.strerror})") from error
        if file_digest(content) != digests.text(name):
            raise ValueError(f"{name} is not the file that was written; fetch it again")
        try:
            found |= load(content)
        except (SafetensorError, KeyError, TypeError) as error:
            raise ValueError(f"{name} holds no tensors ({error})") from error
    return found


class _Values:
    """A JSON object whose values have to be of some kind."""

    def __init__(self, values: Any, what: str) -> None:
        if not isinstance(values, dict):
            raise ValueError(f"{what} is no object")
        self.values: dict[str, Any] = values

    def text(self, key: str) -> str:
        return str(self._of(key, str))

    def whole(self, key: str) -> int:
        return int(self._of(key, int))

    def number(self, key: str) -> float:
        value = float(self._of(key, int | float))
        if not math.isfinite(value):
            raise ValueError(f"{key!r} is {value}")
        return value

    def listed(self, key: str) -> list[Any]:
        return list(self._of(key, list))

    def record(self, key: str) -> _Values:
        return _Values(self.values.get(key), f"{key!r}")

    def records(self, key: str) -> list[_Values]:
        return [_Values(each, f"a value of {key!r}") for each in self.listed(key)]

    def _of(self, key: str, kind: Any) -> Any:
        value = self.values.get(key)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ValueError(f"{key!r} is {type(value).__name__}")
        return value
