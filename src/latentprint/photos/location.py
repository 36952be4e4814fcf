"""Where a photo's bytes lie: in a file of its own, or inside one that holds many.

A path such as ``train.tar!1536+8821!n01440764.tar/n01440764_18.JPEG`` names the file that holds the
photo, two numbers that say where, and the photo. It stands on its own: no index is needed to read
it. What the numbers are depends on the file's suffix:

- ``.tar`` (uncompressed; also archives inside it) and ``.arrow``: the offset of the photo's first
  byte, and how many there are;
- ``.zip``: the offset of the member's own header, and its size when unpacked;
- ``.parquet``: the row group, and the row in it; the name begins with the column and a slash.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

TABLE = ".parquet"
"""The suffix of files whose photos have no size that is known before they are read."""

_MEMBER = re.compile(
    r"(?P<archive>.+?\.(?i:tar|zip|arrow|parquet))!(?P<offset>\d+)\+(?P<size>\d+)!(?P<name>.+)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Member:
    """A photo, or another file, inside a file that holds many.

    Attributes:
        archive: The file on the disk.
        name: The member's name; in an archive inside the archive, that one's name comes first.
        offset: The first number of the path, as the module says.
        size: The second.
    """

    archive: Path
    name: str
    offset: int
    size: int

    @property
    def suffix(self) -> str:
        """What kind of file holds it, in lower case with the dot."""
        return self.archive.suffix.lower()

    @property
    def bytes(self) -> int | None:
        """How many bytes it has; None where that is not known before they are read."""
        return None if self.suffix == TABLE else self.size

    def path_below(self, root: Path) -> str:
        """The text for the column ``path`` of a table of photos with this root."""
        archive = self.archive.relative_to(root).as_posix()
        return f"{archive}!{self.offset}+{self.size}!{self.name}"


def member_at(path: Path | str) -> Member | None:
    """The member that a path names, or None if the path is that of a plain file."""
    found = _MEMBER.fullmatch(str(path))
    if found is None:
        return None
    archive, offset, size, name = found.groups()
    return Member(Path(archive), name, int(offset), int(size))
