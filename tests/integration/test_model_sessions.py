"""What the runtime refuses: files of the wrong form, and a provider that cannot be had."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import helper

from tests.unit.adapters.onnx_files import graph_of, model_of
from tests.unit.extraction.packs import manifest, write_pack
from watchbound.adapters.onnx_runtime import OnnxDetector, OnnxEmbedder
from watchbound.adapters.onnx_session import available_provider, require_in_use
from watchbound.domain.errors import ConfigurationError, ModelPackError
from watchbound.extraction.model_pack import ModelPack, load_pack
from watchbound.settings import ModelSettings, load


def test_a_refused_file_never_reaches_the_runtime(tmp_path: Path, model_settings: ModelSettings) -> None:
    data = model_of(graph_of([helper.make_node("Backdoor", ["x"], ["y"], domain="com.example")]))
    pack = load_pack(write_pack(tmp_path, detector=data, embedder=data))
    with pytest.raises(ModelPackError, match=r"detector\.onnx: expected standard ONNX operators"):
        OnnxDetector(pack, model_settings)
    with pytest.raises(ModelPackError, match=r"embedder\.onnx: expected standard ONNX operators"):
        OnnxEmbedder(pack, model_settings)


def test_models_that_do_other_than_the_manifest_says_are_refused(
    tmp_path: Path, model_pack: ModelPack, model_settings: ModelSettings
) -> None:
    relu = model_of(graph_of([helper.make_node("Relu", ["x"], ["y"])]))
    document = manifest(relu, relu)
    document["detector"]["input_size"] = [112, 112]
    pack = load_pack(write_pack(tmp_path / "relu", document, relu, relu))
    with pytest.raises(ModelPackError, match="decoding yunet expects the outputs"):
        OnnxDetector(pack, model_settings)
    with pytest.raises(ModelPackError, match=r"expected templates of shape \(n, 128\), got \(2, 3, 112, 112\)"):
        OnnxEmbedder(pack, model_settings)
    broken = model_of(graph_of([helper.make_node("Add", ["x", "missing"], ["y"])]))
    with pytest.raises(ModelPackError, match="cannot run it on CPUExecutionProvider"):
        OnnxEmbedder(load_pack(write_pack(tmp_path / "broken", embedder=broken)), model_settings)


def test_a_file_replaced_after_start_up_is_refused_when_it_is_opened(
    tmp_path: Path, model_settings: ModelSettings
) -> None:
    pack = load_pack(write_pack(tmp_path))
    pack.detector.path.write_bytes(model_of(graph_of([helper.make_node("Relu", ["x"], ["y"])])))
    with pytest.raises(ModelPackError, match="altered or replaced"):
        OnnxDetector(pack, model_settings)


def test_cuda_without_a_gpu_is_refused_and_never_becomes_cpu(model_pack: ModelPack) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    settings = load(ModelSettings, cache=model_pack.root.parent, provider="cuda")
    with pytest.raises(ConfigurationError, match="cuda needs CUDAExecutionProvider, this onnxruntime has only"):
        OnnxDetector(model_pack, settings)


def test_a_session_that_fell_back_is_refused() -> None:
    assert available_provider("cuda", ["CUDAExecutionProvider", "CPUExecutionProvider"]) == "CUDAExecutionProvider"
    require_in_use("CUDAExecutionProvider", ["CUDAExecutionProvider", "CPUExecutionProvider"])
    with pytest.raises(ConfigurationError, match="expected a session on CUDAExecutionProvider, got one on CPU"):
        require_in_use("CUDAExecutionProvider", ["CPUExecutionProvider"])


@pytest.mark.parametrize(("place", "side"), [(0, 1), (2, 96)])
def test_an_embedder_of_fixed_batch_or_another_size_is_refused(
    tmp_path: Path, model_pack: ModelPack, model_settings: ModelSettings, place: int, side: int
) -> None:
    model = onnx.load(str(model_pack.embedder.path))
    model.graph.input[0].type.tensor_type.shape.dim[place].dim_value = side
    pack = load_pack(write_pack(tmp_path, embedder=model.SerializeToString()))
    with pytest.raises(ModelPackError, match=r"expected an input of shape \(any, 3, 112, 112\)|cannot run it"):
        OnnxEmbedder(pack, model_settings)


def test_a_detector_of_fixed_size_must_not_be_declared_dynamic(
    tmp_path: Path, model_pack: ModelPack, model_settings: ModelSettings
) -> None:
    model = onnx.load(str(model_pack.detector.path))
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 640
    pack = load_pack(write_pack(tmp_path, detector=model.SerializeToString()))
    with pytest.raises(ModelPackError, match=r"expected an input of shape \(1, 3, any, any\)"):
        OnnxDetector(pack, model_settings)
