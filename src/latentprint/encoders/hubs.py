"""Where weights come from: a repository of the model hub, or a URL; and what is said without."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from latentprint.errors import LatentprintError
from latentprint.http import CONNECT_TIMEOUT, host_answers


class WeightsMissingError(LatentprintError):
    """Weights are neither in the cache nor to be fetched.

    Attributes:
        cause: Why, in words that fit the weights of several encoders: "The weights of X are …".
    """

    def __init__(self, what: str, cause: str) -> None:
        super().__init__(f"The weights of {what} are {cause}")
        self.cause = cause


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
    """Whether a repository of the model hub, or a URL, answers soon; see ``host_answers``."""
    from huggingface_hub import constants, get_session

    if is_url(source):
        return host_answers(source)
    # The repository's own page: a proxy may let only the front page through.
    repository = repository_of(source)
    page = f"{constants.ENDPOINT}/{repository}/resolve/main/config.json"
    if not repository:
        page = constants.ENDPOINT

    def ask_hub() -> None:
        # The hub library's own session knows the user's proxies and certificates.
        get_session().head(page, timeout=CONNECT_TIMEOUT)

    return host_answers(page, ask_hub)


def is_url(source: str) -> bool:
    """Whether a source is a URL and not a repository of the model hub."""
    return source.startswith(("http://", "https://"))
