"""Preprocessing: against torchvision, in words, in manifests and in side files."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms

from latentprint.encoders import Preprocess, load_encoder
from latentprint.encoders.default import preprocessing
from latentprint.encoders.library_transforms import from_open_clip, from_timm, from_transformers
from latentprint.encoders.load_options import LoadOptions
from latentprint.encoders.preprocess_file import read_preprocess
from latentprint.errors import LatentprintError, UsageError

SIZES = [(640, 480), (480, 641), (333, 333), (224, 224), (100, 57), (301, 224), (1023, 255)]


def photo(size):
    generator = np.random.default_rng(size[0])
    coarse = generator.integers(0, 256, (9, 9, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("resize", [224, 256, 231, 199])
@pytest.mark.parametrize("kernel", ["bicubic", "bilinear"])
def test_equals_torchvision(size, resize, kernel):
    ours = Preprocess(resize, 224, kernel)
    theirs = transforms.Compose(
        [
            transforms.Resize(resize, transforms.InterpolationMode(kernel)),
            transforms.CenterCrop(224),
            transforms.ToTensor(),
        ]
    )
    pixels = ours.pixels(photo(size))
    expected = theirs(photo(size))
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels.transpose(2, 0, 1), (expected.numpy() * 255).round())
    normalised = ours.normalise(torch.from_numpy(pixels.copy())[None])[0]
    wanted = transforms.Normalize(ours.mean, ours.std)(expected)
    assert torch.allclose(normalised, wanted, atol=1e-6)


def test_the_default_scales_as_its_weights_were_trained():
    preprocess = preprocessing(LoadOptions())
    values = torch.arange(256, dtype=torch.uint8).repeat(3, 1).T.reshape(1, 16, 16, 3)
    expected = (torch.arange(256.0) - 127) / 128
    assert torch.allclose(preprocess.normalise(values)[0, 1].flatten(), expected, atol=1e-6)


def test_margins():
    published, model = (preprocessing(LoadOptions(margin=m)) for m in ("published", "model"))
    assert (published.resize, published.crop) == (224, 224)
    assert (model.resize, model.crop) == (256, 224)
    vit = "random:timm:vit_tiny_patch16_224.augreg_in21k"
    preprocess = load_encoder(vit, margin="model", device="cpu").preprocess
    assert (preprocess.resize, preprocess.crop) == (248, 224)  # floor(224 / 0.9), as timm


def test_an_unknown_kernel_is_a_usage_error():
    with pytest.raises(UsageError, match="bicubic"):
        Preprocess(224, 224, "bicubik")


def test_old_manifests_stay_as_they_were():
    old = {"resize": 256, "crop": 224, "kernel": "bicubic", "mean": (0.1,) * 3, "std": (0.2,) * 3}
    assert Preprocess(**old).as_dict() == old
    padded = Preprocess(**old, fit="pad", fill=(1, 2, 3), crop_rounding="down")
    later = {"fit": "pad", "fill": (1, 2, 3), "crop_rounding": "down"}
    assert padded.as_dict() == {**old, **later}
    assert Preprocess(**padded.as_dict()) == padded


def test_the_published_margin_overrides_every_fit():
    own = Preprocess(256, 224, "lanczos", fit="pad", fill=(9, 9, 9), crop_rounding="down")
    assert own.with_margin("model") == own
    assert own.with_margin("published") == Preprocess(224, 224, "lanczos", crop_rounding="down")


def test_in_words():
    assert Preprocess(256, 224).describe() == [
        "resize: shorter side to 256 px, bicubic, antialiased (Pillow)",
        "crop: centre 224 x 224 px, half pixels to the even pixel",
        "values: scaled to [0, 1], minus (0.485, 0.456, 0.406), divided by (0.229, 0.224, 0.225)",
    ]
    padded = Preprocess(224, 224, fit="pad", fill=(1, 2, 3), crop_rounding="down").describe()
    assert padded[0].startswith("resize: longer side to 224 px")
    assert padded[1] == "crop: centre 224 x 224 px, borders of RGB (1, 2, 3), half pixels down"


def test_padding_keeps_the_whole_photo():
    preprocess = Preprocess(20, 24, "nearest", fit="pad", fill=(7, 8, 9))
    pixels = preprocess.pixels(Image.new("RGB", (100, 50), (255, 0, 0)))
    inside = (pixels == (255, 0, 0)).all(2)
    assert inside.any(1).nonzero()[0].tolist() == list(range(7, 17))
    assert inside.any(0).nonzero()[0].tolist() == list(range(2, 22))
    assert (pixels[~inside] == (7, 8, 9)).all()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"fit": "croop"}, "Did you mean 'crop'"),
        ({"crop": 0}, "not a number of pixels"),
        ({"resize": 224.5}, "not a number of pixels"),
        ({"mean": (0.5, 0.5)}, "not three values"),
        ({"std": (0.5, 0.0, 0.5)}, "zero"),
        ({"fill": (0, 0, 300)}, "from 0 to 255"),
    ],
)
def test_what_is_no_preprocessing(fields, message):
    with pytest.raises(UsageError, match=message):
        Preprocess(**{"resize": 224, "crop": 224, **fields})


def write(path, **fields):
    path.write_text(json.dumps(fields))
    return path


def test_side_files(tmp_path):
    own = Preprocess(40, 32, "lanczos", fit="pad", fill=(1, 2, 3))
    assert read_preprocess(write(tmp_path / "own.json", **own.as_dict()), "published") == own
    config = {"do_normalize": True, "image_mean": [0.1] * 3, "image_std": [0.2] * 3, "size": 224}
    old = write(tmp_path / "old.json", feature_extractor_type="ViTFeatureExtractor", **config)
    read = read_preprocess(old)
    assert (read.fit, read.crop, read.kernel, read.mean) == ("squash", 224, "bilinear", (0.1,) * 3)
    assert read_preprocess(old, "published").fit == "crop"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1]", "a list or a value"),
        ("{", "does not hold"),
        ('{"size": 3}', "unexpected keyword argument 'size'"),
        ('{"resize": 32, "crop": 32, "kernel": "cubic"}', "Did you mean 'bicubic'"),
        ('{"image_processor_type": "LlavaNextImageProcessor"}', "not one of those whose steps"),
        ('{"image_mean": [0.5, 0.5, 0.5]}', "without a name"),
    ],
)
def test_side_files_that_hold_none(content, message, tmp_path):
    file = tmp_path / "x.json"
    file.write_text(content)
    with pytest.raises(LatentprintError, match=message) as caught:
        read_preprocess(file)
    assert str(file) in str(caught.value)
    with pytest.raises(LatentprintError, match="does not hold"):
        read_preprocess(tmp_path / "none.json")


TIMM = {"crop_pct": 0.9, "interpolation": "bicubic", "mean": (0.5,) * 3, "std": (0.5,) * 3}
CLIP = {
    "image_processor_type": "CLIPImageProcessorFast",
    "size": {"shortest_edge": 224},
    "resample": 3,
    "do_center_crop": True,
    "crop_size": {"height": 224, "width": 224},
    "image_mean": [0.5] * 3,
    "image_std": [0.5] * 3,
}


def test_settings_that_are_not_supported():
    options = LoadOptions()
    with pytest.raises(UsageError, match="224 x 192"):
        from_timm({**TIMM, "input_size": (3, 224, 192)}, options)
    with pytest.raises(UsageError, match="1 channels"):
        from_timm({**TIMM, "input_size": (1, 224, 224)}, options)
    with pytest.raises(UsageError, match="crop mode 'corner'"):
        from_timm({**TIMM, "input_size": (3, 224, 224), "crop_mode": "corner"}, options)
    with pytest.raises(UsageError, match="resize mode 'area'"):
        from_open_clip({"size": 224, "resize_mode": "area", **TIMM}, options)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"do_resize": False}, "leaves their size"),
        ({"do_pad": True}, "pads photos"),
        ({"size": {"shortest_edge": 224, "longest_edge": 512}}, "limits the longer side"),
        ({"size": {"max_height": 9, "max_width": 9}}, "not a height and a width"),
        ({"do_center_crop": False}, "neither squashes nor crops"),
        ({"crop_size": {"height": 224, "width": 192}}, "224 x 192"),
        ({"resample": 17}, "no Pillow kernel"),
        ({"image_mean": None}, "lacks 'image_mean'"),
        ({"do_flip_channel_order": True}, "red and blue"),
        ({"image_processor_type": "Owlv2ImageProcessor"}, "not one of those whose steps"),
    ],
)
def test_image_processors_that_are_not_supported(changes, message):
    assert from_transformers(CLIP, LoadOptions()).crop == 224
    with pytest.raises(UsageError, match=message):
        from_transformers({**CLIP, **changes}, LoadOptions())
