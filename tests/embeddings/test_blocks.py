"""Blocks of a network in stores of their own: one pass for all, resumed, in the result table."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from latentprint.embeddings import Extraction, Store, extract, open_collection, write_photos
from latentprint.encoders.load_options import LoadOptions
from latentprint.encoders.timm_encoder import load_timm
from latentprint.encoders.torch_embedding import TorchEncoder
from latentprint.experiments import decompose_variance
from latentprint.photos import Photos
from latentprint.processing import ATTRIBUTES, classes_of, published_classes
from latentprint.results import results_table

from .toy import ToyEncoder

CLASSES = classes_of((ATTRIBUTES["resizing"],))
HOW = Extraction(batch_size=7, shard_size=5, workers=0)
# 11 readable photos in shards of 5 with 3 classes each: 12, 15 and 6 images in full batches.
BATCHES = [7] * (2 + 3 + 1)
MADE_UP = 3  # pictures that an encoder is known again by


@pytest.fixture(scope="module")
def network() -> TorchEncoder:
    return load_timm("test_vit", LoadOptions(device="cpu", untrained=True, layers=(2, 5)))


def run(photos: Photos, out: Path, network: TorchEncoder) -> list[Store]:
    encoders = [network, ToyEncoder(), *network.block_encoders()]
    return extract(photos, encoders, CLASSES, out, extraction=HOW)


def passes_of(network: TorchEncoder) -> list[int]:
    passes: list[int] = []
    network._module.register_forward_hook(lambda _m, inputs, _o: passes.append(len(inputs[0])))
    return passes


def test_blocks_are_stored_from_one_pass_and_equal_a_direct_computation(
    photos: Photos, tmp_path: Path, network: TorchEncoder
) -> None:
    passes = passes_of(network)
    final, _, *blocks = run(photos, tmp_path, network)
    assert passes == [MADE_UP, *BATCHES]
    names = [store.manifest["encoder"]["name"] for store in blocks]
    shown = "timm:test_vit.r160_in1k, block {}, untrained"
    assert names == [shown.format(2), shown.format(5)]
    readable = [row for row in photos.table.rows(named=True) if row["id"] != "a/04.png"]
    for store, number in zip(blocks, (2, 5), strict=True):
        vectors = np.asarray(store.vectors("RESIZE_HALF")[:])
        for row, vector in zip(readable, vectors, strict=True):
            image = Image.open(photos.file(row["path"])).convert("RGB")
            image = published_classes()["RESIZE_HALF"](image, row["id"])
            pixels = torch.tensor(network.preprocess.pixels(image))[None]
            with torch.inference_mode():
                values = network.preprocess.normalise(pixels)
                maps = network._module.forward_intermediates(values, intermediates_only=True)
            expected = maps[number - 1].mean((2, 3))[0].numpy()
            np.testing.assert_allclose(vector, expected, rtol=1e-4, atol=1e-5)
    assert final.vectors("RESIZE_HALF").shape == (11, network.dimension)


def test_a_lost_shard_of_one_block_comes_back_bit_identical(
    photos: Photos, tmp_path: Path, network: TorchEncoder
) -> None:
    store = run(photos, tmp_path, network)[-1]
    before = {path.name: path.read_bytes() for path in store.folder.iterdir()}
    (store.folder / "shard-00001.parquet").unlink()
    passes = passes_of(network)
    run(photos, tmp_path, network)
    assert passes == [MADE_UP, *BATCHES[2:5]]
    assert {path.name: path.read_bytes() for path in store.folder.iterdir()} == before


def test_results_tell_network_and_layer(
    photos: Photos, tmp_path: Path, network: TorchEncoder
) -> None:
    run(photos, tmp_path, network)
    write_photos(tmp_path, photos)
    sources = {each.layer: each for each in open_collection(tmp_path) if each.encoder != "toy"}
    untrained = "timm:test_vit.r160_in1k, untrained"
    assert {layer: each.network for layer, each in sources.items()} == dict.fromkeys(
        (None, 2, 5), untrained
    )
    resizing = ATTRIBUTES["resizing"]
    found = [decompose_variance(each, resizing) for each in sources.values()]
    table = results_table([row for rows in found for row in rows])
    assert dict(table.select("layer", "encoder").rows()) == {
        None: untrained,
        2: "timm:test_vit.r160_in1k, block 2, untrained",
        5: "timm:test_vit.r160_in1k, block 5, untrained",
    }
    assert table["network"].unique().to_list() == [untrained]
