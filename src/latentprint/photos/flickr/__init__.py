"""Sets of photos from Flickr: freely licensed, with their EXIF, made to be audited."""

from latentprint.http import Manners
from latentprint.photos.flickr.client import API_URL, FlickrClient
from latentprint.photos.flickr.collect import Collected, FlickrProgress, collect
from latentprint.photos.flickr.failures import FlickrError
from latentprint.photos.flickr.key import read_key
from latentprint.photos.flickr.licences import LICENCES
from latentprint.photos.flickr.refresh import Refreshed, refresh
from latentprint.photos.flickr.wanted import SIZES, Wanted
from latentprint.photos.flickr.windows import first_day, last_day

__all__ = [
    "API_URL",
    "LICENCES",
    "SIZES",
    "Collected",
    "FlickrClient",
    "FlickrError",
    "FlickrProgress",
    "Manners",
    "Refreshed",
    "Wanted",
    "collect",
    "first_day",
    "last_day",
    "read_key",
    "refresh",
]
