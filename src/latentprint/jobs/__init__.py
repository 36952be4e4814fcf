"""What a user asks for: from photos or embeddings on disk to a table of results and a report."""

from latentprint.jobs.audit import Audit, audit
from latentprint.jobs.embedding import embed
from latentprint.jobs.loading import Loading, parse_layers
from latentprint.jobs.sources import Sources, open_sources
from latentprint.jobs.stored import measure_stored

__all__ = [
    "Audit",
    "Loading",
    "Sources",
    "audit",
    "embed",
    "measure_stored",
    "open_sources",
    "parse_layers",
]
