"""One photo as the photos of a store are: from the store, or embedded as they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from latentprint.embeddings import Extraction, device_of
from latentprint.embeddings.reference import REFERENCE, keep_or_compare, made_up
from latentprint.embeddings.store import FACTS_SCHEMA
from latentprint.embeddings.worker import BROKEN, UNREACHABLE, PhotoTask, Prepared, Recipe, prepare
from latentprint.encoders import Encoder
from latentprint.encoders.recorded import load_recorded
from latentprint.errors import LatentprintError
from latentprint.experiments.source import UNPROCESSED
from latentprint.experiments.vectors import units
from latentprint.jobs.inspected_store import InspectedStore
from latentprint.photos import Tones
from latentprint.photos.near_duplicates import MOST_BITS
from latentprint.processing import recorded_processing

_NOT_SHOWN = ("id", "status", "reason", "content", "appearance", "modified", "exif_raw")


@dataclass(frozen=True)
class PhotoVectors:
    """A photo with its vectors.

    Attributes:
        name: The photo as it was named.
        file: Its file; None where there is none.
        row: Its row in the store; None where it is not there.
        alike: The number that photos of the store with its pixels share; -1 where it is not there.
        twin: Row of a near-duplicate in the store; None where there is none, or it is there itself.
        content: A digest of its pixels.
        facts: What its file says.
        versions: As it is, then under the classes that were asked for, of unit length, float64
            [1 + C, D].
        notes: What has to be known, as sentences.
        path: Where the store says that it lies, if it was named by its id; else None.
    """

    name: str
    file: Path | None
    row: int | None
    alike: int
    twin: int | None
    content: str
    facts: dict[str, Any]
    versions: np.ndarray
    notes: tuple[str, ...] = ()
    path: str | None = None


@dataclass
class PhotoReader:
    """Reads photos for a store; the encoder is loaded when the first photo needs it.

    Attributes:
        store: The store.
        classes: The classes of processing to embed photos under, beside unprocessed.
        spec: The specification of the store's encoder, or the encoder, where the store's record
            does not tell it.
        device: See ``load_encoder``.
        trust_code: See ``load_encoder``.
    """

    store: InspectedStore
    classes: Sequence[str]
    spec: str | Encoder | None = None
    device: str = "auto"
    trust_code: bool = False

    def __post_init__(self) -> None:
        self._encoder: Encoder | None = None

    def refuse_absent(self, photo: str) -> None:
        """Refuse what is neither a file nor the id of a photo, before anything is read.

        Raises:
            LatentprintError: It is neither.
        """
        if photo not in self.store.ids and not Path(photo).is_file():
            raise LatentprintError(
                f"There is no photo {photo}: name a file, or the id of a photo of "
                f"{self.store.folder}."
            )

    def read(self, photo: str) -> PhotoVectors:
        """Read a photo: a file, or the id of a photo of the store.

        Raises:
            LatentprintError: It cannot be read, or the store's encoder cannot be rebuilt.
        """
        self.refuse_absent(photo)
        ids = self.store.ids
        if not Path(photo).is_file():
            row = ids.index(photo)
            facts = self.store.facts.row(row, named=True)
            stored = self._stored(photo, row, self._file_of(row), facts)
            return replace(stored, path=self.store.source.photos["path"][row])
        file = Path(photo)
        prepared = self._prepared(file, ())
        content = str(prepared.facts.content)
        rows = np.flatnonzero(self.store.facts["content"].to_numpy().astype(str) == content)
        if len(rows):
            same_id = [row for row in rows if ids[row] == photo or ids[row] == file.name]
            row = int((same_id or list(rows))[0])
            return self._stored(photo, row, file, asdict(prepared.facts))
        return self._embedded(photo, file, prepared)

    def _stored(
        self, photo: str, row: int, file: Path | None, facts: dict[str, Any]
    ) -> PhotoVectors:
        names = [UNPROCESSED, *self.classes]
        read = [self.store.source.vectors(name)[np.array([row])] for name in names]
        return PhotoVectors(
            name=photo,
            file=file,
            row=row,
            alike=int(self.store.alike[row]),
            twin=None,
            content=str(self.store.facts["content"][row]),
            facts=_shown(facts),
            versions=units(np.concatenate(read), [photo] * len(names), self.store.source.encoder),
        )

    def _embedded(self, photo: str, file: Path, bare: Prepared) -> PhotoVectors:
        import torch

        encoder = self.encoder
        prepared = self._prepared(file, (UNPROCESSED, *self.classes), encoder)
        vectors = encoder.embed(torch.from_numpy(prepared.pixels[0])).numpy()
        facts = asdict(bare.facts)
        twin = self._twin(str(bare.facts.appearance))
        notes = ["The photo is not in the store: it was embedded as the photos there were."]
        if twin is not None:
            notes.append(f"It is a near-duplicate of {self.store.ids[twin]}.")
        return PhotoVectors(
            name=photo,
            file=file,
            row=None,
            alike=-1,
            twin=twin,
            content=str(bare.facts.content),
            facts=_shown(facts),
            versions=units(vectors, [photo] * len(vectors), encoder.name),
            notes=tuple(notes),
        )

    @property
    def encoder(self) -> Encoder:
        """The encoder of the store, loaded once and found to be the same.

        Raises:
            LatentprintError: It cannot be rebuilt, or says something else than it said.
        """
        if self._encoder is None:
            encoder = load_recorded(
                self.store.record, self.spec, device=self.device, trust_code=self.trust_code
            )
            folder = self.store.source.store.folder
            if (folder / REFERENCE).exists():
                batch = made_up(encoder.preprocess)
                keep_or_compare(folder, encoder, batch, device_of([encoder]))
            self._encoder = encoder
        return self._encoder

    def _prepared(
        self, file: Path, classes: Sequence[str], encoder: Encoder | None = None
    ) -> Prepared:
        """What a worker makes of a file.

        Raises:
            LatentprintError: It is no photo, or cannot be read.
        """
        settings = self.store.source.store.manifest["settings"]
        recorded = self.store.source.store.manifest["processing"]
        recipe = Recipe(
            tuple(recorded_processing(name, recorded[name]) for name in classes),
            () if encoder is None else (encoder.preprocess,),
            Extraction(
                orient=settings["orient"],
                max_pixels=settings["max_pixels"],
                mask=settings["mask"],
                tones=Tones.recorded(settings.get("tones", [])),
                pauses=(),
            ),
        )
        # Random factors of rescaling depend on the id: that of a photo is here its file's name.
        prepared = prepare(PhotoTask(0, file.name, file), recipe)
        if prepared.facts.status in (BROKEN, UNREACHABLE):
            raise LatentprintError(
                f"The photo {file} cannot be used: {prepared.facts.reason.rstrip('.')}."
            )
        return prepared

    def _file_of(self, row: int) -> Path | None:
        path = self.store.source.photos["path"][row]
        file = self.store.pictures.location((self.store.source.root, path))
        return file if isinstance(file, Path) and file.is_file() else None

    def _twin(self, appearance: str) -> int | None:
        """The row of the nearest near-duplicate in the store."""
        if "appearance" not in self.store.facts.columns:
            return None
        known = self.store.facts["appearance"]
        if known.null_count() or not len(known):
            return None
        bits = np.frombuffer(bytes.fromhex("".join(known.to_list())), np.uint64).reshape(-1, 4)
        own = np.frombuffer(bytes.fromhex(appearance), np.uint64)
        apart = np.bitwise_count(bits ^ own).sum(axis=1)
        nearest = int(apart.argmin())
        return nearest if apart[nearest] <= MOST_BITS else None


def _shown(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts that are told."""
    return {
        name: facts[name]
        for name in FACTS_SCHEMA
        if name not in _NOT_SHOWN and facts.get(name) is not None
    }
