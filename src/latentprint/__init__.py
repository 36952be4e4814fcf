"""latentprint: find out what a visual encoder knows about the camera.

Names are loaded when they are first used, so that ``import latentprint`` stays light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentprint.lazy import loaded_when_used

if TYPE_CHECKING:
    from latentprint.article import write_article
    from latentprint.canary import Canary, CanaryCheck
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
    from latentprint.erasure.artefact import load_eraser
    from latentprint.erasure.eraser import LinearEraser
    from latentprint.erasure.estimator import Eraser
    from latentprint.errors import LatentprintError, UsageError
    from latentprint.experiments.correlation.correlation import correlate
    from latentprint.experiments.neighbors.influence import influence
    from latentprint.experiments.neighbors.influence_steps import InfluenceOptions
    from latentprint.experiments.neighbors.judging import RobustnessOptions
    from latentprint.experiments.neighbors.robustness import robustness
    from latentprint.experiments.neighbors.robustness_steps import RobustnessQuestions
    from latentprint.experiments.pairs.pairs import PairsOptions, near_duplicates
    from latentprint.experiments.pairs.steps import PairsQuestions
    from latentprint.experiments.probes.acquisition_probe import Guards, probe_label
    from latentprint.experiments.probes.fitting import ProbeOptions
    from latentprint.experiments.probes.processing_probe import probe_processing
    from latentprint.experiments.probes.steps import ProbeQuestions
    from latentprint.experiments.probes.variance import decompose_variance
    from latentprint.experiments.similarity.queries import QueryOptions
    from latentprint.experiments.similarity.steps import ComparisonOptions
    from latentprint.inspection.findings import Affected, Inspected, Inspection
    from latentprint.jobs import Audit, Loading, Sources, audit, embed, measure_stored
    from latentprint.jobs.affected import affected
    from latentprint.jobs.canary import check_canary, make_canary
    from latentprint.jobs.compare import (
        ComparedRuns,
        ComparedStores,
        compare_runs,
        compare_stores,
    )
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

__all__ = [
    "ATTRIBUTES",
    "Affected",
    "Attribute",
    "Audit",
    "Canary",
    "CanaryCheck",
    "ComparedRuns",
    "ComparedStores",
    "ComparisonOptions",
    "Drawn",
    "Encoder",
    "Eraser",
    "Extraction",
    "Guards",
    "InfluenceOptions",
    "Inspected",
    "Inspection",
    "LatentprintError",
    "LinearEraser",
    "Loading",
    "Measured",
    "PairsOptions",
    "PairsQuestions",
    "Photos",
    "Preprocess",
    "ProbeOptions",
    "ProbeQuestions",
    "Processing",
    "QueryOptions",
    "RobustnessOptions",
    "RobustnessQuestions",
    "Sources",
    "UsageError",
    "affected",
    "audit",
    "check_canary",
    "compare_runs",
    "compare_stores",
    "correlate",
    "decompose_variance",
    "describe_encoder",
    "embed",
    "exif_table",
    "extract",
    "find_published",
    "influence",
    "inspect",
    "list_encoders",
    "load_encoder",
    "load_eraser",
    "make_canary",
    "measure_stored",
    "near_duplicates",
    "open_collection",
    "open_own_vectors",
    "open_photos",
    "open_study_files",
    "probe_label",
    "probe_processing",
    "read_attribute",
    "read_exif",
    "result_tables",
    "robustness",
    "select_photos",
    "with_labels",
    "write_article",
    "write_figures",
    "write_markdown",
    "write_report",
]

__getattr__ = loaded_when_used(
    __name__,
    {
        "article": ("write_article",),
        "canary": ("Canary", "CanaryCheck"),
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
        "erasure.artefact": ("load_eraser",),
        "erasure.eraser": ("LinearEraser",),
        "erasure.estimator": ("Eraser",),
        "errors": ("LatentprintError", "UsageError"),
        "experiments.correlation.correlation": ("correlate",),
        "experiments.neighbors.influence": ("influence",),
        "experiments.neighbors.influence_steps": ("InfluenceOptions",),
        "experiments.neighbors.judging": ("RobustnessOptions",),
        "experiments.neighbors.robustness": ("robustness",),
        "experiments.neighbors.robustness_steps": ("RobustnessQuestions",),
        "experiments.pairs.pairs": ("PairsOptions", "near_duplicates"),
        "experiments.pairs.steps": ("PairsQuestions",),
        "experiments.probes.acquisition_probe": ("Guards", "probe_label"),
        "experiments.probes.fitting": ("ProbeOptions",),
        "experiments.probes.processing_probe": ("probe_processing",),
        "experiments.probes.steps": ("ProbeQuestions",),
        "experiments.probes.variance": ("decompose_variance",),
        "experiments.similarity.queries": ("QueryOptions",),
        "experiments.similarity.steps": ("ComparisonOptions",),
        "inspection.findings": ("Affected", "Inspected", "Inspection"),
        "jobs": ("Audit", "Loading", "Sources", "audit", "embed", "measure_stored"),
        "jobs.affected": ("affected",),
        "jobs.canary": ("check_canary", "make_canary"),
        "jobs.compare": ("ComparedRuns", "ComparedStores", "compare_runs", "compare_stores"),
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
    },
)


def __dir__() -> list[str]:
    return __all__
