"""Find out whether stored embeddings are as they were written, and remove what is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from latentprint.embeddings.collection import DATASET, PHOTOS, read_dataset
from latentprint.embeddings.lock import locked
from latentprint.embeddings.reference import REFERENCE, read_reference
from latentprint.embeddings.shard import Shard, digest_of_file, read_long
from latentprint.embeddings.sharded import DamagedFile
from latentprint.embeddings.store import MANIFEST, Store, read_manifest, take_stock, upgrade
from latentprint.errors import LatentprintError
from latentprint.files import as_path, writing
from latentprint.photos.photos import digest_of_photos


@dataclass
class Condition:
    """In which condition a folder with one store, or with the stores of one set of photos, is.

    Attributes:
        folder: The folder.
        photos: How many photos a complete store holds; 0 where that is not known.
        shards: How many shards a complete store has.
        missing: Numbers of shards that are not there.
        damaged: Numbers of shards that are damaged.
        damages: What is damaged, and how.
        to_embed: How many photos must be embedded again, or for the first time.
        sealed: Whether there are seals, without which no byte of vectors can be checked.
        command: The command line that embeds again, where it is known.
    """

    folder: Path
    photos: int = 0
    shards: int = 0
    missing: list[int] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)
    damages: list[DamagedFile] = field(default_factory=list)
    to_embed: int = 0
    sealed: bool = True
    command: str = ""

    @property
    def sound(self) -> bool:
        """Whether nothing is damaged or missing."""
        return not (self.damages or self.missing)

    def sentences(self) -> Iterator[str]:
        """What is to be said of it, one sentence for each damage."""
        for damage in self.damages:
            yield f"{damage.file} is damaged: {damage.reason}."
        if self.missing:
            yield (
                f"{self.folder} is incomplete: {len(self.missing)} of {self.shards} shards are "
                "missing."
            )
        if self.sound and self.sealed:
            yield f"{self.folder} is as it was written: {self.photos} photos."
        if not self.sealed:
            yield (
                f"{self.folder} was written by an earlier version, without digests: sizes and "
                "headers were checked; `latentprint store upgrade` adds digests."
            )


def verify(folder: Path | str) -> list[Condition]:
    """Read every byte of the stores in a folder and tell what is not as it was written.

    Args:
        folder: What ``embed`` or ``audit`` wrote, or the folder of one encoder in it.

    Returns:
        One entry for every encoder, and one for every set of photos that has files damaged.

    Raises:
        LatentprintError: There are no stores.
    """
    found = []
    for collection, stores in _collections(as_path(folder)):
        conditions = [_condition(each) for each in stores]
        if collection is not None:
            around = _around(collection, stores)
            conditions += [around] if around.damages else []
            for each in conditions:
                each.command = around.command
        found += conditions
    return found


def repair(folder: Path | str) -> list[Condition]:
    """Remove what is damaged, and nothing else, so that the same ``embed`` makes it anew.

    Args:
        folder: See ``verify``.

    Returns:
        The conditions as they were found.

    Raises:
        LatentprintError: There are no stores, or another process writes to one of them.
    """
    found = verify(folder)
    for condition in found:
        if condition.damages:
            with locked(condition.folder):
                for damage in condition.damages:
                    if not damage.file.name.startswith("shard-"):
                        with writing(damage.file):
                            damage.file.unlink(missing_ok=True)
                for number in condition.damaged:
                    Shard(condition.folder, number).discard()
    return found


def upgrade_stores(folder: Path | str) -> list[Store]:
    """Give the stores in a folder the present format, without embedding anything.

    Args:
        folder: See ``verify``.

    Raises:
        LatentprintError: There are no stores, one has no readable manifest, or another process
            writes to it.
    """
    found = []
    for _, stores in _collections(as_path(folder)):
        for each in stores:
            with locked(each):
                found.append(upgrade(each))
    return found


def _collections(folder: Path) -> Iterator[tuple[Path | None, list[Path]]]:
    """Folders of stores, each with the folder of the set of photos that they belong to."""
    if _is_store(folder):
        yield None, [folder]
        return
    any_found = False
    for each in (folder, folder / "embeddings", folder / "embeddings-masked"):
        stores = sorted(filter(_is_store, each.iterdir())) if each.is_dir() else []
        if stores:
            any_found = True
            yield each, stores
    if not any_found:
        raise LatentprintError(
            f"{folder} holds no embeddings: name the folder that `latentprint embed` or `audit` "
            "wrote with --out."
        )


def _is_store(folder: Path) -> bool:
    return folder.is_dir() and (
        (folder / MANIFEST).exists() or any(folder.glob("shard-*.safetensors"))
    )


def _condition(folder: Path) -> Condition:
    found = Condition(folder)
    try:
        stock = take_stock(folder, wholly=True)
    except DamagedFile as damage:
        found.damages.append(damage)
        return found
    store = stock.store
    found.sealed = store.identity is not None
    found.missing, found.damaged = stock.missing, list(stock.damages)
    found.damages += stock.damages.values()
    if stock.index_damage is not None:
        found.damages.append(stock.index_damage)
    found.shards = len({*store.index.shards, *stock.missing, *stock.damages})
    found.photos, found.to_embed = stock.count()
    if (folder / REFERENCE).exists():
        try:
            read_reference(folder / REFERENCE)
        except DamagedFile as damage:
            found.damages.append(damage)
    return found


def _around(folder: Path, stores: list[Path]) -> Condition:
    """The condition of the files beside the stores of a set of photos."""
    found = Condition(folder)
    about: dict[str, Any] = {}
    try:
        if (folder / DATASET).exists():
            about = read_dataset(folder)
            found.command = str(about.get("command") or "")
        if (folder / PHOTOS).exists():
            _check_photos(folder / PHOTOS, about.get("photos"), stores)
    except DamagedFile as damage:
        found.damages.append(damage)
    return found


def _check_photos(file: Path, digest: str | None, stores: list[Path]) -> None:
    """Check the table of photos by its digest and by what the stores say of their photos.

    Raises:
        DamagedFile: It is not the one that was written.
    """
    if digest is not None and digest_of_file(file) != digest:
        raise DamagedFile(file, "its bytes are not those that were written")
    table = read_long(file)
    for each in stores:
        try:
            made_of = read_manifest(each).get("photos")
        except LatentprintError:
            continue  # told of the store itself
        if made_of is not None and digest_of_photos(table) != made_of["digest"]:
            raise DamagedFile(file, f"it lists other photos than {each.name} was made of")
