"""The eight ways to turn and mirror a picture, by their numbers in EXIF.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

from PIL import Image

ORIENTATION = 0x0112
"""The EXIF field."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_BACK = {6: 8, 8: 6}


def turned(image: Image.Image, orientation: int) -> Image.Image:
    """The picture as an EXIF orientation from 1 (as it is) to 8 says it is to be shown."""
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def turned_back(image: Image.Image, orientation: int) -> Image.Image:
    """The picture before it was turned so."""
    return turned(image, _BACK.get(orientation, orientation))


def composed(first: int, second: int) -> int:
    """The orientation that does what two do one after the other."""
    probe = Image.new("L", (3, 2))
    probe.putdata(range(6))
    wanted = turned(turned(probe, first), second)
    return next(
        each
        for each in range(1, 9)
        if (candidate := turned(probe, each)).size == wanted.size
        and candidate.tobytes() == wanted.tobytes()
    )


def stored_size(shown: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Width and height before a picture was turned."""
    width, height = shown
    return (height, width) if orientation >= 5 else (width, height)
