"""JPEG files without their secrets: the same compressed picture, fewer words about it."""

from __future__ import annotations

import re
import warnings

from PIL import Image

# What is kept of the EXIF block. Notices of copyright stay, since the licences ask for them;
# positions, makers' notes, serial numbers, names of owners and comments go.
_PICTURE_TAGS = (0x010F, 0x0110, 0x0112, 0x0131, 0x0132, 0x013B, 0x8298)
_EXIF_TAGS = (
    *(0x829A, 0x829D, 0x8822, 0x8827, 0x8830, 0x8831, 0x8832, 0x8833, 0x9000, 0x9003, 0x9004),
    *range(0x9201, 0x920B),
    *(0xA001, 0xA002, 0xA003, 0xA20E, 0xA20F, 0xA210, 0xA215, 0xA217, 0xA300, 0xA301, 0xA302),
    *range(0xA401, 0xA40D),
    *(0xA432, 0xA433, 0xA434),
)
_EXIF_DIRECTORY = 0x8769

_START, _END, _SCAN, _COMMENT, _EXIF = 0xD8, 0xD9, 0xDA, 0xFE, 0xE1
_HEADERS = range(0xE0, 0xF0)
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


def cleaned_jpeg(data: bytes) -> bytes:
    """A JPEG file without position, serial numbers, thumbnails, makers' notes and free text.

    The compressed picture is copied bit by bit, with its tables, colour profile and orientation.
    Of the EXIF block stay the tags that say how the photo was taken, and notices of copyright.
    Whatever follows the picture goes too: a second picture would bring its own EXIF block.

    Args:
        data: The file's bytes.

    Raises:
        ValueError: It is no JPEG file, or it is cut off; the message is a short reason.
    """
    if data[:3] != b"\xff\xd8\xff":
        raise ValueError("not a JPEG")
    parts, position, has_exif = [data[:2]], 2, False
    while True:
        match = _NEXT_MARKER.search(data, position)
        if match is None:
            raise ValueError("cut off")
        # Until the next marker lie compressed pixels, or nothing.
        parts.append(data[position : match.start()])
        marker = data[match.end() - 1]
        if marker == _END:
            return b"".join([*parts, b"\xff\xd9"])
        position = match.end() + int.from_bytes(data[match.end() : match.end() + 2], "big")
        segment = data[match.start() : position]
        if len(segment) < 4 or position > len(data):
            raise ValueError("cut off")
        if marker == _EXIF and segment[4:10] == b"Exif\0\0" and not has_exif:
            parts.append(_cleaned_exif(segment[4:]))
            has_exif = True
        elif _is_needed(marker, segment[4:]):
            parts.append(segment)


def _is_needed(marker: int, content: bytes) -> bool:
    """Whether a segment is needed to show the picture: JFIF, colour profile, Adobe, tables."""
    if marker in _HEADERS:
        known = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
        return marker in known and content.startswith(known[marker])
    return marker != _COMMENT


def _cleaned_exif(content: bytes) -> bytes:
    """An EXIF segment with the permitted tags only; nothing if there are none or it is broken."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            there, kept = Image.Exif(), Image.Exif()
            there.load(content)
            kept.endian = there.endian
            kept.update({tag: there[tag] for tag in _PICTURE_TAGS if tag in there})
            inner = there.get_ifd(_EXIF_DIRECTORY)
            permitted = {tag: inner[tag] for tag in _EXIF_TAGS if tag in inner}
            kept.get_ifd(_EXIF_DIRECTORY).update(permitted)
            written = kept.tobytes() if len(kept) or permitted else b""
        except Exception:  # malformed EXIF makes Pillow raise anything
            written = b""
    if not written or len(written) > 0xFFFF - 2:
        return b""
    return b"\xff\xe1" + (len(written) + 2).to_bytes(2, "big") + written
