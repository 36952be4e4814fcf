"""What type checkers see of the package; written by ``docs/generate_types.py``."""

# ruff: noqa: A002, I001

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from latentprint.article import write_article
from latentprint.canary import Canary
from latentprint.canary import CanaryCheck
from latentprint.embeddings import Extraction
from latentprint.embeddings import Progress
from latentprint.embeddings import StoredEmbeddings
from latentprint.embeddings import extract
from latentprint.embeddings import open_collection
from latentprint.embeddings import open_own_vectors
from latentprint.embeddings import open_study_files
from latentprint.embeddings import select_photos
from latentprint.embeddings import with_labels
from latentprint.encoders import Encoder
from latentprint.encoders import Preprocess
from latentprint.encoders import describe_encoder
from latentprint.encoders import find_published
from latentprint.encoders import list_encoders
from latentprint.encoders import load_encoder
from latentprint.erasure.artefact import load_eraser
from latentprint.erasure.eraser import LinearEraser
from latentprint.errors import LatentprintError
from latentprint.errors import UsageError
from latentprint.estimators.eraser import Eraser
from latentprint.estimators.probe import Probe
from latentprint.inspection.findings import Affected
from latentprint.inspection.findings import Inspected
from latentprint.inspection.findings import Inspection
from latentprint.jobs.affected import affected
from latentprint.jobs.audit import Audit
from latentprint.jobs.canary import check_canary
from latentprint.jobs.canary import make_canary
from latentprint.jobs.compare import ComparedRuns
from latentprint.jobs.compare import ComparedStores
from latentprint.jobs.compare import compare
from latentprint.jobs.correlation import Correlated
from latentprint.jobs.erase import Erased
from latentprint.jobs.erase_apply import erase_apply
from latentprint.jobs.erase_apply import erase_export
from latentprint.jobs.erase_test import Proof
from latentprint.jobs.inspect import inspect
from latentprint.jobs.measure import Measured
from latentprint.jobs.measure import OnStep
from latentprint.photos import Photos
from latentprint.photos import exif_table
from latentprint.photos import open_photos
from latentprint.photos import read_exif
from latentprint.processing import ATTRIBUTES
from latentprint.processing import Attribute
from latentprint.processing import Processing
from latentprint.processing import read_attribute
from latentprint.report import Drawn
from latentprint.report import result_tables
from latentprint.report import write_figures
from latentprint.report import write_markdown
from latentprint.report import write_report
from latentprint.version import __version__
from pathlib import Path
from typing import Any
from typing import Literal

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

def audit(
    photos: Any,
    out: Path | str = ...,
    *,
    layout: str = ...,
    follow_links: bool = ...,
    label: str | None = ...,
    name: str | None = ...,
    where: str | None = ...,
    sample_photos: int | None = ...,
    seed: int = ...,
    encoder: str | Encoder | Iterable[str | Encoder] = ...,
    family: str | None = ...,
    allow_broken: bool = ...,
    skip_missing: bool = ...,
    retry_broken: bool = ...,
    device: str = ...,
    precision: Literal["float32", "bfloat16", "float16"] = ...,
    margin: Literal["published", "model"] = ...,
    layers: int | Iterable[int] | str | None = ...,
    weights: Path | str | None = ...,
    compile: bool = ...,
    trust_code: bool = ...,
    workers: int | None = ...,
    batch_size: int | str = ...,
    orient: bool = ...,
    window: tuple[float, float] | str | None = ...,
    bits: int | None = ...,
    max_megapixels: float = ...,
    eraser: LinearEraser | Path | str | None = ...,
    engine: Literal["local", "ray"] = ...,
    actors: int | None = ...,
    gpus_per_actor: float | None = ...,
    attribute: str | Iterable[str] = ...,
    k: int | Iterable[int] = ...,
    sample: int | None = ...,
    title: str | None = ...,
    protocol: Literal["study"] | None = ...,
    control: bool = ...,
    mask: float = ...,
    memory_mb: int = ...,
    group: str | None = ...,
    cap: int | None = ...,
    min_count: int = ...,
    balance: bool = ...,
    bins: Mapping[str, str] | str | Iterable[str] = ...,
    on_progress: Callable[[Progress], None] | None = ...,
    on_step: OnStep = ...,
) -> Audit: ...
def correlation(
    photos: Any,
    *,
    label: str = ...,
    nuisance: str | Iterable[str] = ...,
    group: str | None = ...,
    bins: Mapping[str, str] | str | Iterable[str] = ...,
    metadata: Any = ...,
    id_column: str | None = ...,
    vector_columns: str | Iterable[str] = ...,
    files: bool = ...,
    permutations: int = ...,
    layout: str = ...,
    follow_links: bool = ...,
    workers: int | None = ...,
    seed: int = ...,
    out: Path | str | None = ...,
) -> Correlated: ...
def embed(
    photos: Any,
    out: Path | str = ...,
    *,
    layout: str = ...,
    follow_links: bool = ...,
    label: str | None = ...,
    name: str | None = ...,
    where: str | None = ...,
    sample_photos: int | None = ...,
    seed: int = ...,
    encoder: str | Encoder | Iterable[str | Encoder] = ...,
    family: str | None = ...,
    allow_broken: bool = ...,
    skip_missing: bool = ...,
    retry_broken: bool = ...,
    device: str = ...,
    precision: Literal["float32", "bfloat16", "float16"] = ...,
    margin: Literal["published", "model"] = ...,
    layers: int | Iterable[int] | str | None = ...,
    weights: Path | str | None = ...,
    compile: bool = ...,
    trust_code: bool = ...,
    workers: int | None = ...,
    batch_size: int | str = ...,
    orient: bool = ...,
    window: tuple[float, float] | str | None = ...,
    bits: int | None = ...,
    max_megapixels: float = ...,
    eraser: LinearEraser | Path | str | None = ...,
    engine: Literal["local", "ray"] = ...,
    actors: int | None = ...,
    gpus_per_actor: float | None = ...,
    attribute: str | Iterable[str] = ...,
    processing: str | Iterable[str] = ...,
    control: bool = ...,
    mask: float = ...,
    shards: str | None = ...,
    on_progress: Callable[[Progress], None] | None = ...,
) -> list[StoredEmbeddings]: ...
def erase_fit(
    paths: Any,
    *,
    attribute: str | Iterable[str] = ...,
    encoder: str | None = ...,
    pairs: bool = ...,
    nuisance: str | None = ...,
    group: str | None = ...,
    metadata: Any = ...,
    id_column: str | None = ...,
    where: str | None = ...,
    vector_columns: str | Iterable[str] = ...,
    metric: Literal["content", "plain"] = ...,
    extra: int = ...,
    photos: int | None = ...,
    holdout: float = ...,
    seed: int = ...,
    refit_all: bool = ...,
    float64: bool = ...,
    keep: str | None = ...,
    layout: str = ...,
    device: str = ...,
    weights: Path | str | None = ...,
    workers: int | None = ...,
    batch_size: int = ...,
    allow_broken: bool = ...,
    trust_code: bool = ...,
    memory_mb: int = ...,
    out: Path | str = ...,
    test: bool = ...,
    on_step: OnStep = ...,
) -> Erased: ...
def erase_test(
    eraser: Path | str,
    store: Any,
    *,
    attribute: str | Iterable[str] = ...,
    nuisance: str | Iterable[str] = ...,
    threshold: float | None = ...,
    k: int = ...,
    sample: int | None = ...,
    seed: int = ...,
    memory_mb: int = ...,
    study_embeddings: Path | str | None = ...,
    model: str | None = ...,
    variant: str | None = ...,
    metadata: Any = ...,
    id_column: str | None = ...,
    vector_columns: str | Iterable[str] = ...,
    where: str | None = ...,
    label: str | None = ...,
    out: Path | str | None = ...,
    on_step: OnStep = ...,
) -> Proof: ...
def influence(
    store: Any = ...,
    *,
    attribute: str | Iterable[str] = ...,
    k: int | Iterable[int] = ...,
    draw: Literal["photo", "published"] | None = ...,
    sample: int | None = ...,
    seed: int = ...,
    device: str = ...,
    memory_mb: int = ...,
    study_embeddings: Path | str | None = ...,
    model: str | None = ...,
    variant: str | None = ...,
    metadata: Any = ...,
    id_column: str | None = ...,
    vector_columns: str | Iterable[str] = ...,
    where: str | None = ...,
    out: Path | str | None = ...,
    on_step: OnStep = ...,
) -> Measured: ...
def pairs(
    store: Any = ...,
    *,
    processing: str | None = ...,
    subject: str = ...,
    device_type: str | None = ...,
    drop_incomplete: bool = ...,
    k: int | Iterable[int] = ...,
    sample: int | None = ...,
    seed: int = ...,
    permutations: int = ...,
    bootstrap: int = ...,
    memory_mb: int = ...,
    study_embeddings: Path | str | None = ...,
    model: str | None = ...,
    variant: str | None = ...,
    metadata: Any = ...,
    id_column: str | None = ...,
    vector_columns: str | Iterable[str] = ...,
    where: str | None = ...,
    out: Path | str | None = ...,
    on_step: OnStep = ...,
) -> Measured: ...
def probe(
    store: Any = ...,
    *,
    attribute: str | Iterable[str] = ...,
    split_file: Path | str | None = ...,
    protocol: Literal["study"] | None = ...,
    seed: int = ...,
    fits: int = ...,
    assignment: Literal["one", "all"] | None = ...,
    draw: Literal["photo", "published"] = ...,
    paired: bool = ...,
    solver: Literal["lbfgs", "sgd"] = ...,
    normalise: Literal["l2", "standardise", "none"] = ...,
    discriminant: bool = ...,
    controls: bool = ...,
    curve: bool = ...,
    device: str = ...,
    memory_mb: int = ...,
    group: str | None = ...,
    cap: int | None = ...,
    min_count: int = ...,
    balance: bool = ...,
    bins: Mapping[str, str] | str | Iterable[str] = ...,
    processing: str | None = ...,
    study_embeddings: Path | str | None = ...,
    model: str | None = ...,
    variant: str | None = ...,
    metadata: Any = ...,
    id_column: str | None = ...,
    vector_columns: str | Iterable[str] = ...,
    where: str | None = ...,
    out: Path | str | None = ...,
    on_step: OnStep = ...,
) -> Measured: ...
def robustness(
    store: Any = ...,
    *,
    nuisance: str | Iterable[str] = ...,
    label: str = ...,
    k: int | Iterable[int] = ...,
    processing: str = ...,
    exclude: str | None = ...,
    group: str = ...,
    bins: tuple[str, str] | Iterable[tuple[str, str]] = ...,
    permutations: int = ...,
    sample: int | None = ...,
    approximate: bool = ...,
    seed: int = ...,
    memory_mb: int = ...,
    device: str = ...,
    study_embeddings: Path | str | None = ...,
    model: str | None = ...,
    variant: str | None = ...,
    metadata: Any = ...,
    id_column: str | None = ...,
    vector_columns: str | Iterable[str] = ...,
    where: str | None = ...,
    out: Path | str | None = ...,
    on_step: OnStep = ...,
) -> Measured: ...
def similarity(
    store: Any = ...,
    *,
    attribute: str | Iterable[str] = ...,
    by: str | Iterable[str] = ...,
    stability: bool = ...,
    reference: str | None = ...,
    threshold: float | None = ...,
    galleries: int = ...,
    choose: Literal["telling", "random"] = ...,
    k: int = ...,
    bins: Mapping[str, str] | str | Iterable[str] = ...,
    label: str = ...,
    query: str | None = ...,
    sample: int | None = ...,
    exclude_group: bool = ...,
    processing: str | None = ...,
    seed: int = ...,
    memory_mb: int = ...,
    study_embeddings: Path | str | None = ...,
    model: str | None = ...,
    variant: str | None = ...,
    metadata: Any = ...,
    id_column: str | None = ...,
    vector_columns: str | Iterable[str] = ...,
    where: str | None = ...,
    out: Path | str | None = ...,
    on_step: OnStep = ...,
) -> Measured: ...
