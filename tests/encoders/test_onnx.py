"""ONNX files: inputs, outputs and preprocessing inferred, or refused."""

import json

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from latentprint.encoders import load_encoder
from latentprint.errors import LatentprintError, UsageError

ROW = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)


def write_model(path, shape, *, input_type=TensorProto.FLOAT, outputs=("map", "vector")):
    """Mean over the pixels, then a 3 x 4 matrix.

    "map" is the 4-D mean, "flat" the same as [B, 3], and "vector" the result.
    """
    batch = shape[0]
    kinds = {
        "map": helper.make_tensor_value_info("map", input_type, [batch, 3, 1, 1]),
        "flat": helper.make_tensor_value_info("flat", input_type, [batch, 3]),
        "vector": helper.make_tensor_value_info("vector", input_type, [batch, 4]),
    }
    row = ROW.astype(helper.tensor_dtype_to_np_dtype(input_type))
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["image"], ["map"]),
            helper.make_node("Flatten", ["map"], ["flat"]),
            helper.make_node("MatMul", ["flat", "matrix"], ["vector"]),
        ],
        "tiny",
        [helper.make_tensor_value_info("image", input_type, shape)],
        [kinds[name] for name in outputs],
        [onnx.numpy_helper.from_array(row, "matrix")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
    return f"onnx:{path}"


def write_side_file(path, **fields):
    path.with_name(f"{path.name}.preprocess.json").write_text(json.dumps(fields))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "tiny.onnx"
    write_side_file(path, resize=40, crop=32, mean=[0.5, 0.4, 0.3], std=[0.2, 0.2, 0.2])
    return path


@pytest.mark.parametrize("batch", ["batch", 1, 2])
def test_embeds_with_any_batch(path, batch):
    encoder = load_encoder(write_model(path, [batch, 3, 32, 32]), device="cpu")
    pixels = torch.randint(0, 256, (5, 32, 32, 3), dtype=torch.uint8)
    means = (pixels.numpy() / 255).mean((1, 2))
    expected = (means - [0.5, 0.4, 0.3]) / 0.2 @ ROW
    assert encoder.embed(pixels).dtype == torch.float32
    assert np.allclose(encoder.embed(pixels), expected, atol=1e-5)
    assert (encoder.name, encoder.family) == ("onnx:tiny.onnx", "yours")
    assert (encoder.input_size, encoder.dimension) == (32, 4)
    assert (encoder.preprocess.resize, encoder.preprocess.mean) == (40, (0.5, 0.4, 0.3))


def test_half_precision_files(path):
    spec = write_model(path, ["batch", 3, "h", "w"], input_type=TensorProto.FLOAT16)
    encoder = load_encoder(spec, device="cpu")
    embeddings = encoder.embed(torch.full((2, 32, 32, 3), 128, dtype=torch.uint8))
    assert embeddings.dtype == torch.float32


def test_identity_is_the_files_content(path):
    spec = write_model(path, ["batch", 3, 32, 32])
    first = load_encoder(spec, device="cpu").identity()
    assert first == load_encoder(spec, device="cpu").identity()
    write_model(path, [1, 3, 32, 32])
    assert first != load_encoder(spec, device="cpu").identity()


@pytest.mark.parametrize(("side", "size"), [(48, 48), ("h", 224)])
def test_without_a_side_file_imagenets_values_and_a_warning(tmp_path, caplog, side, size):
    encoder = load_encoder(write_model(tmp_path / "a.onnx", ["n", 3, side, side]), device="cpu")
    assert encoder.input_size == encoder.preprocess.resize == size
    assert encoder.preprocess.mean == (0.485, 0.456, 0.406)
    assert "a.onnx.preprocess.json is missing" in caplog.text


@pytest.mark.parametrize("shape", [["n", 3, 32, 48], ["n", 32, 32, 3], ["n", 3, 32]])
def test_other_inputs_are_refused(path, shape):
    graph = helper.make_graph(
        [helper.make_node("Flatten", ["image"], ["vector"])],
        "flat",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["n", "d"])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
    with pytest.raises(LatentprintError, match=r"one float input.*image tensor\(float\)"):
        load_encoder(f"onnx:{path}", device="cpu")


def test_other_outputs_are_named(path):
    with pytest.raises(LatentprintError, match=r"no output \[B, D\]; it has map"):
        load_encoder(write_model(path, ["n", 3, 32, 32], outputs=["map"]), device="cpu")


def test_of_several_vectors_one_must_be_named(path):
    spec = write_model(path, ["n", 3, 32, 32], outputs=["flat", "map", "vector"])
    with pytest.raises(UsageError, match=r"several outputs \[B, D\]: flat, vector.*tiny.onnx#flat"):
        load_encoder(spec, device="cpu")
    encoder = load_encoder(f"{spec}#vector", device="cpu")
    assert (encoder.name, encoder.dimension) == ("onnx:tiny.onnx#vector", 4)
    with pytest.raises(UsageError, match=r"no output of onnx:tiny.onnx 'vectr'.*'vector'"):
        load_encoder(f"{spec}#vectr", device="cpu")
    write_side_file(path, resize=32, crop=32, output="flat", input="image")
    encoder = load_encoder(spec, device="cpu")
    assert (encoder.name, encoder.dimension) == ("onnx:tiny.onnx", 3)
    assert encoder.identity()["output"] == "flat"
    write_side_file(path, resize=32, crop=32, output="flat", input="imag")
    with pytest.raises(UsageError, match=r"no input of onnx:tiny.onnx 'imag'"):
        load_encoder(spec, device="cpu")


def test_a_named_map_is_averaged(path):
    graph = helper.make_graph(
        [helper.make_node("Identity", ["image"], ["map"])],
        "identity",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, 32, 32])],
        [helper.make_tensor_value_info("map", TensorProto.FLOAT, ["n", 3, 32, 32])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
    encoder = load_encoder(f"onnx:{path}#map", device="cpu")
    pixels = torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8)
    expected = ((pixels.numpy() / 255).mean((1, 2)) - [0.5, 0.4, 0.3]) / 0.2
    assert np.allclose(encoder.embed(pixels), expected, atol=1e-5)
    with pytest.raises(LatentprintError, match=r"averaged over space: onnx:tiny.onnx#OUTPUT"):
        load_encoder(f"onnx:{path}", device="cpu")


def test_names_alone_leave_the_preprocessing_to_be_found(tmp_path, caplog):
    path = tmp_path / "a.onnx"
    spec = write_model(path, ["n", 3, 32, 32], outputs=["flat", "vector"])
    write_side_file(path, output="vector")
    assert load_encoder(spec, device="cpu").preprocess.resize == 32
    assert "is missing: assuming 32 px" in caplog.text


def test_an_exported_hugging_face_model_brings_its_own(tmp_path):
    spec = write_model(tmp_path / "model.onnx", ["n", 3, "h", "w"], outputs=["vector"])
    config = {
        "image_processor_type": "CLIPImageProcessor",
        "size": {"shortest_edge": 40},
        "crop_size": {"height": 32, "width": 32},
    }
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(config))
    published = load_encoder(spec, device="cpu").preprocess
    own = load_encoder(spec, device="cpu", margin="model").preprocess
    assert (published.resize, published.crop) == (32, 32)
    assert (own.resize, own.crop, own.kernel) == (40, 32, "bicubic")
    assert own.mean == pytest.approx((0.48145466, 0.4578275, 0.40821073))


def test_other_errors(path, tmp_path):
    with pytest.raises(UsageError, match="no file"):
        load_encoder(f"onnx:{tmp_path / 'none.onnx'}")
    spec = write_model(path, ["n", 3, 32, 32])
    with pytest.raises(UsageError, match="precision"):
        load_encoder(spec, precision="bfloat16")
    with pytest.raises(UsageError, match="device"):
        load_encoder(spec, device="mps")
    write_side_file(path, resize=40, crop=33)
    with pytest.raises(LatentprintError, match="crop is 33, the model's is 32"):
        load_encoder(spec, device="cpu")
    write_side_file(path, size=32)
    with pytest.raises(LatentprintError, match="does not hold a preprocessing"):
        load_encoder(spec, device="cpu")
    path.write_bytes(b"no model")
    with pytest.raises(LatentprintError, match="not a model"):
        load_encoder(spec, device="cpu")
