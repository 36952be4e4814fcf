"""Names and weights of a user's own around a specification: ``NAME=SPEC`` and ``SPEC@FILE``."""

from __future__ import annotations

import re
from pathlib import Path

from latentprint.encoders.weights_file import SUFFIXES
from latentprint.errors import UsageError
from latentprint.words import COLOUR_STATISTICS, DCT_ENERGIES

_MOST_LETTERS = 60

# A colon or a slash before the sign is part of a form or of a path, whose rest may hold signs.
_NAMED = re.compile(r"(?P<name>[^:=/\\]*)=(?P<spec>.*)", re.DOTALL)
_USABLE = re.compile(r"\w[\w .+()-]*")


def split_name(spec: str) -> tuple[str, str]:
    """Split ``NAME=SPEC`` into its name, which is empty where there is none, and the rest.

    Raises:
        UsageError: The name cannot be that of an encoder.
    """
    found = _NAMED.fullmatch(spec)
    if found is None:
        return "", spec
    name = found["name"].strip()
    # Commas stand before "untrained" and "block 3" in the names of what belongs to an encoder.
    if not _USABLE.fullmatch(name) or len(name) > _MOST_LETTERS:
        raise UsageError(
            f"{name!r} cannot name an encoder: letters, digits, spaces and . + - _ ( ) can, "
            f"{_MOST_LETTERS} of them at most."
        )
    if name in (COLOUR_STATISTICS, DCT_ENERGIES):
        raise UsageError(f"{name!r} is the name of a control: choose another.")
    return name, found["spec"].strip()


def split_weights(spec: str) -> tuple[str, Path | None]:
    """Split ``SPEC@FILE`` into the encoder and its local file of weights, if it names one.

    What follows the last ``@`` is a file where it ends as files of weights do; ``hf:`` has
    revisions there.
    """
    model, at, file = spec.rpartition("@")
    if not at or not file.endswith(SUFFIXES):
        return spec, None
    return model, Path(file).expanduser()
