"""Some photos of a set: those that fulfil a condition, and of these a sample."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from hashlib import blake2b
from heapq import nsmallest

import polars as pl

from latentprint.errors import LatentprintError, UsageError
from latentprint.mapped_tables import by_ranges, ranges, taken
from latentprint.photos.photos import Photos

NOTHING = (
    "#div/0!", "#n/a", "#num!", "#value!", "-", "--", "<na>", "?", "n/a", "na", "nan", "nat",
    "none", "null",
)  # fmt: skip
"""Words, in small letters, by which tables say that a number is not known."""

# No column of a table has a name that begins so.
_HIDDEN = "\0"
_ROW = f"{_HIDDEN}row of the condition"


def choose_photos(
    photos: Photos, where: str | None = None, sample: int | None = None, seed: int = 0
) -> Photos:
    """Keep some photos; the notes say which.

    Args:
        photos: All photos.
        where: A condition on their columns; see ``fulfilling``.
        sample: The most that are kept, drawn by a hash of seed and id, so that the order of files
            does not matter and a larger sample holds a smaller one.
        seed: Seeds the draw.

    Raises:
        UsageError: The condition cannot be understood, or the sample is empty.
        LatentprintError: No photo fulfils it.
    """
    table, notes = photos.table, list(photos.notes)
    if where is not None:
        table = fulfilling(table, where)
        notes.append(condition_note(len(table), len(photos), where))
    if sample is not None:
        if sample < 1:
            raise UsageError(f"A sample of photos must hold at least 1, not {sample}.")
        if sample < len(table):
            notes.append(f"{sample:,} of {len(table):,} photos, drawn with seed {seed}, are used.")
            drawn = nsmallest(sample, table["id"], key=lambda each: _digest(seed, each))
            chosen = pl.col("id").is_in(pl.Series(drawn).implode())
            table = by_ranges(table, lambda part: part.filter(chosen))
    return replace(photos, table=table, notes=tuple(notes))


def _digest(seed: int, name: str) -> bytes:
    return blake2b(f"photos:{seed}:{name}".encode(), digest_size=16).digest()


def condition_note(kept: int, of: int, condition: str) -> str:
    """A sentence on how many photos fulfil a condition."""
    return f"Only photos that fulfil {condition!r} are used: {kept:,} of {of:,}."


def fulfilling(photos: pl.DataFrame, condition: str) -> pl.DataFrame:
    """The rows that fulfil a condition.

    Args:
        photos: A table of photos.
        condition: A condition on its columns in the language of SQL, such as
            ``jpeg_quality >= 90 AND jpeg_subsampling = '4:4:4'``. Text columns that hold nothing
            but numbers and words for none, as those of a CSV file, are compared as numbers.

    Raises:
        UsageError: The condition cannot be understood.
        LatentprintError: No photo fulfils it.
    """
    numbered = photos.lazy().with_row_index(_ROW)
    numbers = _stated(_number_columns(photos)).cast(pl.Float64)
    for table in (numbered.with_columns(numbers), numbered):
        try:
            rows = table.filter(pl.sql_expr(condition)).select(_ROW).collect()[_ROW]
        except Exception as error:  # parser and engine have errors of their own
            reason = str(error).strip().partition("\n")[0]
            continue
        if not len(rows):
            raise LatentprintError(f"No photo fulfils the condition {condition!r}.")
        return taken(photos, rows.to_numpy())
    raise UsageError(
        f"The condition {condition!r} cannot be applied: {reason}. Known columns: "
        f"{', '.join(each for each in photos.columns if not each.startswith(_HIDDEN))}."
    )


def _number_columns(photos: pl.DataFrame) -> list[str]:
    """The text columns that hold numbers, and nothing else but words for none."""
    texts = [name for name, kind in photos.schema.items() if kind == pl.String]
    filled = _stated(texts)
    numbers = filled.cast(pl.Float64, strict=False)
    known, given = Counter[str](), Counter[str]()
    for part in ranges(photos.height):
        known.update(photos[part].select(numbers.count()).row(0, named=True))
        given.update(photos[part].select(filled.count()).row(0, named=True))
    return [name for name in texts if known[name] == given[name] > 0]


def _stated(columns: list[str]) -> pl.Expr:
    """Texts that state something, others null."""
    text = pl.col(columns)
    return pl.when((text != "") & ~text.str.to_lowercase().is_in(NOTHING)).then(text)
