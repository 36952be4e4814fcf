"""Photos: which there are, what is in their files, and on which side of the split they stand."""

from latentprint.photos.decode import BrokenPhoto, Decoded, decode
from latentprint.photos.demo import write_demo_photos
from latentprint.photos.folder import read_folder
from latentprint.photos.jpeg_tables import jpeg_quality, jpeg_subsampling
from latentprint.photos.manifest import read_manifest
from latentprint.photos.open import open_photos
from latentprint.photos.photos import Photos
from latentprint.photos.split import assign_splits, straddling_groups

__all__ = [
    "BrokenPhoto",
    "Decoded",
    "Photos",
    "assign_splits",
    "decode",
    "jpeg_quality",
    "jpeg_subsampling",
    "open_photos",
    "read_folder",
    "read_manifest",
    "straddling_groups",
    "write_demo_photos",
]
