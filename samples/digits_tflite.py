"""Writes the sample network as TFLite, channels last, in float32 or in int8."""
import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

FLOAT, INT8, INT32 = schema.TensorType.FLOAT32, schema.TensorType.INT8, schema.TensorType.INT32
ACTIVATIONS = {None: schema.ActivationFunctionType.RELU, 6: schema.ActivationFunctionType.RELU6}


def scale_of(low, high):
    """Scale and zero point of int8 for a range, which is widened to hold 0."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = np.float32((high - low) / 255)
    return scale, int(np.clip(round(-128 - low / scale), -128, 127))


class Builder:
    def __init__(self, quantized):
        self.quantized = quantized
        self.model, self.graph = schema.ModelT(), schema.SubGraphT()
        self.model.buffers, self.model.operatorCodes = [schema.BufferT()], []
        self.graph.tensors, self.graph.operators = [], []

    def tensor(self, name, shape, dtype=FLOAT, data=None, scales=None, zeros=0, axis=0):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name, list(shape), dtype, 0
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            self.model.buffers.append(buffer)
            tensor.buffer = len(self.model.buffers) - 1
        if scales is not None:
            parameters = schema.QuantizationParametersT()
            parameters.scale = np.atleast_1d(scales).astype(np.float32)
            parameters.zeroPoint = np.full(len(parameters.scale), zeros, np.int64)
            parameters.quantizedDimension = axis
            tensor.quantization = parameters
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def value(self, name, shape, quantization):
        if not self.quantized:
            return self.tensor(name, shape)
        return self.tensor(name, shape, INT8, None, *quantization)

    def parameters(self, name, weight, bias, input_scale, axis):
        """The weights and the bias; in int8 with a scale for each slice along the axis (None: one for all)."""
        if not self.quantized:
            return [self.tensor(name + "/weight", weight.shape, FLOAT, weight), self.tensor(name + "/bias", bias.shape, FLOAT, bias)]
        others = None if axis is None else tuple(i for i in range(weight.ndim) if i != axis)
        scales = (np.abs(weight).max(others) / 127).astype(np.float32)
        along = scales if axis is None else scales.reshape([-1 if i == axis else 1 for i in range(weight.ndim)])
        stored = np.clip(np.round(weight / along), -127, 127).astype(np.int8)
        bias_scales = (input_scale * scales).astype(np.float32)
        stored_bias = np.round(bias / bias_scales).astype(np.int32)
        return [
            self.tensor(name + "/weight", weight.shape, INT8, stored, scales, axis=axis or 0),
            self.tensor(name + "/bias", bias.shape, INT32, stored_bias, bias_scales),
        ]

    def operator(self, code, version, inputs, output, kind, options):
        operator = schema.OperatorT()
        operator.opcodeIndex = self.code(code, version)
        operator.inputs, operator.outputs = inputs, [output]
        operator.builtinOptionsType, operator.builtinOptions = kind, options
        self.graph.operators.append(operator)
        return output

    def code(self, builtin, version):
        for i, known in enumerate(self.model.operatorCodes):
            if (known.builtinCode, known.version) == (builtin, version):
                return i
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = builtin
        code.version = version
        self.model.operatorCodes.append(code)
        return len(self.model.operatorCodes) - 1

    def write(self, path, inputs, outputs):
        self.graph.name, self.graph.inputs, self.graph.outputs = "digits", inputs, outputs
        self.model.version, self.model.description, self.model.subgraphs = 3, "digits", [self.graph]
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        path.write_bytes(bytes(builder.Output()))


def convolution(layer):
    """The operator of a convolution, its version in float32 and in int8, its options, and the axis of its output channels."""
    if layer.name == "depthwise":
        options, kind = schema.DepthwiseConv2DOptionsT(), schema.BuiltinOptions.DepthwiseConv2DOptions
        options.depthMultiplier = 1
        found = schema.BuiltinOperator.DEPTHWISE_CONV_2D, (1, 3), kind, options, 3
    else:
        options, kind = schema.Conv2DOptionsT(), schema.BuiltinOptions.Conv2DOptions
        found = schema.BuiltinOperator.CONV_2D, (1, 3), kind, options, 0
    options.padding, options.fusedActivationFunction = schema.Padding.SAME, ACTIVATIONS[layer.top]
    options.strideH = options.strideW = layer.stride
    options.dilationHFactor = options.dilationWFactor = 1
    return found


def max_pool():
    options = schema.Pool2DOptionsT()
    options.padding = schema.Padding.VALID
    options.strideH = options.strideW = options.filterHeight = options.filterWidth = 2
    return options


def write_tflite(path, network, ranges=None):
    """In int8 where ranges of the layers' results are given, else in float32."""
    quantized = ranges is not None
    out = Builder(quantized)
    quantization = scale_of(0, 1)
    shape = [1, 8, 8, 1]
    given = value = out.value("image", shape, quantization)
    for i, layer in enumerate(network):
        name = f"{layer.name}{i}"
        if layer.name == "maxpool":
            shape = [1, shape[1] // 2, shape[2] // 2, shape[3]]
            result = out.value(name, shape, quantization)
            operands = schema.BuiltinOperator.MAX_POOL_2D, 2 if quantized else 1, [value], result, schema.BuiltinOptions.Pool2DOptions, max_pool()
            value = out.operator(*operands)
            continue
        if layer.name == "dense":
            value, shape = flatten(out, value, shape, quantization)
            code, versions, kind, options, axis = (
                schema.BuiltinOperator.FULLY_CONNECTED, (1, 4), schema.BuiltinOptions.FullyConnectedOptions,
                schema.FullyConnectedOptionsT(), None,
            )
            shape = [1, len(layer.bias)]
        else:
            code, versions, kind, options, axis = convolution(layer)
            shape = [1, shape[1] // layer.stride, shape[2] // layer.stride, len(layer.bias)]
        parameters = out.parameters(name, layer.weight, layer.bias, quantization[0], axis)
        if quantized:
            quantization = scale_of(*ranges[i])
        value = out.operator(code, versions[quantized], [value, *parameters], out.value(name, shape, quantization), kind, options)
    options = schema.SoftmaxOptionsT()
    options.beta = 1.0
    taken = out.value("probabilities", shape, (np.float32(1 / 256), -128))
    out.operator(schema.BuiltinOperator.SOFTMAX, 2 if quantized else 1, [value], taken, schema.BuiltinOptions.SoftmaxOptions, options)
    out.write(path, [given], [taken])


def flatten(out, value, shape, quantization):
    flat = [1, int(np.prod(shape))]
    options = schema.ReshapeOptionsT()
    options.newShape = flat
    target = out.tensor("flat_shape", [2], INT32, np.array(flat, np.int32))
    result = out.value("features", flat, quantization)
    return out.operator(schema.BuiltinOperator.RESHAPE, 1, [value, target], result, schema.BuiltinOptions.ReshapeOptions, options), flat
