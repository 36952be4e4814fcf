"""Experiments on embeddings: what a probe recovers, and whether it changes neighbours."""

from latentprint.experiments.acquisition_probe import Guards, probe_label
from latentprint.experiments.correlation import Correlation, correlate
from latentprint.experiments.fitting import ProbeOptions
from latentprint.experiments.influence import InfluenceOutcome, influence
from latentprint.experiments.labels import label_photos, parse_bins
from latentprint.experiments.pairs import PairsOptions, near_duplicates
from latentprint.experiments.processing_probe import probe_processing
from latentprint.experiments.scores import MARGIN
from latentprint.experiments.source import EmbeddingSource
from latentprint.experiments.variance import decompose_variance
from latentprint.experiments.verdicts import ProbeOutcome, compare_with_controls, discoveries

__all__ = [
    "MARGIN",
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
    "discoveries",
    "influence",
    "label_photos",
    "near_duplicates",
    "parse_bins",
    "probe_label",
    "probe_processing",
]
