"""The published classes, held bit for bit against direct Pillow calls."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from latentprint.errors import UsageError
from latentprint.processing import (
    ATTRIBUTES,
    Rescale,
    classes_of,
    find_attributes,
    mask_centre,
    published_classes,
)
from tests.made_photos import made_photo

PHOTO = "folder/photo.jpg"


@pytest.fixture(scope="module")
def image() -> Image.Image:
    return made_photo(421, 287)


def saved(image: Image.Image, quality: int, subsampling: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, format="JPEG", quality=quality, subsampling=subsampling)
    return Image.open(io.BytesIO(file.getvalue())).convert("RGB")


def same(left: Image.Image, right: Image.Image) -> bool:
    return left.size == right.size and np.array_equal(np.asarray(left), np.asarray(right))


def expected(name: str, image: Image.Image) -> Image.Image:
    """The class by direct Pillow calls, as the study describes it."""
    if name == "none":
        return image
    if name.startswith("JPEG"):
        return saved(image, int(name[4:6]), {"420": 2, "444": 0}[name[7:]])
    if name.startswith("SHARPEN"):
        return saved(ImageEnhance.Sharpness(image).enhance(int(name[-1])), 95, 0)
    width, height = image.size
    if name == "RESIZE_HALF":
        return saved(image.resize((int(width * 0.5), int(height * 0.5)), Image.BILINEAR), 95, 0)
    if name == "RESIZE_DOUBLE":
        return saved(image.resize((width * 2, height * 2), Image.BILINEAR), 95, 0)
    factor = Rescale(0.8, 1.2, "box", 0).factor(PHOTO)
    kernel = getattr(Image, name.removeprefix("INTERPOLATION_"))
    return saved(image.resize((int(width * factor), int(height * factor)), kernel), 95, 0)


@pytest.mark.parametrize("name", published_classes())
def test_each_class_is_bit_exact_with_pillow(name: str, image: Image.Image) -> None:
    assert same(published_classes()[name](image, PHOTO), expected(name, image))


def test_the_jpeg_classes_carry_the_tables_of_the_published_variants(
    shared_data: Path, image: Image.Image
) -> None:
    folder = shared_data / "paircams_8" / "jpeg_variants"
    for quality in (75, 85, 95):
        for number, chroma in ((0, "4:4:4"), (2, "4:2:0")):
            (path,) = folder.glob(f"*quality={quality}_subsampling={number}*")
            file = io.BytesIO()
            image.save(file, "JPEG", quality=quality, subsampling=chroma)
            with Image.open(path) as variant, Image.open(file) as ours:
                assert variant.quantization == ours.quantization
                assert [layer[1:3] for layer in variant.layer] == [
                    layer[1:3] for layer in ours.layer
                ]


def test_there_are_fourteen_published_classes() -> None:
    names = [each.name for each in classes_of(tuple(ATTRIBUTES.values()))]
    assert len(names) == len(set(names)) == 14
    assert [len(each.classes) for each in ATTRIBUTES.values()] == [6, 3, 3, 4]


def test_the_rescale_factor_depends_on_photo_and_seed_alone() -> None:
    one = Rescale(0.8, 1.2, "box", 0)
    assert one.factor("a") == Rescale(0.8, 1.2, "lanczos", 0).factor("a")
    assert one.factor("a") != one.factor("b")
    assert one.factor("a") != Rescale(0.8, 1.2, "box", 1).factor("a")
    factors = [one.factor(str(number)) for number in range(4000)]
    assert min(factors) >= 0.8
    assert max(factors) <= 1.2
    assert abs(float(np.mean(factors)) - 1.0) < 0.01


def test_a_single_pixel_survives_every_class() -> None:
    pixel = Image.new("RGB", (1, 1), (10, 20, 30))
    for processing in published_classes().values():
        assert min(processing(pixel, PHOTO).size) >= 1


@pytest.mark.parametrize("share", [0.5, 0.9, 0.95])
def test_the_mask_covers_its_share_of_the_area(share: float) -> None:
    pixels = np.full((224, 224, 3), 255, np.uint8)
    masked = mask_centre(pixels, share)
    assert abs((masked == 0).all(axis=2).mean() - share) < 0.006
    assert (masked[0] == 255).all()
    assert np.array_equal(masked, masked[::-1, ::-1])
    assert pixels.min() == 255


def test_no_mask_changes_nothing() -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    assert mask_centre(pixels, 0) is pixels


def test_a_misspelt_attribute_gets_its_nearest_match() -> None:
    with pytest.raises(UsageError, match="Did you mean 'sharpening'"):
        find_attributes(["sharpning"])
    with pytest.raises(UsageError, match="Did you mean 'SHARPEN_4'"):
        classes_of((), extra=["SHARPEN_3"])
