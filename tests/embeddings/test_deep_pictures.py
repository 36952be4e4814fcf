"""Deep pictures of a set are scaled alike before they are embedded, which is recorded and told."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from latentprint.embeddings import Extraction, Store, extract
from latentprint.errors import LatentprintError
from latentprint.photos import Photos, Tones, open_photos
from latentprint.processing import NONE

from .toy import ToyEncoder

HOW = Extraction(batch_size=4, shard_size=4, workers=0)


@pytest.fixture
def scans(tmp_path: Path) -> Photos:
    """Two photos of a 12-bit scanner, one of them dark."""
    for name, high in (("bright", 4000), ("dark", 250)):
        ramp = np.linspace(0, high, 64 * 64).reshape(64, 64).astype(np.uint16)
        (tmp_path / "scans").mkdir(exist_ok=True)
        Image.fromarray(ramp).save(tmp_path / "scans" / f"{name}.png")
    return open_photos(tmp_path / "scans")


def run(photos: Photos, out: Path, how: Extraction = HOW) -> Store:
    return extract(photos, [ToyEncoder("toy")], [NONE], out, extraction=how)[0]


def test_they_are_scaled_alike_and_told(
    scans: Photos, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = run(scans, tmp_path / "out")
    assert "scans: 12-bit data scaled by 16." in caplog.text
    (scale,) = store.manifest["settings"]["tones"]
    assert (scale["high"], scale["looked_at"]) == (4095.0, 2)
    dark_note = "values up to 250 are dark in the set's 12-bit data scaled by 16"
    assert store.facts()["reason"].to_list() == ["", dark_note]
    # By itself the dark one would be as bright as the other.
    bright, dark = store.vectors(NONE.name)
    assert not np.allclose(bright, dark, atol=1.0)


def test_what_is_asked_for_is_part_of_the_identity(scans: Photos, tmp_path: Path) -> None:
    store = run(scans, tmp_path / "out")
    other = replace(HOW, tones=Tones(window=(0, 300)))
    with pytest.raises(LatentprintError, match=r"tones\.16-bit is .*--window 0:4095"):
        run(scans, tmp_path / "out", other)
    wide = run(scans, tmp_path / "other", other)
    assert not np.array_equal(wide.vectors(NONE.name), store.vectors(NONE.name))


def test_a_set_grows_while_its_scale_stays(scans: Photos, tmp_path: Path) -> None:
    """A wider range of values is another scale: what is there would no longer fit."""
    store = run(scans, tmp_path / "out")
    vectors = store.vectors(NONE.name)[:]
    dim = np.full((64, 64), 77, np.uint16)
    Image.fromarray(dim).save(tmp_path / "scans" / "dim.png")
    Image.new("RGB", (64, 64)).save(tmp_path / "scans" / "plain.png")
    grown = run(open_photos(tmp_path / "scans"), tmp_path / "out")
    assert np.array_equal(grown.vectors(NONE.name)[[0, 1]], vectors)
    Image.fromarray(dim * 500).save(tmp_path / "scans" / "dazzling.png")
    with pytest.raises(LatentprintError, match=r"0:4095.* there and .*0:65535.*--window 0:4095"):
        run(open_photos(tmp_path / "scans"), tmp_path / "out")
    fixed = replace(HOW, tones=Tones(window=(0, 4095)))
    assert len(run(open_photos(tmp_path / "scans"), tmp_path / "out", fixed).facts()) == 5


def test_plain_sets_record_nothing(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    Image.new("RGB", (32, 32), "teal").save(tmp_path / "plain" / "a.png")
    store = run(open_photos(tmp_path / "plain"), tmp_path / "out")
    assert "tones" not in store.manifest["settings"]
