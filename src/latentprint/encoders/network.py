"""Whether the network answers, and what is said where it does not."""

from __future__ import annotations

import os
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit

from latentprint.errors import LatentprintError

CONNECT_TIMEOUT = 5.0
"""Seconds that a host may take to answer its first request; twice that with all its addresses."""

READ_TIMEOUT = 10.0
"""Seconds without a byte after which a connection counts as dead."""

SILENCE_REMEMBERED = 60.0
"""Seconds for which a host that did not answer is not asked again."""

_silent_since: dict[str, float] = {}


class WeightsMissingError(LatentprintError):
    """Weights are neither in the cache nor to be fetched.

    Attributes:
        cause: Why, in words that fit the weights of several encoders: "The weights of X are …".
    """

    def __init__(self, what: str, cause: str) -> None:
        super().__init__(f"The weights of {what} are {cause}")
        self.cause = cause


def brief(error: BaseException) -> str:
    """The first line of an error's message, with its type."""
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"


def unreachable(source: str, *, offline: bool = False) -> str:
    """Why weights are missing and what to do, as :class:`WeightsMissingError` words it.

    Args:
        source: A repository of the model hub, or a URL.
        offline: Whether the user has forbidden the network.
    """
    from huggingface_hub import constants

    if is_url(source):
        import torch

        cache, variable = torch.hub.get_dir(), "TORCH_HOME"
        host = urlsplit(source).hostname or source
    else:
        cache, variable = os.fspath(constants.HF_HUB_CACHE), "HF_HOME"
        host = f"the model hub ({constants.ENDPOINT})"
    why = "the network is switched off by HF_HUB_OFFLINE" if offline else f"{host} does not answer"
    return (
        f"not in the local cache ({cache}), and {why}: connect to the network, set {variable} to "
        "a folder that holds them, or name a local file with --weights FILE."
    )


def in_hub_cache(source: str) -> bool:
    """Whether the cache of the model hub has anything of a repository.

    Args:
        source: The repository, with or without a revision and a file.
    """
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    folder = repo_folder_name(repo_id=repository_of(source), repo_type="model")
    return (Path(constants.HF_HUB_CACHE) / folder).is_dir()


def repository_of(source: str) -> str:
    """``"owner/name"`` of a source on the model hub; empty for none, and for a URL."""
    if is_url(source):
        return ""
    return "/".join(source.partition("@")[0].split("/")[:2])


def source_answers(source: str) -> bool:
    """Whether a repository of the model hub, or a URL, answers soon; see :func:`host_answers`."""
    from huggingface_hub import constants, get_session

    if is_url(source):
        return host_answers(source, lambda: ask_url(source))
    # The repository's own page: a proxy may let only the front page through.
    repository = repository_of(source)
    page = f"{constants.ENDPOINT}/{repository}/resolve/main/config.json"
    if not repository:
        page = constants.ENDPOINT

    def ask_hub() -> None:
        # The hub library's own session knows the user's proxies and certificates.
        get_session().head(page, timeout=CONNECT_TIMEOUT)

    return host_answers(page, ask_hub)


def host_answers(url: str, ask: Callable[[], object]) -> bool:
    """Whether a host answers soon, whatever it answers.

    A host that did not is not asked again for a minute, so that many encoders do not wait for it
    one after another.

    Args:
        url: An address of the host.
        ask: Sends one request to it, and raises anything if there is no answer.
    """
    host = urlsplit(url).netloc
    if time.monotonic() - _silent_since.get(host, -SILENCE_REMEMBERED) < SILENCE_REMEMBERED:
        return False
    answered = threading.Event()

    def try_it() -> None:
        try:
            ask()
        except HTTPError:
            pass  # an answer all the same
        except Exception:  # the session's backend, and so its errors, differ between versions
            return
        answered.set()

    # Timeouts count for each address of a host, and name servers have their own: only a thread
    # that is waited for bounds all of them together.
    thread = threading.Thread(target=try_it, daemon=True)
    thread.start()
    thread.join(2 * CONNECT_TIMEOUT)
    if not answered.is_set():
        _silent_since[host] = time.monotonic()
    return answered.is_set()


def ask_url(url: str) -> None:
    """Send one request for the head of a file; proxies are those of the environment.

    Raises:
        OSError: If there is no answer, or it is an error.
    """
    request = urllib.request.Request(url, method="HEAD", headers={"User-Agent": "latentprint"})  # noqa: S310 - http(s)
    urllib.request.build_opener().open(request, timeout=CONNECT_TIMEOUT).close()


def is_url(source: str) -> bool:
    """Whether a source is a URL and not a repository of the model hub."""
    return source.startswith(("http://", "https://"))
