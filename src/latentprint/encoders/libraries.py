"""Optional libraries and the model hub: one clear sentence when either is missing."""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from latentprint.errors import LatentprintError

HUB_TIMEOUT = 5.0


def import_library(module: str, extra: str) -> Any:
    """Import an optional library.

    Args:
        module: The module to import, such as ``"open_clip"``.
        extra: The extra of latentprint that installs it, such as ``"open-clip"``.

    Raises:
        LatentprintError: If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise LatentprintError(
            f"This encoder needs the library {module!r}: install latentprint[{extra}]."
        ) from error


@contextmanager
def downloading(what: str) -> Iterator[None]:
    """Let the libraries fetch weights inside, and turn every failure into one sentence.

    The hub is asked once, with a short timeout. If it does not answer, the libraries see only
    the local cache; left alone, they would retry each file for most of a minute.

    Args:
        what: The weights sought, as the error names them.

    Raises:
        LatentprintError: If the weights are neither in the cache nor to be fetched.
    """
    from huggingface_hub import constants

    offline_before, logging_before = constants.HF_HUB_OFFLINE, logging.root.manager.disable
    reachable = not offline_before and _hub_answers()
    constants.HF_HUB_OFFLINE = not reachable
    # The libraries log the same failure once per file they try; our one sentence follows.
    logging.disable(logging.CRITICAL)
    try:
        yield
    except Exception as error:  # each library, and each version of the hub's, has its own
        missing = not reachable and _was_file_missing(error)
        message = _unreachable(what) if missing else f"{what} could not be loaded: {brief(error)}"
        raise LatentprintError(message) from error
    finally:
        constants.HF_HUB_OFFLINE = offline_before
        logging.disable(logging_before)


def _hub_answers() -> bool:
    from huggingface_hub import constants, get_session

    try:
        # The hub library's own session knows the user's proxies and certificates.
        get_session().head(constants.ENDPOINT, timeout=HUB_TIMEOUT)
    except Exception:  # the session's backend, and so its errors, differ between versions
        return False
    return True


def brief(error: Exception) -> str:
    """The first line of an error's message, with its type."""
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"


def _was_file_missing(error: BaseException | None) -> bool:
    """Whether a missing file, rather than an unsound one, is the origin of an error."""
    while error is not None and not isinstance(error, OSError):
        error = error.__cause__ or error.__context__
    return error is not None


def _unreachable(what: str) -> str:
    from huggingface_hub import constants

    cache = os.environ.get("HF_HOME") or constants.HF_HOME
    return (
        f"The weights of {what} are not in the local cache ({cache}) and the model hub "
        f"({constants.ENDPOINT}) cannot be reached; connect to the network, or set HF_HOME to a "
        "cache that holds them."
    )
