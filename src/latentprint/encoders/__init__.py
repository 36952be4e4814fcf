"""Visual encoders: load one from a specification, or bring your own."""

from latentprint.encoders.catalogue import (
    PublishedEncoder,
    expand_specs,
    find_published,
    published_encoders,
)
from latentprint.encoders.default import classifier
from latentprint.encoders.encoder import Encoder
from latentprint.encoders.load_options import Precision
from latentprint.encoders.preprocess import Kernel, Margin, Preprocess
from latentprint.encoders.spec import describe_encoder, list_encoders, load_encoder, untrained_spec

__all__ = [
    "Encoder",
    "Kernel",
    "Margin",
    "Precision",
    "Preprocess",
    "PublishedEncoder",
    "classifier",
    "describe_encoder",
    "expand_specs",
    "find_published",
    "list_encoders",
    "load_encoder",
    "published_encoders",
    "untrained_spec",
]
