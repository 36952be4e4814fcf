"""Photos: which there are, what is in their files, and on which side of the split they stand."""

from latentprint.photos.decode import Decoded, decode
from latentprint.photos.demo import write_demo_photos
from latentprint.photos.devices import DEVICE_TYPES, device_type
from latentprint.photos.exif import Exif, read_exif
from latentprint.photos.exif_files import exif_table
from latentprint.photos.exif_labels import LABELS
from latentprint.photos.file_bytes import BrokenPhoto
from latentprint.photos.folder import read_folder
from latentprint.photos.jpeg_tables import jpeg_quality, jpeg_subsampling
from latentprint.photos.manifest import read_manifest, read_table, tidy_table
from latentprint.photos.near_duplicates import merge_groups, near_duplicate_groups
from latentprint.photos.open import as_photos, open_photos
from latentprint.photos.photos import Photos
from latentprint.photos.split import assign_splits, straddling_groups
from latentprint.photos.split_file import SplitFile, read_split_file
from latentprint.photos.tone_scan import decide_tones
from latentprint.photos.tones import Scale, Tones

__all__ = [
    "DEVICE_TYPES",
    "LABELS",
    "BrokenPhoto",
    "Decoded",
    "Exif",
    "Photos",
    "Scale",
    "SplitFile",
    "Tones",
    "as_photos",
    "assign_splits",
    "decide_tones",
    "decode",
    "device_type",
    "exif_table",
    "jpeg_quality",
    "jpeg_subsampling",
    "merge_groups",
    "near_duplicate_groups",
    "open_photos",
    "read_exif",
    "read_folder",
    "read_manifest",
    "read_split_file",
    "read_table",
    "straddling_groups",
    "tidy_table",
    "write_demo_photos",
]
