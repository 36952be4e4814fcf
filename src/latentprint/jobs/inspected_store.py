"""A store as photos are inspected with it: its probes, its eraser, and what is usual in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from latentprint.embeddings import StoredEmbeddings, open_collection
from latentprint.embeddings.vector_files import are_vectors
from latentprint.encoders import Encoder
from latentprint.encoders.recorded import spec_of
from latentprint.encoders.spec import Parsed, parse_spec
from latentprint.erasure.artefact import load_eraser
from latentprint.erasure.eraser import LinearEraser
from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.experiments.probes.guards import balance, shuffle_order
from latentprint.experiments.probes.labels import keep_classes, label_photos
from latentprint.experiments.source import UNPROCESSED, Opened
from latentprint.inspection.affected import Level, Mean, Versions, find_changes, level_of
from latentprint.inspection.calibrated import (
    CalibratedProbe,
    Word,
    fit_calibrated,
)
from latentprint.inspection.examples import Examples, of_labels, of_versions
from latentprint.inspection.parts import Limits, Rates, find_limits
from latentprint.jobs.erase_sides import photos_it_saw
from latentprint.jobs.erased_encoder import refuse_other_encoder
from latentprint.jobs.kept_fits import Fit, KeptFits
from latentprint.jobs.measure import OnStep
from latentprint.jobs.own_store import is_own_store
from latentprint.photos import merge_groups
from latentprint.processing import ATTRIBUTES, Attribute, parse_attribute
from latentprint.report.pictures import Photo, Pictures, photos_folder
from latentprint.words import CONTROL

EVERYTHING = "processing"
"""What the attribute of all classes is called, where the store has no published one in full."""

MOST_ITEMS = 10_000
"""Vectors that a probe is fitted to and tested with, at most."""

_FEWEST_OF_A_CLASS = 20
_LIMIT_PHOTOS = 600
_LEVEL_PHOTOS = 200


@dataclass(frozen=True)
class Erasing:
    """What erases, and which photos it was fitted on.

    Attributes:
        eraser: The map.
        saw: Ids of the photos of its fit.
        told: Where it comes from, as a sentence.
        chosen: Whether a user named it.
    """

    eraser: LinearEraser
    saw: frozenset[str]
    told: str
    chosen: bool

    @property
    def about(self) -> dict[str, Any]:
        """What is recorded of it, as JSON values."""
        about = self.eraser.about
        kept = {name: about.get(name) for name in ("method", "design", "photos", "classes")}
        return {**kept, "rank": self.eraser.rank, "digest": self.eraser.digest, "told": self.told}


@dataclass(frozen=True)
class InspectedStore:
    """The embeddings of one encoder, with the facts of every photo.

    Attributes:
        folder: The folder that was named.
        source: The embeddings.
        facts: What was read of every file, in the order of the vectors [N].
        kept: What was fitted before.
        pictures: Which of its photos may be read.
        seed: Seeds all that is random.
    """

    folder: Path
    source: StoredEmbeddings
    facts: pl.DataFrame
    kept: KeptFits
    pictures: Pictures
    seed: int = 0

    @property
    def classes(self) -> tuple[str, ...]:
        """The processing classes but that of unprocessed photos."""
        return tuple(name for name in self.source.store.classes if name != UNPROCESSED)

    @property
    def record(self) -> dict[str, Any]:
        """What the store records of its encoder."""
        record: dict[str, Any] = self.source.store.manifest["encoder"]
        return record

    @property
    def masked(self) -> float:
        """Share of the crop that was masked before photos were embedded."""
        return float(self.source.store.manifest["settings"].get("mask") or 0.0)

    @cached_property
    def ids(self) -> list[str]:
        """Ids of the photos [N]."""
        found: list[str] = self.source.photos["id"].to_list()
        return found

    @cached_property
    def alike(self) -> np.ndarray:
        """A number that photos with equal pixels share, int64 [N]."""
        contents = self.facts["content"].to_numpy().astype(str)
        found: np.ndarray = np.unique(contents, return_inverse=True)[1].astype(np.int64)
        return found

    def versions(self, names: Sequence[str]) -> Versions:
        """The photos as they are and under some classes."""
        others = {name: self.source.vectors(name) for name in names}
        return Versions(self.source.vectors(UNPROCESSED), others, self.ids, self.alike)

    def attributes(self, asked: Sequence[str]) -> tuple[tuple[Attribute, ...], tuple[str, ...]]:
        """The processing attributes to read, and the labels.

        Args:
            asked: Processing attributes, as ``parse_attribute`` takes them, and columns of the
                photos; where it names no processing, all published attributes that are there, or
                else all classes as one.

        Raises:
            UsageError: There is no such attribute or column, or the store lacks its classes.
        """
        named: list[Attribute] = []
        labels: list[str] = []
        for each in asked:
            attribute = parse_attribute(each)
            column = each.removeprefix("column:")
            if attribute is None and column not in self.source.photos.columns:
                raise unknown_name(
                    "attribute or column", each, [*ATTRIBUTES, *self.source.photos.columns]
                )
            if attribute is None:
                labels.append(column)
                continue
            if lacking := [name for name in attribute.classes if name not in self.classes]:
                raise UsageError(
                    f"{self.folder} lacks the class {lacking[0]} of {each}: embed again with "
                    f"-a {each} into another folder."
                )
            named.append(attribute)
        if named or not self.classes:
            return tuple(named), tuple(labels)
        there = set(self.classes)
        published = tuple(each for each in ATTRIBUTES.values() if set(each.classes) <= there)
        return published or (Attribute(EVERYTHING, self.classes),), tuple(labels)

    def groups(self, column: str | None) -> list[str]:
        """The group of every photo: near-duplicates, and what has the same value in a column.

        Raises:
            UsageError: There is no such column.
        """
        photos = self.source.photos
        groups: list[str] = photos["group"].to_list()
        if column is None:
            return groups
        if column not in photos.columns:
            raise unknown_name("column", column, photos.columns)
        own = photos[column].cast(pl.String).replace("", None)
        return merge_groups(own.to_list(), groups)

    def probe(self, asked: Attribute | str, group: str | None) -> CalibratedProbe:
        """The probe of a processing attribute or a label, fitted or kept.

        Raises:
            LatentprintError: The data do not allow it.
        """
        name = asked if isinstance(asked, str) else asked.name
        listed = [] if isinstance(asked, str) else list(asked.classes)
        settings = {"about": name, "classes": listed, "group": group, "seed": self.seed}

        def make() -> Fit:
            groups = self.groups(group)
            examples = (
                self._labelled(asked, groups)
                if isinstance(asked, str)
                else self._processed(asked, groups)
            )
            return _packed(fit_calibrated(examples, seed=self.seed))

        return _unpacked(self.kept.get("probe", f"probes of {name}", settings, make))

    def erasing(self, folder: Path | None) -> Erasing:
        """The eraser that was named, or else one that is fitted on half of the photos.

        Raises:
            LatentprintError: There is none, it is of another encoder, or the store does not allow
                one to be fitted.
        """
        if folder is not None:
            eraser = load_eraser(folder)
            eraser.refuse_length(int(self.record["dimension"]))
            refuse_other_encoder(eraser, self.record)
            return Erasing(
                eraser, frozenset(photos_it_saw(folder, eraser)), f"The eraser is {folder}.", True
            )
        if not self.classes:
            raise LatentprintError(
                f"{self.folder} holds unprocessed photos alone, so that no eraser can be fitted: "
                "name one with --eraser, or embed the photos again with processing classes (-a)."
            )

        def make() -> Fit:
            # What was kept is read in less time than it takes to import what fits it.
            from latentprint.jobs.erase_fit import EraseOptions, fit_eraser, photos_of
            from latentprint.jobs.erase_rows import rows_of_store

            opened = Opened(
                self.source, self.source.store.classes, encoder=self.record, masked=False
            )
            attributes, _ = self.attributes(())
            rows = rows_of_store(opened, attributes, str(self.folder))
            fitted = fit_eraser(rows, EraseOptions(seed=self.seed))
            numbers = {name: getattr(fitted.eraser, name) for name in ("read", "write", "offset")}
            saw = fitted.sides["id"].gather(photos_of(fitted.sides, "fit")).to_list()
            return Fit(numbers, {"about": fitted.eraser.about, "saw": saw})

        fit = self.kept.get("eraser", "an eraser", {"seed": self.seed}, make)
        eraser = LinearEraser(**fit.arrays, about=fit.about["about"])
        told = (
            f"No eraser was named: one was fitted on {eraser.about['photos']} of the store's "
            f"{len(self.ids)} photos under {len(eraser.about['classes'])} classes, as "
            "`latentprint erase fit` does."
        )
        return Erasing(eraser, frozenset(fit.about["saw"]), told, False)

    def reencoded(self, erasing: Erasing | None) -> tuple[str, ...]:
        """The classes in which a photo is encoded again: those of the eraser that are there."""
        of_it = set(erasing.eraser.about.get("classes", ())) if erasing else set()
        return tuple(name for name in self.classes if name in of_it) or self.classes

    def similarities(self) -> dict[str, np.ndarray]:
        """Cosine of every photo as it is with itself under every class, float32 [N] each."""

        def make() -> Fit:
            versions, n = self.versions(self.classes), len(self.ids)
            found = np.empty((len(self.classes), n), dtype=np.float32)
            for start in range(0, n, 1024):
                rows = np.arange(start, min(n, start + 1024))
                read = versions.read(rows)
                found[:, rows] = np.einsum("nd,nvd->vn", read[:, 0], read[:, 1:])
            return Fit({"similarities": found})

        if not self.classes:
            return {}
        fit = self.kept.get("similarities", "how far processing moves photos", {}, make)
        return dict(zip(self.classes, fit.arrays["similarities"], strict=True))

    def limits(self, erasing: Erasing) -> Limits:
        """From when on two photos are alike, measured on photos that the eraser never saw.

        Raises:
            LatentprintError: There are too few.
        """

        def make() -> Fit:
            ids = self.ids
            unseen = [row for row in range(len(ids)) if ids[row] not in erasing.saw]
            order = shuffle_order([ids[row] for row in unseen], self.seed, "limits")
            rows = np.array(unseen, dtype=np.int64)[order[:_LIMIT_PHOTOS]]
            groups = self.source.photos["group"].to_list()
            read = self.versions(self.reencoded(erasing)).read(rows)
            found = find_limits(
                erasing.eraser,
                read.transpose(1, 0, 2),
                [groups[row] for row in rows],
                seed=self.seed,
            )
            told = {name: value for name, value in asdict(found).items() if name != "population"}
            return Fit({"population": found.population}, told)

        if not self.classes:
            raise LatentprintError(
                f"{self.folder} holds unprocessed photos alone, so that it is not known how alike "
                "photos are that were processed alike."
            )
        fit = self.kept.get("limits", "how alike photos are", self._settings(erasing), make)
        told: dict[str, Any] = dict(fit.about)
        told |= {name: Rates(**told[name]) for name in ("of_content", "of_made")}
        return Limits(**told, population=fit.arrays["population"])

    def level(self, erasing: Erasing) -> Level:
        """How many of ten neighbours leave on average, of some photos."""

        def make() -> Fit:
            order = shuffle_order(self.ids, self.seed, "level")
            versions = self.versions(self.reencoded(erasing))
            changes = find_changes(versions, erasing.eraser, order[:_LEVEL_PHOTOS], seed=self.seed)
            return Fit({}, asdict(level_of(changes)))

        what = "how many neighbours leave"
        told: dict[str, Any] = self.kept.get("level", what, self._settings(erasing), make).about
        means = {name: Mean(**each) for name, each in told.items() if name != "photos"}
        return Level(photos=told["photos"], **means)

    def _settings(self, erasing: Erasing) -> dict[str, Any]:
        saw = sorted(erasing.saw) if erasing.chosen else []
        return {"eraser": erasing.eraser.digest, "saw": saw, "seed": self.seed}

    def _processed(self, attribute: Attribute, groups: Sequence[str]) -> Examples:
        """Photos under the classes of an attribute and unprocessed, as many as there is room."""
        names = [*attribute.classes]
        names += [UNPROCESSED] if UNPROCESSED not in names else []
        count = max(1, MOST_ITEMS // len(names))
        photos = np.sort(shuffle_order(self.ids, self.seed, "probe")[:count])
        arrays = {name: self.source.vectors(name) for name in names}
        return of_versions(attribute.name, arrays, photos, groups)

    def _labelled(self, column: str, groups: Sequence[str]) -> Examples:
        """Photos with a label, as many of every class."""
        labelled = label_photos(self.source.photos, column)
        try:
            labelled = keep_classes(labelled, _FEWEST_OF_A_CLASS)
        except LatentprintError as error:
            raise LatentprintError(
                f"{column!r} cannot be read: two classes of it with {_FEWEST_OF_A_CLASS} photos "
                "each are needed in the store."
            ) from error
        order = shuffle_order(self.ids, self.seed, "probe")
        codes = np.full(len(order), -1, dtype=np.int64)
        known = order[labelled.codes[order] >= 0][:MOST_ITEMS]
        codes[known] = labelled.codes[known]
        kept = balance(codes, self.ids, self.seed)
        return of_labels(
            column,
            labelled.classes,
            self.source.vectors(UNPROCESSED),
            np.where(kept, codes, -1),
            groups,
        )


def open_inspected(
    folder: Path,
    encoder: str | Encoder | None,
    *,
    photos: Any = None,
    seed: int = 0,
    on_step: OnStep = lambda _: None,
) -> tuple[InspectedStore, str | Encoder | None]:
    """Open a store for inspection.

    Args:
        folder: What ``embed`` or ``audit`` wrote.
        encoder: Of a store with several, the name of one; or the specification of the store's
            encoder, or the encoder itself, where it cannot be loaded by what the store records.
        photos: The folder of the photos that may be read; by default those of a store that this
            user had made, where they were.
        seed: Seeds all that is random.
        on_step: Called with a short description of each step.

    Returns:
        The store, and what its encoder is loaded from where that was given.

    Raises:
        UsageError: There is no such encoder or folder, or it is not clear which is meant.
        LatentprintError: There are no embeddings, or none of unprocessed photos.
    """
    if folder.is_file() or are_vectors(folder):
        raise UsageError(
            f"{folder} is no store: photos are inspected with what `latentprint embed` wrote."
        )
    source, loaded = _chosen(open_collection(folder, seed=seed), encoder)
    if UNPROCESSED not in source.store.classes:
        raise LatentprintError(
            f"{folder} holds no unprocessed photos, among which neighbours are looked for: embed "
            "again with --processing none into another folder."
        )
    facts = source.store.facts().filter(pl.col("status") != "broken")
    own = None if is_own_store(source.store.folder.parent) else frozenset[Photo]()
    pictures = Pictures(own, photos_folder(photos))
    kept = KeptFits.of(source.store, on_step)
    return InspectedStore(folder, source, facts, kept, pictures, seed), loaded


def _chosen(
    found: Sequence[StoredEmbeddings], encoder: str | Encoder | None
) -> tuple[StoredEmbeddings, str | Encoder | None]:
    known = {each.encoder: each for each in found}
    usable = [each for each in found if each.family != CONTROL] or list(found)
    if isinstance(encoder, str) and encoder in known:
        return known[encoder], None
    if isinstance(encoder, str):
        parsed = _parsed(encoder, known)
        records = {each.encoder: each.store.manifest["encoder"] for each in usable}
        meant = [each for each in usable if spec_of(records[each.encoder]) == parsed.model]
        usable = [known[parsed.name]] if parsed.name in known else meant or usable
    elif encoder is not None and encoder.name in known:
        usable = [known[encoder.name]]
    if len(usable) > 1:
        raise UsageError(
            "Photos are inspected with one encoder: name it with -e. Known: "
            f"{', '.join(each.encoder for each in usable)}."
        )
    return usable[0], encoder


def _parsed(encoder: str, known: Iterable[str]) -> Parsed:
    """A specification; a bare word that is none was meant as the name of an encoder."""
    try:
        return parse_spec(encoder)
    except UsageError as error:
        if ":" in encoder:
            raise
        raise unknown_name("encoder", encoder, known) from error


def _packed(probe: CalibratedProbe) -> Fit:
    arrays = {name: getattr(probe, name) for name in ("weights", "intercepts", "temperatures")}
    about = {name: value for name, value in asdict(probe).items() if name not in arrays}
    return Fit(arrays, about)


def _unpacked(fit: Fit) -> CalibratedProbe:
    about: dict[str, Any] = {**fit.arrays, **fit.about}
    about["words"] = tuple(Word(**each) for each in about["words"])
    return CalibratedProbe(**{**about, "classes": tuple(about["classes"])})
