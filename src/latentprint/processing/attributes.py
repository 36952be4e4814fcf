"""The four published processing attributes and their classes (ICCV 2025 study, section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from latentprint.errors import UsageError, unknown_name
from latentprint.processing.operations import (
    Jpeg,
    Kernel,
    Processing,
    Rescale,
    Resize,
    Sharpen,
    Subsampling,
    unique,
)

NONE = Processing("none")
"""The photo as it was decoded."""

_JPEG95_444 = Jpeg(95, "4:4:4")


@dataclass(frozen=True)
class Attribute:
    """A processing attribute: what is varied, and the classes it takes.

    Attributes:
        name: ``jpeg``, ``sharpening``, ``resizing``, ``interpolation``, or one's own.
        classes: Names of the processing classes, in the published order.
        processings: What each class does, where it is not a published one of that name.
    """

    name: str
    classes: tuple[str, ...]
    processings: tuple[Processing, ...] = ()


ATTRIBUTES: dict[str, Attribute] = {
    "jpeg": Attribute(
        "jpeg",
        tuple(f"JPEG{quality}_{chroma}" for quality in (75, 85, 95) for chroma in ("420", "444")),
    ),
    "sharpening": Attribute("sharpening", ("JPEG95_444", "SHARPEN_2", "SHARPEN_4")),
    "resizing": Attribute("resizing", ("JPEG95_444", "RESIZE_HALF", "RESIZE_DOUBLE")),
    "interpolation": Attribute(
        "interpolation",
        tuple(f"INTERPOLATION_{kernel}" for kernel in ("BILINEAR", "BICUBIC", "LANCZOS", "BOX")),
    ),
}


def published_classes(seed: int = 0) -> dict[str, Processing]:
    """The 14 published classes and ``none``, by name.

    Args:
        seed: Seeds the random rescale factors of the interpolation attribute.
    """
    chroma: dict[str, Subsampling] = {"420": "4:2:0", "444": "4:4:4"}
    kernels: tuple[Kernel, ...] = ("bilinear", "bicubic", "lanczos", "box")
    classes = [
        *(
            Processing(f"JPEG{quality}_{short}", (Jpeg(quality, subsampling),))
            for quality in (75, 85, 95)
            for short, subsampling in chroma.items()
        ),
        Processing("SHARPEN_2", (Sharpen(2.0), _JPEG95_444)),
        Processing("SHARPEN_4", (Sharpen(4.0), _JPEG95_444)),
        Processing("RESIZE_HALF", (Resize(0.5), _JPEG95_444)),
        Processing("RESIZE_DOUBLE", (Resize(2.0), _JPEG95_444)),
        *(
            Processing(
                f"INTERPOLATION_{kernel.upper()}", (Rescale(0.8, 1.2, kernel, seed), _JPEG95_444)
            )
            for kernel in kernels
        ),
        NONE,
    ]
    return {each.name: each for each in classes}


def classes_of(
    attributes: Sequence[Attribute], *, extra: Sequence[str] = (), seed: int = 0
) -> tuple[Processing, ...]:
    """Every class that some attributes need, each once, and extra ones by name.

    Raises:
        UsageError: A name is unknown, the message holds the nearest one; or two attributes mean
            different things by one name.
    """
    known = published_classes(seed)
    found: dict[str, Processing] = {}
    for attribute in attributes:
        own = {each.name: each for each in attribute.processings}
        for name in attribute.classes:
            processing = own.get(name) or _known(known, name)
            if found.setdefault(name, processing) != processing:
                raise UsageError(
                    f"The attribute {attribute.name!r} has a class {name!r} that means something"
                    " else elsewhere: give it another name."
                )
    return unique([*found.values(), *(_known(known, name) for name in extra)])


def _known(known: dict[str, Processing], name: str) -> Processing:
    if name not in known:
        raise unknown_name("processing class", name, known)
    return known[name]
