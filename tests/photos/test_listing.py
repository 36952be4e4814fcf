"""A list that is read by ranges of rows says and gives what it does when it is read at once."""

import random
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from latentprint import mapped_tables
from latentprint.errors import LatentprintError
from latentprint.photos import Photos, csv_text, open_photos, read_table
from latentprint.photos.location import Address
from latentprint.photos.manifest import read_manifest

ROWS = 4
BLOCK = 23
"""Rows of a range in these tests, and bytes of a block; their lists have about a dozen rows."""


def photos(count: int, **columns: Any) -> pl.DataFrame:
    return pl.DataFrame({"path": [f"{at:02}.jpg" for at in range(count)], **columns})


def found(file: Path, where: str | None = None) -> Any:
    try:
        opened = open_photos(file, where=where)
    except LatentprintError as error:
        return type(error), str(error)
    columns = [each.rechunk() for each in opened.table.get_columns()]
    return opened.name, opened.root, pl.DataFrame(columns), opened.notes, opened.digest()


def both(file: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is found at once, and by ranges."""
    whole = found(file)
    monkeypatch.setattr(mapped_tables, "ROWS", ROWS)
    monkeypatch.setattr(csv_text, "_BLOCK", BLOCK)
    ranges = found(file)
    if isinstance(whole[0], str):
        assert ranges[2].schema == whole[2].schema
        assert ranges[2].equals(whole[2])
        whole, ranges = ((*each[:2], *each[3:]) for each in (whole, ranges))
    assert ranges == whole
    return whole


CSV = {
    "plain": ("path,label\n" + "".join(f"{at}.jpg,{at % 2}\n" for at in range(12)), ""),
    "one full range": ("path\na\nb\nc\nd\n", ""),
    "no rows": ("path,label\n", "lists no photos"),
    "no path": ("name\n" + "a\n" * 9, "has no column for the paths"),
    "white space": (
        "path, label ,maker\n" + "".join(f"{at}.jpg,cat{' ' * (at % 5)},A\n" for at in range(11)),
        "'label' (8 values)",
    ),
    "guarded texts": (
        "path,label\n" + "".join(f"{at},'=A{at}\n" for at in range(10)),
        "10 texts such as '=A1",
    ),
    "quoted line breaks": (
        "path,label\n" + "".join(f'"{at}\n.jpg","a ""b"""\n' for at in range(9)),
        "",
    ),
    "a quote without end": ("path,x\n" + "a,b\n" * 9 + 'x,"y\n' + "c,d\n" * 20, "could not parse"),
    "a header of lines": ('\n\n"a\n""b",path\n' + "".join(f"x,{at}\n" for at in range(20)), ""),
    "blank lines": ("path,label\n" + "".join(f"{at},x\n\n" for at in range(9)), "left out: 9"),
    "windows": ("\ufeffpath,label\r\n" + "".join(f"{at},x\r\n" for at in range(19)), ""),
    "no line break at the end": ("path\n" + "\n".join(str(at) for at in range(30)), ""),
    "an id twice, far apart": ("id,path\n" + "a,1\nb,2\nc,3\n" * 2 + "d,9\n", "ids 'a', 'b', 'c'"),
    "many ids twice": (
        "path\n" + "".join(f"{at}\n" for at in range(9)) * 2, "'4' and 4 more more than once"
    ),
    "a split of row 10": (
        "path,split\n" + "".join(f"{at},train\n" for at in range(9)) + "x,Held out\n"
        + "".join(f"y{at},odd\n" for at in range(6)),
        "Row 10 of set.csv (counted without the header) has the split 'Held out'",
    ),
    "empty paths": ("path,label\n" + "a,x\n ,x\n" * 7, "empty in rows 2, 4, 6, 8, 10 and 2 more"),
    "empty ids": ("file,id\n" + "".join(f"{at},\n" for at in range(5)), "rows 1, 2, 3, 4, 5 ("),
    "paths before splits": (
        "path,split\na,odd\n" + "".join(f"{at},val\n" for at in range(8)) + ",val\n",
        "'path' of set.csv is empty in row 10",
    ),
    "an address that is not read": (
        "path\n" + "a.jpg\n" * 9 + "https://e/x\n" + "ftp://e/x\nb\n" * 4,
        "Row 11 of set.csv (counted without the header) has an address of ftp://",
    ),
    "addresses": (
        "url\n" + "".join(f"https://u:p@e/{at}.jpg?sig=1&w=2\n" for at in range(9)),
        "9 addresses hold passwords",
    ),
    "a signed address twice": ("url\n" + "https://u:p@e/a.jpg\n" * 9, "more than once"),
    "too many cells": ("path,label\n" + "a,x\n" * 9 + "a,x,y\n", "cannot be read as a table"),
    "nothing": ("", "cannot be read as a table"),
    "a column twice": ("path,a,a \n" + "x,y,z\n" * 9, "has the column 'a' twice"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), CSV.values(), ids=CSV)
def test_csv(text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "set.csv"
    file.write_text(text, encoding="utf-8", newline="")
    assert said in str(both(file, monkeypatch))


def test_a_quote_that_nothing_closes_is_told_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that follows it may be one cell: each block is looked through once all the same."""
    monkeypatch.setattr(csv_text, "_BLOCK", 64)
    file = tmp_path / "m.csv"
    file.write_text('path,print\na.jpg,a 5" print\n' + "b.jpg,a large print\n" * 8000)
    begun = time.process_time()
    with pytest.raises(LatentprintError, match="malformed"):
        read_manifest(file)
    assert time.process_time() - begun < 1


def test_parquet_of_every_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = pl.Series(["cat ", "dog", None, "dog"] * 3, dtype=pl.Categorical)
    table = photos(
        12,
        label=kinds,
        split=pl.Series([" TEST", "train", None, ""] * 3, dtype=pl.Enum([" TEST", "train", ""])),
        number=[1.5, None, 3e300, -0.0] * 3,
        whole=range(12),
        large=pl.Series([2**100, None, 0] * 4, dtype=pl.Int128),
        flag=[True, None, False] * 4,
        nothing=[None] * 12,
        day=pl.Series(range(12)).cast(pl.Date),
        boxes=[[1, 2], [], None, [3]] * 3,
        names=[["a"], None, ["b ", None], []] * 3,
        record=[{"a": 1, "b": ["x"]}, None, {"a": None, "b": None}] * 4,
        raw=[b"\0", None, b""] * 4,
        kinds=[[each] for each in kinds],
    )
    table.write_parquet(tmp_path / "set.parquet", row_group_size=5)
    both(tmp_path / "set.parquet", monkeypatch)
    by_ranges = read_table(tmp_path / "set.parquet", leave=["raw"])
    monkeypatch.setattr(mapped_tables, "ROWS", 100)
    whole = read_table(tmp_path / "set.parquet", leave=["raw"])
    assert by_ranges.schema == whole.schema
    assert by_ranges.rechunk().equals(whole)


def test_parquet_that_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos(2000, label=[str(random.Random(at).random()) for at in range(2000)]).write_parquet(
        tmp_path / "set.parquet", row_group_size=100
    )
    content = bytearray((tmp_path / "set.parquet").read_bytes())
    content[len(content) // 2 : len(content) // 2 + 2000] = bytes(2000)
    (tmp_path / "set.parquet").write_bytes(content)
    monkeypatch.setattr(mapped_tables, "ROWS", 50)
    with pytest.raises(LatentprintError, match="cannot be read as a table"):
        open_photos(tmp_path / "set.parquet")


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfa.jpg\r\n\r\n b.jpg \n\n\nc.jpg\nd.jpg\ne.jpg\nf",
        b"",
        b"\n \n",
        b"\xef\xbb\xbfa\nb\nc\nd\ne\n\xff\n",
        b"a\nb\nc\nd\ne\xc3\n",
    ],
)
def test_lists(data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "set.txt").write_bytes(data)
    both(tmp_path / "set.txt", monkeypatch)


def test_a_list_at_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "path,label\n" + "".join(f"{at}.jpg,{at} \n" for at in range(9)) + "s3://b/c.jpg,9\n"
    monkeypatch.setattr("latentprint.photos.manifest.read_address", lambda _: text.encode())
    opened = [read_manifest(Address("https://e.org/sets/set.csv"))]
    monkeypatch.setattr(mapped_tables, "ROWS", ROWS)
    opened.append(read_manifest(Address("https://e.org/sets/set.csv")))
    tables = [each.table.rechunk() for each in opened]
    assert tables[0].equals(tables[1])
    assert tables[0]["path"][8] == "https://e.org/sets/8.jpg"
    assert opened[0].notes == opened[1].notes


def test_what_is_made_of_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A label column, a condition and a sample."""
    file = tmp_path / "set.parquet"
    photos(30, size=[str(at % 7) for at in range(30)]).write_parquet(file)

    def opened() -> list[Photos]:
        return [
            open_photos(file, label_column="size"),
            open_photos(file, where="size >= 5 AND path < '20'"),
            open_photos(file, where="size = max(size)"),
            open_photos(file, sample=9, seed=3),
        ]

    whole = opened()
    monkeypatch.setattr(mapped_tables, "ROWS", ROWS)
    for one, other in zip(whole, opened(), strict=True):
        assert one.table.equals(other.table.rechunk())
        assert one.notes == other.notes


def test_a_long_list_lies_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In as many parts as it has ranges, in files that nobody has to remove."""
    pytest.importorskip("pyarrow")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    photos(10).write_parquet(tmp_path / "set.parquet")
    monkeypatch.setattr(mapped_tables, "ROWS", ROWS)
    opened = open_photos(tmp_path / "set.parquet")
    assert opened.table.n_chunks() == 3
    assert list((tmp_path / "temporary").iterdir()) == []
    maps = Path("/proc/self/maps")
    assert not maps.exists() or str(tmp_path / "temporary") in maps.read_text()
    assert list(opened.at((0, 3, 4, 9))) == [(f"{at:02}.jpg",) * 2 for at in (0, 3, 4, 9)]
    assert list(opened.at(range(3, 6))) == [(f"{at:02}.jpg",) * 2 for at in (3, 4, 5)]


@pytest.mark.parametrize("without", ["pyarrow", "a file"])
def test_a_long_list_in_memory(without: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pyarrow is not installed, and where a user's frame holds objects."""
    monkeypatch.setattr(mapped_tables, "ROWS", ROWS)
    table = photos(10, label=[str(at) for at in range(10)])
    if without == "pyarrow":
        monkeypatch.setitem(sys.modules, "pyarrow", None)
    else:
        table = table.with_columns(pl.Series("things", [object()] * 10, dtype=pl.Object))
    found = mapped_tables.by_ranges(table, lambda part: part.with_columns(pl.col("label") + "!"))
    assert found["label"].to_list() == [f"{at}!" for at in range(10)]
    assert found.columns == table.columns


def test_different_ids_of_one_hash_are_no_repeats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapped_tables, "ROWS", 2)
    monkeypatch.setattr(pl.Series, "hash", lambda self: pl.Series([7] * len(self), dtype=pl.UInt64))
    assert mapped_tables.repeated(pl.Series(["a", "b", "c", "d", "e"])).to_list() == []
    assert mapped_tables.repeated(pl.Series(["a", "b", "c", "b", "a"])).to_list() == ["a", "b"]
    found = mapped_tables.positions(pl.Series(["c", "x", "a", "b"]), pl.Series(["a", "b", "c"]))
    assert found.tolist() == [2, -1, 0, 1]


def test_a_full_disk_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise pl.exceptions.ComputeError("No space left on device (os error 28)")

    monkeypatch.setattr(mapped_tables, "ROWS", 2)
    monkeypatch.setattr(pl.DataFrame, "write_ipc", full)
    with pytest.raises(LatentprintError, match="the disk is full; free some space"):
        mapped_tables.by_ranges(photos(5), lambda part: part)
