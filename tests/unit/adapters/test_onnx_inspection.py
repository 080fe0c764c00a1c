from __future__ import annotations

import pytest
from onnx import TensorProto, helper

from tests.unit.adapters.onnx_files import graph_of, model_of
from watchbound.adapters.onnx_inspection import inspect_model
from watchbound.domain.errors import ModelPackError


def external(name: str = "w") -> TensorProto:
    tensor = helper.make_tensor(name, TensorProto.FLOAT, [1], [1.0])
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    return tensor


def refused(data: bytes) -> str:
    with pytest.raises(ModelPackError) as refusal:
        inspect_model(data, "sample.onnx")
    return str(refusal.value)


def test_external_data_is_refused_wherever_it_hides() -> None:
    add = helper.make_node("Add", ["x", "w"], ["y"])
    constant = helper.make_node("Constant", [], ["w"], value=external("hidden"))
    nested = helper.make_graph([constant], "nested", [], [helper.make_tensor_value_info("w", TensorProto.FLOAT, [1])])
    branch = helper.make_node("If", ["c"], ["y"], then_branch=nested, else_branch=nested)
    for graph in (graph_of([add], [external()]), graph_of([constant, add]), graph_of([branch])):
        assert "external data; save it whole" in refused(model_of(graph))


def test_custom_operators_are_refused_wherever_they_hide() -> None:
    custom = helper.make_node("Backdoor", ["x"], ["y"], domain="com.example")
    nested = helper.make_graph([custom], "nested", [], [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])])
    branch = helper.make_node("If", ["c"], ["y"], then_branch=nested, else_branch=nested)
    assert "standard ONNX operators only, got the domain com.example" in refused(model_of(graph_of([custom])))
    assert "com.example" in refused(model_of(graph_of([branch])))
    relu = helper.make_node("Relu", ["x"], ["y"])
    assert "com.microsoft" in refused(model_of(graph_of([relu]), "com.microsoft"))
    local = helper.make_model(
        graph_of([relu]),
        opset_imports=[helper.make_opsetid("", 21)],
        functions=[helper.make_function("local", "F", ["a"], ["b"], [], [helper.make_opsetid("", 21)])],
    )
    assert "got the domain local" in refused(local.SerializeToString())


@pytest.mark.parametrize("data", [b"", b"not a model", b"\xff" * 64])
def test_bytes_that_are_no_model_are_refused(data: bytes) -> None:
    assert "expected an ONNX model" in refused(data)
