"""The catalogue of published encoders: who is in it, and how each is found."""

import re

import pytest
import timm

from latentprint.encoders import expand_specs, find_published, published_encoders
from latentprint.encoders.catalogue import FAMILIES, published_encoder, published_identity
from latentprint.encoders.forms import FORMS
from latentprint.encoders.spec import parse_spec
from latentprint.errors import UsageError
from latentprint.published import published


def test_it_holds_exactly_the_published_encoders():
    families = dict(published().select("encoder", "family").unique().rows())
    assert {each.name: each.family for each in published_encoders()} == families
    assert len(published_encoders()) == len(families) == 47


def test_every_entry_is_whole():
    for each in published_encoders():
        assert each.library in FORMS
        assert each.weights
        assert each.dimension > 0 < each.input_size
        assert re.fullmatch(r"[0-9a-f]*", each.sha256)
        assert parse_spec(each.name) == parse_spec(each.alias) == parse_spec(each.spec)
        # A digest says of which file it is.
        assert not each.sha256 or each.sha256 in each.release


def test_names_are_unique_and_aliases_safe_in_a_shell():
    names = [name for each in published_encoders() for name in (each.name, each.alias, each.spec)]
    assert len(set(names)) == 3 * 47
    for each in published_encoders():
        assert re.fullmatch(r"[a-z0-9-]{6,30}", each.alias)
        assert not timm.is_model(each.alias)


@pytest.mark.parametrize(
    "word",
    [
        "CLIP (RN50×4, WIT)",
        "clip (rn50x4, wit)",
        "clip-rn50x4-wit",
        "CLIP-RN50×4-WIT",
        "open_clip:RN50x4/openai",
        "open_clip:RN50x4-quickgelu/openai",
    ],
)
def test_one_encoder_is_found_by_each_of_its_names(word):
    assert [each.alias for each in find_published([word])] == ["clip-rn50x4-wit"]
    assert published_identity(word) == ("CLIP (RN50×4, WIT)", "CVL")


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("*clip*", 20),
        ("CLIP*", 9),
        ("clip-*", 9),
        ("dinov2-*", 4),
        ("*RN50*", 7),
        ("published", 47),
    ],
)
def test_patterns(pattern, number):
    found = find_published([pattern])
    assert len(found) == number
    assert found == [each for each in published_encoders() if each in found]


def test_families():
    sizes = {family: len(find_published(family=family)) for family in FAMILIES}
    assert sizes == {"CVL": 24, "SUP": 11, "SSL": 12}
    assert find_published(family="ssl") == find_published(family="SSL")
    assert [each.alias for each in find_published(["*vit-b*"], "SSL")] == [
        "dino-vit-b-16",
        "dino-vit-b-8",
        "dinov2-vit-b-14-reg",
        "moco-v3-vit-b",
    ]


@pytest.mark.parametrize(
    ("patterns", "family", "hint"),
    [
        (["dinov2-vit-g-14"], None, "dinov2-vit-g-14-reg"),
        (["CLIP (ViT-B/16 WIT)"], None, "clip-vit-b-16-wit"),
        (["dinov2_vit_l14"], None, "dinov2-vit-l-14-reg"),
        (["*resnext*"], None, "encoders list"),
        (["clip-rn50-wit"], "SSL", "of the family SSL"),
        ([], "SLS", "'SSL'"),
    ],
)
def test_what_names_nothing_is_refused_with_the_nearest(patterns, family, hint):
    with pytest.raises(UsageError) as caught:
        find_published(patterns, family)
    assert hint in str(caught.value)
    assert len(str(caught.value)) < 300


def test_the_librarys_own_specification_is_the_published_encoder():
    assert published_identity("timm:vit_small_patch16_224.dino") == (
        "DINO (ViT-S/16, ImageNet-1k)",
        "SSL",
    )
    for other in (
        "timm:vit_small_patch16_224.dino#patch_mean",
        "timm:resnet18.a1_in1k",
        "open_clip:ViT-B-32-quickgelu/laion400m_e32",
    ):
        assert published_identity(other) == (other, "yours")
        assert published_encoder(other) is None


def test_expanding():
    assert len(expand_specs(["published"])) == 47
    assert len(expand_specs(["published"], "CVL")) == len(expand_specs([], "CVL")) == 24
    assert expand_specs([]) == []
    # Paths may hold the characters of a pattern; a misspelt word is left for the loader to judge.
    kept = ["default", "timm:resnet18", "onnx:folder*/model[1].onnx", "random:default", "defualt"]
    assert expand_specs(kept) == kept
    assert expand_specs(["dino-rn50", "DINO (RN50, ImageNet-1k)", "default", "*o-rn50"]) == [
        "checkpoint:dino_resnet50",
        "default",
    ]
    assert expand_specs(["default"], "SSL") == ["default"]
    with pytest.raises(UsageError, match="encoders list"):
        expand_specs(["nothing-*"])
