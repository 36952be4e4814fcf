"""Experiments on embeddings, and the list of those that can be asked of stored embeddings."""

from latentprint.experiments.asking import Registered
from latentprint.lazy import loaded_when_used

STORED = (
    Registered(
        "probe",
        "probes.options",
        "Recover processing and acquisition labels from stored embeddings with a linear probe.",
    ),
    Registered(
        "influence",
        "neighbors.influence_options",
        "Measure whether processing traces change nearest neighbours in stored embeddings.",
    ),
    Registered(
        "robustness",
        "neighbors.robustness_options",
        "Judge nearest neighbours by class and nuisance, without processing any photo.",
    ),
    Registered(
        "pairs",
        "pairs.options",
        "Measure whether traces of the device distract retrieval, on pairs of near-duplicates.",
    ),
    Registered(
        "similarity",
        "similarity.options",
        "Compare photos by their stored embeddings: by what they show and by how they were made.",
    ),
)
"""The experiments on stored embeddings, each a command and a function of Python."""

__getattr__ = loaded_when_used(
    __name__,
    {
        "bins": ("parse_bins",),
        "correlation.correlation": ("Correlation", "correlate"),
        "neighbors.influence": ("InfluenceOutcome", "influence"),
        "pairs.options": ("PairsOptions",),
        "pairs.pairs": ("near_duplicates",),
        "probes.acquisition_probe": ("probe_label",),
        "probes.options": ("Guards", "ProbeOptions"),
        "probes.labels": ("label_photos",),
        "probes.outcome": ("Controls", "ProbeOutcome", "compare_with_controls"),
        "probes.processing_probe": ("probe_processing",),
        "probes.variance": ("decompose_variance",),
        "source": ("EmbeddingSource", "Opened"),
    },
)
