"""Rewrites of ONNX graphs that change how they are computed and not what: each takes a model and alters it in place.

All are written out in numpy, so that the same file comes out on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

Constants = dict[str, NDArray[np.generic]]


def dequantise(model: onnx.ModelProto) -> None:
    """Compute every `DequantizeLinear` of a constant, and the `Reshape` that gives it its shape back.

    OpenCV's block quantisation flattens a weight to (channels, rest), quantises it in blocks along one axis and
    reshapes it. onnxruntime refuses the per-tensor biases among them (a block size where there is one scale).
    """
    constants = _constants(model)
    nodes = []
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in constants:
            constants[node.output[0]] = _dequantised(node, constants)
        elif node.op_type == "Reshape" and node.input[0] in constants:
            shape = [int(side) for side in constants[node.input[1]]]
            constants[node.output[0]] = constants[node.input[0]].reshape(shape)
        else:
            nodes.append(node)
    _rebuild(model, nodes, constants)


def _dequantised(node: onnx.NodeProto, constants: Constants) -> NDArray[np.float32]:
    """(quantised − zero point)·scale, exact in integers before the one rounding."""
    quantised, scales, zeros = (constants[name] for name in node.input)
    attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    axis, block = int(attributes["axis"]), int(attributes["block_size"])

    def spread(blocks: NDArray[np.generic]) -> NDArray[np.generic]:
        return np.repeat(blocks, block, axis=axis)[tuple(slice(side) for side in quantised.shape)]

    steps = quantised.astype(np.int32) - spread(zeros).astype(np.int32)
    return steps.astype(np.float32) * spread(scales).astype(np.float32)


def replace_prelu(model: onnx.ModelProto) -> None:
    """Write PReLU(x) as a·x + (1−a)·relu(x): onnxruntime's CPU kernel for PReLU is two to three times slower."""
    constants = _constants(model)
    nodes = []
    for node in model.graph.node:
        if node.op_type != "PRelu":
            nodes.append(node)
            continue
        x, slope = node.input
        y = node.output[0]
        constants[f"{y}_rest"] = np.float32(1) - constants[slope].astype(np.float32)
        nodes += [
            helper.make_node("Mul", [x, slope], [f"{y}_line"], name=f"{y}_line"),
            helper.make_node("Relu", [x], [f"{y}_bend"], name=f"{y}_bend"),
            helper.make_node("Mul", [f"{y}_bend", f"{y}_rest"], [f"{y}_lift"], name=f"{y}_lift"),
            helper.make_node("Add", [f"{y}_line", f"{y}_lift"], [y], name=y),
        ]
    _rebuild(model, nodes, constants)


def remove_dropout(model: onnx.ModelProto) -> None:
    """Take out `Dropout`, which does nothing outside training, and the constants that only it read."""
    renamed: dict[str, str] = {}
    nodes = []
    for node in model.graph.node:
        if node.op_type == "Dropout":
            renamed[node.output[0]] = renamed.get(node.input[0], node.input[0])
            continue
        for place, name in enumerate(node.input):
            node.input[place] = renamed.get(name, name)
        nodes.append(node)
    read = {name for node in nodes for name in node.input}
    _rebuild(model, [n for n in nodes if n.op_type != "Constant" or n.output[0] in read], _constants(model))


def free_batch(model: onnx.ModelProto) -> None:
    """Let the first dimension of every input and output be any number, and let reshapes keep it."""
    constants = _constants(model)
    for node in model.graph.node:
        if node.op_type == "Reshape" and node.input[1] in constants:
            shape = constants[node.input[1]].copy()
            if shape.size and shape[0] == 1:
                shape[0] = 0  # ONNX: "copy the dimension from the input"
                constants[node.input[1]] = shape
    _rebuild(model, list(model.graph.node), constants)
    _name_dimensions([*model.graph.input, *model.graph.output], {0: lambda _name: "n"})


def free_picture_size(model: onnx.ModelProto) -> None:
    """Let a detector of shape (n, 3, height, width) take any size, with as many cells in each output as follow."""
    _name_dimensions(model.graph.input, {2: lambda _name: "height", 3: lambda _name: "width"})
    _name_dimensions(model.graph.output, {1: lambda name: f"cells_{name.rsplit('_', 1)[-1]}"})


def finish(model: onnx.ModelProto) -> bytes:
    """The file: constants no longer offered as inputs (so they fold), no stale notes, checked, byte for byte fixed."""
    constants = set(_constants(model))
    inputs = [value for value in model.graph.input if value.name not in constants]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    del model.graph.value_info[:]
    model.producer_name, model.producer_version, model.doc_string = "watchbound", "1", ""
    onnx.checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def _constants(model: onnx.ModelProto) -> Constants:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def _rebuild(model: onnx.ModelProto, nodes: list[onnx.NodeProto], constants: Constants) -> None:
    """Put nodes and constants back, the latter by name and only those that a node reads."""
    read = {name for node in nodes for name in node.input}
    tensors = [numpy_helper.from_array(constants[name], name) for name in sorted(read & constants.keys())]
    kept = [value for value in model.graph.input if value.name in read]
    for field, values in (("node", nodes), ("initializer", tensors), ("input", kept)):
        copies = [type(value).FromString(value.SerializeToString(deterministic=True)) for value in values]
        model.graph.ClearField(field)
        getattr(model.graph, field).extend(copies)


def _name_dimensions(values: Iterable[onnx.ValueInfoProto], names: dict[int, Callable[[str], str]]) -> None:
    for value in values:
        dimensions = value.type.tensor_type.shape.dim
        for place, name in names.items():
            if place < len(dimensions):
                dimensions[place].dim_param = name(value.name)
