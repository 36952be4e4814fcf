"""latentprint: find out what a visual encoder knows about the camera.

Names are loaded when they are first used, so that ``import latentprint`` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from latentprint.embeddings import Extraction, extract, open_collection
    from latentprint.encoders import Encoder, Preprocess, list_encoders, load_encoder
    from latentprint.errors import LatentprintError, UsageError
    from latentprint.experiments import influence, probe
    from latentprint.photos import Photos, open_photos
    from latentprint.pipeline import Audit, Loading, audit, embed
    from latentprint.processing import ATTRIBUTES, Attribute, Processing
    from latentprint.report import write_report

_HOMES = {
    "embeddings": ("Extraction", "extract", "open_collection"),
    "encoders": ("Encoder", "Preprocess", "list_encoders", "load_encoder"),
    "errors": ("LatentprintError", "UsageError"),
    "experiments": ("influence", "probe"),
    "photos": ("Photos", "open_photos"),
    "pipeline": ("Audit", "Loading", "audit", "embed"),
    "processing": ("ATTRIBUTES", "Attribute", "Processing"),
    "report": ("write_report",),
}

__all__ = [
    "ATTRIBUTES",
    "Attribute",
    "Audit",
    "Encoder",
    "Extraction",
    "LatentprintError",
    "Loading",
    "Photos",
    "Preprocess",
    "Processing",
    "UsageError",
    "audit",
    "embed",
    "extract",
    "influence",
    "list_encoders",
    "load_encoder",
    "open_collection",
    "open_photos",
    "probe",
    "write_report",
]


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
