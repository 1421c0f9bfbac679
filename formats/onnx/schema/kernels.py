"""Writes kernels.txt: for which element types ONNX Runtime's CPU provider runs each operator.

    python kernels.py > ../src/main/resources/watari/format/onnx/kernels.txt

Each line: operator (with a variant behind a colon), the opset since which it holds, the types of the first data input.
Tried, not looked up: a model of one node either loads or it does not. Needs onnx and onnxruntime.
"""

import numpy as np
import onnx
import onnxruntime as rt
from onnx import TensorProto as P
from onnx import helper as h

rt.set_default_logger_severity(4)
TYPES = {
    "float64": P.DOUBLE,
    "float32": P.FLOAT,
    "float16": P.FLOAT16,
    "bfloat16": P.BFLOAT16,
    "int64": P.INT64,
    "int32": P.INT32,
    "int16": P.INT16,
    "int8": P.INT8,
    "uint64": P.UINT64,
    "uint32": P.UINT32,
    "uint16": P.UINT16,
    "uint8": P.UINT8,
    "bool": P.BOOL,
}
OPSETS = range(11, 24)
SHAPE = [2, 3]
UNARY = """Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Ceil Cos Cosh Erf Exp Floor HardSwish IsNaN Log Mish Neg Not
Reciprocal Relu Round Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Tan Tanh Identity LeakyRelu Elu Selu Celu HardSigmoid
ThresholdedRelu Shrink Gelu IsInf Softmax LogSoftmax Hardmax Flatten NonZero Shape Size ArgMax ArgMin LpNormalization"""
BINARY = """Add And BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less LessOrEqual Max Min Mul Or Pow Sub
Xor PRelu Mod"""
REDUCE = "L1 L2 LogSum LogSumExp Max Mean Min Prod Sum SumSquare"


class Const:
    """An initializer of the type that is tried."""

    def __init__(self, *values, shape=()):
        self.values, self.shape = values, list(shape)


def T(*shape):
    return ("T", list(shape))


def ints(*values):
    return np.array(values, np.int64)


def loads(op, dtype, opset, inputs, outputs=1, **attributes):
    names, values, constants = [], [], []
    for k, x in enumerate(inputs):
        name = "" if x is None else f"x{k}"
        names.append(name)
        if isinstance(x, np.ndarray):
            constants.append(onnx.numpy_helper.from_array(x, name))
        elif isinstance(x, Const):
            constants.append(h.make_tensor(name, dtype, x.shape, x.values))
        elif x is not None:
            values.append(h.make_tensor_value_info(name, dtype if x[0] == "T" else x[0], x[1]))
    results = [f"y{k}" for k in range(outputs)]
    node = h.make_node(op, names, results, **attributes)
    graph = h.make_graph([node], "g", values, [onnx.ValueInfoProto(name=y) for y in results], constants)
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", opset)], ir_version=10)
    options = rt.SessionOptions()
    options.graph_optimization_level = rt.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        rt.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return True
    except Exception:
        return False


def cases():
    """(name, function of dtype and opset)"""
    x = T(*SHAPE)
    image = T(1, 2, 4, 4)
    indices = (P.INT64, SHAPE)

    def case(name, inputs, outputs=1, **attributes):
        op = name.split(":")[0]
        return name, lambda d, o: loads(op, d, o, inputs, outputs, **attributes)

    def axes(name, since, inputs, axes, **attributes):
        def run(d, o):
            if o >= since:
                return loads(name, d, o, [*inputs, ints(*axes[1])], **attributes)
            return loads(name, d, o, inputs, **{axes[0]: list(axes[1])}, **attributes)

        return name, run

    def resize(mode):
        def run(d, o):
            gap = np.zeros(0, np.float32) if o < 13 else None
            return loads("Resize", d, o, [T(1, 1, 4, 4), gap, gap, ints(1, 1, 8, 8)], mode=mode)

        return "Resize:" + mode, run

    yield from (case(op, [x]) for op in UNARY.split())
    yield from (case(op, [x, x]) for op in BINARY.split())
    yield case("Mod:fmod", [x, x], fmod=1)
    yield case("BitShift", [x, x], direction="LEFT")
    yield case("Where", [(P.BOOL, SHAPE), x, x])
    yield case("Clip", [x, Const(0), Const(1)])
    for kind in REDUCE.split():
        yield axes("Reduce" + kind, 13 if kind == "Sum" else 18, [x], ("axes", [1]))
    yield case("CumSum", [x, np.array(1)])
    yield case("TopK", [x, ints(1)], 2)
    yield case("Conv", [image, T(2, 2, 2, 2), T(2)])
    yield case("ConvTranspose", [image, T(2, 2, 2, 2), T(2)])
    yield case("DeformConv", [image, T(2, 2, 2, 2), T(1, 8, 3, 3)])
    for kind in ("MaxPool", "AveragePool", "LpPool"):
        yield case(kind, [image], kernel_shape=[2, 2])
    yield case("MaxUnpool", [image, (P.INT64, [1, 2, 4, 4])], kernel_shape=[2, 2])
    yield case("RoiAlign", [image, T(3, 4), (P.INT64, [3])])
    yield case("MaxRoiPool", [image, T(3, 5)], pooled_shape=[2, 2])
    yield case("BatchNormalization", [T(1, 2, 4), T(2), T(2), T(2), T(2)])
    yield case("InstanceNormalization", [T(1, 2, 4), T(2), T(2)])
    yield case("GroupNormalization", [T(1, 2, 4), T(2), T(2)], num_groups=2)
    yield case("LayerNormalization", [T(1, 2, 4), T(4), T(4)])
    yield case("RMSNormalization", [T(1, 2, 4), T(4)])
    yield case("LRN", [image], size=3)
    yield case("Reshape", [x, ints(6)])
    yield case("Transpose", [x])
    yield case("Concat", [x, x], axis=0)
    yield axes("Split", 13, [x], ("split", [1, 2]), outputs=2, axis=1)
    yield case("Slice", [x, ints(0), ints(1), ints(1), ints(1)])
    yield axes("Squeeze", 13, [T(1, 2)], ("axes", [0]))
    yield axes("Unsqueeze", 13, [T(1, 2)], ("axes", [0]))
    yield case("Expand", [x, ints(4, 2, 3)])
    yield case("Tile", [x, ints(4, 2)])
    for mode in ("constant", "edge", "reflect", "wrap"):
        yield case("Pad:" + mode, [x, ints(1, 1, 1, 1)] + ([T()] if mode == "constant" else []), mode=mode)
    yield case("Range", [T(), T(), T()])
    yield case("ReverseSequence", [T(3, 2), (P.INT64, [2])])
    yield case("DepthToSpace", [T(1, 4, 2, 2)], blocksize=2)
    yield case("SpaceToDepth", [T(1, 4, 2, 2)], blocksize=2)
    yield case("Trilu", [T(4, 4)])
    yield case("Gather", [x, (P.INT64, [2])])
    yield case("GatherElements", [x, indices])
    yield case("GatherND", [x, (P.INT64, [2, 1])])
    for reduction in ("none", "add", "mul", "min", "max"):
        how = {} if reduction == "none" else {"reduction": reduction}
        yield case("ScatterElements:" + reduction, [x, indices, x], **how)
        yield case("ScatterND:" + reduction, [x, (P.INT64, [2, 1]), x], **how)
    yield case("Unique", [x])
    yield case("Compress", [x, (P.BOOL, [2])], axis=0)
    yield case("MatMul", [T(2, 3), T(3, 2)])
    yield case("Gemm", [T(2, 3), T(3, 2)])
    yield case("Einsum", [T(2, 3), T(3, 2)], equation="ij,jk->ik")
    yield case("Det", [T(2, 2)])
    for mode in ("nearest", "linear", "cubic"):
        yield resize(mode)
    yield case("GridSample", [T(1, 1, 4, 4), (P.FLOAT, [1, 2, 2, 2])])
    yield case("LSTM", [T(2, 1, 3), T(1, 8, 3), T(1, 8, 2)], hidden_size=2)
    yield case("GRU", [T(2, 1, 3), T(1, 6, 3), T(1, 6, 2)], hidden_size=2)
    yield case("RNN", [T(2, 1, 3), T(1, 2, 3), T(1, 2, 2)], hidden_size=2)
    yield case("DFT", [T(1, 8, 1)])
    yield case("STFT", [T(1, 8, 1), np.array(2), T(4)])
    yield case("MatMulInteger", [T(2, 3), T(3, 2)])
    yield case("ConvInteger", [image, T(2, 2, 2, 2)])
    yield case("NonMaxSuppression", [T(1, 4, 4), T(1, 1, 4), ints(1)])


def main():
    print("# operator[:variant] opset types-of-the-first-data-input, made by schema/kernels.py")
    for name, runs in cases():
        last = None
        for opset in OPSETS:
            types = " ".join(key for key, dtype in TYPES.items() if runs(dtype, opset))
            if types != last:
                print(f"{name} {opset} {types}".rstrip())
            last = types


if __name__ == "__main__":
    main()
