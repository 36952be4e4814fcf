"""The errors a user can cause, each with one sentence that says what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class LatentprintError(Exception):
    """Something the user can mend; the message is shown as it is, without a traceback."""

    exit_code = 1


class UsageError(LatentprintError):
    """A wrong option, name or value on the command line or in a call."""

    exit_code = 2


def brief(error: BaseException) -> str:
    """The first line of an error's message, with its type."""
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"


def unknown_name(kind: str, name: object, known: Iterable[str]) -> UsageError:
    """Make the error for a misspelt name, with its nearest match and every allowed name.

    Args:
        kind: What was named, such as "attribute" or "encoder".
        name: What the user wrote; from Python it may be anything.
        known: The names that exist.
    """
    name, names = name if isinstance(name, str) else str(name), list(known)
    lower = [each.lower() for each in names]
    near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.5)
    match = next((each for each in names if near and each.lower() == near[0]), None)
    hint = f" Did you mean {match!r}?" if match else ""
    return UsageError(f"There is no {kind} {name!r}.{hint} Known: {', '.join(names)}.")
