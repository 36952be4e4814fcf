"""Make a canary of photos and an encoder, and check one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from PIL import features

from latentprint.canary import (
    Canary,
    CanaryCheck,
    Reading,
    Stages,
    Tolerances,
    choose,
    compare,
    pass_through,
    read_canary,
    write_canary,
    write_junit,
    write_junit_error,
)
from latentprint.canary.changes import known_changes
from latentprint.canary.choosing import Choice, check_count
from latentprint.canary.drift import nearest_other, size_of
from latentprint.canary.folder import PHOTOS, RECORD, CanaryPhoto
from latentprint.embeddings import device_of, open_own_vectors
from latentprint.embeddings.vector_files import some
from latentprint.encoders import Encoder, Margin, Precision, load_encoder
from latentprint.encoders.load_options import LoadOptions, resolve_device
from latentprint.encoders.spec import parse_spec
from latentprint.errors import LatentprintError, UsageError
from latentprint.files import as_path, make_folder, write_bytes
from latentprint.jobs.members import Member
from latentprint.jobs.run_folder import versions
from latentprint.photos import as_photos
from latentprint.photos.file_bytes import read_bytes

_READ_ONLY = ("default", "timm", "open_clip", "hf", "checkpoint", "onnx", "pixels")
"""Forms of encoder that are loaded without running code of the file or repository they name."""


@dataclass(frozen=True)
class EncoderAsked:
    """An encoder of a canary, and how it is loaded.

    Attributes:
        encoder: Its specification, or the encoder itself.
        device: auto, cpu, cuda or mps.
        precision: Number format of the forward pass.
        margin: How much of the photo is seen.
        weights: A local file of weights.
        trust_code: See ``load_encoder``.
    """

    encoder: str | Encoder
    device: str = "auto"
    precision: Precision = "float32"
    margin: Margin = "published"
    weights: Path | None = None
    trust_code: bool = False

    def check(self) -> None:
        """Refuse a name or a device before any photo is read; see ``load_encoder``."""
        if isinstance(self.encoder, str):
            parse_spec(self.encoder)
        LoadOptions(self.device, self.precision, self.margin)
        resolve_device(self.device, self.precision)

    def loaded(self) -> Member:
        """The encoder; see ``load_encoder`` for what is raised."""
        if not isinstance(self.encoder, str):
            return Member(self.encoder.name, self.encoder)
        encoder = load_encoder(
            self.encoder,
            device=self.device,
            precision=self.precision,
            margin=self.margin,
            weights=self.weights,
            trust_code=self.trust_code,
        )
        return Member(self.encoder, encoder)

    def record(self, encoder: Member) -> dict[str, Any]:
        """What a canary records of it once it is loaded, as JSON values."""
        return {
            "name": encoder.name,
            "spec": self.encoder if isinstance(self.encoder, str) else None,
            "precision": self.precision,
            "margin": self.margin,
            "weights": self.weights.name if self.weights else None,
            "dimension": encoder.dimension,
            "input_size": encoder.input_size,
            "preprocess": encoder.preprocess.as_dict(),
            "identity": encoder.identity(),
        }


def make_canary(
    photos: Any,
    out: Path | str,
    *,
    encoder: str | Encoder = "default",
    count: int = 48,
    seed: int = 0,
    orient: bool = True,
    batch_size: int = 16,
    device: str = "auto",
    precision: Precision = "float32",
    margin: Margin = "published",
    weights: Path | str | None = None,
    trust_code: bool = False,
) -> Canary:
    """Keep some photos with their embeddings, so that drift of the encoder is noticed later.

    Args:
        photos: Photos, or what ``open_photos`` opens: a folder, a manifest, a data frame.
        out: Folder for the canary, which then needs nothing beside it.
        encoder: A specification, or an encoder object.
        count: How many photos, from 32 to 256; files of every kind that is there come first.
        seed: Seeds the choice of photos.
        orient: Apply the EXIF orientation.
        batch_size: Images that go through the encoder at once.
        device: See ``load_encoder``.
        precision: See ``load_encoder``.
        margin: See ``load_encoder``.
        weights: See ``load_encoder``.
        trust_code: See ``load_encoder``.

    Raises:
        UsageError: An option or a name is wrong.
        LatentprintError: There are too few photos, ``out`` holds a canary or cannot be written to,
            or the encoder fails.
    """
    out = as_path(out)
    if (out / RECORD).exists():
        raise LatentprintError(f"{out} holds a canary already: choose another --out, or delete it.")
    file = as_path(weights) if weights else None
    asked = EncoderAsked(encoder, device, precision, margin, file, trust_code)
    photos = as_photos(photos)
    asked.check()
    check_count(count)
    make_folder(out)
    choice = choose(photos, count, seed)
    kept = _copied(choice, out)
    loaded = asked.loaded()
    reading = Reading(batch_size, orient)
    changes = known_changes(loaded.preprocess)
    files = [out / PHOTOS / photo.file for photo in kept]
    stages = pass_through(files, loaded, reading, changes)
    names = [photo.file for photo in kept]
    moving = {
        name: vectors
        for name, vectors in stages.changed.items()
        if not np.array_equal(vectors, stages.vectors)
    }
    stages = replace(stages, changed=moving)
    canary = Canary(
        out,
        kept,
        stages,
        {name: size_of(stages.vectors, vectors, names) for name, vectors in moving.items()},
        float(nearest_other(stages.vectors, names).min()),
        _recorded(asked, loaded, reading),
        {
            "seed": seed,
            "looked_at": choice.looked_at,
            "available": choice.available,
            "lacking": list(choice.lacking),
        },
    )
    write_canary(canary)
    return canary


def check_canary(
    canary: Path | str,
    *,
    encoder: str | Encoder | None = None,
    vectors: Path | str | None = None,
    max_drift: float = 1e-6,
    min_overlap: float = 0.99,
    batch_size: int | None = None,
    device: str = "auto",
    precision: Precision | None = None,
    weights: Path | str | None = None,
    trust_code: bool = False,
    junit: Path | str | None = None,
) -> CanaryCheck:
    """Take the photos of a canary through all stages again, and compare.

    Args:
        canary: The folder.
        encoder: The encoder to check, as a specification or an object; by default that of the
            canary.
        vectors: Vectors of the canary's photos from elsewhere, in place of an encoder: what
            ``open_own_vectors`` opens. They find their photos by the names of the files in
            ``photos/``, or are in the order of these where the vectors name no photos.
        max_drift: Largest 1 - cos of a photo that passes.
        min_overlap: Least share of the 10 nearest neighbours that passes, 0 to 1.
        batch_size: Images that go through the encoder at once; by default as in the canary.
        device: See ``load_encoder``.
        precision: See ``load_encoder``; by default as in the canary.
        weights: See ``load_encoder``; needed where the canary was made with a file of weights.
        trust_code: See ``load_encoder``.
        junit: Where to write the result as JUnit XML; also where the check could not run.

    Returns:
        What was found; ``passed`` says whether it is within the tolerances.

    Raises:
        UsageError: An option or a name is wrong.
        LatentprintError: The canary cannot be read or is not whole, or the encoder fails.
    """
    try:
        tolerances = Tolerances(max_drift, min_overlap)
        kept = read_canary(as_path(canary))
        if vectors is not None:
            if any(each is not None for each in (encoder, weights, precision, batch_size)):
                raise UsageError("--vectors take the place of an encoder: name one or the other.")
            now, record = _of_vectors(kept, as_path(vectors))
        else:
            asked = _asked(kept, encoder, device, precision, as_path(weights) if weights else None)
            asked = replace(asked, trust_code=trust_code)
            reading = kept.reading
            if batch_size is not None:
                reading = replace(reading, batch_size=batch_size)
            loaded = asked.loaded()
            now = pass_through(kept.files, loaded, reading)
            record = _recorded(asked, loaded, reading)
        check = compare(kept, now, record, tolerances)
    except LatentprintError as error:
        if junit is not None:
            write_junit_error(Path(junit), str(error))
        raise
    if junit is not None:
        write_junit(Path(junit), check)
    return check


def _copied(choice: Choice, out: Path) -> tuple[CanaryPhoto, ...]:
    """Copy the photos, byte for byte, under names that say nothing."""
    kept = []
    for at, photo in enumerate(choice.photos):
        suffix = photo.path.suffix.lower()
        name = f"{at:03d}{suffix if suffix[1:].isalnum() and suffix.isascii() else ''}"
        write_bytes(out / PHOTOS / name, read_bytes(photo.path))
        kept.append(CanaryPhoto(name, photo.id, photo.kinds))
    return tuple(kept)


def _recorded(asked: EncoderAsked, encoder: Member, reading: Reading) -> dict[str, Any]:
    record = {
        "encoder": asked.record(encoder),
        "device": device_of([encoder]),
        "reading": asdict(reading),
        "versions": {
            "latentprint": version("latentprint"),
            **versions(),
            "libjpeg_turbo": features.version_feature("libjpeg_turbo"),
        },
    }
    # As a file gives it back: with lists where there were tuples.
    as_read: dict[str, Any] = json.loads(json.dumps(record))
    return as_read


def _asked(
    canary: Canary,
    encoder: str | Encoder | None,
    device: str,
    precision: Precision | None,
    weights: Path | None,
) -> EncoderAsked:
    """The encoder to check: what is given, and for the rest what is recorded.

    Raises:
        UsageError: The record names nothing that can be loaded, or code that is not to be run
            because a file says so.
    """
    recorded: Mapping[str, Any] = canary.recorded["encoder"]
    spec = recorded.get("spec")
    if encoder is None:
        if spec is None:
            raise UsageError(
                f"The canary was made with an encoder object named {recorded['name']!r}: give the "
                "encoder that is to be checked."
            )
        parsed = parse_spec(spec)
        library = parsed.key == "torch" and parsed.rest.startswith("torchvision:")
        if parsed.key not in _READ_ONLY and not library:
            raise UsageError(
                f"The canary names the encoder {spec!r}, which is code that would run: if you "
                f"trust it, name it yourself with -e {spec}."
            )
        encoder = spec
        if recorded.get("weights") and weights is None:
            raise UsageError(
                f"The canary was made with the weights {recorded['weights']}: name the file with "
                "--weights."
            )
    return EncoderAsked(
        encoder, device, precision or recorded["precision"], recorded["margin"], weights
    )


def _of_vectors(canary: Canary, file: Path) -> tuple[Stages, dict[str, Any]]:
    """Vectors from elsewhere, of which nothing but their numbers is known.

    Raises:
        LatentprintError: They are not those of the photos, or the file cannot be read.
    """
    own = open_own_vectors(file)
    names = [photo.file for photo in canary.photos]
    if len(own.rows) != len(names):
        raise LatentprintError(
            f"{file} holds {len(own.rows)} vectors, and the canary {len(names)} photos: "
            f"one vector for every file of {canary.folder / PHOTOS} is needed, with its name "
            "beside it, or in the order of their names."
        )
    rows = own.rows[:]
    if own.named:
        given = [PurePosixPath(each).name for each in own.photos["id"].to_list()]
        if odd := sorted(set(given) ^ set(names)):
            raise LatentprintError(
                f"{file} names other photos than the files of {canary.folder / PHOTOS}: only one "
                f"of them has {some(odd)}."
            )
        rows = rows[[given.index(name) for name in names]]
    named = {**canary.recorded["encoder"], "name": own.encoder}
    nothing = np.zeros((0, *canary.stages.inputs.shape[1:]), dtype=np.uint8)
    return Stages((), (), nothing, rows), {**canary.recorded, "encoder": named}
