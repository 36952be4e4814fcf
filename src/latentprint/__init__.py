"""latentprint: find out what a visual encoder knows about the camera.

Names are loaded when they are first used, so that ``import latentprint`` stays light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentprint.lazy import loaded_when_used

if TYPE_CHECKING:
    from latentprint.api.audit import audit
    from latentprint.api.correlation import correlation
    from latentprint.api.embed import embed
    from latentprint.api.erase import erase_fit, erase_test
    from latentprint.api.stored import influence, pairs, probe, robustness, similarity
    from latentprint.article import write_article
    from latentprint.canary import Canary, CanaryCheck
    from latentprint.embeddings import (
        Extraction,
        StoredEmbeddings,
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
    from latentprint.erasure.artefact import load_eraser
    from latentprint.erasure.eraser import LinearEraser
    from latentprint.errors import LatentprintError, UsageError
    from latentprint.estimators.eraser import Eraser
    from latentprint.estimators.probe import Probe
    from latentprint.inspection.findings import Affected, Inspected, Inspection
    from latentprint.jobs.affected import affected
    from latentprint.jobs.audit import Audit
    from latentprint.jobs.canary import check_canary, make_canary
    from latentprint.jobs.compare import ComparedRuns, ComparedStores, compare
    from latentprint.jobs.correlation import Correlated
    from latentprint.jobs.erase import Erased
    from latentprint.jobs.erase_apply import erase_apply, erase_export
    from latentprint.jobs.erase_test import Proof
    from latentprint.jobs.inspect import inspect
    from latentprint.jobs.measure import Measured
    from latentprint.photos import Photos, exif_table, open_photos, read_exif
    from latentprint.processing import ATTRIBUTES, Attribute, Processing, read_attribute
    from latentprint.report import (
        Drawn,
        result_tables,
        write_figures,
        write_markdown,
        write_report,
    )
    from latentprint.version import __version__

__all__ = [
    "ATTRIBUTES",
    "Affected",
    "Attribute",
    "Audit",
    "Canary",
    "CanaryCheck",
    "ComparedRuns",
    "ComparedStores",
    "Correlated",
    "Drawn",
    "Encoder",
    "Erased",
    "Eraser",
    "Extraction",
    "Inspected",
    "Inspection",
    "LatentprintError",
    "LinearEraser",
    "Measured",
    "Photos",
    "Preprocess",
    "Probe",
    "Processing",
    "Proof",
    "StoredEmbeddings",
    "UsageError",
    "__version__",
    "affected",
    "audit",
    "check_canary",
    "compare",
    "correlation",
    "describe_encoder",
    "embed",
    "erase_apply",
    "erase_export",
    "erase_fit",
    "erase_test",
    "exif_table",
    "extract",
    "find_published",
    "influence",
    "inspect",
    "list_encoders",
    "load_encoder",
    "load_eraser",
    "make_canary",
    "open_collection",
    "open_own_vectors",
    "open_photos",
    "open_study_files",
    "pairs",
    "probe",
    "read_attribute",
    "read_exif",
    "result_tables",
    "robustness",
    "select_photos",
    "similarity",
    "with_labels",
    "write_article",
    "write_figures",
    "write_markdown",
    "write_report",
]

__getattr__ = loaded_when_used(
    __name__,
    {
        "api.audit": ("audit",),
        "api.correlation": ("correlation",),
        "api.embed": ("embed",),
        "api.erase": ("erase_fit", "erase_test"),
        "api.stored": ("influence", "pairs", "probe", "robustness", "similarity"),
        "article": ("write_article",),
        "canary": ("Canary", "CanaryCheck"),
        "embeddings": (
            "Extraction",
            "StoredEmbeddings",
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
        "erasure.artefact": ("load_eraser",),
        "erasure.eraser": ("LinearEraser",),
        "errors": ("LatentprintError", "UsageError"),
        "estimators.eraser": ("Eraser",),
        "estimators.probe": ("Probe",),
        "inspection.findings": ("Affected", "Inspected", "Inspection"),
        "jobs.affected": ("affected",),
        "jobs.audit": ("Audit",),
        "jobs.canary": ("check_canary", "make_canary"),
        "jobs.compare": ("ComparedRuns", "ComparedStores", "compare"),
        "jobs.correlation": ("Correlated",),
        "jobs.erase": ("Erased",),
        "jobs.erase_apply": ("erase_apply", "erase_export"),
        "jobs.erase_test": ("Proof",),
        "jobs.inspect": ("inspect",),
        "jobs.measure": ("Measured",),
        "photos": ("Photos", "exif_table", "open_photos", "read_exif"),
        "processing": ("ATTRIBUTES", "Attribute", "Processing", "read_attribute"),
        "report": (
            "Drawn",
            "result_tables",
            "write_figures",
            "write_markdown",
            "write_report",
        ),
        "version": ("__version__",),
    },
)


def __dir__() -> list[str]:
    return __all__
