"""Find the photos of a store whose neighbours follow traces."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from latentprint.errors import UsageError
from latentprint.experiments.source import UNPROCESSED
from latentprint.files import as_path, make_folder, write_json, write_table
from latentprint.inspection.affected import LISTS, find_changes, level_of, table_of
from latentprint.inspection.findings import SHOWN, Affected, affected_as_json
from latentprint.jobs.inspected_store import open_inspected
from latentprint.jobs.measure import OnStep


def affected(
    store: Path | str,
    *,
    encoder: str | None = None,
    eraser: Path | str | None = None,
    top: int = SHOWN,
    seed: int = 0,
    photos: Path | str | None = None,
    out: Path | str | None = None,
    on_step: OnStep = lambda _: None,
) -> Affected:
    """Rank the photos of a store by how much their ten neighbours change.

    Neighbours are looked for among unprocessed photos: before, with all of them erased, and with
    the photo itself encoded again in every class of processing that the eraser knows.

    Args:
        store: What ``embed`` or ``audit`` wrote, with unprocessed photos among the classes.
        encoder: Of a store with several, the name of one.
        eraser: Folder of an eraser; by default one is fitted on half of the store's photos.
        top: How many photos the page and the JSON show; the table holds all.
        seed: Seeds halves, random directions and draws.
        photos: The folder of the store's photos; see ``inspect``.
        out: Folder for affected.csv, affected.parquet, affected.json and affected.html.
        on_step: Called with a short description of each step.

    Raises:
        UsageError: A name is not known, or it is not clear what is meant.
        LatentprintError: There is no store, it has no classes to fit an eraser on, the eraser is
            for other vectors, or ``out`` cannot be written to.
    """
    if top < 1:
        raise UsageError("--top needs one photo or more.")
    opened, _ = open_inspected(as_path(store), encoder, photos=photos, seed=seed, on_step=on_step)
    named = None if eraser is None else opened.erasing(as_path(eraser))
    if out is not None:
        out = as_path(out)
        make_folder(out)
    erasing = named or opened.erasing(None)
    names = opened.reencoded(erasing)
    ids = opened.ids
    on_step(f"neighbours of {len(ids)} photos, as they are and in {len(names)} other versions")
    changes = find_changes(
        opened.versions(names),
        erasing.eraser,
        np.arange(len(ids)),
        seed=seed,
        on_block=lambda done: on_step(f"{done} of {len(ids)} photos"),
    )
    seen = np.array([each in erasing.saw for each in ids])
    about = opened.source.photos.select("id", "path", seen=pl.Series(seen))
    table = table_of(changes, ids).join(about, on="id", how="left", maintain_order="left")
    first = ["id", "path"]
    table = table.select(*first, pl.exclude(*first, "seen", *LISTS), "seen", *LISTS)
    notes = [erasing.told]
    if not names:
        notes.append(f"The store holds no class beside {UNPROCESSED}: photos were not encoded.")
    found = Affected(
        store=opened.folder,
        encoder=opened.source.encoder,
        table=table,
        level=level_of(changes),
        unseen=level_of(changes, ~seen) if seen.any() and not seen.all() else None,
        eraser=erasing.about,
        versions=names,
        notes=tuple(notes),
        root=opened.source.root,
        pictures=opened.pictures,
    )
    return found if out is None else replace(found, page=_write(out, found, top))


def _write(out: Path, found: Affected, top: int) -> Path:
    from latentprint.inspection.page import write_affected

    # CSV has no lists.
    flat = found.table.with_columns(pl.col(name).list.join(" ") for name in LISTS)
    write_table(out / "affected.csv", flat)
    write_table(out / "affected.parquet", found.table)
    write_json(out / "affected.json", affected_as_json(found, top))
    return write_affected(found, top, out / "affected.html")
