"""Which encoder of one side is compared with which of the other."""

from __future__ import annotations

from collections.abc import Sequence

from latentprint.errors import UsageError, unknown_name


def paired_names(
    sides: tuple[str, str],
    first: Sequence[str],
    second: Sequence[str],
    asked: tuple[str, str] | None = None,
) -> dict[str, str]:
    """The encoder of the second side for each of the first that has one.

    Args:
        sides: What the two sides are called.
        first: Encoders of the first.
        second: Encoders of the second.
        asked: One of each; by default those of one name, or, where each side has a single one,
            these.

    Raises:
        UsageError: An encoder is not there, or it is not clear which are to be compared.
    """
    if asked is not None:
        for side, name, names in zip(sides, asked, (first, second), strict=True):
            if name not in names:
                raise unknown_name(f"encoder in {side}", name, names)
        return {asked[0]: asked[1]}
    if common := {name: name for name in first if name in second}:
        return common
    if len(first) == len(second) == 1:
        return {first[0]: second[0]}
    raise UsageError(
        f"No encoder of {sides[0]} ({', '.join(first)}) is in {sides[1]} ({', '.join(second)}): "
        "name one of each with --encoders."
    )
