"""A model that makes no template of a face: with the shipped adapter it costs that face only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tests.unit.adapters.onnx_files import model_of
from tests.unit.extraction.packs import manifest, write_pack
from tests.unit.matching.scene import GREEN, RED, START, Scene, enrolled, walk
from watchbound.adapters.onnx_runtime import OnnxEmbedder
from watchbound.extraction.model_pack import load_pack
from watchbound.pipeline import metric_names as names
from watchbound.settings import ModelSettings, load

DIMENSION = 16
"""The least that a manifest may say; the scene's people are told apart by the first three."""
NOTHING, NOT_A_NUMBER = "zero", "NaN"


def only_red(of_green: str) -> bytes:
    """A model whose third number is how red a face is; of green it makes zeros or, divided by them, NaN."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Sub", ["flat", "dark"], ["above"]),
        helper.make_node("Relu", ["above"], ["bright"]),
        helper.make_node("MatMul", ["bright", "wanted"], ["y" if of_green == NOTHING else "red"]),
    ]
    if of_green == NOT_A_NUMBER:
        nodes += [
            helper.make_node("ReduceSum", ["red"], ["sum"], keepdims=1),
            helper.make_node("Div", ["red", "sum"], ["y"]),
        ]
    wanted = np.zeros((3, DIMENSION), np.float32)
    wanted[2, 2] = 1.0
    weights = [
        numpy_helper.from_array(np.array([100.0], np.float32), "dark"),
        numpy_helper.from_array(wanted, "wanted"),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 112, 112])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", DIMENSION])
    graph: onnx.GraphProto = helper.make_graph(nodes, "only-red", [x], [y], weights)
    return model_of(graph)


@pytest.fixture(params=[NOTHING, NOT_A_NUMBER])
def embedder(request: pytest.FixtureRequest, tmp_path: Path) -> OnnxEmbedder:
    model = only_red(request.param)
    document = manifest(embedder=model)
    document["embedder"] |= {"dimension": DIMENSION, "colour": "bgr"}
    return OnnxEmbedder(load_pack(write_pack(tmp_path, document, embedder=model)), load(ModelSettings))


def crops(*colours: tuple[int, int, int]) -> NDArray[np.uint8]:
    return np.stack([np.full((112, 112, 3), colour, np.uint8) for colour in colours])


def test_a_face_without_a_template_has_a_row_of_nan_and_its_neighbours_have_theirs(embedder: OnnxEmbedder) -> None:
    templates = embedder.embed(crops(RED, GREEN, RED))
    assert np.isnan(templates[1]).all()
    np.testing.assert_allclose(templates[[0, 2]], [np.eye(DIMENSION)[2]] * 2, atol=1e-6)


def test_a_worker_counts_it_and_goes_on_with_its_neighbours(embedder: OnnxEmbedder) -> None:
    two = [a + b for a, b in zip(walk(GREEN, 3), walk(RED, 3, start=420), strict=True)]
    scene = Scene(two)
    scene.gallery.add([enrolled("red", RED)])
    scene.roster.apply(scene.officers.listing([enrolled("red", RED)], START))
    scene.embedder.embed = lambda crops: embedder.embed(crops)[:, :3]  # type: ignore[method-assign]
    scene.play()
    assert scene.metrics.total(names.FACES_SKIPPED, reason="no_template") > 0
    assert {match.entry.reference for match in scene.matches()} == {"red"}
