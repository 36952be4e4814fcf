"""Inspect one photo, or two, with a store of embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from latentprint.encoders import Encoder
from latentprint.erasure.eraser import LinearEraser
from latentprint.errors import LatentprintError, UsageError
from latentprint.files import as_path, make_folder, write_json
from latentprint.inspection.calibrated import Reading
from latentprint.inspection.findings import (
    Inspected,
    Inspection,
    Moved,
    Neighbour,
    Pair,
    Part,
    inspection_as_json,
)
from latentprint.inspection.neighbours import Lists, list_neighbours
from latentprint.inspection.parts import (
    COSINE,
    ERASED,
    MADE,
    PARTS,
    UNDECIDED,
    Limits,
    percentile,
    split_cosine,
)
from latentprint.jobs.inspected_store import Erasing, InspectedStore, open_inspected
from latentprint.jobs.measure import OnStep
from latentprint.jobs.photo_vectors import PhotoReader, PhotoVectors
from latentprint.processing import Attribute
from latentprint.several import several


def inspect(
    photo: Path | str,
    other: Path | str | None = None,
    *,
    store: Path | str,
    encoder: str | Encoder | None = None,
    eraser: Path | str | None = None,
    attributes: str | Sequence[str] = (),
    group: str | None = None,
    device: str = "auto",
    trust_code: bool = False,
    seed: int = 0,
    photos: Path | str | None = None,
    out: Path | str | None = None,
    on_step: OnStep = lambda _: None,
) -> Inspection:
    """Say what the embeddings of a store tell of one photo, or what two photos are alike by.

    What is fitted on the store (probes, an eraser, what is usual there) is kept in its folder for
    the next call, and fitted anew where anything that it depends on is another.

    Args:
        photo: A file, or the id of a photo of the store.
        other: Another, to be compared with it.
        store: What ``embed`` or ``audit`` wrote, with unprocessed photos among the classes.
        encoder: Of a store with several, the name of one; or the specification of the store's
            encoder, or the encoder, where the store's record does not tell how to load it. It is
            needed for photos that are not in the store alone.
        eraser: Folder of an eraser; by default one is fitted on half of the store's photos.
        attributes: Processing attributes and labels of photos to read; by default the published
            attributes whose classes are there. Labels are read beside these.
        group: Column whose values stay in one fold, such as the photographer.
        device: Where the encoder runs: auto, cpu, cuda or mps.
        trust_code: See ``load_encoder``.
        seed: Seeds folds, halves and draws.
        photos: The folder of the store's photos, where they were moved, or where somebody else
            made the store, or another machine: no other photo of the store is read then. By default
            photos are read where the store says, if this user had it made on this machine.
        out: Folder for inspection.html and inspection.json.
        on_step: Called with a short description of each step.

    Raises:
        UsageError: A name is not known, or it is not clear what is meant.
        LatentprintError: There is no photo or store, one cannot be read, the eraser is for other
            vectors, the encoder cannot be rebuilt, or ``out`` cannot be written to.
    """
    names = [_named(each) for each in (photo, other) if each is not None]
    opened, spec = open_inspected(
        as_path(store), encoder, photos=photos, seed=seed, on_step=on_step
    )
    asked, labels = opened.attributes([str(each) for each in several(attributes)])
    opened.groups(group)
    named = None if eraser is None else opened.erasing(as_path(eraser))
    reader = PhotoReader(opened, opened.classes, spec, device, trust_code)
    for name in names:
        reader.refuse_absent(name)
    if out is not None:
        make_folder(as_path(out))
    # All that can be wrong with the call is told by now. A photo that cannot be used is told next,
    # before anything is fitted.
    read = [reader.read(name) for name in names]
    notes: list[str] = []
    erasing = named or _fitted(opened, notes)
    classes = opened.reencoded(erasing)
    if mask := opened.masked:
        notes.append(
            f"The middle of photos, {100 * mask:.0f} % of the crop, was masked before they were "
            "embedded: probes and neighbours go by what is left."
        )
    if not asked:
        notes.append(
            "The store holds unprocessed photos alone: nothing can be said of processing. Embed it "
            "with processing classes (-a) for that."
        )
    inspector = _Inspector(opened, erasing, [*asked, *labels], group, classes)
    inspected = tuple(inspector.inspect(each) for each in read)
    found = Inspection(
        store=opened.folder,
        encoder=opened.source.encoder,
        photos=inspected,
        pair=inspector.compare(*read) if len(read) > 1 else None,
        level=opened.level(erasing) if erasing else None,
        eraser=erasing.about if erasing else {},
        notes=tuple(dict.fromkeys([*notes, *inspector.left_out])),
        root=opened.source.root,
        pictures=opened.pictures,
    )
    return found if out is None else replace(found, page=_write(as_path(out), found))


def _named(photo: Path | str) -> str:
    if not isinstance(photo, str | Path):
        raise UsageError(f"A photo is named by its file or id, not by {photo!r}.")
    return str(photo)


def _fitted(opened: InspectedStore, notes: list[str]) -> Erasing | None:
    """An eraser that is fitted on the store; None, with a note, where there is nothing to erase."""
    try:
        erasing = opened.erasing(None)
    except LatentprintError as error:
        notes.append(f"Neighbours are told without erasure: {error}")
        return None
    notes.append(erasing.told)
    return erasing


@dataclass
class _Inspector:
    """Inspects photos with a store.

    Attributes:
        store: The store.
        erasing: What erases; None where nothing does.
        questions: What is read.
        group: Column of groups.
        classes: In which classes a photo is encoded again to look for its neighbours.
    """

    store: InspectedStore
    erasing: Erasing | None
    questions: Sequence[Attribute | str]
    group: str | None
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        self.left_out: list[str] = []

    def inspect(self, photo: PhotoVectors) -> Inspected:
        """All that is said of one photo."""
        photos = self.store.source.photos
        label = None if photo.row is None else photos["label"][photo.row]
        copies = np.flatnonzero(self.store.alike == photo.alike).tolist()
        ids = self.store.ids
        traces = self._traces(photo)
        notes = list(photo.notes)
        if self.erasing and photo.row is not None and ids[photo.row] in self.erasing.saw:
            notes.append("The eraser was fitted on this photo, among others.")
        return Inspected(
            name=photo.name,
            file=photo.file,
            stored=None if photo.row is None else ids[photo.row],
            copies=tuple(ids[row] for row in copies if row != photo.row),
            facts=photo.facts,
            label=label,
            readings=tuple(self._readings(photo)),
            moved=self._moved(photo),
            neighbours=self._neighbours(photo, label, traces),
            traces={name: float(same.mean()) for name, same in traces.items()},
            versions=len(self.classes),
            notes=tuple(notes),
            path=photo.path,
        )

    def compare(self, one: PhotoVectors, other: PhotoVectors) -> Pair:
        """What two photos are alike by."""
        first, second = one.versions[:1], other.versions[:1]
        if self.erasing is None:
            cosine = Part(COSINE, float((first * second).sum()), None)
            return Pair((cosine,), UNDECIDED, 0, _NOTHING)
        parts = split_cosine(self.erasing.eraser, first, second)[0]
        try:
            limits = self.store.limits(self.erasing)
        except LatentprintError as error:
            told = zip(PARTS, parts.tolist(), strict=True)
            return Pair(tuple(Part(*each, None) for each in told), UNDECIDED, 0, str(error))
        return Pair(_told_parts(parts, limits), limits.verdict(parts), limits.photos)

    def _readings(self, photo: PhotoVectors) -> list[Reading]:
        found = []
        for each in self.questions:
            try:
                probe = self.store.probe(each, self.group)
            except LatentprintError as error:
                self.left_out.append(str(error))
                continue
            kin = photo.twin if photo.row is None else photo.row
            group = None if kin is None else self.store.groups(self.group)[kin]
            found.append(probe.read(photo.versions[0], probe.fold(group, photo.content)))
        return found

    def _moved(self, photo: PhotoVectors) -> tuple[Moved, ...]:
        own = photo.versions[1:] @ photo.versions[0]
        others = self.store.alike != photo.alike
        found = [
            Moved(name, float(similarity), percentile(usual[others], float(similarity)))
            for similarity, (name, usual) in zip(
                own, self.store.similarities().items(), strict=True
            )
        ]
        return tuple(sorted(found, key=lambda each: (each.similarity, each.processing)))

    def _neighbours(
        self, photo: PhotoVectors, label: str | None, traces: dict[str, np.ndarray]
    ) -> tuple[Neighbour, ...]:
        names = self.store.classes
        chosen = [0, *(1 + names.index(name) for name in self.classes)]
        versions = self.store.versions(())
        eraser: LinearEraser | None = self.erasing.eraser if self.erasing else None
        lists = list_neighbours(
            photo.versions[None, chosen],
            np.array([photo.alike]),
            versions.gallery(),
            versions.gallery(eraser),
        )
        return tuple(self._told(lists, label, traces))

    def _told(
        self, lists: Lists, label: str | None, traces: dict[str, np.ndarray]
    ) -> list[Neighbour]:
        """The neighbours before erasure, then those that come with it."""
        photos = self.store.source.photos
        after: dict[int, int] = {}
        if lists.after is not None:
            near = np.isfinite(lists.after.similarities[0])
            after = {int(row): at for at, row in enumerate(lists.after.rows[0][near], 1)}

        def told(row: int, **about: Any) -> Neighbour:
            theirs = photos["label"][row]
            return Neighbour(
                id=photos["id"][row],
                path=photos["path"][row],
                after=after.get(row),
                label=theirs,
                same_class=None if label is None or theirs is None else theirs == label,
                same_traces=tuple(name for name, same in traces.items() if same[row]),
                **about,
            )

        before = lists.before.rows[0][lists.there[0]]
        found = [
            told(
                int(row),
                similarity=float(lists.before.similarities[0, at]),
                before=at + 1,
                stays=int(lists.stays[0, at]),
                because_of_traces=bool(lists.because_of_traces[0, at]),
            )
            for at, row in enumerate(before)
        ]
        come = [row for row in after if row not in set(before.tolist())]
        return [*found, *(told(row, similarity=None, before=None) for row in come)]

    def _traces(self, photo: PhotoVectors) -> dict[str, np.ndarray]:
        """What the photo's file says of how it was made, and which photos of the store say it."""
        facts, found = self.store.facts, {}
        for names, shown in _TRACES:
            values = [photo.facts.get(name) for name in names]
            if any(value is None for value in values):
                continue
            same = np.ones(facts.height, dtype=bool)
            for name, value in zip(names, values, strict=True):
                same &= (facts[name] == value).fill_null(value=False).to_numpy()
            # The photo itself, and its copies, say the same of course.
            others = self.store.alike != photo.alike
            if names == _CAMERA and str(values[1]).startswith(str(values[0])):
                values = values[1:]  # many models begin with their maker
            found[shown.format(*values, "").strip()] = same & others
        return found


_CAMERA = ("make", "model")
_TRACES = (
    (_CAMERA, "{} {}"),
    (("software",), "{}"),
    (("jpeg_quality", "jpeg_subsampling"), "JPEG {} {}"),
)
"""Fields of a file that tell how it was made, and how they are shown."""

_NOTHING = "nothing is erased, so that their similarity cannot be split."


def _told_parts(parts: np.ndarray, limits: Limits) -> tuple[Part, ...]:
    decided = {ERASED: (limits.erased, limits.of_content), MADE: (limits.made, limits.of_made)}
    return tuple(
        Part(
            name,
            float(parts[at]),
            percentile(limits.population[:, at], float(parts[at])),
            *decided.get(name, (None, None)),
        )
        for at, name in enumerate(PARTS)
    )


def _write(out: Path, found: Inspection) -> Path:
    from latentprint.inspection.page import write_inspection

    write_json(out / "inspection.json", inspection_as_json(found))
    return write_inspection(found, out / "inspection.html")
