"""What may be chosen of solvers.

This module is imported to print help, so it imports no library.
"""

from __future__ import annotations

from typing import Literal

Solver = Literal["lbfgs", "sgd"]
"""``lbfgs``: to the optimum, for every C of a grid; ``sgd``: the study's protocol."""

C_GRID: tuple[float, ...] = tuple(10.0**power for power in range(-5, 7))
"""Values of C that are tried: the study's range."""

Normalisation = Literal["l2", "standardise", "none"]
"""``l2``: every row to unit length (published); ``standardise``: every dimension to mean zero and
unit variance over the rows that are fitted; ``none``: as they are."""
