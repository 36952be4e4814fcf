"""Attributes by name, by a choice of classes, or composed from operations in a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.files import as_path
from latentprint.processing.attributes import ATTRIBUTES, Attribute, published_classes
from latentprint.processing.operations import (
    Jpeg,
    Operation,
    Processing,
    Rescale,
    Resize,
    Sharpen,
)
from latentprint.several import several

OPERATIONS: dict[str, type[Jpeg | Sharpen | Resize | Rescale]] = {
    "jpeg": Jpeg,
    "sharpen": Sharpen,
    "resize": Resize,
    "rescale": Rescale,
}
"""What a TOML file may compose classes of, by the name that a store records."""


def parse_attribute(text: str) -> Attribute | None:
    """Read an attribute as a user writes it.

    Args:
        text: ``jpeg`` (a published attribute); ``jpeg:JPEG75_420,JPEG95_444`` (some of its
            classes); ``name:CLASS,CLASS`` (any published classes under a name of one's own); or
            the path of a ``.toml`` file (see ``read_attribute``).

    Returns:
        The attribute; None if the text is a bare word that names none.

    Raises:
        UsageError: A class is unknown, or there are fewer than two.
        LatentprintError: The file cannot be read.
    """
    if text in ATTRIBUTES:
        return ATTRIBUTES[text]
    if text.lower().endswith(".toml"):
        return read_attribute(Path(text))
    name, colon, listed = text.partition(":")
    if not colon:
        return None
    known = ATTRIBUTES[name].classes if name in ATTRIBUTES else tuple(published_classes())
    classes = tuple(dict.fromkeys(each.strip() for each in listed.split(",")))
    for each in classes:
        if each not in known:
            raise unknown_name("processing class", each, known)
    return _checked(Attribute(text, classes))


def as_attribute(given: Attribute | str) -> Attribute:
    """An attribute as it is, or by its name; see ``parse_attribute``."""
    return given if isinstance(given, Attribute) else find_attributes(given)[0]


def find_attributes(texts: Sequence[str] | str) -> tuple[Attribute, ...]:
    """Look processing attributes up as ``parse_attribute`` does, each once.

    Raises:
        UsageError: A name is unknown; the message holds the nearest one.
    """
    found = []
    for text in dict.fromkeys(several(texts)):
        attribute = parse_attribute(text) if isinstance(text, str) else None
        if attribute is None:
            raise unknown_name("attribute", text, ATTRIBUTES)
        found.append(attribute)
    return tuple(found)


def read_attribute(file: Path | str) -> Attribute:
    """Read an attribute that a user composed.

    The file has an optional ``name`` (by default the file's own) and a table ``classes``: for each
    class the list of its operations, in their order, none for the photo as it is::

        name = "upload"

        [classes]
        ORIGINAL = []
        MESSENGER = [
            { operation = "resize", factor = 0.5 },
            { operation = "jpeg", quality = 70, subsampling = "4:2:0" },
        ]

    Args:
        file: A ``.toml`` file.

    Raises:
        LatentprintError: The file cannot be read as TOML.
        UsageError: It does not have this form, or an operation does not exist.
    """
    file = as_path(file)
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise LatentprintError(f"The attribute {file} cannot be read: {reason}.") from error
    unknown = sorted(set(content) - {"name", "classes"})
    if unknown:
        raise unknown_name(f"key of {file.name}", unknown[0], ("name", "classes"))
    classes, name = content.get("classes"), content.get("name", file.stem)
    if not isinstance(classes, dict) or not isinstance(name, str):
        raise UsageError(f"{file.name} needs a table [classes] that lists operations by class.")
    made = tuple(_processing(file, each, steps) for each, steps in classes.items())
    return _checked(Attribute(name, tuple(classes), made))


def recorded_processing(name: str, steps: Sequence[Mapping[str, Any]]) -> Processing:
    """A processing class as a manifest records it; see ``Processing.as_list``.

    Raises:
        UsageError: An operation is not known here: a user's own, or that of a newer version.
    """
    made = []
    for step in steps:
        values = dict(step)
        kind = str(values.pop("operation", ""))
        try:
            made.append(OPERATIONS[kind](**values))
        except (KeyError, TypeError) as error:
            raise UsageError(
                f"The class {name!r} was made with the operation {kind!r}, which cannot be "
                "repeated here: inspect photos of the store."
            ) from error
    return Processing(name, tuple(made))


def _processing(file: Path, name: str, steps: Any) -> Processing:
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise UsageError(
            f"{file.name}: the class {name!r} must be a list of operations, such as "
            '[{ operation = "jpeg", quality = 70, subsampling = "4:2:0" }].'
        )
    return Processing(name, tuple(_operation(file, name, step) for step in steps))


def _operation(file: Path, name: str, step: dict[str, Any]) -> Operation:
    kind = str(step.get("operation"))
    if kind not in OPERATIONS:
        raise unknown_name(f"operation (class {name!r} of {file.name})", kind, OPERATIONS)
    operation, values = OPERATIONS[kind], {k: v for k, v in step.items() if k != "operation"}
    known = [each.name for each in fields(operation)]
    for key in values:
        if key not in known:
            raise unknown_name(f"setting of {kind!r} (class {name!r} of {file.name})", key, known)
    try:
        return operation(**values)
    except TypeError:
        missing = ", ".join(each for each in known if each not in values)
        raise UsageError(
            f"{file.name}: the operation {kind!r} of class {name!r} lacks one of: {missing}."
        ) from None
    except UsageError as error:
        raise UsageError(f"{file.name}, class {name!r}: {error}") from error


def _checked(attribute: Attribute) -> Attribute:
    if len(attribute.classes) < 2:
        raise UsageError(f"The attribute {attribute.name!r} needs at least two classes.")
    return attribute
