"""Controls without a network, against slow and literal formulas."""

import io
import json
import pickle
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image
from scipy.fft import dctn

from latentprint.encoders import Encoder, Preprocess, list_encoders, load_encoder, untrained_spec
from latentprint.encoders.pixel_statistics import PIXEL_CONTROLS, BlockEnergies
from latentprint.errors import LatentprintError, UsageError


def picture(width, height):
    """Smooth shapes with some noise, so that energies span a wide range."""
    generator = np.random.default_rng((width, height))
    coarse = generator.integers(0, 256, (4, 4, 3), np.uint8)
    smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    noise = generator.normal(0, 3, (height, width, 3))
    return Image.fromarray(np.clip(np.asarray(smooth) + noise, 0, 255).astype(np.uint8))


def literal_energies(pixels):
    """The definition, one block and colour after another, in float64."""
    red, green, blue = np.moveaxis(pixels.astype(np.float64), 2, 0)
    planes = [
        0.299 * red + 0.587 * green + 0.114 * blue - 128,
        -0.168736 * red - 0.331264 * green + 0.5 * blue,
        0.5 * red - 0.418688 * green - 0.081312 * blue,
    ]
    logs = np.zeros((3, 8, 8))
    corners = [
        (top, left)
        for top in range(0, pixels.shape[0] - 7, 8)
        for left in range(0, pixels.shape[1] - 7, 8)
    ]
    for top, left in corners:
        for at, plane in enumerate(planes):
            block = dctn(plane[top : top + 8, left : left + 8], norm="ortho")
            logs[at] += np.log(block**2 + 1 / 12)
    return (logs / len(corners)).ravel()


def literal_colours(pixels):
    columns = []
    for plane in np.moveaxis(pixels.astype(np.float64), 2, 0):
        orders = []
        for order in (1, 2):
            down, along = (np.abs(np.diff(plane, order, axis)).mean() for axis in (0, 1))
            orders.append(np.log((down + along) / 2 + 0.1))
        low, high = np.percentile(plane, [1, 99], method="inverted_cdf")
        linear = [plane.mean() / 64, low / 64, high / 64]
        columns.append([*linear, np.log(plane.std() + 0.1), *orders])
    return np.array(columns).T.ravel()


@pytest.mark.parametrize("size", [(64, 48), (61, 37), (8, 8), (15, 200)])
def test_energies_are_those_of_the_definition(size):
    image = picture(*size)
    energies = BlockEnergies().pixels(image)
    assert energies.dtype == np.float32
    assert energies.shape == (192,)
    np.testing.assert_allclose(energies, literal_energies(np.asarray(image)), atol=2e-4)


@pytest.mark.parametrize("size", [(1, 1), (5, 20), (40, 7)])
def test_a_side_shorter_than_a_block_repeats_its_last_pixels(size):
    image = picture(*size)
    width, height = size
    filled = np.pad(
        np.asarray(image), ((0, max(0, 8 - height)), (0, max(0, 8 - width)), (0, 0)), "edge"
    )
    energies = BlockEnergies().pixels(image)
    np.testing.assert_allclose(energies, literal_energies(filled), atol=2e-4)


def test_a_large_photo_is_measured_in_a_central_window_on_its_own_blocks():
    image = picture(130, 83)
    # (130 - 64) / 2 = 33 and (83 - 64) / 2 = 9 are not multiples of 8; 32 and 8 are the next below.
    window = image.crop((32, 8, 96, 72))
    expected = BlockEnergies().pixels(window)
    np.testing.assert_array_equal(BlockEnergies(window=64).pixels(image), expected)
    outside = Image.new("RGB", image.size, "red")
    outside.paste(window, (32, 8))
    np.testing.assert_array_equal(BlockEnergies(window=64).pixels(outside), expected)


def test_the_window_bounds_a_photo_of_twelve_megapixels():
    image = Image.new("RGB", (4000, 3000), "red")
    image.paste(picture(1024, 1024), (1488, 984))
    np.testing.assert_array_equal(
        BlockEnergies().pixels(image),
        BlockEnergies().pixels(image.crop((1488, 984, 2512, 2008))),
    )


def test_jpeg_shows_on_its_own_grid_alone():
    file = io.BytesIO()
    picture(200, 160).save(file, "JPEG", quality=60, subsampling="4:4:4")
    image = Image.open(file).convert("RGB")
    on_grid = BlockEnergies().pixels(image)
    off_grid = BlockEnergies().pixels(image.crop((3, 3, 200, 160)))
    # What quantisation set to zero is left with rounding noise, about log(2 / 12).
    assert (on_grid < -1).sum() > (off_grid < -1).sum() + 50


def test_subsampling_shows_in_the_chroma_of_real_photos(shared_data):
    folder = shared_data / "imagenet_1k_sample"
    clean = pl.read_csv(folder / "manifest.csv").filter(
        pl.col("jpeg_q") >= 90, pl.col("subsampling") == "4:4:4"
    )
    for name in clean["file"][:20]:
        image, energies = Image.open(folder / name).convert("RGB"), {}
        for subsampling in ("4:2:0", "4:4:4"):
            file = io.BytesIO()
            image.save(file, "JPEG", quality=100, subsampling=subsampling)
            chroma = BlockEnergies().pixels(Image.open(file).convert("RGB"))[64:].reshape(2, 8, 8)
            energies[subsampling] = chroma[:, 4:, 4:].mean()
        assert energies["4:2:0"] < energies["4:4:4"], name


def test_colour_statistics_are_those_of_the_definition():
    encoder = load_encoder("pixels:colour")
    images = [picture(400, 300), picture(224, 500), Image.new("RGB", (300, 300), (10, 0, 255))]
    pixels = np.stack([encoder.preprocess.pixels(image) for image in images])
    embeddings = encoder.embed(torch.from_numpy(pixels))
    assert embeddings.dtype == torch.float32
    expected = np.stack([literal_colours(each) for each in pixels])
    np.testing.assert_allclose(embeddings.numpy(), expected, rtol=1e-5, atol=1e-5)


def test_colour_statistics_take_the_crop_of_the_published_margin():
    assert load_encoder("pixels:colour").preprocess == Preprocess(224, 224, "bicubic")


@pytest.mark.parametrize("spec", PIXEL_CONTROLS)
@pytest.mark.parametrize("colour", ["black", "white", (128, 128, 128)])
def test_a_flat_picture_has_a_finite_embedding_of_some_length(spec, colour):
    encoder = load_encoder(spec)
    pixels = encoder.preprocess.pixels(Image.new("RGB", (50, 30), colour))[None].copy()
    embedding = encoder.embed(torch.from_numpy(pixels))
    assert torch.isfinite(embedding).all()
    assert embedding.norm() > 1


@pytest.mark.parametrize("spec", PIXEL_CONTROLS)
def test_they_are_encoders(spec):
    encoder = load_encoder(spec, device="cuda", precision="float16")
    assert isinstance(encoder, Encoder)
    assert encoder.family == "control"
    made = np.stack([encoder.preprocess.pixels(picture(90, 70)) for _ in range(5)])
    embeddings = encoder.embed(torch.from_numpy(made))
    assert embeddings.shape == (5, encoder.dimension)
    for alone, row in zip(made, embeddings, strict=True):
        assert torch.equal(encoder.embed(torch.from_numpy(alone)[None])[0], row)


def test_what_the_manifest_records_tells_them_apart():
    colour, dct = (load_encoder(spec) for spec in PIXEL_CONTROLS)
    assert (colour.name, dct.name) == ("colour statistics", "DCT energies")
    assert colour.identity() != dct.identity()
    recorded = json.loads(json.dumps(dct.preprocess.as_dict()))
    assert (recorded["window"], recorded["noise"]) == (1024, 1 / 12)
    assert recorded != BlockEnergies(window=512).as_dict()


def test_specifications():
    with pytest.raises(UsageError, match="'colour'"):
        load_encoder("pixels:color")
    with pytest.raises(UsageError, match="no untrained control"):
        load_encoder("random:pixels:dct")
    assert untrained_spec("pixels:dct") is None
    assert "pixels:colour|dct" in {row["spec"] for row in list_encoders()}


@pytest.mark.parametrize(
    ("energies", "message"),
    [
        (torch.zeros(2, 191), "takes the 192 values"),
        (torch.zeros(2, 8, 8, 3), r"not \[2, D\]"),
        (torch.full((2, 192), float("nan")), "NaN"),
    ],
)
def test_only_energies_are_passed_on(energies, message):
    with pytest.raises(LatentprintError, match=message):
        load_encoder("pixels:dct").embed(energies)


def test_preparing_loads_neither_torch_nor_an_encoder_library():
    made = pickle.dumps((BlockEnergies(), Preprocess(224, 224)))
    code = (
        "import pickle, sys; import latentprint.embeddings.worker; from PIL import Image\n"
        f"for each in pickle.loads({made!r}): each.pixels(Image.new('RGB', (99, 99)))\n"
        "print([name for name in ('torch', 'timm', 'open_clip', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
