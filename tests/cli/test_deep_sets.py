"""Sets of deep pictures from end to end: seen as they are, scaled as one, and told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import tifffile

from latentprint.photos import Tones, decode
from latentprint.photos.formats import installed
from latentprint.words import Experiment
from tests.browser import opened
from tests.photos.test_dicom import SECRETS, written

from .conftest import Command

pytestmark = pytest.mark.slow

SCANNERS = ("alpha", "beta", "gamma")
EACH = 12
AUDIT = (
    "-e", "python:tests.embeddings.toy:ToyEncoder", "--no-control", "--workers", "0", "-k", "1",
    "-a", "sharpening",
)  # fmt: skip
MEANS = """
() => {
  const pictures = [...document.querySelectorAll('image, img')];
  const sources = pictures.map(each => each.href?.baseVal ?? each.src);
  const photos = sources.filter(each => each.startsWith('data:image'));
  return Promise.all([...new Set(photos)].map(async source => {
    const picture = new Image();
    picture.src = source;
    await picture.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
    const context = canvas.getContext('2d');
    context.drawImage(picture, 0, 0);
    const green = context.getImageData(0, 0, canvas.width, canvas.height).data
      .filter((_, at) => at % 4 === 1);
    return green.reduce((sum, each) => sum + each, 0) / green.length;
  }));
}
"""


def scenes(high: float) -> list[np.ndarray]:
    """Pictures from dark to bright, none of which fills the range by itself, float [48, 64]."""
    rng = np.random.default_rng(0)
    found = []
    for at in range(len(SCANNERS) * EACH):
        brightest = high * (0.25 + 0.75 * at / (len(SCANNERS) * EACH - 1))
        ramp = np.add.outer(np.linspace(0, 0.5, 48), np.linspace(0, 0.4, 64))
        found.append(brightest * np.clip(ramp + rng.uniform(0, 0.1, ramp.shape), 0, 1))
    return found


def packed(values: np.ndarray) -> bytes:
    """Rows of 12-bit values, two in three bytes."""
    first, second = values[:, 0::2].astype(np.uint16), values[:, 1::2].astype(np.uint16)
    parts = (first >> 4, (first & 15) << 4 | second >> 8, second & 255)
    return np.stack(parts, axis=-1).astype(np.uint8).tobytes()


def packed_tiff(file: Path, values: np.ndarray) -> None:
    """A TIFF of 12 bits a sample, written by hand."""
    data = packed(values)
    fields = [
        (256, values.shape[1]), (257, values.shape[0]), (258, 12), (259, 1), (262, 1),
        (273, 8 + 2 + 9 * 12 + 4), (277, 1), (278, values.shape[0]), (279, len(data)),
    ]  # fmt: skip
    head = b"II*\0" + (8).to_bytes(4, "little") + len(fields).to_bytes(2, "little")
    for tag, value in fields:
        head += b"".join(n.to_bytes(s, "little") for n, s in ((tag, 2), (4, 2), (1, 4), (value, 4)))
    file.write_bytes(head + bytes(4) + data)


def write_scans(folder: Path) -> dict[str, float]:
    """12-bit scans: in 16 bits, packed, and in 16 big-endian bits that are compressed."""
    means, rows = {}, []
    for at, scene in enumerate(scenes(4095)):
        values, scanner = scene.round().astype(np.uint16), SCANNERS[at % 3]
        file = folder / f"{at:02}.tif"
        if scanner == "alpha":
            tifffile.imwrite(file, values, metadata=None)
        elif scanner == "beta":
            packed_tiff(file, values)
        else:
            tifffile.imwrite(file, values, metadata=None, byteorder=">", compression="zlib")
        means[file.name] = float(values.mean()) * 255 / 4095
        rows.append({"path": file.name, "label": "xy"[at // 3 % 2], "scanner": scanner})
    pl.DataFrame(rows).write_csv(folder / "list.csv")
    return means


def write_slices(folder: Path) -> dict[str, float]:
    """CT with slope and intercept, a window that all state, and one inverted scanner."""
    means, rows = {}, []
    for at, scene in enumerate(scenes(1400)):
        units = scene.round() - 1000
        inverted = at % 3 == 2
        scanner: dict[str, Any] = {
            "StationName": SCANNERS[at % 3],
            "RescaleSlope": "2",
            "RescaleIntercept": "-1024",
            "WindowCenter": "-300",
            "WindowWidth": "1401",
        }
        stored = ((units + 1024) / 2).round().astype(np.uint16)
        file = folder / f"{at:02}.dcm"
        written(file, stored, "MONOCHROME1" if inverted else "MONOCHROME2", **scanner)
        shown = ((2.0 * stored - 1024 + 1000.5) * 255 / 1400).clip(0, 255)
        means[file.name] = float((255 - shown if inverted else shown).mean())
        rows.append({"path": file.name, "label": "xy"[at // 3 % 2]})
    pl.DataFrame(rows).write_csv(folder / "list.csv")
    return means


def write_negatives(folder: Path) -> dict[str, float]:
    """Digital negatives of an even grey each, by three cameras; LibRaw maps them to sRGB."""
    identity = (1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1)
    means, rows = {}, []
    for at in range(len(SCANNERS) * EACH):
        level = 300 + 100 * at
        maker = SCANNERS[at % 3]
        tags = [
            (50706, 1, 4, (1, 4, 0, 0)), (50708, 2, 0, f"{maker} One", False),
            (271, 2, 0, maker, False), (272, 2, 0, "One", False),
            (50721, 10, 9, identity, False), (50728, 5, 3, (1, 1, 1, 1, 1, 1), False),
            (50778, 3, 1, 21, False), (33421, 3, 2, (2, 2)), (33422, 1, 4, (0, 1, 1, 2)),
            (50717, 3, 1, 4095),
        ]  # fmt: skip
        file = folder / f"{at:02}.dng"
        mosaic = np.full((48, 64), level, np.uint16)
        tifffile.imwrite(file, mosaic, metadata=None, photometric=32803, extratags=tags)
        linear = level / 4095
        # Rec. 709, which LibRaw takes: a straight line near black, then a power.
        curved = 4.5 * linear if linear < 0.018 else 1.099 * linear**0.45 - 0.099
        means[file.name] = 255 * curved
        rows.append({"path": file.name, "label": "xy"[at // 3 % 2], "scanner": maker})
    pl.DataFrame(rows).write_csv(folder / "list.csv")
    return means


SETS: dict[str, tuple[str, Callable[[Path], dict[str, float]], str, tuple[str, ...]]] = {
    "scans": (
        "", write_scans, "scanner",
        ("12-bit data scaled by 16",),
    ),
    "slices": (
        "dicom", write_slices, "station",
        ("CT (signed 16-bit) data shown from -1000.5 to 399.5, the window they state",),
    ),
    "negatives": ("raw", write_negatives, "scanner", ()),
}  # fmt: skip


@pytest.mark.parametrize("name", SETS)
def test_a_set_is_seen_as_it_is(
    tmp_path: Path,
    latentprint: Command,
    caplog: pytest.LogCaptureFixture,
    browser: Any,
    name: str,
) -> None:
    extra, write, column, told = SETS[name]
    if extra and not installed(extra):
        pytest.skip(f"the extra {extra} is not installed")
    means = write(tmp_path)
    run = tmp_path / "run"
    said = latentprint("audit", tmp_path / "list.csv", "--out", run, *AUDIT, "-a", column)
    assert said.code == 0, said.err
    assert set(pl.read_csv(run / "photos.csv")["status"]) == {"ok"}
    rows = pl.read_csv(run / "results.csv").filter(pl.col("attribute") == column)
    assert rows["classes"].to_list()[0] == len(SCANNERS)
    for words in told:
        assert f"{words}." in caplog.text
        assert words in (run / "report.html").read_text(encoding="utf-8")
    assert "0.1st" not in caplog.text

    recorded = json.loads((run / "settings.json").read_text())["extraction"].get("tones", [])
    tones = Tones.recorded(recorded)
    for file, mean in means.items():
        assert abs(np.asarray(decode(tmp_path / file, tones=tones).image).mean() - mean) < 3, file

    page = tmp_path / "compared" / "report.html"
    compared = latentprint("similarity", run, "-a", "sharpening", "-k", "5", "--out", page.parent)
    assert compared.code == 0, compared.err
    expected = [means[file] for file in shown_files(page.parent)]
    assert thumbnail_means(browser, page) == pytest.approx(expected, abs=4)
    told_of = "".join(text_of(file) for file in tmp_path.rglob("*/*") if file.is_file())
    assert not [secret for secret in SECRETS.values() if secret in told_of]


def text_of(file: Path) -> str:
    """Everything that an output says, whatever it is kept in."""
    if file.suffix == ".parquet":
        return str(pl.read_parquet(file).to_dicts())
    return file.read_bytes().decode("latin-1")


def shown_files(run: Path) -> list[str]:
    """The photos of all galleries, each once, in their order."""
    found = []
    for gallery in json.loads((run / "details.json").read_text()):
        if gallery["experiment"] == Experiment.NEIGHBOUR_GALLERY:
            found.append(gallery["query"]["path"])
            for setup in gallery["setups"]:
                found += [each["path"] for each in setup["neighbours"]]
    return list(dict.fromkeys(found))


def thumbnail_means(browser: Any, page: Path) -> list[float]:
    """Mean levels of the pictures on a page, as the browser shows them."""
    with opened(browser, page.as_uri()) as (shown, _):
        found: list[float] = shown.evaluate(MEANS)
        return found
