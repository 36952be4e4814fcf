"""The 47 published encoders: the ICCV 2025 study's names, and where their weights are today."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources

from latentprint.encoders.naming import split_name, split_weights
from latentprint.errors import UsageError, unknown_name
from latentprint.several import several

ALL = "published"
"""The word that stands for every published encoder."""

FAMILIES = {
    "CVL": "contrastive vision-language",
    "SUP": "supervised",
    "SSL": "self-supervised",
}
"""The study's families, in its order."""


@dataclass(frozen=True)
class PublishedEncoder:
    """One encoder of the study (arXiv 2508.10637), known before any of its weights are loaded.

    Attributes:
        name: The study's name, such as ``"CLIP (ViT-B/16, WIT)"``.
        alias: The same, short and safe in a shell: ``"clip-vit-b-16-wit"``.
        family: ``"CVL"``, ``"SUP"`` or ``"SSL"``: see :data:`FAMILIES`.
        spec: The full specification, ``FORM:REST[#REPRESENTATION]``.
        dimension: Length D of the embedding.
        input_size: Side of the square input, in pixels.
        weights: Where the library fetches the weights: a repository of the model hub, or a URL.
        release: URL of the file that its makers released, where the library fetches another copy.
        sha256: Published SHA-256 of the released file, whole or its first digits; empty where
            none is published. Whatever the file, the manifest of a store of embeddings records a
            digest of the tensors that were loaded.
        note: What else tells this encoder from others; may be empty.
    """

    name: str
    alias: str
    family: str
    spec: str
    dimension: int
    input_size: int
    weights: str
    release: str
    sha256: str
    note: str

    @property
    def library(self) -> str:
        """The form of its specification: ``"open_clip"``, ``"timm"`` or ``"checkpoint"``."""
        return self.spec.partition(":")[0]

    @property
    def model(self) -> str:
        """The library's name of the model, with its tag."""
        return split_representation(self.spec)[0].partition(":")[2]

    @property
    def representation(self) -> str:
        """The output that is the embedding; empty for the library's usual one."""
        return split_representation(self.spec)[1]


@cache
def published_encoders() -> tuple[PublishedEncoder, ...]:
    """The 47 published encoders, in the study's order."""
    text = resources.files("latentprint").joinpath("data/encoders.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple(_encoder(row) for row in rows)


def _encoder(row: dict[str, str]) -> PublishedEncoder:
    numbers = {key: int(row.pop(key)) for key in ("dimension", "input_size")}
    return PublishedEncoder(**row, **numbers)  # type: ignore[arg-type]


def split_representation(spec: str) -> tuple[str, str]:
    """Split ``"timm:MODEL#class_token"`` into its model and its representation, which may be empty.

    Of several ``#``, the last counts: a path before it may hold others.
    """
    model, mark, representation = spec.rpartition("#")
    return (model, representation) if mark else (spec, "")


def find_published(
    patterns: Sequence[str] = (), family: str | None = None
) -> list[PublishedEncoder]:
    """Find published encoders by name, alias, specification or glob.

    Letter case does not matter, nor whether ``×`` is written ``x``.

    Args:
        patterns: ``"CLIP (ViT-B/16, WIT)"``, ``"clip-vit-b-16-wit"``, ``"dinov2-*"``,
            ``"*clip*"`` or ``"published"``; none for all.
        family: ``"CVL"``, ``"SUP"`` or ``"SSL"`` to leave out the others.

    Returns:
        The encoders that any pattern names, each once, in the study's order.

    Raises:
        UsageError: If a pattern names no encoder (of the family), with the nearest names; or
            there is no such family.
    """
    known = published_encoders()
    among = [each for each in known if family is None or each.family == _family(family)]
    found: set[PublishedEncoder] = set()
    for pattern in map(str, several(patterns) or (ALL,)):
        named = [each for each in among if _names(pattern, each)]
        if not named:
            raise _nothing_named(pattern, family)
        found.update(named)
    return [each for each in among if each in found]


def published_encoder(spec: str) -> PublishedEncoder | None:
    """Look up one published encoder by its exact name, alias or specification.

    A library's specification without a representation is the published encoder's too, as the
    study takes the usual embedding of each library; so is OpenCLIP's second name of the models
    with QuickGELU, with OpenAI's weights.
    """
    wanted, plain = _folded(spec), _plain(spec)
    for each in published_encoders():
        if wanted in (_folded(each.name), _folded(each.alias)):
            return each
        if plain in (each.spec, split_representation(each.spec)[0]):
            return each
    return None


def published_identity(spec: str) -> tuple[str, str]:
    """The study's name and family of an encoder; for any other, its specification and "yours"."""
    known = published_encoder(spec)
    return (known.name, known.family) if known else (spec, "yours")


def expand_specs(specs: Sequence[str] = (), family: str | None = None) -> list[str]:
    """Turn what a user asks for into full specifications, each once, in the order asked.

    Args:
        specs: Names, aliases, globs (``"dinov2-*"``) and ``"published"`` become the
            specifications of the catalogue; every other specification stays as it is.
        family: Leaves out published encoders of other families; alone, without ``specs``, it
            stands for all of the family.

    Raises:
        UsageError: See :func:`find_published`.
    """
    asked = specs or ([ALL] if family else [])
    expanded = [full for spec in asked for full in _expand(spec, family)]
    return list(dict.fromkeys(expanded))


def _expand(asked: str, family: str | None) -> list[str]:
    name, plain = split_name(asked)
    spec, weights = split_weights(plain)
    found = _expand_plain(spec, family)
    if not name and weights is None:
        return found
    if len(found) > 1:
        raise UsageError(
            f"{asked!r} names {len(found)} encoders: a name or a file of weights is for one."
        )
    file = f"@{weights}" if weights else ""
    return [f"{name}={found[0]}{file}" if name else f"{found[0]}{file}"]


def _expand_plain(spec: str, family: str | None) -> list[str]:
    # A file's path may hold the characters of a glob: what has a colon is no pattern.
    pattern = ":" not in spec and _is_glob(spec)
    if not pattern and spec.casefold() != ALL and (":" in spec or not published_encoder(spec)):
        return [spec]
    return [each.spec for each in find_published([spec], family)]


def _family(family: str) -> str:
    if family.upper() not in FAMILIES:
        raise unknown_name("family", family, FAMILIES)
    return family.upper()


def _names(pattern: str, encoder: PublishedEncoder) -> bool:
    wanted = _folded(pattern)
    if wanted == ALL:
        return True
    if _is_glob(pattern):
        names = (encoder.name, encoder.alias)
        return any(fnmatchcase(_folded(name), wanted) for name in names)
    return published_encoder(pattern) == encoder


def _is_glob(pattern: str) -> bool:
    return re.search(r"[*?\[]", pattern) is not None


def _folded(name: str) -> str:
    return name.strip().casefold().replace("×", "x")


def _plain(spec: str) -> str:
    """A specification under OpenCLIP's first name of a model."""
    return re.sub(r"^(open_clip:.*)-quickgelu(/openai)$", r"\1\2", spec)


def _nothing_named(pattern: str, family: str | None) -> UsageError:
    of_family = f" of the family {family.upper()}" if family else ""
    return UsageError(
        f"There is no published encoder{of_family} {pattern!r}.{nearest(pattern)} "
        "`latentprint encoders list` shows all."
    )


def nearest(word: str, count: int = 3) -> str:
    """A sentence with the published names nearest to a word, or nothing if none is near."""
    known = {_folded(each.alias): each.alias for each in published_encoders()}
    known |= {_folded(each.name): each.alias for each in published_encoders()}
    near = difflib.get_close_matches(_folded(word).replace("_", "-"), known, n=count, cutoff=0.6)
    names = dict.fromkeys(known[each] for each in near)
    return f" Nearest: {', '.join(names)}." if names else ""
