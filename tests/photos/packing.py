"""Archives of files that tests pack."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image


def jpeg(colour: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 8), (colour, 0, 0)).save(buffer, "JPEG")
    return buffer.getvalue()


def pack_tar(archive: Path, files: Mapping[str, bytes]) -> Path:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w") as opened:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            opened.addfile(info, io.BytesIO(data))
    return archive


def pack_zip(archive: Path, files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", method) as opened:
        for name, data in files.items():
            opened.writestr(name, data)
    return archive


def pack_arrow(file: Path, files: Mapping[str, bytes]) -> Path:
    """A stream, as ``datasets`` writes it."""
    arrow = pytest.importorskip("pyarrow")
    cells = [{"bytes": data, "path": name} for name, data in files.items()]
    table = arrow.table({"image": cells})
    with arrow.OSFile(str(file), "wb") as sink, arrow.ipc.new_stream(sink, table.schema) as opened:
        opened.write_table(table, max_chunksize=5)
    return file


def files_of(folder: Path) -> dict[str, bytes]:
    """The files below a folder by their paths."""
    return {
        each.relative_to(folder).as_posix(): each.read_bytes()
        for each in sorted(folder.rglob("*"))
        if each.is_file()
    }
