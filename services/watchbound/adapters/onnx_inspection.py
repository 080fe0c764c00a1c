"""Looks into an ONNX file before the runtime does: it must be whole, and made of standard operators only.

External data would let a file with the right digest load weights that nobody pinned. A custom operator would load
native code, or give a name to something that the runtime resolves as it likes.
"""

from __future__ import annotations

from collections.abc import Iterator

import onnx
from google.protobuf.message import DecodeError

from watchbound.domain.errors import ModelPackError

STANDARD_DOMAINS = frozenset({"", "ai.onnx"})


def inspect_model(data: bytes, name: str) -> None:
    """Refuse what must not reach the runtime.

    Args:
        data: the file.
        name: what to call it in an error.

    Raises:
        ModelPackError: it is no ONNX model, refers to external data, or uses operators outside the standard domain.
    """
    try:
        model = onnx.load_model_from_string(data)
    except DecodeError as error:
        msg = f"{name}: expected an ONNX model, got {len(data)} bytes that are none; check how the file was made"
        raise ModelPackError(msg) from error
    if not model.graph.node:
        msg = f"{name}: expected an ONNX model, got one without any operator; check how the file was made"
        raise ModelPackError(msg)
    _refuse_custom_operators(model, name)
    for tensor in _tensors(model.graph):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            msg = (
                f"{name}: expected a file that holds all its weights, got {tensor.name or 'a tensor'!r} in external "
                f"data; save it whole (onnx.save_model(..., save_as_external_data=False)) and pin the new digest"
            )
            raise ModelPackError(msg)


def _refuse_custom_operators(model: onnx.ModelProto, name: str) -> None:
    domains = {opset.domain for opset in model.opset_import}
    domains |= {node.domain for graph in _graphs(model.graph) for node in graph.node}
    domains |= {function.domain or "a model-local function" for function in model.functions}
    if custom := sorted(domains - STANDARD_DOMAINS):
        msg = (
            f"{name}: expected standard ONNX operators only, got the domain {', '.join(custom)}; export the model "
            f"without custom, vendor or fused operators and pin the new digest"
        )
        raise ModelPackError(msg)


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """The graph and every one nested in the attributes of its nodes, as those of `If` and `Loop` are."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for nested in (attribute.g, *attribute.graphs) if attribute.HasField("g") else attribute.graphs:
                yield from _graphs(nested)


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Every tensor that the model holds: initializers, dense and sparse, and those in attributes."""
    for each in _graphs(graph):
        yield from each.initializer
        for sparse in each.sparse_initializer:
            yield from (sparse.values, sparse.indices)
        for node in each.node:
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    yield attribute.t
                if attribute.HasField("sparse_tensor"):
                    yield from (attribute.sparse_tensor.values, attribute.sparse_tensor.indices)
                yield from attribute.tensors
                for sparse in attribute.sparse_tensors:
                    yield from (sparse.values, sparse.indices)
