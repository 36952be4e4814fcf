"""Controls without a network in the store: beside other encoders, resumed, never mixed up."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from latentprint.embeddings import Extraction, Store, extract
from latentprint.encoders import Encoder, Preprocess, load_encoder
from latentprint.encoders.pixel_statistics import BlockEnergies, DctEnergies
from latentprint.errors import LatentprintError, UsageError
from latentprint.jobs import encoder_groups
from latentprint.jobs.encoder_groups import EncoderGroups
from latentprint.jobs.loading import Loading
from latentprint.photos import Photos
from latentprint.processing import ATTRIBUTES, classes_of, published_classes

from .toy import ToyEncoder

CLASSES = classes_of((ATTRIBUTES["resizing"],))
HOW = Extraction(batch_size=7, shard_size=5, workers=0)


def controls() -> list[Encoder]:
    return [load_encoder("pixels:dct"), ToyEncoder(), load_encoder("pixels:colour")]


def run(photos: Photos, out: Path, how: Extraction = HOW) -> list[Store]:
    return extract(photos, controls(), CLASSES, out, extraction=how)


def contents(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()
    }


def test_every_photo_is_measured_under_every_class(photos: Photos, tmp_path: Path) -> None:
    stores = run(photos, tmp_path)
    readable = [row for row in photos.table.rows(named=True) if row["id"] != "a/04.png"]
    for store, encoder in zip(stores, controls(), strict=True):
        for name in ("RESIZE_HALF", "JPEG95_444"):
            vectors = np.asarray(store.vectors(name)[:])
            assert vectors.shape == (11, encoder.dimension)
            for row, vector in zip(readable, vectors, strict=True):
                image = Image.open(photos.file(row["path"])).convert("RGB")
                pixels = encoder.preprocess.pixels(published_classes()[name](image, row["id"]))
                expected = encoder.embed(torch.tensor(pixels)[None])[0].numpy()
                np.testing.assert_allclose(vector, expected, rtol=1e-4, atol=1e-4)


def test_workers_change_no_byte(photos: Photos, tmp_path: Path) -> None:
    run(photos, tmp_path / "one")
    run(photos, tmp_path / "other", replace(HOW, workers=2))
    assert contents(tmp_path / "one") == contents(tmp_path / "other")


def test_a_lost_shard_comes_back_bit_identical(photos: Photos, tmp_path: Path) -> None:
    store = run(photos, tmp_path)[0]
    before = contents(tmp_path)
    for path in store.folder.glob("shard-00001.*"):
        path.unlink()
    run(photos, tmp_path)
    assert contents(tmp_path) == before


def test_the_manifest_records_them_and_refuses_another_window(
    photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dct, _, colour = run(photos, tmp_path)
    recorded = dct.manifest["encoder"]
    assert recorded["preprocess"] == BlockEnergies().as_dict()
    assert recorded["identity"] == DctEnergies().identity()
    assert (recorded["family"], recorded["dimension"]) == ("control", 192)
    assert colour.manifest["encoder"]["identity"]["model"] == "pixels:colour"
    monkeypatch.setattr(DctEnergies, "preprocess", BlockEnergies(window=512))
    with pytest.raises(LatentprintError, match=r"preprocess\.window is 1024 there and 512 now"):
        run(photos, tmp_path)


def test_the_mask_reaches_the_colours_and_refuses_the_blocks(
    photos: Photos, tmp_path: Path
) -> None:
    colour, masked = load_encoder("pixels:colour"), replace(HOW, mask=0.5)
    (bare,) = extract(photos, [colour], CLASSES, tmp_path / "bare", extraction=HOW)
    (covered,) = extract(photos, [colour], CLASSES, tmp_path / "covered", extraction=masked)
    means = [np.asarray(each.vectors("JPEG95_444")[:])[:, :3] for each in (bare, covered)]
    assert (means[1] < 0.8 * means[0]).all()
    with pytest.raises(UsageError, match="'DCT energies' reads the photo before it is cropped"):
        run(photos, tmp_path / "refused", masked)
    assert not (tmp_path / "refused").exists()


def test_encoders_that_only_normalise_differently_share_the_pixels(
    photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = ToyEncoder(), ToyEncoder("second")
    second.preprocess = replace(first.preprocess, mean=(0.0, 0.0, 0.0))
    alone = extract(photos, [second], CLASSES, tmp_path / "alone", extraction=HOW)[0]
    calls, pixels = [], Preprocess.pixels
    monkeypatch.setattr(
        Preprocess, "pixels", lambda self, image: (calls.append(self), pixels(self, image))[1]
    )
    both = extract(photos, [first, second], CLASSES, tmp_path / "both", extraction=HOW)
    made_up = 3
    assert len(calls) == made_up + 11 * len(CLASSES)
    vectors = [np.asarray(each.vectors("RESIZE_HALF")[:]) for each in (*both, alone)]
    assert not np.allclose(vectors[0], vectors[1])
    assert np.array_equal(vectors[1], vectors[2])
    recorded = [each.manifest["encoder"]["preprocess"]["mean"] for each in both]
    assert recorded == [[0.485, 0.456, 0.406], [0.0, 0.0, 0.0]]


def loaded(encoders: list[str | Encoder], *, control: bool = True, mask: float = 0.0) -> list[str]:
    groups = EncoderGroups.of(encoders, Loading(control=control))
    return [member.spec for group in groups.load(mask=mask) for member in group]


def test_controls_are_loaded_once_a_run_and_after_the_encoders() -> None:
    toy = ToyEncoder()
    assert loaded([toy]) == ["toy", "pixels:colour", "pixels:dct"]
    assert loaded([toy], control=False) == ["toy"]
    assert loaded(["pixels:dct", toy]) == ["pixels:dct", "toy", "pixels:colour"]


def test_they_follow_the_untrained_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_groups, "load_encoder", lambda spec, **_: ToyEncoder(spec))
    assert loaded(["default", "onnx:a"]) == [
        "default", "random:default", "onnx:a", "pixels:colour", "pixels:dct",
    ]  # fmt: skip


def test_under_a_mask_the_block_control_is_left_out_but_never_one_that_was_asked_for() -> None:
    toy = ToyEncoder()
    assert loaded([toy], mask=0.9) == ["toy", "pixels:colour"]
    assert "pixels:dct" in loaded(["pixels:dct"], mask=0.9)
