"""Experiments on embeddings: what a probe recovers, and whether it changes neighbours."""

from latentprint.experiments.correlation.correlation import Correlation, correlate
from latentprint.experiments.neighbors.influence import InfluenceOutcome, influence
from latentprint.experiments.pairs.pairs import PairsOptions, near_duplicates
from latentprint.experiments.probes.acquisition_probe import Guards, probe_label
from latentprint.experiments.probes.fitting import ProbeOptions
from latentprint.experiments.probes.labels import label_photos, parse_bins
from latentprint.experiments.probes.outcome import Controls, ProbeOutcome, compare_with_controls
from latentprint.experiments.probes.processing_probe import probe_processing
from latentprint.experiments.probes.variance import decompose_variance
from latentprint.experiments.source import EmbeddingSource

__all__ = [
    "Controls",
    "Correlation",
    "EmbeddingSource",
    "Guards",
    "InfluenceOutcome",
    "PairsOptions",
    "ProbeOptions",
    "ProbeOutcome",
    "compare_with_controls",
    "correlate",
    "decompose_variance",
    "influence",
    "label_photos",
    "near_duplicates",
    "parse_bins",
    "probe_label",
    "probe_processing",
]
