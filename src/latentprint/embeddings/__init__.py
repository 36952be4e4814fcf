"""The engine that makes embeddings and the store that keeps them."""

from latentprint.embeddings.collection import (
    MASKED,
    WHOLE,
    StoredEmbeddings,
    compare_photos,
    open_collection,
    photos_table,
    run_embeddings,
    stored,
    write_photos,
)
from latentprint.embeddings.extract import Progress, device_of, extract
from latentprint.embeddings.extraction import Extraction
from latentprint.embeddings.own_vectors import OwnVectors, open_own_vectors
from latentprint.embeddings.selection import select_photos, with_labels
from latentprint.embeddings.sharded import ShardedArray
from latentprint.embeddings.shares import Share
from latentprint.embeddings.store import Store, open_store
from latentprint.embeddings.study_files import StudyEmbeddings, open_study_files

__all__ = [
    "MASKED",
    "WHOLE",
    "Extraction",
    "OwnVectors",
    "Progress",
    "ShardedArray",
    "Share",
    "Store",
    "StoredEmbeddings",
    "StudyEmbeddings",
    "compare_photos",
    "device_of",
    "extract",
    "open_collection",
    "open_own_vectors",
    "open_store",
    "open_study_files",
    "photos_table",
    "run_embeddings",
    "select_photos",
    "stored",
    "with_labels",
    "write_photos",
]
