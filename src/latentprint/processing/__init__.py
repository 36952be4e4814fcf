"""What is done to pixels after capture: operations, classes, attributes and the mask."""

from latentprint.processing.attributes import (
    ATTRIBUTES,
    NONE,
    Attribute,
    classes_of,
    published_classes,
)
from latentprint.processing.compose import (
    as_attribute,
    find_attributes,
    parse_attribute,
    read_attribute,
    recorded_processing,
)
from latentprint.processing.mask import mask_centre
from latentprint.processing.operations import (
    Jpeg,
    Operation,
    Processing,
    Rescale,
    Resize,
    Sharpen,
)

__all__ = [
    "ATTRIBUTES",
    "NONE",
    "Attribute",
    "Jpeg",
    "Operation",
    "Processing",
    "Rescale",
    "Resize",
    "Sharpen",
    "as_attribute",
    "classes_of",
    "find_attributes",
    "mask_centre",
    "parse_attribute",
    "published_classes",
    "read_attribute",
    "recorded_processing",
]
