"""Encoders in memory, a few at a time, and those among many that fail."""

from __future__ import annotations

import gc
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from latentprint.embeddings.extract import is_maskable
from latentprint.encoders.catalogue import expand_specs, published_encoder
from latentprint.encoders.encoder import Encoder
from latentprint.encoders.hubs import WeightsMissingError
from latentprint.encoders.load_options import LoadOptions, resolve_device
from latentprint.encoders.naming import split_name
from latentprint.encoders.pixel_statistics import PIXEL_CONTROLS
from latentprint.encoders.spec import (
    describe_encoder,
    load_encoder,
    parse_spec,
    untrained_spec,
)
from latentprint.errors import LatentprintError, UsageError
from latentprint.jobs.erased_encoder import ErasedEncoder
from latentprint.jobs.loading import Loading, memory_for_weights
from latentprint.jobs.members import Member, reason_of
from latentprint.results import LeftOut
from latentprint.several import several

logger = logging.getLogger(__name__)

_NAMED_AT_MOST = 3


@dataclass
class EncoderGroups:
    """The encoders that were asked for, loaded in groups that fit into memory.

    Attributes:
        asked: Full specifications and encoder objects.
        loading: How they are loaded.
        seed: Seeds the weights of untrained controls.
        failed: Specifications of encoders that could not be loaded, or failed on photos, with the
            reason.
    """

    asked: list[str | Encoder]
    loading: Loading
    seed: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    _base_of: dict[str, str] = field(default_factory=dict)
    _signatures: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, encoders: Sequence[str | Encoder], loading: Loading, *, seed: int = 0
    ) -> EncoderGroups:
        """Expand what was asked for.

        Args:
            encoders: Specifications; names, aliases and globs of the catalogue; encoder objects
                (these have no untrained control). None for the default encoder, or for all of
                ``loading.family``.
            loading: How to load them.
            seed: Seeds the weights of untrained controls.

        Raises:
            UsageError: A name, a specification or the device is not known, or a file of weights
                is given for several encoders.
        """
        LoadOptions(loading.device, loading.precision, loading.margin)
        resolve_device(loading.device, loading.precision)
        encoders = several(encoders)
        objects = [each for each in encoders if not isinstance(each, str)]
        for each in objects:
            if not hasattr(each, "embed"):
                raise UsageError(f"{each!r} is no encoder, nor does it name one.")
        specs = [each for each in encoders if isinstance(each, str)]
        if not encoders and not loading.family:
            specs = ["default"]
        specs = expand_specs(specs, loading.family) if specs or loading.family else []
        asked: list[str | Encoder] = [*specs, *objects]
        if loading.weights is not None and (len(asked) != 1 or objects):
            raise UsageError(
                f"--weights {loading.weights} is for exactly one encoder that is named, and "
                f"{len(asked)} are asked for."
            )
        for spec in specs:
            untrained_spec(spec)  # a single encoder is built no more than once
        _refuse_equal_names(specs)
        if loading.eraser is not None and (len(asked) != 1 or loading.layers):
            raise UsageError("An eraser is for exactly one encoder, without --layers.")
        if len(asked) > 1:
            _refuse_misspelt(specs, trust_code=loading.trust_code)
        return cls(asked, loading, seed)

    def load(self, *, mask: float = 0.0) -> Iterator[list[Member]]:
        """Load the encoders, each with its blocks and followed by its untrained control.

        The pixel controls come at the end of the first group. A group is emptied before the next
        one is loaded, so that its memory is free: keep none of its members.

        Args:
            mask: Share of the crop that will be masked. ``pixels:dct`` is left out under a mask:
                it reads the whole photo, which no mask of the crop can cover.

        Raises:
            UsageError: Two different encoders have one name.
            LatentprintError: None of the encoders could be loaded, or, in the end, used.
        """
        group: list[Member] = []
        controls = PIXEL_CONTROLS if self.loading.control else ()
        for wanted in self._wanted():
            group += self._members(wanted)
            if sum(each.megabytes for each in group) > self._memory_mb(group):
                group += self._pixel_controls(controls, mask)
                yield group
                controls = ()
                _empty(group)
        if group and not self._all_failed:
            group += self._pixel_controls(controls, mask)
            yield group
            _empty(group)
        if self._all_failed:
            raise self._none_left()

    def again(self, specs: Sequence[str], names: Sequence[str]) -> list[Member]:
        """Load some encoders again, as in another process.

        Args:
            specs: The specifications of the members that are wanted.
            names: Their names, in the order in which they are wanted.

        Raises:
            LatentprintError: One cannot be loaded.
        """
        objects = {each.name: each for each in self.asked if not isinstance(each, str)}
        wanted: list[str | Encoder] = [objects.get(spec, spec) for spec in specs]
        found = {each.name: each for one in wanted for each in self._members(one)}
        if lost := [name for name in names if name not in found]:
            raise LatentprintError(f"{lost[0]} cannot be loaded here: {[*self.failed.values()]}")
        return [found[name] for name in names]

    def fail(self, spec: str, error: LatentprintError) -> None:
        """Note a failure, and tell it at once unless another encoder failed for the same reason.

        Raises:
            LatentprintError: The same, if no other encoder is asked for.
        """
        if len(self.asked) == 1:
            raise error
        missing = isinstance(error, WeightsMissingError)
        reason = f"the weights are {error.cause}" if missing else str(error)  # type: ignore[attr-defined]
        if reason not in self.failed.values():
            logger.warning("Left out: encoder %s: %s", spec, error)
        # The error itself would keep alive what its traceback refers to: networks.
        self.failed[spec] = reason

    def usable(self, members: Sequence[Member]) -> list[Member]:
        """Those that did not fail, and are not the control of one that did."""
        names = ((each, {each.spec, self._base_of.get(each.spec, "")}) for each in members)
        return [each for each, specs in names if not self.failed.keys() & specs]

    def left_out(self) -> list[LeftOut]:
        """The encoders that could not be used, and why."""
        return [LeftOut(reason, encoder=spec) for spec, reason in self.failed.items()]

    @property
    def _all_failed(self) -> bool:
        names = (each if isinstance(each, str) else each.name for each in self.asked)
        return all(name in self.failed for name in names)

    def _none_left(self) -> LatentprintError:
        said = []
        for reason, specs in _by_reason(self.failed).items():
            named, more = ", ".join(specs[:_NAMED_AT_MOST]), len(specs) - _NAMED_AT_MOST
            said.append(f"{named}{f' and {more} more' if more > 0 else ''}: {reason}")
        return LatentprintError(
            f"None of the {len(self.asked)} encoders can be used. {' '.join(said)}"
        )

    def _wanted(self) -> Iterator[str | Encoder]:
        for encoder in self.asked:
            yield encoder
            if isinstance(encoder, str) and self.loading.control and encoder not in self.failed:
                control = untrained_spec(encoder)
                if control:
                    self._base_of[control] = encoder
                    yield control

    def _members(self, wanted: str | Encoder) -> list[Member]:
        if not isinstance(wanted, str):
            return self._new([Member(wanted.name, self._erased(wanted))])
        try:
            encoder = self._load(wanted)
        except LatentprintError as error:
            self.fail(wanted, error)
            return []
        if wanted in self.asked:
            encoder = self._erased(encoder)
        blocks: list[Encoder] = getattr(encoder, "block_encoders", list)()
        return self._new([Member(wanted, each) for each in (encoder, *blocks)])

    def _erased(self, encoder: Encoder) -> Encoder:
        eraser = self.loading.eraser
        return encoder if eraser is None else ErasedEncoder(encoder, eraser)

    def _load(self, spec: str) -> Encoder:
        how = self.loading
        try:
            return load_encoder(
                spec,
                device=how.device,
                precision=how.precision,
                margin=how.margin,
                seed=self.seed,
                weights=how.weights if spec in self.asked else None,
                layers=how.layers,
                compile=how.compile,
                trust_code=how.trust_code,
            )
        except (MemoryError, RuntimeError) as error:  # what PyTorch raises where memory is full
            raise LatentprintError(f"{spec} cannot be loaded: {reason_of(error)}") from error

    def _pixel_controls(self, specs: Sequence[str], mask: float) -> list[Member]:
        members = [Member(spec, load_encoder(spec)) for spec in specs]
        return self._new([each for each in members if not mask or is_maskable(each)])

    def _new(self, members: Sequence[Member]) -> list[Member]:
        """Those that were not loaded before.

        Raises:
            UsageError: One has the name of an encoder that is another.
        """
        new = []
        for each in members:
            signature = json.loads(
                json.dumps({**each.identity(), "preprocess": each.preprocess.as_dict()})
            )
            if each.name not in self._signatures:
                self._signatures[each.name] = each.spec, signature
                new.append(each)
            spec, before = self._signatures[each.name]
            differing = [key for key in signature if signature[key] != before.get(key)]
            if differing:
                raise UsageError(
                    f"{spec} and {each.spec} are both named {each.name!r}, but differ in "
                    f"{', '.join(differing)}: their embeddings would be mixed up; give them "
                    "different names (NAME=SPEC), or embed them into different folders."
                )
        return new

    def _memory_mb(self, group: Sequence[Member]) -> float:
        if self.loading.memory_mb is not None:
            return self.loading.memory_mb
        return memory_for_weights(group[0].device if group else "cpu")


def _refuse_equal_names(specs: Sequence[str]) -> None:
    """Refuse a name that is given twice, before anything is loaded.

    Raises:
        UsageError: Two encoders have it.
    """
    given: dict[str, str] = {}
    for spec in specs:
        name = split_name(spec)[0]
        if name and name in given:
            raise UsageError(
                f"{given[name]} and {spec} are both named {name!r}: give them different names."
            )
        given[name] = spec


def _refuse_misspelt(specs: Sequence[str], *, trust_code: bool) -> None:
    """Find mistakes before the first encoder takes an hour; other failures have their own time.

    Raises:
        UsageError: A specification is not valid.
    """
    for spec in specs:
        parsed = parse_spec(spec)
        published = published_encoder(parsed.model) and not parsed.weights
        if published or parsed.key in ("python", "onnx", "pixels"):
            continue  # known to be right, or read as a whole to be described
        try:
            describe_encoder(spec, trust_code=trust_code)
        except UsageError:
            raise
        except LatentprintError:
            continue


def _empty(group: list[Member]) -> None:
    import torch

    group.clear()
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _by_reason(failed: dict[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for spec, reason in failed.items():
        found.setdefault(reason, []).append(spec)
    return found
