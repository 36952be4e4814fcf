"""Optional libraries and the weights they download: one clear sentence when either is missing."""

from __future__ import annotations

import importlib
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from latentprint.encoders.downloads import READ_TIMEOUT
from latentprint.encoders.hubs import (
    WeightsMissingError,
    in_hub_cache,
    repository_of,
    source_answers,
    unreachable,
)
from latentprint.errors import LatentprintError, brief


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
            f"This encoder needs the library {module!r}: pip install 'latentprint[{extra}]'."
        ) from error


@contextmanager
def downloading(what: str, source: str = "") -> Iterator[None]:
    """Let the libraries fetch weights inside, and turn every failure into one sentence.

    The source is asked once, with a short timeout. If it does not answer, the libraries see only
    the local cache; left alone, they would retry each file for minutes.

    Args:
        what: The encoder whose weights are sought, as the error names it.
        source: Where its weights come from: a repository of the model hub, with the file if it is
            known (``"timm/resnet50.a1_in1k"``), or a URL.

    Raises:
        LatentprintError: If the weights are neither in the cache nor to be fetched
            (``WeightsMissingError``), or not sound.
    """
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE, logging.root.manager.disable, socket.getdefaulttimeout()
    reachable = not constants.HF_HUB_OFFLINE and source_answers(source)
    sought = f"{what} ({source})" if source else what
    if not reachable and repository_of(source) and not in_hub_cache(source):
        # Said before a large network is built for nothing.
        raise WeightsMissingError(sought, unreachable(source, offline=constants.HF_HUB_OFFLINE))
    constants.HF_HUB_OFFLINE = not reachable
    # Libraries that download on their own, as torch.hub does, set no timeout.
    socket.setdefaulttimeout(READ_TIMEOUT if reachable else 1.0)
    # The libraries log the same failure once per file they try; our one sentence follows.
    logging.disable(logging.CRITICAL)
    try:
        yield
    except LatentprintError:
        raise
    except Exception as error:  # each library, and each version of the hub's, has its own
        if not reachable and _was_file_missing(error):
            offline = before[0]
            raise WeightsMissingError(sought, unreachable(source, offline=offline)) from error
        raise LatentprintError(f"{sought} could not be loaded: {brief(error)}") from error
    finally:
        constants.HF_HUB_OFFLINE = before[0]
        logging.disable(before[1])
        socket.setdefaulttimeout(before[2])


def _was_file_missing(error: BaseException | None) -> bool:
    """Whether a missing file, rather than an unsound one, is the origin of an error."""
    while error is not None and not isinstance(error, OSError):
        error = error.__cause__ or error.__context__
    return error is not None
