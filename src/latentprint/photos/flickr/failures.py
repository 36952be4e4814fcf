"""What can go wrong when Flickr is asked."""

from __future__ import annotations

from latentprint.errors import LatentprintError


class FlickrError(LatentprintError):
    """The job cannot go on; what was finished is kept."""


class NoAnswer(FlickrError):  # noqa: N818 - a finding, recorded if it concerns one photo
    """Every try failed: the server or the way to it has trouble, which may pass."""


class Unavailable(Exception):  # noqa: N818 - a finding about a photo, recorded as its reason
    """This one thing cannot be had; the message is a short reason."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
