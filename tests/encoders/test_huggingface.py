"""Models of the transformers library, tiny and random, saved to a folder and loaded from it."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from safetensors.torch import load_file, save_file

from latentprint.encoders import load_encoder
from latentprint.encoders.huggingface_encoder import load_huggingface
from latentprint.encoders.load_options import LoadOptions
from latentprint.errors import LatentprintError, UsageError

SIZE = 32
VIT = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": SIZE,
    "patch_size": 8,
}
TEXT = {**VIT, "vocab_size": 64, "max_position_embeddings": 16}
STAGES = {"hidden_sizes": [8, 16, 16, 24], "depths": [1, 1, 1, 1], "image_size": SIZE}
SQUASHED = {"size": {"height": SIZE, "width": SIZE}}
CROPPED = {"size": {"shortest_edge": SIZE}, "crop_size": {"height": SIZE, "width": SIZE}}


def clip():
    config = transformers.CLIPConfig(text_config=TEXT, vision_config=VIT, projection_dim=20)
    return transformers.CLIPModel(config), transformers.CLIPImageProcessorPil(**CROPPED)


def siglip():
    config = transformers.SiglipConfig(text_config=TEXT, vision_config=VIT)
    return transformers.SiglipModel(config), transformers.SiglipImageProcessorPil(**SQUASHED)


def siglip2():
    vision = {**VIT, "num_patches": 16}
    config = transformers.Siglip2Config(text_config=TEXT, vision_config=vision)
    processor = transformers.Siglip2ImageProcessorPil(patch_size=8, max_num_patches=16)
    return transformers.Siglip2Model(config), processor


def chinese_clip():
    text = {**TEXT, "type_vocab_size": 2}
    config = transformers.ChineseCLIPConfig(text_config=text, vision_config=VIT, projection_dim=20)
    processor = transformers.ChineseCLIPImageProcessorPil(**CROPPED)
    return transformers.ChineseCLIPModel(config), processor


def altclip():
    text = {**TEXT, "project_dim": 20, "pad_token_id": 1, "type_vocab_size": 2}
    config = transformers.AltCLIPConfig(text_config=text, vision_config=VIT, projection_dim=20)
    return transformers.AltCLIPModel(config), transformers.CLIPImageProcessorPil(**CROPPED)


def blip():
    text = {**TEXT, "encoder_hidden_size": 24}
    config = transformers.BlipConfig(text_config=text, vision_config=VIT, projection_dim=20)
    return transformers.BlipModel(config), transformers.BlipImageProcessorPil(**SQUASHED)


def dinov2():
    model = transformers.Dinov2Model(transformers.Dinov2Config(**VIT))
    return model, transformers.BitImageProcessorPil(**CROPPED)


def dinov2_with_registers():
    config = transformers.Dinov2WithRegistersConfig(**VIT, num_register_tokens=3)
    return transformers.Dinov2WithRegistersModel(config), transformers.BitImageProcessorPil(
        **CROPPED
    )


def dinov3():
    config = transformers.DINOv3ViTConfig(**VIT, num_register_tokens=4)
    return transformers.DINOv3ViTModel(config), transformers.DINOv3ViTImageProcessor(**SQUASHED)


def vit():
    model = transformers.ViTModel(transformers.ViTConfig(**VIT))
    return model, transformers.ViTImageProcessorPil(**SQUASHED)


def beit():
    model = transformers.BeitModel(transformers.BeitConfig(**VIT, use_mask_token=True))
    return model, transformers.BeitImageProcessorPil(**SQUASHED)


def deit():
    model = transformers.DeiTModel(transformers.DeiTConfig(**VIT))
    processor = {"size": {"height": 36, "width": 36}, "crop_size": SQUASHED["size"]}
    return model, transformers.DeiTImageProcessorPil(**processor)


def convnext():
    model = transformers.ConvNextModel(transformers.ConvNextConfig(**STAGES))
    return model, transformers.ConvNextImageProcessorPil(size={"shortest_edge": SIZE})


def swin():
    config = transformers.SwinConfig(
        image_size=SIZE, patch_size=4, embed_dim=8, depths=[1, 1], num_heads=[2, 2], window_size=4
    )
    return transformers.SwinModel(config), transformers.ViTImageProcessorPil(**SQUASHED)


def resnet():
    config = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[16, 24], depths=[1, 1], layer_type="basic"
    )
    return transformers.ResNetModel(config), transformers.ConvNextImageProcessorPil(
        size={"shortest_edge": SIZE}
    )


TWO_TOWERS = [clip, siglip, siglip2, chinese_clip, altclip, blip]
TRANSFORMERS = [dinov2, dinov2_with_registers, dinov3, vit, beit, deit]
MAPS = [convnext, swin, resnet]


def save(folder, make, *, seed=0):
    """Save a random model; every tensor random, or ones and zeros would hide mistakes."""
    torch.manual_seed(seed)
    model, processor = make()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.3)
    model.eval().save_pretrained(folder)
    processor.save_pretrained(folder)
    return model, processor


def load(folder, representation="", margin="model", **changes):
    options = LoadOptions(device="cpu", representation=representation, margin=margin, **changes)
    return load_huggingface(str(folder), options)


def photo():
    values = np.random.default_rng(3).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    return Image.fromarray(values)


def ours(encoder):
    pixels = encoder.preprocess.pixels(photo()).copy()
    return encoder.embed(torch.from_numpy(pixels)[None])[0]


def rewrite(folder, change):
    """Change the saved weights of a folder."""
    file = folder / "model.safetensors"
    save_file(change(load_file(file)), file, {"format": "pt"})


@pytest.mark.parametrize("make", TWO_TOWERS)
def test_two_towers_give_the_image_features(make, tmp_path):
    model, processor = save(tmp_path, make)
    encoder = load(tmp_path, margin="published" if make is siglip2 else "model")
    with torch.inference_mode():
        features = model.get_image_features(**processor(photo(), return_tensors="pt"))
    assert torch.allclose(ours(encoder), features.pooler_output[0], atol=1e-5)
    assert encoder.name == f"hf:{tmp_path.name}"
    assert encoder.family == "yours"
    assert not any("text" in name for name in encoder._module.state_dict())


@pytest.mark.parametrize("make", TRANSFORMERS + MAPS)
def test_the_librarys_own_pooled_output(make, tmp_path):
    model, processor = save(tmp_path, make)
    with torch.inference_mode():
        output = model(**processor(photo(), return_tensors="pt"))
    assert torch.allclose(ours(load(tmp_path)), output.pooler_output[0].flatten(), atol=1e-5)


PREFIXES = list(zip(TRANSFORMERS, (1, 4, 5, 1, 1, 2), strict=True))


@pytest.mark.parametrize(("make", "prefix"), PREFIXES)
def test_class_token_and_patch_mean(make, prefix, tmp_path):
    model, processor = save(tmp_path, make)
    with torch.inference_mode():
        tokens = model(**processor(photo(), return_tensors="pt")).last_hidden_state[0]
    assert len(tokens) == prefix + 16
    encoder = load(tmp_path, "class_token")
    assert torch.allclose(ours(encoder), tokens[0], atol=1e-5)
    assert torch.allclose(ours(load(tmp_path, "patch_mean")), tokens[prefix:].mean(0), atol=1e-5)
    assert encoder.name == f"hf:{tmp_path.name}#class_token"
    assert encoder.identity()["representation"] == "class_token"


@pytest.mark.parametrize("make", MAPS)
def test_maps_have_a_mean_and_no_class_token(make, tmp_path):
    model, processor = save(tmp_path, make)
    with torch.inference_mode():
        hidden = model(**processor(photo(), return_tensors="pt")).last_hidden_state[0]
    mean = hidden.mean(0) if hidden.ndim == 2 else hidden.mean((1, 2))
    assert torch.allclose(ours(load(tmp_path, "patch_mean")), mean, atol=1e-5)
    with pytest.raises(UsageError, match="no class token"):
        load(tmp_path, "class_token")


def test_clips_tokens_are_normalised(tmp_path):
    model, processor = save(tmp_path, clip)
    tower = model.vision_model
    with torch.inference_mode():
        output = tower(**processor(photo(), return_tensors="pt"))
        tokens = tower.post_layernorm(output.last_hidden_state)[0]
    assert torch.allclose(ours(load(tmp_path, "class_token")), output.pooler_output[0], atol=1e-5)
    assert torch.allclose(ours(load(tmp_path, "patch_mean")), tokens[1:].mean(0), atol=1e-5)


def test_a_saved_image_tower_alone(tmp_path):
    config = transformers.CLIPVisionConfig(**VIT, projection_dim=20)

    def tower():
        processor = transformers.CLIPImageProcessorPil(**CROPPED)
        return transformers.CLIPVisionModelWithProjection(config), processor

    model, processor = save(tmp_path, tower)
    with torch.inference_mode():
        embeds = model(**processor(photo(), return_tensors="pt")).image_embeds
    assert torch.allclose(ours(load(tmp_path)), embeds[0], atol=1e-5)


def test_a_classifiers_body_is_read_and_its_missing_pooler_not_made_up(tmp_path):
    def classifier():
        config = transformers.ViTConfig(**VIT, num_labels=5)
        processor = transformers.ViTImageProcessorPil(**SQUASHED)
        return transformers.ViTForImageClassification(config), processor

    model, processor = save(tmp_path, classifier)
    with torch.inference_mode():
        hidden = model.vit(**processor(photo(), return_tensors="pt")).last_hidden_state
    encoder = load(tmp_path)
    assert torch.allclose(ours(encoder), hidden[0, 0], atol=1e-5)
    assert encoder.identity() == load(tmp_path).identity()
    control = load(tmp_path, untrained=True)
    assert not any("pooler" in name for name in control._module.state_dict())


def test_missing_weights_are_an_error(tmp_path):
    save(tmp_path, dinov2)
    rewrite(tmp_path, lambda all_: {k: v for k, v in all_.items() if "layernorm" not in k})
    with pytest.raises(LatentprintError, match=r"lack layernorm.bias, layernorm.weight: the model"):
        load(tmp_path)


def test_a_token_for_training_may_be_missing(tmp_path):
    save(tmp_path, dinov2)
    complete = ours(load(tmp_path))
    rewrite(tmp_path, lambda all_: {k: v for k, v in all_.items() if "mask_token" not in k})
    first = load(tmp_path)
    assert torch.equal(ours(first), complete)
    assert first.identity() == load(tmp_path).identity()


def test_local_weights(tmp_path):
    save(tmp_path / "a", vit)
    save(tmp_path / "b", vit, seed=1)
    file = tmp_path / "b" / "model.safetensors"
    other = load(tmp_path / "a", weights=file)
    assert torch.equal(ours(other), ours(load(tmp_path / "b")))
    assert other.identity()["weights"] == load(tmp_path / "b").identity()["weights"]
    pickled = tmp_path / "weights.pth"
    torch.save(load_file(file), pickled)
    again = load(tmp_path / "a", weights=pickled)
    assert again.identity() == other.identity()
    assert torch.allclose(ours(again), ours(other), atol=1e-6)
    with pytest.raises(UsageError, match="no file"):
        load(tmp_path / "a", weights=tmp_path / "none.pth")


@pytest.mark.parametrize("prefix", ["model.", "module.student.", "model.vit."])
def test_what_a_training_put_before_names_is_left_out_and_said(tmp_path, caplog, prefix):
    save(tmp_path / "a", vit)
    save(tmp_path / "b", vit, seed=1)
    saved = load_file(tmp_path / "b" / "model.safetensors")
    file = tmp_path / "last.ckpt"
    torch.save({"state_dict": {f"{prefix}{name}": each for name, each in saved.items()}}, file)
    encoder = load(tmp_path / "a", weights=file)
    assert encoder.identity()["weights"] == load(tmp_path / "b").identity()["weights"]
    assert f"below '{prefix.removesuffix('vit.')}'" in caplog.text


def test_pickled_weights_are_read_but_never_run(tmp_path):
    save(tmp_path, vit)
    expected = load(tmp_path).identity()
    safe, old = tmp_path / "model.safetensors", tmp_path / "pytorch_model.bin"
    torch.save(load_file(safe), old)
    safe.unlink()
    assert load(tmp_path).identity() == expected
    mark = tmp_path / "it ran"

    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(mark),)

    old.write_bytes(pickle.dumps({"layernorm.weight": Bomb()}))
    with pytest.raises(LatentprintError, match="could not be loaded"):
        load(tmp_path)
    assert not mark.exists()


def test_code_of_a_repository_is_not_run(tmp_path):
    save(tmp_path, vit)
    config = json.loads((tmp_path / "config.json").read_text())
    config |= {"model_type": "new", "auto_map": {"AutoConfig": "code.Config"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "code.py").write_text("raise SystemExit('it ran')")
    with pytest.raises(LatentprintError, match="could not be loaded"):
        load(tmp_path)


@pytest.mark.parametrize("make", [clip, siglip2, chinese_clip, dinov2_with_registers, convnext])
def test_untrained_and_outline(make, tmp_path):
    save(tmp_path, make)
    trained = load(tmp_path, margin="published")
    first, again, other = (
        load(tmp_path, margin="published", untrained=True, seed=seed) for seed in (3, 3, 4)
    )
    assert torch.equal(ours(first), ours(again))
    assert not torch.allclose(ours(first), ours(other))
    assert (first.name, first.family) == (f"hf:{tmp_path.name}, untrained", "control")
    outline = load(tmp_path, margin="published", outline=True)
    assert outline.dimension == first.dimension == trained.dimension
    assert outline.preprocess == trained.preprocess
    assert "weights" not in outline.identity()


def test_the_margin(tmp_path):
    save(tmp_path, deit)
    published = load(tmp_path, margin="published").preprocess
    assert (published.resize, published.crop, published.fit) == (SIZE, SIZE, "crop")
    own = load(tmp_path, margin="model").preprocess
    assert (own.resize, own.crop, own.fit) == (36, SIZE, "squash")
    save(tmp_path / "any", siglip2)
    with pytest.raises(UsageError, match="use --margin published"):
        load(tmp_path / "any", margin="model")


@pytest.mark.parametrize("make", [siglip2, dinov3, swin])
def test_embeddings_do_not_depend_on_the_batch(make, tmp_path):
    save(tmp_path, make)
    encoder = load(tmp_path, margin="published")
    pixels = torch.randint(0, 256, (5, SIZE, SIZE, 3), dtype=torch.uint8)
    alone = torch.cat([encoder.embed(each[None]) for each in pixels])
    assert (encoder.embed(pixels) - alone).abs().max() < 1e-5


def test_blocks(tmp_path):
    model, processor = save(tmp_path, dinov2_with_registers)
    encoder = load(tmp_path, layers="all")
    with torch.inference_mode():
        output = model(**processor(photo(), return_tensors="pt"), output_hidden_states=True)
    blocks = encoder.block_encoders()
    assert len(blocks) == 2
    for block, hidden in zip(blocks, output.hidden_states[1:], strict=True):
        assert torch.allclose(ours(block), hidden[0, 4:].mean(0), atol=1e-5)


def test_by_specification(tmp_path):
    save(tmp_path, vit)
    encoder = load_encoder(f"hf:{tmp_path}#patch_mean", device="cpu")
    assert torch.equal(ours(encoder), ours(load(tmp_path, "patch_mean")))
    control = load_encoder(f"random:hf:{tmp_path}", device="cpu", seed=2)
    assert torch.equal(ours(control), ours(load(tmp_path, untrained=True, seed=2)))


def test_what_is_no_image_encoder(tmp_path):
    config = transformers.BertConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    transformers.BertModel(config).save_pretrained(tmp_path)
    with pytest.raises(UsageError, match="no encoder of images: it takes input_ids"):
        load(tmp_path)
    mae = transformers.ViTMAEConfig(**VIT)
    mae.save_pretrained(tmp_path)
    with pytest.raises(UsageError, match="hides patches at random"):
        load(tmp_path)


def test_other_errors(tmp_path):
    save(tmp_path, vit)
    with pytest.raises(UsageError, match="Did you mean 'class_token'"):
        load(tmp_path, "clas_token")
    with pytest.raises(UsageError, match="no folder"):
        load(f"{tmp_path}/none")
    with pytest.raises(LatentprintError, match="could not be loaded"):
        load(Path(__file__).parent)
    (tmp_path / "preprocessor_config.json").write_text(
        json.dumps({"image_processor_type": "ViTImageProcessor", "size": {"shortest_edge": 30}})
    )
    with pytest.raises(UsageError, match="neither squashes nor crops"):
        load(tmp_path)
    save(tmp_path / "two", chinese_clip)
    with pytest.raises(UsageError, match="one representation"):
        load(tmp_path / "two", "class_token")
