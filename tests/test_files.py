import errno
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from latentprint.errors import LatentprintError, UsageError
from latentprint.files import (
    make_folder,
    require_place,
    write_bytes,
    write_json,
    write_table,
    write_text,
    writing,
    writing_file,
)


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def fail_half_way(path: Path, error: type[BaseException]) -> None:
    with writing_file(path) as partial:
        partial.write_text("half")
        raise error


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.txt"
    with writing_file(path) as partial:
        partial.write_text("whole")
        assert partial.parent == path.parent
        assert not path.exists()
    assert path.read_text() == "whole"
    assert names(path.parent) == ["file.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_keeps_the_old_file_and_leaves_nothing_beside(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(error):
        fail_half_way(path, error)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file.txt"]


def test_what_a_killed_process_left_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    kill = (
        "import os, sys; from pathlib import Path; from latentprint.files import writing_file\n"
        "with writing_file(Path(sys.argv[1])) as partial:\n"
        "    partial.write_text('half'); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", kill, path], check=False)
    assert len(names(tmp_path)) == 1
    assert not path.exists()
    write_text(path, "whole")
    assert names(tmp_path) == ["file.txt"]


def test_a_file_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.txt"
    there = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: there.append(path.exists()))
    write_text(path, "whole")
    assert there == [False]


def test_two_writers_of_a_contested_file_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    with writing_file(path, contested=True) as one, writing_file(path, contested=True) as other:
        one.write_text("one")
        other.write_text("other")
    assert path.read_text() == "one"
    assert names(tmp_path) == ["file.txt"]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "the disk is full; free some space"),
        (errno.EACCES, "permission denied; choose another folder"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_what_goes_wrong_on_a_disk_is_one_sentence(tmp_path: Path, number: int, said: str) -> None:
    with (
        pytest.raises(LatentprintError, match=f"Cannot write to {tmp_path}: {said}\\. What was"),
        writing(tmp_path, instead="choose another folder"),
    ):
        raise OSError(number, os.strerror(number))


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(LatentprintError, match="file/x: there is a file of that name; choose"):
        write_bytes(tmp_path / "file" / "x", b"")
    with pytest.raises(LatentprintError, match="folder: there is a folder of that name; choose"):
        write_bytes(tmp_path / "folder", b"")
    with pytest.raises(UsageError, match=r"folder is a folder: .* such as .*folder/folder\.$"):
        require_place(tmp_path / "folder")
    with pytest.raises(UsageError, match=rf"such as {Path.cwd().name}\.$"):
        require_place(Path())
    assert names(tmp_path) == ["file", "folder"]


@pytest.mark.parametrize("address", ["s3://bucket/run", "gs://b/c/d.json", "HTTPS://host/x"])
def test_an_address_is_no_place_to_write_to(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for write in (make_folder, lambda path: write_text(path, "")):
        with pytest.raises(UsageError, match=f"Cannot write to {address}: .* share that is mount"):
            write(Path(address))
    assert not list(tmp_path.iterdir())


def test_text_is_utf_8_with_its_own_line_ends(tmp_path: Path) -> None:
    write_text(tmp_path / "file", "é\r\n")
    assert (tmp_path / "file").read_bytes() == b"\xc3\xa9\r\n"
    write_json(tmp_path / "file", {"é": 1})
    assert (tmp_path / "file").read_bytes() == b'{\n "\xc3\xa9": 1\n}\n'


def test_tables_are_written_as_the_suffix_says(tmp_path: Path) -> None:
    table = pl.DataFrame({"a": [1, None], "b": ["x", "é"]})
    for name, read in (
        ("t.CSV", pl.read_csv),
        ("t.parquet", pl.read_parquet),
        ("t.json", pl.read_json),
    ):
        write_table(tmp_path / name, table)
        assert read(tmp_path / name).equals(table)
    with pytest.raises(UsageError, match=r"t\.txt names no kind of table: use \.csv, \.parquet"):
        write_table(tmp_path / "t.txt", table)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("suffix", ["csv", "parquet", "json"])
def test_a_table_for_a_full_disk_is_refused_in_one_sentence(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f".t.{suffix}.partial").symlink_to("/dev/full")
    with pytest.raises(LatentprintError, match="the disk is full"):
        write_table(tmp_path / f"t.{suffix}", pl.DataFrame({"a": range(100_000)}))
    assert names(tmp_path) == []


def test_the_module_loads_nothing_heavy() -> None:
    code = "import sys, latentprint.files; print({'torch', 'polars', 'numpy'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
