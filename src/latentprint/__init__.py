"""latentprint: find out what a visual encoder knows about the camera.

Names are loaded when they are first used, so that ``import latentprint`` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from latentprint.article import (
        write_article,
    )
    from latentprint.embeddings import (
        Extraction,
        extract,
        open_collection,
        open_own_vectors,
        open_study_files,
        select_photos,
        with_labels,
    )
    from latentprint.encoders import (
        Encoder,
        Preprocess,
        describe_encoder,
        find_published,
        list_encoders,
        load_encoder,
    )
    from latentprint.errors import (
        LatentprintError,
        UsageError,
    )
    from latentprint.experiments import (
        Guards,
        PairsOptions,
        ProbeOptions,
        correlate,
        decompose_variance,
        influence,
        near_duplicates,
        probe_label,
        probe_processing,
    )
    from latentprint.jobs import (
        Audit,
        Loading,
        StudyFiles,
        audit,
        compare_stored,
        embed,
        influence_stored,
        pairs_stored,
        probe_stored,
        robustness_stored,
    )
    from latentprint.photos import (
        Photos,
        exif_table,
        open_photos,
        read_exif,
    )
    from latentprint.processing import (
        ATTRIBUTES,
        Attribute,
        Processing,
        read_attribute,
    )
    from latentprint.report import (
        write_markdown,
        write_report,
    )

_HOMES = {
    "article": ("write_article",),
    "embeddings": (
        "Extraction",
        "extract",
        "open_collection",
        "open_own_vectors",
        "open_study_files",
        "select_photos",
        "with_labels",
    ),
    "encoders": (
        "Encoder",
        "Preprocess",
        "describe_encoder",
        "find_published",
        "list_encoders",
        "load_encoder",
    ),
    "errors": (
        "LatentprintError",
        "UsageError",
    ),
    "experiments": (
        "Guards",
        "PairsOptions",
        "ProbeOptions",
        "correlate",
        "decompose_variance",
        "influence",
        "near_duplicates",
        "probe_label",
        "probe_processing",
    ),
    "jobs": (
        "Audit",
        "Loading",
        "StudyFiles",
        "audit",
        "compare_stored",
        "embed",
        "influence_stored",
        "pairs_stored",
        "probe_stored",
        "robustness_stored",
    ),
    "photos": (
        "Photos",
        "exif_table",
        "open_photos",
        "read_exif",
    ),
    "processing": (
        "ATTRIBUTES",
        "Attribute",
        "Processing",
        "read_attribute",
    ),
    "report": (
        "write_markdown",
        "write_report",
    ),
}

__all__ = [
    "ATTRIBUTES",
    "Attribute",
    "Audit",
    "Encoder",
    "Extraction",
    "Guards",
    "LatentprintError",
    "Loading",
    "PairsOptions",
    "Photos",
    "Preprocess",
    "ProbeOptions",
    "Processing",
    "StudyFiles",
    "UsageError",
    "audit",
    "compare_stored",
    "correlate",
    "decompose_variance",
    "describe_encoder",
    "embed",
    "exif_table",
    "extract",
    "find_published",
    "influence",
    "influence_stored",
    "list_encoders",
    "load_encoder",
    "near_duplicates",
    "open_collection",
    "open_own_vectors",
    "open_photos",
    "open_study_files",
    "pairs_stored",
    "probe_label",
    "probe_processing",
    "probe_stored",
    "read_attribute",
    "read_exif",
    "robustness_stored",
    "select_photos",
    "with_labels",
    "write_article",
    "write_markdown",
    "write_report",
]


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
