"""Where a photo's bytes lie: on a disk or at an address, in a file of its own or inside one.

A path such as ``train.tar!1536+8821!n01440764.tar/n01440764_18.JPEG`` names the file that holds the
photo, two numbers that say where, and the photo. It stands on its own: no index is needed to read
it. What the numbers are depends on the file's suffix:

- ``.tar`` (uncompressed; also archives inside it) and ``.arrow``: the offset of the photo's first
  byte, and how many there are;
- ``.zip``: the offset of the member's own header, and its size when unpacked;
- ``.parquet``: the row group, and the row in it; the name begins with the column and a slash.

What begins with ``http://``, ``https://``, ``s3://`` or ``gs://`` is an address, which may stand
before the exclamation mark, too.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from latentprint.files import as_path

TABLE = ".parquet"
"""The suffix of files whose photos have no size that is known before they are read."""

SCHEMES = ("http", "https", "s3", "gs")
"""What addresses begin with, before the colon."""

_MEMBER = re.compile(
    r"(?P<archive>.+?\.(?i:tar|zip|arrow|parquet)(?:\?[^!]*)?)"
    r"!(?P<offset>\d+)\+(?P<size>\d+)!(?P<name>.+)",
    re.DOTALL,
)
_ADDRESS = re.compile(rf"(?i:{'|'.join(SCHEMES)})://")
# Parts of queries that let in whoever has them: of Amazon, Google and Azure, and the usual names.
_SECRET = re.compile(
    r"(?i)x-(amz|goog)-.*|awsaccesskeyid|googleaccessid|signature|sig|token|.*[_-]token|"
    r"key-pair-id|policy|expires|api_?key|key|auth|password|secret"
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a file lies that is on no disk of this machine, or a photo inside such a file.

    As text it shows no credentials.

    Attributes:
        text: The whole address, with the credentials that it may hold.
    """

    text: str

    def __str__(self) -> str:
        return without_credentials(self.text)

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"

    def __truediv__(self, below: str) -> Address:
        return Address(f"{self._bare.rstrip('/')}/{below}")

    @property
    def scheme(self) -> str:
        """What it begins with, in lower case: one of ``SCHEMES``."""
        return self.text.partition(":")[0].lower()

    @property
    def is_signed(self) -> bool:
        """Whether it holds credentials."""
        return without_credentials(self.text) != self.text

    @property
    def key(self) -> str:
        """What stands behind ``s3://`` or ``gs://``: bucket and name of the object."""
        return self.text.partition("://")[2]

    @property
    def name(self) -> str:
        """The file's name; of a photo inside a file that of the photo."""
        member = member_at(self)
        return PurePosixPath(self._bare if member is None else member.name).name

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """The name's suffix with its dot."""
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> Address:
        """The folder."""
        return Address(self._bare.rstrip("/").rpartition("/")[0])

    @property
    def _bare(self) -> str:
        """The address without a query; names of objects may hold what begins one elsewhere."""
        if self.scheme not in ("http", "https"):
            return self.text
        return re.split("[?#]", self.text, maxsplit=1)[0]


Location = Path | Address
"""A path on a disk of this machine, or an address."""


def is_address(text: str) -> bool:
    """Whether a text is an address, not a path."""
    return _ADDRESS.match(text) is not None


def as_location(given: object) -> Location:
    """What was given from Python, or stands in a table, as a location.

    Raises:
        UsageError: It is neither a path nor an address.
    """
    if isinstance(given, Address):
        return given
    return Address(given) if isinstance(given, str) and is_address(given) else as_path(given)


def located(path: str, root: Location) -> Location:
    """Where a path of a table leads that starts from a folder, or on its own."""
    return Address(path) if is_address(path) else root / path


def path_below(file: Location, root: Location) -> str:
    """The path from a folder to a file in it, with slashes."""
    if isinstance(file, Address):
        return file.text.removeprefix(f"{str(root).rstrip('/')}/")
    return file.relative_to(str(root)).as_posix()


def table_path(file: Location, root: Location) -> str:
    """The text for the column ``path`` of a table with this root; addresses stand whole."""
    return file.text if isinstance(file, Address) else path_below(file, root)


def without_credentials(text: str) -> str:
    """An address without what lets in whoever has it: a password, a signature, a token."""
    if not _ADDRESS.match(text) or not ("@" in text or "?" in text):
        return text
    try:
        parts = urlsplit(text)
        query, bang, member = parts.query.partition("!")
        fields = parse_qsl(query, keep_blank_values=True)
    except ValueError:
        return text.partition("?")[0].rpartition("@")[2]
    kept = [field for field in fields if not _SECRET.fullmatch(field[0])]
    # An address without credentials stays as it was written.
    query = query if len(kept) == len(fields) else urlencode(kept)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, query + bang + member, parts.fragment))


@dataclass(frozen=True, slots=True)
class Member:
    """A photo, or another file, inside a file that holds many.

    Attributes:
        archive: The file.
        name: The member's name; in an archive inside the archive, that one's name comes first.
        offset: The first number of the path, as the module says.
        size: The second.
    """

    archive: Location
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

    def path_below(self, root: Location) -> str:
        """The text for the column ``path`` of a table of photos with this root."""
        return f"{table_path(self.archive, root)}!{self.offset}+{self.size}!{self.name}"


def member_at(path: Location | str) -> Member | None:
    """The member that a path names, or None if the path is that of a plain file."""
    found = _MEMBER.fullmatch(path.text if isinstance(path, Address) else os.fspath(path))
    if found is None:
        return None
    archive, offset, size, name = found.groups()
    return Member(as_location(archive), name, int(offset), int(size))
