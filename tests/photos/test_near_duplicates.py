"""Near-duplicates are found whatever was done to the file, and different photos are not."""

import io
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from latentprint.photos import near_duplicates
from latentprint.photos.near_duplicates import (
    difference_hash,
    merge_groups,
    near_duplicate_groups,
)


def plain_groups(hashes: list[str]) -> list[int]:
    """Every pair compared, links followed until nothing changes."""
    numbers = [int(each, 16) for each in hashes]
    group = list(range(len(hashes)))
    for _ in hashes:
        for i, one in enumerate(numbers):
            for j, other in enumerate(numbers):
                if (one ^ other).bit_count() <= 16:
                    group[i] = group[j] = min(group[i], group[j])
    return group


@pytest.mark.parametrize("many", [0, 1000], ids=["pairs of bands", "bands"])
def test_equals_the_comparison_of_all_pairs(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_duplicates, "_MANY", many)
    rng = np.random.default_rng(0)
    hashes = []
    for _ in range(25):
        bits = rng.integers(2, size=256)
        for flips in (0, 5, 12, 16, 17, 25):
            copy = bits.copy()
            copy[rng.choice(256, flips, replace=False)] ^= 1
            hashes.append(np.packbits(copy).tobytes().hex())
    order = rng.permutation(len(hashes))
    hashes = [hashes[i] for i in order]
    assert near_duplicate_groups(hashes).tolist() == plain_groups(hashes)


@pytest.mark.parametrize("equal", [1, 2])
def test_bits_that_differ_may_lie_in_all_bands_but_those(
    equal: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worst case: one bit, the first or the last, in each of sixteen bands."""
    monkeypatch.setattr(near_duplicates, "_MANY", 10**6 if equal == 1 else 0)
    rng = np.random.default_rng(0)
    edges = np.linspace(0, 256, 16 + equal + 1).astype(int)
    hashes = []
    for same in combinations(range(16 + equal), equal):
        for bits_of in (edges[:-1], edges[1:] - 1):
            bits = rng.integers(2, size=256)
            copy = bits.copy()
            copy[np.delete(bits_of, same)] ^= 1
            hashes += [np.packbits(each).tobytes().hex() for each in (bits, copy)]
    first = np.arange(len(hashes)) // 2 * 2
    assert near_duplicate_groups(hashes).tolist() == first.tolist()


def test_copies_in_a_large_bucket_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_duplicates, "_LARGE", 10)
    rng = np.random.default_rng(0)
    smooth = [np.packbits(rng.random(256) < 0.03).tobytes().hex() for _ in range(40)]
    groups = near_duplicate_groups([*smooth, *smooth])
    assert (groups[:40] == groups[40:]).all()


def test_saved_again_smaller_and_brighter_is_a_near_duplicate(shared_data: Path) -> None:
    files = sorted((shared_data / "imagenet_1k_sample").glob("*.JPEG"))[:60]
    hashes = []
    for file in files:
        with Image.open(file) as opened:
            image = opened.convert("RGB")
        saved = io.BytesIO()
        image.resize((image.width // 2, image.height // 2)).save(saved, "JPEG", quality=60)
        versions = [image, Image.open(saved), ImageEnhance.Brightness(image).enhance(1.1)]
        hashes += [difference_hash(each.convert("RGB")) for each in versions]
    groups = near_duplicate_groups(hashes)
    found = [len(set(groups[i : i + 3])) for i in range(0, 180, 3)]
    assert np.mean(np.array(found) == 1) > 0.9
    assert len(set(groups[::3])) >= 59


def test_groups_that_share_a_photo_become_one() -> None:
    people = ["ann", "ann", "bob", "cy", None, None]
    scenes = ["x", "y", "y", "z", "z", None]
    assert merge_groups(people, scenes) == ["ann", "ann", "ann", "cy", "cy", "row 5"]
    assert merge_groups([None, "b"], ["x", "y"]) == ["x", "b"]
    assert merge_groups(people[::-1], scenes[::-1])[::-1][:5] == ["ann", "ann", "ann", "cy", "cy"]
