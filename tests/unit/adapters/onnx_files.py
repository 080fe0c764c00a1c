"""Small ONNX files for tests that need one of a certain form."""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper


def graph_of(nodes: list[onnx.NodeProto], weights: list[TensorProto] | None = None) -> onnx.GraphProto:
    shape = ["n", 3, 112, 112]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("x", "y")]
    return helper.make_graph(nodes, "sample", ends[:1], ends[1:], weights or [])


def model_of(graph: onnx.GraphProto, *domains: str) -> bytes:
    opsets = [helper.make_opsetid("", 21), *(helper.make_opsetid(domain, 1) for domain in domains)]
    data: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
    return data
