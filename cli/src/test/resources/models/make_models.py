#!/usr/bin/env python3
"""Writes the tiny models that tests break on purpose: each has records that others lack.

    python make_models.py     (pip install numpy onnx flatbuffers ai-edge-litert)
"""
import pathlib

import flatbuffers
import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as s
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
RANDOM = np.random.default_rng(3)


def floats(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


# ---- ONNX


def value(name, dtype, shape):
    return h.make_tensor_value_info(name, dtype, shape)


def constant(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def onnx_model(name, nodes, inputs, outputs, constants=(), opset=17, **more):
    graph = h.make_graph(nodes, name, inputs, outputs, list(constants), doc_string="tiny")
    imports = [h.make_opsetid("", opset)] + [h.make_opsetid(d, 1) for d in more.pop("domains", ())]
    model = h.make_model(graph, opset_imports=imports, ir_version=8, producer_name="make_models", **more)
    model.metadata_props.add(key="license", value="Apache-2.0")
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


def onnx_convolution():
    onnx_model(
        "convolution",
        [
            h.make_node("Conv", ["x", "w", "b"], ["c"], "conv", kernel_shape=[3, 3], pads=[1, 1, 0, 0], strides=[2, 1]),
            h.make_node("BatchNormalization", ["c", "b", "b", "b", "v"], ["n"], "norm"),
            h.make_node("Relu", ["n"], ["r"], "relu"),
            h.make_node("MaxPool", ["r"], ["p"], "pool", kernel_shape=[2, 2]),
            h.make_node("Resize", ["p", "", "scales"], ["y"], "resize", mode="linear", coordinate_transformation_mode="asymmetric"),
        ],
        [value("x", T.FLOAT, ["N", 2, 6, 6])],
        [value("y", T.FLOAT, None)],
        [constant("w", floats(3, 2, 3, 3)), constant("b", floats(3)), constant("v", np.ones(3, np.float32)),
         constant("scales", np.array([1, 1, 2, 2], np.float32))],
    )


def onnx_control():
    then = h.make_graph([h.make_node("Add", ["x", "one"], ["t"])], "then", [], [value("t", T.FLOAT, [2])])
    other = h.make_graph([h.make_node("Sub", ["x", "one"], ["e"])], "else", [], [value("e", T.FLOAT, [2])])
    body = h.make_graph(
        [h.make_node("Add", ["carried", "one"], ["next"]), h.make_node("Identity", ["go"], ["on"]), h.make_node("Identity", ["next"], ["scan"])],
        "body",
        [value("i", T.INT64, []), value("go", T.BOOL, []), value("carried", T.FLOAT, [2])],
        [value("on", T.BOOL, []), value("next", T.FLOAT, [2]), value("scan", T.FLOAT, [2])],
    )
    onnx_model(
        "control",
        [
            h.make_node("If", ["flag"], ["chosen"], "choose", then_branch=then, else_branch=other),
            h.make_node("Loop", ["count", "flag", "chosen"], ["last", "all"], "repeat", body=body),
        ],
        [value("flag", T.BOOL, []), value("x", T.FLOAT, [2]), value("count", T.INT64, [])],
        [value("last", T.FLOAT, [2]), value("all", T.FLOAT, ["n", 2])],
        [constant("one", np.ones(2, np.float32))],
    )


def onnx_recurrent():
    onnx_model(
        "recurrent",
        [h.make_node("LSTM", ["x", "w", "r", "b"], ["y", "h"], "lstm", hidden_size=2, direction="bidirectional")],
        [value("x", T.FLOAT, [3, 1, 2])],
        [value("y", T.FLOAT, [3, 2, 1, 2]), value("h", T.FLOAT, [2, 1, 2])],
        [constant("w", floats(2, 8, 2)), constant("r", floats(2, 8, 2)), constant("b", floats(2, 16))],
        opset=14,
    )


def onnx_quantized():
    onnx_model(
        "quantized",
        [
            h.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
            h.make_node("DequantizeLinear", ["q", "s", "z"], ["d"]),
            h.make_node("DequantizeLinear", ["w", "ws", "wz"], ["dw"], axis=0),
            h.make_node("Conv", ["d", "dw"], ["c"], "conv"),
            h.make_node("QuantizeLinear", ["c", "s", "z"], ["cq"]),
            h.make_node("DequantizeLinear", ["cq", "s", "z"], ["y"]),
            h.make_node("QLinearMatMul", ["q2", "s", "z", "q2", "s", "z", "s", "z"], ["m"], "qmatmul"),
        ],
        [value("x", T.FLOAT, [1, 2, 4, 4]), value("q2", T.UINT8, [2, 2])],
        [value("y", T.FLOAT, [1, 3, 3, 3]), value("m", T.UINT8, [2, 2])],
        [constant("s", np.float32(0.1)), constant("z", np.uint8(128)), constant("w", RANDOM.integers(-127, 127, (3, 2, 2, 2)).astype(np.int8)),
         constant("ws", np.abs(floats(3))), constant("wz", np.zeros(3, np.int8))],
    )


def onnx_shapes():
    packed = h.make_tensor("packed", T.INT64, [3], [0, -1, 2])  # numbers in the field of their type, not raw
    half = h.make_tensor("half", T.FLOAT16, [2], [1.0, 2.0])
    onnx_model(
        "shapes",
        [
            h.make_node("Reshape", ["x", "packed"], ["r"]),
            h.make_node("Shape", ["r"], ["sh"]),
            h.make_node("Gather", ["sh", "at"], ["dim"]),
            h.make_node("Slice", ["r", "from", "dim", "at"], ["cut"]),
            h.make_node("Cast", ["half"], ["wide"], to=T.FLOAT),
            h.make_node("Mul", ["cut", "wide"], ["y"]),
            h.make_node("Constant", [], ["k"], value_ints=[1, 2]),
            h.make_node("ReduceSum", ["y", "k"], ["sum"], keepdims=0),
            h.make_node("Split", ["y", "parts"], ["a", "b"], axis=2),
        ],
        [value("x", T.FLOAT, ["N", 4, 2])],
        [value("sum", T.FLOAT, None), value("a", T.FLOAT, None), value("b", T.FLOAT, None)],
        [packed, half, constant("at", np.array([1], np.int64)), constant("from", np.array([0], np.int64)), constant("parts", np.array([1, 1], np.int64))],
    )


def onnx_others():
    twice = h.make_function("own", "Twice", ["v"], ["w"], [h.make_node("Add", ["v", "v"], ["w"])], [h.make_opsetid("", 17)])
    sparse = h.make_sparse_tensor(
        h.make_tensor("sparse", T.FLOAT, [2], [1.0, 2.0]), h.make_tensor("where", T.INT64, [2], [0, 3]), [4])
    words = h.make_tensor("words", T.STRING, [2], [b"one", b"two"])
    graph = h.make_graph(
        [
            h.make_node("Twice", ["x"], ["t"], "twice", domain="own"),
            h.make_node("Unknown", ["t"], ["u"], "unknown", domain="far", mode="a", rates=[0.5, 2.0], names=["p", "q"]),
            h.make_node("Add", ["u", "sparse"], ["y"]),
            h.make_node("Identity", ["words"], ["z"]),
            h.make_node("Einsum", ["x", "x"], ["e"], equation="i,i->"),
        ],
        "others", [value("x", T.FLOAT, [4])], [value("y", T.FLOAT, [4]), value("z", T.STRING, [2]), value("e", T.FLOAT, [])],
        [words], sparse_initializer=[sparse], value_info=[value("t", T.FLOAT, [4]), value("u", T.FLOAT, [4])],
    )
    imports = [h.make_opsetid("", 17), h.make_opsetid("own", 1), h.make_opsetid("far", 1)]
    model = h.make_model(graph, opset_imports=imports, ir_version=8, functions=[twice])
    (HERE / "others.onnx").write_bytes(model.SerializeToString(deterministic=True))


def onnx_external():
    weight = constant("w", floats(4, 4))
    onnx.external_data_helper.set_external_data(weight, "external.data", 0, 64)
    (HERE / "external.data").write_bytes(weight.raw_data)
    weight.ClearField("raw_data")
    onnx_model("external", [h.make_node("Gemm", ["x", "w"], ["y"], "gemm", alpha=0.5, transB=1)],
               [value("x", T.FLOAT, [1, 4])], [value("y", T.FLOAT, [1, 4])], [weight])


def onnx_faults():
    """Many operators, one of each, and shapes that stay the same when one of them is told something wrong."""
    onnx_model(
        "faults",
        [
            h.make_node("Transpose", ["x"], ["swap"], "swap", perm=[0, 1, 3, 2]),
            h.make_node("Pad", ["swap", "pads"], ["pad"], "pad"),
            h.make_node("Conv", ["pad", "w"], ["conv"], "conv", kernel_shape=[2, 2]),
            h.make_node("BatchNormalization", ["conv", "gain", "shift", "middle", "spread_of"], ["norm"], "norm"),
            h.make_node("LeakyRelu", ["norm"], ["leaky"], "leaky", alpha=0.1),
            h.make_node("Conv", ["leaky", "d"], ["depthwise"], "depthwise", kernel_shape=[3, 3], pads=[0, 0, 2, 2], group=4),
            h.make_node("AveragePool", ["depthwise"], ["average"], "average", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
            h.make_node("MaxPool", ["leaky"], ["pool"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
            h.make_node("Resize", ["pool", "", "twice"], ["resize"], "resize", mode="linear", coordinate_transformation_mode="half_pixel"),
            h.make_node("Concat", ["average", "resize"], ["concat"], "concat", axis=1),
            h.make_node("DepthToSpace", ["concat"], ["spread"], "spread", blocksize=2, mode="DCR"),
            h.make_node("SpaceToDepth", ["spread"], ["gathered"], "gathered", blocksize=2),
            h.make_node("Slice", ["gathered", "two", "six", "one"], ["slice"], "slice"),
            h.make_node("Gather", ["slice", "order"], ["gather"], "gather", axis=1),
            h.make_node("Mul", ["gather", "factor"], ["scaled"], "scaled"),
            h.make_node("Softmax", ["scaled"], ["softmax"], "softmax", axis=3),
            h.make_node("ReduceMean", ["scaled"], ["mean"], "mean", axes=[2], keepdims=1),
            h.make_node("Sub", ["softmax", "mean"], ["sum"], "sum"),
            h.make_node("CumSum", ["sum", "last"], ["cumulative"], "cumulative"),
            h.make_node("MaxPool", ["cumulative"], ["quarter"], "quarter", kernel_shape=[4, 4], strides=[4, 4]),
            h.make_node("Flatten", ["quarter"], ["flat"], "flat"),
            h.make_node("Gemm", ["flat", "g", "gb"], ["gemm"], "gemm", transB=1),
            h.make_node("Tanh", ["gemm"], ["y"], "tanh"),
        ],
        [value("x", T.FLOAT, [1, 4, 8, 8])],
        [value("y", T.FLOAT, [1, 16])],
        [constant("pads", np.array([0, 0, 1, 0, 0, 0, 0, 1], np.int64)), constant("w", floats(4, 4, 2, 2)), constant("d", floats(4, 1, 3, 3)),
         constant("gain", floats(4)), constant("shift", floats(4)), constant("middle", floats(4)), constant("spread_of", np.abs(floats(4)) + 1),
         constant("twice", np.array([1, 1, 2, 2], np.float32)), constant("two", np.array([2], np.int64)), constant("six", np.array([6], np.int64)),
         constant("one", np.array([1], np.int64)), constant("order", np.array([2, 0, 3, 1], np.int64)), constant("factor", np.abs(floats(4, 1, 1)) + 1),
         constant("last", np.array(3, np.int64)), constant("g", floats(16, 16) / 4), constant("gb", floats(16))],
    )


# ---- TFLite


class Lite:
    def __init__(self):
        self.model = s.ModelT()
        self.model.version, self.model.description = 3, "tiny"
        self.model.buffers, self.model.operatorCodes, self.model.subgraphs = [s.BufferT()], [], []

    def graph(self, name):
        self.now = s.SubGraphT()
        self.now.name, self.now.tensors, self.now.operators = name, [], []
        self.model.subgraphs.append(self.now)
        return self.now

    def tensor(self, name, shape, dtype=s.TensorType.FLOAT32, data=None, scales=None, zero=0, axis=0, signature=None):
        t = s.TensorT()
        t.name, t.shape, t.type, t.buffer = name, list(shape), dtype, 0
        if signature is not None:
            t.shapeSignature = signature
        if data is not None:
            t.buffer = self.buffer(np.ascontiguousarray(data).tobytes())
        if scales is not None:
            q = t.quantization = s.QuantizationParametersT()
            q.scale, q.zeroPoint, q.quantizedDimension = np.array(scales, np.float32), np.full(len(scales), zero, np.int64), axis
        self.now.tensors.append(t)
        return len(self.now.tensors) - 1

    def buffer(self, data):
        b = s.BufferT()
        b.data = np.frombuffer(data, np.uint8)
        self.model.buffers.append(b)
        return len(self.model.buffers) - 1

    def operator(self, code, inputs, outputs, kind=0, options=None, version=1, custom=None, custom_options=None, **fields):
        c = s.OperatorCodeT()
        c.builtinCode, c.version = code, version
        c.deprecatedBuiltinCode = min(code, 127)
        c.customCode = custom
        self.model.operatorCodes.append(c)
        o = s.OperatorT()
        o.opcodeIndex, o.inputs, o.outputs = len(self.model.operatorCodes) - 1, inputs, outputs
        if options is not None:
            for key, item in fields.items():
                setattr(options, key, item)
            o.builtinOptionsType, o.builtinOptions = kind, options
        o.customOptions = custom_options
        self.now.operators.append(o)
        return o

    def write(self, name):
        builder = flatbuffers.Builder(4096)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        (HERE / f"{name}.tflite").write_bytes(bytes(builder.Output()))


B, K = s.BuiltinOperator, s.BuiltinOptions


def lite_convolution():
    m = Lite()
    g = m.graph("main")
    x = m.tensor("x", [1, 6, 6, 2], signature=[-1, 6, 6, 2])
    w, b = m.tensor("w", [3, 3, 3, 2], data=floats(3, 3, 3, 2)), m.tensor("b", [3], data=floats(3))
    c, p, r = m.tensor("c", [1, 3, 3, 3]), m.tensor("p", [1, 2, 2, 3]), m.tensor("r", [1, 4, 4, 3])
    size = m.tensor("size", [2], s.TensorType.INT32, np.array([4, 4], np.int32))
    m.operator(B.CONV_2D, [x, w, b], [c], K.Conv2DOptions, s.Conv2DOptionsT(), strideH=2, strideW=2, padding=0, fusedActivationFunction=1)
    m.operator(B.AVERAGE_POOL_2D, [c], [p], K.Pool2DOptions, s.Pool2DOptionsT(), strideH=2, strideW=2, filterHeight=2, filterWidth=2, padding=0)
    m.operator(B.RESIZE_BILINEAR, [p, size], [r], K.ResizeBilinearOptions, s.ResizeBilinearOptionsT(), halfPixelCenters=True)
    g.inputs, g.outputs = [x], [r]
    signature = s.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = "serving_default", 0
    signature.inputs, signature.outputs = [s.TensorMapT()], [s.TensorMapT()]
    signature.inputs[0].name, signature.inputs[0].tensorIndex = "picture", x
    signature.outputs[0].name, signature.outputs[0].tensorIndex = "result", r
    m.model.signatureDefs = [signature]
    note = s.MetadataT()
    note.name, note.buffer = "min_runtime_version", m.buffer(b"1.5.0".ljust(16, b"\0"))
    m.model.metadata = [note]
    m.write("convolution")


def lite_quantized():
    m = Lite()
    g = m.graph("main")
    i8 = s.TensorType.INT8
    x = m.tensor("x", [1, 4, 4, 2], i8, scales=[0.05], zero=3)
    w = m.tensor("w", [1, 3, 3, 2], i8, RANDOM.integers(-127, 127, (1, 3, 3, 2)).astype(np.int8), scales=[0.01, 0.02], axis=3)
    b = m.tensor("b", [2], s.TensorType.INT32, np.array([5, -7], np.int32), scales=[0.0005, 0.001])
    d, f, v = m.tensor("d", [1, 4, 4, 2], i8, scales=[0.1], zero=-4), m.tensor("f", [1, 32], i8, scales=[0.1], zero=-4), m.tensor("v", [1, 32])
    shape = m.tensor("shape", [2], s.TensorType.INT32, np.array([1, -1], np.int32))
    m.operator(B.DEPTHWISE_CONV_2D, [x, w, b], [d], K.DepthwiseConv2DOptions, s.DepthwiseConv2DOptionsT(), version=3,
               strideH=1, strideW=1, depthMultiplier=1, fusedActivationFunction=3)
    m.operator(B.RESHAPE, [d, shape], [f], K.ReshapeOptions, s.ReshapeOptionsT(), newShape=[1, -1])
    m.operator(B.DEQUANTIZE, [f], [v], K.DequantizeOptions, s.DequantizeOptionsT(), version=2)
    g.inputs, g.outputs = [x], [v]
    m.write("quantized")


def lite_control():
    m = Lite()
    i32 = s.TensorType.INT32
    g = m.graph("main")
    n, x, n2, x2 = m.tensor("n", [], i32), m.tensor("x", [2]), m.tensor("n2", [], i32), m.tensor("x2", [2])
    m.operator(B.WHILE, [n, x], [n2, x2], K.WhileOptions, s.WhileOptionsT(), condSubgraphIndex=1, bodySubgraphIndex=2)
    g.inputs, g.outputs = [n, x], [n2, x2]
    g = m.graph("condition")
    n, x, zero, more = m.tensor("n", [], i32), m.tensor("x", [2]), m.tensor("zero", [], i32, np.int32(0)), m.tensor("more", [], s.TensorType.BOOL)
    m.operator(B.GREATER, [n, zero], [more], K.GreaterOptions, s.GreaterOptionsT())
    g.inputs, g.outputs = [n, x], [more]
    g = m.graph("body")
    n, x, one = m.tensor("n", [], i32), m.tensor("x", [2]), m.tensor("one", [], i32, np.int32(1))
    less, twice = m.tensor("less", [], i32), m.tensor("twice", [2])
    m.operator(B.SUB, [n, one], [less], K.SubOptions, s.SubOptionsT())
    m.operator(B.ADD, [x, x], [twice], K.AddOptions, s.AddOptionsT())
    g.inputs, g.outputs = [n, x], [less, twice]
    m.write("control")


def lite_recurrent():
    m = Lite()
    g = m.graph("main")
    x = m.tensor("x", [1, 3, 2])
    weights = [m.tensor(f"w{i}", [2, 2], data=floats(2, 2)) for i in range(8)]
    biases = [m.tensor(f"b{i}", [2], data=floats(2)) for i in range(4)]
    states = [m.tensor(name, [1, 2]) for name in ("h", "c")]
    for state in states:
        g.tensors[state].isVariable = True
    y = m.tensor("y", [1, 3, 2])
    m.operator(B.UNIDIRECTIONAL_SEQUENCE_LSTM, [x, *weights, -1, -1, -1, *biases, -1, -1, *states], [y],
               K.UnidirectionalSequenceLSTMOptions, s.UnidirectionalSequenceLSTMOptionsT(), fusedActivationFunction=4)
    g.inputs, g.outputs = [x], [y]
    m.write("recurrent")


def lite_streaming():
    """Hears two frames a call: a window of past frames that begins with ones, and a mean that fades."""
    random = np.random.default_rng(7)
    some = lambda *shape: random.standard_normal(shape).astype(np.float32)
    m = Lite()
    i32, resource = s.TensorType.INT32, s.TensorType.RESOURCE
    firsts = {"window": np.ones((1, 3, 4), np.float32), "fading": some(1, 4)}

    def handle(name):
        h = m.tensor(f"{name}_handle", [1], resource)
        m.operator(B.VAR_HANDLE, [], [h], K.VarHandleOptions, s.VarHandleOptionsT(), container="", sharedName=name)
        return h

    def read(name, shape):
        h, r = handle(name), m.tensor(f"{name}_read", shape)
        m.operator(B.READ_VARIABLE, [h], [r], K.ReadVariableOptions, s.ReadVariableOptionsT())
        return h, r

    g = m.graph("main")
    m.operator(B.CALL_ONCE, [], [], K.CallOnceOptions, s.CallOnceOptionsT(), initSubgraphIndex=1)
    x, frames, heard = m.tensor("x", [1, 2, 4]), m.tensor("frames", [1, 5, 4]), m.tensor("heard", [1, 3, 4])
    window, past = read("window", [1, 3, 4])
    m.operator(B.CONCATENATION, [past, x], [frames], K.ConcatenationOptions, s.ConcatenationOptionsT(), axis=1)
    begin = m.tensor("begin", [3], i32, np.array([0, 2, 0], np.int32))
    size = m.tensor("size", [3], i32, np.array([1, 3, 4], np.int32))
    m.operator(B.SLICE, [frames, begin, size], [heard], K.SliceOptions, s.SliceOptionsT())
    m.operator(B.ASSIGN_VARIABLE, [window, heard], [], K.AssignVariableOptions, s.AssignVariableOptionsT())
    axis, mean, half = m.tensor("axis", [1], i32, np.array([1], np.int32)), m.tensor("mean", [1, 4]), m.tensor("half", [], data=np.float32(0.5))
    faded, sum_ = m.tensor("faded", [1, 4]), m.tensor("sum", [1, 4])
    fading, before = read("fading", [1, 4])
    m.operator(B.MEAN, [frames, axis], [mean], K.ReducerOptions, s.ReducerOptionsT(), keepDims=False)
    m.operator(B.MUL, [before, half], [faded], K.MulOptions, s.MulOptionsT())
    m.operator(B.ADD, [faded, mean], [sum_], K.AddOptions, s.AddOptionsT())
    m.operator(B.ASSIGN_VARIABLE, [fading, sum_], [], K.AssignVariableOptions, s.AssignVariableOptionsT())
    w, b, y = m.tensor("w", [3, 4], data=some(3, 4)), m.tensor("b", [3], data=some(3)), m.tensor("y", [1, 3])
    m.operator(B.FULLY_CONNECTED, [sum_, w, b], [y], K.FullyConnectedOptions, s.FullyConnectedOptionsT())
    g.inputs, g.outputs = [x], [y]
    g = m.graph("begin")
    for name, first in firsts.items():
        value_ = m.tensor(f"{name}_first", first.shape, data=first)
        m.operator(B.ASSIGN_VARIABLE, [handle(name), value_], [], K.AssignVariableOptions, s.AssignVariableOptionsT())
    g.inputs, g.outputs = [], []
    m.write("streaming")


def lite_others():
    m = Lite()
    g = m.graph("main")
    x, y, u = m.tensor("x", [2, 2]), m.tensor("y", [2, 4]), m.tensor("u", [2, 4])
    w = m.tensor("w", [4, 2], data=np.array([1, 2, 3], np.float32))
    z = g.tensors[w].sparsity = s.SparsityParametersT()
    z.traversalOrder = [0, 1]
    dense, sparse = s.DimensionMetadataT(), s.DimensionMetadataT()
    dense.format, dense.denseSize = 0, 4
    sparse.format, sparse.arraySegmentsType, sparse.arrayIndicesType = 1, 3, 3
    sparse.arraySegments, sparse.arrayIndices = s.Uint8VectorT(), s.Uint8VectorT()
    sparse.arraySegments.values, sparse.arrayIndices.values = [0, 1, 1, 2, 3], [0, 1, 0]
    z.dimMetadata = [dense, sparse]
    words = b"\2\0\0\0\x10\0\0\0\x13\0\0\0\x16\0\0\0onetwo"
    text = m.tensor("text", [2], s.TensorType.STRING)
    g.tensors[text].buffer = m.buffer(words)
    length = m.tensor("length", [1], s.TensorType.INT32)
    m.operator(B.FULLY_CONNECTED, [x, w, -1], [y], K.FullyConnectedOptions, s.FullyConnectedOptionsT(), fusedActivationFunction=1)
    m.operator(B.CUSTOM, [y], [u], custom="Own", custom_options=list(b"a\0\1\1\1\1\1\2\2$\1"))
    m.operator(B.SHAPE, [text], [length], K.ShapeOptions, s.ShapeOptionsT(), outType=2)
    g.inputs, g.outputs = [x], [u, length]
    m.write("others")


def main():
    for make in (onnx_convolution, onnx_control, onnx_recurrent, onnx_quantized, onnx_shapes, onnx_others, onnx_external,
                 lite_convolution, lite_quantized, lite_control, lite_recurrent, lite_others, lite_streaming, onnx_faults):
        make()


if __name__ == "__main__":
    main()
