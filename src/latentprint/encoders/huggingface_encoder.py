"""Vision models of the Hugging Face hub: ``hf:REPOSITORY[@REVISION]`` or ``hf:FOLDER``.

Which output is the embedding: see :class:`~latentprint.encoders.huggingface_output.Embedding`.

Only code of the transformers library runs, never that of a repository; weights are read from
safetensors, or from a pickle of which nothing but tensors is read. A model whose weights are
incomplete is refused, where the library would fill the gaps with random values.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentprint.encoders.huggingface_output import REPRESENTATIONS, Embedding
from latentprint.encoders.libraries import downloading, import_library
from latentprint.encoders.library_transforms import from_transformers
from latentprint.encoders.load_options import LoadOptions, built
from latentprint.encoders.preprocess import Preprocess
from latentprint.encoders.torch_embedding import Origin, TorchEncoder
from latentprint.encoders.torch_weights import explained
from latentprint.encoders.weight_prefixes import without_prefix
from latentprint.encoders.weights_file import read_tensors, weights_file
from latentprint.errors import LatentprintError, UsageError, unknown_name

if TYPE_CHECKING:
    import torch

# Of models with an image and a text tower, the class that is the image tower alone: with the
# projection to the shared space, and without.
TOWERS = {
    "clip": ("CLIPVisionModelWithProjection", "CLIPVisionModel"),
    "metaclip_2": ("MetaClip2VisionModelWithProjection", "MetaClip2VisionModel"),
    "siglip": ("SiglipVisionModel", "SiglipVisionModel"),
    "siglip2": ("Siglip2VisionModel", "Siglip2VisionModel"),
}
# Those that are loaded whole, and lose their text tower afterwards.
WHOLE = ("align", "altclip", "blip", "chinese_clip")
# Parameters that serve training alone, and that released weights often lack.
TRAINING_ONLY = ("mask_token",)
POOLER = "pooler."


@dataclass(frozen=True)
class Repository:
    """Where a model lies.

    Attributes:
        place: A repository of the hub, or a local folder.
        revision: Branch, tag or commit; None for the hub's own choice.
        is_local: Whether it is a folder.
    """

    place: str
    revision: str | None
    is_local: bool

    @property
    def name(self) -> str:
        """The encoder's name; of a folder, the last part of its path."""
        if self.is_local:
            return f"hf:{Path(self.place).resolve().name}"
        return f"hf:{self.place}@{self.revision}" if self.revision else f"hf:{self.place}"

    def where(self) -> dict[str, Any]:
        """What tells transformers where to look, and to run no code from there."""
        found = {"local_files_only": True} if self.is_local else {"revision": self.revision}
        return {"pretrained_model_name_or_path": self.place, "trust_remote_code": False, **found}

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Turn every failure inside into one sentence."""
        known = explained(self.place) if self.is_local else downloading(self.name, self.place)
        with _undisturbed(), known:
            yield


def load_huggingface(target: str, options: LoadOptions) -> TorchEncoder:
    """Load a vision model of the transformers library.

    Args:
        target: ``REPOSITORY``, ``REPOSITORY@REVISION`` or a local folder, with the model's and the
            image processor's configuration.
        options: How to load it; ``weights`` may be a local file of weights.

    Raises:
        UsageError: If the model is no image encoder, has no such representation, or makes other
            than square RGB images.
        LatentprintError: If transformers is not installed, the files cannot be fetched or read, or
            they lack weights that the embedding needs.
    """
    transformers = import_library("transformers", "transformers")
    repository = _repository(target)
    if options.representation not in ("", *REPRESENTATIONS):
        raise unknown_name("representation", options.representation, REPRESENTATIONS)
    with repository.reading():
        config = transformers.AutoConfig.from_pretrained(**repository.where())
        loader = _Loader(transformers, repository, config, options)
        kind, tower = loader.tower()
        preprocess = _preprocessing(transformers, repository, options)
        model = loader.load(kind, tower)
    embedding = Embedding(model, options.representation, repository.name)
    name = repository.name
    if options.representation:
        name += f"#{options.representation}"
    source = {"library": "transformers", "model": repository.name}
    return TorchEncoder(
        model,
        preprocess,
        Origin(name, "yours", {**source, "representation": embedding.representation}),
        options,
        forward=embedding,
    )


def _repository(target: str) -> Repository:
    folder = Path(target).expanduser()
    if folder.is_dir():
        return Repository(str(folder), None, is_local=True)
    if target.startswith(("/", ".", "~")):
        raise UsageError(f"There is no folder {target!r}.")
    place, _, revision = target.partition("@")
    return Repository(place, revision or None, is_local=False)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Without progress bars, and without the conversion of old weights that a thread asks for."""
    logging: Any = import_library("transformers.utils.logging", "transformers")
    variable, bars = "DISABLE_SAFETENSORS_CONVERSION", logging.is_progress_bar_enabled()
    before, verbosity = os.environ.get(variable), logging.get_verbosity()
    os.environ[variable] = "1"
    logging.disable_progress_bar()
    logging.set_verbosity(logging.CRITICAL)
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
        if before is None:
            del os.environ[variable]
        else:
            os.environ[variable] = before


def _preprocessing(transformers: Any, repository: Repository, options: LoadOptions) -> Preprocess:
    processor = transformers.AutoImageProcessor.from_pretrained(**repository.where(), backend="pil")
    try:
        return from_transformers(processor.to_dict(), options)
    except UsageError as error:
        raise UsageError(f"{repository.name}: {error}") from error


@dataclass(frozen=True)
class _Loader:
    """Builds the image tower of a model, and fills it with weights."""

    transformers: Any
    repository: Repository
    config: Any
    options: LoadOptions

    def tower(self) -> tuple[Any, Any]:
        """The class to build, of the image tower alone where there are two, and its configuration.

        Raises:
            UsageError: If the model is no image encoder.
        """
        kind, config = self._kind()
        name, given = self.repository.name, getattr(kind, "main_input_name", None)
        if self.config.model_type in WHOLE:
            if self.options.representation not in ("", "pooled"):
                raise UsageError(f"{name} has one representation, #pooled: its image features.")
        elif given != "pixel_values" or hasattr(kind, "get_image_features"):
            raise UsageError(f"{name} is no encoder of images: it takes {given}.")
        elif getattr(config, "mask_ratio", None):
            raise UsageError(f"{name} hides patches at random; take a variant without masking.")
        return kind, config

    def load(self, kind: Any, config: Any) -> torch.nn.Module:
        """Build a tower, and check that no weights are left as they were initialised.

        Raises:
            LatentprintError: If weights are missing.
        """
        optional = "add_pooling_layer" in inspect.signature(kind).parameters
        if self.options.untrained or self.options.outline:
            pooler = {"add_pooling_layer": self._has_pooler()} if optional else {}
            with built(self.options):
                return _image_part(kind(config, **pooler))
        model, missing = self._filled(kind, config)
        if missing and optional and all(name.startswith(POOLER) for name in missing):
            model, missing = self._filled(kind, config, add_pooling_layer=False)
        _check_complete(model, missing, self.repository.name)
        return _image_part(model)

    def _kind(self) -> tuple[Any, Any]:
        names = TOWERS.get(self.config.model_type)
        is_shared = self.options.representation in ("", "pooled")
        if names:
            vision = self.config.vision_config
            if hasattr(self.config, "projection_dim"):
                vision.projection_dim = self.config.projection_dim
            return getattr(self.transformers, names[0 if is_shared else 1]), vision
        saved = (self.config.architectures or [""])[0]
        if is_shared and saved.endswith("VisionModelWithProjection"):
            return getattr(self.transformers, saved), self.config
        try:
            kind = self.transformers.MODEL_MAPPING[type(self.config)]
        except KeyError as error:
            name = self.repository.name
            raise UsageError(f"transformers has no model of features for {name}.") from error
        return (kind[0] if isinstance(kind, tuple) else kind), self.config

    def _filled(self, kind: Any, config: Any, **arguments: Any) -> tuple[Any, list[str]]:
        """The model with its weights, and the names of those that were not found."""
        import torch

        common = {"config": config, "dtype": torch.float32, "output_loading_info": True}
        where = self.repository.where()
        if self.options.weights:
            path = weights_file(self.options.weights)
            _, state = without_prefix(path, read_tensors(path), _names(kind, config, arguments))
            where = {"pretrained_model_name_or_path": None, "state_dict": state}
        model, info = kind.from_pretrained(**where, **common, **arguments)
        return model, sorted(info["missing_keys"])

    def _has_pooler(self) -> bool:
        """Whether the trained model's embedding comes from a pooler, as far as is known here."""
        from safetensors import safe_open

        utils: Any = import_library("transformers.utils", "transformers")
        file = utils.cached_file(
            self.repository.place,
            "model.safetensors",
            revision=self.repository.revision,
            local_files_only=True,
            _raise_exceptions_for_missing_entries=False,
            _raise_exceptions_for_connection_errors=False,
        )
        if file is None:
            return any(name.endswith("Model") for name in self.config.architectures or [])
        with safe_open(file, "pt") as opened:
            return any(POOLER in name for name in opened.keys())  # noqa: SIM118 - no mapping


def _names(kind: Any, config: Any, arguments: dict[str, Any]) -> dict[str, torch.Tensor]:
    """Tensors without values, under the names that transformers finds in a file."""
    import torch

    with torch.device("meta"):
        own: dict[str, torch.Tensor] = kind(config, **arguments).state_dict()
    return own | {f"{kind.base_model_prefix}.{name}": each for name, each in own.items()}


def _image_part(model: Any) -> torch.nn.Module:
    """Drop a text tower that came along."""
    if hasattr(model, "get_image_features"):
        for name in ("text_model", "text_projection"):
            if hasattr(model, name):
                delattr(model, name)
    module: torch.nn.Module = model
    return module


def _check_complete(model: torch.nn.Module, missing: list[str], name: str) -> None:
    """Refuse a model that would run on random weights.

    Raises:
        LatentprintError: If weights are missing that enter inference.
    """
    import torch

    own = dict(model.named_parameters())
    needed = [each for each in missing if not each.endswith(TRAINING_ONLY)]
    needed = [each for each in needed if each in own or each in dict(model.named_buffers())]
    if needed:
        more = f" and {len(needed) - 3} more" if len(needed) > 3 else ""
        raise LatentprintError(
            f"The weights of {name} lack {', '.join(needed[:3])}{more}: the model would run on "
            "random values there."
        )
    with torch.no_grad():
        for each in missing:
            if each in own:  # never used, but part of the weights' digest
                own[each].zero_()
