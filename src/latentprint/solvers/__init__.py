"""Softmax regression on frozen embeddings: to the optimum, or by the study's protocol."""

from latentprint.solvers.features import Features, Normalisation, VectorArray
from latentprint.solvers.fits import SoftmaxFits
from latentprint.solvers.preconditioner import Preconditioner
from latentprint.solvers.sgd import fit_sgd
from latentprint.solvers.softmax import fit_softmax
from latentprint.solvers.tuning import (
    C_GRID,
    Hold,
    LBFGSSetting,
    Setting,
    SGDSetting,
    Solver,
    Tuning,
    final_fits,
    hold_out,
    tune,
)

__all__ = [
    "C_GRID",
    "Features",
    "Hold",
    "LBFGSSetting",
    "Normalisation",
    "Preconditioner",
    "SGDSetting",
    "Setting",
    "SoftmaxFits",
    "Solver",
    "Tuning",
    "VectorArray",
    "final_fits",
    "fit_sgd",
    "fit_softmax",
    "hold_out",
    "tune",
]
