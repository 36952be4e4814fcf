"""What trainers put before the names of an encoder's tensors: found by the names of the model."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

PREFIXES = (
    "_orig_mod", "module", "model", "net", "encoder", "backbone", "teacher", "student",
)  # fmt: skip
"""Compilation and parallel training, Lightning, wrappers, and self-distillation (DINO, iBOT)."""

Tensors = dict[str, Any]


def without_prefix(
    path: Path,
    tensors: Tensors,
    own: Mapping[str, Any],
    mapped: Callable[[Tensors], Tensors] = dict,
) -> tuple[str, Tensors]:
    """Take the tensors of the encoder out of what a training saved, and say so.

    Of all chains of ``PREFIXES`` that begin names of the file, none included, the one is taken
    below which most of the model's tensors stand. Where several hold as many, no prefix goes
    first, and a teacher before its student, as the makers of such encoders evaluate.

    Args:
        path: The file, for messages.
        tensors: All of its tensors.
        own: The model's tensors by name, of which the shapes count.
        mapped: Brings names of a release to those of the model.

    Returns:
        The prefix, with its full stop, or nothing; and the tensors below it, without it and not
        mapped.
    """
    below = {each: _below(tensors, each) for each in _candidates(tensors)}
    found = {each: _fitting(part, own, mapped) for each, part in below.items()}
    prefix = max(found, key=lambda each: found[each])
    if prefix:
        _say(path, prefix, tensors, [each for each in found if found[each] == found[prefix]])
    return prefix, below[prefix]


def _candidates(tensors: Tensors) -> list[str]:
    found = {""}
    for name in tensors:
        prefix = ""
        for part in name.split(".")[:-1]:
            if part not in PREFIXES:
                break
            prefix += f"{part}."
            found.add(prefix)
    return sorted(found, key=lambda each: ("student" in each, len(each), each))


def _below(tensors: Tensors, prefix: str) -> Tensors:
    return {
        name.removeprefix(prefix): each for name, each in tensors.items() if name.startswith(prefix)
    }


def _fitting(tensors: Tensors, own: Mapping[str, Any], mapped: Callable[[Tensors], Tensors]) -> int:
    """How many of the model's tensors are there, in their shapes."""
    try:
        names = mapped(dict(tensors))  # some change what they are given
    except Exception:  # a mapping is made for the names of a release, and may fail on any other
        return 0
    return sum(name in own and own[name].shape == each.shape for name, each in names.items())


def _say(path: Path, prefix: str, tensors: Tensors, equal: list[str]) -> None:
    beside = Counter(name.partition(".")[0] for name in tensors if not name.startswith(prefix))
    left = ", ".join(f"{name} ({count})" for name, count in beside.most_common())
    others = " and ".join(repr(each) for each in equal if each != prefix)
    log.warning(
        "%s: the encoder's tensors are those below %r%s.%s",
        path,
        prefix,
        f", as complete below {others}" if others else "",
        f" Left out beside them: {left}." if left else "",
    )
