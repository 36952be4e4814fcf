"""The site to which a post belongs: its root, its settings and data, and what it includes."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from latentprint.article.files import Files, UnavailableError
from latentprint.article.yaml_text import load


def find_root(folder: Path) -> Path | None:
    """The root of the Jekyll site in which a folder lies, or None where there is none.

    It is the nearest folder upward with a `_config.yml`; without one, and where the post lies in
    a folder such as `_posts`, the nearest with `assets`, or else the one that holds `_posts`.
    """
    folder = folder.absolute()
    upward = [folder, *folder.parents]
    for each in upward:
        if _has(each / "_config.yml"):
            return each
    private = next((index for index, each in enumerate(upward) if each.name.startswith("_")), None)
    if private is None:
        return None
    outside = upward[private + 1 :]
    return next((each for each in outside[:3] if _has(each / "assets")), outside[0])


def _has(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


class Site:
    """What a site says beside its posts; what cannot be read counts as not there."""

    def __init__(self, files: Files) -> None:
        self._files = files

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What `_config.yml` says; addresses are those of the page, which has no site."""
        read = self._yaml("_config.yml")
        settings = dict(read) if isinstance(read, Mapping) else {}
        return settings | {"data": _Data(self), "baseurl": "", "url": ""}

    @cached_property
    def address(self) -> str:
        """Where the site is on the web; empty where its settings do not tell."""
        read = self._yaml("_config.yml")
        told = read if isinstance(read, Mapping) else {}
        url, base = (str(told.get(key) or "").strip().rstrip("/") for key in ("url", "baseurl"))
        return f"{url}{base}" if url.startswith("http") else ""

    def post_address(self, name: str) -> str | None:
        """The address on the web of another post, which is named as by `post_url`."""
        found = re.fullmatch(r"(?:.*/)?(\d{4})-(\d\d)-(\d\d)-(.+?)(?:\.md)?", name.strip())
        if found is None or not self.address:
            return None
        year, month, day, title = found.groups()
        form = str(self.settings.get("permalink") or "/:year/:month/:day/:title/")
        parts = {":year": year, ":month": month, ":day": day, ":title": title}
        for part, value in parts.items():
            form = form.replace(part, value)
        return f"{self.address}/{form.lstrip('/')}"

    def bibliography(self) -> str | None:
        """The BibTeX file from which jekyll-scholar takes what a post cites."""
        scholar = self.settings.get("scholar")
        told = scholar.get("bibliography") if isinstance(scholar, Mapping) else None
        return str(told) if told else None

    def include(self, name: str) -> str | None:
        """The text of an include, or None where the site has none of this name."""
        return self._text(f"_includes/{name}")

    def data(self, name: str) -> Any:
        """What a file of `_data` holds, or None."""
        for ending in ("yml", "yaml"):
            if (read := self._yaml(f"_data/{name}.{ending}")) is not None:
                return read
        if (text := self._text(f"_data/{name}.json")) is not None:
            try:
                return json.loads(text)
            except ValueError:
                return None
        if (text := self._text(f"_data/{name}.csv")) is not None:
            return list(csv.DictReader(io.StringIO(text)))
        return None

    def _yaml(self, path: str) -> Any:
        text = self._text(path)
        try:
            return None if text is None else load(text)
        except (yaml.YAMLError, ValueError, RecursionError):
            return None

    def _text(self, path: str) -> str | None:
        if ".." in PurePosixPath(path).parts:
            return None
        try:
            return self._files.read(f"/{path}").decode("utf-8-sig").replace("\r\n", "\n")
        except (UnavailableError, UnicodeDecodeError):
            return None


class _Data(Mapping[str, Any]):
    """The files of `_data` by their names, each read when it is asked for."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._read: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._read:
            plain = re.fullmatch(r"[\w-]+", str(name)) is not None
            self._read[name] = self._site.data(name) if plain else None
        if self._read[name] is None:
            raise KeyError(name)
        return self._read[name]

    def __iter__(self) -> Any:
        return iter(self._read)

    def __len__(self) -> int:
        return len(self._read)
