"""One candidate in, a photo on disk and its row out, or the reason why not."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from latentprint.files import writing_file
from latentprint.photos.decode import Decoded, decode
from latentprint.photos.file_bytes import BrokenPhoto
from latentprint.photos.flickr.answers import Candidate, read_exif
from latentprint.photos.flickr.client import FlickrClient
from latentprint.photos.flickr.failures import Unavailable
from latentprint.photos.flickr.journal import Journal
from latentprint.photos.flickr.jpeg import cleaned_jpeg
from latentprint.photos.flickr.licences import Licence
from latentprint.photos.flickr.tables import PHOTOS
from latentprint.photos.flickr.wanted import Wanted

_OTHER_PICTURES = (b"\x89PNG", b"GIF8", b"RIFF", b"II*\0", b"MM\0*")


def fetch(
    client: FlickrClient,
    journal: Journal,
    folder: Path,
    candidate: Candidate,
    licence: Licence,
    wanted: Wanted,
) -> dict[str, Any]:
    """Get a photo's EXIF and picture; what is there already is not asked for again.

    The picture counts once it has its final name, which it gets after it was decoded.

    Returns:
        The photo's row of photos.csv.

    Raises:
        Unavailable: It cannot be had.
        NoAnswer: Flickr does not answer.
    """
    exif = _exif(client, journal, candidate)
    path = folder / PHOTOS / f"{candidate.id}.jpg"
    seen = _seen(path)
    if seen is None:
        seen = _download(client, candidate, path)
    if min(seen.width, seen.height) < wanted.min_side:
        path.unlink()
        raise Unavailable("too small", f"{seen.width} x {seen.height}")
    content = path.read_bytes()
    return {
        "id": candidate.id,
        "path": path.relative_to(folder).as_posix(),
        "owner": candidate.owner,
        "owner_name": candidate.owner_name,
        "page": f"https://www.flickr.com/photos/{candidate.owner}/{candidate.id}/",
        "licence_id": licence.id,
        "licence": licence.name,
        "licence_url": licence.url,
        "taken": candidate.taken,
        "month": candidate.month,
        "size": wanted.size,
        "width": seen.width,
        "height": seen.height,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        **exif,
    }


def _exif(client: FlickrClient, journal: Journal, candidate: Candidate) -> dict[str, str]:
    exif: dict[str, str] | None = journal.get("exif", candidate.id)
    if exif is None:
        try:
            exif = client.call("flickr.photos.getExif", {"photo_id": candidate.id}, read_exif)
        except Unavailable as failure:
            reason = "EXIF not shared" if failure.reason == "not shared" else failure.reason
            raise Unavailable(reason, failure.detail) from None
        journal.put("exif", candidate.id, exif)
    if not exif:
        raise Unavailable("no EXIF")
    return exif


def _seen(path: Path) -> Decoded | None:
    """The picture that is there, if it is whole."""
    try:
        return decode(path, orient=False) if path.exists() else None
    except BrokenPhoto:
        return None


def _download(client: FlickrClient, candidate: Candidate, path: Path) -> Decoded:
    def check(body: bytes) -> Decoded:
        if body.startswith(_OTHER_PICTURES):
            raise Unavailable("not a JPEG")
        partial.write_bytes(cleaned_jpeg(body))
        try:
            return decode(partial, orient=False)
        except BrokenPhoto as error:
            raise ValueError(str(error)) from None

    with writing_file(path) as partial:
        return client.download(candidate.url, check)
