"""Which of Flickr's licences permit to copy, change and share a photo."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from latentprint.photos.flickr.failures import FlickrError, Unavailable

if TYPE_CHECKING:
    from latentprint.photos.flickr.client import FlickrClient

LICENCES = {
    "cc-by": ("creativecommons.org/licenses/by/",),
    "cc-by-sa": ("creativecommons.org/licenses/by-sa/",),
    "cc0": ("creativecommons.org/publicdomain/zero/",),
    "public-domain": ("creativecommons.org/publicdomain/mark/",),
    "us-government": ("usa.gov/", "united states government work"),
    "no-known-restrictions": ("flickr.com/commons/usage", "no known copyright restrictions"),
}
"""The permissive licences by our names, and what tells them in their URL or name.

Licences are told by URL, since Flickr adds numbers for new versions (CC 4.0 came in 2025).
"""


@dataclass(frozen=True)
class Licence:
    """One of Flickr's licences.

    Attributes:
        id: Flickr's number for it.
        name: Its full name.
        url: Where its text is; may be empty.
    """

    id: str
    name: str
    url: str

    @property
    def kind(self) -> str | None:
        """Our name for it, of ``LICENCES``; None if it is not permissive."""
        said = (self.url.lower(), self.name.lower())
        for kind, signs in LICENCES.items():
            if any(sign in text for sign in signs for text in said):
                return kind
        return None


def ask_licences(client: FlickrClient) -> list[Licence]:
    """Ask Flickr which licences there are.

    Raises:
        FlickrError: It does not say.
    """
    try:
        return client.call("flickr.photos.licenses.getInfo", {}, _read)
    except Unavailable as failure:
        raise FlickrError(f"Flickr does not name its licences ({failure.detail}).") from None


def chosen(licences: Iterable[Licence], kinds: Iterable[str]) -> dict[str, Licence]:
    """The licences of the named kinds, by Flickr's number."""
    wanted = set(kinds)
    return {each.id: each for each in licences if each.kind in wanted}


def _read(answer: dict[str, Any]) -> list[Licence]:
    return [
        Licence(str(each["id"]), str(each["name"]), str(each.get("url") or ""))
        for each in answer["licenses"]["license"]
    ]
