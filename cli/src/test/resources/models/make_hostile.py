#!/usr/bin/env python3
"""Writes small files that mean harm: numbers that overflow, parts that contain themselves, a little that unfolds to a lot.

    python make_hostile.py     (pip install numpy onnx flatbuffers ai-edge-litert)

Files named refused_* cannot be carried across; of those named bounded_* it is asked only that they end soon and in little memory.
"""
import pathlib

import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as s
from onnx import TensorProto as T
from onnx import helper as h

import make_models
from make_models import B, K, Lite, constant, value

HERE = pathlib.Path(__file__).resolve().parent / "hostile"
LEVELS = 40  # unfolded: 2 to the 40th


def onnx_file(name, nodes, constants=(), inputs=None, outputs=None, functions=()):
    graph = h.make_graph(nodes, name, inputs or [value("x", T.FLOAT, [4])], outputs or [value("y", T.FLOAT, None)], list(constants))
    imports = [h.make_opsetid("", 17), h.make_opsetid("own", 1)]
    model = h.make_model(graph, opset_imports=imports, ir_version=8, functions=list(functions))
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


def external(name, location, **more):
    tensor = onnx.TensorProto(name="w", data_type=T.FLOAT, dims=[4], data_location=onnx.TensorProto.EXTERNAL)
    for key, text in dict(location=location, **more).items():
        tensor.external_data.add(key=key, value=str(text))
    onnx_file(name, [h.make_node("Add", ["x", "w"], ["y"])], [tensor])


def onnx_files():
    external("refused_outside", "../convolution.onnx")
    external("refused_absolute", "/etc/passwd")
    external("refused_offset", "data.bin", offset=2**62, length=16)
    external("refused_negative", "data.bin", offset=-16, length=16)
    external("refused_missing", "nowhere.bin")
    (HERE / "data.bin").write_bytes(bytes(16))
    add = [h.make_node("Add", ["x", "w"], ["y"])]
    big = onnx.TensorProto(name="w", data_type=T.FLOAT, dims=[2**40, 2**40], raw_data=bytes(16))
    onnx_file("refused_dims", add, [big])
    over = onnx.TensorProto(name="w", data_type=T.FLOAT, dims=[2**32, 2**32], raw_data=b"")
    onnx_file("refused_overflow", add, [over])
    negative = onnx.TensorProto(name="w", data_type=T.FLOAT, dims=[-4], raw_data=bytes(16))
    onnx_file("refused_negative_dim", add, [negative])
    onnx_file("refused_cycle", [h.make_node("Add", ["x", "b"], ["a"]), h.make_node("Relu", ["a"], ["b"]), h.make_node("Relu", ["b"], ["y"])])
    onnx_file("refused_twice", [h.make_node("Relu", ["x"], ["y"]), h.make_node("Neg", ["x"], ["y"])])
    onnx_file("refused_undefined", [h.make_node("Add", ["x", "nobody"], ["y"])])
    large = constant("n", np.array([10**6, 10**6], np.int64))
    onnx_file("bounded_fill", [h.make_node("ConstantOfShape", ["n"], ["f"]), h.make_node("ReduceSum", ["f"], ["g"]), h.make_node("Add", ["x", "g"], ["y"])], [large])
    onnx_file("bounded_tile", [h.make_node("Tile", ["one", "n"], ["f"]), h.make_node("ReduceSum", ["f"], ["g"]), h.make_node("Add", ["x", "g"], ["y"])],
              [large, constant("one", np.ones((1, 1), np.float32))])
    onnx_file("bounded_range", [h.make_node("Range", ["a", "b", "c"], ["f"]), h.make_node("ReduceSum", ["f"], ["g"]), h.make_node("Add", ["x", "g"], ["y"])],
              [constant("a", np.float32(0)), constant("b", np.float32(1e9)), constant("c", np.float32(1e-3))])
    onnx_file("bounded_pad", [h.make_node("Pad", ["x", "p"], ["f"]), h.make_node("ReduceSum", ["f"], ["y"])], [constant("p", np.array([0, 2**62], np.int64))])
    loop_body = h.make_graph([h.make_node("Identity", ["go"], ["on"]), h.make_node("Identity", ["v"], ["w"])], "b",
                             [value("i", T.INT64, []), value("go", T.BOOL, []), value("v", T.FLOAT, [4])], [value("on", T.BOOL, []), value("w", T.FLOAT, [4])])
    onnx_file("bounded_loop", [h.make_node("Loop", ["n1", "", "x"], ["y"], body=loop_body)], [constant("n1", np.array(2**62, np.int64))])
    imports = [h.make_opsetid("", 17), h.make_opsetid("own", 1)]
    own = h.make_function("own", "Self", ["v"], ["w"], [h.make_node("Self", ["v"], ["w"], domain="own")], imports)
    onnx_file("refused_recursion", [h.make_node("Self", ["x"], ["y"], domain="own")], functions=[own])
    doubling = [h.make_function("own", "F0", ["v"], ["w"], [h.make_node("Relu", ["v"], ["w"])], imports)]
    for i in range(1, LEVELS):
        twice = [h.make_node(f"F{i - 1}", ["v"], ["u"], domain="own"), h.make_node(f"F{i - 1}", ["u"], ["w"], domain="own")]
        doubling.append(h.make_function("own", f"F{i}", ["v"], ["w"], twice, imports))
    onnx_file("refused_doubling", [h.make_node(f"F{LEVELS - 1}", ["x"], ["y"], domain="own")], functions=doubling)
    inner = h.make_graph([h.make_node("Identity", ["x"], ["z"])], "leaf", [], [value("z", T.FLOAT, [4])])
    for i in range(30):
        inner = h.make_graph([h.make_node("If", ["c"], ["z"], then_branch=inner, else_branch=h.make_graph([h.make_node("Identity", ["x"], ["z"])], "e", [], [value("z", T.FLOAT, [4])]))],
                             f"level{i}", [], [value("z", T.FLOAT, [4])])
    onnx_file("bounded_nesting", [h.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)], inputs=[value("x", T.FLOAT, [4]), value("c", T.BOOL, [])])


def lite_file(name, m):
    make_models.HERE, kept = HERE, make_models.HERE
    m.write(name)
    make_models.HERE = kept


def lite_unary(shape=(4,), **more):
    m = Lite()
    g = m.graph("main")
    x, y = m.tensor("x", shape), m.tensor("y", shape, **more)
    return m, g, x, y


def lite_weight(name, **weight):
    m, g, x, y = lite_unary()
    w = m.tensor("w", **weight)
    m.operator(B.ADD, [x, w], [y], K.AddOptions, s.AddOptionsT())
    g.inputs, g.outputs = [x], [y]
    return m, g.tensors[w]


def lite_files():
    m, g, x, y = lite_unary()
    c = m.tensor("c", [], s.TensorType.BOOL)
    m.operator(B.IF, [c, x], [y], K.IfOptions, s.IfOptionsT(), thenSubgraphIndex=0, elseSubgraphIndex=0)
    g.inputs, g.outputs = [c, x], [y]
    lite_file("refused_recursion", m)

    m = Lite()
    for i in range(LEVELS):
        g = m.graph(f"level{i}")
        c, x, y = m.tensor("c", [], s.TensorType.BOOL), m.tensor("x", [4]), m.tensor("y", [4])
        if i < LEVELS - 1:
            m.operator(B.IF, [c, c, x], [y], K.IfOptions, s.IfOptionsT(), thenSubgraphIndex=i + 1, elseSubgraphIndex=i + 1)
        else:
            m.operator(B.RELU, [x], [y])
        g.inputs, g.outputs = [c, x], [y]
    lite_file("refused_doubling", m)

    lite_file("refused_dims", lite_weight("w", shape=[2**31 - 1] * 4, data=np.ones(4, np.float32))[0])
    lite_file("refused_negative_dim", lite_weight("w", shape=[-4], data=np.ones(4, np.float32))[0])
    lite_file("refused_short", lite_weight("w", shape=[4], data=np.ones(3, np.float32))[0])
    for name, number in (("refused_scale_nan", np.nan), ("refused_scale_zero", 0.0), ("refused_scale_negative", -1.0), ("refused_scale_infinite", np.inf)):
        lite_file(name, lite_weight("w", shape=[4], dtype=s.TensorType.INT8, data=np.ones(4, np.int8), scales=[number])[0])
    lite_file("refused_scales", lite_weight("w", shape=[4], dtype=s.TensorType.INT8, data=np.ones(4, np.int8), scales=[1.0, 2.0, 3.0])[0])
    lite_file("refused_axis", lite_weight("w", shape=[2, 4], dtype=s.TensorType.INT8, data=np.ones(8, np.int8), scales=[1.0, 2.0], axis=7)[0])
    m, _ = lite_weight("w", shape=[4], data=np.ones(4, np.float32))
    m.model.buffers[-1].data, m.model.buffers[-1].offset, m.model.buffers[-1].size = None, 2**40, 16
    lite_file("refused_offset", m)
    m, w = lite_weight("w", shape=[2**31 - 1, 64], data=np.ones(1, np.float32))
    z = w.sparsity = s.SparsityParametersT()
    z.traversalOrder = [0, 1]
    rows, columns = s.DimensionMetadataT(), s.DimensionMetadataT()
    rows.format, rows.denseSize = 0, 2**31 - 1
    columns.format, columns.arraySegmentsType, columns.arrayIndicesType = 1, 3, 3
    columns.arraySegments, columns.arrayIndices = s.Uint8VectorT(), s.Uint8VectorT()
    columns.arraySegments.values, columns.arrayIndices.values = [0, 1], [0]
    z.dimMetadata = [rows, columns]
    lite_file("refused_sparse", m)

    for name, change in {
        "refused_tensor_index": lambda m: m.now.operators[0].__setattr__("inputs", [0, 99]),
        "refused_output_index": lambda m: m.now.__setattr__("outputs", [77]),
        "refused_code_index": lambda m: m.now.operators[0].__setattr__("opcodeIndex", 55),
        "refused_buffer_index": lambda m: m.now.tensors[0].__setattr__("buffer", 44),
        "refused_cycle": lambda m: m.now.operators[0].__setattr__("inputs", [0, 1]),
        "refused_no_graph": lambda m: m.model.__setattr__("subgraphs", []),
    }.items():
        m, _ = lite_weight("w", shape=[4], data=np.ones(4, np.float32))
        change(m)
        lite_file(name, m)

    m, g, x, y = lite_unary(shape=(1,))
    n = m.tensor("n", [2], s.TensorType.INT32, np.array([2**30, 2**30], np.int32))
    one, f = m.tensor("one", [], data=np.float32(1)), m.tensor("f", [2**30, 2**30])
    m.operator(B.FILL, [n, one], [f], K.FillOptions, s.FillOptionsT())
    axes = m.tensor("axes", [2], s.TensorType.INT32, np.array([0, 1], np.int32))
    sum_ = m.tensor("sum", [])
    m.operator(B.SUM, [f, axes], [sum_], K.ReducerOptions, s.ReducerOptionsT())
    m.operator(B.ADD, [x, sum_], [y], K.AddOptions, s.AddOptionsT())
    g.inputs, g.outputs = [x], [y]
    lite_file("bounded_fill", m)


def others():
    (HERE / "refused_empty.onnx").write_bytes(b"")
    (HERE / "refused_empty.tflite").write_bytes(b"")
    (HERE / "refused_pointer.onnx").write_bytes(
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 2327524\n")
    (HERE / "refused_page.onnx").write_bytes(b"<!DOCTYPE html>\n<html><body>404: Not Found</body></html>\n")
    (HERE / "refused_zip.tflite").write_bytes(b"PK\x03\x04" + bytes(60))
    (HERE / "refused_magic.tflite").write_bytes(b"\x1c\0\0\0TFL3")
    (HERE / "refused_zeros.onnx").write_bytes(bytes(64))


def main():
    HERE.mkdir(exist_ok=True)
    onnx_files()
    lite_files()
    others()


if __name__ == "__main__":
    main()
