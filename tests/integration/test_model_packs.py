"""Packs of other models than the default ones: built here, with answers that are known, and run by onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tests.unit.extraction.packs import TEMPLATE, manifest, write_pack
from watchbound.adapters.onnx_runtime import OnnxDetector, OnnxEmbedder
from watchbound.domain.errors import InvalidValue, ModelPackError
from watchbound.extraction.model_pack import ModelPack, load_pack
from watchbound.extraction.scrfd import SCRFD
from watchbound.settings import ModelSettings

WIDTH, HEIGHT = 128, 96
NAMES = tuple(str(440 + number) for number in range(9))
INSIGHTFACE = {"colour": "rgb", "mean": [127.5] * 3, "scale": [0.0078125] * 3, "decoding": "scrfd"}
Answers = Mapping[str, NDArray[np.float32]]


def serialised(
    nodes: Sequence[onnx.NodeProto],
    weights: Mapping[str, NDArray[Any]],
    outputs: Sequence[str],
    sides: tuple[int | str, int, int],
) -> bytes:
    """A model of one input `x` of shape (n, 3, height, width)."""
    batch, height, width = sides
    entry = helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 3, height, width])
    exits = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    held = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(list(nodes), "sample", [entry], exits, held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


def one_face(batched: bool = False) -> dict[str, NDArray[np.float32]]:
    """Two priors of one face at stride 16, and one of another at stride 8; 0.9 and 0.7 are the best scores."""
    shapes = SCRFD.shapes(WIDTH, HEIGHT)
    answers = {name: np.zeros(shape, np.float32) for name, shape in zip(SCRFD.outputs, shapes, strict=True)}
    cell = 2 * (WIDTH // 16) + 3  # third row, fourth column: (48, 32)
    for prior, score in ((2 * cell, 0.8), (2 * cell + 1, 0.9)):
        answers["score_16"][prior] = score
        answers["bbox_16"][prior] = [1.0, 1.5, 1.0, 0.5]
        answers["kps_16"][prior] = [-0.5, -1.0, 0.5, -1.0, 0.0, -0.5, -0.25, 0.0, 0.25, 0.0]
    answers["score_8"][0] = 0.7
    answers["bbox_8"][0] = [0.0, 0.0, 2.0, 2.0]
    return {name: answer[None] if batched else answer for name, answer in answers.items()}


def red_sees(answers: Answers, names: Sequence[str]) -> bytes:
    """A detector that says `answers` of a picture whose first channel is 255, and has no score for any other."""
    nodes = [
        helper.make_node("Slice", ["x", "zero", "one", "one"], ["first"]),
        helper.make_node("ReduceMax", ["first"], ["level"], keepdims=0),
    ]
    weights: dict[str, NDArray[Any]] = {"zero": np.array([0], np.int64), "one": np.array([1], np.int64)}
    for role, name in zip(SCRFD.outputs, names, strict=True):
        weights[f"known_{role}"] = answers[role]
        if role.startswith("score"):
            nodes.append(helper.make_node("Mul", [f"known_{role}", "level"], [name]))
        else:
            nodes.append(helper.make_node("Identity", [f"known_{role}"], [name]))
    return serialised(nodes, weights, names, (1, HEIGHT, WIDTH))


def detector_pack(root: Path, data: bytes, **entry: Any) -> ModelPack:
    document = manifest(detector=data)
    document["detector"] |= {"input_size": [WIDTH, HEIGHT], **INSIGHTFACE, **entry}
    return load_pack(write_pack(root, document, detector=data))


@pytest.mark.parametrize("batched", [False, True])
def test_a_detector_of_another_form_finds_the_faces_that_its_answers_tell(
    tmp_path: Path, model_settings: ModelSettings, batched: bool
) -> None:
    pack = detector_pack(tmp_path, red_sees(one_face(batched), NAMES), outputs=list(NAMES))
    detector = OnnxDetector(pack, model_settings)
    red = np.zeros((2 * HEIGHT, 2 * WIDTH, 3), np.uint8)
    red[..., 2] = 255
    best, other = detector.detect(red)
    # 255 enters as (255 − 127.5)/128, which the model multiplies its scores with; the picture is twice its input.
    level = 127.5 / 128
    assert (best.score, other.score) == pytest.approx((0.9 * level, 0.7 * level))
    assert (best.box.x, best.box.y, best.box.width, best.box.height) == pytest.approx((64, 16, 64, 64))
    points = [(40, 16), (56, 16), (48, 24), (44, 32), (52, 32)]
    np.testing.assert_allclose(best.landmarks, 2 * np.array(points, np.float32))
    assert (other.box.x, other.box.y, other.box.width, other.box.height) == pytest.approx((0, 0, 32, 32))
    blue = np.ascontiguousarray(red[..., ::-1])
    assert detector.detect(blue) == []


def test_outputs_are_found_by_the_names_of_the_published_export(tmp_path: Path, model_settings: ModelSettings) -> None:
    detector = OnnxDetector(detector_pack(tmp_path, red_sees(one_face(), SCRFD.outputs)), model_settings)
    assert len(detector.detect(np.full((HEIGHT, WIDTH, 3), 255, np.uint8))) == 2
    detector.forget()


def test_answers_of_another_form_than_the_manifest_says_are_refused(
    tmp_path: Path, model_settings: ModelSettings
) -> None:
    data = red_sees(one_face(), NAMES)
    with pytest.raises(
        ModelPackError, match=r"decoding scrfd expects the outputs score_8, .*got 440, .*name the file's own"
    ):
        OnnxDetector(detector_pack(tmp_path / "unnamed", data), model_settings)
    by_stride = [NAMES[kind * 3 + level] for level in range(3) for kind in range(3)]
    with pytest.raises(
        ModelPackError,
        match=r"output '443' to be score_16, of shape \(96, 1\) for a picture of 128×96, got \(384, 4\); .*order",
    ):
        OnnxDetector(detector_pack(tmp_path / "ordered", data, outputs=by_stride), model_settings)
    one_prior = {name: answer[: len(answer) // 2] for name, answer in one_face().items()}
    with pytest.raises(ModelPackError, match=r"'440' to be score_8, of shape \(384, 1\) .*got \(192, 1\)"):
        OnnxDetector(detector_pack(tmp_path / "priors", red_sees(one_prior, NAMES), outputs=NAMES), model_settings)


def mean_embedder(width: int, height: int) -> bytes:
    """Templates of 16 numbers: the means of 16 tiles of the first channel."""
    nodes = [
        helper.make_node("Slice", ["x", "zero", "one", "one"], ["first"]),
        helper.make_node(
            "AveragePool",
            ["first"],
            ["tiles"],
            kernel_shape=[height // 4, width // 4],
            strides=[height // 4, width // 4],
        ),
        helper.make_node("Flatten", ["tiles"], ["y"]),
    ]
    weights = {"zero": np.array([0], np.int64), "one": np.array([1], np.int64)}
    return serialised(nodes, weights, ["y"], ("n", height, width))


def test_an_embedder_of_another_size_takes_crops_of_that_size_and_no_others(
    tmp_path: Path, model_settings: ModelSettings
) -> None:
    data = mean_embedder(160, 192)
    document = manifest(embedder=data)
    template = [[x + 24, y + 40] for x, y in TEMPLATE]
    document["embedder"] |= {
        "input_size": [160, 192],
        "template": template,
        "metric": "l2",
        "normalise": True,
        "dimension": 16,
    }
    embedder = OnnxEmbedder(load_pack(write_pack(tmp_path, document, embedder=data)), model_settings)
    crops = np.full((3, 192, 160, 3), 50, np.uint8)
    crops[1, :96] = 200
    templates = embedder.embed(crops)
    np.testing.assert_allclose(np.linalg.norm(templates, axis=1), 1, rtol=1e-6)
    # The metric of the manifest is l2: of templates of length 1 it says what the cosine says.
    distances = ((templates[0] - templates) ** 2).sum(axis=1)
    np.testing.assert_allclose(1 - distances / 2, templates @ templates[0], atol=1e-6)
    assert templates[1] @ templates[0] == pytest.approx((200 + 50) / np.sqrt(2 * (200**2 + 50**2)), rel=1e-5)
    with pytest.raises(InvalidValue, match=r"expected crops of shape \(n, 192, 160, 3\)"):
        embedder.embed(np.zeros((1, 112, 112, 3), np.uint8))


def test_an_embedder_of_another_size_than_its_manifest_says_is_refused(
    tmp_path: Path, model_settings: ModelSettings
) -> None:
    data = mean_embedder(160, 192)
    pack = load_pack(write_pack(tmp_path, manifest(embedder=data), embedder=data))
    with pytest.raises(
        ModelPackError, match=r"expected an input of shape \(any, 3, 112, 112\), got \['n', 3, 192, 160\]"
    ):
        OnnxEmbedder(pack, model_settings)
