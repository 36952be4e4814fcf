"""Encoders of torch.hub: ``torch:OWNER/REPO[:REF]:ENTRY`` or ``torch:FOLDER:ENTRY``."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentprint.encoders.libraries import downloading
from latentprint.encoders.load_options import LoadOptions, seeded
from latentprint.encoders.preprocess import Preprocess
from latentprint.encoders.preprocess_file import read_preprocess
from latentprint.encoders.torch_embedding import Origin, TorchEncoder, weights_digest
from latentprint.encoders.torch_weights import explained, fill, tensors_only
from latentprint.errors import LatentprintError, UsageError

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

DEFAULT_SIZE = 224


def load_hub(repo: str, entry: str, options: LoadOptions) -> TorchEncoder:
    """Load what an entry point of a torch.hub repository returns, and call it as it is.

    The code of the repository runs on this machine, with your rights: one on GitHub is others'
    code, which ``trust_code`` must allow, and a local folder is as your own. Of its weights only
    tensors are read. Where the entry point has an argument ``pretrained``, it is asked for true.
    One that returns random weights is refused. Its preprocessing is read from the first of these
    files that exists, else ImageNet's is assumed, with a warning: ``WEIGHTS.preprocess.json``
    beside a local file of weights, ``ENTRY.preprocess.json`` in the local folder or in the current
    one.

    Args:
        repo: ``OWNER/REPO[:REF]`` of GitHub, or a local folder with a ``hubconf.py``.
        entry: The entry point.
        options: How to load it; not ``untrained``.

    Raises:
        UsageError: If there is no such folder or entry point, or its code is not trusted.
        LatentprintError: If it fails, or returns something else than a module with trained weights.
    """
    name = f"torch:{repo}:{entry}"
    folder = Path(repo).expanduser()
    if options.untrained:
        raise UsageError(f"{name} has no untrained control; models of torchvision and timm do.")
    if folder.is_dir():
        name = f"torch:{folder.resolve().name}:{entry}"
    elif not re.fullmatch(r"[\w.-]+/[\w.-]+(:[\w./-]+)?", repo):
        raise UsageError(f"{repo!r} is neither a folder nor OWNER/REPO of GitHub.")
    elif not options.trust_code:
        raise UsageError(
            f"{name} runs code of https://github.com/{repo.partition(':')[0]} on this machine, "
            "with your rights: if you trust it, say so with --trust-code."
        )
    log.warning("%s: the code of this repository runs on this machine", name)
    model = _from_entry(folder, repo, entry, options, name)
    return TorchEncoder(
        model,
        _side_file(folder, entry, options),
        Origin(name, "yours", {"library": "torch.hub", "model": name}),
        options,
    )


def _from_entry(
    folder: Path, repo: str, entry: str, options: LoadOptions, name: str
) -> torch.nn.Module:
    """The module of an entry point, filled and checked."""
    wanted = not (options.weights or options.outline)
    model = _call_entry(folder, repo, entry, wanted, name, seed=0)
    if options.weights and not options.outline:
        fill(model, options.weights)
    elif wanted:
        again = _call_entry(folder, repo, entry, wanted, name, seed=1)
        if weights_digest(model) != weights_digest(again):
            raise LatentprintError(
                f"{name} returns random weights, other ones at each call; name a local file with "
                "--weights FILE."
            )
    return model


def _call_entry(
    folder: Path, repo: str, entry: str, pretrained: bool, name: str, *, seed: int
) -> torch.nn.Module:
    import torch

    hub: Any = torch.hub
    if folder.is_dir():
        if not (folder / "hubconf.py").is_file():
            raise UsageError(f"{folder} has no hubconf.py, which names its entry points.")
        place: dict[str, Any] = {"repo_or_dir": str(folder), "source": "local"}
        reading = explained(name)
    else:
        place = {"repo_or_dir": repo, "trust_repo": True, "skip_validation": True}
        reading = downloading(name, f"https://github.com/{repo.partition(':')[0]}")
    with reading, tensors_only(), seeded(seed):
        try:
            model = hub.load(model=entry, pretrained=pretrained, verbose=False, **place)
        except TypeError:  # the entry point has no such argument, or fails again below
            model = hub.load(model=entry, verbose=False, **place)
    if not isinstance(model, torch.nn.Module):
        raise LatentprintError(f"{name} returned {type(model).__name__}, not a PyTorch module.")
    return model


def _side_file(folder: Path, entry: str, options: LoadOptions) -> Preprocess:
    side = f"{entry}.preprocess.json"
    files = [folder / side] if folder.is_dir() else []
    files.append(Path(side))
    if options.weights:
        weights = options.weights.expanduser()
        files.insert(0, weights.with_name(f"{weights.name}.preprocess.json"))
    for file in files:
        if file.is_file():
            return read_preprocess(file, options.margin)
    log.warning(
        "%s is missing: assuming %d px, ImageNet's mean and std",
        " or ".join(str(file) for file in files),
        DEFAULT_SIZE,
    )
    return Preprocess(DEFAULT_SIZE, DEFAULT_SIZE)
