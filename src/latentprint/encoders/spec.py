"""Encoder specifications: from a word on the command line to an encoder."""

from __future__ import annotations

import difflib
import importlib.util
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from latentprint.encoders.catalogue import nearest, published_encoder, split_representation
from latentprint.encoders.encoder import Encoder
from latentprint.encoders.forms import FORMS, RANDOM, WORDS
from latentprint.encoders.load_options import LoadOptions, Precision
from latentprint.encoders.naming import split_name, split_weights
from latentprint.encoders.preprocess import Margin
from latentprint.encoders.weights_file import weights_file
from latentprint.errors import UsageError, unknown_name
from latentprint.files import as_path

DEFAULT_NAMES = ("default", "efficientnet-lite0")


@dataclass(frozen=True)
class Parsed:
    """A specification in its parts: ``[NAME=][random:]KEY:REST[#REPRESENTATION][@FILE]``.

    ``key`` is a key of :data:`FORMS`; ``default`` has no rest. ``weights`` is a local file.
    """

    key: str
    rest: str
    representation: str = ""
    untrained: bool = False
    name: str = ""
    weights: Path | None = None

    @property
    def model(self) -> str:
        """The specification of the trained encoder, without a name or weights of the user's."""
        model = f"{self.key}:{self.rest}" if self.rest else self.key
        return f"{model}#{self.representation}" if self.representation else model

    @property
    def full_spec(self) -> str:
        """The specification in full, where it was given by a published name too."""
        name = f"{self.name}=" if self.name else ""
        file = f"@{self.weights}" if self.weights else ""
        return f"{name}{f'{RANDOM}:' * self.untrained}{self.model}{file}"

    @property
    def has_control(self) -> bool:
        """Whether the same architecture can be built with untrained weights."""
        control = FORMS[self.key].control
        return control is not None and self.rest.startswith(control) and not self.untrained


def load_encoder(
    spec: str,
    *,
    device: str = "auto",
    precision: Precision = "float32",
    margin: Margin = "published",
    seed: int = 0,
    weights: Path | str | None = None,
    layers: tuple[int, ...] | Literal["all"] = (),
    compile: bool = False,  # noqa: A002 - as PyTorch calls it
    trust_code: bool = False,
) -> Encoder:
    """Load an encoder.

    Args:
        spec: One of the forms that :func:`list_encoders` lists, or the name or alias of a
            published encoder.
        device: ``"auto"`` (CUDA, else MPS, else the CPU) or a PyTorch device. Like the precision
            and compilation without effect on ``pixels``, which is computed on the CPU.
        precision: Number format of the forward pass.
        margin: ``"published"`` sees the photo's whole shorter side, as the study does;
            ``"model"`` fits and crops as the model's own preprocessing does. An encoder that
            brings its own preprocessing (ONNX, Python, pixels) keeps it.
        seed: Seed of untrained weights.
        weights: A local file of weights, instead of those that the library would fetch.
        layers: Blocks whose pooled features are wanted too, counted from 1, or ``"all"``.
        compile: Compile the network with ``torch.compile``.
        trust_code: Run the code of a torch.hub repository on GitHub, which
            ``torch:OWNER/REPO:ENTRY`` needs: it has your rights on this machine.

    Raises:
        UsageError: If the specification, or an option, is not valid.
        LatentprintError: If a library or weights are missing, or the encoder is not sound.
    """
    options = LoadOptions(
        device,
        precision,
        margin,
        seed,
        weights=as_path(weights) if weights else None,
        layers=layers,
        compile=compile,
        trust_code=trust_code,
    )
    return _load(spec, options)


def describe_encoder(
    spec: str, *, margin: Margin = "published", trust_code: bool = False
) -> Encoder:
    """Build an encoder without its weights: to read its sizes and preprocessing, not to run it.

    It needs the encoder's library, but neither a network nor memory for weights. An ONNX file and
    Python code are loaded all the same, as they hold what describes them.

    Args:
        spec: See :func:`load_encoder`.
        margin: See :func:`load_encoder`.
        trust_code: See :func:`load_encoder`.

    Returns:
        An encoder with name, family, input size, dimension and preprocessing; ``embed`` fails.

    Raises:
        UsageError: If the specification is not valid.
        LatentprintError: If a library is missing, or the encoder is not sound.
    """
    return _load(spec, LoadOptions("cpu", margin=margin, outline=True, trust_code=trust_code))


def untrained_spec(spec: str) -> str | None:
    """The specification of an encoder's untrained control, or None if it has none.

    Raises:
        UsageError: If the specification is of no known form.
    """
    parsed = parse_spec(spec)
    if not parsed.has_control:
        return None
    if not parsed.name and not parsed.weights:
        return f"{RANDOM}:{spec}"
    return replace(parsed, untrained=True, weights=None).full_spec


def list_encoders() -> list[dict[str, Any]]:
    """List the forms of specification.

    Returns:
        For each form: ``spec``, ``explanation``, ``library``, whether it is ``installed``, and
        whether it is the ``default``.
    """
    forms = [(form.spec, form.explanation, form.library) for form in FORMS.values()]
    return [
        {
            "spec": spec,
            "explanation": explanation,
            "library": library,
            "installed": importlib.util.find_spec(library) is not None,
            "default": spec == "default",
        }
        for spec, explanation, library in (*forms, *WORDS)
    ]


def parse_spec(spec: str) -> Parsed:
    """Split a specification into its parts; a published name becomes the form that loads it.

    Raises:
        UsageError: If it is of no known form, with the nearest one, or a name cannot be used.
    """
    if not isinstance(spec, str):
        raise UsageError(f"An encoder is named by a text, as in default, not by {spec!r}.")
    name, plain = split_name(spec)
    if name and published_encoder(name):
        raise UsageError(f"{name!r} is the name of a published encoder: choose another.")
    plain, weights = split_weights(plain)
    return replace(_parse_plain(plain), name=name, weights=weights)


def _parse_plain(spec: str) -> Parsed:
    prefix, colon, rest = spec.partition(":")
    if colon and prefix == RANDOM:
        return _parse_untrained(rest)
    known = published_encoder(spec)
    if known:
        prefix, colon, rest = known.spec.partition(":")
    if not colon and spec in DEFAULT_NAMES:
        return Parsed("default", "")
    if not colon:
        raise _bare_word(spec)
    prefixes = [key for key in FORMS if key != "default"]
    if prefix not in prefixes:
        raise unknown_name("form of encoder", prefix, [*prefixes, RANDOM])
    form = FORMS[prefix]
    # A file's own name may hold a "#".
    model, representation = (rest, "") if Path(rest).exists() else split_representation(rest)
    if not model:
        raise UsageError(f"{spec!r} names no encoder; write {form.spec}.")
    if representation and not form.represented:
        raise UsageError(f"{spec!r}: {form.spec} has one representation; leave out the '#'.")
    return Parsed(prefix, model, representation)


def _load(spec: str, options: LoadOptions) -> Encoder:
    parsed = parse_spec(spec)
    if parsed.weights and options.weights:
        raise UsageError(f"{spec!r} names its file of weights: leave out --weights.")
    weights = parsed.weights or options.weights
    if parsed.untrained and weights:
        raise UsageError(f"{spec!r} is untrained: it takes no file of weights.")
    if parsed.weights:
        weights_file(parsed.weights)
    asked = replace(
        options,
        untrained=parsed.untrained,
        representation=parsed.representation,
        weights=weights,
        name=parsed.name,
    )
    return FORMS[parsed.key].load(parsed.rest, asked)


def _parse_untrained(spec: str) -> Parsed:
    if not spec:
        raise UsageError(f"'{RANDOM}:' names no encoder; write {RANDOM}:SPEC.")
    parsed = _parse_plain(spec)
    if not parsed.has_control:
        able = [key for key, form in FORMS.items() if form.control is not None]
        raise UsageError(
            f"{spec!r} has no untrained control; published names and {', '.join(able)} have."
        )
    return replace(parsed, untrained=True)


def _bare_word(word: str) -> UsageError:
    """Guess what a word without a colon was meant to be."""
    guess = _guess(word)
    hint = f" Did you mean {guess!r}?" if guess else nearest(word)
    forms = ", ".join(each["spec"] for each in list_encoders())
    return UsageError(f"There is no encoder {word!r}.{hint} An encoder is one of: {forms}.")


def _guess(word: str) -> str | None:
    import timm

    if timm.is_model(word.partition(".")[0]):
        return f"timm:{word}"
    if word.endswith(".onnx"):
        return f"onnx:{word}"
    if word in FORMS:
        return FORMS[word].spec
    near = difflib.get_close_matches(word.lower(), DEFAULT_NAMES, n=1, cutoff=0.7)
    return near[0] if near else None
