"""Preprocessing that a side file describes: our own JSON, or a Hugging Face image processor's."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

from latentprint.encoders.library_transforms import from_transformers, processor_name
from latentprint.encoders.load_options import LoadOptions
from latentprint.encoders.preprocess import Margin, Preprocess
from latentprint.errors import LatentprintError

HUGGING_FACE_KEYS = ("image_processor_type", "feature_extractor_type", "image_mean", "do_resize")
TUPLES = ("mean", "std", "fill")


def read_preprocess(path: Path, margin: Margin = "model") -> Preprocess:
    """Read a preprocessing.

    Args:
        path: A JSON file with the fields of :class:`Preprocess`, which count as they are; or
            Hugging Face's ``preprocessor_config.json``.
        margin: Applied to the latter.

    Raises:
        LatentprintError: If the file cannot be read, or holds neither, or gives no square photos.
    """
    return parse_preprocess(read_object(path), path, margin)


def read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        LatentprintError: If the file cannot be read, or holds something else.
    """
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LatentprintError(f"{path} does not hold a preprocessing: {error}") from error
    if not isinstance(fields, dict):
        raise LatentprintError(f"{path} does not hold a preprocessing, but a list or a value.")
    return fields


def parse_preprocess(fields: dict[str, Any], path: Path, margin: Margin) -> Preprocess:
    """Turn the contents of a side file into a preprocessing; see :func:`read_preprocess`."""
    try:
        if any(key in fields for key in HUGGING_FACE_KEYS):
            return from_transformers(_completed(fields), LoadOptions(margin=margin))
        listed = {key: tuple(fields[key]) for key in TUPLES if key in fields}
        return Preprocess(**{**fields, **listed})
    except (LatentprintError, TypeError, ValueError) as error:
        raise LatentprintError(f"{path} does not hold a preprocessing: {error}") from error


def _completed(config: dict[str, Any]) -> dict[str, Any]:
    """Fill in what old files leave to the library's defaults, if transformers is installed."""
    if importlib.util.find_spec("transformers") is None:
        return config
    import transformers

    name = processor_name(config)
    kind = getattr(transformers, f"{name}Pil", None) or getattr(transformers, name, None)
    if kind is None:
        return config
    completed: dict[str, Any] = {**kind.from_dict(config).to_dict(), "image_processor_type": name}
    return completed
