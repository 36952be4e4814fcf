"""The key comes from the environment and goes nowhere else."""

import json
import logging
from pathlib import Path

import pytest

from latentprint.errors import LatentprintError, UsageError
from latentprint.photos.flickr import (
    read_key,
)
from tests.photos.flickr.server import KEY, FakeFlickr
from tests.photos.flickr.tools import client, run, tree


def test_the_key_is_nowhere(
    tmp_path: Path,
    flickr: FakeFlickr,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    for library in ("httpx2", "httpcore2"):
        caplog.set_level(logging.DEBUG, logger=library)
    flickr.photos["106"].exif = {"Make": f"Canon {KEY}"}
    faults = ["http:503,0", "html", "code:105", "drop", "code:2"]
    for key, fault in zip(flickr.photos, faults, strict=False):
        flickr.always["exif", key] = fault
    flickr.always["file", "107"] = "html"
    flickr.always["file", "108"] = "http:404"
    said = []
    run(tmp_path, flickr, read_timeout=0.5)
    for fault in ("code:100", "code:112", "http:403", "html", "drop", "http:429,9999", "shape"):
        flickr.always["search", "1"] = fault
        with pytest.raises(LatentprintError) as caught:
            run(tmp_path / fault.replace(":", "_"), flickr)
        error: BaseException | None = caught.value
        while error is not None:
            said.append(f"{error!r} {error} {vars(error)}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    asking = client(flickr)
    out, err = capfd.readouterr()
    places = [out, err, caplog.text, repr(asking), *said, *flickr.lines]
    places += [content.decode("latin-1") for content in tree(tmp_path).values()]
    assert "api_key" in json.dumps(flickr.forms)
    assert any("HTTP Request" in each for each in places), "the library's log was not seen"
    assert not [each for each in places if KEY in each]


def test_a_missing_or_odd_key_is_explained_without_repeating_it() -> None:
    assert read_key({"FLICKR_API_KEY": f" {KEY}\n"}) == KEY
    for value in ("", "  "):
        with pytest.raises(UsageError, match="environment variable FLICKR_API_KEY"):
            read_key({"FLICKR_API_KEY": value})
    with pytest.raises(UsageError, match="is no key") as caught:
        read_key({"FLICKR_API_KEY": "'secret-secret-secret'"})
    assert "secret-secret" not in str(caught.value)
