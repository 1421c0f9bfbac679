"""Makes the models in this folder with the onnx package: python make.py"""

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper, numpy_helper
from onnx.external_data_helper import set_external_data

BITS = {"FLOAT": 32, "DOUBLE": 64, "INT64": 64, "UINT64": 64, "INT32": 32, "UINT32": 32, "INT16": 16,
        "UINT16": 16, "INT8": 8, "UINT8": 8, "BOOL": 8, "FLOAT16": 16, "BFLOAT16": 16, "COMPLEX64": 64,
        "COMPLEX128": 128, "FLOAT8E4M3FN": 8, "FLOAT8E4M3FNUZ": 8, "FLOAT8E5M2": 8, "FLOAT8E5M2FNUZ": 8,
        "FLOAT8E8M0": 8, "FLOAT4E2M1": 4, "INT4": 4, "UINT4": 4, "INT2": 2, "UINT2": 2}


def values(name, count, random):
    if name == "BOOL":
        return random.integers(0, 2, count)
    if name.startswith("COMPLEX"):
        return random.normal(size=count) + 1j * random.normal(size=count)
    if name == "FLOAT8E8M0":
        return 2.0 ** random.integers(-8, 8, count)
    if "FLOAT" in name or name == "DOUBLE":
        return random.normal(size=count) * 2
    bits = BITS[name]
    low, high = (0, 1 << bits) if name.startswith("U") else (-1 << bits - 1, 1 << bits - 1)
    if name == "UINT64":
        return random.integers(0, 2**64 - 1, count, dtype=np.uint64)
    return random.integers(low, high - 1, count, dtype=np.int64, endpoint=True)


def pair(name, count, random):
    """The same elements in the typed field and in raw_data."""
    typed = helper.make_tensor(f"{name}/{count}/typed", T.DataType.Value(name), [count], values(name, count, random))
    raw = numpy_helper.from_array(numpy_helper.to_array(typed), f"{name}/{count}/raw")
    assert raw.data_type == typed.data_type and raw.raw_data and not typed.raw_data
    return [typed, raw]


def save(graph, path, functions=()):
    opsets = [helper.make_opsetid("", 25), helper.make_opsetid("ours", 1)]
    model = helper.make_model(graph, opset_imports=opsets, functions=functions, producer_name="make.py")
    with open(path, "wb") as file:
        file.write(model.SerializeToString(deterministic=True))


def elements():
    """Every element type, in the typed field and raw, small and of more than 256 bytes."""
    random = np.random.default_rng(1)
    tensors = []
    for name, bits in BITS.items():
        for count in (5, 256 * 8 // bits + 3):
            tensors += pair(name, count, random)
    tensors.append(helper.make_tensor("STRING", T.STRING, [3], [b"a", "ü".encode(), b""]))
    tensors.append(helper.make_tensor("empty", T.FLOAT, [0, 4], []))
    save(helper.make_graph([], "elements", [], [], tensors), "elements.onnx")


def ramp(name, start):
    return numpy_helper.from_array(np.arange(start, start + 100, dtype=np.float32), name)


def constant(name, start):
    return helper.make_node("Constant", [], [name], value=ramp("", start))


def nested():
    """Large tensors wherever a model may have them; tensor number n counts up from 100 n."""
    info = helper.make_tensor_value_info("y", T.FLOAT, [100])
    inner = helper.make_graph([constant("y", 300)], "inner", [], [info])
    branch = helper.make_graph(
        [helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)], "branch", [], [info], [ramp("b", 200)])
    indices = helper.make_tensor("i", T.INT64, [100], range(100))
    sparse = helper.make_sparse_tensor(ramp("s", 400), indices, [1000])
    node = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    graph = helper.make_graph(
        [node], "nested", [helper.make_tensor_value_info("c", T.BOOL, [])], [info], [ramp("a", 100)], sparse_initializer=[sparse])
    function = helper.make_function("ours", "F", [], ["y"], [constant("y", 500)], [helper.make_opsetid("", 25)])
    save(graph, "nested.onnx", [function])


def external():
    tensor = ramp("w", 100)
    set_external_data(tensor, "external.bin", offset=16, length=400)
    with open("external.bin", "wb") as file:
        file.write(b"\xff" * 16 + tensor.raw_data)
    tensor.ClearField("raw_data")
    save(helper.make_graph([], "external", [], [], [tensor]), "external.onnx")


elements()
nested()
external()
