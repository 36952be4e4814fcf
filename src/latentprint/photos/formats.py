"""Which files may be photos: their formats, suffixes and first bytes.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import importlib.util
from functools import cache

# Only these decoders may see a file: Pillow's others include some that
# start programs (EPS).
FORMATS = {
    "JPEG": ("jpg", "jpeg", "jpe", "jfif", "jif", "mpo", "pjpeg", "pjp", "jps", "insp"),
    "PNG": ("png", "apng"),
    "WEBP": ("webp",),
    "TIFF": ("tif", "tiff"),
    "BMP": ("bmp", "dib"),
    "GIF": ("gif",),
    "HEIF": ("heic", "heif", "hif", "heics", "heifs"),
    "AVIF": ("avif", "heif", "hif", "avifs"),
    "JPEG2000": ("jp2", "j2k", "j2c", "jpc", "jpf", "jpx"),
}
SUFFIXES = tuple(dict.fromkeys(suffix for suffixes in FORMATS.values() for suffix in suffixes))
"""Suffixes of photos, without their dots, that need no extra."""

EXTRAS: dict[str, tuple[str, tuple[str, ...]]] = {
    "arrow": ("pyarrow", ()),
    "dicom": ("pydicom", ("dcm", "dicom")),
    "gcs": ("gcsfs", ()),
    "s3": ("s3fs", ()),
    "raw": (
        "rawpy",
        (
            "3fr", "arw", "cr2", "cr3", "crw", "dcr", "dng", "erf", "fff", "iiq", "kdc", "mef",
            "mos", "mrw", "nef", "nrw", "orf", "pef", "raf", "rw2", "rwl", "sr2", "srf", "srw",
            "x3f",
        ),
    ),
}  # fmt: skip
"""The module that each extra brings and the suffixes of photos that it opens."""

START = 132
"""Bytes at the beginning of a file that tell its format: those of DICOM come last."""

_RAW_MAGIC = (b"FUJIFILMCCD-RAW", b"IIU\0", b"IIRO", b"IIRS", b"MMOR", b"FOVb", b"\0MRM")
_NAMED = "named"
_MAGIC = (
    *(b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"RIFF"),
    *(b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51"),
)


@cache
def installed(extra: str) -> bool:
    """Whether the module of an extra is there."""
    return importlib.util.find_spec(EXTRAS[extra][0]) is not None


def suffixes() -> tuple[str, ...]:
    """The suffixes of photos that can be opened here."""
    return SUFFIXES + tuple(
        suffix for extra, (_, theirs) in EXTRAS.items() if installed(extra) for suffix in theirs
    )


def extra_of(suffix: str) -> str | None:
    """The extra that opens files of a suffix (without its dot), if it needs one."""
    return next((extra for extra, (_, theirs) in EXTRAS.items() if suffix in theirs), None)


def install(extra: str) -> str:
    """How to install an extra."""
    return f"pip install 'latentprint[{extra}]'"


def is_dicom(start: bytes) -> bool:
    """Whether a file that begins so is DICOM (PS3.10, section 7.1)."""
    return start[128:132] == b"DICM"


def is_camera_raw(start: bytes) -> bool:
    """Whether a file that begins so is a camera raw file that is no TIFF."""
    return start.startswith(_RAW_MAGIC) or start[4:12] == b"ftypcrx " or start[6:14] == b"HEAPCCDR"


def is_heif(start: bytes) -> bool:
    """Whether a file that begins so has the boxes of HEIF and AVIF."""
    return start[4:8] == b"ftyp"


def misnamed(suffix: str, kind: str) -> str:
    """What is wrong with a file's suffix (with its dot); empty if nothing."""
    name = suffix.lower().removeprefix(".")
    known = name in SUFFIXES or extra_of(name) is not None
    right = FORMATS.get(kind) or (EXTRAS["dicom" if kind == "DICOM" else "raw"][1])
    return f"{_NAMED} {suffix.lower()} but holds {kind}" if known and name not in right else ""


def status_of(note: str) -> str:
    """The status of a photo that can be read: "mislabelled" if its note says so, else "ok"."""
    return "mislabelled" if note.startswith(_NAMED) else "ok"


def unknown(start: bytes) -> str:
    """Why a file that begins so is not opened."""
    shown = f"starts with {start[:8]!r}{'…' if len(start) > 8 else ''}"
    if start.startswith(_MAGIC) or is_heif(start):
        return f"the image header is damaged, cut off or of an unknown kind ({shown})"
    return f"not an image: no known image format ({shown})"
