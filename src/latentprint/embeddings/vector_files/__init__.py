"""Files of vectors that others made, read by ranges of rows."""

from latentprint.embeddings.vector_files.formats import are_vectors, not_read, read_vectors
from latentprint.embeddings.vector_files.found import FoundVectors, some
from latentprint.embeddings.vector_files.tables import tells_vectors

__all__ = ["FoundVectors", "are_vectors", "not_read", "read_vectors", "some", "tells_vectors"]
