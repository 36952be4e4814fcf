"""Whether the photos of a set may still be kept: owners delete photos and change licences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latentprint.errors import UsageError
from latentprint.files import writing
from latentprint.photos.flickr.answers import read_licence_of
from latentprint.photos.flickr.client import FlickrClient
from latentprint.photos.flickr.collect import JOURNAL, FlickrProgress
from latentprint.photos.flickr.failures import FlickrError, NoAnswer, Unavailable
from latentprint.photos.flickr.journal import Journal
from latentprint.photos.flickr.licences import Licence, ask_licences, chosen
from latentprint.photos.flickr.tables import PHOTOS, kept_rows, write_tables

_FINDINGS = "refresh.jsonl"
_MOST_UNANSWERED = 5


@dataclass(frozen=True)
class Refreshed:
    """What became of the photos of a set.

    Attributes:
        checked: Number of photos that were looked at.
        gone: Ids of photos that are deleted or no longer public.
        forbidden: Ids of photos whose licence is not permitted any more, with its name.
        relicensed: Ids of photos that have another permitted licence now, with its name.
        unanswered: Ids of photos about which Flickr gave no answer.
        removed: Whether the gone and the forbidden ones were removed.
        requests: Requests of this run.
    """

    checked: int
    gone: list[str]
    forbidden: dict[str, str]
    relicensed: dict[str, str]
    unanswered: list[str]
    removed: bool
    requests: int


def refresh(
    folder: Path,
    client: FlickrClient,
    *,
    remove: bool = False,
    on_progress: Callable[[FlickrProgress], None] | None = None,
) -> Refreshed:
    """Ask for every kept photo whether it is still there, under a permitted licence.

    A check that was killed goes on where it was.

    Args:
        folder: A folder that ``collect`` wrote.
        client: Asks Flickr.
        remove: Delete the photos that are gone or forbidden, with everything that was noted of
            them but their id, and note new licences of the others in the tables.
        on_progress: Called after every photo.

    Raises:
        UsageError: The folder holds no such set.
        FlickrError: Flickr refuses the key, or has stopped to answer.
    """
    if not (folder / JOURNAL).exists():
        raise UsageError(f"{folder} holds no {JOURNAL}: name the --out of `latentprint flickr`.")
    with writing(folder), Journal(folder / JOURNAL) as journal:
        rows = kept_rows(journal)
        known = ask_licences(client)
        names = {each.id: each.name for each in known}
        permitted = chosen(known, journal.get("wanted", "")["licences"])
        with Journal(folder / _FINDINGS) as findings:
            now = _licences_now(rows, client, findings, on_progress)
        found = _sorted_out(rows, now, names, permitted, remove, client.requests)
        if remove:
            _remove(folder, journal, {*found.gone, *found.forbidden})
            _relicense(journal, {key: permitted[now[key]] for key in found.relicensed})
            write_tables(folder, kept_rows(journal), journal)
        (folder / _FINDINGS).unlink()
        return found


def _licences_now(
    rows: Mapping[str, Any],
    client: FlickrClient,
    findings: Journal,
    on_progress: Callable[[FlickrProgress], None] | None,
) -> dict[str, str]:
    """Flickr's number of each photo's licence; "" if it is gone; unanswered ones are missing."""
    now: dict[str, str] = {}
    in_a_row = 0
    for number, key in enumerate(rows, start=1):
        licence = findings.get("licence", key)
        try:
            if licence is None:
                licence = _licence_now(client, key)
                findings.put("licence", key, licence)
            now[key], in_a_row = licence, 0
        except NoAnswer as failure:
            in_a_row += 1
            if in_a_row >= _MOST_UNANSWERED:
                raise FlickrError(f"{failure} Run the same command again later.") from None
        if on_progress is not None:
            on_progress(FlickrProgress(number, len(rows), number - len(now), "", client.requests))
    return now


def _licence_now(client: FlickrClient, key: str) -> str:
    try:
        return client.call("flickr.photos.getInfo", {"photo_id": key}, read_licence_of)
    except Unavailable:
        return ""


def _sorted_out(
    rows: Mapping[str, Mapping[str, Any]],
    now: Mapping[str, str],
    names: Mapping[str, str],
    permitted: Mapping[str, Licence],
    remove: bool,
    requests: int,
) -> Refreshed:
    changed = {key: new for key, new in now.items() if new and new != rows[key]["licence_id"]}
    named = {key: names.get(new, f"licence {new}") for key, new in changed.items()}
    return Refreshed(
        checked=len(now),
        gone=[key for key, new in now.items() if not new],
        forbidden={key: name for key, name in named.items() if changed[key] not in permitted},
        relicensed={key: name for key, name in named.items() if changed[key] in permitted},
        unanswered=[key for key in rows if key not in now],
        removed=remove,
        requests=requests,
    )


def _remove(folder: Path, journal: Journal, keys: set[str]) -> None:
    """Delete photos and what was noted of them; the journal forgets last, lest a kill harms."""

    def without(kind: str, key: str, value: Any) -> Any:
        if kind == "window" and value:
            left = [each for each in value["candidates"] if each["id"] not in keys]
            return {**value, "candidates": left}
        if kind in ("exif", "photo") and key in keys:
            return (
                {"reason": "removed", "detail": "gone or relicensed"} if kind == "photo" else None
            )
        return value

    for key in keys:
        (folder / PHOTOS / f"{key}.jpg").unlink(missing_ok=True)
    if keys:
        journal.rewrite(without)


def _relicense(journal: Journal, licences: Mapping[str, Licence]) -> None:
    for key, licence in licences.items():
        row = journal.get("photo", key)["row"]
        news = {"licence_id": licence.id, "licence": licence.name, "licence_url": licence.url}
        journal.put("photo", key, {"row": {**row, **news}})
