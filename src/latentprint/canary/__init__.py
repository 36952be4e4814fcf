"""Photos kept with their embeddings, so that another day tells whether an encoder still agrees.

A canary is a folder of a few dozen photos with what became of each at every stage: its bytes, its
decoded pixels, the encoder's input and the vector. Checking it says which stage changed, and how
far, in units of changes that everybody knows.
"""

from latentprint.canary.choosing import MOST_PHOTOS, Choice, choose
from latentprint.canary.comparing import CanaryCheck, Tolerances, compare
from latentprint.canary.drift import Drift
from latentprint.canary.folder import Canary, read_canary, write_canary
from latentprint.canary.junit import write_junit, write_junit_error
from latentprint.canary.stages import Reading, Stages, pass_through

__all__ = [
    "MOST_PHOTOS",
    "Canary",
    "CanaryCheck",
    "Choice",
    "Drift",
    "Reading",
    "Stages",
    "Tolerances",
    "choose",
    "compare",
    "pass_through",
    "read_canary",
    "write_canary",
    "write_junit",
    "write_junit_error",
]
