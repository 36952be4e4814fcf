"""The engine that makes embeddings and the store that keeps them."""

from latentprint.embeddings.collection import (
    StoredEmbeddings,
    open_collection,
    photos_table,
    refuse_other_photos,
    stored,
    write_photos,
)
from latentprint.embeddings.extract import Extraction, Progress, device_of, extract
from latentprint.embeddings.store import Store, open_store

__all__ = [
    "Extraction",
    "Progress",
    "Store",
    "StoredEmbeddings",
    "device_of",
    "extract",
    "open_collection",
    "open_store",
    "photos_table",
    "refuse_other_photos",
    "stored",
    "write_photos",
]
