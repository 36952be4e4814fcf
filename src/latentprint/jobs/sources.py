"""Embeddings that are already there: a folder of stores, or the files of the study's own code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from latentprint.embeddings import (
    StoredEmbeddings,
    StudyEmbeddings,
    open_collection,
    open_study_files,
    select_photos,
    with_labels,
)
from latentprint.errors import UsageError, unknown_name
from latentprint.experiments import EmbeddingSource
from latentprint.processing import ATTRIBUTES, Attribute


@dataclass(frozen=True)
class StudyFiles:
    """Embeddings in the files of the ICCV 2025 study's own code.

    Attributes:
        folder: The folder with one folder for every processing class.
        model: Only this model, as the files' names have it.
        variant: Only this variant.
    """

    folder: Path
    model: str | None = None
    variant: str | None = None


@dataclass(frozen=True)
class Opened:
    """Embeddings of one encoder.

    Attributes:
        source: The embeddings.
        classes: The processing classes that were embedded.
        extraction: How they were made, where that is recorded.
        root: Folder that relative paths of photos start from, where that is recorded.
        encoder: Name, preprocessing, digest of weights…, where that is recorded.
    """

    source: EmbeddingSource
    classes: tuple[str, ...]
    extraction: dict[str, Any]
    root: Path | None = None
    encoder: dict[str, Any] = field(default_factory=dict)


def one_of(
    store: Path | None, folder: Path | None, model: str | None, variant: str | None
) -> Path | StudyFiles:
    """What a command line names: a store, or files of the study.

    Raises:
        UsageError: It names both or neither.
    """
    if (store is None) == (folder is None):
        raise UsageError("Name either a STORE or --study-embeddings FOLDER.")
    if store is not None:
        if model or variant:
            raise UsageError("--model and --variant choose among --study-embeddings.")
        return store
    return StudyFiles(folder or Path(), model, variant)


def open_sources(
    where: Path | str | StudyFiles,
    *,
    seed: int = 0,
    labels: Path | None = None,
    condition: str | None = None,
    dataset: str | None = None,
) -> list[Opened]:
    """Open embeddings.

    Args:
        where: What ``embed`` or ``audit`` wrote, or files of the study.
        seed: Seeds the train/val split of photos that come without one.
        labels: A table of further labels; see ``with_labels``.
        condition: Only photos that fulfil it; see ``select_photos``.
        dataset: Name of the set of photos, for files of the study.

    Returns:
        One entry for every encoder, controls last.

    Raises:
        UsageError: There is no such model, variant, column or condition.
        LatentprintError: The embeddings or the table cannot be read.
    """
    if isinstance(where, StudyFiles):
        study = _of_study(where, seed, dataset)
        return [Opened(_chosen(each, labels, condition), tuple(each.files), {}) for each in study]
    return [
        Opened(
            _chosen(each, labels, condition),
            each.store.classes,
            each.store.manifest["settings"],
            each.root,
            each.store.manifest["encoder"],
        )
        for each in open_collection(where, seed=seed)
    ]


def embedded_attributes(opened: Sequence[Opened]) -> tuple[Attribute, ...]:
    """The published attributes that the embeddings answer.

    Raises:
        UsageError: They answer none.
    """
    classes = {name for each in opened for name in each.classes}
    there = tuple(each for each in ATTRIBUTES.values() if set(each.classes) <= classes)
    if not there:
        raise UsageError(
            "The embeddings hold the classes of no published attribute "
            f"({', '.join(sorted(classes))}): say with -a what to ask."
        )
    return there


def _of_study(files: StudyFiles, seed: int, dataset: str | None) -> list[StudyEmbeddings]:
    found = open_study_files(files.folder, dataset=dataset, seed=seed)
    kept = [each for each in found if _is_asked(each.encoder, files)]
    if not kept:
        asked = f"{files.model or '…'} ({files.variant or '…'})"
        raise unknown_name("model and variant", asked, [each.encoder for each in found])
    return kept


def _is_asked(encoder: str, asked: StudyFiles) -> bool:
    """Whether "model (variant)" is the one that is asked for."""
    model, _, rest = encoder.rpartition(" (")
    return asked.model in (None, model) and asked.variant in (None, rest.removesuffix(")"))


def _chosen(
    source: StoredEmbeddings | StudyEmbeddings, labels: Path | None, condition: str | None
) -> EmbeddingSource:
    if labels is not None:
        source = with_labels(source, labels)
    return source if condition is None else select_photos(source, condition)
