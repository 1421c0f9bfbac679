"""Writes the sample network as ONNX, channels first."""
import numpy as np
import onnx
from onnx import helper, numpy_helper


def write_onnx(path, network):
    nodes, constants, value = [], [], "image"

    def constant(name, array):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(kind, inputs, out, **attributes):
        nodes.append(helper.make_node(kind, inputs, [out], name=out, **attributes))
        return out

    for i, layer in enumerate(network):
        name = f"{layer.name}{i}"
        if layer.name == "maxpool":
            value = node("MaxPool", [value], name, kernel_shape=[2, 2], strides=[2, 2])
        elif layer.name == "dense":
            # the dense weights count height, width, channels; Flatten gives channels, height, width
            side = int(np.sqrt(layer.weight.shape[1] // channels))
            weight = layer.weight.reshape(-1, side, side, channels).transpose(0, 3, 1, 2).reshape(len(layer.weight), -1)
            value = node("Flatten", [value], "features")
            value = node("Gemm", [value, constant(name + "/weight", weight), constant(name + "/bias", layer.bias)], name, transB=1)
        else:
            depthwise = layer.name == "depthwise"
            channels = len(layer.bias)
            inputs = [
                value,
                constant(name + "/weight", layer.weight.transpose(3, 0, 1, 2) if depthwise else layer.weight.transpose(0, 3, 1, 2)),
                constant(name + "/bias", layer.bias),
            ]
            value = node(
                "Conv", inputs, name, kernel_shape=[layer.size] * 2, strides=[layer.stride] * 2,
                pads=[layer.before] * 2 + [layer.after] * 2, group=channels if depthwise else 1,
            )
            if layer.top is None:
                value = node("Relu", [value], name + "/relu")
            else:
                bounds = [constant(name + "/low", np.float32(0)), constant(name + "/high", np.float32(layer.top))]
                value = node("Clip", [value, *bounds], name + "/clip")
    node("Softmax", [value], "probabilities", axis=1)
    graph = helper.make_graph(
        nodes, "digits",
        [helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, [1, 1, 8, 8])],
        [helper.make_tensor_value_info("probabilities", onnx.TensorProto.FLOAT, [1, 10])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="make_digits")
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))
