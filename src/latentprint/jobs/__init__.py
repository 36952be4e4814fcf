"""What a user asks for: from photos or embeddings on disk to a table of results and a report."""

from latentprint.jobs.audit import Audit, audit
from latentprint.jobs.embedding import embed
from latentprint.jobs.loading import Loading, parse_layers
from latentprint.jobs.neighbors import influence_stored, robustness_stored
from latentprint.jobs.pairs import pairs_stored
from latentprint.jobs.probe import probe_stored
from latentprint.jobs.similarity import ComparisonOptions, compare_stored
from latentprint.jobs.sources import StudyFiles, open_sources

__all__ = [
    "Audit",
    "ComparisonOptions",
    "Loading",
    "StudyFiles",
    "audit",
    "compare_stored",
    "embed",
    "influence_stored",
    "open_sources",
    "pairs_stored",
    "parse_layers",
    "probe_stored",
    "robustness_stored",
]
