"""Makes the models in this folder with LiteRT's own schema classes: python make.py

small.tflite has most kinds of records; LiteRT runs it: y = x + 1. outside.tflite has a buffer behind the flatbuffer.
"""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as s


def tensor(name, shape, buffer, dtype=s.TensorType.FLOAT32):
    t = s.TensorT()
    t.name, t.shape, t.buffer, t.type, t.hasRank = name, shape, buffer, dtype, True
    return t


def buffer(data=None):
    b = s.BufferT()
    b.data = data
    return b


def code(builtin, custom=None):
    c = s.OperatorCodeT()
    c.builtinCode, c.deprecatedBuiltinCode, c.customCode, c.version = builtin, min(builtin, 127), custom, 1
    return c


def operator(index, inputs, outputs):
    o = s.OperatorT()
    o.opcodeIndex, o.inputs, o.outputs = index, inputs, outputs
    return o


def add(inputs, outputs):
    o = operator(0, inputs, outputs)
    o.builtinOptionsType, o.builtinOptions = s.BuiltinOptions.AddOptions, s.AddOptionsT()
    o.builtinOptions.fusedActivationFunction = s.ActivationFunctionType.NONE
    return o


def case(inputs, outputs):
    o = operator(2, inputs, outputs)
    o.builtinOptions2Type, o.builtinOptions2 = s.BuiltinOptions2.StablehloCaseOptions, s.StablehloCaseOptionsT()
    o.builtinOptions2.branchSubgraphIndices = [1]
    return o


def custom(inputs, outputs):
    o = operator(1, inputs, outputs)
    o.customOptions = list(b"options")
    return o


def quantized():
    t = tensor("quantized", [2, 4], 3, s.TensorType.INT8)
    t.quantization = s.QuantizationParametersT()
    t.quantization.scale, t.quantization.zeroPoint = [0.5, 0.25], [0, 0]
    return t


def blockwise():
    t = tensor("blockwise", [2, 4], 3, s.TensorType.INT8)
    t.quantization = s.QuantizationParametersT()
    t.quantization.detailsType, t.quantization.details = s.QuantizationDetails.BlockwiseQuantization, s.BlockwiseQuantizationT()
    t.quantization.details.scales, t.quantization.details.blockSize = 1, 4
    return t


def sparse():
    t = tensor("sparse", [2, 2], 1)
    t.sparsity = s.SparsityParametersT()
    t.sparsity.traversalOrder = [0, 1]
    dense, csr = s.DimensionMetadataT(), s.DimensionMetadataT()
    dense.denseSize, csr.format = 2, s.DimensionType.SPARSE_CSR
    csr.arraySegmentsType, csr.arraySegments = s.SparseIndexVector.Uint8Vector, s.Uint8VectorT()
    csr.arraySegments.values = [0, 1, 2]
    csr.arrayIndicesType, csr.arrayIndices = s.SparseIndexVector.Uint8Vector, s.Uint8VectorT()
    csr.arrayIndices.values = [0, 1]
    t.sparsity.dimMetadata = [dense, csr]
    return t


def graph(name, tensors, inputs, outputs, operators):
    g = s.SubGraphT()
    g.name, g.tensors, g.inputs, g.outputs, g.operators = name, tensors, inputs, outputs, operators
    return g


def signature():
    d = s.SignatureDefT()
    d.signatureKey, d.subgraphIndex = "serving_default", 0
    d.inputs, d.outputs = [s.TensorMapT()], [s.TensorMapT()]
    d.inputs[0].name, d.inputs[0].tensorIndex = "x", 0
    d.outputs[0].name, d.outputs[0].tensorIndex = "y", 2
    return d


def small():
    one = np.ones(4, np.float32).tobytes()
    m = s.ModelT()
    m.version, m.description = 3, "made by make.py"
    m.operatorCodes = [code(s.BuiltinOperator.ADD), code(s.BuiltinOperator.CUSTOM, "Ours"), code(s.BuiltinOperator.STABLEHLO_CASE)]
    main = [tensor("x", [4], 0), tensor("one", [4], 1), tensor("y", [4], 0)]
    other = [tensor("a", [4], 0), quantized(), blockwise(), sparse(), tensor("text", [2], 2, s.TensorType.STRING), tensor("b", [4], 0)]
    m.subgraphs = [
        graph("main", main, [0], [2], [add([0, 1], [2])]),
        graph("other", other, [0], [5], [custom([0, 1, -1], [5]), case([0], [5])])]
    text = np.array([2, 12, 14, 17], np.int32).tobytes()[:4] + np.array([16, 18, 21], np.int32).tobytes() + b"hiyou"
    m.buffers = [buffer(), buffer(list(one)), buffer(list(text)), buffer(list(range(8))), buffer(list(b"1.5.0"))]
    m.metadata = [s.MetadataT()]
    m.metadata[0].name, m.metadata[0].buffer = "min_runtime_version", 4
    m.signatureDefs = [signature()]
    return m


def pack(model):
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def outside():
    m = small()
    data = bytes(m.buffers[1].data)
    m.buffers[1] = s.BufferT()
    m.buffers[1].offset = m.buffers[1].size = 1 << 40
    size = -(-len(pack(m)) // 64) * 64
    m.buffers[1].offset, m.buffers[1].size = size, len(data)
    return pack(m).ljust(size, b"\0") + data


open("small.tflite", "wb").write(pack(small()))
open("outside.tflite", "wb").write(outside())
