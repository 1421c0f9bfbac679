#!/usr/bin/env python3
"""Writes ONNX models of a wanted size: make_model.py FILE chain|mesh NODES, or FILE weights BYTES (with external data beside it)."""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SHAPE = [1, 8, 16, 16]
KINDS = ["Conv", "Relu", "Add", "Mul", "Sigmoid", "AveragePool"]


def node(i, before, other):
    """One of the kinds, in turn; convolutions are depthwise, so that weights stay small."""
    kind, name = KINDS[i % len(KINDS)], f"n{i}"
    if kind == "Conv":
        return helper.make_node(kind, [before, "kernel"], [name], name, group=SHAPE[1], pads=[1] * 4)
    if kind == "AveragePool":
        return helper.make_node(kind, [before], [name], name, kernel_shape=[3, 3], pads=[1] * 4, count_include_pad=1)
    return helper.make_node(kind, [before, other] if kind in ("Add", "Mul") else [before], [name], name)


def small(count, mesh):
    """A chain, or a mesh whose binary operators reach back to a value far before."""
    nodes, values = [], ["x"]
    for i in range(count):
        other = values[(len(values) * 7919) // 10007 if mesh else -1]
        nodes.append(node(i, values[-1], other))
        values.append(f"n{i}")
    kernel = numpy_helper.from_array(np.full((SHAPE[1], 1, 3, 3), 1 / 9, np.float32), "kernel")
    return nodes, values[-1], [kernel]


def weights(size, path):
    """Dense layers of 64 MB each, their weights behind each other in one file."""
    side = 4096
    count = max(1, round(size / (4 * side * side)))
    nodes, constants, value = [], [], "x"
    data = path.with_suffix(".data")
    with open(data, "wb") as file:
        for i in range(count):
            np.random.default_rng(i).random((side, side), np.float32).tofile(file)
            tensor = TensorProto(name=f"w{i}", data_type=TensorProto.FLOAT, dims=[side, side], data_location=TensorProto.EXTERNAL)
            for key, text in (("location", data.name), ("offset", 4 * side * side * i), ("length", 4 * side * side)):
                tensor.external_data.add(key=key, value=str(text))
            constants.append(tensor)
            nodes.append(helper.make_node("MatMul", [value, f"w{i}"], [f"n{i}"], f"n{i}"))
            value = f"n{i}"
    return nodes, value, constants, [1, side]


def main():
    path, kind, size = pathlib.Path(sys.argv[1]), sys.argv[2], int(float(sys.argv[3]))
    shape = SHAPE
    if kind == "weights":
        nodes, last, constants, shape = weights(size, path)
    else:
        nodes, last, constants = small(size, kind == "mesh")
    give = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, kind, [give("x")], [give(last)], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())


if __name__ == "__main__":
    main()
