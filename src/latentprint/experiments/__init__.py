"""Experiments on embeddings: probes for processing traces and their influence on neighbours."""

from latentprint.experiments.influence import InfluenceOutcome, influence
from latentprint.experiments.probe import C_GRID, MARGIN, ProbeOutcome, compare_with_floor, probe
from latentprint.experiments.source import EmbeddingSource

__all__ = [
    "C_GRID",
    "MARGIN",
    "EmbeddingSource",
    "InfluenceOutcome",
    "ProbeOutcome",
    "compare_with_floor",
    "influence",
    "probe",
]
