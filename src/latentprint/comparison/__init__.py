"""Two runs, or two sets of embeddings of the same photos, side by side."""

from latentprint.comparison.judging import Compared, Side, compare_rows
from latentprint.comparison.vectors import VectorsCompared, compare_vectors

__all__ = ["Compared", "Side", "VectorsCompared", "compare_rows", "compare_vectors"]
