"""Softmax regression on frozen embeddings: to the optimum, or by the study's protocol."""

from latentprint.solver_options import C_GRID, Normalisation, Solver
from latentprint.solvers.features import Features, VectorArray
from latentprint.solvers.fits import SoftmaxFits
from latentprint.solvers.holds import HeldOut, Hold, fit_holds, hold_out
from latentprint.solvers.labels import ClassCounts, ClassWeight, LabelledFeatures
from latentprint.solvers.preconditioner import Preconditioner
from latentprint.solvers.settings import (
    LBFGSSetting,
    Setting,
    SGDSetting,
    SolverOptions,
)
from latentprint.solvers.sgd import fit_sgd
from latentprint.solvers.softmax import fit_softmax
from latentprint.solvers.tuning import Tuning, tune

__all__ = [
    "C_GRID",
    "ClassCounts",
    "ClassWeight",
    "Features",
    "HeldOut",
    "Hold",
    "LBFGSSetting",
    "LabelledFeatures",
    "Normalisation",
    "Preconditioner",
    "SGDSetting",
    "Setting",
    "SoftmaxFits",
    "Solver",
    "SolverOptions",
    "Tuning",
    "VectorArray",
    "fit_holds",
    "fit_sgd",
    "fit_softmax",
    "hold_out",
    "tune",
]
